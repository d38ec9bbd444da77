"""`orphans`: which sessions are lost, why, and where they belong."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.disk.status import no_directory
from migrator.errors import BadInput, NothingMatched
from migrator.model import Certainty, PlanWarning
from migrator.operations.select import make_query
from migrator.orphans.explain import explain, find_session
from migrator.orphans.find import find_orphans, rule_warnings, tally
from migrator.orphans.hidden import Lists
from migrator.orphans.homes import Homes
from migrator.orphans.search import Search
from migrator.orphans.walk import DEPTH
from migrator.plugins import check_rule_names, orphan_rules
from migrator.snapshots.repositories.same_folder import SnapshotFolders
from migrator.store.elsewhere import elsewhere
from migrator.store.json_storage import LEFT_BEHIND_JSON, json_files
from migrator.store.location import import_command
from migrator.store.opencode_2_schema import NEVER_IMPORTED
from migrator.store.other_databases import OTHER_DATABASE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.arguments import OrphansRequest, SearchRequest
    from migrator.errors import PluginFailed
    from migrator.model import Orphan
    from migrator.operations.context import CommandContext
    from migrator.orphans.explain import Explanation
    from migrator.orphans.hidden import HiddenCounts
    from migrator.orphans.rule import OrphanRule
    from migrator.selection.query import Query
    from migrator.store.other_databases import OtherDatabase
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class OrphanList:
    """The lost sessions that were asked for, last used first, and how many each rule found.

    `selected` says whether any selector was given. `rescuable` are how many have a home to which `rescue` may bring
    them, by how certain that is. Of the roots that were asked for and are not lost, `hidden` counts those that a list
    of opencode's leaves out; None where not every rule was asked and answered: then no session is known not to be lost.
    `commands` are those that list all sessions and explain one. `only_in_2` is how many sessions opencode 1, which has
    tables here too, doesn't have. `unread` says why there may be more in JSON storage; `unread_databases` are those
    beside this one that couldn't be read. `importing` is the command by which opencode 2 imports what only opencode 1
    has, None if there is nothing.
    """

    orphans: Sequence[Orphan]
    by_rule: Mapping[str, int]
    selected: bool
    rescuable: Mapping[Certainty, int]
    hidden: HiddenCounts | None
    commands: tuple[str, ...]
    only_in_2: int
    unread: Sequence[str]
    other_databases: Sequence[OtherDatabase]
    warnings: Sequence[PlanWarning]
    importing: str | None = None


def list_orphans(
    context: CommandContext,
    request: OrphansRequest,
    failed: dict[str, PluginFailed] | None = None,
) -> OrphanList:
    """Return the lost sessions. `failed` is that of `find_reasons`; a rule that was asked for must not fail.

    Raises NothingMatched if sessions were chosen and there are none of these, lost or not.
    """
    check_rule_names(request.rules, request.rule_option)
    rules = orphan_rules()
    query = make_query(context, request.select)
    among = {session.id for session in query.sessions(context.store)} if query.selects else None
    if query.chooses and not among:
        raise NothingMatched(query.why_nothing(context.store))
    ask = context.rule_context
    homes = find_homes(context, request.search)
    orphans = find_orphans(ask, rules, homes, among=among, found_by=request.rules, failed=failed)
    raise_if_asked_for(failed or {}, request.rules)
    found = [_name_database(context, orphan) if orphan.commands else orphan for orphan in orphans]
    lost = {orphan.session.id for orphan in found}
    in_place = [session for id_, session in ask.by_id.items() if id_ not in lost and (among is None or id_ in among)]
    asked = request.rules or [rule.name for rule in rules]
    all_answered = not (request.rules or failed)
    hidden = Lists(ask).tally(session for session in in_place if session.parent_id is None) if all_answered else None
    explain_one = f"opencode-migrator orphans --explain {hidden.example if hidden else 'ID'}"
    return OrphanList(
        found,
        tally(found, asked),
        query.selects,
        _rescuable(found, rules),
        hidden,
        context.on_this_database(["opencode-migrator list --all", explain_one]),
        len(ask.only_in_2 if among is None else ask.only_in_2.intersection(among)),
        json_files(context.store).unreadable if LEFT_BEHIND_JSON in asked else (),
        ask.other_databases if OTHER_DATABASE in asked else (),
        (*_selection_warnings(query, context.store, among), *rule_warnings(failed or {})),
        import_command(context.store.path) if tally(found, asked).get(NEVER_IMPORTED) else None,
    )


def _selection_warnings(query: Query, store: Store, among: Collection[str] | None) -> Iterator[PlanWarning]:
    if among is not None and not among:
        yield PlanWarning("selects-nothing", query.why_nothing(store))
    else:
        yield from query.warnings(store)


def raise_if_asked_for(failed: Mapping[str, PluginFailed], rules: Iterable[str]) -> None:
    """Raise the error of a rule that failed, if it is one of `rules`, which were asked for by name."""
    for name in rules:
        if name in failed:
            raise failed[name]


def explain_session(context: CommandContext, session: str, request: OrphansRequest) -> Explanation:
    """Return every fact that is looked at for one session, which is named by its id or the start of it."""
    check_rule_names(request.rules, request.rule_option)
    homes = find_homes(context, request.search)
    known = find_session(context.rule_context, session)
    if known is None:
        raise NothingMatched(f"No session has the id {session} (--explain){elsewhere(context.store, [session])}.")
    found = explain(context.rule_context, known, orphan_rules(), homes, context.store.path)
    return replace(found, orphan=_name_database(context, found.orphan))


def _rescuable(orphans: Iterable[Orphan], rules: Iterable[OrphanRule]) -> Counter[Certainty]:
    """Count the lost sessions with a home that `rescue` may move, by the certainty of that."""
    immovable = {rule.name for rule in rules if not rule.movable}
    return Counter(
        orphan.suggestion.certainty
        for orphan in orphans
        if orphan.suggestion
        and not any(reason.rule in immovable for reason in orphan.reasons)
        and any(reason.certainty is not Certainty.UNKNOWN for reason in orphan.reasons)
    )


def _name_database(context: CommandContext, orphan: Orphan) -> Orphan:
    return orphan._replace(commands=context.on_this_database(orphan.commands))


def find_homes(context: CommandContext, request: SearchRequest) -> Homes:
    """Return what finds the homes of lost sessions.

    Raises BadInput if there is no directory where one is to be searched.
    """
    snapshots = SnapshotFolders(context.store)
    if not request.directories:
        return Homes(context.rule_context, context.places, snapshots)
    depth = DEPTH if request.depth is None else request.depth
    selectors = context.selector_context
    directories = [os.path.join(selectors.cwd, selectors.expanded(directory)) for directory in request.directories]
    for directory in directories:
        if not os.path.isdir(directory):
            raise BadInput(f"The path {directory} {no_directory(directory)}; name a directory to look below.")
    search = Search(context.store, context.rule_context, directories, depth)
    return Homes(context.rule_context, context.places, snapshots, search)
