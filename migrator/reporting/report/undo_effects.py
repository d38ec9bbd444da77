"""The report of what an undo in opencode would do to files today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.reporting.report.model import (
    GROUPS,
    Fact,
    Flow,
    Group,
    Link,
    Note,
    Report,
    ReportRow,
    Section,
    Share,
    Tone,
    shares,
)
from migrator.reporting.undo_effect_rows import redo_lines
from migrator.snapshots.undo_effect import UNTIL_MENDED, UndoEffect
from migrator.text import and_more, count, first_few, local_time, tilde, tilde_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.reporting.next_steps import Step

_WORDS = {
    UndoEffect.DELETES: ("would delete files", Tone.BAD),
    UndoEffect.UNKNOWN: ("nobody can tell", Tone.CAUTION),
    UndoEffect.RESTORES: ("restores files", Tone.GOOD),
    UndoEffect.NOTHING: ("touches no file", Tone.PLAIN),
}
"""Of each effect, the worst first."""

_FILES = 5


def undo_effects_report(
    value: Mapping[str, Any], headline: str, database: str, steps: Sequence[Step], whole: str | None = None
) -> Report:
    """Return the report of what `operations.doctor.check_undo` found: its `value`, and its text as the headline."""
    rows = value["sessions"]
    numbers = {effect: value[effect.value] for effect in _WORDS}
    deletes, unknown = numbers[UndoEffect.DELETES], numbers[UndoEffect.UNKNOWN]
    if deletes:
        text = f"An undo in opencode would delete files in {count(deletes, 'session')}. Nothing is lost yet: "
        verdict = Note(
            "Files would be lost", f"{text}`opencode-migrator protect` mends or detaches them.", tone=Tone.BAD
        )
    elif unknown:
        verdict = Note(f"Nobody can tell of {count(unknown, 'session')}", UNTIL_MENDED)
    else:
        verdict = Note("No undo would delete a file", "", tone=Tone.GOOD)
    groups: dict[tuple[UndoEffect, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((UndoEffect(row["undo"]), row["directory"]), []).append(row)
    links = (
        Link(tilde(directory), _WORDS[effect][0], Share(_WORDS[effect][0], len(some), _WORDS[effect][1]))
        for (effect, directory), some in groups.items()
    )
    return Report(
        "What an undo in opencode would do",
        (f"{headline[:1].upper()}{headline[1:]}.",),
        verdict,
        tuple(
            Fact(
                words[:1].upper() + words[1:],
                count(numbers[effect], "session"),
                "",
                tone if numbers[effect] else Tone.PLAIN,
            )
            for effect, (words, tone) in _WORDS.items()
        ),
        database,
        Flow("Sessions by what an undo would do", "Directory", "An undo", "What it does", tuple(links))
        if groups
        else None,
        tuple(Note("Redo", line.strip()) for line in redo_lines(value["redo"])),
        sections=tuple(_sections(groups)),
        steps=tuple(steps) if deletes else (),
        whole=whole,
    )


def _sections(groups: Mapping[tuple[UndoEffect, str], list[Mapping[str, Any]]]) -> Iterator[Section]:
    for effect, (words, tone) in _WORDS.items():
        mine = [(directory, some) for (of, directory), some in groups.items() if of is effect]
        mine.sort(key=lambda each: (-len(each[1]), each[0]))
        rooms = shares(len(some) for _, some in mine[:GROUPS])
        shown = [
            _group(
                directory,
                some,
                room,
                Share(words, len(some), tone),
                dangerous=effect in {*_WORDS} - {UndoEffect.NOTHING},
            )
            for (directory, some), room in zip(mine[:GROUPS], rooms, strict=True)
        ]
        if shown:
            yield Section(
                f"{count(sum(len(some) for _, some in mine), 'session')}: an undo {words}"
                if effect is not UndoEffect.UNKNOWN
                else f"{count(sum(len(some) for _, some in mine), 'session')}: {words}",
                tuple(shown),
                len(mine) - len(shown),
                sum(len(some) for _, some in mine[GROUPS:]),
            )


def _group(directory: str, some: Sequence[Mapping[str, Any]], room: int, part: Share, *, dangerous: bool) -> Group:
    return Group(
        tilde(directory),
        None,
        len(some),
        count(len(some), "session"),
        (part,),
        columns=("Turns",) if dangerous else (),
        rows=tuple(
            ReportRow(row["title"], row["id"], "", (tuple(_turns(row["turns"])),) if dangerous else ())
            for row in some[:room]
        ),
        hidden=len(some) - room,
    )


def _turns(turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what an undo of each turn would do, the first few files by name."""
    for turn in turns[:_FILES]:
        verbs = (("would delete", "deletes"), ("removes what the turn made,", "removes"), ("restores", "restores"))
        parts = [f"{verb} {_files(turn[key])}" for verb, key in verbs if turn[key]]
        because = f"; {turn['because']}" if turn["because"] else ""
        yield tilde_in(f"{local_time(turn['time'])}: {', '.join(parts) or 'touches no file'}{because}")
    if more := and_more(len(turns) - _FILES, "turn").strip():
        yield more


def _files(names: Sequence[str]) -> str:
    return first_few([tilde(name) for name in names], _FILES)
