"""The real opencode, fetched from npm once per version and kept in a cache."""

from __future__ import annotations

import platform
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from filelock import FileLock

from tests.support.opencode.npm import cache, pack
from tests.support.required import NotAvailable

MAIN = "1.18.34"

_PACKAGES = {
    ("linux", "x86_64"): "opencode-linux-x64",
    ("darwin", "arm64"): "opencode-darwin-arm64",
    ("darwin", "x86_64"): "opencode-darwin-x64",
    ("win32", "AMD64"): "opencode-windows-x64",
}
_NAME = "opencode.exe" if sys.platform == "win32" else "opencode"


def opencode_binary(version: str) -> Path:
    """The path of opencode's native binary.

    Kept in `.cache/opencode/VERSION` of the repository, or below $OPENCODE_MIGRATOR_CACHE. Several test processes may
    ask at once: one fetches, the others wait.
    """
    kept = cache() / "opencode"
    binary = kept / version / _NAME
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept / f"{version}.lock"):
        if not binary.exists():
            _fetch(version, kept)
    return binary


def _fetch(version: str, kept: Path) -> None:
    package = _PACKAGES.get((sys.platform, platform.machine()))
    if package is None:
        raise NotAvailable(f"no opencode package is known for {sys.platform} on {platform.machine()}")
    with tempfile.TemporaryDirectory(dir=kept) as scratch:
        archive = pack(f"{package}@{version}", Path(scratch))
        fetched = Path(scratch) / version
        fetched.mkdir()
        with tarfile.open(archive) as package_file:
            member = package_file.extractfile(f"package/bin/{_NAME}")
            assert member is not None
            with member, (fetched / _NAME).open("wb") as binary:
                shutil.copyfileobj(member, binary)
        (fetched / _NAME).chmod(0o755)
        fetched.rename(kept / version)
