"""The plan for people: groups of `from -> to` first, every row with `verbose`; readable at 80 columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.documents.summary import summary
from migrator.model import BECAUSE, REDO_OF, UNDO_OF, FileUndo, ProjectAction
from migrator.reporting.merge_text import (
    lines_besides_sessions,
    partly_here,
    planned_text,
    takes_out,
    without_origins,
)
from migrator.reporting.orphan_text import labelled_lines
from migrator.reporting.style import SHOWS_ALL, styled
from migrator.reporting.warning_text import warning_lines
from migrator.text import (
    agree,
    and_more,
    as_many_as_fit,
    count,
    one_line,
    printable,
    shortened,
    tilde,
    tilde_in,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.model import Binding, Change, Plan, ProjectChange

GROUPS_SHOWN = 20
REASONS_SHOWN = 3


def plan_text(plan: Plan, width: int = 80, *, verbose: bool = False) -> Iterator[str]:
    """Yield the lines of a plan, without the command that applies it."""
    yield headline(plan)
    if plan.merge is not None and (here := "; ".join(filter(None, [partly_here(plan), unchanged_words(plan)]))):
        yield f"{here}."
    yield from change_lines(plan, width, verbose=verbose)
    yield from warning_lines(plan.warnings, width, verbose=verbose)


def change_lines(plan: Plan, width: int = 80, *, verbose: bool = False, done: bool = False) -> Iterator[str]:
    """Yield the lines that say what a plan changes, or changed, if that is `done`."""
    plan = without_origins(plan)
    yield from _groups(plan, width, verbose=verbose)
    if lines := [*_besides_sessions(plan, width, verbose=verbose, done=done)]:
        yield ""
        yield from lines


def _groups(plan: Plan, width: int, *, verbose: bool) -> Iterator[str]:
    groups = grouped(plan)
    shown = groups if verbose else groups[:GROUPS_SHOWN]
    heading = ""
    for (repository, source, target), changes in shown:
        yield ""
        if repository != heading:
            heading = repository
            every = [change for group, some in groups if group[0] == repository for change in some]
            yield styled(f"{count(len(every), 'session')} of {tilde(repository)}:", bold=True)
        yield from _group(source, target, changes, width, verbose=verbose)
    if len(groups) > len(shown):
        rest = sum(len(changes) for _, changes in groups[len(shown) :])
        yield ""
        more = and_more(len(groups) - len(shown), "group").lstrip()
        yield f"{more} with {count(rest, 'session')}; {SHOWS_ALL.get()}."


def _besides_sessions(plan: Plan, width: int, *, verbose: bool, done: bool) -> Iterator[str]:
    """Yield what becomes of project rows, file undo, and what else a plan changes."""
    for project in plan.projects:
        if project.action is ProjectAction.REGISTER:
            verb = "registered" if done else "register"
            yield f"{verb} project {project.id[:12]} with worktree {tilde(project.worktree)}"
    updates = plan.updates if verbose else plan.updates[:GROUPS_SHOWN]
    for project in updates:
        yield from _update(project, "updated" if done else "update")
    if len(plan.updates) > len(updates):
        more = and_more(len(plan.updates) - len(updates), "project").lstrip()
        yield f"{more} {'updated' if done else 'to update'}; {SHOWS_ALL.get()}."
    if not takes_out(plan):
        yield f"file undo: {turn_words(plan.changes) if plan.moving else _undo_words(plan.changes)}"
    yield from _obstacles(plan.changes, width, verbose=verbose)
    if any(change.undo is FileUndo.DETACH or change.turns.detached for change in plan.changes):
        yield f"{'':11}detached: an undo of these in opencode changes no file"
    yield from _announcement(plan, done=done)
    if plan.merge is not None:
        yield from lines_besides_sessions(plan, plan.merge, done=done)


def _announcement(plan: Plan, *, done: bool) -> Iterator[str]:
    moving = sum(change.before.directory != change.after.directory for change in plan.changes)
    if plan.announce:
        yield f"the model of opencode 2 {'was' if done else 'is'} told of the new directory: {count(moving, 'session')}"
    elif plan.dialect != "v1" and moving:
        yield f"no message {'told' if done else 'tells'} the model of opencode 2 of the new directory"


def headline(plan: Plan) -> str:
    """Return the first line of a plan: how much moves."""
    return styled(headline_text(plan), bold=True)


def headline_text(plan: Plan) -> str:
    """Return the same without a style."""
    numbers = summary(plan)
    if plan.merge is not None:
        return f"Plan: {planned_text(plan, plan.merge, sessions_text(plan.changes), direction(plan.changes))}."
    rest = (words := unchanged_words(plan)) and f"; {words}"
    if plan.changes and not plan.moving:
        return f"Plan: file undo of {count(numbers['sessions'], 'session')} to change, nothing moves{rest}."
    parts = []
    if plan.changes or not plan.updates:
        parts.append(f"{sessions_text(plan.changes)} to move{_DIRECTIONS.get(direction(plan.changes) or '', '')}")
    if plan.updates:
        parts.append(f"{count(numbers['projects_updated'], 'project')} to update")
    return f"Plan: {', '.join(parts)}{rest}."


def sessions_text(changes: Sequence[Change]) -> str:
    """Return `17 sessions (3 of subagents)`: how many there are, and how many of them are children of others."""
    children = sum(change.session != change.root for change in changes)
    return count(len(changes), "session") + (f" ({children:,} of subagents)" if children else "")


def unchanged_words(plan: Plan) -> str:
    """Return `3 sessions are there already`, or what else is true of those that a plan doesn't change; "" for none."""
    number = len(plan.unchanged)
    if plan.in_place:
        words = f"left as {'it is' if number == 1 else 'they are'}"
    elif plan.relocated is not None:
        words = f"above or below them {agree(number, 'stays')}"
    elif plan.merge is not None:
        words = f"{agree(number, 'is')} here already"
    else:
        words = f"{agree(number, 'is')} there already"
    return f"{count(number, 'session')} {words}" if number else ""


