"""Builders of one kind of directory each, and what git itself says about it.

Each takes an empty directory and gives the directory to ask about. The real opencode is asked about the same ones.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tests.support.git import git, keep_id, repository, root_commits, sub_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORIGIN = "git@GitHub.com:Acme/Widget.git"
ORIGIN_ID = "c55d05852f345b73c08b1716afaa3724a7b59447"
"""sha1 of "git-remote:github.com/Acme/Widget"."""


def top(at: Path) -> Path:
    return repository(at / "repo")


def below_top(at: Path) -> Path:
    return sub_directory(repository(at / "repo") / "packages" / "wid get-ü")


def symlink(at: Path) -> Path:
    (at / "link").symlink_to(repository(at / "repo"))
    return at / "link"


def symlink_to_sub_directory(at: Path) -> Path:
    (at / "link").symlink_to(sub_directory(repository(at / "repo") / "src"))
    return at / "link"


def linked_worktree(at: Path) -> Path:
    git(repository(at / "repo"), "worktree", "add", "-q", "../linked")
    return at / "linked"


def below_linked_worktree(at: Path) -> Path:
    return sub_directory(linked_worktree(at) / "src")


def linked_worktree_inside_its_repository(at: Path) -> Path:
    git(repository(at / "repo"), "worktree", "add", "-q", "trees/one")
    return at / "repo" / "trees" / "one"


def bare(at: Path) -> Path:
    git(repository(at / "repo"), "clone", "-q", "--bare", ".", "../bare.git")
    git(at / "bare.git", "remote", "remove", "origin")
    return at / "bare.git"


def bare_inside_a_repository(at: Path) -> Path:
    inner = repository(at / "repo") / "mirror.git"
    git(at / "repo", "clone", "-q", "--bare", ".", "mirror.git")
    git(inner, "remote", "remove", "origin")
    return inner


def worktree_of_bare(at: Path) -> Path:
    git(bare(at), "worktree", "add", "-q", "../tree")
    return at / "tree"


def dot_bare(at: Path) -> Path:
    """A bare repository in `.bare`, and a `.git` file that points to it."""
    project = sub_directory(at / "project")
    bare(at).rename(project / ".bare")
    (project / ".git").write_text("gitdir: ./.bare\n")
    return project


def worktree_of_dot_bare(at: Path) -> Path:
    project = dot_bare(at)
    git(project, "worktree", "add", "-q", "tree")
    return project / "tree"


def submodule(at: Path) -> Path:
    git(repository(at / "super"), "submodule", "--quiet", "add", str(repository(at / "library")), "module")
    git(at / "super" / "module", "remote", "remove", "origin")
    return at / "super" / "module"


def nested(at: Path) -> Path:
    return repository(repository(at / "outer") / "vendor" / "inner")


def empty(at: Path) -> Path:
    """No commit yet."""
    directory = sub_directory(at / "repo")
    git(directory, "init", "-q")
    return directory


def below_empty(at: Path) -> Path:
    return sub_directory(empty(at) / "new")


def empty_with_origin(at: Path) -> Path:
    directory = empty(at)
    git(directory, "remote", "add", "origin", ORIGIN)
    return directory


def with_origin(at: Path) -> Path:
    return repository(at / "repo", ORIGIN)


def linked_worktree_with_origin(at: Path) -> Path:
    git(repository(at / "repo", ORIGIN), "worktree", "add", "-q", "../linked")
    return at / "linked"


def with_local_origin(at: Path) -> Path:
    return repository(at / "repo", "/srv/git/widget.git")


def with_origin_rewritten(at: Path) -> Path:
    directory = repository(at / "repo", "work:Widget")
    git(directory, "config", "url.git@GitHub.com:Acme/.insteadOf", "work:")
    return directory


def with_another_remote(at: Path) -> Path:
    directory = repository(at / "repo")
    git(directory, "remote", "add", "upstream", ORIGIN)
    return directory


def with_kept_id(at: Path) -> Path:
    directory = repository(at / "repo")
    keep_id(directory / ".git")
    return directory


def with_kept_id_and_origin(at: Path) -> Path:
    directory = with_origin(at)
    keep_id(directory / ".git")
    return directory


def linked_worktree_with_kept_id(at: Path) -> Path:
    directory = linked_worktree(at)
    keep_id(at / "repo" / ".git")
    return directory


def two_roots(at: Path) -> Path:
    """git lists the greater hash first, since it is the younger one."""
    directory = repository(at / "repo")
    attempts = count()
    while (first := git(directory, "rev-parse", "HEAD")) > "8":
        git(directory, "commit", "-q", "--amend", "-m", f"older {next(attempts)}")
    git(directory, "checkout", "-q", "--orphan", "other", date=1_800_000_000)
    git(directory, "commit", "-qm", "younger", date=1_800_000_000)
    while git(directory, "rev-parse", "HEAD") < first:
        git(directory, "commit", "-q", "--amend", "-m", f"younger {next(attempts)}", date=1_800_000_000)
    git(directory, "merge", "-q", "--allow-unrelated-histories", "-m", "both", "main", date=1_800_000_001)
    roots = root_commits(directory)
    assert roots == [max(roots), first]
    return directory


def shallow_clone(at: Path) -> Path:
    source = repository(at / "source")
    git(source, "commit", "-qm", "second", "--allow-empty")
    git(at, "clone", "-q", "--depth", "1", source.as_uri(), "clone")
    return at / "clone"


def separate_git_directory(at: Path) -> Path:
    return repository(at / "repo", None, "--separate-git-dir", str(at / "store"))


def symlinked_git_directory(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git").rename(at / "store")
    (directory / ".git").symlink_to(at / "store")
    return directory


def sha256(at: Path) -> Path:
    return repository(at / "repo", None, "--object-format=sha256")


def said_to_be_bare(at: Path) -> Path:
    directory = repository(at / "repo")
    git(directory, "config", "core.bare", "true")
    return directory


def linked_worktree_of_said_to_be_bare(at: Path) -> Path:
    directory = linked_worktree(at)
    git(at / "repo", "config", "core.bare", "true")
    return directory


def worktree_elsewhere(at: Path) -> Path:
    directory = repository(at / "repo")
    git(directory, "config", "core.worktree", str(sub_directory(at / "elsewhere")))
    return directory


def inside_git_directory(at: Path) -> Path:
    return repository(at / "repo") / ".git" / "hooks"


def jj_colocated(at: Path) -> Path:
    directory = repository(at / "repo")
    sub_directory(directory / ".jj" / "repo")
    return directory


def jj_secondary_workspace(at: Path) -> Path:
    """As `jj workspace add ../second` leaves it: `.jj/repo` is a file that names the first one's store."""
    jj_colocated(at)
    sub_directory(at / "second" / ".jj" / "working_copy")
    (at / "second" / ".jj" / "repo").write_text(str(at / "repo" / ".jj" / "repo"))
    return at / "second"


