"""What git says about a checkout, asked as opencode asks it.

One process for a checkout whose `origin` or kept id names the project, two if its root commit does; one more for a
linked worktree in opencode 2. Nothing is ever written: opencode keeps the id in `<git dir>/opencode` when it opens a
repository, we only read that file.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.readable import remedy, why_unreadable_below, with_remedy
from migrator.disk.status import is_there
from migrator.errors import CantTell
from migrator.model import GLOBAL
from migrator.paths import normalise
from migrator.places import git_worktrees, origin, programs
from migrator.places.broken_git import what_is_wrong, why_endless
from migrator.places.checkout import Checkout, ProjectIdScheme, kept_project_id
from migrator.places.small_files import nearest_with
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Mapping

# Git sets these for its hooks and aliases: with them it would describe the repository we were called from.
_MISLEADING = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CEILING_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
})  # fmt: skip
_OURS = {
    "LC_ALL": "C",  # we read its messages
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not grow because somebody looked at it
}
_NO_REPOSITORY = ("not a git repository", "invalid gitfile", "not a regular file")
"""What git says of a `.git` that is none; the last since some version up to 2.55, which is silent of a FIFO in 2.39."""
_KEPT = "the id kept in its git directory"

_TRACED = {"GIT_TRACE_SETUP": "1", "GIT_TRACE_BARE": "1"}
"""Lets git say on stderr, whatever it is asked, which repository it has found (2.39.5): that saves one process."""
_TRACE = re.compile(
    r"^setup: git_dir: (.+)\nsetup: git_common_dir: (.+)\nsetup: worktree: (.+)\nsetup: cwd: (.+)$", re.MULTILINE
)
_REMOTE = re.compile(r"^(.+?)\t(.+) \((?:fetch|push)\)(?: \[.*\])?$", re.MULTILINE)


class _Layout(NamedTuple):
    """`root` is the directory that holds `.git`, `top` git's top level (None: no work tree), `common` its git data."""

    root: str
    top: str | None
    common: str


def checkout(root: str, scheme: ProjectIdScheme) -> Checkout:
    """Describe the checkout whose `.git` is in `root`. Raises CantTell if git is missing, refuses or fails.

    So it does where git says that this `.git` is no repository. To opencode there is no project then, or that of the
    repository around (1.18.34); but something is there, and once it is mended, all that was bound by this answer is
    lost.
    """
    if scheme is ProjectIdScheme.ORIGIN_FIRST:
        return _origin_first(root)
    return _version_2(root) if scheme is ProjectIdScheme.V2 else _cache_first(_layout(root))


def _origin_first(root: str) -> Checkout:
    """Seen with opencode 1.15.13 and 1.18.34."""
    layout, remotes = _layout_and_remotes(root)
    top = layout.top or layout.root
    kept = kept_project_id(layout.common)
    project_id, id_source = _by_origin(top, remotes) or _by_kept_id_or_root_commit(kept, top)
    addresses = None if remotes is None else tuple(address for _, address in remotes)
    return Checkout(project_id, top, top, "git", kept, id_source, layout.common, addresses)


def _version_2(root: str) -> Checkout:
    """Read in the source of opencode 2: a new project row gets the main worktree, which git lists first."""
    facts = _origin_first(root)
    link = git_worktrees.worktree_link(root)
    if link is None or link.id is None:
        return facts
    listed = _ask(facts.worktree, "worktree", "list", "--porcelain")
    main = next((line for line in listed.split("\n") if line.startswith("worktree ")), None)
    if main is None:
        return facts
    return replace(facts, project_worktree=normalise(main.removeprefix("worktree ").strip()))


def _cache_first(layout: _Layout) -> Checkout:
    """Seen with opencode 1.14.34, and 1.3.2 but for the `project_worktree` of a bare repository's worktree."""
    root, top, common = layout
    kept = kept_project_id(f"{root}/.git") or kept_project_id(common)
    project_id, id_source = _by_kept_id_or_root_commit(kept, root)
    if project_id == GLOBAL:
        return Checkout(GLOBAL, root, root, "git", kept, id_source, common)
    if top is None:
        return Checkout(project_id, root, root, None, kept, id_source, common)
    return Checkout(project_id, top, _main_worktree(layout), "git", kept, id_source, common)


