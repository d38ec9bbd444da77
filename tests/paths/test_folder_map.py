"""Which path becomes which: component by component, each once, by the longest old path at or above it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.paths import FolderMap, below, is_windows, is_within, same_name
from tests.support.strategies import directories, names, windows_directories


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


# -------------------------------------------------------------------------------------------------- another system


@pytest.mark.parametrize(
    "stored",
    [
        r"C:\Users\Me\proj\sub",
        "C:/Users/Me/proj/sub",
        "c:/users/me/proj/sub",
        r"c:\USERS\me\proj\sub",
        r"\\?\C:\Users\Me\proj\sub",
        "//?/C:/Users/Me/proj/sub",
    ],
)
@pytest.mark.parametrize("old", [r"C:\Users\Me", "c:/users/me", "C:/Users/Me/", r"\\?\C:\Users\Me"])
def test_every_spelling_of_a_windows_path_is_followed_with_everything_below(old: str, stored: str) -> None:
    folders = FolderMap([(old.rstrip("/"), "/mnt/c/Users/Me")])
    assert folders.new_path(stored) == "/mnt/c/Users/Me/proj/sub"
    assert folders.new_path(r"C:\Users\Mean\proj") is None
    assert folders.new_path("/C:/Users/Me") is None


def test_a_share_is_followed() -> None:
    folders = FolderMap([(r"\\server\share", "/srv")])
    assert [folders.new_path(path) for path in (r"\\SERVER\share\x", "//server/share", "/server/share")] == [
        "/srv/x",
        "/srv",
        None,
    ]


def test_a_backslash_in_a_posix_name_stays_one_name() -> None:
    folders = FolderMap([("/home/me", "C:/Users/Me")])
    stored = r"/home/me/a\b"
    assert FolderMap([("/home/me", "/srv")]).new_path(stored) == r"/srv/a\b"
    assert (folders.new_path(stored), folders.is_impossible(stored)) == (None, True)
    assert (folders.new_path("/home/me/a"), folders.is_impossible("/home/me/a")) == ("C:/Users/Me/a", False)


def test_two_slashes_before_a_folder_of_ours_are_one() -> None:
    assert FolderMap([("/home/me", "/srv")]).new_path("//home/me/x") == "/srv/x"


@given(old=windows_directories, new=st.one_of(directories, windows_directories), rest=st.lists(names, max_size=3))
def test_there_and_back_from_another_system_is_the_identity(old: str, new: str, rest: list[str]) -> None:
    """Of every form, as it is stored, and in both directions; nothing may be at the new place before."""
    assume(not is_within(old, new) and not is_within(new, old))
    names_ = [name for name in rest if "\\" not in name]
    for one, other in ((old, new), (new, old)):
        stored = below(one, names_)
        there = FolderMap([(one, other)]).new_path(stored)
        assert there is not None
        assert is_windows(there) == is_windows(other)
        assert FolderMap([(other, one)]).new_path(there) == stored


@given(old=windows_directories, rest=st.lists(names, max_size=3))
def test_another_spelling_comes_back_as_the_same_directory(old: str, rest: list[str]) -> None:
    stored = below(old, [name for name in rest if "\\" not in name])
    there = FolderMap([("".join(each.swapcase() if each.isascii() else each for each in old), "/there")]).new_path(
        stored
    )
    assert there is not None
    assert same_name(FolderMap([("/there", old)]).new_path(there) or "", stored)
