"""A broken plug-in costs its own option, rule or command, and one warning; everything else works as without it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.forked import use_site
from tests.support.home import MOVE, SESSION, Home
from tests.support.plugins import install
from tests.support.refusal import refused
from tests.support.server import serving
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.support.register import Register

SELECTOR = """
import click, sys
from migrator.selection import Clause, Selector, SelectorPlugin

{top}

class Plugin(SelectorPlugin):
    kind = "broken"
    {body}
    def options(self):
        {options}
        return [click.Option(["--broken"], {keywords})]
    def build(self, values, context):
        {build}
        return [Chosen(value) for value in [values["broken"]] if value]

class Chosen(Selector):
    def __init__(self, value):
        self.as_typed = f"--broken {{value}}"
    def clause(self):
        {clause}
        return None
    def match(self, session):
        {match}
        return True
"""
NOTHING = dict.fromkeys(("top", "body", "options", "build", "clause", "match"), "pass") | {"keywords": ""}

WHOLE = [
    ({"top": "raise SystemExit"}, "can't be loaded: it calls sys.exit()"),
    ({"top": "sys.exit(0)"}, "can't be loaded: it calls sys.exit(0)"),
    ({"top": "raise GeneratorExit"}, "can't be loaded: GeneratorExit"),
    ({"top": "class Odd(BaseException): pass\nraise Odd('odd')"}, "can't be loaded: odd"),
    ({"top": "import nothing_like_this"}, "can't be loaded: No module named 'nothing_like_this'"),
    ({"top": "def"}, "can't be loaded: "),
    ({"body": "__init__ = lambda self: sys.exit()"}, "can't be loaded: it calls sys.exit()"),
    ({"body": "__init__ = lambda self: 1 / 0"}, "can't be loaded: division by zero"),
    ({"options": "sys.exit(3)"}, "can't be loaded: it calls sys.exit(3)"),
    ({"options": "return None"}, "can't be loaded: 'NoneType' object is not iterable"),
    ({"options": "return ['--broken']"}, "can't be loaded: '--broken' is not a click option"),
    ({"options": "return [click.Option(['--from-dir'])]"}, "can't be loaded: there is an option --from-dir already"),
    ({"keywords": "required=True"}, "can't be loaded: its option --broken is required, so no command would run"),
    ({"keywords": "callback=lambda *_: sys.exit(0)"}, "can't be loaded: it calls sys.exit(0)"),
    ({"keywords": "callback=lambda ctx, *_: ctx.exit(0)"}, "can't be loaded: 0"),
    ({"keywords": "default=lambda: 1 / 0"}, "can't be loaded: division by zero"),
    ({"keywords": "callback=lambda ctx, *_: sys.exit(0) if ctx.parent else None"}, "fails: it calls sys.exit(0)"),
    ({"build": "raise SystemExit(0)"}, "fails: it calls sys.exit(0)"),
    ({"build": "values['no such']"}, "fails: 'no such'"),
]


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


def brings(home: Home, **broken: str) -> None:
    install(home, "migrator.selectors", "broken = broken_plugin:Plugin", SELECTOR.format(**{**NOTHING, **broken}))


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("broken", "why"), WHOLE, ids=[why for _, why in WHOLE])
def test_a_broken_selector_costs_its_option_and_one_warning(home: Home, broken: dict[str, str], why: str) -> None:
    brings(home, **broken)
    moved = home.run(*MOVE)
    assert moved.code == 0, moved.stderr
    assert "Moved 17 sessions" in moved.stdout
    warned = [line for line in moved.stderr.splitlines() if "plugin broken" in line]
    assert len(warned) == 1, moved.stderr
    assert warned[0].startswith(f"warning: The selector plugin broken (broken_plugin:Plugin) {why}")
    assert warned[0].endswith("; repair or uninstall the package that brings it.")


USED = [
    ({"build": "sys.exit(0)"}, "it calls sys.exit(0)"),
    ({"build": "1 / 0"}, "division by zero"),
    ({"build": "return None"}, "'NoneType' object is not iterable"),
    ({"build": "return ['text']"}, "'str' object has no attribute 'as_typed'"),
    ({"clause": "raise SystemExit"}, "it calls sys.exit()"),
    ({"clause": "return 'TRUE'"}, "'TRUE' is not a Clause with SQL"),
    ({"clause": "return Clause(7)"}, "Clause(sql=7, params=()) is not a Clause with SQL"),
    ({"match": "sys.exit(0)"}, "it calls sys.exit(0)"),
    ({"match": "1 / 0"}, "division by zero"),
    ({"keywords": "callback=lambda _, __, value: value and sys.exit(0)"}, "it calls sys.exit(0)"),
]


@pytest.mark.parametrize(("broken", "why"), USED, ids=[f"{[*broken]}-{why}" for broken, why in USED])
def test_what_uses_a_broken_selector_is_refused(home: Home, broken: dict[str, str], why: str) -> None:
    brings(home, **broken)
    said = refused(home, "move", "--broken", "x", "--to-dir", "src/shop", "--yes")
    assert said == (
        f"The selector plugin broken (broken_plugin:Plugin) fails: {why}; "
        "repair or uninstall the package that brings it."
    )
    assert home.run("list", "--all").code == 0


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("Clause('no_such_column = 1')", "no such column: no_such_column"),
        ("Clause('title = ')", 'near ")": syntax error'),
        ("Clause('title = ?')", "Incorrect number of bindings supplied. The current statement uses 1, "),
        ("Clause('title = ?', (object(),))", "Error binding parameter"),
    ],
)
def test_wrong_sql_is_the_fault_of_the_selector_and_not_of_the_database(home: Home, sql: str, why: str) -> None:
    brings(home, clause=f"return {sql}")
    for words in (("move", "--broken", "x", "--to-dir", "src/shop", "--yes"), ("list", "--broken", "x")):
        said = refused(home, *words)
        who = "The selector plugin broken (broken_plugin:Plugin) has a condition that SQLite can't read: "
        assert said.startswith(f"{who}{why}")
        assert said.endswith("; repair or uninstall the package that brings it.")


def test_an_option_that_a_command_has_already_costs_itself_there(home: Home) -> None:
    """`--yes` is no option of `list`, and there the plug-in's works. In `move` it isn't taken for the plug-in's."""
    brings(
        home, options="return [click.Option(['--yes'])]", build="values = {'broken': values['yes']}", match="return 0"
    )
    moved = home.run(*MOVE)
    assert "Moved 17 sessions" in moved.stdout
    assert (
        "warning: The selector plugin broken (broken_plugin:Plugin) is left out of this command, "
        "which has an option --yes of its own.\n"
    ) in moved.stderr
    listed = home.run("list", "--yes", "x", "--json")
    assert listed.code == 3
    assert listed.stderr.startswith("error: No session matches --broken x")


