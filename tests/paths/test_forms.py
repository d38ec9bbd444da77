"""The forms of a path, and what all spellings of one directory have in common."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath

import pytest
from hypothesis import given

from migrator.disk.spelling import as_on_disk
from migrator.errors import BadInput
from migrator.orphans import directory_status
from migrator.paths import (
    ABSOLUTE,
    checkout_root,
    comparable,
    expand_home,
    forms,
    from_root,
    in_full,
    is_absolute,
    is_of_this_system,
    is_whole,
    is_windows,
    is_within,
    names_of,
    normalise,
    path_below,
    plain,
    same_name,
    session_path,
    slashed,
    upwards,
)
from migrator_selectors._pattern_syntax import as_typed
from tests.support.strategies import any_directories, directories, windows_directories


@pytest.fixture(autouse=True)
def _on_posix(monkeypatch: pytest.MonkeyPatch) -> None:
    """These say what is true elsewhere than on Windows, and what there."""
    monkeypatch.setattr(forms, "_ON_WINDOWS", False)


WHOLE = [
    r"C:\x",
    "C:/x",
    "c:/",
    r"\\server\share\x",
    "//server/share",
    r"\\?\C:\x",
    "//?/C:/x",
    r"\\?\UNC\server\share",
    r"\\server/share\x",
    r"\\?/C:/x",
    r"\\?/UNC/server\share",
]
NOT_WHOLE = [
    "/home/me/a\\b",
    "C:",
    "C:x",
    "rel\\x",
    "/C:/x",
    r"\server\share",
    "//server",
    "//server/..",
    "//home/../x",
    "/c/x",
    "",
    "/",
]


@pytest.mark.parametrize("path", WHOLE)
def test_a_whole_form_of_windows_is_known(path: str) -> None:
    assert is_windows(path)
    assert not is_within(path, "/")


@pytest.mark.parametrize("path", NOT_WHOLE)
def test_everything_else_is_posix(path: str) -> None:
    assert not is_windows(path)


def test_what_the_disk_here_can_be_asked_about() -> None:
    asked = [is_of_this_system(path) for path in ("/home", "//server/share", "C:/x", r"\\server\share\x", "rel", "")]
    assert asked == [True, True, False, False, False, False]


@given(windows_directories)
def test_windows_paths_are_split_as_python_splits_them(path: str) -> None:
    """But for `//?/C:/`, of which Python makes another thing in each version."""
    assert is_windows(path)
    assert names_of(path) == [*PureWindowsPath(plain(path)).parts[1:]]
    assert len([*upwards(path)]) == len(names_of(path)) + 1


@given(any_directories)
def test_a_normal_path_stays_as_it_is(path: str) -> None:
    assert normalise(path) == path
    assert next(iter(upwards(path))) == path
    assert all(is_within(path, above) for above in upwards(path))
    assert comparable(comparable(path)) == comparable(path)
    assert same_name(path, slashed(path))


@given(directories)
def test_a_posix_path_has_one_spelling(path: str) -> None:
    assert slashed(path) == path
    assert not same_name(path, f"{path}x")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"C:\Users\Me", "c:/users/me", True),
        (r"\\?\C:\x", "c:/X", True),
        (r"\\?\UNC\server\share\x", "//SERVER/share/x", True),
        (r"\\server/share\x", r"\\?/UNC\server/share/x", True),
        ("C:/Ünal/\u03c2", "c:/üNAL/\u03c3", True),
        ("C:/straße", "C:/STRASSE", False),
        ("C:/\u0131", "C:/i", False),
        ("C:/x", "D:/x", False),
        ("/Users/Me", "/users/me", False),
        (r"/home/a\b", "/home/a/b", False),
    ],
)
def test_windows_takes_upper_and_lower_case_for_one_name(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert is_within(one, other) is same


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("C:\\a\\..\\b\\\\c\\", r"C:\b\c"),
        ("C:/..", "C:/"),
        (r"\\server\share\a\..\..", r"\\server\share"),
        ("C:\\a/b", r"C:\a\b"),
    ],
)
def test_a_windows_path_is_made_normal_with_its_own_slashes(path: str, normal: str) -> None:
    assert normalise(path) == normal


def test_the_checkout_of_a_directory_on_windows() -> None:
    assert checkout_root(r"C:\src\shop\packages\web", "packages/web") == r"C:\src\shop"
    assert checkout_root(r"C:\src\shop\Packages", "packages") == r"C:\src\shop"
    assert checkout_root("C:/src/shop/", "") == "C:/src/shop"
    assert checkout_root("C:/Users/Me/notes", "Users/Me/notes") is None
    assert checkout_root(r"c:\src\shop\web", None, ["C:/src", "C:/src/shop"]) == r"c:\src\shop"


def test_what_is_typed_in_a_directory() -> None:
    typed = {path: in_full(path, "/home/me") for path in ("a/../b", r"C:\x", "./C:/x", r"a\b", "/x/")}
    assert typed == {
        "a/../b": "/home/me/b",
        r"C:\x": r"C:\x",
        "./C:/x": "/home/me/C:/x",
        r"a\b": r"/home/me/a\b",
        "/x/": "/x",
    }


def test_two_slashes_begin_a_share_where_it_may_be_one_and_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = "//server/share/x/"
    assert [in_full(typed, "/home", shares=shares) for shares in (False, True)] == [typed[1:-1], typed[:-1]]
    monkeypatch.setattr(forms, "_ON_WINDOWS", True)
    assert in_full(typed, "C:/home") == typed[:-1]


def test_below_a_directory_and_its_root() -> None:
    assert path_below(r"C:\Users\Me\a\b", "c:/users/me") == "a/b"
    assert from_root(r"C:\Users\Me") == "Users/Me"
    assert from_root("/home/me") == "home/me"


def test_a_path_is_whole_on_its_own_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are what journals hold, of repositories that `gc` may remove."""
    paths = ["/a/b", r"/a\..\b", r"C:\a\b", "C:/a/b", "//server/share/x"]
    paths += ["/a/../b", "//a/../b", "/a\n/..", "/a\0", r"C:\a\..", "a"]
    assert [path for path in paths if is_whole(path)] == ["/a/b", r"/a\..\b", "//server/share/x"]
    monkeypatch.setattr(forms, "_ON_WINDOWS", True)
    assert [path for path in paths if is_whole(path)] == [r"C:\a\b", "C:/a/b", "//server/share/x"]


