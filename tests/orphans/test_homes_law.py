"""Whatever happens to clones, copies and names: no home that is called certain is another working copy than its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, event, example, given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from migrator.arguments import SearchRequest
from migrator.model import Certainty
from migrator.operations.context import CommandContext
from migrator.operations.orphans import find_homes
from migrator.orphans.find import find_reasons
from migrator.plugins import orphan_rules
from tests.support.git import git, repository
from tests.support.history import History
from tests.support.home import build_home
from tests.support.snapshots import snapshot, snapshot_repository
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterator


NAMES = ("shop", "store", "work/shop", "shop/inner")
"""Places of working copies: two beside each other, one a level deeper, one inside another."""
ORIGIN = "https://example.com/acme/shop.git"


class World:
    """A history, in which each working copy keeps the inode of its top directory, wherever it goes."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.src = history.src
        self.attic = history.home.path / "attic"
        self.attic.mkdir()
        self.was_in: dict[str, int] = {}
        self.untellable: set[str] = set()
        self._numbers = count(1)

    def path(self, name: str) -> Path:
        return self.src / name

    def start(self, name: str, other: str) -> None:
        del other
        if not self.path(name).exists():
            made = repository(self.path("new"))  # of which each has another first commit
            (made / "file.txt").write_text(f"{next(self._numbers)}\n")
            git(made, "add", "--all")
            git(made, "commit", "-q", "--amend", "--no-edit")
            self.path(name).parent.mkdir(parents=True, exist_ok=True)
            made.rename(self.path(name))

    def clone(self, name: str, other: str) -> None:
        if self.is_checkout(name) and not self.path(other).exists():
            self.path(other).parent.mkdir(parents=True, exist_ok=True)
            git(self.src, "clone", "-q", self.path(name), self.path(other))
            self._arrived(self.path(other))

    def copy(self, name: str, other: str) -> None:
        """Of everything, with its times."""
        self._copied(name, other, "-a")

    def copy_plainly(self, name: str, other: str) -> None:
        self._copied(name, other, "-r")

    def _copied(self, name: str, other: str, how: str) -> None:
        source, target = self.path(name), self.path(other)
        if self.is_checkout(name) and not target.exists() and source not in target.parents:
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", how, source, target], check=True)
            self._arrived(target)

    def rename(self, name: str, other: str) -> None:
        source, target = self.path(name), self.path(other)
        if source.is_dir() and not target.exists() and source not in target.parents:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            self._arrived(target)

    def swap(self, name: str, other: str) -> None:
        one, two = self.path(name), self.path(other)
        if one.is_dir() and two.is_dir() and one not in two.parents and two not in one.parents:
            one.rename(self.src / "swapped")
            two.rename(one)
            (self.src / "swapped").rename(two)
            self._arrived(one)
            self._arrived(two)

    def _arrived(self, top: Path) -> None:
        """Give up on sessions without snapshots at whose place there is another checkout now that may be theirs.

        To opencode they are that one's, and neither the rows nor the disk say anything else.
        """
        for id_, project, directory in self.history.home.query("SELECT id, project_id, directory FROM session"):
            place = Path(directory)
            if place.is_relative_to(top) and not snapshot_repository(self.history.home, project, place).exists():
                self.untellable.add(id_)

    def put_away(self, name: str, other: str) -> None:
        """Where nobody looks: as good as deleted, and its inode isn't used again."""
        del other
        if self.path(name).is_dir():
            self.path(name).rename(self.attic / str(len([*self.attic.iterdir()])))

    def damage(self, name: str, other: str) -> None:
        del other
        if self.is_checkout(name):
            (self.path(name) / ".git" / "HEAD").write_text("")

    def add_origin(self, name: str, other: str) -> None:
        del other
        if self.is_checkout(name):
            names = git(self.path(name), "remote").split()
            git(self.path(name), "remote", *(["set-url"] if "origin" in names else ["add"]), "origin", ORIGIN)

    def forget(self, name: str, other: str) -> None:
        """The id that opencode kept."""
        del other
        (self.path(name) / ".git" / "opencode").unlink(missing_ok=True)

    def stranger(self, name: str, other: str) -> None:
        """`name` goes to `other`, and another repository takes its name."""
        if not self.path(other).exists():
            self.rename(name, other)
            self.start(name, other)

    def session(self, name: str, other: str) -> None:
        del other
        self._work(name, turn=False)

    def turn(self, name: str, other: str) -> None:
        """A session with a turn, which opencode takes a snapshot for."""
        del other
        self._work(name, turn=True)

    def _work(self, name: str, *, turn: bool) -> None:
        if self.is_checkout(name):
            top = self.path(name)
            self.was_in[self.history.session(top)] = top.stat().st_ino
            project = self._open(top, turn=turn)
            if turn:
                (top / "made.txt").write_text(f"{len(self.was_in)}\n")
                snapshot(self.history.home, top, project)
                alternates = snapshot_repository(self.history.home, project, top) / "objects" / "info" / "alternates"
                alternates.write_text(f"{top}/.git/objects\n")

    def opened(self, name: str, other: str) -> None:
        del other
        if self.is_checkout(name):
            self._open(self.path(name))

    def _open(self, top: Path, *, turn: bool = False) -> str:
        """Start opencode in a checkout: from now on this is where the sessions are that it shows there.

        Snapshots say better where they are, and there they stay without a turn in this one.
        """
        project = self.history.opened(top).project_id
        if not turn and snapshot_repository(self.history.home, project, top).exists():
            return project
        shown = "SELECT id FROM session WHERE project_id = ? AND directory = ?"
        for (id_,) in self.history.home.query(shown, [project, str(top)]):
            self.was_in[id_] = top.stat().st_ino
            self.untellable.discard(id_)
        return project

    def is_checkout(self, name: str) -> bool:
        marker = self.path(name) / ".git" / "HEAD"
        return marker.is_file() and bool(marker.read_text())


