"""Where locks may not keep others out, nothing is written unless the user says that there are no others."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest

import migrator
from migrator.disk import mounts, processes
from migrator.disk.mounts import locks_of
from tests.support import forked
from tests.support.home import MOVE, Home
from tests.support.mac_disk import mac_disk
from tests.support.merging import copied
from tests.support.rows import rows
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - {root} /dev/vda rw
30 27 0:28 / /home rw - ext4 /dev/sdb rw
31 30 0:29 / /home/me rw - nfs4 server:/export/me rw,vers=4.2
32 31 0:30 / /home/me/my\\040disk rw - ext4 /dev/sdc rw
33 27 0:31 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs;path=C:\\134
34 27 0:32 / /mnt/d rw - fuseblk /dev/sdd1 rw,user_id=0
35 27 0:33 / /mnt/e rw - fuse.strange strange rw,user_id=0
36 27 0:34 / /over rw - nfs server:/over rw
37 36 0:35 / /over rw - tmpfs tmpfs rw
38 27 0:36 / /hidden/below rw - nfs server:/below rw
39 27 0:37 / /hidden rw - tmpfs tmpfs rw
40 27 0:38 / /mnt/f rw - autofs systemd-1 rw,direct
41 40 0:39 / /mnt/f rw shared:7 master:1 - cifs //srv/share\\040x rw
42 27 0:40 / /a\r\x0b\x85\u2028b rw - nfs4 srv:/x rw
43 27 0:41 / /one\\012two\\134 rw - nfs4 srv:/x rw
45 27 0:42 / /wsl1 rw - wslfs wslfs rw,noatime
44 27 8:1 /of/disk /bound/opencode.db rw - virtiofs shared rw
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "mountinfo"
    file.write_bytes(TABLE.format(root="overlay").encode())
    monkeypatch.setattr(mounts, "MOUNTINFO", str(file))
    return file


@pytest.mark.parametrize(
    ("path", "hold", "where"),
    [
        ("/srv/opencode.db", True, "overlay, mounted at /"),
        ("/home/you/opencode.db", True, "ext4, mounted at /home"),
        ("/home/me/opencode.db", False, "nfs4, mounted at /home/me"),
        ("/home/men/opencode.db", True, "ext4, mounted at /home"),
        ("/home/me/my disk/opencode.db", True, "ext4, mounted at /home/me/my disk"),
        ("/mnt/c/Users/Me/opencode.db", False, "9p, mounted at /mnt/c"),
        ("/mnt/d/opencode.db", True, "fuseblk, mounted at /mnt/d"),
        ("/mnt/e/opencode.db", None, "fuse.strange, mounted at /mnt/e"),
        ("/over/opencode.db", True, "tmpfs, mounted at /over"),
        ("/hidden/below/opencode.db", True, "tmpfs, mounted at /hidden"),
        ("/mnt/f/opencode.db", False, "cifs, mounted at /mnt/f"),
        ("/a\r\x0b\x85\u2028b/opencode.db", False, "nfs4, mounted at /a\r\x0b\x85\u2028b"),
        ("/one\ntwo\\/opencode.db", False, "nfs4, mounted at /one\ntwo\\"),
        ("/wsl1/opencode.db", False, "wslfs, mounted at /wsl1"),
        ("/bound/opencode.db", False, "virtiofs, mounted at /bound/opencode.db"),
        ("/bound/other.db", True, "overlay, mounted at /"),
    ],
)
@pytest.mark.usefixtures("table")
def test_what_is_mounted_says_whether_locks_hold(path: str, hold: bool | None, where: str) -> None:
    assert locks_of(path) == (hold, where)


def test_a_system_may_run_in_the_memory_that_it_started_in(table: Path) -> None:
    """As rescue disks and small machines do: it is mounted on itself."""
    table.write_text("1 1 0:2 / / rw - rootfs rootfs rw\n20 1 0:20 / /mnt rw - nfs srv:/x rw\n")
    assert locks_of("/srv/opencode.db") == (True, "rootfs, mounted at /")
    assert locks_of("/mnt/opencode.db") == (False, "nfs, mounted at /mnt")


def test_where_nothing_is_known_nobody_can_tell(table: Path) -> None:
    for text in ("", "nonsense\n1 2 3 - \n- - -\n"):
        table.write_text(text)
        assert locks_of("/home").hold is None
    table.unlink()
    assert f"{table} can't be read" in locks_of("/home").why


def test_other_systems_are_asked_by_psutil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = locks_of(tmp_path)
    monkeypatch.setattr(processes, "is_shown_by_proc", lambda: False)
    monkeypatch.setattr(mounts, "is_shown_by_proc", lambda: False)
    assert here.hold is not None
    assert locks_of(tmp_path) == here


def test_of_two_at_one_place_the_last_counts_where_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a Mac mounts a share only when somebody looks at it."""
    found = [("/", "apfs"), ("/n", "autofs"), ("/n", "nfs")]
    listed = [SimpleNamespace(mountpoint=at, fstype=kind, opts="rw") for at, kind in found]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: listed)
    monkeypatch.setattr(mounts, "is_shown_by_proc", lambda: False)
    assert locks_of("/n/opencode.db") == (False, "nfs, mounted at /n")


