"""Sessions that only another database beside ours has: reported with the command that shows them, and never moved."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from migrator.model import Certainty
from migrator.store.other_databases import other_databases
from migrator.store.reader import Store
from migrator_selectors.orphans.other_database import OtherDatabaseRule
from tests.support.git import repository
from tests.support.home import build_home
from tests.support.merging import built
from tests.support.refusal import refused
from tests.support.rows import add_session, add_sessions
from tests.support.server import serving

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.register import Register
    from tests.support.unprivileged import UnprivilegedHome

DEV = "opencode-migrator --channel dev"
MERGE = "opencode-migrator merge --from-channel dev"


def beside(register: Register, name: str = "opencode-dev.db", fixture: str = "1.18.34") -> Home:
    """A database beside that of the register, without sessions."""
    other = built(register.home, fixture, register.home.database.with_name(name))
    other.empty()
    return other


def evidence(register: Register, id_: str) -> str:
    return register.found()[id_]["other-database"].evidence


def test_it_says_which_has_it_and_how_many_and_the_command(register: Register) -> None:
    other = beside(register)
    register.add("ses_here", register.at)
    for id_ in ("ses_there", "ses_there_too"):
        add_session(other, id_, directory=str(register.at), title="In dev")
    assert register.names() == {"ses_there": ["other-database"], "ses_there_too": ["other-database"]}
    reason = register.found()["ses_there"]["other-database"]
    assert reason.evidence == (
        "not in this database, but in opencode-dev.db beside it, which has 2 sessions that this one doesn't: "
        f"`{DEV} list --all` shows them, `{MERGE}` brings them here"
    )
    assert reason.certainty is Certainty.CERTAIN
    listed = register.home.run(*DEV.split()[1:], "list", "--all", "--json")
    assert [row["id"] for row in listed.json] == ["ses_there_too", "ses_there"]


def test_for_people_each_database_is_one_group(register: Register) -> None:
    other = beside(register)
    for number in range(5):
        add_session(other, f"ses_{number}", directory=f"/srv/{number}")
    shown = register.home.run("orphans")
    assert shown.stdout.splitlines()[0] == "not in this database, in 5 directories  5 sessions"
    assert "5 lost sessions in 5 directories: other-database 5." in shown.stdout.splitlines()
    assert f"To bring the 5 sessions here that only opencode-dev.db has:\n  {MERGE}\n" in shown.stdout
    rows = register.home.run("orphans", "--json").json
    assert [(row["id"], row["suggestion"], row["rivals"]) for row in rows] == [
        (f"ses_{number}", None, []) for number in (4, 3, 2, 1, 0)
    ]


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        ("1.18.34", "v2-run-fresh", "opencode 2 wrote it"),
        ("1.14.34", "1.18.34", "a newer opencode wrote it"),
        ("1.18.34", "1.14.34", None),
        ("v2-run-upgraded", "v2-run-fresh", None),
    ],
)
def test_it_is_not_offered_what_merge_refuses(tmp_path: Path, here: str, there: str, why: str | None) -> None:
    home = build_home(tmp_path / "home", here)
    home.empty()
    shop = home.repository("shop")
    other = built(home, there, home.database.with_name("opencode-dev.db"))
    other.empty()
    add_session(other, "ses_there", directory=str(shop))
    (found,) = home.run("doctor", "--json").json["otherDatabases"]
    assert found["onlyThere"] == 1
    assert (found["noMerge"] or "").startswith(why or "")
    assert found["merge"] == (None if why else MERGE)
    assert ("merge" in home.run("orphans").stdout) == (why is None)
    said = home.run("merge", "--from-channel", "dev", "--dry-run", cwd=shop)
    assert said.code == (1 if why else 0), said.stderr


def test_of_opencode_1_beside_opencode_2_it_is_offered_with_opencode(tmp_path: Path) -> None:
    home = build_home(tmp_path / "home", "v2-run-fresh")
    home.empty()
    other = built(home, "1.18.34", home.database.with_name("opencode-dev.db"))
    other.empty()
    add_session(other, "ses_there", directory=str(home.repository("shop")))
    (found,) = home.run("doctor", "--json").json["otherDatabases"]
    assert (found["noMerge"], found["merge"]) == (None, f"{MERGE} --with-opencode opencode")
    refused = home.run(*found["merge"].split()[1:])
    assert "--with-opencode: there is no program opencode" in refused.stderr


def test_from_a_database_that_an_option_names(register: Register) -> None:
    """What is to be done names both databases."""
    add_session(beside(register), "ses_there", directory="/srv/shop")
    add_session(register.home, "ses_here", directory="/srv/shop", project_id="global")
    home = register.home
    (row,) = home.run("orphans", "--channel", "dev", "--rule", "other-database", "--json").json
    merging = "opencode-migrator merge --from-channel latest --db"
    assert row["id"] == "ses_here"
    assert f"`{merging} {home.database.with_name('opencode-dev.db')}` brings it here" in row["reasons"][0]["evidence"]


@pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="only Linux counts what a process reads")
def test_what_sessions_hold_is_not_read_to_count_them(register: Register) -> None:
    other = beside(register)
    diffs = "x" * 1_000_000
    add_sessions(other, *({"id": f"ses_{n}", "directory": "/srv", "summary_diffs": diffs} for n in range(30)))

    def bytes_read() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    with Store(register.home.database) as store:
        before = bytes_read()
        (found,) = other_databases(store)
        assert len(found.ids) == 30
        assert bytes_read() - before < 1_000_000


@pytest.mark.parametrize("fixture", ["1.2.1", "1.14.34", "v2-run-fresh", "v2-run-upgraded"])
def test_whatever_opencode_wrote_it(register: Register, fixture: str) -> None:
    other = beside(register, fixture=fixture)
    add_session(other, "ses_there", directory="/srv/shop", title="In another schema", project_id="p")
    if fixture == "v2-run-upgraded":
        add_session(other, "ses_of_1", directory="/srv/shop", table="session", project_id="p")
    assert set(register.names()) == {"ses_there", *(["ses_of_1"] if fixture == "v2-run-upgraded" else [])}
    (row, *_) = register.home.run("orphans", "--rule", "other-database", "--json").json
    assert (row["title"], row["directory"], row["projectId"]) == ("In another schema", "/srv/shop", "p")


def test_of_a_schema_that_nobody_knows_what_there_is_is_read(register: Register) -> None:
    path = register.home.database.with_name("opencode-next.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE session_v2 (id, title, time_updated)")
        db.executemany(
            "INSERT INTO session_v2 VALUES (?, ?, ?)", [("ses_a", None, "soon"), (b"\xff", 3, 1), ("ses_b", "B", 7)]
        )
    register.add_row("ses_gone", directory=str(register.at / "gone"), time_updated="yesterday")
    rows = register.home.run("orphans", "--json").json
    assert [(row["id"], row["title"], row["updated"]) for row in rows] == [
        ("ses_gone", "Title of ses_gone", "yesterday"),
        ("ses_b", "B", 7),
        ("ses_a", "", 0),
    ]


def test_of_tables_that_nobody_knows_nobody_can_tell(register: Register) -> None:
    """As those of an opencode to come: it isn't said that there is nothing."""
    with closing(sqlite3.connect(register.home.database.with_name("opencode-next.db"))) as db, db:
        db.execute("CREATE TABLE session_v3 (id)")
    why = "an opencode wrote it whose table session_v3 we don't know"
    (other,) = register.home.run("doctor", "--json").json["otherDatabases"]
    assert (other["onlyThere"], other["unread"]) == (None, why)
    assert why in register.home.run("list", "--all", "--channel", "*").stderr


