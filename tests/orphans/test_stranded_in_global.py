"""What opencode 2 left in "global", although it lists nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import repository, root_commit, sub_directory
from tests.support.repository_kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import Register


def imported(register: Register, id_: str, where: Path, **columns: str) -> str:
    """Add a session as opencode 1 had it outside any repository, which the import takes as it is."""
    register.add_project("global", "/")
    path = str(where).removeprefix("/")
    return register.add_row(id_, **({"project_id": "global", "directory": str(where), "path": path} | columns))


def test_in_a_directory_that_is_a_project_of_its_own(register_v2: Register) -> None:
    notes = sub_directory(register_v2.at / "notes")
    imported(register_v2, "ses_1", notes)
    register_v2.opened(notes)
    found = register_v2.found()
    assert {id_: list(why) for id_, why in found.items()} == {"ses_1": ["stranded-in-global"]}
    reason = found["ses_1"]["stranded-in-global"]
    assert reason.certainty is Certainty.CERTAIN
    assert reason.evidence.startswith('bound to "global", which opencode 2 lists nowhere; opencode resolves ')
    assert reason.evidence.endswith("(no repository, so on its own)")


@pytest.mark.parametrize("below", ["", "src/deep"])
def test_in_a_repository(register_v2: Register, below: str) -> None:
    shop = repository(register_v2.at / "shop")
    imported(register_v2, "ses_1", sub_directory(shop / below))
    register_v2.opened(shop)
    assert register_v2.names() == {"ses_1": ["stranded-in-global"]}
    assert root_commit(shop)[:12] in register_v2.found()["ses_1"]["stranded-in-global"].evidence


def test_opencode_2_takes_over_what_is_there_at_its_first_start(register_v2: Register) -> None:
    """It is lost until then, and the plan may well come before that."""
    imported(register_v2, "ses_1", sub_directory(register_v2.at / "notes"))
    imported(register_v2, "ses_2", sub_directory(register_v2.at / "papers"), workspace_id="wrk_gone")
    first, second = (register_v2.found()[id_]["stranded-in-global"].evidence for id_ in ("ses_1", "ses_2"))
    assert first.endswith("; opencode 2 takes it over when it is first started there")
    assert second.endswith("(no repository, so on its own)"), "a session in a workspace it does not take over"


def test_global_is_where_a_repository_without_any_mark_is(register_v2: Register) -> None:
    empty = KINDS["empty"](register_v2.at)
    imported(register_v2, "ses_1", empty, path="")
    assert register_v2.found() == {}


def test_whose_directory_is_gone_is_another_rules(register_v2: Register) -> None:
    imported(register_v2, "ses_1", register_v2.at / "gone")
    assert register_v2.names() == {"ses_1": ["missing-directory"]}


def test_in_a_database_of_opencode_1_they_are_in_order(register: Register) -> None:
    imported(register, "ses_1", sub_directory(register.at / "notes"))
    assert register.found() == {}
    assert register.acquittals("ses_1")["stranded-in-global"] == "this is a database of opencode 1, see global-claimed"
