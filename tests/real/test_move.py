"""After a move, the real opencode shows, resumes and undoes the sessions as if they had always been there."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import naive_move
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, ROOTS_IN_A, Lab, writes
from tests.support.opencode.migrator_command import move

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.conftest import FreshLab

pytestmark = pytest.mark.long

AT_THE_TOP = tuple(name for name in IN_A if name != "deep")
ROOTS_AT_THE_TOP = tuple(name for name in ROOTS_IN_A if name != "deep")


@dataclass(frozen=True)
class Destination:
    """Where everything in A goes. `deep` is where A/sub/deep goes below it, `already` who was at home there before."""

    directory: str
    deep: str
    already: tuple[str, ...] = ()
    same_project: bool = False


DESTINATIONS = {
    "other-repository": Destination("B", "sub/deep", ("in b",)),
    "linked-worktree": Destination("A-wt", "sub/deep", ("in worktree",), same_project=True),
    "never-opened-repository": Destination("C", "sub"),
    "outside-any-repository": Destination("plain", "", ("in plain",)),
}


@dataclass(frozen=True)
class Moved:
    """A lab whose sessions have moved, opencode serving it, and the conversations from before."""

    lab: Lab
    destination: Destination
    conversations: dict[str, Any]

    @property
    def directory(self) -> Path:
        return self.lab.repos / self.destination.directory

    @property
    def deep(self) -> Path:
        return self.directory / self.destination.deep

    def path_of(self, directory: Path) -> str:
        """`directory` seen from the top of its checkout, or from "/" outside any."""
        top = "/" if self.directory == self.lab.plain else self.directory
        path = str(directory.relative_to(top))
        return "" if path == "." else path


@pytest.fixture(scope="class", params=DESTINATIONS)
def moved(fresh_lab: FreshLab, request: pytest.FixtureRequest) -> Iterator[Moved]:
    lab = fresh_lab(MAIN)
    destination = DESTINATIONS[request.param]
    with lab.opencode.serve(lab.a):
        conversations = {name: lab.opencode.conversation(id_) for name, id_ in lab.sessions.items()}
    move(lab.opencode, lab.a, lab.repos / destination.directory)
    with lab.opencode.serve(lab.a):
        yield Moved(lab, destination, conversations)


class TestMovedSessions:
    """One move per destination; the tests ask different sessions, so their order does not matter."""

    def test_session_list_shows_them_at_the_destination(self, moved: Moved) -> None:
        lab = moved.lab
        expected = lab.ids(*ROOTS_IN_A, *moved.destination.already)
        assert set(lab.opencode.listed(moved.directory)) == expected

    def test_session_list_does_not_show_them_at_the_source(self, moved: Moved) -> None:
        if moved.destination.same_project:
            pytest.skip("opencode session list shows the whole project in each of its worktrees")
        lab = moved.lab
        assert set(lab.opencode.listed(lab.a)) == lab.ids("in worktree")

    def test_the_directory_filter_finds_them_at_the_destination_only(self, moved: Moved) -> None:
        lab, deep_too = moved.lab, ("deep",) if moved.deep == moved.directory else ()
        at_the_top = lab.opencode.listed_in(moved.directory)
        assert at_the_top == lab.ids(*AT_THE_TOP, *deep_too, *moved.destination.already)
        assert lab.sessions["deep"] in lab.opencode.listed_in(moved.deep)
        assert lab.opencode.listed_in(lab.a) == set()
        assert lab.opencode.listed_in(lab.a / "sub/deep") == set()

    def test_the_terminal_ui_finds_them_at_the_destination(self, moved: Moved) -> None:
        lab = moved.lab
        assert lab.ids(*IN_A) <= lab.opencode.listed_under(moved.directory, moved.path_of(moved.directory))
        in_sub_directory = lab.opencode.listed_under(moved.deep, moved.path_of(moved.deep))
        assert lab.sessions["deep"] in in_sub_directory
        assert (lab.sessions["main"] in in_sub_directory) == (moved.deep == moved.directory)

    def test_the_terminal_ui_does_not_find_them_at_the_source(self, moved: Moved) -> None:
        if moved.destination.same_project:
            pytest.skip("the terminal UI shows the whole project at the top of each of its worktrees")
        lab = moved.lab
        assert lab.opencode.listed_under(lab.a, "") == lab.ids("in worktree")
        assert lab.opencode.listed_under(lab.a / "sub/deep", "sub/deep") == set()

    def test_children_stay_under_their_parents(self, moved: Moved) -> None:
        lab = moved.lab
        assert lab.opencode.children(lab.sessions["parent"]) == lab.ids("task child", "child")
        assert lab.opencode.children(lab.sessions["child"]) == lab.ids("grandchild")

    def test_export_has_every_message_and_part(self, moved: Moved) -> None:
        lab = moved.lab
        exported = lab.opencode.exported(lab.sessions["main"], moved.directory)
        assert exported["info"]["directory"] == str(moved.directory)
        # the test of prompts may have added a turn
        before = moved.conversations["main"]
        assert without_file_names(exported["messages"][: len(before)]) == without_file_names(before)

    @pytest.mark.parametrize("name", IN_A)
    def test_the_conversation_is_complete(self, moved: Moved, name: str) -> None:
        before = moved.conversations[name]
        after = moved.lab.opencode.conversation(moved.lab.sessions[name])
        assert without_file_names(after[: len(before)]) == without_file_names(before)

    @pytest.mark.parametrize("name", [name for name in IN_A if name != "reverted"])
    def test_undo_and_redo_in_opencode_touch_no_file_anywhere(self, moved: Moved, name: str) -> None:
        lab, session = moved.lab, moved.lab.sessions[name]
        before = lab.files()
        lab.opencode.revert(session, lab.opencode.turns(session)[0], moved.directory)
        assert lab.files() == before
        lab.opencode.unrevert(session, moved.directory)
        assert lab.files() == before

    def test_redo_of_a_session_that_was_moved_while_undone_touches_no_file_anywhere(self, moved: Moved) -> None:
        lab = moved.lab
        before = lab.files()
        lab.opencode.unrevert(lab.sessions["reverted"], moved.directory)
        assert lab.files() == before

    @pytest.mark.parametrize("name", ["main", "grandchild", "deep"])
    def test_the_next_prompt_works_in_the_new_directory(self, moved: Moved, name: str) -> None:
        lab, session = moved.lab, moved.lab.sessions[name]
        directory = moved.deep if name == "deep" else moved.directory
        before = lab.files()
        shell = order("bash", command=f"pwd > shell-{name}.txt", description="say where")
        lab.opencode.prompt(session, shell + writes(f"written-{name}.txt", "here\n"), directory)
        added = {file: content for file, content in lab.files().items() if before.get(file) != content}
        here = directory.relative_to(lab.repos)
        assert added == {
            f"{here}/shell-{name}.txt": f"{directory}\n".encode(),
            f"{here}/written-{name}.txt": b"here\n",
        }


def without_file_names(messages: list[Any]) -> list[Any]:
    """The messages, but for the list of files in `patch` parts: emptying it is what makes an undo harmless."""
    copy: list[Any] = json.loads(json.dumps(messages))
    for message in copy:
        for part in message["parts"]:
            if part["type"] == "patch":
                part["files"] = []
    return copy


@pytest.mark.parametrize("destination", ["B", "A-wt"])
def test_redo_touches_no_file_even_where_the_snapshot_is_known(lab: Lab, destination: str) -> None:
    share_snapshots(lab)
    move(lab.opencode, lab.a, lab.repos / destination)
    before = lab.files()
    with lab.opencode.serve(lab.repos / destination):
        lab.opencode.unrevert(lab.sessions["reverted"], lab.repos / destination)
    assert lab.files() == before


def test_control_a_naive_update_lets_opencode_overwrite_files_where_the_snapshot_is_known(lab: Lab) -> None:
    share_snapshots(lab)
    naive_move(lab, lab.a, lab.b, lab.sessions["in b"])
    with lab.opencode.serve(lab.b):
        lab.opencode.unrevert(lab.sessions["reverted"], lab.b)
    assert (lab.b / "file0.txt").read_text() == "changed by main\n"


def share_snapshots(lab: Lab) -> None:
    """As if undo had been carried along with an earlier session: every worktree knows the snapshots of all others."""
    stores = list(lab.opencode.data.glob("snapshot/*/*/objects"))
    assert len(stores) == 3
    for store, other in itertools.permutations(stores, 2):
        shutil.copytree(store, other, dirs_exist_ok=True, ignore=shutil.ignore_patterns("info"))