def test_what_is_in_both_is_fine_and_a_copy_may_have_what_was_deleted_here(register: Register) -> None:
    for id_ in ("ses_kept", "ses_deleted"):
        register.add(id_, register.at)
    shutil.copy(register.home.database, register.home.database.with_name("opencode-backup.db"))
    assert register.found() == {}
    register.home.execute("DELETE FROM session WHERE id = 'ses_deleted'")
    reason = register.found()["ses_deleted"]["other-database"]
    assert reason.certainty is Certainty.UNKNOWN
    assert reason.evidence.endswith("so it may have been deleted here since")


def test_explain_says_where_a_session_of_both_was_used_later(register: Register) -> None:
    register.add("ses_1", register.at, time_updated=5)
    shutil.copy(register.home.database, register.home.database.with_name("opencode-stable.db"))
    register.add("ses_2", register.at)
    assert register.acquittals("ses_1")["other-database"] == "it is in this database"
    with closing(sqlite3.connect(register.home.database.with_name("opencode-stable.db"))) as db, db:
        db.execute("UPDATE session SET time_updated = 1700000000000")
    told = register.acquittals("ses_1")["other-database"]
    assert told.startswith("opencode-stable.db has it too, used later there, 2023-11-1")
    assert told.endswith("`opencode-migrator --channel stable list --from-id ses_1`")
    assert register.acquittals("ses_2")["other-database"] == "it is in this database"


