"""Packages from npm, each fetched once and kept in the cache of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from filelock import FileLock

from tests.support.archives import unpack
from tests.support.required import NotAvailable

_REPOSITORY_ROOT = Path(__file__).parents[3]
_FETCH_SECONDS = 300


def cache() -> Path:
    """`.cache` of the repository, or $OPENCODE_MIGRATOR_CACHE."""
    return Path(os.environ.get("OPENCODE_MIGRATOR_CACHE") or _REPOSITORY_ROOT / ".cache")


def pack(spec: str, scratch: Path) -> Path:
    """Have npm put the archive of one package into `scratch`; NotAvailable where it can't."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotAvailable(f"npm is not on PATH, it is needed to fetch {spec}")
    words = [npm, "pack", spec, "--loglevel=error", "--pack-destination", str(scratch)]
    result = subprocess.run(words, cwd=scratch, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
    if result.returncode:
        raise NotAvailable(f"npm could not fetch {spec}: {result.stderr.strip()[:300]}")
    return next(scratch.glob("*.tgz"))


def package(name: str, version: str) -> Path:
    """The unpacked package, without what it depends on. Several test processes may ask at once."""
    home = cache() / "npm"
    home.mkdir(parents=True, exist_ok=True)
    folder = f"{name.replace('/', '+')}-{version}"
    with FileLock(home / f"{folder}.lock"):
        if not (home / folder).exists():
            with tempfile.TemporaryDirectory(dir=home) as scratch:
                with tarfile.open(pack(f"{name}@{version}", Path(scratch))) as archive:
                    unpack(archive, Path(scratch))
                (Path(scratch) / "package").rename(home / folder)
    return home / folder
