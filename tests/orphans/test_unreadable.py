"""A directory that can't be looked at may exist all the same: it is reported, and never moved by itself."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from migrator.orphans import directory_status
from migrator.orphans.directory_status import inspect
from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans.unreadable import Unreadable
from tests.support.git import sub_directory
from tests.support.unprivileged import without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import Register


def test_it_is_never_moved_by_itself() -> None:
    assert not Unreadable.movable


def test_a_loop_of_links(register: Register) -> None:
    (register.at / "loop").symlink_to("loop")
    register.add("ses_loop", register.at, directory=f"{register.at}/loop")
    loop = register.found()["ses_loop"]["unreadable"]
    assert loop.evidence == f"{register.at}/loop can't be read: {os.strerror(errno.ELOOP)}"
    assert loop.certainty is Certainty.UNKNOWN


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
def test_permission(tmp_path: Path, mode: int) -> None:
    closed = sub_directory(tmp_path / "closed")
    closed.chmod(mode)
    with without_root_powers():
        seen = inspect(str(closed))
        below = inspect(str(closed / "below"))
    closed.chmod(0o755)
    assert seen.status is DirectoryStatus.UNREADABLE
    assert str(closed) in seen.detail
    assert below.status is (DirectoryStatus.MISSING if mode == 0o111 else DirectoryStatus.UNREADABLE)


def test_a_name_that_may_be_there_in_another_unicode_form(tmp_path: Path) -> None:
    """Where a directory can be entered and not listed, nobody can tell in which form it has a name."""
    closed = sub_directory(tmp_path / "closed")
    sub_directory(closed / "caf\u00e9")
    closed.chmod(0o111)
    with without_root_powers():
        seen = inspect(str(closed / "cafe\u0301"))
        in_its_form = inspect(str(closed / "caf\u00e9"))
    closed.chmod(0o755)
    assert seen.status is DirectoryStatus.UNREADABLE
    assert f"does not exist in this Unicode form, and {closed} can't be looked at: Permission denied" in seen.detail
    assert in_its_form.status is DirectoryStatus.THERE


def test_a_disk_that_is_not_mounted(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mount point is empty, or not there; with files in it, it is a directory like any other."""
    monkeypatch.setattr(directory_status, "MOUNTED_AT", (f"{register.at}/mnt/*",))
    sub_directory(register.at / "mnt" / "empty")
    sub_directory(register.at / "mnt" / "used" / "other")
    for name in ("empty/shop", "absent/shop", "used/shop"):
        register.add(f"ses_{name[:4]}", register.at, directory=f"{register.at}/mnt/{name}")
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {
        "ses_empt": ["unreadable"],
        "ses_abse": ["unreadable"],
        "ses_used": ["missing-directory"],
    }
    assert found["ses_empt"]["unreadable"].evidence == (
        f"{register.at}/mnt/empty/shop is not there, and nothing is mounted at {register.at}/mnt/empty"
    )


def test_where_disks_are_usually_mounted() -> None:
    for directory in ("/mnt/no-such-disk/shop", "/media/ada/no-such-disk", "/run/media/ada/no-such-disk/src/shop"):
        assert inspect(directory).status is DirectoryStatus.UNREADABLE, directory
    assert inspect("/home/no-such-user/shop").status is DirectoryStatus.MISSING


@pytest.mark.parametrize("name", [b"disk", b"my disk", b"a\tb", b"a\\b", b"\xff", "a\u2028b".encode(), b"a\x0bb"])
def test_a_mount_point_that_fstab_lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: bytes) -> None:
    mount = os.fsencode(tmp_path / "mnt") + b"/" + name
    os.makedirs(mount)
    escaped = mount.replace(b"\\", rb"\134").replace(b" ", rb"\040").replace(b"\t", rb"\011")
    (tmp_path / "fstab").write_bytes(b"# all\n  LABEL=x\t " + escaped + b"/  auto noauto\nLABEL=y none swap sw 0 0\n")
    monkeypatch.setattr(directory_status, "FSTAB", str(tmp_path / "fstab"))
    for below in ("shop", "x" * 300):
        assert inspect(f"{os.fsdecode(mount)}/{below}").status is DirectoryStatus.UNREADABLE
    assert inspect(os.fsdecode(mount)).status is DirectoryStatus.THERE
    assert inspect(f"{tmp_path}/gone").status is DirectoryStatus.MISSING
