"""Is the plan still true? Asked of the rows under the exclusive lock, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.value_edits import changed_since, deleted_in_opencode_2, is_optional
from migrator.text import and_more, first_few

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Change, Plan
    from migrator.store.reader import Store
    from migrator.store.staging import Staging
    from migrator.store.writer import Edit

SHOWN = 5
MOVED_ALREADY = "moved already"
DELETED_IN_2 = "was deleted in opencode 2"


def find_conflicts(staging: Staging, plan: Plan, restores: Sequence[Edit] = ()) -> dict[str, str]:
    """Map each session of `plan`, whose changes are laid out, that changed since it was made to what changed, in words.

    A child that was born since counts against its parent, if that moves: left out, it would be torn from its tree.
    """
    found = {}
    if strays := dict(staging.strays()):
        for change in plan.changes:
            if change.session in strays:
                binding = strays[change.session]
                found[change.session] = _difference(change, binding) if binding else "was deleted"
    known = set(plan.unchanged)
    for child, parent in staging.outsiders():
        if child not in known:
            found.setdefault(parent, f"has a new child, {child}")
    found.update(_changed_values(staging.store, restores))
    found.update(dict.fromkeys(deleted_in_opencode_2(staging.store, restores), DELETED_IN_2))
    return found


def without_trees_of(plan_changes: Iterable[Change], conflicting: Iterable[str]) -> list[Change]:
    """Leave out the trees that hold a conflicting session, whole."""
    changes = list(plan_changes)
    left_out = set(conflicting)
    trees = {change.root for change in changes if change.session in left_out}
    return [change for change in changes if change.root not in trees]


def conflict_sentence(found: dict[str, str]) -> str:
    """Name the first few conflicts."""
    done = [session for session, what in found.items() if what == MOVED_ALREADY]
    if done and len(done) == len(found):  # a plan that was carried out is applied again
        return f"{first_few(done, SHOWN)} {MOVED_ALREADY}"
    first = "; ".join(f"{session} {what}" for session, what in list(found.items())[:SHOWN])
    return f"{first};{more}" if (more := and_more(len(found) - SHOWN)) else first


def _difference(change: Change, now: Binding) -> str:
    if now == change.after:
        return MOVED_ALREADY
    for field in now._fields:
        was, is_ = getattr(change.before, field), getattr(now, field)
        if was != is_:
            return f"now has {field} {is_!r} instead of {was!r}"
    return "changed"


def _changed_values(store: Store, restores: Sequence[Edit]) -> dict[str, str]:
    """Find the values to set back that are no longer what the run had left. A deleted part needs none."""
    return {
        edit.session: f"has been used since: {_named(edit)} changed"
        for edit in changed_since(store, restores)
        if not is_optional(edit)
    }


def _named(edit: Edit) -> str:
    if edit.column == "revert":
        return "its revert marker"
    if edit.table == "session":
        return f"the {edit.column} that opencode 1 has of it"
    return f"{edit.table} {edit.key}"
