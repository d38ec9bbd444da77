"""The command line: it reads what was typed, asks, prints and exits; everything else is below it.

This is the one place where an error becomes a message and an exit code.
"""

from __future__ import annotations

import errno
import gc as garbage_collector  # `gc` is the command beside this file
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

    import click

UNEXPECTED = 70
INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and exit with the code of the contract."""
    import click

    _open_streams()
    from migrator.cli.app import ReaderGone, app
    from migrator.cli.terminal import drop_output
    from migrator.errors import MigratorError

    signal.signal(signal.SIGTERM, _like_ctrl_c)
    # A command keeps what it reads until it exits: looking for cycles in it took a quarter of the time.
    garbage_collector.disable()
    try:
        code = app.main(standalone_mode=False, prog_name="opencode-migrator")
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        _say(_usage(error))
        code = error.exit_code
    except click.exceptions.Exit as error:
        code = error.exit_code
    except MigratorError as error:
        _say(str(error))
        code = error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        _say("Interrupted; nothing was written.")
        code = INTERRUPTED
    except ReaderGone:
        drop_output()
        code = 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: no user ever sees a traceback
        code = _full() if isinstance(error, OSError) and error.errno == errno.ENOSPC else _unexpected()
    garbage_collector.freeze()  # nor are there cycles to look for at the end, when all of it goes
    sys.exit(code if isinstance(code, int) else 0)


def _like_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(message: str) -> None:
    import click

    from migrator.text import one_line

    color = False if os.environ.get("NO_COLOR") else None
    click.echo(f"{click.style('error:', fg='red')} {one_line(message)}", err=True, color=color)


def _usage(error: click.ClickException) -> str:
    """Return what click complains of, and where to read how it is meant."""
    said = error.format_message().removesuffix(".") + "."
    context = getattr(error, "ctx", None)
    if context is None:
        return said
    if said.startswith("Got unexpected extra argument") and any(p.name == "from_dir" for p in context.command.params):
        said += " A pattern must be quoted, or the shell writes it out: --from-dir '~/src/shop-*'."
    return f"{said} See {context.command_path} --help."


def _open_streams() -> None:
    """Give a program that was started without standard streams (`>&-`) empty ones, in the places that are theirs."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open until we exit


def _full() -> int:
    from migrator.cli.terminal import drop_output

    drop_output()
    _say(
        "No space left on the device: what was printed is not whole. `opencode-migrator log` shows whether something "
        "was moved; free some space and try again."
    )
    return 1


def _unexpected() -> int:
    from migrator.operations.crash_log import write_crash_log

    _say(write_crash_log())
    return UNEXPECTED