def test_a_schema_takes_every_absolute_path() -> None:
    for path in (*WHOLE, *NOT_WHOLE):
        assert bool(re.search(ABSOLUTE, path)) == is_absolute(path)


def test_on_windows_its_paths_are_those_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated: what is read from the disk there gets the slashes that opencode stores."""
    monkeypatch.setattr(forms, "_ON_WINDOWS", True)
    asked = [is_of_this_system(path) for path in (r"C:\x", "//server/share", "/home", "rel")]
    assert asked == [True, True, False, False]
    assert directory_status.inspect("/home/me").detail == "/home/me is a path of another system (Linux or macOS)"
    assert as_on_disk(r"C:\Users\Me") == "C:/Users/Me"
    assert [session_path(r"C:\src\shop\a\b", worktree) for worktree in ("/", "C:/src/shop", "C:/src/shop/x")] == [
        "src/shop/a/b",
        "a/b",
        "../a/b",
    ]


def test_the_home_begins_with_a_tilde_and_either_slash_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["~", "~/x", r"~\x", "~x"]
    assert [expand_home(path, "/home/me") for path in typed] == ["/home/me", "/home/me/x", r"~\x", "~x"]
    monkeypatch.setattr(forms, "_ON_WINDOWS", True)
    home = r"C:\Users\Me"
    assert [expand_home(path, home) for path in typed] == [home, f"{home}/x", rf"{home}\x", "~x"]


def test_a_drive_without_a_slash_is_refused_with_what_to_write() -> None:
    for typed in ("C:", "z:"):
        with pytest.raises(BadInput, match=f"begins at no root: write {typed}/, or ./{typed} for a name"):
            in_full(typed, "/home/me")
        with pytest.raises(BadInput, match="begins at no root"):
            as_typed(typed)
    assert [in_full(typed, "/home/me") for typed in ("./C:", "a:b", "C:/")] == ["/home/me/C:", "/home/me/a:b", "C:/"]
