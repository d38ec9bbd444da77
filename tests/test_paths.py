"""Which path becomes which: component by component, each once, by the longest old path at or above it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.paths import FolderMap, is_within
from tests.support.strategies import directories, names


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/x/project", "/y"),
        ("/x/project/", "/y"),
        ("/x/project/sub/deep", "/y/sub/deep"),
        ("/x/project-copy", None),
        ("/x/project-copy/sub", None),
        ("/x/projects", None),
        ("/x", None),
        ("/", None),
        ("", None),
        ("x/project", None),
        ("/a/x/project", None),
        ("/x/PROJECT", None),
    ],
)
def test_a_path_at_or_below_the_old_one_is_mapped_and_no_look_alike(path: str, expected: str | None) -> None:
    assert FolderMap([("/x/project", "/y")]).new_path(path) == expected


def test_the_longest_old_path_decides_whatever_the_order() -> None:
    pairs = [("/x", "/y"), ("/x/a/b", "/z"), ("/x/a", "/w")]
    for order in (pairs, pairs[::-1]):
        folders = FolderMap(order)
        assert [folders.new_path(path) for path in ("/x/c", "/x/a/c", "/x/a/b/c", "/x/a/bc")] == [
            "/y/c",
            "/w/c",
            "/z/c",
            "/w/bc",
        ]


def test_a_chain_and_a_swap_map_each_path_once() -> None:
    chain = FolderMap([("/a", "/b"), ("/b", "/c")])
    assert [chain.new_path(path) for path in ("/a/x", "/b/x", "/c/x")] == ["/b/x", "/c/x", None]
    swap = FolderMap([("/a", "/b"), ("/b", "/a")])
    assert [swap.new_path(path) for path in ("/a/x", "/b/x")] == ["/b/x", "/a/x"]
    assert [swap.old_path(path) for path in ("/a/x", "/b/x", "/c")] == ["/b/x", "/a/x", "/c"]
    assert [chain.old_path(path) for path in ("/a", "/b", "/c")] == [None, "/a", "/b"]


def test_what_is_at_the_new_place_already_does_not_sink_deeper() -> None:
    folders = FolderMap([("/src", "/src/lab")])
    assert [folders.new_path(path) for path in ("/src", "/src/a", "/src/lab", "/src/lab/a")] == [
        "/src/lab",
        "/src/lab/a",
        None,
        None,
    ]
    assert [folders.has_arrived(path) for path in ("/src/a", "/src/lab/a", "/src/labs")] == [False, True, False]


def test_a_new_name_that_begins_like_the_old_one() -> None:
    folders = FolderMap([("/src/shop", "/src/shop-2")])
    assert [folders.new_path(path) for path in ("/src/shop", "/src/shop-2", "/src/shop-2/a")] == [
        "/src/shop-2",
        None,
        None,
    ]
    assert not folders.has_arrived("/src/shop-2")
    assert not is_within("/src/shop-2", "/src/shop")


def test_the_root_is_a_folder_like_any_other() -> None:
    assert FolderMap([("/", "/mnt/disk")]).new_path("/home/me") == "/mnt/disk/home/me"
    assert FolderMap([("/host", "/")]).new_path("/host/home/me") == "/home/me"
    assert FolderMap([("/host", "/")]).new_path("/host") == "/"


@given(old=directories, new=directories, path=directories, rest=st.lists(names, max_size=3))
def test_there_and_back_is_the_identity(old: str, new: str, path: str, rest: list[str]) -> None:
    """Of every path, as long as nothing was at the new place before."""
    assume(not is_within(old, new))
    for stored in (path, "/".join([old.rstrip("/"), *rest]) or "/"):
        assume(not is_within(stored, new))
        there = FolderMap([(old, new)]).new_path(stored) or stored
        assert is_within(there, new) == is_within(stored, old)
        assert (FolderMap([(new, old)]).new_path(there) or there) == stored


@given(old=directories, new=directories, path=directories)
def test_origin_is_the_inverse(old: str, new: str, path: str) -> None:
    folders = FolderMap([(old, new)])
    if (mapped := folders.new_path(path)) is not None:
        assert folders.new_path(folders.old_path(mapped) or "") == mapped
