"""Report the snapshot repositories that runs left behind: as a document for programs, as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.reporting.style import styled
from migrator.text import count, size_text, tilde

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.execution.gc import Leftover

FORMAT = "opencode-migrator/gc@1"


def leftover_document(found: Sequence[Leftover], *, removed: bool) -> dict[str, Any]:
    """Return the document, with sizes in bytes; `removed` tells whether those that can go have been removed."""
    return {
        "format": FORMAT,
        "removed": removed,
        "bytes": sum(leftover.size for leftover in found if leftover.why_kept is None),
        "repositories": [
            {
                "path": leftover.git_dir,
                "worktree": leftover.worktree,
                "run": leftover.run,
                "bytes": leftover.size,
                "kept": leftover.why_kept,
                "gives_up": list(leftover.gives_up),
                "remedy": leftover.remedy,
            }
            for leftover in found
        ],
    }


def leftover_lines(found: Sequence[Leftover], *, removed: bool) -> Iterator[str]:
    """Yield what can go or was removed, and what is kept and why, each with its size."""
    removable = [leftover for leftover in found if leftover.why_kept is None]
    size = sum(leftover.size for leftover in removable)
    what = count(len(removable), "snapshot repository", "snapshot repositories")
    if removable:
        head = f"Removed {what}, {size_text(size)}." if removed else f"{what} to remove, {size_text(size)}."
        yield styled(head, bold=True)
    else:
        yield "Nothing was removed." if removed else "Nothing to remove."
    for leftover in removable:
        yield from _lines(leftover)
    kept = [leftover for leftover in found if leftover.why_kept is not None]
    if kept:
        yield f"{count(len(kept), 'snapshot repository', 'snapshot repositories')} kept:"
    for leftover in kept:
        yield from _lines(leftover)
        yield f"      kept, since {tilde(str(leftover.why_kept))}"


def _lines(leftover: Leftover) -> Iterator[str]:
    yield f"   {tilde(leftover.git_dir)}, {size_text(leftover.size)}"
    worktree = f"of {tilde(leftover.worktree)}, " if leftover.worktree else ""
    by = f"run {leftover.run}" if leftover.run else "a killed run or an unfinished removal"
    yield f"      {worktree}left behind by {by}"
    if leftover.gives_up:
        yield f"      {', '.join(leftover.gives_up)} can't be taken back without it"
