"""The skill that `install-skill` installs: opencode finds it, what it tells an agent to run works while opencode is
open, and what it tells the user to run afterwards brings the sessions home.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import repository
from tests.support.opencode.fake_model import order
from tests.support.opencode.migrator_command import orphans, run_migrator
from tests.support.required import NotAvailable, or_skipped

if TYPE_CHECKING:
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

COMMAND = re.compile(r"`(opencode-migrator [^`]+)`")


@pytest.fixture
def opencode(opencode: OpenCode, monkeypatch: pytest.MonkeyPatch) -> OpenCode:
    """An opencode whose agents find our command, and ripgrep: the skill tool fetches one where there is none."""
    with or_skipped("ripgrep"):
        if shutil.which("rg") is None:
            raise NotAvailable("there is no rg on PATH")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return opencode


@pytest.fixture
def here(opencode: OpenCode, tmp_path: Path) -> Path:
    """A repository to work in, beside one that was renamed and has a session."""
    shop, here = repository(tmp_path / "shop"), repository(tmp_path / "here")
    with opencode.serve(shop):
        opencode.prompt(opencode.new_session("in the shop", shop), order("read", filePath="@CWD@/a.txt"), shop)
    shop.rename(tmp_path / "store")
    return here


def tools(opencode: OpenCode, session: str) -> list[dict[str, Any]]:
    """What the tools of a session were asked, and how they ended."""
    parts = [part for message in opencode.conversation(session) for part in message["parts"]]
    return [part["state"] for part in parts if part["type"] == "tool"]


@pytest.mark.parametrize("options", [(), ("--project",)], ids=["for the user", "for the project"])
def test_opencode_finds_it(opencode: OpenCode, here: Path, options: tuple[str, ...]) -> None:
    (here / "sub").mkdir()
    assert run_migrator(opencode, "install-skill", *options, cwd=here / "sub").returncode == 0
    with opencode.serve(here):
        for directory in (here, here / "sub"):
            skills = opencode.call("GET", "/skill", directory=directory)
            (skill,) = [each for each in skills if each["name"] == "move-sessions"]
            assert "orphans" in skill["content"]
            commands = opencode.call("GET", "/command", directory=directory)
            assert [each["source"] for each in commands if each["name"] == "move-sessions"] == ["skill"]
        session = opencode.new_session("asked by name", here)
        opencode.prompt(session, order("skill", name="move-sessions"), here)
        (loaded,) = tools(opencode, session)
        assert loaded["status"] == "completed", loaded
        assert "opencode-migrator apply plan.json --wait 60" in loaded["output"]


def test_what_it_says_can_be_done(opencode: OpenCode, here: Path) -> None:
    (lost,) = orphans(opencode, here)
    store, shop = here.parent / "store", here.parent / "shop"
    assert run_migrator(opencode, "install-skill", cwd=here).returncode == 0
    text = (opencode.home / ".config/opencode/skills/move-sessions/SKILL.md").read_text()
    *named, last = COMMAND.findall(text)
    assert last == "opencode-migrator apply plan.json --wait 60"
    for word, value in (
        ("SESSION_ID", lost), ("'TEXT'", "a.txt"), ("OLD", shop), ("NEW", store), ("'PATTERN'", f"'{here}'"),
        ("DIR", store), ("REPOSITORY", here), ("COMMAND", "move"),
    ):  # fmt: skip
        named = [re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", str(value), command) for command in named]
    named = [command.replace("plan.json", f"{number}.json") for number, command in enumerate(named)]
    with opencode.serve(here):
        session = opencode.new_session("find them", here)
        opencode.call(
            "POST", f"/session/{session}/command", {"command": "move-sessions", "arguments": "where is my shop?"}, here
        )
        saved = {command.split()[2]: command.split()[-1] for command in named if command.endswith(".json")}
        too_early = f"opencode-migrator apply {saved['rescue']} --yes"
        ordered = "".join(order("bash", command=command, description="look") for command in [*named, too_early])
        opencode.prompt(session, ordered, here)
        *answers, refused = tools(opencode, session)
        assert len(answers) == len(named) > 8
        for command, answer in zip(named, answers, strict=True):
            assert answer["metadata"]["exit"] == 0, (command, answer["output"])
        assert (refused["metadata"]["exit"], "opencode" in refused["output"]) == (4, True)
    assert orphans(opencode, here).keys() == {lost}
    for kind in ("rescue", "move"):  # the second moves the session in which it was planned
        applied = run_migrator(opencode, "apply", saved[kind], "--wait", "60", "--yes", cwd=here)
        assert applied.returncode == 0, applied.stderr
    assert orphans(opencode, here) == {}
    assert set(opencode.listed(store)) == {lost, session}
