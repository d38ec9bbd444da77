"""Report what an undo in opencode would do, turn by turn: as rows for programs, as lines for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from migrator.reporting.style import SHOWS_ALL, styled
from migrator.snapshots.undo_effect import UNTIL_MENDED, UndoEffect, by_message, worst_effect
from migrator.text import agree, and_more, count, first_few, local_time, one_line, shortened, tilde

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Session
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.turns import Prompt

SESSIONS_SHOWN = 20
FILES_SHOWN = 10
REDO_SHOWN = 3


def undo_effect_rows(
    sessions: Iterable[Session], effects: Mapping[str, Sequence[TurnEffect]], prompts: Mapping[str, Prompt]
) -> list[dict[str, Any]]:
    """Return one JSON object for each session that has file undo, the dangerous first; times in milliseconds.

    `effects` has the turns by session, `prompts` the user's message by part.
    """
    order = list(reversed(UndoEffect))
    rows = [
        {
            **_session(session),
            "undo": worst_effect(effects[session.id]).value,
            "turns": list(_turns(effects[session.id], prompts)),
        }
        for session in sessions
        if session.id in effects
    ]
    return sorted(rows, key=lambda row: order.index(UndoEffect(row["undo"])))


def _session(session: Session) -> dict[str, Any]:
    return {"id": session.id, "title": session.title, "directory": session.directory}


def _turns(turns: Iterable[TurnEffect], prompts: Mapping[str, Prompt]) -> Iterator[dict[str, Any]]:
    """Yield one object for each message of the user, which may have been answered in several steps."""
    for (message, time), steps in by_message(turns, prompts).items():
        yield {
            "message": message,
            "time": time,
            "undo": worst_effect(steps).value,
            "deletes": _files(step.deletes for step in steps),
            "removes": _files(step.removes for step in steps),
            "restores": _files(step.restores for step in steps),
            "because": next((step.because for step in steps if step.because), None),
        }


def redo_rows(sessions: Iterable[Session], overwritten: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return one JSON object for each session in which a redo would overwrite files outside its directory."""
    return [
        {**_session(session), "overwrites": list(overwritten[session.id])}
        for session in sessions
        if session.id in overwritten
    ]


def redo_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each session of `redo_rows`."""
    for row in rows:
        files = row["overwrites"]
        names = first_few([tilde(file) for file in files], REDO_SHOWN)
        yield (
            f"   {row['id']} in {tilde(row['directory'])} is undone: a redo would overwrite what has changed "
            f"outside of it, {names}; opencode kept track of that directory only."
        )


def _files(of_steps: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(file for files in of_steps for file in files))


def undo_effect_headline(rows: Sequence[dict[str, Any]], sessions: int) -> str:
    """Return how many of the sessions an undo would affect in which way, in one line."""
    tally = {effect: sum(row["undo"] == effect.value for row in rows) for effect in UndoEffect}
    words = {
        UndoEffect.DELETES: "deletes files in",
        UndoEffect.UNKNOWN: "is unknown in",
        UndoEffect.RESTORES: "restores in",
        UndoEffect.NOTHING: "does nothing in",
    }
    parts = [f"{text} {count(tally[effect], 'session')}" for effect, text in words.items() if tally[effect]]
    without = sessions - len(rows)
    parts += [f"{count(without, 'session')} {agree(without, 'has')} none"] if without or not rows else []
    return f"file undo in opencode: {', '.join(parts)}"


def undo_effect_lines(rows: Sequence[dict[str, Any]], width: int, *, verbose: bool) -> Iterator[str]:
    """Yield why some effects are unknown, then the dangerous sessions with their dangerous turns and files."""
    reasons = Counter(
        because
        for row in rows
        for because in {turn["because"] for turn in row["turns"] if turn["undo"] == UndoEffect.UNKNOWN.value}
    )
    for because, number in reasons.items():
        yield f"   {count(number, 'session')}: {because}"
    if reasons:
        yield f"   {UNTIL_MENDED}"
    dangerous = [row for row in rows if row["undo"] == UndoEffect.DELETES.value]
    for row in dangerous if verbose else dangerous[:SESSIONS_SHOWN]:
        yield ""
        yield shortened(f'{row["id"]} "{one_line(row["title"])}"', width)
        yield f"   in {tilde(row['directory'])}"
        for turn in row["turns"]:
            if turn["undo"] == UndoEffect.DELETES.value:
                yield from _turn(turn, verbose=verbose)
    if not verbose and len(dangerous) > SESSIONS_SHOWN:
        yield ""
        yield f"{and_more(len(dangerous) - SESSIONS_SHOWN, 'session').lstrip()}; {SHOWS_ALL.get()}."


def _turn(turn: dict[str, Any], *, verbose: bool) -> Iterator[str]:
    files = turn["deletes"]
    head = f"   {local_time(turn['time'])} {turn['message']}: would delete {count(len(files), 'file')}"
    yield styled(head, fg="red")
    yield f"      since {turn['because']}:"
    for file in files if verbose else files[:FILES_SHOWN]:
        yield f"      {tilde(file)}"
    if not verbose and len(files) > FILES_SHOWN:
        yield f"     {and_more(len(files) - FILES_SHOWN)}"