@pytest.mark.parametrize(
    ("name", "command", "merging"),
    [
        ("opencode-stable.db", "opencode-migrator --channel stable", "--from-channel stable"),
        ("opencode-local.db", "opencode-migrator --channel local", "--from-channel local"),
        # opencode.db is the database of the channel prod since 1.14.34; 1.3.2 made this file for it
        ("opencode-prod.db", "opencode-migrator --db {path}", "--from-channel prod"),
        ("opencode-my copy.db", "opencode-migrator --db '{path}'", "'{path}'"),
        ("opencode.backup.db", "opencode-migrator --db {path}", "{path}"),
    ],
)
def test_the_commands_take_that_database(register: Register, name: str, command: str, merging: str) -> None:
    add_session(beside(register, name), "ses_there", directory="/srv/shop")
    path = register.home.database.with_name(name)
    command, merging = command.format(path=path), merging.format(path=path)
    shows, brings = f"`{command} list --all` shows it", f"`opencode-migrator merge {merging}` brings it here"
    assert evidence(register, "ses_there").endswith(f"{shows}, {brings}")
    _, *words = shlex.split(command)
    assert [row["id"] for row in register.home.run(*words, "list", "--all", "--json").json] == ["ses_there"]


def test_where_channels_share_a_database_the_path_is_named(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    other = beside(register)
    add_session(other, "ses_there", directory="/srv/shop")
    monkeypatch.setenv("OPENCODE_DISABLE_CHANNEL_DB", "1")
    assert f"`opencode-migrator --db {other.database} list --all` shows it" in evidence(register, "ses_there")


def test_a_database_by_a_link_has_those_beside_the_link(register: Register) -> None:
    """opencode's own directory has the link, and the databases of the other channels."""
    add_session(beside(register), "ses_there", directory="/srv/shop")
    register.add("ses_here", register.at)
    real = register.at / "disk" / "opencode.db"
    real.parent.mkdir()
    register.home.database.rename(real)
    register.home.database.symlink_to(real)
    assert [row["id"] for row in register.home.run("orphans", "--json").json] == ["ses_there"]


def test_the_same_file_by_another_name_is_no_other(register: Register) -> None:
    register.add("ses_here", register.at)
    os.link(register.home.database, register.home.database.with_name("opencode-hard.db"))
    register.home.database.with_name("opencode-soft.db").symlink_to(register.home.database)
    assert "other-database" not in str(register.home.run("orphans", "--json").json)
    assert "opencode-hard.db" not in register.home.run("doctor").stdout


def test_nothing_of_it_changes(register: Register) -> None:
    add_session(beside(register), "ses_there", directory="/srv/shop")
    folder = register.home.database.parent

    def files() -> dict[str, tuple[bytes, int]]:
        found = [file for file in folder.iterdir() if file.is_file() and file.name.startswith("opencode-dev")]
        return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in found}

    before = files()
    assert [*before] == ["opencode-dev.db"]
    for words in (
        ("orphans",),
        ("orphans", "--explain", "ses_there"),
        ("rescue", "--likely", "--yes"),
        ("migrate", "ses_there"),
        ("list", "--search", "nothing"),
        ("list", "--orphans"),
        ("doctor",),
    ):
        register.home.run(*words)
        assert files() == before, words


def test_it_is_never_moved(register: Register) -> None:
    add_session(beside(register), "ses_there", directory=str(repository(register.at / "shop")))
    assert not OtherDatabaseRule.movable
    done = register.home.run("rescue", "--likely", "--yes", "--json")
    assert (done.code, done.json["status"]) == (0, "unchanged")
    assert register.home.run("list", "--orphans=other-database").code == 3