Happening = tuple[Callable[[World, str, str], None], str, str]
EVENTS: tuple[Callable[[World, str, str], None], ...] = (
    World.start, World.clone, World.copy, World.copy_plainly, World.rename, World.swap, World.put_away, World.damage,
    World.add_origin, World.forget, World.stranger, World.session, World.turn, World.opened,
)  # fmt: skip
LOSING: tuple[Callable[[World, str, str], None], ...] = (World.rename, World.swap, World.stranger, World.put_away)
names = st.sampled_from(NAMES)
events = st.lists(st.tuples(st.sampled_from(EVENTS), names, names), max_size=9)
losses = st.tuples(st.sampled_from(LOSING), st.just("shop"), names)


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as directory:
        yield World(History(build_home(Path(directory).resolve() / "home", "1.18.34")))


@pytest.fixture(autouse=True, scope="module")
def no_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        yield


@hypothesis_settings(examples(200), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@example(
    [(World.clone, "shop", "work/shop"), (World.session, "work/shop", "shop")],
    (World.rename, "shop", "store"),
    [],
    False,
)
@example([], (World.stranger, "shop", "store"), [], True)
@given(events, losses, events, st.booleans())
def test_what_is_called_certain_is_the_same_working_copy(
    before: list[Happening], loss: Happening, after: list[Happening], begins_with_turn: bool
) -> None:
    with world() as lived:
        World.start(lived, "shop", "")
        World.turn(lived, "shop", "") if begins_with_turn else World.session(lived, "shop", "")
        for happens, name, other in (*before, loss, *after):
            if name != other:
                note(f"{happens.__name__} {name} {other}")
                happens(lived, name, other)
        for search in ((), (str(lived.src),)):
            check(lived, search)


def check(lived: World, search: tuple[str, ...]) -> None:
    with CommandContext(lived.history.home.database) as context:
        lost = find_reasons(context.rule_context, orphan_rules())
        homes = find_homes(context, SearchRequest(search, None))
        for id_, (session, reasons) in lost.items():
            home = homes.home(session, reasons)
            event(f"{home.certainty} {'with' if search else 'without'} search")
            seen = home.certainty is Certainty.CERTAIN and id_ not in lived.untellable
            if seen and home.place and home.place.worktree != "/":
                assert Path(home.place.worktree).stat().st_ino == lived.was_in[id_], (home, session.directory)
