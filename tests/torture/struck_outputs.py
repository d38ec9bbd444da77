"""One call on a file that a person named for us to write fails or kills: the file is whole then, or as it was."""

from __future__ import annotations

import signal
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from sqlite3 import connect
from typing import TYPE_CHECKING

from tests.support.rows import rows_without_times
from tests.torture.faults import STRUCK_AT
from tests.torture.home import MOVE, Tortured, kept_contract, tortured
from tests.torture.preloaded import Deed, Strike, Struck, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.torture.frame import Try

_FILE = Path("out", "file")
_COMMANDS = {"plan": ("plan", *MOVE[:5], "-o", str(_FILE)), "backup": (*MOVE, "--backup", str(_FILE))}


def tries(random: Random) -> Iterator[Try]:
    """Yield strikes at any call on a saved plan or a backup, with and without one in its place already."""
    while True:
        deed = random.choice([*Deed])
        strike = Strike(0, deed, STRUCK_AT[deed], always=deed > 0 and random.random() < 0.5)
        yield partial(_strike, random.choice([*_COMMANDS]), random.random() < 0.5, strike, random.random())


@cache
def _whole(directory: Path, kind: str, strike: Strike) -> tuple[bytes, int]:
    """Return the file as it is without a strike, and how many calls could be struck."""
    scene, struck = _run(directory, kind, strike, None)
    return (scene.home.path / _FILE).read_bytes(), struck.calls


def _run(directory: Path, kind: str, strike: Strike, old: bytes | None) -> tuple[Tortured, Struck]:
    scene = tortured(directory, "v1")
    file = scene.home.path / _FILE
    file.parent.mkdir()
    if old is not None:
        file.write_bytes(old)
    return scene, run(scene.home, *_COMMANDS[kind], strike=replace(strike, below=str(file.parent)))


def _strike(kind: str, is_there: bool, strike: Strike, where: float, directory: Path) -> str | None:
    """Strike at the call that is `where` between the first (0) and the last (1)."""
    whole, calls = _whole(directory, kind, strike)
    old = whole if is_there else None
    scene, struck = _run(directory, kind, replace(strike, at=1 + int(where * calls)), old)
    try:
        _check(scene, kind, strike, struck, old)
        scene.check()
    except AssertionError as error:
        said = struck.done.stderr.strip()[-300:]
        return f"{kind}, {strike.deed.name} at {struck.where}: {error} [it said: {said}]"
    return None


def _check(scene: Tortured, kind: str, strike: Strike, struck: Struck, old: bytes | None) -> None:
    file = scene.home.path / _FILE
    there = file.read_bytes() if file.exists() else None
    assert there == old or _is_whole(scene, kind, file), "the file is neither whole nor as it was"
    if struck.done.code == -signal.SIGKILL:
        return
    kept_contract(struck.done)
    if not (strike.always and strike.deed is Deed.EIO):  # then it can't be removed either
        beside = {path.name for path in file.parent.iterdir()} - {file.name}
        assert not beside, f"left beside it: {sorted(beside)}"
    if struck.done.code == 0:
        assert _is_whole(scene, kind, file), "exit code 0, and the file is not whole"
    else:
        assert rows_without_times(scene.home) == scene.before, "it moved sessions without what was asked for"


def _is_whole(scene: Tortured, kind: str, file: Path) -> bool:
    if not file.exists():
        return False
    if kind == "plan":
        return run(scene.home, "show", file).done.code == 0
    with closing(connect(file)) as backup, closing(connect(scene.home.database)) as database:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        same = backup.execute(tables).fetchall() == database.execute(tables).fetchall()
        return same and backup.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
