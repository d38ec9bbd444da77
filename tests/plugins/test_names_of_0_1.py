"""Plug-ins of other distributions that were written for version 0.1 still work, under the names that it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.empty_home import bind_session, empty_home
from tests.support.plugins import install

if TYPE_CHECKING:
    from pathlib import Path


SELECTOR = """
from dataclasses import dataclass
import click
from migrator.selection import Clause, Facts, Selector, SelectorPlugin

@dataclass(frozen=True)
class Ending(Selector):
    said: str
    directories: tuple[str, ...]

    def match(self, session):
        return session.directory in self.directories

class EndingPlugin(SelectorPlugin):
    kind = "from-ending"

    def options(self):
        return [click.Option(["--from-ending", "from_ending"], multiple=True)]

    def build(self, values, facts: Facts):
        return [
            Ending(f"--from-ending {text}", tuple(d for d in facts.directories() if d.endswith(text)))
            for text in values["from_ending"]
        ]
"""

RULE = """
from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, Ground, OrphanRule, Sight, Standing

class Vanished(OrphanRule):
    name = "vanished"
    summary = "the directory has vanished"

    def find(self, ground: Ground):
        ground.look_at([binding.directory for binding in ground.bound])
        for binding, sessions in ground.bound.items():
            sight: Sight = ground.sight(binding.directory)
            if sight.standing is Standing.MISSING:
                yield Finding(sessions, Reason(self.name, sight.detail, Certainty.LIKELY))

    def acquit(self, ground: Ground, session):
        return f"{session.directory} has not vanished"
"""


def test_a_selector_for_0_1(tmp_path: Path) -> None:
    home = empty_home(tmp_path / "home")
    install(home, "migrator.selectors", "ending = ending_selector:EndingPlugin", SELECTOR)
    bind_session(home, "ses_old", "global", "/old/shop", "old/shop")
    home.repository("shop")
    plan = home.run("move", "--from-ending", "/shop", "--to-dir", "src/shop", "--dry-run", "--json").json
    assert {change["session"]: change["selected_by"] for change in plan["changes"]} == {
        "ses_old": ["--from-ending /shop"]
    }


def test_an_orphan_rule_for_0_1(tmp_path: Path) -> None:
    home = empty_home(tmp_path / "home")
    install(home, "migrator.orphan_rules", "vanished = vanished_rule:Vanished", RULE)
    bind_session(home, "ses_here", "global", home.src, str(home.src)[1:])
    bind_session(home, "ses_gone", "global", home.src / "gone", str(home.src / "gone")[1:])
    rows = home.run("orphans", "--rule", "vanished", "--json").json
    (reason,) = next(row for row in rows if row["id"] == "ses_gone")["reasons"][1:]
    assert reason == {"rule": "vanished", "evidence": f"{home.src / 'gone'} does not exist", "certainty": "likely"}
    assert "ses_here" not in {row["id"] for row in rows}
    explained = " ".join(home.run("orphans", "--explain", "ses_here").stdout.split())
    assert "no vanished: ~/src has not vanished" in explained
