"""A report as Markdown, for a pull request or a chat: nothing in it is taken for markup, a mention or a link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrator.paths import is_absolute
from migrator.reporting.report.model import Tone
from migrator.reporting.report.prose import sentence_pieces
from migrator.text import and_more, count, printable, shortened, shortened_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.reporting.report.model import Group, Report, Section, Values

ROWS, GROUPS, VALUES, NOTES = 10, 20, 5, 20
"""How much of a report fits into a comment: GitHub takes 65,536 characters."""

TITLE, PATH, PROSE = 80, 120, 400

_MARKS = {Tone.GOOD: "\u2705", Tone.CAUTION: "\u26a0\ufe0f", Tone.BAD: "\u274c", Tone.PLAIN: "\u2139\ufe0f"}


def markdown_lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report."""
    yield f"## {_prose(report.title)}"
    yield ""
    yield "".join(_code(piece, PATH) if at % 2 else _escaped(piece) for at, piece in enumerate(report.lead))
    yield ""
    verdict = report.verdict
    yield f"{_MARKS[verdict.tone]} **{_prose(verdict.label)}.** {_prose(verdict.text)}".rstrip()
    yield ""
    for fact in report.facts:
        detail = f" ({_prose(fact.detail)})" if fact.detail else ""
        yield f"- {fact.label}: **{_words(fact.value)}**{detail}"
    for step in report.steps:
        yield from ("", _prose(step.what), "", *_command(step.command))
    if report.notes:
        yield from ("", "### What to know first", "")
        for note in report.notes[:NOTES]:
            yield f"- **{_prose(note.label)}.** {_prose(note.text)}"
            yield from (f"  - {_code(command, PROSE)}" for command in note.commands)
        if note.alike:
            yield f"  - {and_more(len(note.alike)).strip()} like it"
        if more := and_more(report.hidden_notes + max(len(report.notes) - NOTES, 0)):
            yield f"- {more.strip()}"
    if report.changes:
        yield from ("", "### What else changes", "")
        yield from _values(report.changes[:GROUPS], len(report.changes) - GROUPS)
    left = GROUPS
    for section in report.sections:
        yield from _section(section, left)
        left = max(left - len(section.groups), 0)
    if report.whole:
        yield from ("", "Every session and every value, as JSON:", "", *_command(report.whole))


def _section(section: Section, room: int) -> Iterator[str]:
    yield from ("", f"### {_words(section.heading)}")
    for group in section.groups[:room]:
        yield from _group(group)
    rest = section.groups[room:]
    if groups := len(rest) + section.hidden_groups:
        sessions = sum(group.sessions for group in rest) + section.hidden
        yield from ("", f"{and_more(groups, 'group').strip()} with {count(sessions, 'session')}.")


def _group(group: Group) -> Iterator[str]:
    to = f" \u2192 {_code(group.target, PATH)}" if group.target else ""
    parts = "".join(f"; {part.words} {part.sessions:,}" for part in group.parts)
    yield from ("", f"**{_code(group.source, PATH)}{to}**: {_prose(group.detail)}{parts}")
    if group.reasons or group.commands:
        yield ""
    yield from (f"- {label}: {_prose(text)}" for label, text in group.reasons)
    yield from (f"- {_code(command, PROSE)}" for command in group.commands)
    if group.values:
        yield ""
        yield from _values(group.values[:VALUES], len(group.values) - VALUES + group.hidden_values)
    titles = [_code(row.title, TITLE) for row in group.rows[:ROWS]]
    yield from ("", *([f"{', '.join(titles)}{and_more(group.sessions - len(titles))}"] if titles else []))


def _values(values: Sequence[Values], more: int) -> Iterator[str]:
    yield "| field | before | after |"
    yield "| --- | --- | --- |"
    for each in values:
        yield f"| {_prose(each.field)} | {_cell(each.before)} | {_cell(each.after)} |"
    if more > 0:
        yield f"| {and_more(more).strip()} | | |"


def _command(command: str) -> Iterable[str]:
    fence = "`" * max(3, _longest_run(command) + 1)
    return (f"{fence}sh", printable(command), fence)


def _code(text: str, width: int) -> str:
    """Return text of others between as many backticks as it takes."""
    cut = shortened_path if "/" in text or is_absolute(text) else shortened
    shown = cut(" ".join(text.split()), width)
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _cell(text: str) -> str:
    return _code(text, PATH).replace("|", "\\|")


def _words(text: str) -> str:
    """Return a path as code, and words as they are."""
    return _code(text, PATH) if is_absolute(text) or text.startswith("~") else _prose(text)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


_MARKUP = re.compile(r"@|#(?=\d)|://|www\.|[\\`*_{}\[\]<>#|~!&]")
"""What would become markup, or for GitHub a mention, a reference or a link, which a backslash doesn't stop."""


def _prose(text: str) -> str:
    """Return a sentence; a command between backticks stays code."""
    pieces = sentence_pieces(text, PROSE, PATH)
    return "".join(_code(piece, PROSE) if at % 2 else _escaped(piece) for at, piece in enumerate(pieces) if piece)


def _escaped(text: str) -> str:
    return _MARKUP.sub(
        lambda found: f"\\{found[0]}" if len(found[0]) == 1 and found[0] not in "@#" else f"`{found[0]}`", text
    )
