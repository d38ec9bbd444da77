from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import git, root_commit, sub_directory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import MakeRegister, Register


def claimed(register: Register) -> Path:
    """Sessions at the top and below it from before `git init`."""
    top = sub_directory(register.at / "notes")
    register.add("ses_top", top)
    register.add("ses_below", sub_directory(top / "2026" / "may"))
    register.add("ses_beside", sub_directory(register.at / "other"))
    assert register.found() == {}
    git(top, "init", "-q")
    assert register.names() == {"ses_below": ["stale-path"]}  # no commit yet: still global, but seen from the top
    git(top, "commit", "-q", "--allow-empty", "-m", "first")
    register.add_project(root_commit(top), top)
    return top


def test_below_the_top_they_stay_behind_and_at_the_top_opencode_adopts_them(register: Register) -> None:
    top = claimed(register)
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {
        "ses_top": ["global-claimed"],
        "ses_below": ["global-claimed"],
    }
    below, at_top = found["ses_below"]["global-claimed"], found["ses_top"]["global-claimed"]
    assert below.certainty is Certainty.CERTAIN
    assert below.evidence == (
        f"bound to no project; opencode resolves {top}/2026/may to {root_commit(top)[:12]} today (its root commit)"
    )
    assert at_top.certainty is Certainty.LIKELY
    assert at_top.evidence.endswith("opencode mends this itself when it is next started there")


def test_once_adopted_the_path_from_before_hides_it_nowhere(register: Register) -> None:
    top = claimed(register)
    register.home.execute("UPDATE session SET project_id = ? WHERE id = 'ses_top'", (root_commit(top),))
    assert register.names() == {"ses_below": ["global-claimed"]}


@pytest.mark.parametrize(("fixture", "certainty"), [("1.2.1", Certainty.CERTAIN), ("1.2.27", Certainty.LIKELY)])
def test_the_oldest_versions_try_to_adopt_and_fail(
    make_register: MakeRegister, fixture: str, certainty: Certainty
) -> None:
    register = make_register(fixture)
    top = sub_directory(register.at / "notes")
    register.add("ses_top", top)
    git(top, "init", "-q")
    git(top, "commit", "-q", "--allow-empty", "-m", "first")
    assert register.found()["ses_top"]["global-claimed"].certainty is certainty
