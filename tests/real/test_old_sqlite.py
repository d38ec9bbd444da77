"""The oldest SQLite that works, and one that doesn't: compiled from the sources that packages of npm have in them."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.store.connection import OLDEST_SQLITE
from tests.support.archives import unpack
from tests.support.home import MOVE
from tests.support.opencode.npm import cache, package
from tests.support.required import NotAvailable, or_skipped
from tests.support.rows import rows

if TYPE_CHECKING:
    from tests.support.home import Home

SOURCES = {"3.32.0": "7.1.0", "3.33.0": "7.1.1"}
"""Which version of better-sqlite3 has which version of SQLite."""
OPTIONS = ("COLUMN_METADATA", "DESERIALIZE", "FTS5", "JSON1", "MATH_FUNCTIONS", "UPDATE_DELETE_LIMIT")

pytestmark = pytest.mark.long


@pytest.fixture
def with_sqlite(home: Home, request: pytest.FixtureRequest) -> str:
    """Let commands in this home run with an SQLite of this version."""
    version: str = request.param
    with or_skipped(f"SQLite {version}"):
        home.environ["LD_LIBRARY_PATH"] = str(_built(version).parent)
    home.environ["PYTHONNOUSERSITE"] = "1"  # which lets `run` start an interpreter of its own
    asked = "import sqlite3; print(sqlite3.sqlite_version)"
    told = subprocess.run(
        [*home.command()[:1], "-c", asked], env=home.env(), capture_output=True, text=True, check=False
    )
    if told.stdout.strip() != version:
        pytest.skip(f"this Python takes no other SQLite: {told.stdout or told.stderr}")
    return version


def _built(version: str) -> Path:
    library = cache() / f"sqlite-{version}" / "libsqlite3.so.0"
    if library.exists():
        return library
    if (compiler := shutil.which("cc")) is None:
        raise NotAvailable("a C compiler is needed to build it")
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
        with tarfile.open(package("better-sqlite3", SOURCES[version]) / "deps" / "sqlite3.tar.gz") as archive:
            unpack(archive, Path(scratch))
        (source,) = Path(scratch).rglob("sqlite3.c")
        made = Path(scratch, library.name)
        flags = [
            "-fPIC",
            "-shared",
            "-w",
            f"-Wl,-soname,{library.name}",
            *(f"-DSQLITE_ENABLE_{name}" for name in OPTIONS),
        ]
        subprocess.run([compiler, *flags, "-o", made, source, "-lpthread", "-ldl", "-lm"], check=True)
        made.replace(library)
    return library


@pytest.mark.parametrize("with_sqlite", ["3.33.0"], indirect=True)
def test_the_oldest_that_is_accepted_does_everything(home: Home, with_sqlite: str) -> None:
    assert with_sqlite == ".".join(map(str, OLDEST_SQLITE))
    home.repository("shop", "sub/deep")
    before = rows(home)
    for words in (
        MOVE,
        ("undo", "--yes"),
        ("redo", "--yes"),
        ("undo", "--yes"),
        ("protect", "--yes"),
        ("gc", "--yes"),
        ("log",),
        ("doctor",),
        ("orphans", "--format", "table"),
        ("projects", "--columns", "id,size,lost"),
        ("list", "--all", "--search", "e", "--containing", "a", "--json"),
    ):
        done = home.run(*words)
        assert done.code in {0, 3}, (words, done.stderr)
    assert rows(home) == before


@pytest.mark.parametrize("with_sqlite", ["3.32.0"], indirect=True)
def test_an_older_one_is_refused_in_a_sentence(home: Home, with_sqlite: str) -> None:
    done = home.run("list", "--all")
    assert done.code == 1
    assert done.stderr.startswith(f"error: SQLite {with_sqlite} is too old: 3.33.0 or later is needed")
    assert "install opencode-migrator with another Python." in " ".join(done.stderr.split())
