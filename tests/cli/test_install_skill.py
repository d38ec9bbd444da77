"""`install-skill`: the skill is where opencode reads skills, and nobody's own words are replaced."""

from __future__ import annotations

import os
import re
import shlex
import stat
from hashlib import sha256
from pathlib import Path

import click
import pytest

from migrator.cli.app import app
from tests.support.git import repository
from tests.support.home import Home
from tests.support.shell import run_in_shell


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home: no database is needed."""
    return Home(tmp_path / "home")


@pytest.fixture
def skill(home: Home) -> Path:
    home.src.mkdir(parents=True)
    return home.path / ".config/opencode/skills/move-sessions/SKILL.md"


def test_it_is_shown_installed_and_removed(home: Home, skill: Path) -> None:
    shown = home.run("install-skill", "--dry-run")
    assert shown.stdout.startswith("Would write ~/.config/opencode/skills/move-sessions/SKILL.md:\n\n---\nname: ")
    assert not skill.exists()
    installed = home.run("install-skill")
    assert (installed.code, skill.read_text()) == (0, shown.stdout.partition("\n\n")[2])
    assert "Installed the skill move-sessions in ~/.config/opencode/" in installed.stdout
    before = skill.stat()
    again = home.run("install-skill")
    assert "already; nothing to do." in again.stdout
    assert skill.stat() == before
    for said in (installed, again):
        assert said.stdout.splitlines()[-2:] == ["To remove it:", f"  rm -r {skill.parent}"]
    run_in_shell(home, installed.stdout.splitlines()[-1])
    assert not skill.parent.exists()


def test_what_somebody_wrote_stays(home: Home, skill: Path) -> None:
    home.run("install-skill")
    ours = skill.read_text()
    for theirs in (ours + "Be brief.\n", "my own\n", ours.replace("sha256", "sha")):
        skill.write_text(theirs)
        for words in ((), ("--dry-run",)):
            refused = home.run("install-skill", *words)
            assert (refused.code, refused.stdout) == (1, "")
            assert f"Somebody changed {skill}" in refused.stderr
            assert "replace it with --force." in refused.stderr
        assert skill.read_text() == theirs
        assert "Would replace ~/" in home.run("install-skill", "--force", "--dry-run").stdout
        assert skill.read_text() == theirs
        assert home.run("install-skill", "--force").stdout.startswith("Replaced the skill")
        assert skill.read_text() == ours
    skill.write_bytes(b"\xff")
    assert home.run("install-skill").code == 1
    skill.unlink()
    skill.mkdir()
    assert "is there and can't be read" in home.run("install-skill", "--force").stderr


def test_line_ends_that_git_changed_in_a_checkout_are_nobodys_words(home: Home, skill: Path) -> None:
    """As git for Windows does, where a project's skill is committed with it."""
    home.run("install-skill")
    ours = skill.read_bytes()
    skill.write_bytes(ours.replace(b"\n", b"\r\n"))
    assert home.run("install-skill").stdout.startswith("The skill move-sessions is in ")
    skill.write_bytes(ours.replace(b"\n", b"\r\n") + b"Be brief.\r\n")
    assert home.run("install-skill").code == 1
    digest = sha256(b'---\n  sha256: ""\n---\n').hexdigest()
    skill.write_bytes(f'---\r\n  sha256: "{digest}"\r\n---\r\n'.encode())
    assert home.run("install-skill").stdout.startswith("Replaced the skill")
    assert skill.read_bytes() == ours


def test_what_an_earlier_version_installed_is_replaced(home: Home, skill: Path) -> None:
    """Its text is another, and its digest that of its own text: here of one line."""
    skill.parent.mkdir(parents=True)
    digest = sha256(b'---\n  sha256: ""\n---\n').hexdigest()
    skill.write_text(f'---\n  sha256: "{digest}"\n---\n')
    assert home.run("install-skill").stdout.startswith("Replaced the skill")
    assert home.run("install-skill").stdout.startswith("The skill move-sessions is in ")


def test_a_project_has_it_at_the_top_of_its_checkout(home: Home, skill: Path) -> None:
    shop = repository(home.src / "shop")
    (shop / "sub" / "deep").mkdir(parents=True)
    assert home.run("install-skill", "--project", cwd=shop / "sub" / "deep").code == 0
    assert (shop / ".opencode/skills/move-sessions/SKILL.md").exists()
    assert home.run("install-skill", "--project", cwd=home.src).code == 0  # in no repository
    assert (home.src / ".opencode/skills/move-sessions/SKILL.md").exists()
    assert not skill.exists()


