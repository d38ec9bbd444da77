"""The linked worktrees of a git repository, read from its files: no git process, however many repositories are asked.

What the files mean was learnt from gitrepository-layout(5), git-worktree(1) and git 2.39.5;
`tests/places/test_git_worktrees.py` holds this against `git worktree list`.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from typing import NamedTuple

from migrator.places.small_files import names_in, read_small, real_path

_PATH_LIMIT = 64 * 1024
_CONFIG_LIMIT = 1024 * 1024
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class WorktreeRecord:
    """What the repository has on record of one linked worktree.

    `path` is where git last saw it, "" where its record doesn't say. `alive`: the directory is there and still the
    worktree with this id, so one that was moved with `mv` is not alive at `path`. `locked` is the reason given, which
    may be "", None where it isn't locked. `prunable` is as git has it: the next `git worktree prune` drops the record.
    """

    id: str
    path: str
    alive: bool
    locked: str | None
    prunable: bool


class WorktreeLink(NamedTuple):
    """Where the `.git` of a checkout leads: the repository's common directory, and which worktree it is.

    `id` is None for the main working copy (or a submodule). `recorded` is False where the repository has forgotten
    that id, which `git worktree prune` does.
    """

    common: str
    id: str | None
    recorded: bool


def worktree_link(root: str) -> WorktreeLink | None:
    """Follow `<root>/.git`; None where there is none, or it leads nowhere. A bare repository is its own `root`."""
    marker = os.path.join(root, ".git")
    if os.path.isdir(marker):
        return WorktreeLink(real_path(marker), None, True)
    target = _git_file(marker)
    if target is None:
        return WorktreeLink(real_path(root), None, True) if _is_git_directory(root) else None
    admin = real_path(os.path.join(root, target))
    worktrees, id_ = os.path.split(admin)
    common = _common(admin)
    if common is not None:
        return WorktreeLink(common, id_ if os.path.basename(worktrees) == "worktrees" else None, True)
    repository, name = os.path.split(worktrees)
    if name == "worktrees" and _is_git_directory(repository):
        return WorktreeLink(repository, id_, False)
    return None


def worktrees(common: str) -> tuple[WorktreeRecord, ...]:
    """Return the linked worktrees on record in a common directory, by id; the main working copy is none of them."""
    kept = os.path.join(common, "worktrees")
    return tuple(
        _record(os.path.join(kept, id_), id_) for id_ in names_in(kept, _MOST) if os.path.isdir(os.path.join(kept, id_))
    )


def is_bare(common: str) -> bool:
    """Tell whether a repository has no main working copy."""
    return _true(_settings(common).get(("core", "bare")))


def main_root(common: str) -> str | None:
    """Return the main working copy of a repository; None for a bare one, and where its files don't say."""
    values = _settings(common)
    if _true(values.get(("core", "bare"))):
        return None
    elsewhere = values.get(("core", "worktree"))
    if elsewhere:
        return real_path(os.path.join(common, elsewhere))
    return os.path.dirname(common) if os.path.basename(common) == ".git" else None


def _record(admin: str, id_: str) -> WorktreeRecord:
    said = _text(os.path.join(admin, "gitdir"))
    lock = read_small(os.path.join(admin, "locked"), _PATH_LIMIT)
    locked = None if lock is None else os.fsdecode(lock).strip()
    if not said:
        return WorktreeRecord(id_, "", False, locked, locked is None)
    # Relative where worktree.useRelativePaths was set (git 2.48), and then to this directory.
    marker = os.path.normpath(os.path.join(admin, said))
    root = real_path(os.path.dirname(marker) if os.path.basename(marker) == ".git" else marker)
    found = worktree_link(root)
    alive = found is not None and found.id == id_ and found.common == _common(admin)
    return WorktreeRecord(id_, root, alive, locked, locked is None and not os.path.lexists(marker))


def _common(admin: str) -> str | None:
    """Return the common directory of a git directory; None where this is none."""
    if not os.path.isfile(os.path.join(admin, "HEAD")):
        return None
    said = _text(os.path.join(admin, "commondir"))
    common = real_path(os.path.join(admin, said)) if said else admin
    return common if _is_git_directory(common) else None


def _is_git_directory(directory: str) -> bool:
    inside = (os.path.join(directory, name) for name in ("HEAD", "objects", "refs"))
    return all(map(os.path.lexists, inside))


def _git_file(marker: str) -> str | None:
    text = _text(marker)
    return text.removeprefix("gitdir: ") if text and text.startswith("gitdir: ") else None


def _text(path: str) -> str | None:
    """Return what one of git's one-line files says. Only line ends at its end are git's: a path may hold others."""
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
    lines = (line.lstrip() for line in os.fsdecode(data).splitlines())
    try:
        parser.read_string("\n".join(line for line in lines if line.startswith("[") or line[:1].isalpha()))
    except configparser.Error:
        return {}
    values: dict[tuple[str, str], str] = {}
    for section in parser.sections():
        for key, value in parser.items(section):
            values[section.lower(), key] = "true" if value is None else _unquoted(value)
    return values


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
