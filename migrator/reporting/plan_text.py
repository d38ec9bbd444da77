"""The plan for people: groups of `from -> to` first, every row with `verbose`; readable at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.model import ProjectAction, Undo
from migrator.reporting.plan_json import summary
from migrator.reporting.words import cells, count, one_line, shortened, tilde

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.model import Change, Plan

GROUPS_SHOWN = 20
REASONS_SHOWN = 3


def plan_text(plan: Plan, width: int = 80, *, verbose: bool = False) -> Iterator[str]:
    """Yield the lines of a plan, without the command that applies it."""
    yield headline(plan)
    groups = _grouped(plan.changes)
    shown = groups if verbose else groups[:GROUPS_SHOWN]
    for (source, target), changes in shown:
        yield ""
        yield from _group(source, target, changes, width, verbose=verbose)
    if len(groups) > len(shown):
        rest = sum(len(changes) for _, changes in groups[len(shown) :])
        yield ""
        yield f"and {count(len(groups) - len(shown), 'more group')} with {count(rest, 'session')}; --verbose shows all."
    yield ""
    for project in plan.projects:
        if project.action is ProjectAction.REGISTER:
            yield f"register project {project.id[:12]} with worktree {one_line(tilde(project.worktree))}"
    yield f"file undo: {_turn_words(plan.changes)}"
    yield from _reasons(plan.changes, width, verbose=verbose)
    yield from warning_lines(plan, width, verbose=verbose)


def headline(plan: Plan) -> str:
    """Return the first line of a plan: how much moves."""
    numbers = summary(plan)
    right = f"; {count(numbers['unchanged'], 'session')} already right" if plan.unchanged else ""
    text = f"Plan: {count(numbers['sessions'], 'session')} in {count(numbers['trees'], 'tree')} to move{right}."
    return click.style(text, bold=True)


def warning_lines(plan: Plan, width: int | None = None, *, verbose: bool = False) -> Iterator[str]:
    """Yield the warnings of a plan, the first ones only unless `verbose`; each is one line where there is no width."""
    from textwrap import wrap

    for warning in plan.warnings if verbose else plan.warnings[:GROUPS_SHOWN]:
        text = one_line(warning.message)
        room = (width or len(text) + 9) - 9
        first, *rest = wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        yield click.style("warning: ", fg="yellow") + first
        yield from (" " * 9 + line for line in rest)
    if not verbose and len(plan.warnings) > GROUPS_SHOWN:
        yield f"and {count(len(plan.warnings) - GROUPS_SHOWN, 'more warning')}; --verbose shows all."


def _grouped(changes: Iterable[Change]) -> list[tuple[tuple[str, str], list[Change]]]:
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.before.directory, change.after.directory), []).append(change)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _group(source: str, target: str, changes: Sequence[Change], width: int, *, verbose: bool) -> Iterator[str]:
    trees = len({change.root for change in changes})
    if source == target:
        yield f"   in {click.style(one_line(tilde(source)), fg='cyan')}"
    else:
        yield f" from {click.style(one_line(tilde(source)), fg='red')}"
        yield f"   to {click.style(one_line(tilde(target)), fg='green')}"
    yield f"      {count(len(changes), 'session')} in {count(trees, 'tree')}; file undo: {_undo_words(changes)}"
    if verbose:
        for change in changes:
            yield from _row(change, width)
        return
    yield from _values(changes, width)
    titles = [change.title for change in changes if change.session == change.root] or [c.title for c in changes]
    yield click.style(f"      {_titles(titles, width - 6)}", dim=True)


def _values(changes: Sequence[Change], width: int) -> Iterator[str]:
    """Yield before and after of every field that changes: the most frequent values, and how many others."""
    tally: dict[str, dict[tuple[str, str], int]] = {}
    for change in changes:
        for field, before, after in _differences(change):
            values = tally.setdefault(field, {})
            values[before, after] = values.get((before, after), 0) + 1
    for field, values in tally.items():
        (before, after), *others = sorted(values, key=lambda pair: (-values[pair], pair))
        more = f" and {count(len(others), 'more value')}" if others else ""
        room = width - len(more)
        yield shortened(f"      {field}: {_brief(field, before)} -> {_brief(field, after)}", room) + more


def _titles(titles: Sequence[str], room: int) -> str:
    """Return as many titles as fit into one line, and how many more there are."""
    shown = [f'"{shortened(titles[0], room - 16)}"']
    for title in titles[1:]:
        quoted = f'"{shortened(title, room)}"'
        if cells(", ".join([*shown, quoted])) + len(" and 99,999 more") > room:
            break
        shown.append(quoted)
    rest = len(titles) - len(shown)
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")


def _row(change: Change, width: int) -> Iterator[str]:
    mark = "" if change.session == change.root else f" (tree of {change.root})"
    yield shortened(f'      {change.session} "{change.title}"', width)
    if mark:
        yield f"       {mark}"
    if change.before.directory != change.after.directory:
        yield one_line(f"        directory: {change.before.directory} -> {change.after.directory}")
    for field, before, after in _differences(change):
        yield f"        {field}: {before} -> {after}"
    yield f"        file undo: {_WORDS[change.undo]}; selected by {one_line(', '.join(change.selected_by))}"


def _differences(change: Change) -> Iterator[tuple[str, str, str]]:
    """Yield (field, before, after) of what changes beside the directory."""
    for field in ("project_id", "path", "workspace_id"):
        before, after = getattr(change.before, field), getattr(change.after, field)
        if before != after:
            yield field, _value(before), _value(after)


def _brief(field: str, value: str) -> str:
    return value[:12] if field == "project_id" else value


def _value(value: str | None) -> str:
    return "NULL" if value is None else one_line(value) or '""'


_WORDS = {Undo.CARRY: "carried", Undo.DETACH: "detached", Undo.NONE: "none"}


def _undo_words(changes: Iterable[Change]) -> str:
    tally = dict.fromkeys(Undo, 0)
    for change in changes:
        tally[change.undo] += 1
    return ", ".join(f"{_WORDS[undo]} {number}" for undo, number in tally.items() if number) or "none"


def _turn_words(changes: Iterable[Change]) -> str:
    """Return how many turns keep their file undo and how many lose it."""
    undone = [change for change in changes if change.undo is not Undo.NONE]
    carrying = [change.turns.carried for change in undone if change.turns.carried]
    restored = sum(change.undo is Undo.CARRY and not change.turns.carried for change in undone)
    losing = [change.turns.detached for change in undone if change.turns.detached]
    uncounted = sum(change.undo is Undo.DETACH and not change.turns.detached for change in undone)
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


def _reasons(changes: Iterable[Change], width: int, *, verbose: bool) -> Iterator[str]:
    """Yield why file undo is detached, what concerns most sessions first, the first few only unless `verbose`."""
    from textwrap import wrap

    tally: dict[str, int] = {}
    for change in changes:
        if change.turns.because:
            tally[change.turns.because] = tally.get(change.turns.because, 0) + 1
    reasons = sorted(tally, key=lambda why: (-tally[why], why))
    shown = reasons if verbose else reasons[:REASONS_SHOWN]
    for why in shown:
        text = f"because {' '.join(map(tilde, one_line(why).split(' ')))}"
        yield from (" " * 11 + line for line in wrap(text, width - 11, break_long_words=False, break_on_hyphens=False))
    if len(reasons) > len(shown):
        yield f"           and {count(len(reasons) - len(shown), 'more reason')}; --verbose shows all."