def test_the_python_api_warns_and_works(home: Home) -> None:
    brings(home, top="raise SystemExit(0)")
    code = (
        "import migrator, warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    found = migrator.select(migrator.open_store(), from_dir='/**').sessions\n"
        "print(len(found), [str(each.message) for each in caught])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(home.env()), cwd=home.path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("18 [\"The selector plugin broken (broken_plugin:Plugin) can't be loaded: it calls")


def test_a_program_need_not_give_every_option(home: Home) -> None:
    brings(home, build="values['broken']")
    with serving(home, first=partial(use_site, str(home.site))) as served:
        plan = served.post("/plan", {"from-dir": ["/**"], "to-dir": str(home.src / "shop")})
        assert served.process.stderr == ""
    assert len(plan["changes"]) == 18


def test_a_selector_may_still_refuse_what_was_typed(home: Home) -> None:
    brings(home, build="from migrator import BadInput; raise BadInput('--broken x: no') if values['broken'] else 0")
    assert refused(home, "list", "--broken", "x", code=2) == "The option --broken x: no."


def test_what_a_plugin_prints_or_changes_is_kept_from_the_result(home: Home) -> None:
    brings(home, top="print('\x1b[2J hello'); sys.argv[:] = ['x', 'undo']; sys.stdout = None")
    listed = home.run("list", "--all", "--json")
    assert len(listed.json) > 10
    assert "warning: The selector plugin broken (broken_plugin:Plugin) prints: \\x1b[2J hello\n" in listed.stderr
    assert "opencode-migrator list --json -n" not in home.run("move", "--from-id", SESSION, "-n").stdout


def test_one_that_interrupts_is_an_interruption(home: Home) -> None:
    brings(home, top="raise KeyboardInterrupt")
    done = home.run(*MOVE)
    assert (done.code, done.stderr.strip()) == (130, "error: Interrupted; nothing was written.")


def test_one_that_takes_for_ever_can_be_interrupted(home: Home) -> None:
    brings(home, top="import pathlib, time; pathlib.Path('importing').touch(); time.sleep(100)")
    with Terminal(home, *MOVE) as terminal:
        deadline = time.monotonic() + 30
        while not (home.path / "importing").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        terminal.interrupt(signal.SIGINT)
        assert terminal.finish() == 130
    assert terminal.text.strip() == "error: Interrupted; nothing was written."


# -- orphan rules ------------------------------------------------------------------------------------------------------

RULE = """
import sys
from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule

class Rule(OrphanRule):
    name = "{name}"
    summary = "broken"
    movable = {movable}
    def find(self, context):
        yield Finding(list(context.by_id.values()), Reason("{name}", "seen", Certainty.CERTAIN))
        {find}
"""
GONE = "The orphan rule broken (broken_rule:Rule) "


def brings_rule(home: Home, find: str = "pass", name: str = "flaky", movable: str = "True", top: str = "") -> None:
    source = top + RULE.format(find=find, name=name, movable=movable)
    install(home, "migrator.orphan_rules", "broken = broken_rule:Rule", source)


@pytest.fixture
def lost(register: Register) -> Home:
    register.add_project("shop", "/home/no-such-user/shop")
    register.add_row("ses_lost", project_id="shop", directory="/home/no-such-user/shop", path="")
    return register.home


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"top": "raise SystemExit(0)\n"}, "it calls sys.exit(0)"),
        ({"name": "missing-directory"}, "there is a rule missing-directory already"),
        ({"name": "two words"}, "'two words' can't be the name of a rule"),
        ({"top": "Rule = dict\n", "find": "pass\nRule = dict"}, "'dict' object has no attribute 'name'"),
    ],
)
def test_a_rule_that_cant_be_loaded_costs_itself(lost: Home, how: dict[str, str], why: str) -> None:
    brings_rule(lost, **how)
    listed = lost.run("orphans", "--json")
    assert listed.code == 0
    assert [reason["rule"] for row in listed.json for reason in row["reasons"]] == ["missing-directory"]
    assert listed.stderr.count(f"warning: {GONE}can't be loaded: {why};") == 1


