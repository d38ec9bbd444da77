"""The law of the contract: what a selector answers by SQL and what it answers in Python is the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, note
from hypothesis import strategies as st

from migrator.errors import BadInput, MigratorError
from migrator.model import Project
from migrator.paths import is_windows, same_name
from migrator.workspaces.model import Repository, RepositorySessions, Workspace, WorkspaceRoot, WorkspaceState
from migrator_selectors import BUILT_IN
from migrator_selectors._pattern_syntax import literal, special_characters, with_slashes
from tests.support.selector_context import FixedSelectorContext, by_sql
from tests.support.strategies import (
    any_directories,
    directories,
    examples,
    names,
    nasty_text,
    sessions,
    times,
    titles,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Session
    from migrator.selection import Selector

PLUGINS = {plugin.kind: plugin for plugin in BUILT_IN}


def hold(kind: str, rows: Sequence[Session], values: dict[str, Any], **surroundings: Any) -> list[list[str]]:
    """Build the selectors, see that the law holds for each, and return which ids each matched."""
    facts = FixedSelectorContext(
        rows, project_rows=[Project(id_, "/w") for id_ in ("global", "prj_a", "prj_b")], **surroundings
    )
    note(f"{kind}: {values}")
    selectors: Sequence[Selector] = PLUGINS[kind].build(values, facts)
    matched = [[row.id for row in rows if selector.match(row)] for selector in selectors]
    assert matched == [by_sql([selector], rows) for selector in selectors]
    return matched


@st.composite
def patterns(draw: st.DrawFn, rows: Sequence[Session]) -> str:
    """Patterns that have something to do with what is stored, and some that haven't."""
    near = st.sampled_from([row.directory for row in rows]) if rows else directories
    components = draw(st.one_of(near, directories)).split("/")
    blurred = [
        draw(
            st.one_of(
                st.just(component),
                st.just(literal(component).glob),
                st.just(f"{{{component},b}}"),
                st.just(f"{component[:1]}*"),
                st.just(f"?{component[1:]}"),
                st.sampled_from(["*", "**", ".*", "[!a]*", "[_%]*", ""]),
                nasty_text,
            ),
        )
        for component in components[1:]
    ]
    return "/" + "/".join(blurred) if draw(st.booleans()) else "/".join([*components[:-1], *blurred[-1:]])


@given(st.data(), sessions(), st.booleans())
@examples(300)
def test_from_dir_and_exclude_dir(data: st.DataObject, rows: list[Session], exact: bool) -> None:
    pattern = data.draw(patterns(rows))
    cwd = data.draw(directories)
    try:
        (kept,) = hold("from-dir", rows, {"from_dir": (pattern,), "exact": exact}, cwd=cwd)
        (excluded,) = hold("exclude-dir", rows, {"exclude_dir": (pattern,)}, cwd=cwd)
    except BadInput:
        assume(False)
    ids = {row.id for row in rows}
    assert set(kept) <= ids - set(excluded)
    assert exact or set(kept) == ids - set(excluded)


@given(st.data(), sessions(where=any_directories), st.booleans())
@examples(300)
def test_directories_of_another_system(data: st.DataObject, rows: list[Session], exact: bool) -> None:
    pattern = data.draw(st.one_of(patterns(rows), st.sampled_from([row.directory for row in rows] or ["C:/"])))
    line = data.draw(st.sampled_from(["src", "C:/*", "/d:/a", "share/", "*b*", pattern]))
    try:
        (kept,) = hold("from-dir", rows, {"from_dir": (pattern,), "exact": exact})
        (excluded,) = hold("exclude-dir", rows, {"exclude_dir": (pattern,)})
        hold("exclude-from", rows, {"exclude_lines": (line,)})
    except (BadInput, MigratorError):
        assume(False)
    assert set(kept) <= {row.id for row in rows} - set(excluded)
    named = [row.id for row in rows if same_name(row.directory, pattern)]
    assert not is_windows(pattern) or special_characters(with_slashes(pattern)) or set(named) <= set(kept)


