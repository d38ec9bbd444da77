"""`stale-path`: `session.path` isn't what opencode computes for the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL, Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator.paths import is_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Binding, Place, Session
    from migrator.orphans.rule import RuleContext


class StalePath(OrphanRule):
    """The terminal UI asks for the path that it is started in, and what is below; at the top it shows everything.

    So at the top of a checkout no path hides a session (opencode leaves stale ones there itself, where it adopts
    sessions), and below it a wrong one does. NULL counts as the exact directory: seen there, but from no directory
    between it and the top. Databases from before 1.14 are full of NULL, which is fine (all seen with 1.18.34).

    Opencode 2 asks for exactly the path that it is started in, at the top too, and NULL is none; ctrl+a asks for all
    projects. Only in "global", where a repository without any mark is, it asks for the directory (read in its source,
    SessionStore.list).
    """

    name = "stale-path"
    summary = "its path below the top of the checkout is NULL or wrong; to opencode 2, at the top too"
    looks_at = "repository"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield bindings to the right project with another path; one to the wrong project has a wrong path anyway."""
        if not context.has_path:
            return
        if context.is_v2:
            yield from self._in_v2(context)
            return
        for binding, sessions in context.bound.items():
            place = _place_of_project(context, binding)
            if place is None:
                continue
            if binding.path is None:
                made_here = [session for session in sessions if session.id not in context.from_before_path]
                if made_here:
                    yield Finding(made_here, self._missing(place))
            elif place.path and not is_within(binding.path, place.path):
                yield Finding(sessions, self._wrong(place, binding.path))

    def _in_v2(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            place = _place_of_project(context, binding)
            if place is not None and place.project_id != GLOBAL and place.path != binding.path:
                computed = f'opencode 2 computes "{place.path}", and lists only that there until ctrl+a asks for all'
                text = f"path is {_stored(binding.path)}; {computed}"
                yield Finding(sessions, Reason(self.name, text, Certainty.CERTAIN))

    def _missing(self, place: Place) -> Reason:
        text = f'path is NULL; opencode computes "{place.path}"'
        if "/" not in place.path:
            return Reason(self.name, f"{text}; no list of opencode's leaves it out", Certainty.UNKNOWN)
        hidden = f"between {place.worktree} and {place.directory} its terminal UI leaves it out"
        return Reason(self.name, f"{text}; {hidden}", Certainty.LIKELY)

    def _wrong(self, place: Place, path: str) -> Reason:
        text = f'path is "{path}"; opencode computes "{place.path}", so its terminal UI there leaves it out'
        return Reason(self.name, text, Certainty.CERTAIN)

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        if not context.has_path:
            return "this database has no paths yet"
        place, path = _place_of_project(context, session.binding), session.binding.path
        stored = _stored(path)
        if place is None:
            return f"{stored}; nothing to compare it with, since the directory or the project is wrong"
        hides = "" if path == place.path else ", which hides it nowhere where it belongs"
        return f'{stored}; opencode computes "{place.path}"{hides}'


def _place_of_project(context: RuleContext, binding: Binding) -> Place | None:
    place = context.inspect(binding.directory).place
    return place if place is not None and place.project_id == binding.project_id else None


def _stored(path: str | None) -> str:
    return "NULL" if path is None else f'"{path}"'