def _main_worktree(layout: _Layout) -> str:
    parent = os.path.dirname(layout.common)
    if layout.root in (layout.common, parent):
        return layout.root
    bare = _ask(layout.root, "config", "--bool", "--default=false", "core.bare")
    return layout.common if bare.strip() == "true" else parent


def _layout_and_remotes(root: str) -> tuple[_Layout, list[tuple[str, str]] | None]:
    """Return the layout of a checkout, and name and address of each of its remotes, from one process.

    There are no remotes where `git remote -v` doesn't tell all of them, and where anything is unusual.
    """
    _check_not_endless(root)
    failed, printed, said = _run(root, "remote", "-v", extra=_TRACED)
    found = _TRACE.search(said)
    if failed or found is None or "\\" in found[0] or found[4] != root:  # it escapes some letters with a backslash
        return _layout(root), None
    git_dir, common, top = (normalise(os.path.join(root, path)) for path in found.groups()[:3])
    if not _is_that_of(root, git_dir):
        return _layout(root), None
    remotes = _REMOTE.findall(printed)
    # An origin from before git 1.5 is in a file of its own; one without an address has its name for one.
    elsewhere = any(os.path.lexists(os.path.join(common, name, "origin")) for name in ("remotes", "branches"))
    is_told = any(name == "origin" for name, _ in remotes) or not (
        elsewhere or re.search(r"^origin\t", printed, re.MULTILINE)
    )
    return _Layout(root, top if found[3] != "(null)" else None, common), remotes if is_told else None


def _check_not_endless(root: str) -> None:
    """Raise CantTell if git might read a file of this checkout for ever."""
    link = git_worktrees.worktree_link(root)
    marker = os.path.join(root, ".git")
    if (error := why_endless([marker, *([link.common] if link else [])])) is not None:
        raise with_remedy(error, root)


def _layout(root: str) -> _Layout:
    # One process for all. A word between two paths, and the top level last, because git stops there if there is none.
    words = "--git-dir", "--is-bare-repository", "--git-common-dir", "--is-inside-work-tree", "--show-toplevel"
    _check_not_endless(root)
    _, out, complaint = run(root, "rev-parse", *words)
    answer = re.fullmatch(r"(.+)\n(?:true|false)\n(.+)\n(?:true|false)\n(.*)", out, re.DOTALL)
    if answer:
        git_dir, common, top = (normalise(os.path.join(root, path.rstrip("\r\n"))) for path in answer.groups())
        has_top = bool(answer[3].strip("\r\n"))
        if not _is_that_of(root, git_dir):
            raise _says_no(root, f"git goes past {root}/.git to the repository around, {top if has_top else common},")
        return _Layout(root, top if has_top else None, common)
    if any(words in complaint for words in _NO_REPOSITORY):
        raise _says_no(root, f"git says that {root}/.git is no repository", complaint)
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        raise CantTell(
            f"git refuses to look into {root} because another user owns it, and opencode would see no project there: "
            f"run git config --global --add safe.directory {shell_quote(root)} and try again"
        )
    raise _failed(root, complaint)


def _is_that_of(root: str, git_dir: str) -> bool:
    """Tell whether a git directory is the one at `<root>/.git`; where that is a file, git looks nowhere else."""
    marker = os.path.join(root, ".git")
    try:
        return os.path.isfile(marker) or os.path.samefile(marker, git_dir)
    except OSError:
        return False


def _says_no(root: str, what_git_does: str, complaint: str = "") -> CantTell:
    """Return the error for a `.git` that is none to git; its `complaint` counts if we see nothing wrong with it."""
    why, repair = what_is_wrong(root)
    because = f" because {why}" if why else complaint and f" ({complaint})"
    return CantTell(f"{what_git_does}{because}, and opencode would not see its project there: {repair} and try again")


