"""`install-skill`: put a skill for opencode's agents where opencode reads skills.

opencode reads `{skill,skills}/**/SKILL.md` below its configuration directory and below each `.opencode` from where it
works up to the top of the checkout, once, when it begins to work there. A skill is a command, too: `/move-sessions`. To
load one, opencode lists the files beside it with ripgrep, which it fetches where there is none. (Seen with 1.18.34;
1.15.13 reads the same folders.)
"""

from __future__ import annotations

import os
import re
import stat
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from migrator.disk.ownership import make_directory, owner_of
from migrator.disk.status import status_of
from migrator.errors import MigratorError
from migrator.places import Places, ProjectIdScheme
from migrator.places.cwd import current_directory
from migrator.state_dir import written_beside
from migrator.text_input import read_text

NAME = "move-sessions"

_DIGEST = re.compile(r'^  sha256: "([0-9a-f]*)"$', re.MULTILINE)


class SkillState(StrEnum):
    """What is in the place of the skill."""

    MISSING = "missing"
    INSTALLED = "installed"
    EARLIER = "earlier"
    CHANGED = "changed"


def skill_text() -> str:
    """Return the skill, with a digest that tells whether somebody changed it."""
    text = read_text(str(Path(__file__).with_name("skill.md")))
    return text.replace('sha256: ""', f'sha256: "{_digest(text)}"', 1)


def skill_file(*, project: bool) -> Path:
    """Return where the skill belongs: for all projects of this user, or in the checkout of the current directory."""
    if project:
        cwd = current_directory()
        top = Places(ProjectIdScheme.ORIGIN_FIRST).find(cwd).worktree
        folder = Path(cwd if top == "/" else top, ".opencode")
    else:
        config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        folder = Path(config, "opencode")
    return Path(os.path.abspath(folder), "skills", NAME, "SKILL.md")


def state_of(file: Path) -> SkillState:
    """Look at what is there. Raises MigratorError, or CantTell, if that can't be read."""
    if (status := status_of(file)) is None:
        return SkillState.MISSING
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise MigratorError(f"{file} is there and is no plain file; see what it is first.")
    try:
        text = read_text(str(file)).replace("\r\n", "\n")
    except UnicodeDecodeError:
        return SkillState.CHANGED
    except OSError as error:
        raise MigratorError(f"{file} is there and can't be read: {error.strerror}; see what it is first.") from None
    if text == skill_text():
        return SkillState.INSTALLED
    digest = _DIGEST.search(text)
    return SkillState.EARLIER if digest and digest[1] == _digest(text) else SkillState.CHANGED


def install_skill(file: Path, elsewhere: str) -> None:
    """Write the skill, whole or not at all. Raises MigratorError if that fails: install it `elsewhere`, it says."""
    try:
        owner = make_directory(file.parent, owner_of(file))
        with written_beside(Path(os.path.realpath(file)), 0o666, owner) as new:
            new.write_text(skill_text(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise MigratorError(
            f"The skill can't be written to {file}: {error.strerror or error}; let yourself write there, or install it "
            f"{elsewhere}."
        ) from error


def _digest(text: str) -> str:
    """Return the digest of a skill's text without the digest that is in it."""
    return sha256(_DIGEST.sub('  sha256: ""', text, count=1).encode()).hexdigest()
