"""An output is never an input: whatever a person names for us to write, nothing that exists is lost by it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import migrator
from migrator import state_dir
from migrator.errors import MigratorError
from tests.support import forked
from tests.support.home import MOVE, Home, build_home
from tests.support.refusal import sentence
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAN = ("plan", *MOVE[1:-1], "-o")
BACKUP = (*MOVE, "--backup")
TOKEN = ("serve", "--host", "256.0.0.1", "--token-file")  # which fails by itself, should the file be accepted
REPORT = (*MOVE[:-1], "--dry-run", "--html")
WRITING = {"plan": PLAN, "backup": BACKUP, "token": TOKEN, "report": REPORT}

TARGETS: dict[str, Callable[[Home], str | Path]] = {}


def target(make: Callable[[Home], str | Path]) -> Callable[[Home], str | Path]:
    TARGETS[make.__name__] = make
    return make


def beside(home: Home, end: str) -> Path:
    return home.database.with_name(home.database.name + end)


def linked(home: Home, to: Path) -> Path:
    (home.path / "innocent.json").symlink_to(to)
    return home.path / "innocent.json"


def hard_linked(home: Home, to: Path) -> Path:
    (home.path / "innocent.json").hardlink_to(to)
    return home.path / "innocent.json"


@target
def the_database(home: Home) -> Path:
    return home.database


@target
def the_database_relatively(home: Home) -> str:
    return f"./src/../{home.database.relative_to(home.path)}"


@target
def the_database_through_a_directory_that_isnt_there(home: Home) -> Path:
    return home.database.parent / "nowhere" / ".." / home.database.name


@target
def the_log_through_a_directory_that_isnt_there(home: Home) -> Path:
    return beside(home, "-wal").parent / "nowhere" / ".." / beside(home, "-wal").name


@target
def a_link_to_the_database(home: Home) -> Path:
    return linked(home, home.database)


@target
def a_link_to_a_link_to_the_database(home: Home) -> Path:
    (home.path / "between").symlink_to(home.database.parent)
    return linked(home, home.path / "between" / home.database.name)


@target
def a_hard_link_to_the_database(home: Home) -> Path:
    return hard_linked(home, home.database)


@target
def another_database(home: Home) -> Path:
    shutil.copy(home.database, home.path / "bookmarks.json")
    return home.path / "bookmarks.json"


@target
def the_log(home: Home) -> Path:
    return beside(home, "-wal")


@target
def a_hard_link_to_the_log(home: Home) -> Path:
    return hard_linked(home, beside(home, "-wal"))


@target
def a_log_that_was_renamed(home: Home) -> Path:
    shutil.copy(beside(home, "-wal"), home.path / "moved.json")
    return home.path / "moved.json"


@target
def the_shared_memory(home: Home) -> Path:
    return beside(home, "-shm")


@target
def a_hard_link_to_the_shared_memory(home: Home) -> Path:
    return hard_linked(home, beside(home, "-shm"))


@target
def the_rollback_journal_that_isnt_there(home: Home) -> Path:
    return beside(home, "-journal")


@target
def a_link_to_the_rollback_journal_that_isnt_there(home: Home) -> Path:
    return linked(home, beside(home, "-journal"))


@target
def the_log_in_upper_case(home: Home) -> Path:
    return beside(home, "-WAL")


@target
def the_journal_of_several_databases(home: Home) -> Path:
    return beside(home, "-mj12AB34CD5")


@target
def the_log_of_an_empty_database(home: Home) -> Path:
    home.database.with_name("opencode-dev.db").touch()
    return home.database.with_name("opencode-dev.db-wal")


@target
def a_name_by_which_opencode_opens_a_database(home: Home) -> Path:
    return home.database.with_name("opencode-dev.db")


@target
def the_log_of_a_database_that_opencode_would_make(home: Home) -> Path:
    return home.database.with_name("OPENCODE-dev.db-wal")


@target
def a_link_to_a_name_by_which_opencode_opens_a_database(home: Home) -> Path:
    return linked(home, home.database.with_name("opencode-next.db"))


@target
def a_file_of_the_kernel(_: Home) -> Path:
    """Who reads it waits for what the kernel says next, or takes away what it has said."""
    if not os.path.exists("/proc/kmsg"):
        pytest.skip("there is no /proc/kmsg here")
    return Path("/proc/kmsg")


@target
def a_new_file_beside_those_of_the_kernel(_: Home) -> Path:
    if not os.path.isdir("/proc/sys"):
        pytest.skip("there is no /proc here")
    return Path("/proc/sys/new")


@target
def the_journal_of_a_run(home: Home) -> Path:
    return journal(home)


@target
def the_log_of_the_journal_of_a_run(home: Home) -> Path:
    return Path(f"{journal(home)}-wal")


@target
def a_link_to_the_journal_of_a_run(home: Home) -> Path:
    return linked(home, journal(home))


@target
def a_new_file_among_the_journals(home: Home) -> Path:
    return home.state / "runs" / "20991231-235959-abcd.db"


@target
def a_new_file_among_the_journals_through_a_link(home: Home) -> Path:
    (home.path / "between").symlink_to(home.state / "runs")
    return home.path / "between" / "plan.json"


@target
def a_file_of_our_own(home: Home) -> Path:
    (home.state / "crash-1.log").write_text("what went wrong\n")
    return home.state / "crash-1.log"


@target
def links_in_a_circle(home: Home) -> Path:
    return linked(home, home.path / "innocent.json")


@target
def a_socket(home: Home) -> Path:
    here = os.getcwd()
    os.chdir(home.path)  # the name of a socket can't be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    os.chdir(here)
    return home.path / "socket"


def journal(home: Home) -> Path:
    return max((home.state / "runs").glob("*.db"))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = build_home(tmp_path_factory.mktemp("pristine") / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    assert home.run(*MOVE).code == 0
    assert home.run("undo", "--yes").code == 0
    return home


@pytest.fixture
def used(pristine: Home) -> Iterator[Home]:
    """A home with two runs, whose database has committed rows in its log: somebody has it open."""
    with closing(sqlite3.connect(pristine.database)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("UPDATE session SET title = title || '.'")
        connection.commit()
        before = contents(pristine.path)
        yield pristine
        for path in set(contents(pristine.path)) - set(before):
            (pristine.path / path).unlink()


def contents(directory: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return what is below a directory: bytes, links not followed, and of a -shm, in which readers write, the size."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in directory.rglob("*"):
        status = path.lstat()
        what: bytes | str = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        if path.name.endswith("-shm"):
            what = str(status.st_size)
        found[str(path.relative_to(directory))] = (status.st_ino, what)
    return found


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("writing", WRITING)
def test_what_is_never_replaced(used: Home, writing: str, name: str) -> None:
    named = TARGETS[name](used)
    before = contents(used.path)
    said = sentence(used.run(*WRITING[writing], named, "--force"), 1)
    assert str(named) in said
    assert "force" not in said
    assert said.count(". ") == 0
    assert contents(used.path) == before


@pytest.mark.parametrize("writing", WRITING)
@pytest.mark.parametrize("name", ["", "src", ".", "..", "src/", "new/", "/"])
def test_what_names_no_file(used: Home, writing: str, name: str) -> None:
    before = contents(used.path)
    assert WRITING[writing][-1] in sentence(used.run(*WRITING[writing], name, "--force"), 2)
    assert contents(used.path) == before


@pytest.mark.parametrize("writing", ["backup", "token", "report"])
def test_what_goes_to_a_file_only(used: Home, writing: str) -> None:
    os.mkfifo(used.path / "pipe")
    before = contents(used.path)
    assert "standard output" in sentence(used.run(*WRITING[writing], "-"), 2)
    for name in ("pipe", os.devnull, "/dev/stdout"):
        assert name in sentence(used.run(*WRITING[writing], name, "--force"), 1)
    assert contents(used.path) == before


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_a_backup_gets_no_log_of_a_database_that_is_gone(used: Home, end: str) -> None:
    """Whoever opened the backup would replay it: `rm old.db` leaves an old.db-wal behind."""
    shutil.copy(beside(used, "-wal"), used.path / f"old.db{end}")
    before = contents(used.path)
    assert f"old.db{end}" in sentence(used.run(*BACKUP, "old.db", "--force"), 1)
    assert contents(used.path) == before


@pytest.mark.parametrize("writing", ["plan", "backup", "report"])
def test_another_file_is_replaced_only_by_force(home: Home, writing: str) -> None:
    home.repository("shop", "sub/deep")
    (home.path / "notes.txt").write_text("buy milk\n")
    (home.path / "notes.txt").chmod(0o620)
    (home.path / "empty").touch()
    for name in ("notes.txt", "empty"):
        before = contents(home.path)
        said = sentence(home.run(*WRITING[writing], name), 1)
        assert re.match(f"The file {name} exists.*or replace it with --force\\.$", said)
        assert contents(home.path) == before
    assert home.run(*WRITING[writing], "notes.txt", "--force").code == 0
    assert (home.path / "notes.txt").read_bytes()[:1] == {"plan": b"{", "backup": b"S", "report": b"<"}[writing]
    assert (home.path / "notes.txt").stat().st_mode & 0o777 == {"plan": 0o620, "backup": 0o600, "report": 0o620}[
        writing
    ]
    assert not list(home.path.glob("*incoming*"))


def test_a_tilde_that_the_shell_left_is_the_home_directory(home: Home) -> None:
    """As in `--backup=~/old.db`, or in a variable that sets the option."""
    below = home.repository("src/shop", "sub/deep").parent.parent
    assert home.run(*PLAN, "~/plan.json", "--html=~/plan.html", cwd=below).code == 0
    assert (home.path / "plan.html").exists()
    assert home.run("show", "~/plan.json", cwd=below).stdout.endswith(f"apply {home.path}/plan.json\n")
    (home.path / "list").write_text("/elsewhere/\n")
    listed = home.run("list", "--all", "--exclude-from=~/list", "--json", cwd=below)
    assert len(listed.json) == 15
    applied = home.run("apply", "~/plan.json", "--backup=~/old.db", "--yes", cwd=below)
    assert (applied.code, (home.path / "old.db").exists()) == (0, True), applied.stderr
    assert not (below / "~").exists()


def test_a_token_replaces_another_file_by_force(home: Home) -> None:
    (home.path / "notes.txt").write_text("buy milk\n")
    with forked.Running(
        ("serve", "--port", "0", "--token-file", "notes.txt", "--force"), home.env(), home.path
    ) as running:
        running.wait_until(lambda: "Token: " in running.stdout)
        assert (home.path / "notes.txt").read_text().startswith("ocm_")
        assert (home.path / "notes.txt").stat().st_mode & 0o777 == 0o600


def test_a_plan_replaces_a_plan_of_any_version(home: Home) -> None:
    home.repository("shop", "sub/deep")
    old = Path(__file__).parents[2] / "fixtures" / "written-by-47acc66" / "v1-move" / "plan.json"
    shutil.copy(old, home.path / "plan.json")
    assert home.run(*PLAN, "plan.json").code == 0
    assert (home.path / "plan.json").read_bytes() != old.read_bytes()
    sentence(home.run(*BACKUP, "plan.json"), 1)
    assert home.run("undo").code == 1  # nothing was moved


READ_AND_WRITTEN = {
    "plan": ("apply", "given", "--yes", "--backup"),
    "list": (*PLAN[:-1], "--exclude-from", "given", "-o"),
    "list at home": (*PLAN[:-1], "--exclude-from", "~/given", "-o"),
    "map": ("plan", "relocate", "--map", "given", "-o"),
    "another database": ("plan", "--db", "given", *PLAN[1:]),
    "another database, named first": ("--db", "given", "serve", "--token-file"),
}


@pytest.mark.parametrize("reading", READ_AND_WRITTEN)
@pytest.mark.parametrize("name", ["given", "src/../given", "linked", "hard-linked"])
def test_what_is_read_is_never_replaced(home: Home, reading: str, name: str) -> None:
    (home.path / "given").write_text("/home/dev=/home/dev2\n")
    (home.path / "linked").symlink_to("given")
    (home.path / "hard-linked").hardlink_to(home.path / "given")
    before = contents(home.path)
    for force in ([], ["--force"]):
        said = sentence(home.run(*READ_AND_WRITTEN[reading], name, *force), 1)
        assert "this command reads" in said or (name == "linked" and "is written through one" in said), said
        assert "--force" not in said
    assert contents(home.path) == before


def test_what_is_read_is_never_made(home: Home) -> None:
    """Whoever mistypes the name of a plan gets no file of that name."""
    for name in ("gone.json", "./gone.json"):
        assert "this command reads" in sentence(home.run("apply", "gone.json", "--yes", "--backup", name), 1)


def test_it_is_refused_before_the_work(home: Home) -> None:
    """Also where a session can't be found, a file can't be made, or nobody can be asked."""
    nothing = ("--from-dir", "/nowhere", "--to-dir", "src")
    for name in (str(home.database), "nowhere/plan.json"):
        assert name in sentence(home.run("plan", *nothing, "-o", name), 1)
        assert name in sentence(home.run("move", *nothing, "--backup", name), 1)
        assert name in sentence(home.run("undo", "--backup", name), 1)
    assert not home.state.exists()


def test_standard_output_by_any_name(home: Home) -> None:
    """What is read from there is the plan alone."""
    home.repository("shop", "sub/deep")
    plan = home.run(*PLAN, "-").json
    assert home.run(*PLAN, "/dev/stdout").json == plan
    assert home.run(*PLAN, "/dev/fd/1").json == plan
    command = f"opencode-migrator {shlex.join(PLAN)}"
    assert json.loads(run_in_shell(home, f"{command} /dev/stdout | cat").stdout) == plan
    assert run_in_shell(home, f"{command} plan.json > plan.json").code == 0  # as if it had been only one of them
    assert json.loads((home.path / "plan.json").read_text()) == plan
    piped = run_in_shell(home, f"mkfifo pipe; cat pipe > piped & {command} pipe && wait && rm pipe")
    assert piped.stdout.splitlines()[-1] == "  opencode-migrator apply -"
    assert json.loads((home.path / "piped").read_text()) == plan


def test_the_python_api_goes_through_the_same_gate(used: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in used.env().items():
        monkeypatch.setenv(name, value)
    store = migrator.open_store(used.database)
    planned = migrator.plan(store, migrator.select(store, from_dir="~/src/shop-*"), to_dir=used.src / "shop")
    before = contents(used.path)
    for file in (used.database, beside(used, "-journal"), used.src / "shop" / ".git" / "HEAD"):
        with pytest.raises(MigratorError, match=r"name another file with --backup FILE\.$"):
            migrator.apply(planned, backup=file)
    assert contents(used.path) == before


# ------------------------------------------------------------------------------------------------- what goes wrong


def full() -> None:
    """Let no file grow beyond some kB, as on a disk that gets full: a plan has 15, a report 30, the database 400."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (8192 if {"plan", "--html"} & {*sys.argv} else 65536, resource.RLIM_INFINITY)
    )


