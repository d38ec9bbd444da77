"""Root works on somebody's database, and everything is theirs afterwards; what only root may read is not "nothing"."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault
from tests.support.home import MOVE
from tests.support.refusal import sentence
from tests.support.server import serving
from tests.support.undo_world import World, write
from tests.support.users import SOMEBODY, UsersHome, open_to_everybody, two_users, users_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.forked import Finished

pytestmark = two_users


@pytest.fixture
def home() -> Iterator[UsersHome]:
    with users_home() as made:
        yield made


def move(home: UsersHome) -> tuple[str | Path, ...]:
    """The command with whole paths, which mean the same in root's home."""
    return ("move", "--from-dir", f"{home.src}/shop-*", "--to-dir", home.src / "shop", "--yes", "--db", home.database)


def journals(folder: Path) -> list[Path]:
    return sorted((folder / ".local" / "state" / "opencode-migrator" / "runs").glob("*.db"))


def locked_out(home: UsersHome) -> str:
    """Let a run as root of version 0.1 have made the journals, and return the command that gives them back."""
    assert home.run(*MOVE).code == 0
    home.give_everything(user=0, below=home.state)
    return f"`sudo chown -R {SOMEBODY}:{SOMEBODY} {home.state}`"


@pytest.mark.parametrize(
    "words",
    [("log",), ("log", "--json"), ("undo", "--yes"), ("resume", "--yes"), ("gc", "--yes"), ("undo", "2026", "--yes")],
)
def test_journals_that_are_roots_are_not_no_run(home: UsersHome, words: tuple[str, ...]) -> None:
    mend = locked_out(home)
    before = home.everything()
    done = home.run(*words)
    said = sentence(done, 1)
    assert mend in said
    assert "belongs to root" in said
    assert "so far" in said
    assert done.stdout == ""
    assert home.everything() == before
    home.give_everything(below=home.state)  # as the command does
    assert home.run("log").code == 0


def test_nothing_is_moved_while_they_may_hold_a_run_that_was_cut_off(home: UsersHome) -> None:
    mend = locked_out(home)
    before = home.everything()
    done = home.run("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes")
    assert done.code == 1
    assert mend in done.stderr
    assert home.everything() == before


def test_doctor_and_every_other_face_say_so_too(home: UsersHome) -> None:
    mend = locked_out(home)
    checked = home.run("doctor")
    assert checked.code == 1
    assert any(mend in line and line.startswith("!! ") for line in checked.stdout.splitlines())
    document = home.run("doctor", "--json").json
    assert document["unfinishedRuns"] is None
    assert mend in document["cantTell"]["unfinishedRuns"]


# -------------------------------------------------------------------------------------- what root leaves to its owner


def test_everything_that_root_makes_is_the_owners(home: UsersHome) -> None:
    """The database's log and its index, which SQLite makes, the journal, what is saved and what surrounds it."""
    for words in (("list", "--all"), ("doctor",), ("orphans",), ("log",)):
        assert home.run_as_root(*words).code == 0, words
        assert home.not_theirs() == []
    saved = home.run_as_root("plan", *move(home)[1:5], "-o", home.path / "plan.json")
    assert saved.code == 0, saved.stderr
    assert home.not_theirs() == []
    done = home.run_as_root("apply", home.path / "plan.json", "--yes", "--backup", home.path / "backup.db")
    assert done.code == 0, done.stderr
    assert home.not_theirs() == []
    (journal,) = journals(home.path)
    assert [run["run"] for run in home.run("log", "--json").json] == [journal.stem]
    assert home.run("undo", "--yes").code == 0
    assert home.not_theirs() == []


def test_so_is_what_a_run_leaves_that_was_killed(home: UsersHome) -> None:
    killed = home.run_as_root(*MOVE, first=Fault("kill", 1, "after intend").lay)
    assert killed.code == -signal.SIGKILL
    assert len(list((home.state / "runs").iterdir())) == 3  # a journal with its log, and the index of that
    assert home.not_theirs() == []
    assert home.run("doctor").code == 1
    resumed = home.run("resume", "--yes")
    assert resumed.code == 0, resumed.stderr
    assert home.run("doctor").code == 0


def test_so_are_snapshots_that_are_carried() -> None:
    with open_to_everybody() as top:
        top.chmod(0o777)
        world = World(top / "world")
        home = UsersHome(world.home.path)
        old, new = world.repository(a="a\n"), top / "world" / "repos" / "renamed"
        talk = world.session(old)
        world.turn(talk, write, old / "a", "changed\n")
        world.place(old)
        old.rename(new)
        home.give_everything(below=top)
        snapshots = {*world.data.rglob("*")}
        done = home.run_as_root("relocate", old, new, "--yes")
        assert done.code == 0, done.stderr
        assert len({*world.data.rglob("*")} - snapshots) > 10
        assert home.not_theirs() == []
        assert home.run("undo", "--yes").code == 0


