from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import repository, sub_directory

if TYPE_CHECKING:
    from tests.support.register import MakeRegister


@pytest.mark.parametrize("fixture", ["1.2.27", "1.14.34", "1.18.34"])
def test_a_workspace_without_a_row_or_without_its_directory(make_register: MakeRegister, fixture: str) -> None:
    register = make_register(fixture)
    shop = repository(register.at / "shop")
    there = sub_directory(register.at / "there")
    for name, directory in (("there", there), ("gone", register.at / "gone"), ("remote", None)):
        register.add_workspace(f"wrk_{name}", directory)
    for name in ("there", "gone", "remote", "dropped"):
        register.add(f"ses_{name}", shop, workspace_id=f"wrk_{name}")
    register.add("ses_none", shop)
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {
        "ses_gone": ["stale-workspace"],
        "ses_dropped": ["stale-workspace"],
    }
    gone, dropped = (found[f"ses_{name}"]["stale-workspace"] for name in ("gone", "dropped"))
    assert gone.evidence == f"its workspace wrk_gone overrides its directory, and {register.at}/gone does not exist"
    assert dropped.evidence == "there is no workspace wrk_dropped"
    assert {gone.certainty, dropped.certainty} == {Certainty.CERTAIN}
