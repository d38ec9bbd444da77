"""What opencode 2 left in "global", although it lists nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from migrator.places.checkout import directory_project_id
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
    assert reason.evidence.startswith(
        'bound to "global", which opencode 2 lists only among all projects; opencode resolves '
    )
    assert reason.evidence.endswith(
        "(no repository, so on its own); opencode 2 leaves it there for ever, since it takes over only what is in a "
        "repository"
    )


@pytest.mark.parametrize("below", ["", "src/deep"])
def test_in_a_repository(register_v2: Register, below: str) -> None:
    shop = repository(register_v2.at / "shop")
    imported(register_v2, "ses_1", sub_directory(shop / below))
    register_v2.opened(shop)
    assert register_v2.names() == {"ses_1": ["stranded-in-global"]}
    assert root_commit(shop)[:12] in register_v2.found()["ses_1"]["stranded-in-global"].evidence


def test_outside_any_repository_it_stays_so_and_rescue_brings_it_home(register_v2: Register) -> None:
    """opencode 2 takes nothing over there, neither at its first start nor later."""
    notes = sub_directory(register_v2.at / "notes")
    imported(register_v2, "ses_1", notes)
    reason = register_v2.found()["ses_1"]["stranded-in-global"]
    assert reason.certainty is Certainty.CERTAIN
    assert "first started" not in reason.evidence
    done = register_v2.home.run("rescue", "--yes", "--json")
    assert (done.code, done.json["sessions"]) == (0, 1), done.stderr
    rows = register_v2.home.query("SELECT project_id, directory, path FROM session_v2")
    assert rows == [(directory_project_id(str(notes)), str(notes), "")]
    assert register_v2.found() == {}


def test_in_a_repository_opencode_2_takes_it_over_at_its_first_start(register_v2: Register) -> None:
    """It is lost until then, and the plan may well come before that."""
    shop, other = repository(register_v2.at / "shop"), repository(register_v2.at / "other")
    (register_v2.at / "link").symlink_to(shop)
    imported(register_v2, "ses_1", shop)
    imported(register_v2, "ses_2", other, workspace_id="wrk_gone")
    imported(register_v2, "ses_3", register_v2.at / "link")
    first, second, third = (register_v2.found()[f"ses_{number}"]["stranded-in-global"] for number in (1, 2, 3))
    assert first.evidence.endswith("; opencode mends this itself when it is next started there")
    assert first.certainty is Certainty.LIKELY
    assert second.evidence.endswith(
        "; opencode 2 leaves it there for ever, since it takes over only sessions in no workspace"
    )
    assert third.evidence.endswith(f"since it takes over only what is stored below {shop}"), "not through a symlink"
    assert {second.certainty, third.certainty} == {Certainty.CERTAIN}
    register_v2.opened(shop)
    again = register_v2.found()["ses_1"]["stranded-in-global"]
    assert again.evidence.endswith("since it takes over only at its first start in a checkout")
    assert again.certainty is Certainty.CERTAIN


def test_global_is_where_a_repository_without_any_mark_is(register_v2: Register) -> None:
    empty = KINDS["empty"](register_v2.at)
    imported(register_v2, "ses_1", empty, path="")
    assert register_v2.found() == {}


def test_a_preview_of_opencode_2_keeps_plain_directories_there(register_v2: Register) -> None:
    """Its databases have neither table (seen with the preview of August 2026)."""
    imported(register_v2, "ses_1", sub_directory(register_v2.at / "notes"))
    for table in ("worktree", "session_inbox"):
        register_v2.home.execute(f"DROP TABLE {table}")
    assert register_v2.found() == {}


def test_whose_directory_is_gone_is_another_rules(register_v2: Register) -> None:
    imported(register_v2, "ses_1", register_v2.at / "gone")
    assert register_v2.names() == {"ses_1": ["missing-directory"]}


def test_in_a_database_of_opencode_1_they_are_in_order(register: Register) -> None:
    imported(register, "ses_1", sub_directory(register.at / "notes"))
    assert register.found() == {}
    assert register.acquittals("ses_1")["stranded-in-global"] == "this is a database of opencode 1, see global-claimed"
