"""Which path becomes which: component by component, each once, by the longest old path at or above it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.paths import Folders, is_within
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
    assert Folders([("/x/project", "/y")]).mapped(path) == expected


def test_the_longest_old_path_decides_whatever_the_order() -> None:
    pairs = [("/x", "/y"), ("/x/a/b", "/z"), ("/x/a", "/w")]
    for order in (pairs, pairs[::-1]):
        folders = Folders(order)
        assert [folders.mapped(path) for path in ("/x/c", "/x/a/c", "/x/a/b/c", "/x/a/bc")] == [
            "/y/c",
            "/w/c",
            "/z/c",
            "/w/bc",
        ]


def test_a_chain_and_a_swap_map_each_path_once() -> None:
    chain = Folders([("/a", "/b"), ("/b", "/c")])
    assert [chain.mapped(path) for path in ("/a/x", "/b/x", "/c/x")] == ["/b/x", "/c/x", None]
    swap = Folders([("/a", "/b"), ("/b", "/a")])
    assert [swap.mapped(path) for path in ("/a/x", "/b/x")] == ["/b/x", "/a/x"]
    assert [swap.origin(path) for path in ("/a/x", "/b/x", "/c")] == ["/b/x", "/a/x", "/c"]
    assert [chain.origin(path) for path in ("/a", "/b", "/c")] == [None, "/a", "/b"]


def test_what_is_at_the_new_place_already_does_not_sink_deeper() -> None:
    folders = Folders([("/src", "/src/lab")])
    assert [folders.mapped(path) for path in ("/src", "/src/a", "/src/lab", "/src/lab/a")] == [
        "/src/lab",
        "/src/lab/a",
        None,
        None,
    ]
    assert [folders.arrived(path) for path in ("/src/a", "/src/lab/a", "/src/labs")] == [False, True, False]


def test_a_new_name_that_begins_like_the_old_one() -> None:
    folders = Folders([("/src/shop", "/src/shop-2")])
    assert [folders.mapped(path) for path in ("/src/shop", "/src/shop-2", "/src/shop-2/a")] == [
        "/src/shop-2",
        None,
        None,
    ]
    assert not folders.arrived("/src/shop-2")
    assert not is_within("/src/shop-2", "/src/shop")


def test_the_root_is_a_folder_like_any_other() -> None:
    assert Folders([("/", "/mnt/disk")]).mapped("/home/me") == "/mnt/disk/home/me"
    assert Folders([("/host", "/")]).mapped("/host/home/me") == "/home/me"
    assert Folders([("/host", "/")]).mapped("/host") == "/"


@given(old=directories, new=directories, path=directories, rest=st.lists(names, max_size=3))
def test_there_and_back_is_the_identity(old: str, new: str, path: str, rest: list[str]) -> None:
    """Of every path, as long as nothing was at the new place before."""
    assume(not is_within(old, new))
    for stored in (path, "/".join([old.rstrip("/"), *rest]) or "/"):
        assume(not is_within(stored, new))
        there = Folders([(old, new)]).mapped(stored) or stored
        assert is_within(there, new) == is_within(stored, old)
        assert (Folders([(new, old)]).mapped(there) or there) == stored


@given(old=directories, new=directories, path=directories)
def test_origin_is_the_inverse(old: str, new: str, path: str) -> None:
    folders = Folders([(old, new)])
    if (mapped := folders.mapped(path)) is not None:
        assert folders.mapped(folders.origin(mapped) or "") == mapped
