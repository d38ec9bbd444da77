"""`OLD NEW`, `OLD=NEW`, and files of such lines, as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator.model import FolderState
from migrator.planning.relocation.arguments import Evidence, Pair, absolute_pairs, listed_pairs, typed_pairs

if TYPE_CHECKING:
    from pathlib import Path

MOVED, WILL_MOVE, FOREIGN = FolderState.MOVED, FolderState.WILL_MOVE, FolderState.FOREIGN


def evidence(*bound: str, state: FolderState = MOVED, cwd: str = "/lab") -> Evidence:
    """Say what is bound to a directory; nothing is below /lab on the disk."""
    return Evidence(state, lambda: bound, cwd, str)


def pairs(*words: str, seen: Evidence | None = None) -> list[tuple[str, str]]:
    return [(old, new) for old, new, _ in typed_pairs(words, seen or evidence())]


def test_two_words_are_two_paths_unless_each_is_a_pair() -> None:
    assert pairs("/a", "/b") == [("/a", "/b")]
    assert pairs("/a=1", "/b") == [("/a=1", "/b")]
    assert pairs("/a", "/b=1") == [("/a", "/b=1")]
    assert pairs("/a=/b", "/c=/d", seen=evidence("/a")) == [("/a", "/b"), ("/c", "/d")]
    assert pairs("/a=/b") == [("/a", "/b")]
    assert pairs("/a=/b", "/c=/d", "/e=/f")[2] == ("/e", "/f")


def test_two_pairs_that_contradict_each_other_are_two_paths() -> None:
    assert pairs("dt=1", "dt=2", seen=evidence("/lab/dt=1/sub")) == [("dt=1", "dt=2")]
    with pytest.raises(
        BadInput, match=r"/lab/dt moves to /lab/1 and to /lab/2; .*; as two paths, neither dt=1 nor dt=2"
    ):
        pairs("dt=1", "dt=2")


@pytest.mark.parametrize("state", [MOVED, FOREIGN])
def test_what_is_bound_tells_two_paths_from_two_pairs(state: FolderState) -> None:
    assert pairs("/s/x=1", "/s/y=2", seen=evidence("/s/x=1/sub", state=state)) == [("/s/x=1", "/s/y=2")]
    assert pairs("/s/x=1", "/s/y=2", seen=evidence("/s/x", "/s/y", state=state)) == [("/s/x", "1"), ("/s/y", "2")]


def test_where_nothing_tells_both_are_named() -> None:
    with pytest.raises(NothingMatched, match=r"None of the folders in .* is there") as refusal:
        pairs("/a=/b", "/c=/d")
    assert "/a to /b and /c to /d" in str(refusal.value)
    assert "/a=/b to /c=/d" in str(refusal.value)


def test_what_is_on_the_disk_tells_two_paths_from_two_pairs(tmp_path: Path) -> None:
    here = evidence(cwd=str(tmp_path))
    (tmp_path / "y=2").mkdir()
    assert pairs("x=1", "y=2", seen=here) == [("x=1", "y=2")]
    (tmp_path / "x=1").mkdir()
    will_move = evidence(state=WILL_MOVE, cwd=str(tmp_path))
    assert pairs("x=1", "z=2", seen=will_move) == [("x=1", "z=2")]


def test_what_fits_both_is_refused_with_both_and_how_to_write_them() -> None:
    with pytest.raises(MigratorError) as refusal:
        pairs("/s/x=1", "/s/y=2", seen=evidence("/s/x=1", "/s/x", "/s/y", state=FOREIGN))
    assert refusal.value.exit_code == 1
    said = str(refusal.value)
    assert "/s/x=1 to /s/y=2, for which write '/s/x\\=1=/s/y\\=2'" in said
    assert "/s/x to 1 and /s/y to 2, for which write the lines /s/x=1 and /s/y=2 into a FILE for --map" in said
    assert pairs(r"/s/x\=1=/s/y\=2") == [("/s/x=1", "/s/y=2")]


def test_a_word_with_several_is_cut_where_a_folder_is() -> None:
    seen = evidence("/s/dt=1", state=FOREIGN)
    assert pairs("/s/dt=1=/s/dt=2", seen=seen) == [("/s/dt=1", "/s/dt=2")]
    assert listed_pairs(["", "/s/dt=1=/s/new"], "map", seen) == [Pair("/s/dt=1", "/s/new", "In map, line 2: ")]
    with pytest.raises(
        MigratorError,
        match=r"In map, line 1: the words /s/dt=1=/s/new can be read .*'/s/dt=1\\=/s/new'.*'/s/dt\\=1=/s/new'",
    ):
        listed_pairs(["/s/dt=1=/s/new"], "map", evidence("/s/dt", "/s/dt=1", state=FOREIGN))


def test_a_backslash_keeps_what_belongs_to_a_path() -> None:
    assert pairs(r"/a\=1=/b\\c") == [("/a=1", r"/b\c")]
    assert pairs(r"/a\b=/c") == [(r"/a\b", "/c")]
    assert pairs(r"/a\=1=/b", r"/c\=1=/d", seen=evidence("/a=1")) == [("/a=1", "/b"), ("/c=1", "/d")]
    assert pairs(r"/a\=1", "/b", seen=evidence("/a=1")) == [("/a=1", "/b")]
    assert pairs(r"/a\=1", "/b", seen=evidence(r"/a\=1")) == [(r"/a\=1", "/b")]


@pytest.mark.parametrize("words", [("/a",), ("/a", "/b", "/c"), ("/a=/b=/c",), ("/a=/b", "/c=/d=/e")])
def test_what_is_no_pair_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"OLD=NEW|several"):
        typed_pairs(words, evidence())


def test_a_file_has_one_a_line_and_says_which_one_is_wrong() -> None:
    lines = ["# what moved", "", "  /a = /b  ", "/c=/d\r", "\t# more"]
    assert listed_pairs(lines, "map", evidence()) == [
        Pair("/a", "/b", "In map, line 3: "),
        Pair("/c", "/d", "In map, line 4: "),
    ]
    with pytest.raises(BadInput, match=r"In map, line 2: the argument '/c' is not of the form OLD=NEW"):
        listed_pairs(["/a=/b", "/c"], "map", evidence())


PIECES = st.text(st.sampled_from("ab=\\/"), min_size=1, max_size=6).filter(lambda text: text == text.strip())


@given(PIECES, PIECES)
@example("=", "\\a=")
def test_the_word_of_a_pair_means_that_pair(old: str, new: str) -> None:
    assert pairs(Pair(old, new).word) == [(old, new)]


def home(path: str) -> str:
    return path.replace("~", "/home/me", 1) if path.startswith("~") else path


def absolute(*typed: tuple[str, str]) -> list[tuple[str, str]]:
    return [(old, new) for old, new, _ in absolute_pairs([Pair(*pair) for pair in typed], "/lab", home)]


def test_paths_are_made_absolute_and_normal() -> None:
    assert absolute(("a", "../b/")) == [("/lab/a", "/b")]
    assert absolute(("~/a//", "~")) == [("/home/me/a", "/home/me")]
    assert absolute(("//a/./b", "/c")) == [("/a/b", "/c")]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([("/a", "/b"), ("/a/", "/b")], "/a moves again"),
        ([("/a", "/b"), ("/a", "/c")], "/a moves to /b and to /c"),
        ([("/a", "/a/")], "to itself"),
        ([("", "/a")], "empty"),
        ([("/a", "")], "empty"),
        ([("/a\0", "/b")], "empty"),
    ],
)
def test_what_contradicts_itself_is_refused(typed: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        absolute(*typed)


def test_two_folders_may_have_become_one() -> None:
    assert absolute(("/workspace", "/home/me/p"), ("/app", "/home/me/p")) == [
        ("/workspace", "/home/me/p"),
        ("/app", "/home/me/p"),
    ]