def use_table(file: str) -> None:
    mounts.MOUNTINFO = file


def test_nothing_is_written_unless_the_user_trusts_the_locks(home: Home, table: Path) -> None:
    home.repository("shop", "sub/deep")
    table.write_text(TABLE.format(root="nfs4"))
    before = rows(home)
    run = partial(forked.run, environ=home.env(), cwd=home.path, first=partial(use_table, str(table)))
    dry = run([*MOVE[:-1], "--dry-run"])
    assert dry.code == 0
    assert "nfs4" in dry.stdout
    assert "--trust-locks" in dry.stdout
    refused = run([*MOVE])
    assert refused.code == 1
    assert "is not written to: it is on nfs4, mounted at /, where locks don't keep others out" in " ".join(
        refused.stderr.split()
    )
    assert rows(home) == before
    checked = run(["doctor", "--json"])
    assert (checked.code, checked.json["locks"]) == (0, False)
    trusted = run([*MOVE[:-1], "--dry-run", "--trust-locks"])
    assert "; --trust-locks says that every opencode that uses it is closed" in " ".join(trusted.stdout.split())
    moved = run([*MOVE, "--trust-locks"])
    assert moved.code == 0
    assert rows(home) != before
    dry = run(["undo", "--dry-run"])
    assert (dry.code, "The database can't be locked safely: it is on nfs4" in " ".join(dry.stdout.split())) == (0, True)
    assert run(["undo", "--yes"]).code == 1
    undo = next(line for line in moved.stdout.splitlines() if line.startswith("  opencode-migrator undo "))
    assert run([*undo.split()[1:], "--yes"]).code == 0, "what is printed can be copied"
    assert rows(home) == before
    assert "The database can't be locked safely" in " ".join(run(["redo", "--dry-run"]).stdout.split())


def test_each_face_names_its_own_way_to_trust_the_locks(
    home: Home, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.repository("shop", "sub/deep")
    table.write_text(TABLE.format(root="nfs4"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home.state.parent))
    store = migrator.open_store(home.database)
    plan = migrator.plan(
        store, migrator.select(store, from_dir=f"{home.path}/src/shop-*"), to_dir=home.path / "src/shop"
    )
    (warned,) = (warning.message for warning in plan.warnings if warning.code == "untrusted-locks")
    assert warned.endswith("then say so with trust_locks=True.")
    with pytest.raises(migrator.MigratorError, match=r"then say so with trust_locks=True\.$"):
        migrator.apply(plan)
    with serving(home, first=partial(use_table, str(table))) as server:
        body = {"fromDir": "~/src/shop-*", "toDir": str(home.path / "src/shop")}
        planned = server.post("/plan", body)
        (warned,) = (each["message"] for each in planned["warnings"] if each["code"] == "untrusted-locks")
        assert warned.endswith("then say so with `trustLocks`.")
        refused = server.refused("POST", "/apply", 422, "refused", json={"plan": planned["digest"]})
        assert refused.endswith("then say so with `trustLocks`.")


def test_sessions_leave_another_database_only_where_its_locks_hold_or_are_trusted(home: Home, table: Path) -> None:
    other = copied(home, home.path / "backup" / "opencode.db")
    table.write_text(TABLE.format(root="ext4") + f"90 27 0:90 / {other.database.parent} rw - 9p drvfs rw\n")
    before, there = rows(home), rows(other)
    run = partial(forked.run, environ=home.env(), cwd=home.path, first=partial(use_table, str(table)))
    merge = ["merge", str(other.database), "--foreign", "--remove-from-other", "--yes"]
    refused = run(merge)
    assert (refused.code, "backup/opencode.db is not written to: it is on 9p" in refused.stderr) == (1, True)
    assert (rows(home), rows(other)) == (before, there)
    done = run([*merge, "--trust-locks"])
    assert (done.code, rows(other)["session"]) == (0, {}), done.stderr


def test_a_real_fuse_file_system_that_nobody_knows(home: Home, tmp_path: Path) -> None:
    home.repository("shop", "sub/deep")
    home.environ["COLUMNS"] = "400"
    with mac_disk(home.database.parent, tmp_path / "disk") as disk:
        assert locks_of(disk / "opencode.db") == (None, f"fuse.mac, mounted at {disk}")
        done = home.run(*MOVE, "--db", disk / "opencode.db")
        assert done.code == 1
        said = " ".join(done.stderr.split())
        why = f"it is on fuse.mac, mounted at {disk}, and nobody can tell whether locks keep others out there"
        assert f"error: The path {disk}/opencode.db is not written to: {why}; close every opencode" in said
        done = home.run(*MOVE, "--db", disk / "opencode.db", "--trust-locks")
        assert "is not written to" not in done.stderr
        assert done.code == 1, "it is mounted read-only"
