"""`--help`: every command is there, says what it does, and fits on a page."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import distribution
from typing import TYPE_CHECKING

import click
import pytest

from migrator.cli.app import COMMANDS, app
from migrator.cli.help.examples import EXAMPLES
from migrator.cli.help.help_text import help_text
from migrator.face import WRITING as WRITING_COMMANDS
from tests.support.home import Home
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from pathlib import Path

SELECT = (
    "--from-dir --exact --from-project --from-id --from-workspaces --match --exclude-dir --exclude-from --title "
    "--containing --in --since --until --archived --no-archived --orphans"
)
DESTINATION = "--to-dir --to-directory --to-project --subdirs --undo-files"
FOLDERS = "--map --will-move --foreign --copied"
RESCUE = "--rule --certain --likely --search --search-depth --undo-files"
DRY = "--dry-run --exit-code"
WRITING = "--yes -y --wait --trust-locks --chunk-size --on-conflict --backup --json"
DATABASE = "--db --channel --home"

MERGE = "--from-channel --map --foreign --on-duplicate --remove-from-other --to-dir --subdirs --undo-files"
OPTIONS = {
    "ui": f"{SELECT} {DATABASE} --trust-locks",
    "list": f"{SELECT} {DATABASE} --all --search --roots --no-roots --workspace --limit --max-count -n --cursor "
    "--format --json",
    "projects": f"{DATABASE} --format --json",
    "orphans": f"{SELECT} {DATABASE} --rule --explain --search --verbose --exit-code --format --json",
    "detached": f"{SELECT} {DATABASE} --rule --explain --search --verbose --exit-code --format --json",
    "move": f"{SELECT} {DESTINATION} {WRITING} {DATABASE} {DRY} --verbose",
    "migrate": f"{WRITING} {DATABASE} --project {DRY} --undo-files --verbose",
    "rebind": f"{WRITING} {DATABASE} --project {DRY} --undo-files --verbose",
    "relocate": f"{FOLDERS} {WRITING} {DATABASE} {DRY} --undo-files --verbose",
    "rescue": f"{RESCUE} {WRITING} {DATABASE} {DRY} --verbose",
    "consolidate": f"{WRITING} {DATABASE} --to-dir --to-directory --only --except --subdirs --undo-files "
    f"{DRY} --verbose",
    "merge": f"{SELECT} {WRITING} {DATABASE} {MERGE} {DRY} --verbose",
    "workspaces": f"{DATABASE} --format --json",
    "protect": f"{SELECT} {WRITING} {DATABASE} {DRY} --undo-files --verbose",
    "plan": "",
    "plan move": f"{SELECT} {DESTINATION} {DATABASE} --output -o --json --verbose",
    "plan migrate": f"{DATABASE} --project --output -o --json --verbose --undo-files",
    "plan relocate": f"{FOLDERS} {DATABASE} --output -o --json --verbose --undo-files",
    "plan rescue": f"{RESCUE} {DATABASE} --output -o --json --verbose",
    "plan consolidate": f"{DATABASE} --to-dir --only --except --subdirs --undo-files --output -o --json --verbose",
    "plan merge": f"{SELECT} {DATABASE} {MERGE} --output -o --json --verbose",
    "plan protect": f"{SELECT} {DATABASE} --output -o --json --verbose --undo-files",
    "show": f"{DATABASE} --json --verbose",
    "apply": f"{WRITING} {DATABASE} --verbose",
    "log": f"{DATABASE} --limit --format --json --verbose",
    "undo": f"{WRITING} --verbose",
    "redo": f"{WRITING} --verbose",
    "resume": WRITING,
    "gc": f"{DATABASE} --older-than {DRY} -n --yes -y --wait --trust-locks --json",
    "doctor": f"{SELECT} {DATABASE} --json --quick --undo --verbose --exit-code",
    "serve": "--port --host --token-file --allow-origin --db --channel --home",
    "schema": "--help",
    "completion": "--help",
    "install-skill": "--project --force --dry-run",
    "demo": "--keep",
}
"""Each command of the contract, and the options that it gives it."""


def test_what_takes_trust_locks_says_so_again_in_the_commands_that_it_prints() -> None:
    aliases = {"rebind"}
    assert {name for name, options in OPTIONS.items() if "--trust-locks" in options} - aliases == WRITING_COMMANDS


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home: help needs no database."""
    return Home(tmp_path)