def _failed(root: str, complaint: str) -> CantTell:
    """Return the error for a checkout about which git gives no answer; `complaint` is what it says instead."""
    link = git_worktrees.worktree_link(root)
    error = why_unreadable_below(link.common) if link else None
    first = remedy(error, link.common) if link and error else "repair it"
    return CantTell(f"git can't read the repository at {root}, {first} first: {complaint}")


def _ask(top: str, *arguments: str) -> str:
    """Return what git answers about a checkout. Raises CantTell if it fails."""
    failed, answer, complaint = run(top, *arguments)
    if failed:
        raise _failed(top, complaint)
    return answer


def _by_origin(top: str, remotes: list[tuple[str, str]] | None) -> tuple[str, str] | None:
    """Return the project id that `origin` gives, and where it is from; `remotes` are None if git must be asked."""
    if remotes is None:
        failed, url, complaint = run(top, "remote", "get-url", "origin")
        if failed and "No such remote" not in complaint and not _is_outside(top):
            raise _failed(top, complaint)
    else:
        url = next((address for name, address in remotes if name == "origin"), "")
    project_id = origin.project_id(url)
    return (project_id, f"origin {origin.host_and_path(url)}") if project_id else None


def _by_kept_id_or_root_commit(kept: str | None, top: str) -> tuple[str, str]:
    if kept:
        return kept, _KEPT
    first = min(root_commits(top), default=None)
    return (first, "its root commit") if first else (GLOBAL, "no commit yet")


def root_commits(top: str) -> frozenset[str]:
    """Return the ids of the ancestors of HEAD that have no parent; none if there is no commit.

    Clones and worktrees of a repository have them in common. Git walks the whole history unless it has a commit graph.
    Raises CantTell if it fails, as where objects are missing.
    """
    failed, commits, complaint = run(top, "rev-list", "--max-parents=0", "HEAD")
    if failed and not _is_outside(top) and not _has_no_commit(top):
        raise _failed(top, complaint)
    return frozenset() if failed else frozenset(commits.split())


def _is_outside(top: str) -> bool:
    """Tell whether a worktree is in no repository itself: core.worktree can name such a directory."""
    return nearest_with(".git", top) is None


def _has_no_commit(top: str) -> bool:
    """Tell whether HEAD names a branch that has never had a commit.

    A crash can leave the file of a branch empty, or take it away, and git says the same of it as of a new branch
    (2.39.5). But the log of a branch is there from its first commit until git deletes the branch.
    """
    detached, branch, _ = run(top, "symbolic-ref", "-q", "HEAD")
    branch = branch.strip()
    failed, commit, complaint = run(top, "for-each-ref", branch)
    if detached or failed or commit or "broken ref" in complaint:
        return False
    log = _ask(top, "rev-parse", "--git-path", f"logs/{branch}").rstrip("\n")
    return not is_there(os.path.join(top, log))


def environment() -> dict[str, str]:
    """Return our environment without the variables that point git to another repository."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING} | _OURS


def run(directory: str, *arguments: str) -> tuple[int, str, str]:
    """Run git in `directory`: return its exit code, its output, and what it wrote to stderr as one line.

    Raises CantTell if it isn't installed, or doesn't answer.
    """
    failed, printed, said = _run(directory, *arguments)
    return failed, printed, " ".join(said.split())


def _run(directory: str, *arguments: str, extra: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Do the same with `extra` in its environment; what it wrote to stderr is whole."""
    words, environ = ("git", *arguments), {**environment(), **(extra or {})}
    try:
        done = programs.run(programs.Command(f"git {arguments[0]} in {directory}", words, environ, directory))
    except FileNotFoundError as error:
        if not Path(directory).is_dir():
            return 1, "", f"{directory} is gone"
        raise CantTell(
            f"git is not on PATH, so nobody can tell which project the repository at {directory} is: install git"
        ) from error
    except OSError as error:
        return 1, "", str(error)
    return done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr)
