"""What a Mercurial repository is to opencode 2; opencode 1 knows git alone.

Read in the source of opencode 2, which asks `hg log -r "roots(all())"` and takes the smallest. The answer is in the
changelog: if that has a plain format we read it ourselves and run no program, since hg runs the hooks of whatever
repository it is asked about. Checked against Mercurial 7.2.4 in `tests/places/test_hg.py`.
"""

from __future__ import annotations

import os
import shutil
import struct
from typing import TYPE_CHECKING

from migrator.disk.status import is_there, status_of
from migrator.errors import CantTell
from migrator.model import GLOBAL
from migrator.places import programs
from migrator.places.checkout import Checkout, kept_project_id
from migrator.places.small_files import read_small

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 64 * 1024
_CHANGELOG_LIMIT = 256 * 1024 * 1024
_PLAIN = frozenset({
    "dirstate-v2", "dotencode", "fncache", "generaldelta", "largefiles", "lfs", "persistent-nodemap",
    "revlog-compression-zstd", "revlogv1", "share-safe", "sparserevlog", "store",
})  # fmt: skip
"""The requirements of a repository whose whole history is in a changelog of version 1 in its own store."""

_ENTRY = struct.Struct(">Qiiiiii20s12x")  # offset and flags, length, full length, base, link, two parents, id
_VERSION_1, _INLINE, _GENERAL_DELTA = 1, 1 << 16, 1 << 17


def checkout(root: str) -> Checkout:
    """Describe the working copy whose `.hg` is in `root`.

    Raises CantTell if no id is kept, and its files can't be read or hg is missing or fails. Then opencode 2 finds no
    changeset and takes it for one of `global` (seen with code of October 2026), until there is a hg on its PATH.
    """
    store = os.path.join(root, ".hg")
    kept = kept_project_id(store)
    project_id, id_source = (kept, "the id kept in its .hg") if kept else _by_first_changeset(root, store)
    return Checkout(project_id, root, root, "hg", kept, id_source)


def _by_first_changeset(root: str, store: str) -> tuple[str, str]:
    if shutil.which("hg") is None:
        raise CantTell(
            f"hg is not on PATH, and without it opencode 2 takes the repository at {root} for one of {GLOBAL}, with it "
            "for a project of its own, so nobody can tell which: install Mercurial"
        )
    roots = _read_roots(store)
    first = min(_ask_for_roots(root) if roots is None else roots, default=None)
    return (first, "its first changeset") if first else (GLOBAL, "no changeset yet")


def _read_roots(store: str) -> list[str] | None:
    """Return the ids of the changesets without a parent, from the files; None if only hg can tell which count."""
    requirements: set[str] = set()
    for file in ("requires", "store/requires"):
        requirements.update((read_small(os.path.join(store, file), _LIMIT) or b"").decode("ascii", "replace").split())
    obsolete = status_of(os.path.join(store, "store", "obsstore"))
    if not {"store", "revlogv1"} <= requirements <= _PLAIN or (obsolete is not None and obsolete.st_size > 0):
        return None
    changelog = os.path.join(store, "store", "00changelog.i")
    if not is_there(changelog):
        return []
    data = read_small(changelog, _CHANGELOG_LIMIT)
    try:
        return None if data is None else list(_roots_in(data))
    except (struct.error, ValueError):
        return None


def _roots_in(changelog: bytes) -> Iterator[str]:
    """Yield the ids of the entries without parents. Raises ValueError for what isn't a revlog of version 1."""
    if not changelog:
        return
    header = int.from_bytes(changelog[:4], "big")
    if header & 0xFFFF != _VERSION_1 or header & ~(0xFFFF | _INLINE | _GENERAL_DELTA):
        raise ValueError(header)
    at = 0
    while at < len(changelog):
        _, length, _, _, _, first, second, node = _ENTRY.unpack_from(changelog, at)
        if first == second == -1:
            yield node.hex()
        at += _ENTRY.size
        if header & _INLINE:
            if length < 0:
                raise ValueError(length)
            at += length


def _ask_for_roots(root: str) -> list[str]:
    """Ask hg for the changesets without a parent, as opencode does. Raises CantTell if it fails."""
    words = ("hg", "log", "-r", "roots(all())", "-T", "{node}\n")
    done = programs.run(programs.Command(f"hg log in {root}", words, os.environ | {"HGPLAIN": "1"}, root))
    if done.returncode:
        *_, complaint = os.fsdecode(done.stderr).strip().split("\n")  # there may be a traceback above it
        raise CantTell(f"hg can't read the repository at {root}, repair it first: {complaint}")
    return done.stdout.decode("ascii", "replace").split()