def test_every_command_that_takes_an_id_says_where_it_is(register: Register) -> None:
    add_session(beside(register), "ses_there", directory="/srv/shop")
    shop = repository(register.at / "shop")
    for words in (
        ("migrate", "ses_there", shop),
        ("move", "--from-id", "ses_th", "--to-dir", shop),
        ("plan", "move", "--from-id", "ses_there", "--to-dir", shop),
        ("list", "--from-id", "ses_there"),
        ("protect", "--from-id", "ses_there"),
    ):
        said = refused(register.home, *words, "--db", register.home.database, code=3)
        assert f"opencode-dev.db beside this database has ses_there: `{DEV} list --from-id ses_there`" in said
        assert f"`{MERGE} --from-id ses_there` brings it here" in said
    listed = register.home.run(*DEV.split()[1:], "list", "--from-id", "ses_there", "--json")
    assert [row["id"] for row in listed.json] == ["ses_there"]


def test_explain_tells_of_one_that_is_only_there(register: Register) -> None:
    add_session(beside(register), "ses_there", directory=str(register.at / "gone"))
    told = register.home.run("orphans", "--explain", "ses_th")
    assert told.stdout.splitlines()[-3:] == [
        "It is not in this database, so nothing here can bind it to a directory.",
        "To bring it here:",
        f"  {MERGE} --from-id ses_there",
    ]
    document = register.home.run("orphans", "--explain", "ses_there", "--json").json
    assert [reason["rule"] for reason in document["reasons"]] == ["other-database"]
    assert (document["inDatabase"], document["heldBy"], document["hiddenBy"], document["open"]) == (False, [], [], None)
    assert document["merge"] == f"{MERGE} --from-id ses_there"


def test_an_id_that_is_nowhere(register: Register) -> None:
    beside(register)
    said = refused(register.home, "migrate", "ses_nowhere", "--db", register.home.database, code=3)
    assert said == "No session has the id ses_nowhere; `opencode-migrator list --all` shows what there is."


def test_an_id_that_only_json_storage_has(register: Register) -> None:
    file = register.home.database.parent / "storage" / "session" / "global" / "ses_old.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert f"only the JSON storage of opencode before 1.2 has ses_old: {file}" in refused(
        register.home, "migrate", "ses_old", "--db", register.home.database, code=3
    )


def test_a_search_for_a_title_that_only_it_has(register: Register) -> None:
    other = beside(register)
    add_session(other, "ses_there", directory="/srv/shop", title="Paginate the Orders")
    for words in (("list", "--search", "the orders"), ("list", "--all", "--search", "the orders")):
        said = refused(register.home, *words, "--db", register.home.database, code=3)
        assert f"1 session with such a title: `{DEV} list --all --search 'the orders'` shows it" in said
        assert f"`{MERGE} --title 'the orders'` brings it here" in said
    assert "opencode-dev.db" not in refused(
        register.home, "list", "--db", register.home.database, "--search", "the invoices", code=3
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"no database", "file is not a database"), ("..", None), ("/nowhere/opencode.db", "it is no file")],
)
def test_one_that_cannot_be_read_is_named(register: Register, content: bytes | str, why: str | None) -> None:
    register.add("ses_here", register.at)
    path = register.home.database.with_name("opencode-dev.db")
    path.write_bytes(content) if isinstance(content, bytes) else path.symlink_to(content)
    assert register.found() == {}
    listed = register.home.run("orphans", "--json")
    assert (listed.code, listed.json) == (0, [])
    told = " ".join(listed.stderr.split())
    nobody = "opencode-dev.db beside this database can't be read"
    assert nobody in told
    if why:
        assert why in told
    assert "opencode-dev.db beside this database can't be read" in refused(
        register.home, "migrate", "ses_nowhere", "--db", register.home.database, code=3
    )
    assert register.acquittals("ses_here")["other-database"].startswith("opencode-dev.db can't be read: ")
    assert nobody in " ".join(register.home.run("orphans", "--rule", "other-database").stderr.split())
    checked = register.home.run("doctor", "--json")
    assert checked.code == 0
    assert checked.json["otherDatabases"][0]["onlyThere"] is None


