"""The workspaces of a repository that are on the disk: on record, beside it, or where sessions were."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.readable import why_unreadable
from migrator.errors import CantTell
from migrator.paths import upwards
from migrator.places import git_worktrees
from migrator.places.small_files import readable_names, real_path
from migrator.workspaces import jj, jj_command
from migrator.workspaces.find_repository import is_working_copy_root
from migrator.workspaces.model import Workspace, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from migrator.workspaces.model import Repository

_MOST_NEIGHBOURS = 10_000


def with_workspaces(repository: Repository, hints: Iterable[str] = ()) -> Repository:
    """Return the repository with its workspaces, the main one first.

    A workspace that isn't on record, or not where its record says, is looked for beside those that are, and at and
    above the directories in `hints`. It counts only if its own files name this repository.
    """
    records = git_worktrees.worktrees(repository.common) if repository.common else ()
    index = jj.index(repository.jj) if repository.jj else jj.Index({})
    printed = (jj_command.list_workspaces(repository.home) if repository.jj else None) or {}
    paths = {**index.paths, **{name: path for name, path in printed.items() if path is not None}}

    recorded = {repository.home, *paths.values(), *(record.path for record in records if record.path)}
    roots = sorted({*recorded, *_neighbours(recorded), *_roots_above(hints)})
    found: dict[str, Workspace] = {}
    if repository.jj:
        for workspace in _of_jj(repository.jj, paths, printed, roots):
            found[workspace.path] = workspace
    if repository.common:
        for workspace in _of_git(repository, records, roots):
            found[workspace.path] = _merge(found.get(workspace.path), workspace)
    ordered = sorted(found.values(), key=lambda workspace: (not workspace.main, workspace.name, workspace.path))
    notes = (index.trouble,) if index.trouble else ()
    return replace(repository, workspaces=tuple(ordered), notes=(*repository.notes, *notes))


def _of_jj(repo: str, paths: Mapping[str, str], printed: Collection[str], roots: Iterable[str]) -> Iterator[Workspace]:
    """Yield jj's workspaces: `paths` has those on record by name, `printed` the names that the program printed."""
    main = jj.main_root(repo)
    names = jj.workspace_names(repo)
    own_names = {root: jj.workspace_name(root) or "" for root in roots if jj.repo_dir(root) == repo}
    unrecorded = {root: name for root, name in own_names.items() if root not in paths.values()}
    name = unrecorded.pop(main, None) or own_names.get(main) or jj.DEFAULT
    yield Workspace(name, main, "jj", WorkspaceState.ALIVE, main=True)
    evidence = "its .jj names this repository"
    for name, path in sorted(paths.items()):
        if path == main:
            continue
        now = next((root for root, own in unrecorded.items() if own == name and path not in own_names), None)
        if path in own_names:
            yield Workspace(name, path, "jj", WorkspaceState.ALIVE)
        elif now is not None:
            del unrecorded[now]
            yield Workspace(name, now, "jj", WorkspaceState.MOVED, formerly=(path,), evidence=evidence)
        else:
            yield _not_found(Workspace(name, path, "jj", WorkspaceState.MISSING))
    for path, own in unrecorded.items():
        forgotten = names is not None and own not in names and own not in printed
        state = WorkspaceState.FORGOTTEN if forgotten else WorkspaceState.ALIVE
        yield Workspace(own or os.path.basename(path), path, "jj", state, evidence=evidence)


def _of_git(
    repository: Repository, records: Iterable[git_worktrees.WorktreeRecord], roots: Iterable[str]
) -> Iterator[Workspace]:
    """Yield git's worktrees. A copy made with `cp -r` names the same record as the original."""
    if (main := repository.main) is not None:
        workspace = Workspace(os.path.basename(main), main, "git", WorkspaceState.ALIVE, main=True)
        yield workspace if os.path.isdir(main) else _not_found(workspace)
    by_id = _by_worktree_id(repository.common, roots)
    for record in records:
        evidence = f"its .git names the worktree {record.id}"
        others = [root for root in by_id.pop(record.id, ()) if root != record.path]
        worktree = Workspace(record.id, record.path, "git", WorkspaceState.ALIVE, locked=record.locked)
        if not record.alive and others:
            formerly = (record.path,) if record.path else ()
            worktree = replace(
                worktree, path=others.pop(0), state=WorkspaceState.MOVED, formerly=formerly, evidence=evidence
            )
        elif not record.alive:
            worktree = _not_found(worktree)
        if worktree.path:
            yield worktree
        for copy in others:
            yield Workspace(record.id, copy, "git", WorkspaceState.ALIVE, evidence=evidence)
    for id_, pruned in by_id.items():
        for root in pruned:
            yield Workspace(id_, root, "git", WorkspaceState.PRUNED, evidence=f"its .git names the worktree {id_}")


def _not_found(workspace: Workspace) -> Workspace:
    """Return a workspace that wasn't found where it is on record: missing, unless nobody can look there."""
    try:
        is_working_copy_root(workspace.path)
        error = why_unreadable(os.path.join(workspace.path, name) for name in (".git", ".jj/repo"))
    except CantTell as raised:
        error = raised
    if error is None:
        return replace(workspace, state=WorkspaceState.MISSING)
    return replace(workspace, state=WorkspaceState.UNREADABLE, evidence=str(error))


def _by_worktree_id(common: str | None, roots: Iterable[str]) -> dict[str, list[str]]:
    """Return the roots whose `.git` names a linked worktree of this repository, by the id of that."""
    by_id: dict[str, list[str]] = {}
    for root in roots:
        link = git_worktrees.worktree_link(root)
        if link is not None and link.common == common and link.id is not None:
            by_id.setdefault(link.id, []).append(root)
    return by_id


def _merge(jj_workspace: Workspace | None, worktree: Workspace) -> Workspace:
    """Return one workspace of both: a colocated main workspace is both, and a newer jj makes a worktree for each."""
    if jj_workspace is None:
        return worktree
    formerly = tuple(dict.fromkeys((*jj_workspace.formerly, *worktree.formerly)))
    return replace(jj_workspace, kind="jj+git", locked=worktree.locked, formerly=formerly)


def _neighbours(roots: Collection[str]) -> Iterator[str]:
    """Yield the roots of working copies that lie beside or in these: where people, and `mv`, put them."""
    for parent in {*roots, *map(os.path.dirname, roots)}:
        for name in readable_names(parent, _MOST_NEIGHBOURS):
            with suppress(CantTell):  # it is none that is on record
                if is_working_copy_root(root := os.path.join(parent, name)):
                    yield root


def _roots_above(hints: Iterable[str]) -> Iterator[str]:
    """Yield the roots of the working copies that the `hints` are in, looking at each directory once."""
    is_root = cache(is_working_copy_root)
    roots = set()
    for hint in hints:
        with suppress(CantTell):  # which repository it is in can't be told
            roots.add(next(filter(is_root, upwards(hint)), None))
    yield from {real_path(root) for root in roots if root is not None}