def killed() -> None:
    setattr(state_dir, "sync", lambda _: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010 - as for mypy in faults.py


def interrupted() -> None:
    setattr(state_dir, "give_path", lambda *_: os.kill(os.getpid(), signal.SIGINT))  # noqa: B010 - as above


@pytest.mark.parametrize("existing", [True, False], ids=["existing", "new"])
@pytest.mark.parametrize("fault", [full, interrupted, killed])
@pytest.mark.parametrize("writing", ["plan", "backup", "report"])
def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_else(
    home: Home, writing: str, fault: Callable[[], None], existing: bool
) -> None:
    home.repository("shop", "sub/deep")
    folder = home.path / "folder"
    folder.mkdir()
    if existing:
        (folder / "file").write_text("old")
    everything = home.everything()
    words = (*WRITING[writing], "folder/file", "--force")
    failed = forked.run(words, home.env(), home.path, first=fault)
    assert failed.code == {full: 1, interrupted: 130, killed: -signal.SIGKILL}[fault]
    if fault is full:
        assert "folder/file" in sentence(failed, 1)
    assert home.everything() == everything
    left = [path.name for path in folder.iterdir() if fault is not killed or path.is_file()]
    assert left == (["file"] if existing else [])
    assert not existing or (folder / "file").read_text() == "old"
    assert home.run(*words).code == 0
    assert [path.name for path in folder.iterdir()] == ["file"]  # also of what a killed process left


def test_a_backup_has_its_name_when_it_is_complete(home: Home) -> None:
    home.repository("shop", "sub/deep")
    before = home.everything()
    assert home.run(*BACKUP, "backup.db").code == 0
    assert [path.name for path in home.path.iterdir() if "backup" in path.name] == ["backup.db"]
    with closing(sqlite3.connect(home.path / "backup.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copied = Home(home.path / "copy")
    copied.database.parent.mkdir(parents=True)
    shutil.copy(home.path / "backup.db", copied.database)
    assert copied.everything() == before


@pytest.mark.parametrize("name", ["./both", "linked"])
def test_two_outputs_are_two_files(home: Home, name: str) -> None:
    (home.path / "linked").symlink_to("both")
    before = contents(home.path)
    for force in ([], ["--force"]):
        for words in ((*PLAN, "both", "--html", name), (*MOVE, "--backup", "both", "--html", name)):
            assert "another output of this command too" in sentence(home.run(*words, *force), 1)
    assert contents(home.path) == before
