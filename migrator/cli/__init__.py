"""The command line: parse the arguments, ask, print and exit; everything else is done by operations/.

This is the one place where an error becomes a message and an exit code.
"""

from __future__ import annotations

import errno
import gc as garbage_collector  # `gc` is the command beside this file
import io
import os
import re
import signal
import sys
import warnings
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import click

    from migrator.errors import MigratorError

COMPLETING = "_OPENCODE_MIGRATOR_COMPLETE"
"""The variable by which a shell asks for what it may offer; see `shells/completing.py`."""


def main() -> NoReturn:
    """Run the command line and exit with the code of the contract."""
    _end_silently_at_interrupts()
    if shell := os.environ.get(COMPLETING):
        from migrator.cli.shells.completing import offer

        garbage_collector.disable()
        offer(shell, sys.argv[1:])
        sys.exit(0)
    import click

    _open_streams()
    from migrator.cli.app import ReaderGone, app
    from migrator.cli.input.environment import with_variables
    from migrator.cli.terminal.printing import drop_output, echo_error, progress_line
    from migrator.errors import INTERRUPTED_EARLY, Interrupted, MigratorError
    from migrator.progress import told_to
    from migrator.store.signals import hear_interrupts, hear_no_more
    from migrator.text import PROGRAM

    hear_interrupts()
    warnings.showwarning = _show_warning
    # A command keeps what it reads until it exits: to collect garbage took a quarter of the time.
    garbage_collector.disable()
    try:
        with told_to(progress_line):
            # Patterns, `~` and `$` are ours to read: click would write them out on Windows, as a shell does elsewhere.
            try:
                code = app.main(standalone_mode=False, prog_name=PROGRAM, windows_expand_args=False)
            finally:
                hear_no_more()
    except click.exceptions.NoArgsIsHelpError as error:
        from migrator.cli.help.help_text import show_help

        if error.ctx is not None:
            show_help(error.ctx, err=True)
        code = error.exit_code
    except click.ClickException as error:
        echo_error(with_variables(_usage_message(error)))
        code = error.exit_code
    except click.exceptions.Exit as error:
        code = error.exit_code
    except MigratorError as error:
        _say_why(error)
        code = error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        echo_error(INTERRUPTED_EARLY)
        code = Interrupted.exit_code
    except ReaderGone as gone:
        drop_output()
        code = gone.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence: no user ever sees a traceback
        code = _blocked(error) if isinstance(error, OSError) and error.errno in _BLOCKED else _unexpected()
    garbage_collector.freeze()  # so that Python doesn't collect at the end either
    sys.exit(code if isinstance(code, int) else 0)


def _end_silently_at_interrupts() -> None:
    """Let Ctrl-C end us as it ends any program, until we hear it: Python would say where in its imports it was."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Print a Python warning, such as that of a broken plug-in, as we print our own."""
    from migrator.cli.terminal.printing import say
    from migrator.reporting.style import styled

    say(f"{styled('warning: ', fg='yellow')}{message}", err=True)


def _say_why(error: MigratorError) -> None:
    """Print one of our errors as a sentence, and the command that may follow."""
    from migrator.cli.input.environment import with_variables
    from migrator.cli.terminal.printing import echo_error, echo_lines
    from migrator.errors import Declined
    from migrator.reporting.next_steps import Step, step_lines
    from migrator.text import sentence

    if isinstance(error, Declined):
        echo_lines([str(error)], err=True)
    else:
        echo_error(with_variables(sentence(str(error))))
    if error.command:
        echo_lines(step_lines([Step(error.what_next, error.command)]), err=True)


def _usage_message(error: click.ClickException) -> str:
    """Return click's message about wrong usage, and which help to read."""
    from click.exceptions import NoSuchOption

    from migrator.cli.help.guesses import meant_options
    from migrator.text import did_you_mean, sentence

    # Click names the choices of a missing argument twice: as its name, and each on a line of its own.
    message = error.format_message().replace("\n\t", " ")
    message = re.sub(r" '\{.*\}'\. Choose from: ", ": choose from ", message)
    context = getattr(error, "ctx", None)
    if isinstance(error, NoSuchOption) and context is not None:
        meant = meant_options(error.option_name, context)
        message = f"No such option '{error.option_name}'.{did_you_mean(meant)}"
        if context.parent is None and not meant:
            message += (
                f" Options of a command stand behind its name: `{context.command_path} COMMAND {error.option_name}`."
            )
    return message if context is None else f"{sentence(message)} See `{context.command_path} --help`."


def _open_streams() -> None:
    """Open /dev/null for each standard stream that the program was started without (`>&-`).

    What the encoding of standard output lacks, as a path that isn't UTF-8, is escaped, as on standard error.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open until we exit
    if isinstance(sys.stdout, io.TextIOWrapper):
        from migrator.paths import on_windows

        # Windows writes the letters of its region into files and pipes, and JSON is UTF-8.
        encoding = "utf-8" if on_windows() and not sys.stdout.isatty() else None
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


_BLOCKED = {
    errno.ENOSPC: "No space left on the device: the output is incomplete. {log}; free some space and try again.",
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EIO),
        "{file} can't be used: {why}. {log}; mend that and try again.",
    ),
}
"""Errors of the system that may come from anywhere, and what to tell the user if no room has explained them."""


def _blocked(error: OSError) -> int:
    from migrator.cli.terminal.printing import drop_output, echo_error

    drop_output()
    log = "`opencode-migrator log` shows whether something was moved"
    echo_error(_BLOCKED[error.errno or 0].format(file=error.filename or "A file", why=error.strerror, log=log))
    return 1


def _unexpected() -> int:
    from migrator.cli.terminal.printing import echo_error
    from migrator.errors import UNEXPECTED_EXIT
    from migrator.operations.crash_log import write_crash_log

    echo_error(write_crash_log())
    return UNEXPECTED_EXIT
