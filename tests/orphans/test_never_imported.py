"""Sessions of opencode 1 in a database that opencode 2 has upgraded, and not taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import repository, root_commit, sub_directory

if TYPE_CHECKING:
    from tests.support.register import MakeRegister, Register


@pytest.fixture
def register(make_register: MakeRegister) -> Register:
    """One session of both, and three that only opencode 1 has: in order, in "global", in a directory that is gone."""
    register = make_register("v2-run-upgraded")
    shop = repository(register.at / "shop")
    register.add("ses_both", shop)
    bound = {"project_id": root_commit(shop), "directory": str(shop), "path": ""}
    register.add_row("ses_both", table="session", **bound)
    register.add_row("ses_1", table="session", **bound)
    notes = str(sub_directory(register.at / "notes"))
    register.add_project("global", "/")
    register.add_row("ses_2", table="session", project_id="global", directory=notes, path=notes[1:])
    register.add_row("ses_3", table="session", **(bound | {"directory": f"{shop}/gone", "path": "gone"}))
    return register


def importing(register: Register, value: str | None) -> None:
    register.home.execute("DELETE FROM kv WHERE key = 'migration.v1-v2'")
    if value is not None:
        register.home.execute("INSERT INTO kv VALUES ('migration.v1-v2', ?, 1, 1)", (value,))


def test_after_the_import_they_are_told_and_what_to_do(register: Register) -> None:
    """Where they are is opencode 1's affair, which has other rules: nothing else is said of them."""
    assert register.names() == {"ses_1": ["never-imported"], "ses_2": ["never-imported"], "ses_3": ["never-imported"]}
    reason = register.found()["ses_1"]["never-imported"]
    assert reason.certainty is Certainty.CERTAIN
    assert reason.evidence.endswith("`merge --with-opencode` has it import a copy of this one")
    assert register.acquittals("ses_both")["never-imported"] == "opencode 2 has it"


@pytest.mark.parametrize(
    ("value", "told"),
    [('{"phase": "sessions", "cursor": "ses_2"}', "it is at 'sessions'"), (None, "it has not begun"), ("{", "read")],
)
def test_as_long_as_the_import_is_not_done_they_may_still_come(
    register: Register, value: str | None, told: str
) -> None:
    importing(register, value)
    assert set(map(tuple, register.names().values())) == {("import-unfinished",)}
    reason = register.found()["ses_2"]["import-unfinished"]
    assert reason.certainty is Certainty.LIKELY
    assert told in reason.evidence
    assert "start opencode 2 and let it finish" in reason.evidence


def test_rescue_moves_none_of_them(register: Register) -> None:
    before = register.home.everything()
    done = register.home.run("rescue", "--likely", "--yes", "--json")
    assert (done.code, done.json["status"]) == (0, "unchanged")
    assert {warning["session"] for warning in done.json["warnings"]} == {"ses_1", "ses_2", "ses_3"}
    assert all(warning["message"].endswith("nothing is moved for this reason") for warning in done.json["warnings"])
    assert register.home.everything() == before


def test_explain_says_who_has_it(register: Register) -> None:
    told = register.home.run("orphans", "--explain", "ses_3", "--json").json
    assert [reason["rule"] for reason in told["reasons"]] == ["never-imported"]
    assert told["suggestion"] is None
    register.home.execute("DELETE FROM project")  # opencode 1 kept foreign keys, opencode 2 may not have
    assert register.home.run("orphans", "--explain", "ses_3").code == 0


def test_a_database_of_opencode_2_alone_has_none(make_register: MakeRegister) -> None:
    register = make_register("v2-run-fresh")
    register.add("ses_1", repository(register.at / "shop"))
    assert register.found() == {}
