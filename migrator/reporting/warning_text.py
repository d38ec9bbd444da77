"""The warnings of a plan for people; those of sessions that stay lost together, the most frequent reason first."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import STILL_LOST
from migrator.reporting.next_steps import Step
from migrator.reporting.orphan_text import labelled_lines, to_settle
from migrator.reporting.style import SHOWS_ALL, styled
from migrator.text import agree, and_more, as_many_as_fit, count, printable, tilde, tilde_in, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from migrator.model import PlanWarning

ALIKE = 2
"""Of each kind of warning the first is shown; if there are more than so many others, they are folded."""
REASONS_SHOWN = 10
_NAMES = re.compile(r'"[^"]*"|(?<!\S)[^\s\d/~_]*+[\d/~_]\S*')
"""What makes two warnings of one kind differ: titles, paths, ids and numbers. A long word is read only once."""
_ONE_LINE = 2**31


def warning_lines(warnings: Iterable[PlanWarning], width: int | None = None, *, verbose: bool = False) -> Iterator[str]:
    """Yield the warnings of a plan, of many alike the first only unless `verbose`; without `width`, each is one line.

    The sessions that stay lost come last, grouped.
    """
    every = list(warnings)
    for shown, folded in alike(every, fold=not verbose):
        for text in shown:
            first, *rest = wrapped(text, (width or len(text) + 9) - 9) or [""]
            yield styled("warning: ", fg="yellow") + first
            yield from (" " * 9 + line for line in rest)
        if folded:
            yield f"        {and_more(len(folded))} like it; {SHOWS_ALL.get()}."
    if lost := sum(warning.code == STILL_LOST for warning in every):
        yield styled("still lost: ", fg="yellow") + count(lost, "session")
        yield from still_lost_lines(every, width, verbose=verbose)


def alike(warnings: Iterable[PlanWarning], *, fold: bool = True) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield what the warnings of each kind say, as it may be printed: what is shown, and what is folded.

    Those of one kind differ in names and numbers only. Those of sessions that stay lost are left out.
    """
    kinds: dict[tuple[str, str], list[str]] = {}
    for warning in warnings:
        if warning.code != STILL_LOST:
            kind = warning.code, _NAMES.sub("", warning.message)
            kinds.setdefault(kind, []).append(tilde_in(printable(warning.message)))
    for texts in kinds.values():
        number = 1 if fold and len(texts) > 1 + ALIKE else len(texts)
        yield texts[:number], texts[number:]


def still_lost_lines(
    warnings: Iterable[PlanWarning], width: int | None = None, *, verbose: bool = False
) -> Iterator[str]:
    """Yield why sessions stay lost, if any do: those with the same reason together, with the commands that settle it.

    The reasons of most sessions come first; with `verbose` all of them, and the ids.
    """
    ordered = grouped_lost(warnings)
    shown = ordered if verbose else ordered[:REASONS_SHOWN]
    for group in shown:
        yield from _group(group, width)
        if verbose:
            yield from (f"      {warning.session}" for warning in group)
    if len(shown) < len(ordered):
        more = and_more(sum(map(len, ordered[len(shown) :])), "session")
        yield f" {more} for {count(len(ordered) - len(shown), 'more reason')}; {SHOWS_ALL.get()}."


def grouped_lost(warnings: Iterable[PlanWarning]) -> list[list[PlanWarning]]:
    """Group the warnings of sessions that stay lost by their reason, that of most sessions first."""
    groups: dict[object, list[PlanWarning]] = {}
    for warning in warnings:
        if warning.code == STILL_LOST:
            lost = warning.lost
            alike = (lost.rule, lost.why, lost.commands, lost.likely_home) if lost else warning.message
            groups.setdefault(alike, []).append(warning)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].message))


def _group(group: Sequence[PlanWarning], width: int | None) -> Iterator[str]:
    """Yield what is said of sessions that stay lost for one reason; their directories too, if there are several."""
    room, number, lost = width or _ONE_LINE, count(len(group), "session"), group[0].lost
    if lost is None:  # a plan that an earlier version saved has nothing but the message
        yield from labelled_lines(number, group[0].message, room, "yellow")
        return
    evidence = {warning.lost.evidence for warning in group if warning.lost}
    directories = Counter(warning.lost.directory for warning in group if warning.lost)
    if len(evidence) == 1:
        label, text = number, lost.why if lost.why == lost.evidence else f"{lost.evidence}; {lost.why}"
    else:
        where = count(len(directories), "directory", "directories")
        label, text = f"{number} in {where} ({lost.rule})", lost.why
    yield from labelled_lines(label, f"{text}; {to_settle(lost.commands)}" if lost.commands else text, room, "yellow")
    yield from (f"      {command}" for command in lost.commands)
    if len(evidence) > 1:
        named = (f"{printable(tilde(directory))} {sessions:,}" for directory, sessions in directories.most_common())
        yield styled(f"      {as_many_as_fit(named, len(directories), (width or 80) - 6)}", dim=True)


def next_steps_of_lost(
    warnings: Iterable[PlanWarning], likely_command: str, explain_command: Callable[[str], str]
) -> Iterator[Step]:
    """Yield what to do about the sessions that stay lost.

    `likely_command` takes them to likely homes too; `explain_command` returns the one that explains a session. Ties
    have their commands with them already.
    """
    lost = [(warning.session or "", warning.lost) for warning in warnings if warning.lost]
    if likely := sum(parts.likely_home is not None for _, parts in lost):
        have = f"{count(likely, 'session')} {agree(likely, 'has')} a likely home."
        yield Step(f"{have} To take likely homes too:", likely_command)
    rest = [(session, parts.why) for session, parts in lost if not parts.commands and parts.likely_home is None]
    if rest:
        ((most_frequent, _),) = Counter(why for _, why in rest).most_common(1)
        example = next(session for session, why in rest if why == most_frequent)
        others = "the others" if len(rest) < len(lost) else "them"
        one = f"one of {others}" if len(rest) > 1 else "it"
        yield Step(f"For every fact about {one}:", explain_command(example))
