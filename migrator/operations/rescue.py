"""`rescue`: lost sessions go home, where their home is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import NONE_LOST, PlanWarning
from migrator.operations.orphans import find_homes, raise_if_asked_for
from migrator.operations.select import select_if_any
from migrator.orphans.find import find_reasons, rule_warnings
from migrator.planning.file_undo import FileUndoDecider
from migrator.planning.planner import build_move_plan
from migrator.planning.rescue import Rescue
from migrator.plugins import check_rule_names, orphan_rules
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.arguments import RescueRequest
    from migrator.errors import PluginFailed
    from migrator.model import Plan, Selection
    from migrator.operations.context import CommandContext
    from migrator.planning.rescue import Settle


def plan_rescue(
    context: CommandContext,
    request: RescueRequest,
    settle: Settle | None = None,
) -> Plan:
    """Plan to bring lost sessions home.

    `settle` is called as by `Rescue.select`. Raises NothingMatched if there are selectors, and they select no session.
    """
    check_rule_names(request.rules, request.rule_option)
    rules = orphan_rules()
    selected = select_if_any(context, request.select)
    among = None if selected is None else {each.session.id for each in selected.sessions}
    homes = find_homes(context, request.search)
    rescue = Rescue(
        context.rule_context,
        homes,
        rules,
        request.rules or None,
        likely=request.likely,
        complete=context.on_this_database,
    )
    failed: dict[str, PluginFailed] = {}
    lost = find_reasons(context.rule_context, rules, failed)
    # What a rule finds that forbids to move may be among the sessions that the others find.
    raise_if_asked_for(failed, [*request.rules, *(rule.name for rule in rules if not rule.movable)])
    rescued = rescue.select(lost, among, settle)
    return build_move_plan(
        context.store,
        rescued,
        rescue,
        FileUndoDecider(context.store, context.places, request.undo_files, unproven=rescue.unproven),
        announce=request.announce,
        warnings=(
            *rule_warnings(failed),
            *homes.warnings(),
            *(_selection_warnings(selected, rescued, request) if selected else ()),
        ),
    )


def _selection_warnings(selected: Selection, rescued: Selection, request: RescueRequest) -> Iterator[PlanWarning]:
    """Warn of what selecting warned of, as far as it is about trees that move; or that nothing selected is lost."""
    taken = {None, *(each.session.id for each in rescued.sessions)}
    yield from (warning for warning in selected.warnings if warning.session in taken)
    if not rescued.sessions and not rescued.warnings:
        found = f" by {', '.join(request.rules)}" if request.rules else ""
        number = len(selected.sessions)
        none = "the selected session is not" if number == 1 else f"none of the {count(number, 'selected session')} is"
        yield PlanWarning(NONE_LOST, f"{none} lost{found}")
