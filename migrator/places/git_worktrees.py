"""The linked worktrees of a git repository, read from its files: no git process, however many repositories there are.

`WORKTREE/.git` is a file with the path of the record `COMMON/worktrees/ID`, where the file `gitdir` has the path back.
A plain `mv` breaks one of these links, or both; `git worktree repair` mends them.
What the files mean was learnt from gitrepository-layout(5), git-worktree(1) and git 2.39.5;
`tests/places/test_git_worktrees.py` holds this against `git worktree list`.
"""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass
from typing import NamedTuple

from migrator.places.small_files import read_small, readable_names, real_path
from migrator.text import lines_of

_PATH_LIMIT = 64 * 1024
_CONFIG_LIMIT = 1024 * 1024
_MOST = 10_000
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


@dataclass(frozen=True, slots=True)
class WorktreeRecord:
    """A repository's record of one linked worktree.

    `path` is where git last saw it, "" if the record doesn't say. `alive`: the directory is there and still the
    worktree with this id, so one that was moved with `mv` is not alive at `path`. `locked` is the reason given, which
    may be "", or None if it isn't locked. `prunable` means that the next `git worktree prune` drops the record.
    """

    id: str
    path: str
    alive: bool
    locked: str | None
    prunable: bool


class WorktreeLink(NamedTuple):
    """Where the `.git` of a checkout leads: the repository's common directory, and which worktree it is.

    `id` is None for the main working copy (or a submodule). `recorded` is False if the repository has no record of that
    id any more: `git worktree prune` drops it.
    """

    common: str
    id: str | None
    recorded: bool


def worktree_link(root: str) -> WorktreeLink | None:
    """Follow `<root>/.git`; None if there is none, or it leads nowhere. A bare repository is its own `root`."""
    marker = os.path.join(root, ".git")
    if os.path.isdir(marker):
        return WorktreeLink(real_path(marker), None, True)
    git_dir = named_git_dir(root)
    if git_dir is None:
        return WorktreeLink(real_path(root), None, True) if _is_git_directory(root) else None
    admin = real_path(os.path.join(root, git_dir))
    worktrees, id_ = os.path.split(admin)
    common = _common(admin)
    if common is not None:
        return WorktreeLink(common, id_ if os.path.basename(worktrees) == "worktrees" else None, True)
    repository, name = os.path.split(worktrees)
    if name == "worktrees" and _is_git_directory(repository):
        return WorktreeLink(repository, id_, False)
    return None


def worktrees(common: str) -> tuple[WorktreeRecord, ...]:
    """Return the linked worktrees on record in a common directory, by id, without the main working copy."""
    return tuple(map(_record, admin_dirs(common)))


def admin_dirs(common: str) -> list[str]:
    """Return the directories in which a repository keeps its records of linked worktrees, by id."""
    records = os.path.join(common, "worktrees")
    return [admin for id_ in readable_names(records, _MOST) if os.path.isdir(admin := os.path.join(records, id_))]


def admin_dir(worktree: str) -> str | None:
    """Return the path of the record named in `.git`, unresolved; it may not exist.

    None if `.git` is no file, or names something else than a linked worktree's record, as in a submodule.
    """
    git_dir = named_git_dir(worktree)
    admin = os.path.normpath(os.path.join(worktree, git_dir)) if git_dir else ""
    return admin if os.path.basename(os.path.dirname(admin)) == "worktrees" else None


def named_git_dir(root: str) -> str | None:
    """Return the path that `<root>/.git` holds if it is a file: that of the git directory, absolute or from `root`."""
    text = _text(os.path.join(root, ".git"))
    return text.removeprefix("gitdir: ") if text and text.startswith("gitdir: ") else None


def names_relative_path(worktree: str) -> bool:
    """Tell whether the `.git` of a linked worktree names its record by a relative path, as git 2.48 can write it."""
    git_dir = named_git_dir(worktree)
    return git_dir is not None and not os.path.isabs(git_dir)


def recorded_worktree(admin: str) -> str | None:
    """Return where a linked worktree is by its record, as it is written there; None if the record doesn't say."""
    marker = _recorded_marker(admin)
    return marker and _parent_of_marker(marker)


