"""`rescue`: lost sessions go home, where their home is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.operations.orphans import find_homes
from migrator.orphans.find import find_reasons
from migrator.planning.file_undo import FileUndoDecider
from migrator.planning.planner import build_move_plan
from migrator.planning.rescue import Rescue
from migrator.plugins import check_rule_names, orphan_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.arguments import RescueRequest
    from migrator.model import Plan
    from migrator.operations.context import CommandContext


def plan_rescue(context: CommandContext, request: RescueRequest, tick: Callable[[int], None] = lambda _: None) -> Plan:
    """Plan to bring lost sessions home; `tick` is called with the number of directories that a search has looked at."""
    check_rule_names(request.rules, "--rule")
    rules = orphan_rules()
    homes = find_homes(context, request.search, tick)
    rescue = Rescue(context.rule_context, homes, rules, request.rules or None, likely=request.likely)
    selection = rescue.select(find_reasons(context.rule_context, rules))
    return build_move_plan(
        context.store,
        selection,
        rescue,
        FileUndoDecider(context.store, context.places, request.undo_files),
        announce=request.announce,
        warnings=homes.warnings(),
    )
