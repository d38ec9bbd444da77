"""`demo`: a mass move on a throw-away database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrator.cli.input.options import TypedPath
from migrator.cli.results.next_steps import nothing_to_do, say_steps
from migrator.cli.terminal.printing import say
from migrator.errors import MigratorError
from migrator.paths import on_windows
from migrator.reporting.next_steps import Step
from migrator.text import our_command, shell_quote, with_variables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.operations.demo import DemoHome

PLAN = ["move", "--from-dir", "~/src/shop-*", "--to-dir", "~/src/shop", "--dry-run"]
STEPS = (
    ("A session is locked to the directory it began in. These directories are gone:",
     ["list", "--from-dir", "~/src/shop-*", "--roots"]),
    ("What would happen if all of them moved to the one repository that is left:",
     PLAN),
    ("Do it:",
     ["move", "--from-dir", "~/src/shop-*", "--to-dir", "~/src/shop", "--yes"]),
    ("And take it back:",
     ["undo", "--yes"]),
    ("Both are on record:",
     ["log"]),
)  # fmt: skip


@click.command("demo", short_help="Run a mass move on throw-away data, and its undo.")
@click.option(
    "--keep", type=TypedPath(path_type=Path, file_okay=False), metavar="DIR", help="Build it in DIR and keep it."
)
def command(keep: Path | None) -> None:
    """Run a mass move on a throw-away database: plan, result, undo."""
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
            if any(keep.iterdir()):
                raise MigratorError(f"The directory {keep} is not empty; name a new directory for --keep.")
        except OSError as error:
            raise MigratorError(
                f"The directory {keep} can't be made: {error.strerror}; name another for --keep."
            ) from error
        _play(keep.resolve(), keep.resolve())
        home = "USERPROFILE" if on_windows() else "HOME"
        look = with_variables({home: str(keep.resolve())}, our_command("list", "--all"))
        say("")
        say_steps([Step("Kept. To try more on it:", look)])
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="opencode-migrator-demo-") as directory:
        _play(Path(directory).resolve())
    say("")
    say_steps([nothing_to_do("demo")])


def _play(home: Path, keep: Path | None = None) -> None:
    """Run every step, and write the plan as a page that stays, to `keep` or to a directory of its own."""
    from migrator.operations.demo import build

    demo_home = build(home)
    for title, words in STEPS:
        _run(demo_home, title, words)
    import tempfile

    report = (keep or Path(tempfile.mkdtemp(prefix="opencode-migrator-report-"))) / "report.html"
    _run(demo_home, "The plan again, as a page to look at and to send:", [*PLAN, "--html", str(report)], quiet=True)
    say(f"The report: {report.as_uri()}")


def _run(demo_home: DemoHome, title: str, words: Sequence[str], *, quiet: bool = False) -> None:
    import subprocess

    from migrator.reporting.style import styled

    say("", styled(f"# {title}", bold=True))
    shown = [word if word.startswith("~") and "*" not in word else shell_quote(word) for word in words]
    say(styled(f"$ opencode-migrator {' '.join(shown)}", fg="green"), "")
    sys.stdout.flush()
    finished = subprocess.run(
        [sys.executable, "-m", "migrator", *words],
        cwd=demo_home.home / "src",
        env=dict(demo_home.environ),
        stdout=subprocess.DEVNULL if quiet else None,
        check=False,
    )
    if finished.returncode:
        raise MigratorError(f"The demo failed: `{' '.join(words)}` exited with {finished.returncode}.")
