"""What an undo in opencode would do to the files of a turn if somebody asked for it today."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from migrator.store.turns import Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.store.turns import Turn


UNTIL_MENDED = "Until that is mended, an undo there may delete files."
"""What people are told of an unknown effect: opencode takes what it can't read for missing (seen with 1.18.34)."""


class UndoEffect(StrEnum):
    """What an undo would do, the worst last."""

    NOTHING = "nothing"
    RESTORES = "restores"
    UNKNOWN = "unknown"
    DELETES = "deletes"


class TurnEffect(NamedTuple):
    """What an undo would do to the files of one turn.

    `deletes` are the files that would be lost, and `because` says why. `removes` are files that the turn itself made,
    as an undo should. `restores` are files that get their old content back. `known` is false if we can't tell;
    `looked` also, if that is because something can't be looked at, which can be mended.
    """

    turn: Turn
    deletes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    because: str | None = None
    known: bool = True
    looked: bool = True

    @property
    def effect(self) -> UndoEffect:
        """The worst effect on any of its files."""
        if not self.known:
            return UndoEffect.UNKNOWN
        if self.deletes:
            return UndoEffect.DELETES
        return UndoEffect.RESTORES if self.removes or self.restores else UndoEffect.NOTHING


def worst_effect(turns: Iterable[TurnEffect]) -> UndoEffect:
    """Return what an undo of all these turns would do: if one deletes, it deletes."""
    return max((turn.effect for turn in turns), key=[*UndoEffect].index, default=UndoEffect.NOTHING)


def dangerous_turns(turns: Iterable[TurnEffect]) -> list[TurnEffect]:
    """Return those of these turns whose undo would delete files."""
    return [turn for turn in turns if turn.effect is UndoEffect.DELETES]


def by_message(turns: Iterable[TurnEffect], prompts: Mapping[str, Prompt]) -> dict[Prompt, list[TurnEffect]]:
    """Map each message of the user to the turns that answer it, one for each step; `prompts` has the prompt by part."""
    found: dict[Prompt, list[TurnEffect]] = {}
    for effect in turns:
        found.setdefault(prompts.get(effect.turn.part, Prompt(effect.turn.part, 0)), []).append(effect)
    return found
