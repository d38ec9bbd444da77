"""The law: an undo after a move does to the target what it would have done to the source, and nothing else anywhere.

What a turn that was detached named counts as named by nobody: neither before nor after the move is it touched for its
sake. Turns and moves are random, git is real, and opencode's part is played by the port.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch as patched

from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from migrator.model import FolderState
from tests.support.git import clone, commit, git
from tests.support.strategies import examples
from tests.support.undo_world import Saved, State, Talk, World, changes, linked, state, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATHS = ("a", "b", "d", "d/x", "d/y", "e/f/g", "e/f", "e/h", "ü", "[ab]", "with space")
"""Some are directories above others, one is a pattern that matches two others."""

LEAVES = ("a", "b", "ü", "[ab]", "with space")

paths = st.sampled_from(PATHS)
deeds = st.one_of(
    st.tuples(st.just("write"), paths, st.sampled_from(["one\n", "two\n", "three\r\n", ""])),
    st.tuples(st.just("remove"), paths, st.just("")),
    st.tuples(st.just("rename"), paths, paths),
    st.tuples(st.just("chmod"), paths, st.just("")),
    st.tuples(st.just("link"), paths, st.sampled_from(["a", "nowhere", "d"])),
)
"""What somebody does to a file: (what, where, with what)."""


@dataclass(frozen=True)
class Case:
    """A history, a move and what is undone afterwards: before which of a session's turns, or, None, redone."""

    start: Sequence[tuple[str, str, str]]
    directories: Sequence[str]
    turns: Sequence[tuple[int, Sequence[tuple[str, str, str]], bool]]
    after: Sequence[tuple[str, str, str]]
    reverted: tuple[int, int] | None
    pruned: int | None
    way: str
    in_target: Sequence[tuple[str, str, str]]
    steps: Sequence[int | None] = ()

    @property
    def links_directories(self) -> bool:
        """Whether a link in the target may take the place of a directory."""
        return any(what == "link" and where not in LEAVES for what, where, _ in self.in_target) or any(
            what == "rename" and with_ not in LEAVES for what, _, with_ in self.in_target
        )


cases = st.builds(
    Case,
    start=st.lists(deeds, min_size=1, max_size=5),
    directories=st.lists(st.sampled_from(["", "", "e"]), min_size=1, max_size=2),
    turns=st.lists(
        st.tuples(st.integers(0, 1), st.lists(deeds, min_size=1, max_size=3), st.booleans()), min_size=1, max_size=4
    ),
    after=st.lists(deeds, max_size=1),
    reverted=st.none() | st.none() | st.tuples(st.integers(0, 1), st.integers(0, 3)),
    pruned=st.none() | st.none() | st.integers(0, 3),
    way=st.sampled_from(["rename", "worktree", "clone", "drift", "relocate", "will move"]),
    in_target=st.just([]) | st.lists(deeds, max_size=2),
    steps=st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=4),
)


def do(top: Path, what: str, where: str, with_: str, *, links_anywhere: bool = False) -> None:
    """Do a deed, or leave it where it can't be done.

    Where a link takes the place of a directory, opencode's snapshots stop to follow: git refuses to add what was below.
    """
    file, link_may_be = top / where, links_anywhere or where in LEAVES
    if "e" in {where, with_}:  # some sessions are in it
        return
    if what == "remove":
        _clear(file)
    elif what == "write":
        _make_way(top, file)
        write(file, with_)
    elif what == "link" and link_may_be:
        _make_way(top, file)
        file.symlink_to(with_)
    elif what == "chmod" and file.is_file() and not file.is_symlink():
        file.chmod(file.stat().st_mode ^ 0o111)
    elif what == "rename" and os.path.lexists(file):
        nested = f"{with_}/".startswith(f"{where}/") or f"{where}/".startswith(f"{with_}/")
        if not nested and (with_ in LEAVES or not file.is_symlink()):
            _make_way(top, top / with_)
            file.rename(top / with_)


def _make_way(top: Path, file: Path) -> None:
    for above in reversed(file.relative_to(top).parents):
        if (top / above).is_symlink() or (top / above).is_file():
            (top / above).unlink()
    _clear(file)
    file.parent.mkdir(parents=True, exist_ok=True)


def _clear(file: Path) -> None:
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    elif os.path.lexists(file):
        with suppress(NotADirectoryError):
            file.unlink()


def rename(source: Path) -> Path:
    return source.rename(source.with_name("target"))


WAYS: dict[str, Callable[[Path], Path]] = {
    "rename": rename,
    "relocate": rename,
    "will move": rename,
    "worktree": linked,
    "clone": clone,
    "drift": lambda source: (git(source, "remote", "add", "origin", "https://example.com/acme/drift.git"), source)[1],
}


