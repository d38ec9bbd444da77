"""Which sessions of opencode 1 the user's own opencode 2 is to import, and when `merge` refuses to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator.store.location import is_same_file

if TYPE_CHECKING:
    from migrator.arguments import MergeRequest
    from migrator.model import Selection
    from migrator.store.reader import Store


def check_import(ours: Store, request: MergeRequest, *, is_own: bool) -> None:
    """Raise BadInput or MigratorError if a merge can't be asked for with an opencode 2."""
    if not ours.schema.has_v2:
        raise MigratorError(
            f"{ours.path} is of opencode 1, which takes sessions of opencode 1 as they are: leave out --with-opencode."
        )
    ours.schema.check_writable(ours.path)
    if request.remove:
        raise BadInput(
            "--remove-from-other and --with-opencode exclude each other: opencode 2 imports only part of what "
            "opencode 1 has of a session, so the original must stay."
        )
    if is_own and (request.to_dir is not None or request.words):
        raise BadInput("Sessions of this very database stay where they are; leave out --to-dir and --map.")


def sessions_to_import(ours: Store, theirs: Store, selection: Selection) -> list[str]:
    """Return those of the selected sessions that only opencode 1 has in `theirs`.

    A session whose parent was already imported there comes only if that parent is here; else MigratorError is raised.
    Raises NothingMatched if there are none.
    """
    if not theirs.schema.has_v1:
        raise MigratorError(f"{theirs.path} has no sessions of opencode 1; leave out --with-opencode.")
    selected = {chosen.session.id: chosen.session.parent_id for chosen in selection.sessions}
    found = [id_ for id_ in (theirs.never_imported() if theirs.schema.has_v2 else selected) if id_ in selected]
    if not found:
        rest = "" if is_same_file(str(theirs.path), ours.path) else "; leave out --with-opencode to merge them"
        raise NothingMatched(f"Opencode 2 has every selected session of {theirs.path} already{rest}.")
    parents = {parent for id_ in found if (parent := selected[id_]) and parent in selected} - {*found}
    if missing := parents - ours.existing(parents):
        raise MigratorError(
            f"{min(missing)}, which has subagents that opencode 2 never imported, isn't here. Merge it first: run the "
            "same command without --with-opencode."
        )
    return found
