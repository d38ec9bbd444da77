"""README and docs/ show what the program does today."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from migrator.cli.app import app
from migrator.plugins import orphan_rules

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/*.md"))
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
ALIASES = ("rebind", "detached")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that the public host makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_its_first_screen_is_what_the_demo_prints() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = readme.split("```console\n")[1].split("```")[0]
    environ = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80"}
    command = [sys.executable, "-m", "migrator", "demo"]
    demo = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    rest = RUN.sub("RUN", demo.stdout)
    for piece in RUN.sub("RUN", shown).split("...\n"):
        assert piece in rest
        rest = rest.partition(piece)[2]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 170


def help_of(*words: str) -> str:
    asked = CliRunner().invoke(app, [*words, "--help"])
    assert asked.exit_code == 0, words
    return asked.stdout


def test_every_command_and_option_shown_exists() -> None:
    commands = re.findall(r"^  ([a-z][a-z-]*)  ", help_of(), re.MULTILINE)
    shown = re.compile(rf"(?:opencode-migrator |`)((?:plan )?(?:{'|'.join(commands)}))( [^\n|`]*)?(?=[\n|`])")
    options: dict[str, set[str]] = {}
    for page in PAGES:
        text = page.read_text()
        assert set(re.findall(r"opencode-migrator ([a-z][a-z-]*)", text)) <= {*commands, *ALIASES}, page.name
        for name, rest in shown.findall(text):
            options.setdefault("plan move" if name == "plan" else name, set()).update(re.findall(r"--[a-z-]+", rest))
    assert {"move", "undo", "doctor", "relocate", "consolidate", "plan move"} <= options.keys()
    for name, asked in sorted(options.items()):
        assert asked <= set(re.findall(r"--[a-z-]+", help_of(*name.split()))), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", FENCE.sub("", page.read_text()))
    pictures = re.findall(r'src(?:set)?="([^"]+)"', page.read_text())
    for link in [*links, *pictures]:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_of_docs_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    assert [page.name for page in sorted(ROOT.glob("docs/*.md")) if f"({page.name})" not in index] == ["README.md"]


def test_the_rules_are_explained_as_by_help() -> None:
    page = (ROOT / "docs" / "finding-lost-sessions.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", page.partition("## The rules")[2], re.MULTILINE))
    assert rows == {rule.name: rule.summary for rule in orphan_rules()}


def test_every_name_in_the_glossary_is_in_the_code() -> None:
    rows = re.findall(r"^\|.*\| ([^|]*) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(names) > 50
    source = "\n".join(path.read_text() for room in ("migrator", "selectors") for path in (ROOT / room).rglob("*.py"))
    words = set(re.findall(r"\w+", source))
    for name in names:
        if "/" in name:
            assert (ROOT / "migrator" / name).exists(), name
        else:
            assert set(re.findall(r"\w+", name)) <= words, name


@pytest.mark.parametrize("name", ["architecture", "adding-a-selector", "adding-an-opencode-version", "../CONTRIBUTING"])
def test_every_path_shown_to_contributors_exists(name: str) -> None:
    text = (ROOT / "docs" / f"{name}.md").read_text()
    for path in set(re.findall(r"(?<![\w./~$])(?:[a-z_0-9]+/)+(?:[a-z_0-9]+\.py)?", text)):
        assert any((ROOT / room / path).exists() for room in (".", "migrator", "docs")), path