def is_bare(common: str) -> bool:
    """Tell whether a repository has no main working copy."""
    return _true(_settings(common).get(("core", "bare")))


def main_root(common: str) -> str | None:
    """Return the main working copy of a repository; None for a bare one, and if its files don't say."""
    values = _settings(common)
    if _true(values.get(("core", "bare"))):
        return None
    elsewhere = values.get(("core", "worktree"))
    if elsewhere:
        return real_path(os.path.join(common, elsewhere))
    return os.path.dirname(common) if os.path.basename(common) == ".git" else None


def _record(admin: str) -> WorktreeRecord:
    id_ = os.path.basename(admin)
    lock = read_small(os.path.join(admin, "locked"), _PATH_LIMIT)
    locked = None if lock is None else os.fsdecode(lock).strip()
    marker = _recorded_marker(admin)
    if marker is None:
        return WorktreeRecord(id_, "", False, locked, locked is None)
    root = real_path(_parent_of_marker(marker))
    link = worktree_link(root)
    alive = link is not None and link.id == id_ and link.common == _common(admin)
    return WorktreeRecord(id_, root, alive, locked, locked is None and not os.path.lexists(marker))


def _recorded_marker(admin: str) -> str | None:
    """Return the path of a linked worktree's `.git` as its record has it.

    With worktree.useRelativePaths (git 2.48) it is stored relative to `admin`.
    """
    path = _text(os.path.join(admin, "gitdir"))
    return os.path.normpath(os.path.join(admin, path)) if path else None


def _parent_of_marker(marker: str) -> str:
    return os.path.dirname(marker) if os.path.basename(marker) == ".git" else marker


def _common(admin: str) -> str | None:
    """Return the common directory of a git directory; None if `admin` is not a git directory."""
    if not os.path.isfile(os.path.join(admin, "HEAD")):
        return None
    path = _text(os.path.join(admin, "commondir"))
    common = real_path(os.path.join(admin, path)) if path else admin
    return common if _is_git_directory(common) else None


def _is_git_directory(directory: str) -> bool:
    inside = (os.path.join(directory, name) for name in ("HEAD", "objects", "refs"))
    return all(map(os.path.lexists, inside))


def _text(path: str) -> str | None:
    """Return what one of git's one-line files holds. Only line ends at its end are git's: a path may hold others."""
    data = read_small(path, _PATH_LIMIT)
    return None if data is None or b"\0" in data else os.fsdecode(data.rstrip(b"\r\n"))


def _settings(common: str) -> dict[tuple[str, str], str]:
    """Return the settings of the main working copy, which has some of its own with extensions.worktreeConfig."""
    values = _config(os.path.join(common, "config"))
    if _true(values.get(("extensions", "worktreeconfig"))):
        values |= _config(os.path.join(common, "config.worktree"))
    return values


def _true(value: str | None) -> bool:
    return value is not None and value.lower() in {"true", "yes", "on", "1", ""}


def _config(path: str) -> dict[tuple[str, str], str]:
    """Return what we need of a repository's own config: sections without subsections, the last value of each key."""
    data = read_small(path, _CONFIG_LIMIT)
    if data is None:
        return {}
    parser = configparser.RawConfigParser(
        strict=False, allow_no_value=True, comment_prefixes=("#", ";"), delimiters=("=",), default_section=""
    )
    # git indents keys, which ConfigParser takes for the rest of the line before.
    lines = (line.lstrip() for line in lines_of(os.fsdecode(data)))
    try:
        parser.read_string("\n".join(line for line in lines if line.startswith("[") or line[:1].isalpha()))
    except configparser.Error:
        return {}
    return {
        (section.lower(), key): "true" if value is None else _unquote(value)
        for section in parser.sections()
        for key, value in parser.items(section)
    }


def _unquote(value: str) -> str:
    """Return a value without quotes and comments, and with what its escapes stand for: see git-config(1)."""
    value = re.sub(r'("(?:\\.|[^"\\])*"|\\.)|\s*[#;].*', lambda found: found[1] or "", value)
    return re.sub(r'"|\\(.)', lambda found: _ESCAPES.get(found[1], found[1] or ""), value)
