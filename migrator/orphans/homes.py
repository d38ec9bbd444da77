"""Where a lost session belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Reason, Session
    from migrator.orphans.rule import Ground


class Homes:
    """Finds homes; `search` are directories below which to look for what isn't where it was."""

    def __init__(self, ground: Ground, search: Sequence[str] = ()) -> None:
        self._ground = ground
        self._search = search

    def home_of(self, session: Session, reasons: Sequence[Reason]) -> tuple[Suggestion | None, tuple[str, ...]]:
        """Return where a session belongs that is lost for these reasons, and the rivals of equal rank.

        The suggestion is None where nobody knows, or where being bound there again would change nothing.
        """
        del reasons
        place = self._ground.sight(session.directory).place if session.id in self._ground.by_id else None
        if place is None:
            return None, ()
        wanted = place.binding if self._ground.has_path else place.binding._replace(path=None)
        if wanted == session.binding:
            return None, ()
        because = f"opencode resolves {place.directory} to this project today"
        return Suggestion(place.directory, place.project_id, Certainty.CERTAIN, because), ()