@pytest.mark.parametrize("command", OPTIONS)
def test_every_command_has_help(home: Home, command: str) -> None:
    home.environ["COLUMNS"] = "200"
    shown = home.run(*command.split(), "--help")
    assert (shown.code, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].startswith(f"Usage: opencode-migrator {command} ")
    assert re.fullmatch(r"  [A-Z].{15,}", lines[2]), "a first line that says what it does"
    assert max(map(len, lines)) <= 100
    for option in OPTIONS[command].split():
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown.stdout), option
    # no option without a word on what it is for
    described = re.findall(r"^  (-\S.*?)(?:  +(\S.*))?$(?:\n {10,}(\S.*))?", shown.stdout, re.MULTILINE)
    assert described
    for option, beside, below in described:
        assert beside or below, option


@pytest.mark.parametrize("columns", [80, 44])
def test_help_fits_the_terminal_and_breaks_no_word(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    top = click.Context(app, info_name="opencode-migrator", **app.context_settings)
    for name in COMMANDS:
        command = app.get_command(top, name)
        assert command is not None
        context = click.Context(command, parent=top, info_name=name)
        monkeypatch.setenv("COLUMNS", "1000")
        words = {*help_text(context).partition("\n\n")[2].split()}
        monkeypatch.setenv("COLUMNS", str(columns))
        shown = help_text(context).partition("\n\n")[2]  # below "Usage", where one word may be too long
        assert {*shown.split()} == words
        to_copy = re.compile(r"  (#|opencode-migrator|~/)")  # commands, and what each does
        assert max(len(line) for line in shown.splitlines() if not to_copy.match(line)) <= columns


def test_the_list_of_commands(home: Home) -> None:
    shown = home.run("--help")
    assert (shown.code, shown.stderr) == (0, "")
    listed = dict(re.findall(r"^  ([a-z][a-z-]*) {2,}(\S.*)$", shown.stdout, re.MULTILINE))
    aliases = {"rebind", "detached"}
    assert sorted(listed) == sorted(name for name in OPTIONS if " " not in name and name not in aliases)
    assert not [line for line in listed.values() if line.endswith("...")]  # cut off by the width of the terminal
    assert all(alias in shown.stdout for alias in aliases)
    assert "Plug-ins:" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert home.run("-h").stdout == shown.stdout


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_each_opens_with_examples_that_can_be_typed(name: str) -> None:
    assert len(EXAMPLES[name]) >= 2
    context = click.Context(app, info_name="opencode-migrator")
    for what, example in EXAMPLES[name]:
        typed, *words = shlex.split(example)
        assert name in {"", typed}
        command = app.get_command(context, typed)
        if isinstance(command, click.Group):  # `plan` is `plan move`
            command = command.commands["move" if words[0].startswith("-") else words.pop(0)]
        assert command is not None
        own = click.Context(command, parent=context, info_name=typed)
        given, _, _ = command.make_parser(own).parse_args(words)
        for parameter in command.get_params(own):
            if parameter.name in given and not isinstance(parameter.type, click.Path):  # the folders aren't here
                parameter.type_cast_value(own, given[parameter.name])
        assert len(f"  opencode-migrator {example}") <= 80
        assert len(f"  # {what}") <= 80


def test_options_are_grouped(home: Home) -> None:
    groups = dict(re.findall(r"^(\S.*):\n((?:  .*\n)+)", home.run("move", "--help").stdout + "\n", re.MULTILINE))
    assert list(groups) == [
        "Examples", "Which sessions", "Where to", "Safety", "Output", "opencode 2", "Which database", "Other options",
    ]  # fmt: skip
    assert "--from-dir PATTERN" in groups["Which sessions"]
    assert "--to-dir" in groups["Where to"]
    assert re.findall(r"--[a-z]+", groups["Other options"]) == ["--help"]


def test_help_is_a_command_too(home: Home) -> None:
    assert home.run("help").stdout == home.run("--help").stdout
    assert home.run("help", "plan", "rescue").stdout == home.run("plan", "rescue", "--help").stdout
    assert home.run("help", "mvoe").code == 2


def test_help_is_of_one_command_and_no_variable_asks_for_it(home: Home) -> None:
    assert home.run("help", "help").stdout == home.run("--help").stdout
    refused = home.run("help", "log", "undo")
    assert (refused.code, refused.stdout) == (2, "")
    assert "`opencode-migrator help undo`" in refused.stderr
    home.environ["OPENCODE_MIGRATOR_HELP"] = "1"
    assert not home.run("projects").stdout.startswith("Usage")


def test_the_help_of_plan_says_where_its_options_are(home: Home) -> None:
    shown = home.run("plan", "--help").stdout
    assert "plan move --help" in shown
    assert "Plan what `move` would do (the default)." in shown


def test_nothing_typed_is_help_too(home: Home) -> None:
    shown = home.run()
    assert shown.code == 2
    assert shown.stderr == home.run("--help").stdout
    assert shown.stdout == ""
    start, _, commands = shown.stderr.partition("Start here:\n")[2].partition("\n\n")
    assert "  opencode-migrator relocate ~/old ~/new\n" in start
    assert re.findall(r"^(\S.*):$", commands, re.MULTILINE)[:4] == ["Look", "Find what is lost", "Move", "Take back"]
    assert "Commands:" in home.run("plan").stdout + home.run("plan", "--help").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("mvoe", "No such command 'mvoe'. Did you mean 'move'? See `opencode-migrator --help`."),
        ("fix", "No such command 'fix'. Did you mean 'rescue' or 'doctor'? See `opencode-migrator --help`."),
        ("mv a b", "No such command 'mv'. Did you mean 'move' or 'relocate'? See `opencode-migrator --help`."),
        (
            "move a b",
            (
                "Got unexpected extra arguments (a b). If the folder was renamed: `opencode-migrator relocate a b`; "
                "to put its sessions into another: `opencode-migrator move --from-dir a --to-dir b`. "
                "See `opencode-migrator move --help`."
            ),
        ),
        (
            "list ~/a",
            (
                "Got unexpected extra argument (~/a). For the sessions in that directory: "
                "`opencode-migrator list --from-dir '~/a'`. See `opencode-migrator list --help`."
            ),
        ),
        (
            "move --from-dir a b c",
            (
                "Got unexpected extra arguments (b c). A pattern must be quoted, or the shell expands it: "
                "--from-dir '~/src/shop-*'. See `opencode-migrator move --help`."
            ),
        ),
        ("xyzzy", "No such command 'xyzzy'. See `opencode-migrator --help`."),
        ("--verison", "No such option '--verison'. Did you mean '--version'? See `opencode-migrator --help`."),
        (
            "rescue --wait long",
            "Invalid value for '--wait': 'long' is not a valid number. See `opencode-migrator rescue --help`.",
        ),
        (
            "move --form-dir x",
            (
                "No such option '--form-dir'. Did you mean '--from-dir', '--to-dir' or '--from-id'? "
                "See `opencode-migrator move --help`."
            ),
        ),
        (
            "schema",
            (
                "Missing argument: choose from plan, run, list, orphans, doctor, log. "
                "See `opencode-migrator schema --help`."
            ),
        ),
        ("projects x", "Got unexpected extra argument (x). See `opencode-migrator projects --help`."),
    ],
)
def test_wrong_usage_names_what_was_meant(home: Home, words: str, message: str) -> None:
    shown = home.run(*words.split())
    assert (shown.code, shown.stdout) == (2, "")
    assert " ".join(shown.stderr.split()) == f"error: {message}"


def test_version(home: Home) -> None:
    shown = home.run("--version")
    assert home.run("-V").stdout == shown.stdout
    assert shown.stdout == f"opencode-migrator, version {distribution('opencode-migrator').version}\n"


def test_both_names_are_the_same_program(home: Home) -> None:
    scripts = {entry.name: entry.value for entry in distribution("opencode-migrator").entry_points}
    assert scripts["ocmig"] == scripts["opencode-migrator"]
    said = run_in_shell(home, "ocmig --version").stdout
    assert said.startswith("opencode-migrator, version ")
    assert said == run_in_shell(home, "opencode-migrator --version").stdout
