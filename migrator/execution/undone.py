"""Which runs are taken back: told from what each says of itself, whoever has read that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


class Undone(NamedTuple):
    """What is taken back: what was taken back, and wasn't brought about again.

    `by` maps each run of which nothing is left to the run that took the last of it back. `sessions` maps each run to
    those of its sessions that it doesn't hold any more; to none where it, its undos and its redos were only done as a
    whole.
    """

    by: dict[str, str]
    sessions: dict[str, set[str]]


class UndoingRun(Protocol):
    """What is asked of a run: which it takes back, and whether its journal leaves sessions of that out (`partial`)."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def status(self) -> str:
        """How it ended."""

    @property
    def undoes(self) -> str | None:
        """The run that it takes back."""

    @property
    def partial(self) -> bool:
        """Whether it left sessions out."""


T = TypeVar("T", bound=UndoingRun)

_THE_REST = ""
"""Stands for what a run does besides its sessions, as to project rows; no session has this id."""


def taken_back(runs: Iterable[T], sessions_of: Callable[[T], Collection[str]]) -> Undone:
    """Find out which of the runs on one database, oldest first, are taken back.

    A run, its undos and its redos are a family, in which either undos hold a session, or the run and redos do. An undo
    takes its sessions from the run and from all redos so far; a redo takes them from all undos so far. Whoever takes
    them holds them, and so do again the runs that this brings about: for a redo that takes back undo B of run A, that
    is A, but no earlier redo of A. `sessions_of` is asked only in families in which an undo or redo left some out.
    """
    every = [*runs]
    links = chains(every)
    applied = [run for run in every if run.status == "applied"]
    in_part = {links[run.id][-1] for run in applied if run.undoes and run.partial}
    families: dict[str, list[str]] = {}
    done: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    takers: dict[str, str] = {}
    for run in applied:
        chain, mine = links[run.id], {_THE_REST}
        if chain[-1] in in_part:
            mine |= {*sessions_of(run)}
        family = families.setdefault(chain[-1], [])
        for other in family:
            if (len(links[other]) - len(chain)) % 2 == 0:
                held[other] |= mine & done[other] if other in chain else set()
            elif held[other] & mine:
                held[other] -= mine
                takers[other] = run.id
        done[run.id], held[run.id] = mine, {*mine}
        family.append(run.id)
    by = {run: taker for run, taker in takers.items() if not held[run]}
    return Undone(by, {run: done[run] - held[run] - {_THE_REST} for run in done})


def chains(runs: Iterable[UndoingRun]) -> dict[str, list[str]]:
    """Map each run to itself, the run that it takes back, the one that that one takes back, and so on."""
    undoes = {run.id: run.undoes for run in runs}
    found = {}
    for run in undoes:
        chain = [run]
        while (before := undoes.get(chain[-1])) and before not in chain:
            chain.append(before)
        found[run] = chain
    return found
