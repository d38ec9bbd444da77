"""Running the user's own opencode 2 until it has imported a copy, and ending it for certain.

`opencode serve --stdio` upgrades its database, imports in the background, and ends when its input is closed: so it
ends too if we are killed. It resumes no turn: only `serve --service` does. It gets a home of its own, in which there is
no config, no plugin, no key and no other database; a config that we write turns its updates off. It has no way into the
network but for a proxy that doesn't exist. (Read in its source of August and October 2026, and seen with both.)
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from migrator.errors import BadInput, CantTell, MigratorError
from migrator.places.programs import Command, run, started, wait
from migrator.progress import doing
from migrator.store.import_copy import imported_so_far
from migrator.text import count, lines_of

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 120.0
"""How long opencode 2 may go without importing another session."""

_ENDING_SECONDS = 10.0
_OFTEN = 0.1
_SAID_BYTES, _MOST_BYTES = 1 << 16, 1 << 26
"""How much of what it prints is looked at when it fails, and how much it may print."""
_SAID_CHARACTERS = 300
_VERSION = re.compile(r"(?:opencode\S* )?v?(?P<number>(?P<major>\d+)\.\d+\.\d+)[-+.\w]*")
"""All that `--version` prints: `1.18.34`, `2.0.25`, `opencode2 v2.0.0-source`; `0.0.0-next-...` is a preview."""
_KEPT = frozenset(
    "PATH LANG LC_ALL LC_CTYPE TZ SYSTEMROOT WINDIR COMSPEC PATHEXT SYSTEMDRIVE NUMBER_OF_PROCESSORS".split()  # noqa: SIM905 - reads as a row
)
"""The variables that a program needs to be found and to run; no key, no token and no setting of opencode's is one."""

_NOWHERE = "http://127.0.0.1:9"


def find_program(word: str) -> str:
    """Return the full path of the program `word`. Raises BadInput if there is none."""
    named = os.path.expanduser(word)
    found = shutil.which(named)
    if found is None:
        if os.path.isfile(named):
            raise BadInput(f"--with-opencode: {word} is no program that you may run.")
        raise BadInput(f"--with-opencode: there is no program {word}; name your opencode 2, as `which opencode` does.")
    return os.path.abspath(found)


def check_program(program: str, folder: Path) -> None:
    """Raise MigratorError unless a program runs, and doesn't say that it is opencode 1."""
    command = Command(f"{program} --version", [program, "--version"], _environment(folder), str(folder))
    try:
        done = run(command)
    except (OSError, CantTell) as error:
        raise MigratorError(f"{program} can't be run: {getattr(error, 'strerror', None) or error}.") from error
    said = (done.stdout or done.stderr).decode(errors="replace").strip()
    if done.returncode:
        raise MigratorError(f"{program} is no opencode 2: `{program} --version` ended with {done.returncode}.")
    version = _VERSION.fullmatch(said)
    if version and version["major"] == "1":
        only = "and only opencode 2 imports sessions of opencode 1"
        raise MigratorError(f"{program} is opencode {version['number']}, {only}.")
    if not version or version["major"] not in {"0", "2"}:
        first = (lines_of(said)[0] or "nothing")[:_SAID_CHARACTERS]
        raise MigratorError(f"{program} is no opencode 2: `{program} --version` says: {first}.")


def run_import(program: str, folder: Path, copy: Path, number: int) -> None:
    """Have opencode 2 import a copy with so many sessions, which is in a private folder; then end it.

    At Ctrl-C, on an error or on success, `started` kills it with its children before the folder is removed. Raises
    MigratorError, a whole sentence, if it ends before it is done, or makes no progress.
    """
    environ = _environment(folder) | {"OPENCODE_DB": str(copy)}
    _write_config(folder)
    command = Command("opencode 2", [program, "serve", "--stdio"], environ, str(folder))
    with TemporaryFile(dir=folder) as output:
        try:
            with started(command, subprocess.PIPE, output, output) as process:
                failure = _until_imported(process, output, copy, number)
                if failure is None:
                    _end(process)
        except OSError as error:
            failure = f"can't be run: {error.strerror or error}"
        if failure:
            reason = _reason(output)
            raise MigratorError(f"{program} {failure}{f', and says: {reason}' if reason else ''}. Nothing was written.")


def _until_imported(process: subprocess.Popen[bytes], output: IO[bytes], copy: Path, number: int) -> str | None:
    """Wait until all is imported; return what went wrong instead, as the end of a sentence, or None."""
    done, last = 0, time.monotonic()
    with doing("Opencode 2 imports", number, "sessions") as advance:
        while True:
            code = process.poll()
            now, is_complete = imported_so_far(copy)
            if is_complete:
                return None
            if code is not None:
                return f"ended with {code} after it had imported {now} of {count(number, 'session')}"
            if os.fstat(output.fileno()).st_size > _MOST_BYTES:
                return f"prints more than {_MOST_BYTES >> 20} MB"
            if now != done:
                advance(now - done)
                done, last = now, time.monotonic()
            if time.monotonic() - last > SECONDS:
                have = (
                    f"it has imported {now} of {count(number, 'session')}, and none in the last {SECONDS:.0f} seconds"
                )
                return f"has stopped making progress: {have}"
            wait(_OFTEN)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a program end by itself, so that what it started has ended before it; if it doesn't, it will be killed."""
    assert process.stdin is not None  # noqa: S101 - for the type checker
    process.stdin.close()
    deadline = time.monotonic() + _ENDING_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        wait(_OFTEN)


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables of a program whose home is in a folder of ours, and that reaches nobody."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in _KEPT}
    homes = {
        name: str(folder / at)
        for name, at in {
            "HOME": "home",
            "USERPROFILE": "home",
            "APPDATA": "home",
            "LOCALAPPDATA": "home",
            "XDG_DATA_HOME": "data",
            "XDG_CONFIG_HOME": "config",
            "XDG_STATE_HOME": "state",
            "XDG_CACHE_HOME": "cache",
            "XDG_RUNTIME_DIR": "state",
            "TMPDIR": "tmp",
            "TEMP": "tmp",
            "TMP": "tmp",
        }.items()
    }
    for path in homes.values():
        os.makedirs(path, mode=0o700, exist_ok=True)
    proxies = {f"{kind}_PROXY": _NOWHERE for kind in ("HTTP", "HTTPS", "ALL")}
    settings = {
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
        "OPENCODE_DISABLE_FILEWATCHER": "1",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
    }
    return kept | homes | proxies | {name.lower(): value for name, value in proxies.items()} | settings


def _write_config(folder: Path) -> None:
    config = folder / "config" / "opencode"
    config.mkdir(exist_ok=True)
    (config / "opencode.json").write_text(json.dumps({"update": "disable", "autoupdate": False}))


def _reason(output: IO[bytes]) -> str:
    """Return the line of what a program has printed that says why it failed: the first with an error, or the last."""
    output.seek(max(0, os.fstat(output.fileno()).st_size - _SAID_BYTES))
    lines = [line.strip() for line in lines_of(output.read(_SAID_BYTES).decode(errors="replace"))]
    lines = [line for line in lines if line and not line.startswith(("at ", "{"))]
    errors = [line for line in lines if "error" in line.lower()]
    return ([*errors[:1], *lines[-1:]] or [""])[0].rstrip(".")[:_SAID_CHARACTERS]
