"""The workspaces of a jj repository, read from its files: no jj program, and nothing is ever written.

Learnt from jj's source (9d905d54, 0.44) and from trees that jj 0.35 made. `.jj/repo` is a directory in the main
workspace; in a secondary one it is a file with the path of that directory, relative to `.jj` since 0.39, absolute
before. The repository keeps a list of its workspaces in `workspace_store/index` since 0.38: older workspaces, the
main one too, are not in it, and a workspace that was moved with `mv` has its old path there.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.status import is_directory, is_there
from migrator.errors import CantTell
from migrator.paths import is_within
from migrator.places.small_files import read_small, readable_names, real_path
from migrator.workspaces.protobuf import Malformed, fields, last_value, text_value

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH_LIMIT = 64 * 1024
_INDEX_LIMIT = 1024 * 1024
_CHECKOUT_LIMIT = 64 * 1024
_OPERATION_LIMIT = 1024 * 1024
_VIEW_LIMIT = 16 * 1024 * 1024
_MOST_HEADS = 64
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "0": "\0", "e": "\x1b"}
_WORKING_COPIES = 8
"""Where a view maps the names of workspaces to their working-copy commits."""

DEFAULT = "default"
"""The name that jj gives to the workspace a repository begins with."""


class Index(NamedTuple):
    """The workspaces that a repository has on record; `trouble` says in words why there may be more of them.

    `paths` has by name where jj last saw each workspace, which need not be where it is.
    """

    paths: Mapping[str, str]
    trouble: str | None = None


def repo_dir(root: str) -> str | None:
    """Return the real path of the repository directory (`<main>/.jj/repo`) of the workspace at `root`.

    None if `root` is no workspace. The directory may be gone: then jj says "The repo appears to no longer be at".
    """
    marker = os.path.join(root, ".jj", "repo")
    if os.path.isdir(marker):
        return real_path(marker)
    path = read_small(marker, _PATH_LIMIT)  # its bytes as they are: jj writes no newline, and a path may end in one
    if not path or b"\0" in path:
        return None
    return real_path(os.path.join(root, ".jj", os.fsdecode(path)))


def is_repo_dir(directory: str) -> bool:
    """Tell whether this is an existing repository directory of jj. Raises CantTell if that can't be told."""
    return is_directory(os.path.join(directory, "op_store")) and is_directory(os.path.join(directory, "store"))


def main_root(repo: str) -> str:
    """Return the root of the main workspace: only the place of the repository directory tells which one that is."""
    return os.path.dirname(os.path.dirname(repo))


def workspace_name(root: str) -> str | None:
    """Return the name that a workspace has in its own files; None if they don't say."""
    data = read_small(os.path.join(root, ".jj", "working_copy", "checkout"), _CHECKOUT_LIMIT)
    try:
        return None if data is None else text_value(data, 3) or DEFAULT
    except Malformed:
        return None


def index(repo: str) -> Index:
    """Return the workspaces on record; of a damaged or huge index none, with the trouble in words."""
    path = os.path.join(repo, "workspace_store", "index")
    try:
        if not is_there(path):
            return Index({})  # made by a jj before 0.38
    except CantTell as error:
        return Index({}, str(error))
    data = read_small(path, _INDEX_LIMIT)
    if data is None:
        return Index({}, f"{path} can't be read, or is larger than any list of workspaces")
    try:
        return Index(_paths(data, repo))
    except Malformed:
        return Index({}, f"{path} is damaged")


def workspace_names(repo: str) -> frozenset[str] | None:
    """Return the names that `jj workspace list` prints; None if the files can't be read.

    After concurrent operations there are several heads: a workspace counts if one of them has it.
    """
    store = os.path.join(repo, "op_store")
    heads = readable_names(os.path.join(repo, "op_heads", "heads"), _MOST_HEADS)
    names: set[str] = set()
    try:
        for head in heads:
            operation = _read(os.path.join(store, "operations", head), _OPERATION_LIMIT)
            view_id = last_value(operation, 1)
            if not isinstance(view_id, bytes):
                return None
            view = _read(os.path.join(store, "views", view_id.hex()), _VIEW_LIMIT)
            entries = (value for number, value in fields(view) if number == _WORKING_COPIES)
            names.update(text_value(entry, 1) or "" for entry in entries if isinstance(entry, bytes))
    except Malformed:
        return None
    return frozenset(names) if heads else None


def git_dir(repo: str) -> str | None:
    """Return the git repository in which jj keeps its commits; None if it keeps them in something else.

    It may lie beside `.jj` (see `is_colocated`), inside it, so that opencode sees no repository at all, or anywhere, as
    with `jj git init --git-repo`.
    """
    store = os.path.join(repo, "store")
    target = read_small(os.path.join(store, "git_target"), _PATH_LIMIT)
    return real_path(os.path.join(store, os.fsdecode(target))) if target and b"\0" not in target else None


def is_colocated(repo: str) -> bool:
    """Tell whether `.git` lies beside `.jj`: opencode takes the main workspace for a git repository, and no other."""
    beside = real_path(os.path.join(main_root(repo), ".git"))
    return git_dir(repo) == beside and not is_within(beside, real_path(repo))


def unquote_name(symbol: str) -> str:
    """Return the name that jj prints as this symbol: one that is no plain word is in quotes, with escapes."""
    if len(symbol) < 2 or symbol[0] != '"' or symbol[-1] != '"':  # noqa: PLR2004 - two quotes
        return symbol
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), symbol[1:-1], flags=re.DOTALL)


def _paths(data: bytes, repo: str) -> dict[str, str]:
    paths = {}
    for number, value in fields(data):
        if number != 1:
            continue
        path = last_value(value, 2) if isinstance(value, bytes) else None
        if not isinstance(value, bytes) or not isinstance(path, bytes) or not path or b"\0" in path:
            raise Malformed
        # Relative to the repository directory since 0.39, absolute in 0.38; joining does for both.
        paths[text_value(value, 1) or ""] = real_path(os.path.join(repo, os.fsdecode(path)))
    return paths


def _read(path: str, limit: int) -> bytes:
    data = read_small(path, limit)
    if data is None:
        raise Malformed
    return data
