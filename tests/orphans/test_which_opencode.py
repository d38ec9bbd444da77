"""In a database of both opencodes it is said which of them shows a session, and which doesn't have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import repository, root_commit

if TYPE_CHECKING:
    from tests.support.register import MakeRegister, Register


@pytest.fixture
def register(make_register: MakeRegister) -> Register:
    """One session of both, one that only opencode 1 has, and one that only opencode 2 has."""
    register = make_register("v2-run-upgraded")
    shop = repository(register.at / "shop")
    bound = {"project_id": root_commit(shop), "directory": str(shop), "path": ""}
    for id_ in ("ses_both", "ses_only_2"):
        register.add(id_, shop)
    for id_ in ("ses_both", "ses_only_1"):
        register.add_row(id_, table="session", **bound)
    return register


def last_lines(register: Register, id_: str) -> list[str]:
    return register.home.run("orphans", "--explain", id_).stdout.rpartition("\n\n")[2].splitlines()


def explained(register: Register, id_: str) -> Any:
    return register.home.run("orphans", "--explain", id_, "--json").json


def test_one_that_only_opencode_2_has(register: Register) -> None:
    assert last_lines(register, "ses_only_2") == [
        "It isn't lost: opencode 2 shows and resumes it where it is.",
        "Opencode 1 doesn't have it, and no command brings it there: go on with it in opencode 2.",
    ]
    assert explained(register, "ses_only_2")["heldBy"] == ["opencode 2"]
    told = register.home.run("orphans", "--explain", "ses_only_2").stdout
    assert "  in this database: opencode 2 has it, opencode 1 doesn't\n" in told


def test_one_that_only_opencode_1_has(register: Register) -> None:
    importing = f"opencode-migrator merge {register.home.database} --with-opencode opencode"
    assert last_lines(register, "ses_only_1") == [
        "Opencode 1 has it, and where it does is not looked at here; opencode 2 doesn't have it.",
        f"  open it in opencode 1: cd {register.at / 'shop'} && opencode -s ses_only_1",
        f"  have opencode 2 import it: {importing} --from-id ses_only_1",
    ]
    assert explained(register, "ses_only_1")["merge"] == f"{importing} --from-id ses_only_1"
    assert explained(register, "ses_both")["merge"] is None
    listed = register.home.run("orphans").stdout
    assert f"To have your opencode 2 import the 1 session that only opencode 1 has:\n  {importing}\n" in listed
    (reason,) = explained(register, "ses_only_1")["reasons"]
    assert reason["evidence"].startswith("only opencode 1 has it, and shows it: ")
    assert explained(register, "ses_only_1")["heldBy"] == ["opencode 1"]


def test_one_that_both_have(register: Register) -> None:
    assert last_lines(register, "ses_both") == [
        "It isn't lost: opencode 2 shows and resumes it where it is.",
        "Opencode 1 has it too, in a row of its own, which is not looked at here.",
    ]
    assert explained(register, "ses_both")["heldBy"] == ["opencode 1", "opencode 2"]


def test_summaries(register: Register) -> None:
    listed = register.home.run("orphans", "--json")
    assert [row["id"] for row in listed.json] == ["ses_only_1"]
    assert " ".join(listed.stderr.split()) == (
        "1 lost session in 1 directory: never-imported 1. Looked at as opencode 2 does, whose database it is now: "
        "1 session only opencode 2 has, and opencode 1 doesn't show."
    )
    one = register.home.run("orphans", "--from-id", "ses_both", "--json")
    assert one.stderr == "No lost session among the selected sessions.\n"
    checked = register.home.run("doctor").stdout.splitlines()
    assert "ok 3 sessions in 1 project; 1 session only opencode 1 has; 1 session only opencode 2 has" in checked


def test_a_list_says_which_opencode_shows_each(register: Register) -> None:
    listed = ("list", "--all")
    assert {row["id"]: row["heldBy"] for row in register.home.run(*listed, "--json").json} == {
        "ses_both": ["opencode 1", "opencode 2"],
        "ses_only_1": ["opencode 1"],
        "ses_only_2": ["opencode 2"],
    }
    table = register.home.run(*listed).stdout
    shown = {line.split()[0]: line[table.index("opencode") :].split("  ")[0] for line in table.splitlines()[1:]}
    assert shown == {"ses_both": "1 2", "ses_only_1": "1", "ses_only_2": "2"}
    for id_ in ("ses_only_1", "ses_only_2"):
        register.home.execute("DELETE FROM session WHERE id = ?", [id_])
        register.home.execute("DELETE FROM session_v2 WHERE id = ?", [id_])
    assert "opencode" not in register.home.run(*listed).stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("fixture", "who"), [("v2-run-fresh", ["opencode 2"]), ("1.18.34", ["opencode 1"]), ("1.2.1", ["opencode 1"])]
)
def test_a_database_of_one_opencode(make_register: MakeRegister, fixture: str, who: list[str]) -> None:
    register = make_register(fixture)
    register.add("ses_1", repository(register.at / "shop"), time_updated=4_000_000_000_000)
    assert explained(register, "ses_1")["heldBy"] == who
    lines = last_lines(register, "ses_1")
    if who == ["opencode 2"]:
        assert lines[0] == "It isn't lost: opencode 2 shows and resumes it where it is."
        assert lines[1] == "Opencode 1 doesn't have it, and no command brings it there: go on with it in opencode 2."
    else:
        assert lines[:2] == ["It isn't lost: opencode shows and resumes it where it is.", "To go on with it:"]
    assert register.home.run("orphans").stderr == "No lost session.\n"