class History:
    """A world in which the turns of a case have been."""

    def __init__(self, world: World, case: Case) -> None:
        self.world, self.case = world, case
        self.source = world.repository()
        for deed in case.start:
            do(self.source, *deed)
        write(self.source / "e/kept", "kept\n")
        commit(self.source, "more")
        self.talks = [world.session(self.source / name) for name in case.directories]
        self.prompts: dict[str, list[str]] = {talk.id: [] for talk in self.talks}
        for number, done, committed in case.turns:
            talk = self.talks[number % len(self.talks)]
            self.prompts[talk.id].append(world.turn(talk, self._do, done))
            if committed:
                git(self.source, "add", "--all")
                git(self.source, "commit", "-qm", "turn", "--allow-empty")
        self._do(case.after)
        if case.reverted:
            number, turn = case.reverted
            talk = self.talks[number % len(self.talks)]
            if prompts := self.prompts[talk.id]:
                world.undo(talk).revert(prompts[turn % len(prompts)])
        if case.pruned is not None:
            every = [part["hash"] for talk in self.talks for part in world.patches(talk)]
            if every:
                self._prune(every[case.pruned % len(every)])

    def _do(self, deeds: Sequence[tuple[str, str, str]]) -> None:
        for deed in deeds:
            do(self.source, *deed)

    def _prune(self, tree: str) -> None:
        objects = self.world.snapshots(self.source).git_dir / "objects"
        (objects / tree[:2] / tree[2:]).unlink(missing_ok=True)

    def play(self, top: Path) -> dict[str, list[dict[str, Any]]]:
        """Undo and redo as the case says, for each session from the same beginning; what each step made of the files.

        Nothing beside `top` may change. Some are undone once and not redone: a redo writes a whole snapshot, and
        opencode's don't follow everything, not what is outside of a session's directory, nor links where directories
        were.
        """
        world, saved = self.world, Saved(self.world)
        found = {}
        for talk in self.talks:
            before, beside = state(top), self._beside(top)
            steps = []
            redone = talk.directory == self.source and not self.case.links_directories
            for step in self.case.steps[: None if redone else 1]:
                prompts, undo = self.prompts[talk.id], world.undo(talk)
                if step is None:
                    undo.unrevert()
                elif prompts:
                    undo.revert(prompts[step % len(prompts)])
                steps.append(changes(before, state(top)))
            assert self._beside(top) == beside
            found[talk.id] = steps
            saved.restore()
        return found

    def _beside(self, top: Path) -> dict[str, State]:
        return {other.name: state(other) for other in self.world.repos.iterdir() if other != top}


@contextmanager
def fresh_world() -> Iterator[World]:
    with TemporaryDirectory() as directory:
        path = Path(directory).resolve() / "world"
        with patched.dict(os.environ, {"HOME": str(path / "home")}):
            yield World(path)


def check(case: Case) -> None:
    with fresh_world() as world:
        history = History(world, case)
        source, at_source = history.source, Saved(world)
        live = {talk.id: [bool(part["files"]) for part in world.patches(talk)] for talk in history.talks}
        target, due = move(history)
        kept = {talk.id: [bool(part["files"]) for part in world.patches(talk)] for talk in history.talks}
        markers = dict(world.rows("SELECT id, revert FROM session WHERE revert IS NOT NULL"))
        event(f"{case.way}: carried {'all' if kept == live else 'some' if any(map(any, kept.values())) else 'none'}")
        note(f"carried: {kept}")
        stayed = [file for talk in history.talks for part in world.patches(talk) for file in part["files"]]
        assert {file.replace(str(source), str(target), 1) for files in due for file in files} <= set(stayed)
        after = history.play(target)

        at_source.restore()
        for talk in history.talks:
            forget_detached(world, talk, kept[talk.id], markers.get(talk.id))
        assert after == history.play(source)


def move(history: History) -> tuple[Path, list[list[str]]]:
    """Move everything as the case says; gives where it is now, and what the turns name that must be carried."""
    world, case, source = history.world, history.case, history.source
    following = case.way == "will move"
    target = source if following else WAYS[case.way](source)
    for deed in case.in_target if target != source else ():
        do(target, *deed, links_anywhere=True)
    parts = [part for talk in history.talks for part in world.patches(talk)]
    due = [part["files"] for part in parts if is_due(case, source, target, part)]
    if following:
        world.relocate(source, source.with_name("target"), FolderState.WILL_MOVE)
        return WAYS[case.way](source), due
    if case.way == "relocate":
        world.relocate(source, target)
    else:
        world.move(source, target)
    return target, due


def is_due(case: Case, source: Path, target: Path, part: dict[str, Any]) -> bool:
    """Whether there is no doubt that a turn can be carried, so that detaching it would be a loss."""
    if case.pruned is not None or case.reverted is not None or not source.exists():
        return False
    paths = [Path(file).relative_to(source) for file in part["files"]]
    return all(
        "[" not in str(path)
        and str(path).isascii()  # opencode's undo misreads others where it has several files
        and state(source).get(str(path)) == state(target).get(str(path))
        and not any((top / path).is_dir() for top in (source, target))
        and not any(str(above) in state(top) for top in (source, target) for above in path.parents)
        for path in paths
    )


def forget_detached(world: World, talk: Talk, kept: Sequence[bool], marker: str | None) -> None:
    """Let the turns that were detached, and the marker if it was, be at the source what they are at the target."""
    parts = world.rows("SELECT id, data FROM part WHERE session_id = ? ORDER BY id", talk.id)
    patches = [(id_, part) for id_, data in parts if (part := json.loads(data))["type"] == "patch"]
    for (id_, part), stays in zip(patches, kept, strict=True):
        if not stays:
            world.run("UPDATE part SET data = ? WHERE id = ?", json.dumps(part | {"files": []}), id_)
    world.run("UPDATE session SET revert = ? WHERE id = ?", marker, talk.id)


# Each example runs git some hundred times, so shrinking one takes its time; explaining it would take longer still.
@settings(examples(12), phases=set(Phase) - {Phase.explain}, suppress_health_check=list(HealthCheck))
@given(cases)
def test_an_undo_does_in_the_target_what_it_would_have_done_in_the_source(case: Case) -> None:
    check(case)
