"""`orphans --explain`: all that is known of one session, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.model import GLOBAL, OPENCODE_1, OPENCODE_2
from migrator.orphans.hidden import HiddenBy
from migrator.orphans.rule import DirectoryStatus
from migrator.reporting.next_steps import opening_command
from migrator.reporting.orphan_text import labelled_lines, tie_lines
from migrator.reporting.session_rows import orphan_rows, reason_row
from migrator.reporting.style import styled
from migrator.store.paging import unarchive_command
from migrator.text import local_time, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import Project, Session
    from migrator.orphans.explain import Explanation


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return the row of the orphan, with what the disk shows (`found`) and every rule's yes or no (`rules`).

    `heldBy` are the opencodes that have it, `hiddenBy` says which lists leave it out although it is where it belongs,
    and `open` is the command that opens it there all the same; null where it is lost, or opencode 1 doesn't have it.
    `merge` is the command that brings it here if only another database has it, or to opencode 2 if only opencode 1 has
    it.
    """
    (row,) = orphan_rows([explanation.orphan], [explanation.project] if explanation.project else [])
    info, place = explanation.info, explanation.info.place
    return row | {
        "parentId": explanation.orphan.session.parent_id,
        "workspaceId": explanation.orphan.session.binding.workspace_id,
        "inDatabase": explanation.in_database,
        "heldBy": explanation.held_by,
        "hiddenBy": [
            {"by": hidden.by.value, "lists": hidden.lists, "because": hidden.because} for hidden in explanation.hidden
        ],
        "open": open_command(explanation),
        "merge": explanation.merge,
        "found": {  # published keys never change: `standing` is the status
            "standing": info.status.value,
            "detail": info.detail,
            "realPath": info.real,
            "place": place
            and {
                "projectId": place.project_id,
                "toldBy": info.id_source,
                "worktree": place.worktree,
                "path": place.path,
                "vcs": place.vcs,
            },
            "keptId": info.kept_id,
        },
        "rules": [
            {
                "rule": result.rule,
                "found": bool(result.reasons) if result.reasons or result.known else None,
                "reasons": [reason_row(reason) for reason in result.reasons],
                "because": result.note or None,
            }
            for result in explanation.results
        ],
    }


def explanation_text(explanation: Explanation, width: int = 80) -> Iterator[str]:
    """Yield the lines: the row, the disk, the rules, where it belongs."""
    session = explanation.orphan.session
    yield styled(f'{session.id} "{one_line(session.title)}"', bold=True)
    for label, text in _facts(explanation):
        yield from labelled_lines(label, text, width, "cyan")
    yield ""
    for result in explanation.results:
        if not result.reasons:
            answer, colour = ("no ", "green") if result.known else ("?  ", "yellow")
            yield from labelled_lines(f"{answer}  {result.rule}", result.note or "nothing found", width, colour)
        for reason in result.reasons:
            label = f"yes  {result.rule} ({reason.certainty.value})"
            yield from labelled_lines(label, reason.evidence, width, "red")
    yield ""
    yield from _home(explanation, width)


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    session, info, project = explanation.orphan.session, explanation.info, explanation.project
    binding = session.binding
    archived = f", archived {local_time(session.archived)}" if session.archived is not None else ""
    outside = "" if explanation.in_database else "; not in this database"
    lacking = _lacking(explanation)
    yield "used last", local_time(session.updated) + archived + outside
    if lacking:
        yield "in this database", f"{_and(explanation.held_by)} has it, {_and(sorted(lacking))} doesn't"
    yield "stored directory", binding.directory or "none"
    yield "stored project", binding.project_id
    yield "stored path", "NULL" if binding.path is None else f'"{binding.path}"'
    yield "stored workspace", binding.workspace_id or "none"
    yield "stored parent", session.parent_id or "none"
    yield "project row", _project_row(project)
    yield "on the disk", info.detail
    if info.place is not None:
        place = info.place
        yield "to opencode", f"project {place.project_id} ({info.id_source})"
        yield "in checkout", f'{place.worktree}, path "{place.path}"'
        yield "id kept there", info.kept_id or "none"


