from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from migrator.errors import BadInput
from migrator_selectors.exclude_from import ExcludeFromPlugin
from tests.support.selector_context import FixedSelectorContext, in_directories, selected_ids

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = ExcludeFromPlugin()
STORED = ["/x", "/x/build", "/x/build/deep", "/x/a\nb/build", "/x/node_modules", "/x/builder", "/build\n", "/y/keep"]


@pytest.fixture
def facts(tmp_path: Path) -> FixedSelectorContext:
    return FixedSelectorContext(in_directories(*STORED), cwd=str(tmp_path), home=str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("lines", "left_out"),
    [
        ("build/", {"/x/build", "/x/build/deep", "/x/a\nb/build"}),
        ("build", {"/x/build", "/x/build/deep", "/x/a\nb/build"}),
        ("/x/build", {"/x/build", "/x/build/deep"}),
        ("x/build", {"/x/build", "/x/build/deep"}),
        ("/build", set()),
        ("/x/*", {"/x/build", "/x/build/deep", "/x/a\nb/build", "/x/node_modules", "/x/builder"}),
        ("/y", {"/y/keep"}),
        ("/*\n!/y", {*STORED} - {"/y/keep"}),
        ("# build\n\n  \nnode_modules\r\n", {"/x/node_modules"}),
        ("\ufeffnode_modules", {"/x/node_modules"}),
        ("[a-m]ui[kl]d", {"/x/build", "/x/build/deep", "/x/a\nb/build"}),
        ("[[n]ode_modules", {"/x/node_modules"}),
        ("", set()),
    ],
)
def test_gitignore_seen_from_the_root(
    facts: FixedSelectorContext, tmp_path: Path, lines: str, left_out: set[str]
) -> None:
    (tmp_path / "list").write_text(lines, encoding="utf-8", newline="")
    assert selected_ids(PLUGIN, facts, exclude_from=("list",)) == [
        stored for stored in STORED if stored not in left_out
    ]


def test_one_file_cannot_take_back_what_another_leaves_out(facts: FixedSelectorContext, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("/x")
    (tmp_path / "two").write_text("!/x/build\n/y")
    assert selected_ids(PLUGIN, facts, exclude_from=("one", "two")) == ["/build\n"]


def test_found_from_the_current_directory_the_home_or_the_root(facts: FixedSelectorContext, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "list").write_text("/x")
    for name in ("~/list", "home/list", str(tmp_path / "home" / "list")):
        assert selected_ids(PLUGIN, replace(facts), exclude_from=(name,)) == ["/build\n", "/y/keep"]


@pytest.mark.parametrize("line", ["[z-a]", "foo\\", "foo/[ab"])
def test_a_malformed_line_is_named(facts: FixedSelectorContext, tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text(f"build\n\n{line}\n")
    with pytest.raises(BadInput) as refusal:
        PLUGIN.build({"exclude_from": ("list",)}, facts)
    assert "list, line 3: " + line in str(refusal.value)


def test_an_unreadable_file_is_named(facts: FixedSelectorContext, tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    for name, reason in (("gone", "No such file"), ("latin", "UTF-8"), (".", "directory")):
        with pytest.raises(BadInput, match=rf"--exclude-from {name} can't be read: .*{reason}"):
            PLUGIN.build({"exclude_from": (name,)}, facts)


def test_it_narrows_and_says_what_was_typed(facts: FixedSelectorContext, tmp_path: Path) -> None:
    (tmp_path / "a list").write_text("x")
    assert PLUGIN.narrows
    (selector,) = PLUGIN.build({"exclude_from": ("a list",)}, facts)
    assert selector.as_typed == "--exclude-from 'a list'"
    assert not PLUGIN.build({}, facts)