def nothing_words(plan: Plan) -> str:
    """Return why a plan changes nothing: what is true of all its sessions, or that it has none."""
    return unchanged_words(plan) or ("no session to move" if plan.merge is None else "no session to bring in")


def _update(project: ProjectChange, verb: str) -> Iterator[str]:
    """Yield before and after of what changes in a project row and in the rows that belong to it."""
    if project.before is None or project.after is None:
        return
    yield f"{verb} project {project.id[:12]}"
    for column, before, after in zip(project.before._fields, project.before, project.after, strict=True):
        if before != after:
            yield f"      {column}: {tilde(before)} -> {tilde(after)}"
    for change in project.directories:
        before, after = (tilde(str(dict(row)["directory"])) if row else "none" for row in change)
        yield f"      directory: {before} -> {after}"
    for workspace in project.workspaces:
        before, after = (tilde(path) for path in (workspace.before, workspace.after))
        yield f"      workspace {workspace.id}: {before} -> {after}"


def grouped(plan: Plan) -> list[tuple[tuple[str, str, str], list[Change]]]:
    """Group changes by repository, old and new directory, largest first; the repository is "" if there is only one."""
    repositories = {(source.directory, source.project_id): source.repository for source in plan.sources}
    groups: dict[tuple[str, str, str], list[Change]] = {}
    sizes = Counter[str]()
    for change in plan.changes:
        before = change.before
        repository = repositories.get((before.directory, before.project_id), "")
        groups.setdefault((repository, before.directory, change.after.directory), []).append(change)
        sizes[repository] += 1
    return sorted(groups.items(), key=lambda group: (-sizes[group[0][0]], group[0][0], -len(group[1]), group[0]))


def _group(source: str, target: str, changes: Sequence[Change], width: int, *, verbose: bool) -> Iterator[str]:
    if source == target:
        yield f"   in {styled(tilde(source), fg='cyan')}"
    else:
        yield f" from {styled(tilde(source), fg='red')}"
        yield f"   to {styled(tilde(target), fg='green')}"
    counted = f"{sessions_text(changes)}; file undo: {_undo_words(changes)}"
    yield from (f"      {line}" for line in wrapped(counted, width - 6, "  "))
    if verbose:
        for change in changes:
            yield from _row(change, width)
        return
    yield from _reasons(changes, width)
    yield from _values(changes, width)
    titles = [change.title for change in changes if change.session == change.root] or [c.title for c in changes]
    quoted = (f'"{shortened(one_line(title), width - 22)}"' for title in titles)
    yield styled(f"      {as_many_as_fit(quoted, len(titles), width - 6)}", dim=True)


def _reasons(changes: Sequence[Change], width: int) -> Iterator[str]:
    """Yield why sessions belong where they go; no line if the user named the place."""
    reasons = (words for change in changes for words in change.selected_by if words.startswith(BECAUSE))
    for reason in dict.fromkeys(reasons):
        lines = labelled_lines(BECAUSE.strip(), reason.removeprefix(BECAUSE), width - 4, "green")
        yield from (f"    {line}" for line in lines)


def _values(changes: Sequence[Change], width: int) -> Iterator[str]:
    """Yield before and after of every field that changes: the most frequent values, and how many others."""
    tally: dict[str, Counter[tuple[str, str]]] = {}
    for change in changes:
        for field, before, after in differences(change.before, change.after):
            tally.setdefault(field, Counter())[before, after] += 1
    for field, values in tally.items():
        (before, after), *others = sorted(values, key=lambda pair: (-values[pair], pair))
        more = and_more(len(others), "value")
        room = width - len(more)
        if field == "project_id":
            before, after = before[:12], after[:12]
        yield shortened(f"      {field}: {before} -> {after}", room) + more