def _project_row(project: Project | None) -> str:
    if project is None:
        return "none"
    worktree = "none of its own" if project.id == GLOBAL else f"worktree {project.worktree}"
    return f"{worktree}, {project.vcs or 'no vcs'}"


def home_is_unknown(explanation: Explanation) -> bool:
    """Tell whether a session is lost in this database, and nothing tells where it belongs."""
    orphan = explanation.orphan
    known = not orphan.reasons or orphan.suggestion is not None or bool(orphan.rivals)
    return not known and explanation.in_database and OPENCODE_2 not in _lacking(explanation)


def _home(explanation: Explanation, width: int) -> Iterator[str]:
    orphan = explanation.orphan
    if not orphan.reasons:
        yield from _in_place(explanation, width)
    elif not explanation.in_database:
        yield "It is not in this database, so nothing here can bind it to a directory."
    elif OPENCODE_2 in _lacking(explanation):
        session = orphan.session
        yield "Opencode 1 has it, and where it does is not looked at here; opencode 2 doesn't have it."
        if explanation.info.status is DirectoryStatus.THERE:
            yield f"  {styled('open it in opencode 1', fg='cyan')}: {_opening(explanation, session)}"
        if explanation.merge:
            yield f"  {styled('have opencode 2 import it', fg='cyan')}: {explanation.merge}"
    elif orphan.suggestion is not None:
        home = orphan.suggestion
        text = f"{home.directory}, project {home.project_id}; {home.because}"
        yield from labelled_lines(f"home ({home.certainty.value})", text, width, "green")
    elif orphan.rivals:
        yield from tie_lines(orphan, width)
    else:
        yield "Where it belongs is not known."


def _in_place(explanation: Explanation, width: int) -> Iterator[str]:
    """Yield who shows a session that is no orphan, which lists leave it out, and how to open it all the same."""
    session, root = explanation.orphan.session, explanation.root
    who = OPENCODE_2 if OPENCODE_2 in explanation.held_by else "opencode"
    if session.id != root.id:
        yield f"It isn't lost: {who} shows it below its root {root.id}; lists show only roots."
    elif explanation.hidden:
        yield f"It isn't lost: {who} resumes it where it is, but not every list shows it."
    else:
        yield f"It isn't lost: {who} shows and resumes it where it is."
    if explanation.held_by == (OPENCODE_2,):
        yield "Opencode 1 doesn't have it, and no command brings it there: go on with it in opencode 2."
    elif OPENCODE_2 in explanation.held_by:
        yield "Opencode 1 has it too, in a row of its own, which is not looked at here."
    label = "left out" if session.id == root.id else "root left out"
    for hidden in explanation.hidden:
        yield from labelled_lines(f"{label} by {hidden.by}", f"{_and(hidden.lists)}; {hidden.because}", width, "yellow")
    command = open_command(explanation)
    if explanation.hidden and command:  # each command in one line, to be copied
        yield f"  {styled('open it', fg='cyan')}: {command}"
        found = "the terminal UI searches all titles for what is typed into its list of sessions"
        yield from labelled_lines("find it", found, width, "cyan")
    if any(hidden.by is HiddenBy.ARCHIVE for hidden in explanation.hidden):
        text = "opencode has no command that takes an archive back; with opencode closed, this does:"
        yield from labelled_lines("archive", text, width, "cyan")
        yield f"    {unarchive_command(explanation.database, explanation.root.id)}"


def _lacking(explanation: Explanation) -> set[str]:
    """Return the opencodes that have tables in the database, but not this session."""
    return set(explanation.opencodes).difference(explanation.held_by) if explanation.held_by else set()


def open_command(explanation: Explanation) -> str | None:
    """Return the command that opens a session, or the root that it is below, where it belongs.

    Seen with opencode 1. None where it is lost, or opencode 1 doesn't have it.
    `merge` is the command that brings it here, if only another database has it.
    """
    root = explanation.root
    if explanation.orphan.reasons or explanation.held_by != (OPENCODE_1,):
        return None
    return _opening(explanation, root)


def _opening(explanation: Explanation, session: Session) -> str:
    return opening_command(session.directory, session.id, explanation.database)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
