from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty, Reason
from tests.support.git import repository, sub_directory

if TYPE_CHECKING:
    from tests.support.register import Register


def test_a_directory_that_was_removed_or_renamed(register: Register) -> None:
    kept, gone = repository(register.at / "kept"), repository(register.at / "gone")
    deep = sub_directory(gone / "src")
    register.add("ses_kept", kept)
    register.add("ses_gone", gone)
    register.add("ses_deep", deep)
    gone.rename(register.at / "renamed")
    found = register.found()
    assert found == {
        id_: {"missing-directory": Reason("missing-directory", f"{directory} does not exist", Certainty.CERTAIN)}
        for id_, directory in (("ses_gone", gone), ("ses_deep", deep))
    }


def test_a_link_to_nowhere_says_where_it_led(register: Register) -> None:
    register.add("ses_1", sub_directory(register.at / "real"), directory=str(register.at / "link"))
    (register.at / "link").symlink_to(register.at / "gone")
    (reason,) = register.found()["ses_1"].values()
    assert reason.rule == "missing-directory"
    assert reason.evidence == f"{register.at}/link is a link to {register.at}/gone, which does not exist"


def test_paths_that_are_none_of_this_system(register: Register) -> None:
    """A database from Windows, and rows that nothing can be made of: looked for in no directory of ours."""
    for number, directory in enumerate(("C:/Users/ada/shop", "", "relative/shop", "/a\0b")):
        register.add(f"ses_{number}", register.at, directory=directory)
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {f"ses_{n}": ["missing-directory"] for n in range(4)}
    assert found["ses_0"]["missing-directory"].evidence == "C:/Users/ada/shop is a path of another system (Windows)"


@pytest.mark.parametrize(
    ("name", "why"),
    [("é" * 150, "is longer than a path can be here"), (f"{200 * 'x'}/" * 25 + "shop", "does not exist")],
)
def test_what_no_disk_of_this_system_can_hold_is_gone(register: Register, name: str, why: str) -> None:
    """A Mac and Windows count the letters of a name, and Linux its bytes."""
    directory = f"{register.at}/{name}"
    register.add("ses_1", register.at, directory=directory)
    (reason,) = register.found()["ses_1"].values()
    assert (reason.rule, reason.evidence) == ("missing-directory", f"{directory} {why}")


def test_git_is_not_asked_about_what_is_gone(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = subprocess.Popen.__init__

    def start(*args: object, **options: object) -> None:
        asked.append(os.fspath(options["cwd"]))  # type: ignore[call-overload]
        real(*args, **options)  # type: ignore[call-overload]

    kept = repository(register.at / "kept")
    for name in ("a", "b", "c"):
        gone = repository(register.at / name)
        register.add(f"ses_{name}", gone)
        shutil.rmtree(gone)
    for number in range(5):
        register.add(f"ses_kept_{number}", sub_directory(kept / f"sub{number}"))
    monkeypatch.setattr(subprocess.Popen, "__init__", start)
    assert sorted(register.found()) == ["ses_a", "ses_b", "ses_c"]
    assert set(asked) == {str(kept)}
    assert len(asked) == 2  # once for the checkout, however many of its directories there are