def _row(change: Change, width: int) -> Iterator[str]:
    yield shortened(f'      {change.session} "{one_line(change.title)}"', width)
    if change.session != change.root:
        yield f"        (of a subagent, below {change.root})"
    details = [f"{field}: {before} -> {after}" for field, before, after in differences(change.before, change.after)]
    if change.before.directory != change.after.directory:
        details.insert(0, f"directory: {tilde(change.before.directory)} -> {tilde(change.after.directory)}")
    details.append(f"file undo: {undo_word(change)}")
    if change.selected_by:
        details.append(f"selected by {tilde_in(', '.join(change.selected_by))}")
    for detail in details:
        yield from (f"        {line}" for line in wrapped(detail, width - 8, "  "))


OTHER_FIELDS = ("project_id", "path", "workspace_id")
"""The fields of a binding besides the directory."""


def differences(before: Binding, after: Binding, *fields: str) -> Iterator[tuple[str, str, str]]:
    """Yield (field, before, after) of what changes; without `fields`, besides the directory."""
    for field in fields or OTHER_FIELDS:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield field, _value(old), _value(new)


def _value(value: str | None) -> str:
    return "NULL" if value is None else value or '""'


_WORDS = {
    FileUndo.CARRY: "carried", FileUndo.DETACH: "detached", FileUndo.SET_BACK: "set back", FileUndo.NONE: "none",
}  # fmt: skip
_DIRECTIONS = {UNDO_OF: " back", REDO_OF: " again"}
_RESTORED = {UNDO_OF: "set back", REDO_OF: "changed again"}
"""What an undo and a redo do to file undo that the run had changed."""


def direction(changes: Sequence[Change]) -> str | None:
    """Return UNDO_OF or REDO_OF if these changes take a run back, or bring it about again; else None."""
    why = next((change.selected_by[0] for change in changes if change.selected_by), "")
    return next((way for way in _DIRECTIONS if why.startswith(way)), None)


def _undo_words(changes: Iterable[Change]) -> str:
    tally = Counter(dict.fromkeys([*_RESTORED.values(), *_WORDS.values()], 0))  # in this order
    tally.update(map(undo_word, changes))
    none = tally.pop(_WORDS[FileUndo.NONE], 0)
    words = [f"{word} {number:,}" for word, number in tally.items() if number]
    return ", ".join([*words, f"{none:,} {agree(none, 'has')} none"] if words and none else words) or "none"


def undo_word(change: Change) -> str:
    """Return what becomes of the file undo of a session."""
    way = direction([change])
    if change.undo is not FileUndo.NONE and way:
        return _RESTORED[way]
    if change.moves or change.undo is not FileUndo.CARRY:
        return _WORDS[change.undo]
    if change.turns.mended:
        return "mended in part" if change.turns.detached else "mended"
    return "detached in part"


def turn_words(changes: Iterable[Change]) -> str:
    """Return how many turns keep their file undo and how many lose it."""
    undone = [change for change in changes if change.undo is not FileUndo.NONE]
    if way := direction(undone):
        return f"{_RESTORED[way]} in {count(len(undone), 'session')}"
    carrying = [change.turns.carried for change in undone if change.turns.carried]
    restored = sum(change.undo is FileUndo.CARRY and not change.turns.carried for change in undone)
    losing = [change.turns.detached for change in undone if change.turns.detached]
    uncounted = sum(change.undo is FileUndo.DETACH and not change.turns.detached for change in undone)
    words = []
    if carrying:
        words.append(f"carried {count(sum(carrying), 'turn')} of {count(len(carrying), 'session')}")
    if restored:
        words.append(f"carried with {count(restored, 'session')}")
    if losing:
        words.append(f"detached {count(sum(losing), 'turn')} of {count(len(losing), 'session')}")
    if uncounted:
        words.append(f"detached every turn of {count(uncounted, 'session')}")
    return "; ".join(words) or "none"


def _obstacles(changes: Iterable[Change], width: int, *, verbose: bool) -> Iterator[str]:
    """Yield why file undo is detached, what concerns most sessions first, the first few only unless `verbose`."""
    tally = Counter(change.turns.because for change in changes if change.turns.because)
    reasons = sorted(tally, key=lambda why: (-tally[why], why))
    shown = reasons if verbose else reasons[:REASONS_SHOWN]
    for why in shown:
        text = f"because {tilde_in(printable(why))}"
        yield from (" " * 11 + line for line in wrapped(text, width - 11))
    if len(reasons) > len(shown):
        yield f"          {and_more(len(reasons) - len(shown), 'reason')}; {SHOWS_ALL.get()}."
