"""The real opencode, fetched from npm once per version and kept in a cache."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

MAIN = "1.18.34"

_PACKAGES = {("linux", "x86_64"): "opencode-linux-x64"}
_REPOSITORY_ROOT = Path(__file__).parents[2]
_FETCH_SECONDS = 300


class NotAvailable(Exception):
    """The real opencode can't be had here; the message says why."""


def opencode_binary(version: str) -> Path:
    """The path of opencode's native binary.

    Kept in `.cache/opencode/VERSION` of the repository, or below $OPENCODE_MIGRATOR_CACHE. Several test processes may
    ask at once: one fetches, the others wait.
    """
    cache = Path(os.environ.get("OPENCODE_MIGRATOR_CACHE") or _REPOSITORY_ROOT / ".cache") / "opencode"
    binary = cache / version / "opencode"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            _fetch(version, cache)
    return binary


def _fetch(version: str, cache: Path) -> None:
    package = _PACKAGES.get((sys.platform, platform.machine()))
    if package is None:
        raise NotAvailable(f"no opencode package is known for {sys.platform} on {platform.machine()}")
    npm = shutil.which("npm")
    if npm is None:
        raise NotAvailable("npm is not on PATH, it is needed to fetch the real opencode")
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        pack = [npm, "pack", f"{package}@{version}", "--loglevel=error", "--pack-destination", scratch]
        result = subprocess.run(pack, cwd=scratch, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        if result.returncode:
            raise NotAvailable(f"npm could not fetch {package}@{version}: {result.stderr.strip()[:300]}")
        fetched = Path(scratch) / version
        fetched.mkdir()
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as package_file:
            member = package_file.extractfile("package/bin/opencode")
            assert member is not None
            with member, (fetched / "opencode").open("wb") as binary:
                shutil.copyfileobj(member, binary)
        (fetched / "opencode").chmod(0o755)
        fetched.rename(cache / version)
