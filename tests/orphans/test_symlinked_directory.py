from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import repository, sub_directory

if TYPE_CHECKING:
    from tests.support.register import MakeRegister, Register


def test_links_slashes_and_dots(register: Register) -> None:
    shop = sub_directory(repository(register.at / "shop") / "src").parent
    (register.at / "link").symlink_to(shop)
    stored = {
        "link": f"{register.at}/link",
        "below": f"{register.at}/link/src",
        "slash": f"{shop}/",
        "dots": f"{shop}/src/..",
    }
    for name, directory in stored.items():
        register.add(f"ses_{name}", directory, directory=directory)
    register.add("ses_real", shop)
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {f"ses_{name}": ["symlinked-directory"] for name in stored}
    for name, directory in stored.items():
        real = shop / "src" if name == "below" else shop
        reason = found[f"ses_{name}"]["symlinked-directory"]
        assert reason.evidence == f"stored as {directory}, which is {real} in reality"
        assert reason.certainty is Certainty.CERTAIN


@pytest.mark.parametrize(("fixture", "lost"), [("1.2.1", []), ("1.2.27", ["ses_1"])])
def test_the_oldest_versions_ask_for_links_as_they_are(
    make_register: MakeRegister, fixture: str, lost: list[str]
) -> None:
    register = make_register(fixture)
    (register.at / "link").symlink_to(repository(register.at / "shop"))
    register.add("ses_1", register.at / "link", directory=f"{register.at}/link")
    assert list(register.found()) == lost
