"""Calling the code of plug-ins: whatever goes wrong in it becomes one error of ours that names the plug-in.

No exception ends the program, not even SystemExit: a plug-in that called sys.exit when it was imported made `move` exit
with 0 and move nothing. Only Ctrl-C gets through, and our own errors, with which a plug-in refuses what was typed. What
the plug-in prints becomes a warning, since standard output is for results.
"""

from __future__ import annotations

import io
import re
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import click

from migrator.errors import MigratorError, PluginFailed
from migrator.model import Certainty, Passage, Reason, Session
from migrator.orphans.rule import Finding, OrphanRule
from migrator.selection import Clause, Selector, SelectorPlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from migrator.orphans.rule import RuleContext
    from migrator.selection import SelectorContext

T = TypeVar("T")

LOAD, WORK = "can't be loaded", "fails"
"""What a plug-in fails to do."""


class PluginWarning(UserWarning):
    """A plug-in is broken: it is left out, and everything else works."""


def warn(message: object) -> None:
    """Warn once of a plug-in."""
    warnings.warn(str(message), PluginWarning, stacklevel=2)


def call(who: str, what: str, function: Callable[[], T], *refusals: type[BaseException]) -> T:
    """Call the code of a plug-in. Raises PluginFailed whatever it raises, but for Ctrl-C and `refusals`."""
    argv, words, streams = sys.argv, [*sys.argv], (sys.stdout, sys.stderr)
    printed, is_main = io.StringIO(), threading.current_thread() is threading.main_thread()
    if is_main:  # the threads of a server share the streams, and print nothing
        sys.stdout = sys.stderr = printed
    try:
        return function()
    except BaseException as error:  # SystemExit too
        if isinstance(error, (KeyboardInterrupt, *refusals)):
            raise
        raise PluginFailed(who, what, _why(error)) from error
    finally:
        if is_main:
            sys.stdout, sys.stderr = streams
            sys.argv, argv[:] = argv, words
            if text := printed.getvalue().strip():
                warn(f"{who} prints: {text}")


