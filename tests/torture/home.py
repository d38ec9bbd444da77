"""A throw-away home with real repositories and sessions, and what must be true of it after whatever was done to it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.disk.temp_dirs import PREFIX
from tests.support.faults import Fault, run
from tests.support.home import build_home
from tests.support.opencode_2_database import DIALECTS, dialect_home
from tests.support.rows import Rows, add_message, add_part, rows_without_times
from tests.support.turn_states import put, states
from tests.support.undo_world import World, write

if TYPE_CHECKING:
    from tests.support.forked import Finished
    from tests.support.home import Home

Words = tuple[str, ...]
Files = dict[str, bytes]

CARRIED, MERGED = "carried", "merged"
WORLDS = (*DIALECTS, CARRIED, MERGED)
"""The real sessions in a database of each dialect; two whose snapshots `relocate` carries; those of another home."""
MOVE = ("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes", "--json", "--chunk-size", "4")
"""Moves 17 sessions of `build` in five chunks; 15 in databases of opencode 2."""
_CARRY = ("relocate", "src/shop", "src/renamed", "--yes", "--json", "--chunk-size", "1")
UNDO, RESUME = ("undo", "--yes", "--json"), ("resume", "--yes", "--json")

EXIT_CODES = {0, 1, 2, 3, 4, 5, 130}
"""What a command may end with: see docs/reference.md."""
_IN_BOTH = "ses_dfbea755effe28TdSAn7PWdk2u"
"""A real session with neither parent nor children."""
_UNFINISHED = {"running", "rolling-back"}
_FILES = ("storage", "tool-output")
"""Where opencode keeps files of sessions in its data directory."""
_DATABASE = {"opencode.db", "opencode.db-wal", "opencode.db-shm", "snapshot", *_FILES}


@dataclass(frozen=True)
class Tortured:
    """A home, the command that moves its sessions, and every row before and after that move.

    `undo`: what `doctor --undo` says of the sessions after it, where their snapshots are carried. `files`: those of
    sessions that come along, by their paths in the data directory.
    """

    home: Home
    move: Words
    before: Rows
    after: Rows
    undo: Any
    files: Files

    def check(self, way: Words = UNDO) -> None:
        """Assert what must be true after anything: rows, `log` and `doctor` agree, and the next commands work.

        `way` is the command that ends a run which was cut off.
        """
        if unfinished(self.home):
            succeeded(run(self.home, *way))
        rows, logged = rows_without_times(self.home), runs(self.home)
        assert not any(entry["status"] in _UNFINISHED for entry in logged), f"a run is unfinished after {way[0]}"
        assert self.is_whole(rows), "the rows are those of neither before nor after, and no run is unfinished"
        assert (rows == self.after) == is_moved(logged), f"`log` says something else than the rows: {logged}"
        assert files_beside(self.home) == (self.files if rows == self.after else {}), (
            "files are not where their rows are"
        )
        if self.undo and rows == self.after:
            assert undo_effects(self.home) == self.undo, "the snapshots of a turn are not where its session is"
        self.check_next(rows)

    def check_next(self, rows: Rows) -> None:
        """Assert that the next command works, and leaves nothing beside the database."""
        command, goal = (self.move, self.after) if rows == self.before else (UNDO, self.before)
        succeeded(run(self.home, *command))
        assert files_beside(self.home) == (self.files if goal is self.after else {}), f"{command[0]} left files out"
        assert rows_without_times(self.home) == goal, f"the next command, {command[0]}, did not do all that it should"
        assert self.home.query("PRAGMA integrity_check") == [("ok",)]
        check_nothing_left(self.home)

    def is_whole(self, rows: Rows) -> bool:
        """Tell whether a move was wholly made or not at all."""
        return rows in (self.before, self.after)


def build(directory: Path, world: str) -> tuple[Home, Words]:
    """Make a home of one of the WORLDS in an empty directory, and return a move in it too."""
    if world == CARRIED:
        return _home_with_snapshots(directory), _CARRY
    if world == MERGED:
        return two_homes(directory)
    home = dialect_home(directory / "home", "real-1.18.34", world)
    home.repository("shop", "sub/deep")
    return home, MOVE


def _home_with_snapshots(directory: Path) -> Home:
    """Make a home in which two sessions had turns in a repository that was renamed since."""
    world = World(directory)
    world.repos = world.home.src
    shop = world.repository("shop")
    for name in ("one", "two"):
        talk = world.session(shop)
        for number in (1, 2):
            world.turn(talk, write, shop / name, f"turn {number}\n")
    shop.rename(shop.with_name("renamed"))
    return world.home


def two_homes(directory: Path) -> tuple[Home, Words]:
    """Make a home with one session, and another one whose sessions come into it by the command that is returned too.

    One of them has an output that was too long for its row, and the changes that older versions show. The one that is
    here already was copied in the middle of a turn, which was finished there.
    """
    home, other = (build_home(directory / name, "real-1.18.34") for name in ("home", "other"))
    home.repository("shop", "sub/deep")
    columns = {"session": "id", "event": "aggregate_id", "event_sequence": "aggregate_id"}
    for table in ("part", "message", "todo", "session", "event", "event_sequence"):
        home.execute(f"DELETE FROM {table} WHERE {columns.get(table, 'session_id')} <> ?", [_IN_BOTH])
    home.execute("DELETE FROM project")
    turn = states("z")
    put(home, _IN_BOTH, turn[7])
    put(other, _IN_BOTH, turn[-1])
    ((session,),) = other.query("SELECT min(id) FROM session")
    output = other.database.parent / "tool-output/tool_22a"
    for file in (other.database.parent / f"storage/session_diff/{session}.json", output):
        file.parent.mkdir(parents=True)
        file.write_text(f"{file.name} as it is there\n")
    add_message(other, session, "msg_long", role="assistant")
    state = {"output": f"Full output saved to: {output}", "metadata": {"outputPath": str(output)}}
    add_part(other, session, "msg_long", "prt_long", type="tool", state=state)
    into = ("--to-dir", "src/shop", "--subdirs", "flatten")
    return home, ("merge", str(other.database), *into, "--yes", "--json", "--chunk-size", "4")


def files_beside(home: Home) -> Files:
    """Return the files of sessions in the data directory.

    A disk image may have a file without the folder that it was in, which was removed; no disk has.
    """
    data = home.database.parent
    every = (file for folder in _FILES for file in (data / folder).rglob("*") if file.is_file())
    every = (file for file in every if not file.parent.name.startswith(PREFIX))
    return {str(file.relative_to(data)): file.read_bytes() for file in every}


def tortured(directory: Path, world: str, *, applied: bool = False, killed: Fault | None = None) -> Tortured:
    """Make a home before its move, or where it is applied, or where it was killed at this point.

    Rows hold paths, so what is made is kept for one directory, in which a round makes all of its tries.
    """
    scene = _ends(directory, world)
    _put(directory, _kept(directory, world, applied=applied, killed=killed))
    return scene


@cache
def _ends(directory: Path, world: str) -> Tortured:
    shutil.rmtree(directory)
    home, move = build(directory, world)
    _keep(directory, world)
    before = rows_without_times(home)
    succeeded(run(home, *move))
    after = rows_without_times(home)
    assert before != after
    return Tortured(home, move, before, after, undo_effects(home) if world == CARRIED else None, files_beside(home))


@cache
def _kept(directory: Path, world: str, *, applied: bool, killed: Fault | None) -> Path:
    scene = _ends(directory, world)
    if not (applied or killed):
        return _copy(directory, world)
    _put(directory, _copy(directory, world))
    done = run(scene.home, *scene.move, fault=killed)
    assert bool(done.code) == bool(killed), done.stderr
    return _keep(directory, f"{world} {killed or 'applied'}")


def _put(directory: Path, copy: Path) -> None:
    shutil.rmtree(directory)
    shutil.copytree(copy, directory, symlinks=True)


def _keep(directory: Path, name: str) -> Path:
    return Path(shutil.copytree(directory, _copy(directory, name), symlinks=True))


def _copy(directory: Path, name: str) -> Path:
    return directory.parent / f"kept {directory.name} {name}".replace("/", " ")


def kept_contract(done: Finished) -> Finished:
    """Assert that a command ended as the contract says, whatever happened to it."""
    assert done.code in EXIT_CODES, f"exit code {done.code}: {done.stderr[-500:]}"
    assert "Traceback" not in done.stderr + done.stdout, done.stderr[-500:]
    assert done.code == 0 or done.stderr.strip() or done.stdout.strip(), f"exit code {done.code} without a word"
    return done


def succeeded(done: Finished) -> Any:
    """Assert that a command succeeded; return its JSON."""
    assert done.code == 0, f"exit code {done.code}: {done.stderr[-500:]}"
    return done.json


def undo_effects(home: Home) -> Any:
    """Return what an undo in opencode would do to files, turn by turn."""
    return succeeded(run(home, "doctor", "--undo", "--json"))["undo"]


def runs(home: Home) -> list[dict[str, Any]]:
    """Return what `log` says, newest first."""
    found: list[dict[str, Any]] = succeeded(run(home, "log", "--json"))
    return found


def unfinished(home: Home) -> list[str]:
    """Return the ids of the runs that were cut off, of which `log` and `doctor` must say the same."""
    logged = [entry["run"] for entry in runs(home) if entry["status"] in _UNFINISHED]
    found = kept_contract(run(home, "doctor", "--json")).json["unfinishedRuns"]
    assert found == logged, f"doctor says that {found} are unfinished, log says {logged}"
    return logged


def is_moved(logged: list[dict[str, Any]]) -> bool:
    """Tell whether the sessions are moved, by what `log` says alone."""
    moves: dict[str, bool] = {}
    for entry in reversed(logged):
        if entry["status"] == "applied":
            moves[entry["run"]] = not (entry["undoes"] and moves.get(entry["undoes"], True))
    return [*moves.values()][-1] if moves else False


def check_nothing_left(home: Home) -> None:
    """Assert that beside the database, and beside the journals of runs, is nothing but what belongs there.

    A journal that was cut off before its run began is no run, and may be left with what SQLite had beside it.
    """
    beside = {path.name for path in home.database.parent.iterdir()} - _DATABASE
    assert not beside, f"left beside the database: {sorted(beside)}"
    odd = {path.name for path in home.state.glob("runs/*") if path.suffix != ".db"}
    odd = odd and {name for name in odd if Path(name).stem in {entry["run"] for entry in runs(home)}}
    assert not odd, f"left beside the journals: {sorted(odd)}"