def jj_workspace_in_a_repository(at: Path) -> Path:
    directory = repository(at / "repo")
    return sub_directory(directory / ".ws" / "w1" / ".jj").parent


def mercurial(at: Path) -> Path:
    return sub_directory(at / "clone" / ".hg" / "store").parents[1]


def no_repository(at: Path) -> Path:
    return sub_directory(at / "plain" / "deep ü")


KINDS: dict[str, Callable[[Path], Path]] = {
    build.__name__.replace("_", "-"): build
    for build in (
        top,
        below_top,
        symlink,
        symlink_to_sub_directory,
        linked_worktree,
        below_linked_worktree,
        linked_worktree_inside_its_repository,
        bare,
        bare_inside_a_repository,
        worktree_of_bare,
        dot_bare,
        worktree_of_dot_bare,
        submodule,
        nested,
        empty,
        below_empty,
        empty_with_origin,
        with_origin,
        linked_worktree_with_origin,
        with_local_origin,
        with_origin_rewritten,
        with_another_remote,
        with_kept_id,
        with_kept_id_and_origin,
        linked_worktree_with_kept_id,
        two_roots,
        shallow_clone,
        separate_git_directory,
        symlinked_git_directory,
        sha256,
        said_to_be_bare,
        linked_worktree_of_said_to_be_bare,
        worktree_elsewhere,
        inside_git_directory,
        jj_colocated,
        jj_secondary_workspace,
        jj_workspace_in_a_repository,
        mercurial,
        no_repository,
    )
}