def _why(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({'' if error.code is None else repr(error.code)})"
    return str(error) or type(error).__name__


def leave_out(plugin: SelectorPlugin, why: str) -> None:
    """Make a plug-in select nothing from now on: its options have the names of others, whose values it would get."""
    warn(why)
    vars(plugin)["build"] = lambda *_: ()


class GuardedSelectorPlugin(SelectorPlugin):
    """A selector plug-in of others. Raises PluginFailed if it isn't what the contract says."""

    def __init__(self, plugin: Any, who: str, taken: Collection[str]) -> None:
        """`taken` are the names that its options can't have."""
        self._plugin, self._who = plugin, who
        self.kind, self.narrows = call(who, LOAD, lambda: (str(plugin.kind), bool(plugin.narrows)))
        options = call(who, LOAD, lambda: list(plugin.options()))
        for option in options:
            if not (isinstance(option, click.Option) and option.name):
                raise PluginFailed(who, LOAD, f"{option!r} is not a click option")
            if option.required:
                raise PluginFailed(who, LOAD, f"its option {option.opts[0]} is required, so no command would run")
            if clash := {option.name, *option.opts, *option.secondary_opts} & {*taken, "--help", "-h", "--match"}:
                raise PluginFailed(who, LOAD, f"there is an option {min(clash)} already")
        command = click.Command("select", params=options)
        self._not_given = call(who, LOAD, lambda: command.make_context("select", []).params)
        """The values of its options where none of them is given."""

    def __str__(self) -> str:
        return self._who

    def options(self) -> Sequence[click.Option]:
        """Return fresh options; none, and a warning, where the plug-in makes none any more."""
        try:
            options = call(self._who, WORK, lambda: list(self._plugin.options()))
        except PluginFailed as error:
            warn(error)
            return ()
        for option in options:
            _guard_option(option, self._who)
        return options

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return the selectors, guarded. Where it fails and none of its options was given: none, and a warning."""
        try:
            every = {**self._not_given, **values}  # a program gives only some
            selectors = call(self._who, WORK, lambda: list(self._plugin.build(every, context)), MigratorError)
            return [GuardedSelector(selector, self._who, context) for selector in selectors]
        except PluginFailed as error:
            if any(values.get(name, value) != value for name, value in self._not_given.items()):
                raise
            warn(error)
            return ()


def _guard_option(option: click.Option, who: str) -> None:
    """Have the option's type, callback and default fail for that option only."""
    parse = option.handle_parse_result

    def guarded(ctx: click.Context, opts: Mapping[str, Any], args: list[str]) -> tuple[Any, list[str]]:
        given = option.name in opts or option.resolve_envvar_value(ctx) is not None
        refusals = (click.ClickException, click.exceptions.Exit, click.Abort, MigratorError) if given else ()
        try:
            return call(who, WORK, lambda: parse(ctx, opts, args), *refusals)
        except PluginFailed as error:
            if given:
                raise
            warn(error)
            ctx.params[str(option.name)] = () if option.multiple else None
            return None, args

    vars(option)["handle_parse_result"] = guarded


class GuardedSelector(Selector):
    """A selector of others. Its methods raise PluginFailed: without it nobody can tell which sessions are meant."""

    def __init__(self, selector: Any, who: str, context: SelectorContext) -> None:
        self._selector, self._who, self._context = selector, who, context
        self.as_typed = call(who, WORK, lambda: str(selector.as_typed))
        self.advice = call(who, WORK, lambda: str(selector.advice))
        self.excludes = call(who, WORK, lambda: bool(selector.excludes))

    def clause(self) -> Clause | None:
        """Return its condition as SQL, if it has one."""
        clause = call(self._who, WORK, self._selector.clause)
        if not (clause is None or (isinstance(clause, Clause) and isinstance(clause.sql, str))):
            raise PluginFailed(self._who, WORK, f"{clause!r} is not a Clause with SQL")
        if clause is not None:
            call(self._who, "has a condition that SQLite can't read", lambda: self._context.try_clause(clause))
        return clause

    def match(self, session: Session) -> bool:
        """Tell whether it selects the session."""
        return call(self._who, WORK, lambda: bool(self._selector.match(session)))

    def base(self, session: Session) -> str | None:
        """Return the directory that it names and that the session is in or below."""
        base = call(self._who, WORK, lambda: self._selector.base(session))
        return None if base is None else str(base)

    def passage(self, session: Session) -> Passage | None:
        """Return what of its conversation shows why the session is meant."""
        found = call(self._who, WORK, lambda: self._selector.passage(session))
        return found if isinstance(found, Passage) else None


class GuardedRule(OrphanRule):
    """An orphan rule of others. Raises PluginFailed if it isn't what the contract says, and where it fails."""

    def __init__(self, rule: Any, who: str, taken: Collection[str]) -> None:
        """`taken` are the names that it can't have."""
        self._rule, self._who = rule, who
        self.name, self.summary, self.looks_at = call(who, LOAD, lambda: (rule.name, str(rule.summary), rule.looks_at))
        self.movable = call(who, LOAD, lambda: bool(rule.movable))
        if not (isinstance(self.name, str) and re.fullmatch(r"[\w-]+", self.name)):
            raise PluginFailed(who, LOAD, f"{self.name!r} can't be the name of a rule")
        if self.name in taken:
            raise PluginFailed(who, LOAD, f"there is a rule {self.name} already")

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield its findings, all of them or none."""
        found = call(
            self._who, WORK, lambda: [Finding([*some], why) for some, why in self._rule.find(context)], MigratorError
        )
        for sessions, reason in found:
            if not (isinstance(reason, Reason) and isinstance(reason.certainty, Certainty)):
                raise PluginFailed(self._who, WORK, f"{reason!r} is not a Reason with a Certainty")
            if not all(isinstance(session, Session) for session in sessions):
                raise PluginFailed(self._who, WORK, "it finds something else than Sessions")
        yield from found

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        """Say for `--explain` why it doesn't find a session."""
        return str(call(self._who, WORK, lambda: self._rule.explain_pass(context, session), MigratorError))
