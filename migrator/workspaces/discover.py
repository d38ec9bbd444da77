"""All workspaces of a repository that the disk knows: on record, beside it, or where sessions were."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.places import git_worktrees
from migrator.places.small_files import names_in
from migrator.workspaces import jj, jj_command
from migrator.workspaces.find_repository import is_marked
from migrator.workspaces.model import Workspace, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from migrator.workspaces.model import Repository

_MOST_NEIGHBOURS = 10_000


def with_workspaces(repository: Repository, hints: Iterable[str] = ()) -> Repository:
    """Return the repository with its workspaces, the main one first.

    A workspace that isn't on record, or not where it is, is looked for beside those that are, and at and above the
    directories in `hints`. It counts only where its own files name this repository.
    """
    records = git_worktrees.worktrees(repository.common) if repository.common else ()
    index = jj.index(repository.jj) if repository.jj else jj.Index(())
    program = (jj_command.listed(repository.home) if repository.jj else None) or {}
    listed = {record.name: record.path for record in index.workspaces}
    listed |= {name: path for name, path in program.items() if path is not None}

    recorded = {*listed.values(), *(record.path for record in records if record.path)}
    tops = {repository.home, *recorded, *_neighbours({repository.home, *recorded}), *_marked(hints)}
    found: dict[str, Workspace] = {}
    if repository.jj:
        for workspace in _of_jj(repository.jj, listed, frozenset(program), tops):
            found[workspace.path] = workspace
    if repository.common:
        for workspace in _of_git(repository, records, tops):
            found[workspace.path] = _joined(found.get(workspace.path), workspace)
    ordered = sorted(found.values(), key=lambda workspace: (not workspace.main, workspace.name, workspace.path))
    notes = (index.trouble,) if index.trouble else ()
    return replace(repository, workspaces=tuple(ordered), notes=(*repository.notes, *notes))


def _of_jj(repo: str, listed: Mapping[str, str], known: frozenset[str], tops: Iterable[str]) -> Iterator[Workspace]:
    """Yield jj's workspaces: `listed` are names and paths on record, `known` names that the program told."""
    main = jj.main_root(repo)
    names = jj.current_names(repo)
    here = {top: jj.own_name(top) or "" for top in sorted(tops) if jj.repository(top) == repo}
    unplaced = {path: name for path, name in here.items() if path not in listed.values()}
    name = unplaced.pop(main, None) or here.get(main) or jj.DEFAULT
    yield Workspace(name, main, "jj", WorkspaceState.ALIVE, main=True)
    for name, path in sorted(listed.items()):
        if path == main:
            continue
        now = next((top for top, own in unplaced.items() if own == name and path not in here), None)
        if path in here:
            yield Workspace(name, path, "jj", WorkspaceState.ALIVE)
        elif now is not None:
            del unplaced[now]
            yield Workspace(
                name, now, "jj", WorkspaceState.MOVED, formerly=(path,), evidence="its .jj names this repository"
            )
        else:
            yield Workspace(name, path, "jj", WorkspaceState.MISSING)
    for path, own in unplaced.items():
        forgotten = names is not None and own not in names and own not in known
        state = WorkspaceState.FORGOTTEN if forgotten else WorkspaceState.ALIVE
        yield Workspace(own or os.path.basename(path), path, "jj", state, evidence="its .jj names this repository")


def _of_git(
    repository: Repository, records: Iterable[git_worktrees.WorktreeRecord], tops: Iterable[str]
) -> Iterator[Workspace]:
    """Yield git's worktrees. A copy made with `cp -r` names the same record as the original."""
    if (main := repository.main) is not None:
        state = WorkspaceState.ALIVE if os.path.isdir(main) else WorkspaceState.MISSING
        yield Workspace(os.path.basename(main), main, "git", state, main=True)
    here: dict[str, list[str]] = {}
    for top in sorted(tops):
        link = git_worktrees.worktree_link(top)
        if link is not None and link.common == repository.common and link.id is not None:
            here.setdefault(link.id, []).append(top)
    for record in records:
        others = [top for top in here.pop(record.id, ()) if top != record.path]
        worktree = Workspace(record.id, record.path, "git", WorkspaceState.ALIVE, locked=record.locked)
        if not record.alive:
            formerly = (record.path,) if record.path else ()
            evidence = _names(record.id)
            missing = replace(worktree, state=WorkspaceState.MISSING)
            moved = replace(worktree, state=WorkspaceState.MOVED, formerly=formerly, evidence=evidence)
            worktree = replace(moved, path=others.pop(0)) if others else missing
        if worktree.path:
            yield worktree
        for copy in others:
            yield Workspace(record.id, copy, "git", WorkspaceState.ALIVE, evidence=_names(record.id))
    for id_, forgotten in here.items():
        for top in forgotten:
            yield Workspace(id_, top, "git", WorkspaceState.PRUNED, evidence=_names(id_))


def _names(id_: str) -> str:
    return f"its .git names the worktree {id_}"


def _joined(jj_workspace: Workspace | None, worktree: Workspace) -> Workspace:
    """Join what both say: a colocated main workspace is both, and a newer jj makes a git worktree of each."""
    if jj_workspace is None:
        return worktree
    formerly = tuple(dict.fromkeys((*jj_workspace.formerly, *worktree.formerly)))
    return replace(jj_workspace, kind="jj+git", locked=worktree.locked, formerly=formerly)


def _neighbours(tops: Collection[str]) -> Iterator[str]:
    """Yield the tops of working copies that lie beside or in these: where people, and `mv`, put them."""
    for parent in {*tops, *map(os.path.dirname, tops)}:
        for name in names_in(parent, _MOST_NEIGHBOURS):
            if is_marked(top := os.path.join(parent, name)):
                yield top


def _marked(hints: Iterable[str]) -> Iterator[str]:
    known: dict[str, str | None] = {}
    for hint in hints:
        below: list[str] = []
        here = hint
        while here not in known and not is_marked(here) and (above := os.path.dirname(here)) != here:
            below.append(here)
            here = above
        top = known[here] if here in known else here if is_marked(here) else None
        known |= dict.fromkeys([*below, here], top)
    yield from {os.path.realpath(top) for top in known.values() if top is not None}