def test_a_rule_that_fails_is_cant_tell(lost: Home) -> None:
    brings_rule(lost, "sys.exit(0)")
    failure = f"{GONE}fails: it calls sys.exit(0); repair or uninstall the package that brings it."
    listed = lost.run("orphans", "--json")
    assert listed.code == 1
    assert [reason["rule"] for row in listed.json for reason in row["reasons"]] == ["missing-directory"]
    assert f"warning: Can't tell which sessions the rule flaky finds. {failure}\n" in listed.stderr
    assert "where it belongs" not in listed.stderr
    checked = lost.run("doctor", "--json").json
    assert (checked["orphans"], checked["cantTell"]["orphans"]) == ({"missing-directory": 1}, failure)
    assert failure in lost.run("doctor").stdout
    explained = one_line(lost.run("orphans", "--explain", "ses_lost").stdout)
    assert f"? flaky: {failure}" in explained
    assert "yes missing-directory" in explained
    planned = lost.run("rescue", "-n", "--json").json
    assert "rule-failed" in {warning["code"] for warning in planned["warnings"]}


@pytest.mark.parametrize(
    ("find", "why"),
    [
        ("yield Finding([], 'why')", "'why' is not a Reason with a Certainty"),
        (
            "yield Finding([], Reason('flaky', 'seen', 'certain'))",
            "Reason(rule='flaky', evidence='seen', certainty='certain') is not a Reason with a Certainty",
        ),
        (
            "yield Finding(['ses_lost'], Reason('flaky', 'seen', Certainty.LIKELY))",
            "it finds something else than Sessions",
        ),
        ("yield 7", "cannot unpack non-iterable int object"),
    ],
)
def test_a_rule_that_finds_what_is_no_finding_fails(lost: Home, find: str, why: str) -> None:
    brings_rule(lost, find)
    listed = lost.run("orphans")
    assert (listed.code, f"fails: {why}; repair" in one_line(listed.stderr)) == (1, True), listed.stderr