def test_another_that_holds_no_sessions_is_not_worth_a_word(register: Register) -> None:
    register.home.database.with_name("opencode-empty.db").touch()
    beside(register)
    with closing(sqlite3.connect(register.home.database.with_name("opencode-notes.db"))) as db, db:
        db.execute("CREATE TABLE note (id)")
    assert register.found() == {}
    listed = register.home.run("orphans", "--db", register.home.database)
    assert listed.stderr == "No lost session.\n"
    assert "otherDatabases" not in register.home.run("doctor", "--json").json


def test_doctor_counts_them(register: Register) -> None:
    other = beside(register)
    add_session(other, "ses_there", directory="/srv/shop")
    checked: Any = register.home.run("doctor", "--json").json
    assert checked["otherDatabases"] == [
        {
            "path": str(other.database),
            "channel": "dev",
            "onlyThere": 1,
            "unread": None,
            "noMerge": None,
            "merge": MERGE,
        }
    ]
    assert checked["orphans"] == {}
    lines = register.home.run("doctor").stdout.splitlines()
    has = "-- opencode-dev.db beside it has 1 session that this one doesn't"
    assert f"{has}: `{DEV} list --all` shows it, `{MERGE}` brings it here" in lines


def test_an_empty_list_says_who_has_sessions_of_this_project(register: Register) -> None:
    """As after an update that switched databases: `list` is what one tries first."""
    shop = repository(register.at / "shop")
    other = beside(register)
    for number, where in enumerate((shop, shop / "sub", register.at / "else")):
        add_session(other, f"ses_{number}", directory=str(where))
    register.home.environ["OPENCODE_DB"] = str(register.home.database)  # so that there is no other remark
    said = register.home.run("list", cwd=shop).stderr
    assert "opencode-dev.db beside this database has 2 sessions of this project that this one doesn't" in said
    assert f"`{MERGE} --from-dir {shop}` brings them here." in said
    said = register.home.run("list", "--all", cwd=shop).stderr
    assert f"has 3 sessions that this one doesn't: `{DEV} list --all` shows them, `{MERGE}` brings them here." in said
    (register.at / "none").mkdir()
    assert "beside" not in register.home.run("list", cwd=register.at / "none").stderr
    assert "has 3 sessions in this directory that" in register.home.run("list", cwd=register.at).stderr


def test_a_report_names_both_databases(register: Register) -> None:
    """It may be read elsewhere, and where the sessions are isn't a directory."""
    other = beside(register)
    for number in range(2):
        add_session(other, f"ses_{number}", directory=f"/srv/{number}")
    printed = register.home.run("orphans", "--format", "markdown").stdout
    assert f"\n{MERGE} --db {register.home.database}\n" in printed
    assert "**`not in this database, in 2 directories`**: 2 sessions" in printed


def test_over_http(register: Register) -> None:
    add_session(beside(register), "ses_there", directory="/srv/shop", title="In dev")
    with serving(register.home) as served:
        (row,) = served.get("/session/orphans")
        assert (row["id"], row["title"], row["directory"]) == ("ses_there", "In dev", "/srv/shop")
        assert [reason["rule"] for reason in row["reasons"]] == ["other-database"]
        said = served.refused("POST", "/session/ses_there/migrate", 404, "nothing-matched", json={"directory": "/tmp"})
        assert f"opencode-dev.db beside this database has ses_there: `{DEV} list --from-id ses_there`" in said


def test_where_nobody_can_tell_which_others_there_are(unprivileged: UnprivilegedHome) -> None:
    unprivileged.database.parent.chmod(0o311)
    listed = unprivileged.run("orphans", "--rule", "other-database")
    assert listed.code == 0
    assert "opencode-*.db beside this database can't be read (" in " ".join(listed.stderr.split())
    assert unprivileged.run("orphans", "--rule", "missing-directory").stderr.count("can't be read") <= 1
    checked = unprivileged.run("doctor", "--json").json
    assert "opencode-*.db" in checked["cantTell"]["otherDatabases"]


def test_one_that_is_closed_to_us_is_named(unprivileged: UnprivilegedHome) -> None:
    path = unprivileged.database.with_name("opencode-dev.db")
    shutil.copy(unprivileged.database, path)
    path.chmod(0)
    told = " ".join(unprivileged.run("orphans", "--rule", "other-database").stderr.split())
    assert "opencode-dev.db beside this database can't be read (Permission denied)" in told