def test_so_are_the_token_of_a_server_and_the_log_of_a_crash(home: UsersHome) -> None:
    home.environ["SUDO_UID"] = str(SOMEBODY)
    with serving(home) as served:
        assert served.token_file.is_file()
        assert home.not_theirs() == []
    crashed = home.run_as_root("list", first=_broken)
    assert crashed.code == 70
    assert len(list(home.state.glob("crash-*.log"))) == 1
    assert home.not_theirs() == []


def _broken() -> None:
    from migrator.operations import list as listing

    del listing.list_sessions


def test_nothing_of_somebody_elses_is_given_away(home: UsersHome) -> None:
    """Neither what was there before, nor what a link of theirs leads to."""
    kept, elsewhere = home.path / "kept.json", home.roots_home / "elsewhere"
    elsewhere.mkdir()
    (home.path / ".local" / "state").symlink_to(elsewhere)
    assert home.run_as_root(*MOVE).code == 0
    made = [elsewhere, *elsewhere.rglob("*")]
    assert len(made) == 4
    assert {path.stat().st_uid for path in made} == {0}
    kept.symlink_to(elsewhere / "precious")
    (elsewhere / "precious").write_text("precious")
    assert home.run_as_root("doctor").code == 0
    assert (elsewhere / "precious").stat().st_uid == 0


# ------------------------------------------------------------------------------------------ where the journal is kept


def as_root_at_home(home: UsersHome, *words: str | Path, known: bool) -> Finished:
    """Run it as `su -` does: HOME is root's, and nobody tells who was there before. Git is told that this is meant."""
    (home.roots_home / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
    return home.run_as_root(*words, first=home.known() if known else None, HOME=str(home.roots_home), SUDO_UID="")


def test_a_journal_is_kept_where_the_owner_of_the_database_looks(home: UsersHome) -> None:
    done = as_root_at_home(home, *move(home), known=True)
    assert done.code == 0, done.stderr
    (journal,) = journals(home.path)
    assert f"the database belongs to somebody; so does the journal {journal}, which somebody finds" in done.stdout
    assert journals(home.roots_home) == []
    assert home.not_theirs() == []
    assert [run["run"] for run in home.run("log", "--json").json] == [journal.stem]
    undone = as_root_at_home(home, "undo", journal.stem, "--yes", "--db", home.database, known=True)
    assert undone.code == 0, undone.stderr
    assert home.not_theirs() == []
    assert [run["status"] for run in home.run("log", "--json").json] == ["applied", "applied"]


def test_each_of_both_sees_the_run_of_the_other_that_was_cut_off(home: UsersHome) -> None:
    more = ("move", "--from-dir", home.src / "notes", *move(home)[3:])
    killed = home.run(*move(home), first=Fault("kill", 1, "after intend").lay)
    assert killed.code == -signal.SIGKILL
    refused = as_root_at_home(home, *more, known=True)
    assert refused.code == 1
    assert "was cut off" in refused.stderr
    assert home.run("undo", "--yes").code == 0


def test_where_the_owner_has_no_home_it_is_said_where_the_journal_is(home: UsersHome) -> None:
    """A container knows the number of a user only."""
    done = as_root_at_home(home, *move(home), known=False)
    assert done.code == 0, done.stderr
    (journal,) = journals(home.roots_home)
    assert f"user {SOMEBODY} may not find the journal {journal}" in done.stdout
    command = f"opencode-migrator undo {journal.stem} --db {home.database}"
    assert f"root takes the run back with `{command}`" in done.stdout
    assert home.run("log").stderr == "No run so far.\n"
    assert home.not_theirs() == []
    undone = as_root_at_home(home, *command.split()[1:], "--yes", known=False)
    assert undone.code == 0, undone.stderr


def test_runs_that_root_made_before_are_still_found_by_root(home: UsersHome) -> None:
    """0.1 kept their journals in root's home."""
    assert as_root_at_home(home, *move(home), known=False).code == 0
    (journal,) = journals(home.roots_home)
    undone = as_root_at_home(home, "undo", journal.stem, "--yes", "--db", home.database, known=True)
    assert undone.code == 0, undone.stderr


def test_who_calls_sudo_finds_their_runs_without_naming_the_database(home: UsersHome) -> None:
    done = home.run_as_root(*move(home), first=home.known(), HOME=str(home.roots_home))
    assert done.code == 0, done.stderr
    (journal,) = journals(home.path)
    listed = home.run_as_root("log", "--json", first=home.known(), HOME=str(home.roots_home))
    assert [run["run"] for run in listed.json] == [journal.stem]


def test_no_word_of_it_where_root_owns_the_database(home: UsersHome) -> None:
    home.give_everything(user=0)
    done = home.run_as_root(*MOVE, SUDO_UID="")
    assert done.code == 0, done.stderr
    assert "as root" not in done.stdout
    assert os.stat(journals(home.path)[0]).st_uid == 0