def test_without_others_a_rule_that_fails_makes_no_orphans_no_answer(home: Home) -> None:
    home.execute("DELETE FROM session")
    brings_rule(home, "1 / 0")
    listed = home.run("orphans")
    assert (listed.code, "No lost session that the other rules find." in listed.stderr) == (1, True)
    assert "no lost sessions that the other rules find" in home.run("doctor").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("orphans", "--rule", "flaky"),
        ("list", "--orphans=flaky"),
        ("list", "--orphans"),
        ("move", "--orphans", "--to-dir", ".", "--yes"),
        ("rescue", "--rule", "flaky", "--yes"),
    ],
)
def test_what_uses_a_rule_that_fails_is_refused(lost: Home, words: tuple[str, ...]) -> None:
    brings_rule(lost, "1 / 0")
    said = refused(lost, *words)
    assert said == f"{GONE}fails: division by zero; repair or uninstall the package that brings it."


def test_nothing_is_rescued_where_a_rule_that_may_forbid_it_fails(lost: Home) -> None:
    brings_rule(lost, "1 / 0", movable="False")
    assert f"{GONE}fails: division by zero" in refused(lost, "rescue", "--yes")


# -- commands, and packages --------------------------------------------------------------------------------------------


def test_a_command_that_exits_when_it_is_loaded_costs_itself(home: Home) -> None:
    install(home, "migrator.commands", "broken = broken_command:command", "raise SystemExit(0)\n")
    assert "The command broken (broken_command:command) can't be loaded: it calls sys.exit(0)" in refused(
        home, "broken"
    )
    shown = home.run("--help")
    assert shown.code == 0
    assert re.search(r"^  broken +can't be loaded", shown.stdout, re.MULTILINE)
    assert "Moved 17 sessions" in home.run(*MOVE).stdout


def test_commands_of_one_name(home: Home) -> None:
    source = "import click\n@click.command()\ndef command():\n    click.echo('first')\n"
    for name in ("a", "b"):
        install(home, "migrator.commands", f"{name} = module_{name}:command", source)
        entries = home.path / "site" / f"{name}-0.1.dist-info" / "entry_points.txt"
        entries.write_text(f"[migrator.commands]\ntally = module_{name}:command\nlist = module_{name}:command\n")
    shown = home.run("--help")
    assert shown.stdout.count("tally") == 1
    assert "The command tally (module_b:command) is left out: there is another command of this name." in shown.stderr
    assert "The command list (module_a:command) is left out: there is another command of this name." in shown.stderr
    assert home.run("tally").stdout == "first\n"


def test_a_package_whose_entry_points_cant_be_read(home: Home) -> None:
    install(home, "migrator.selectors", "broken = broken_plugin:Plugin", SELECTOR.format(**NOTHING))
    bad = home.path / "site" / "bad-0.1.dist-info"
    bad.mkdir()
    (bad / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 0.1\n")
    (bad / "entry_points.txt").write_bytes(b"\xff\xfe[\x00")
    listed = home.run("list", "--all", "--broken", "x", "--json")
    assert (listed.code, len(listed.json) > 10) == (0, True)
    assert listed.stderr.count("warning: ") == 1
    assert "can't be listed" in listed.stderr
