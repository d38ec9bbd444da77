"""Find snapshots that still exist where opencode doesn't look any more, so that they can be brought to where it does.

When a repository gets an origin, opencode 1.15.13 to 1.18.34 gives its sessions another project id and leaves their
snapshots under the old one; an opencode before 1.14 kept those of all worktrees in one repository, where a newer one
doesn't look. An undo of such a turn deletes its files, even if nothing has moved.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.snapshots.contract import Recoveries, Recovery
from migrator.snapshots.opencode_1.carry import CarryChecker
from migrator.snapshots.repositories.layout import OtherRepositories
from migrator.snapshots.repositories.route import SnapshotRoute, SnapshotRoutes
from migrator.snapshots.undo_effect import dangerous_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.snapshots.contract import Opencode
    from migrator.snapshots.undo_effect import TurnEffect


def find_recoveries_of_1(opencode: Opencode, effects: Mapping[str, Sequence[TurnEffect]]) -> Recoveries:
    """Return for the sessions with dangerous turns of opencode 1 the best way to mend them; nothing is written.

    A turn can be mended if its snapshot is complete in another repository of the same worktree, and either the worktree
    still belongs to the same repository, or each file of the turn is what the last snapshot has.
    """
    parts = {
        id_: {effect.turn.part for effect in dangerous_turns(turns) if effect.turn.table == "part"}
        for id_, turns in effects.items()
    }
    dangerous = {id_: ids for id_, ids in parts.items() if ids}
    routes, best = SnapshotRoutes(opencode.store, opencode.places), dict[str, Recovery]()
    checker = CarryChecker(opencode.store, routes)
    by_route, unknown = _routes_from_elsewhere(opencode, routes, dangerous)
    for route, ids in by_route.items():
        for id_, decision in checker.check_routes({route: ids}).items():
            mended = dangerous[id_].intersection(turn.part for turn in decision.carried)
            if decision.unknown:
                unknown[id_] = decision.unknown
            if len(mended) > len(best[id_].parts if id_ in best else ()):
                best[id_] = Recovery(route, frozenset(mended), decision.trees)
    whole = {id_ for id_, recovery in best.items() if recovery.parts == dangerous[id_]}
    return Recoveries(best, {id_: why for id_, why in unknown.items() if id_ not in whole})


def _routes_from_elsewhere(
    opencode: Opencode, routes: SnapshotRoutes, ids: Iterable[str]
) -> tuple[dict[SnapshotRoute, list[str]], dict[str, str]]:
    """Map each route from another repository of a worktree to the sessions in that worktree.

    Also map the sessions of which nobody can tell whether there is another one to the reason.
    """
    others, found = OtherRepositories(opencode.layout), dict[SnapshotRoute, list[str]]()
    unknown: dict[str, str] = {}
    for id_, (binding, _) in opencode.store.bindings(ids, 1).items():
        place = opencode.target(binding).place
        if place is None or place.vcs != "git" or binding.workspace_id is not None:
            continue
        try:
            for project_id, git_dir in others.of(place.project_id, place.worktree):
                # One for a whole project has other worktrees' snapshots too, so it must be this worktree's project.
                if Path(git_dir).name != project_id or routes.has_belonged_to(project_id, place):
                    route = routes.from_other_repository(git_dir, project_id, place)
                    found.setdefault(route, []).append(id_)
        except MigratorError as error:
            unknown[id_] = str(error)
    return found, unknown
