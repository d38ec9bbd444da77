"""Move opencode sessions between directories and projects, in bulk and reversibly.

    import migrator

    store = migrator.open_store()
    selection = migrator.select(store, from_dir="~/src/shop-*")
    plan = migrator.plan(store, selection, to_dir="~/src/shop")
    run = migrator.apply(plan)
    migrator.undo(run)

Nothing is imported before it is asked for: the command line starts quickly.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know the name; `typing` would take longer than all else here
if TYPE_CHECKING:
    from migrator.errors import (
        BadInput,
        DatabaseInUse,
        Holder,
        Interrupted,
        MigratorError,
        NoSuchDirectory,
        NoSuchRun,
        NothingMatched,
        StalePlan,
        Unusable,
    )
    from migrator.library import OpenStore, apply, open_store, plan, plan_merge, plan_rescue, runs, select, undo
    from migrator.model import (
        Binding,
        Certainty,
        Change,
        FileUndo,
        Listed,
        LoggedRun,
        Merge,
        MergedSession,
        MergeVerdict,
        Orphan,
        Plan,
        PlanWarning,
        Project,
        ProjectAction,
        ProjectChange,
        Reason,
        Run,
        RunStatus,
        Selected,
        Selection,
        Session,
        StillLost,
        Suggestion,
        Undo,
        UndoTurns,
    )
    from migrator.progress import Stage, told_to

__version__ = "0.1.0"

__all__ = [
    "BadInput", "Binding", "Certainty", "Change", "DatabaseInUse", "FileUndo", "Holder", "Interrupted", "Listed",
    "LoggedRun", "Merge", "MergeVerdict", "MergedSession", "MigratorError", "NoSuchDirectory", "NoSuchRun",
    "NothingMatched", "OpenStore", "Orphan", "Plan", "PlanWarning", "Project", "ProjectAction", "ProjectChange",
    "Reason", "Run", "RunStatus", "Selected", "Selection", "Session", "Stage", "StalePlan", "StillLost", "Suggestion",
    "Undo", "UndoTurns", "Unusable", "apply", "open_store", "plan", "plan_merge", "plan_rescue", "runs", "select",
    "told_to", "undo",
]  # fmt: skip


if not TYPE_CHECKING:  # else every name would be one

    def __getattr__(name: str) -> object:
        """Import what is asked for, and only that."""
        from importlib import import_module

        if name in __all__:
            rooms = ("migrator.errors", "migrator.model", "migrator.progress", "migrator.library")
            for module in map(import_module, rooms):
                if hasattr(module, name):
                    return globals().setdefault(name, getattr(module, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
