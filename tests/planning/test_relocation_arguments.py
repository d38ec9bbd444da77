"""`OLD NEW`, `OLD=NEW`, and files of such lines, as they are typed."""

from __future__ import annotations

import pytest

from migrator.errors import BadInput
from migrator.planning.relocation.arguments import Pair, absolute_pairs, listed_pairs, typed_pairs


def pairs(*words: str) -> list[tuple[str, str]]:
    return [(old, new) for old, new, _ in typed_pairs(words)]


def test_two_words_are_two_paths_unless_each_is_a_pair() -> None:
    assert pairs("/a", "/b") == [("/a", "/b")]
    assert pairs("/a=1", "/b") == [("/a=1", "/b")]
    assert pairs("/a", "/b=1") == [("/a", "/b=1")]
    assert pairs("/a=/b", "/c=/d") == [("/a", "/b"), ("/c", "/d")]
    assert pairs("/a=/b") == [("/a", "/b")]
    assert pairs("/a=/b", "/c=/d", "/e=/f")[2] == ("/e", "/f")


def test_a_backslash_keeps_what_belongs_to_a_path() -> None:
    assert pairs(r"/a\=1=/b\\c") == [("/a=1", r"/b\c")]
    assert pairs(r"/a\b=/c") == [(r"/a\b", "/c")]
    assert pairs(r"/a\=1=/b", r"/c\=1=/d") == [("/a=1", "/b"), ("/c=1", "/d")]


@pytest.mark.parametrize("words", [("/a",), ("/a", "/b", "/c"), ("/a=/b=/c",), ("/a=/b", "/c=/d=/e")])
def test_what_is_no_pair_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"OLD=NEW|several"):
        typed_pairs(words)


def test_a_file_has_one_a_line_and_says_which_one_is_wrong() -> None:
    lines = ["# what moved", "", "  /a = /b  ", "/c=/d\r", "\t# more"]
    assert listed_pairs(lines, "map") == [Pair("/a", "/b", "map, line 3: "), Pair("/c", "/d", "map, line 4: ")]
    with pytest.raises(BadInput, match=r"map, line 2: '/c' is no OLD=NEW"):
        listed_pairs(["/a=/b", "/c"], "map")


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