def test_another_configuration_directory_and_a_link_to_a_file_elsewhere(home: Home, skill: Path) -> None:
    home.environ["XDG_CONFIG_HOME"] = str(home.path / "config")
    there = home.path / "config/opencode/skills/move-sessions/SKILL.md"
    there.parent.mkdir(parents=True)
    there.symlink_to(home.path / "dotfiles.md")
    assert home.run("install-skill").code == 0
    assert (home.path / "dotfiles.md").read_text() == there.read_text()
    assert there.is_symlink()
    assert not skill.exists()


def test_a_relative_configuration_directory_is_told_in_full(home: Home, skill: Path) -> None:
    """So that what removes it works everywhere, also behind a name that looks like an option."""
    home.environ["XDG_CONFIG_HOME"] = "-rf"
    said = home.run("install-skill", cwd=home.src).stdout
    made = home.src / "-rf/opencode/skills/move-sessions"
    assert (made / "SKILL.md").exists()
    run_in_shell(home, said.splitlines()[-1])
    assert not made.exists()
    assert not skill.exists()


def test_where_it_cannot_be_written_the_other_place_is_named(home: Home, skill: Path) -> None:
    (home.src / ".opencode").write_text("")
    said = " ".join(home.run("install-skill", "--project", cwd=home.src).stderr.split())
    assert "Not a directory; let yourself write there, or install it without --project." in said
    skill.parents[3].write_text("")
    said = " ".join(home.run("install-skill").stderr.split())
    assert "Not a directory; let yourself write there, or install it with --project." in said


def test_nothing_is_made_behind_a_link_to_nowhere(home: Home, skill: Path) -> None:
    """It may lead to a disk that isn't mounted now."""
    disk = home.path / "disk"
    skill.parents[3].mkdir()
    skill.parents[2].symlink_to(disk / "opencode")
    refused = home.run("install-skill")
    assert (refused.code, disk.exists()) == (1, False)
    assert f"{skill.parents[2]} is a link to {disk}/opencode, which is not there" in " ".join(refused.stderr.split())
    skill.parents[2].unlink()
    skill.parent.mkdir(parents=True)
    skill.symlink_to(disk / "SKILL.md")
    assert (home.run("install-skill").code, disk.exists()) == (1, False)


def test_what_is_no_plain_file_is_neither_waited_for_nor_replaced(home: Home, skill: Path) -> None:
    """Nor is what a link leads to: that may be a device."""
    skill.parent.mkdir(parents=True)
    os.mkfifo(home.path / "fifo")
    skill.symlink_to(home.path / "fifo")
    for words in ((), ("--force",), ("--dry-run",)):
        done = home.run("install-skill", *words)
        assert (done.code, "SKILL.md is there and is no plain file" in done.stderr) == (1, True), done
    assert stat.S_ISFIFO(skill.stat().st_mode)


def test_it_says_if_the_agent_would_not_find_the_command(home: Home, skill: Path) -> None:
    del skill
    program = Path(home.path, "bin", "opencode-migrator")
    program.parent.mkdir()
    home.environ["PATH"] = f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    assert "is not on PATH" in home.run("install-skill").stderr
    program.write_text("")
    program.chmod(0o755)
    assert home.run("install-skill").stderr == ""


def test_every_command_in_it_can_be_typed_and_only_plans_or_reads(home: Home, skill: Path) -> None:
    home.run("install-skill")
    text = skill.read_text()
    context = click.Context(app, info_name="opencode-migrator")
    found = [shlex.split(words) for words in re.findall(r"`opencode-migrator ([^`]+)`", text)]
    for name, *words in found:
        command = app.get_command(context, name)
        if isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        if name == "help":
            continue
        assert command is not None, name
        command.make_parser(click.Context(command, parent=context, info_name=name)).parse_args(words)
    assert {words[0] for words in found} == {"orphans", "list", "projects", "doctor", "help", "plan", "apply"}
    assert found[-1] == ["apply", "plan.json", "--wait", "60"]
    never = text.partition("Never run")[2].partition("themselves")[0]
    writing = {"move", "rescue", "relocate", "consolidate", "merge", "protect", "apply", "undo", "redo", "resume", "gc"}
    assert set(re.findall(r"`(\w+)`", never)) == writing
