"""`python -m benchmarks`: whole processes, in pairs, in one run, against the same end state written by hand in SQL."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.arena import PROGRAM, Arena
from benchmarks.by_hand import differences, script
from benchmarks.chunks import chunk_table
from benchmarks.databases import SOURCES, Size, database
from benchmarks.directories import DIRECTORIES, Directories
from benchmarks.merge import merge_script
from benchmarks.processes import Measured, measure, own_megabytes
from benchmarks.report import Line, memory, more, more_processor, processor_ratio, ratio, table
from benchmarks.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Words = Callable[[], Sequence[str | Path]]

WITH_PARTS, SMALL, LARGE = Size(10_000, parts=True), Size(10_000, parts=False), Size(100_000, parts=False)
QUICK, NOTHING = Size(1_000, parts=True), Size(0, parts=False)
CACHE = Path(tempfile.gettempdir()) / "opencode-migrator-benchmarks"
SHELL = ("sqlite3", "-batch", "-bail")
BARE = (sys.executable, "-I", "-c", "pass")


@dataclass
class Bench:
    """Where and how often to measure."""

    arena: Arena
    project: str
    cache: Path
    rounds: int
    lines: list[Line] = field(default_factory=list)

    def move(self, size: Size, limit: float | None) -> tuple[list[Measured], list[Measured]]:
        """Move every session with our command and by hand, alternating, and compare what both have made of it."""
        original = database(size, self.cache)
        sql = script(self.arena.destination, self.project)
        ours, theirs = [], []
        for number in range(self.rounds):
            say(f"move of {size}, pair {number + 1} of {self.rounds}")
            one = self.arena.copy(original, "ours.db")
            ours.append(measure(self.arena.move_everything(one), self.arena.environ))
            other = self.arena.copy(original, "by-hand.db")
            theirs.append(measure([*SHELL, other], self.arena.environ, sql))
            if number == 0 and (found := differences(one, other)):
                sys.exit(f"The two moves of {size} differ: {'; '.join(found[:3])}")
        self.lines.append(ratio(f"move of {size}", ours, theirs, limit))
        self.lines.append(processor_ratio("  in processor time", ours, theirs))
        return ours, theirs

    def merge(self, size: Size, limit: float | None) -> None:
        """Bring every session of another database into an empty one, with our command and by hand, alternating."""
        other, empty = database(size, self.cache), database(NOTHING, self.cache)
        sql = merge_script(other, self.arena.destination, self.project)
        ours, theirs = [], []
        for number in range(self.rounds):
            say(f"merge of {size}, pair {number + 1} of {self.rounds}")
            one = self.arena.copy(empty, "ours.db")
            ours.append(measure(self.arena.merge_everything(other, one), self.arena.environ))
            by_hand = self.arena.copy(empty, "by-hand.db")
            theirs.append(measure([*SHELL, by_hand], self.arena.environ, sql))
            if number == 0 and (found := differences(one, by_hand)):
                sys.exit(f"The two merges of {size} differ: {'; '.join(found[:3])}")
        self.lines.append(ratio(f"merge of {size}", ours, theirs, limit))
        self.lines.append(processor_ratio("  in processor time", ours, theirs))
        self.lines.append(memory("  memory", ours, None))

    def start(self, what: str, words: Sequence[str | Path], limit: float, **variables: str) -> None:
        """Hold a command that should be quick against an interpreter that does nothing."""
        ours, theirs = [], []
        for _ in range(self.rounds * 4):
            ours.append(measure(words, {**self.arena.environ, **variables}))
            theirs.append(measure(BARE, self.arena.environ))
        self.lines.append(more(what, ours, theirs, limit))
        self.lines.append(more_processor("  in processor time", ours, theirs))

    def complete(self) -> None:
        """Press Tab where a shell asks for directories, for ids, and for words of a title."""
        made = self.arena.copy(database(LARGE, self.cache), "complete.db")
        for what, typed in (("a directory", "--from-dir /"), ("an id", "--from-id "), ("a title", "--from-id plan")):
            say(f"completion of {what}")
            line = f"ocmig --db {made} move {typed}"
            self.start(f"Tab, {what} of {LARGE}", [PROGRAM, line], 0.2, _OPENCODE_MIGRATOR_COMPLETE="bash")

    def orphans(self) -> None:
        """Hold a look at two thousand directories against the git processes that it needs; then at as many gone."""
        original = database(LARGE, self.cache)
        gone, there = self.arena.copy(original, "gone.db"), self.arena.copy(original, "there.db")
        alone = self.arena.ask_git_alone(self.arena.settle(there))
        for what, where, against in (
            (f"orphans of {LARGE}, none", there, alone),
            (f"orphans of {LARGE}, all", gone, BARE),
        ):
            ours, theirs = [], []
            for number in range(self.rounds):
                say(f"{what}, pair {number + 1} of {self.rounds}")
                ours.append(measure(self.arena.list_orphans(where), self.arena.environ))
                theirs.append(measure(against, self.arena.environ))
            self.lines.append(more(what, ours, theirs, 2.0))
            self.lines.append(memory("  memory", ours, None))
        self.other_database()

    def other_database(self) -> None:
        """Count what only a large database has that lies beside a small one, against the small one alone."""
        alone, beside = (self.arena.path / name for name in ("alone", "beside"))
        for folder, name, size in (
            (alone, "opencode.db", QUICK), (beside, "opencode.db", QUICK), (beside, "opencode-prod.db", LARGE),
        ):  # fmt: skip
            folder.mkdir(exist_ok=True)
            self.arena.copy(database(size, self.cache), "copied.db").rename(folder / name)
        doctor: list[str | Path] = [PROGRAM, "doctor", "--quick", "--db"]
        ours, theirs = [], []
        for number in range(self.rounds):
            say(f"doctor beside {LARGE}, pair {number + 1} of {self.rounds}")
            ours.append(measure([*doctor, beside / "opencode.db"], self.arena.environ))
            theirs.append(measure([*doctor, alone / "opencode.db"], self.arena.environ))
        self.lines.append(more(f"doctor beside {LARGE}", ours, theirs, 0.5))
        self.lines.append(more_processor("  in processor time", ours, theirs))

    def carry(self, sessions: int) -> list[Measured]:
        """Move sessions with a snapshot each to a clone, which carries all of them in one pack, and without them."""
        made = Snapshots(self.arena.path / f"snapshots-{sessions}", self.arena.environ, sessions)
        made.path.mkdir()
        made.build()
        made.keep()
        ours, theirs = [], []
        words: list[str | Path] = [
            PROGRAM,
            "move",
            "--db",
            made.database,
            "--from-dir",
            made.source,
            "--to-dir",
            made.target,
            "--yes",
        ]
        for number in range(self.rounds):
            say(f"carrying the snapshots of {sessions} sessions, pair {number + 1} of {self.rounds}")
            made.restore()
            ours.append(measure(words, self.arena.environ))
            if made.packs() != 1:
                sys.exit(f"The snapshots were carried in {made.packs()} packs, not in one.")
            made.restore()
            theirs.append(measure([*words, "--undo-files", "detach"], self.arena.environ))
        self.lines.append(ratio(f"{sessions} sessions with file undo, carried", ours, theirs, None))
        return ours

    def snapshots(self) -> None:
        """Measure carrying, which must cost in proportion to what is carried."""
        few, many = self.carry(1000), self.carry(4000)
        values = [large.seconds / small.seconds for large, small in zip(many, few, strict=True)]
        less, more_ = (sorted(run.seconds for run in runs)[len(runs) // 2] for runs in (few, many))
        self.lines.append(Line("from 1,000 to 4,000 of them", more_, less, "s", values, "x", 5.0))

    def directories(self) -> None:
        """Count the git processes of a look at two thousand directories of every kind, and measure it."""
        made = Directories(self.arena.path / "directories", self.arena.environ)
        made.build()
        for name, limit in (("orphans", 1100), ("doctor --undo", 2000)):
            words: list[str | Path] = [PROGRAM, *name.split(), "--db", made.database]
            measure(words, made.counting)
            processes = made.processes()
            ours, theirs = [], []
            for number in range(self.rounds):
                say(f"{name} of {DIRECTORIES:,} directories, pair {number + 1} of {self.rounds}")
                ours.append(measure(words, self.arena.environ))
                theirs.append(measure(BARE, self.arena.environ))
            self.lines.append(Line(f"{name} of 2k directories, git", processes, None, "", [processes], "", limit))
            self.lines.append(more("  in seconds", ours, theirs, None))

    def serve(self) -> bool:
        """Measure pages of the history over HTTP, then let many page while everything is moved; print both."""
        from benchmarks import serving

        with serving.serving(self.arena, self.arena.copy(database(LARGE, self.cache), "served.db")) as served:
            say(f"pages of {LARGE}")
            table_, within = serving.pages(served, LARGE.sessions, self.rounds * 100)
            print(table_)
            say(f"{serving.CLIENTS} clients")
            move = {"from-dir": f"{SOURCES}*", "to-dir": str(self.arena.destination)}
            print(serving.crowd(served, LARGE.sessions, move))
        return within

    def everything(self) -> None:
        """Measure all that has a limit."""
        self.quick()
        self.snapshots()
        self.move(WITH_PARTS, 2.0)
        self.merge(WITH_PARTS, 1.5)
        small, _ = self.move(SMALL, None)
        large, _ = self.move(LARGE, 4.0)
        values = [many.seconds / few.seconds for many, few in zip(large, small, strict=True)]
        few, many = (sorted(run.seconds for run in runs)[len(runs) // 2] for runs in (small, large))
        self.lines.append(Line("from 10k to 100k sessions", many, few, "s", values, "x", 12.0))
        self.lines.append(memory(f"memory, move of {LARGE}", large, 250.0))
        few_of = self.arena.copy(database(LARGE, self.cache), "few.db")
        self.complete()
        self.start(f"dry run, 30 of {LARGE}", self.arena.try_a_few(few_of), 0.4)
        terminal_ui: list[str | Path] = [sys.executable, "-m", "benchmarks.terminal_ui", database(LARGE, self.cache)]
        self.start(f"ui of {LARGE}, first rows", terminal_ui, 1.0)
        self.orphans()
        self.directories()

    def quick(self) -> None:
        """Measure what takes no time."""
        measure([PROGRAM, "--help"], self.arena.environ)  # compiles what has changed
        self.start("--help", [PROGRAM, "--help"], 0.15)
        self.move(QUICK, None)


def say(what: str) -> None:
    """Tell how far we are."""
    print(what, file=sys.stderr)


def main() -> None:
    """Read the options, measure, print; exit 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only --help and 1k sessions, which shows that it works")
    parser.add_argument("--complete", action="store_true", help="only what Tab costs")
    parser.add_argument("--carry", action="store_true", help="only what carrying file undo costs")
    parser.add_argument("--merge", action="store_true", help="only a merge, against ATTACH and INSERT")
    parser.add_argument("--chunks", action="store_true", help="measure sizes of chunks instead")
    parser.add_argument("--orphans", action="store_true", help="measure only how long finding orphans takes")
    parser.add_argument("--directories", action="store_true", help="only sessions in two thousand directories")
    parser.add_argument("--serve", action="store_true", help="only what the server takes for a page")
    parser.add_argument("--rounds", type=int, default=5, help="how many pairs (default 5)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where databases are kept, about 800 MB")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.cache.parent) as directory:
        arena = Arena(Path(directory).resolve())
        context = Bench(arena, arena.build(), given.cache, given.rounds)
        if given.chunks:
            print(chunk_table(arena, given.cache, given.rounds))
            return
        if given.serve:
            print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}")
            sys.exit(not context.serve())
        if given.quick:
            context.quick()
        elif given.orphans:
            context.orphans()
        elif given.directories:
            context.directories()
        elif given.complete:
            context.complete()
        elif given.merge:
            context.merge(WITH_PARTS, 1.5)
        elif given.carry:
            context.snapshots()
        else:
            context.everything()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}, {given.rounds} pairs")
    print(table(context.lines))
    say(f"The benchmark itself took {own_megabytes():.0f} MB; no memory above is measured below that.")
    sys.exit(any(not line.passed for line in context.lines))


main()
