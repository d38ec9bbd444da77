"""`install-skill`: let opencode's agents find lost sessions and plan a move."""

from __future__ import annotations

import shutil

import click

from migrator.cli.results.next_steps import say_steps
from migrator.cli.terminal.printing import echo_lines, note, say, width
from migrator.errors import MigratorError
from migrator.reporting.next_steps import Step
from migrator.text import PROGRAM, lines_of, shell_quote, tilde, wrapped


@click.command("install-skill", short_help="Let opencode's agents find lost sessions.")
@click.option("--project", is_flag=True, help="For this project alone: into .opencode at the top of its checkout.")
@click.option("--force", is_flag=True, help="Replace the skill even if somebody changed it.")
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would be written, and where.")
def command(*, project: bool, force: bool, dry_run: bool) -> None:
    """Install a skill for opencode: its agent then finds lost sessions, and saves a plan that you apply.

    The agent runs what only reads, since nothing can be moved while opencode is open. To use it, ask for your lost
    sessions, or type /move-sessions.
    """
    from migrator.operations.install_skill import NAME, SkillState, install_skill, skill_file, skill_text, state_of

    file = skill_file(project=project)
    shown, state = tilde(str(file)), state_of(file)
    if state is SkillState.CHANGED and not force:
        raise MigratorError(
            f"Somebody changed {file}, or wrote it, so it is left as it is; keep what you need of it elsewhere, and "
            "replace it with --force."
        )
    if dry_run and state is not SkillState.INSTALLED:
        say(f"Would {'write' if state is SkillState.MISSING else 'replace'} {shown}:", "")
        echo_lines(lines_of(skill_text().removesuffix("\n")))
        return
    if state is SkillState.INSTALLED:
        _say(f"The skill {NAME} is in {shown} already; nothing to do.")
    else:
        install_skill(file, elsewhere="without --project" if project else "with --project")
        verb = "Installed" if state is SkillState.MISSING else "Replaced"
        _say(f"{verb} the skill {NAME} in {shown}.")
        _say(f"opencode has it from its next start on: ask for your lost sessions, or type /{NAME}.")
    if shutil.which(PROGRAM) is None:
        note(f"note: {PROGRAM} is not on PATH, where an agent looks for it; pipx or `uv tool` put it there.")
    say_steps([Step("To remove it:", f"rm -r {shell_quote(str(file.parent))}")])


def _say(sentence: str) -> None:
    say(*wrapped(sentence, width() or len(sentence)))