@given(st.data(), sessions())
def test_a_base_is_at_or_above_every_matching_session(data: st.DataObject, rows: list[Session]) -> None:
    pattern = data.draw(patterns(rows))
    try:
        (selector,) = PLUGINS["from-dir"].build({"from_dir": (pattern,)}, FixedSelectorContext(rows))
    except BadInput:
        assume(False)
    for row in rows:
        base = selector.base(row)
        assert (base is not None) == selector.match(row)
        assert base is None or f"{row.directory}/".startswith(base.rstrip("/") + "/")


@given(st.lists(st.one_of(names, st.sampled_from(["*", "build/", "/a", "a/*", "!src", "**/b", "# no"]))), sessions())
def test_exclude_from(lines: list[str], rows: list[Session]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "list").write_text("\n".join(lines), encoding="utf-8", newline="")
        try:
            hold("exclude-from", rows, {"exclude_from": ("list",)}, cwd=folder)
        except BadInput:
            assume(False)


@given(sessions(), st.sampled_from(["global", "prj_a", "prj_b"]))
def test_from_project(rows: list[Session], project: str) -> None:
    assert hold("from-project", rows, {"from_project": (project,)}) == [
        [row.id for row in rows if row.project_id == project],
    ]


@given(st.data(), sessions())
def test_from_id(data: st.DataObject, rows: list[Session]) -> None:
    assume(rows)
    ids = tuple(data.draw(st.lists(st.sampled_from([row.id for row in rows]), min_size=1, unique=True)))
    assert hold("from-id", rows, {"from_id": ids}) == [[id_] for id_ in ids]
    assert hold("from-id", rows, {"from_id": ("-",)}, lines=ids) == [sorted(ids)]


@given(sessions(), nasty_text.filter(bool))
def test_containing(rows: list[Session], text: str) -> None:
    said = [row.id for row in rows if text.casefold() in row.title.casefold()]
    assert hold("containing", rows, {"containing": (text,), "containing_in": ()}) == [said]


@given(st.data(), sessions())
def test_from_workspaces(data: st.DataObject, rows: list[Session]) -> None:
    workspace = Workspace("one", "/w/one", "jj", WorkspaceState.ALIVE)
    keys = [(row.directory, row.project_id) for row in rows]
    owned = data.draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
    repository = Repository("/w", "/w", None, "/w/.jj/repo", (workspace,))
    found = RepositorySessions(repository, {key: WorkspaceRoot(workspace, key[0]) for key in owned}, {}, ())
    (matched,) = hold("from-workspaces", rows, {"from_workspaces": ("/w",)}, belongings={"/w": found})
    assert matched == [row.id for row in rows if (row.directory, row.project_id) in owned]


@given(st.data(), sessions())
def test_title(data: st.DataObject, rows: list[Session]) -> None:
    near = [row.title[start : start + 2].swapcase() for row in rows for start in range(len(row.title))]
    text = data.draw(st.one_of(st.sampled_from(near), titles) if near else titles)
    assume(text)
    hold("title", rows, {"title": (text,)})


@given(sessions(), st.none() | times, st.none() | times)
def test_updated(rows: list[Session], since: int | None, until: int | None) -> None:
    values = {name: f"{bound:013}" for name, bound in (("since", since), ("until", until)) if bound is not None}
    try:
        hold("updated", rows, values)
    except BadInput:
        assume(False)


@given(sessions(), st.sampled_from([True, False, None]))
def test_archived(rows: list[Session], wanted: bool | None) -> None:
    hold("archived", rows, {"archived": wanted})


@given(st.data(), sessions())
def test_orphans(data: st.DataObject, rows: list[Session]) -> None:
    ids = st.frozensets(st.sampled_from([row.id for row in rows])) if rows else st.just(frozenset[str]())
    lost = {"missing-directory": data.draw(ids), "stale-path": data.draw(ids)}
    values = {"orphans": ("every", "stale-path")}
    assert hold("orphans", rows, values, lost=lost) == [
        [row.id for row in rows if row.id in lost["missing-directory"] | lost["stale-path"]],
        [row.id for row in rows if row.id in lost["stale-path"]],
    ]


def test_every_built_in_selector_is_under_the_law() -> None:
    assert set(PLUGINS) == {
        "from-dir", "from-project", "from-id", "from-workspaces", "exclude-dir", "exclude-from", "title",
        "updated", "archived", "orphans", "containing",
    }  # fmt: skip
    assert len(PLUGINS) == len(BUILT_IN)
