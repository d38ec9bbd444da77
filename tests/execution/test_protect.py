"""A run that moves no session can be finished or taken back wherever it was killed: its values tell how far it was."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault, is_cut_off, run
from tests.support.git import root_commit
from tests.support.rows import Pristine, add_workspace, patch_files, rows
from tests.support.snapshots import LOST, MIXED, three_sessions

if TYPE_CHECKING:
    from tests.support.home import Home


@pytest.mark.long
@pytest.mark.parametrize("way", ["resume", "undo"])
def test_killed_at_any_step(home: Home, way: str) -> None:
    shop = three_sessions(home)
    add_workspace(home, "w", shop, root_commit(shop))
    home.execute("UPDATE session SET workspace_id = 'w' WHERE id = ?", [MIXED])
    pristine = Pristine(home)
    protect = ("protect", "--yes", "--chunk-size", "1")
    assert run(home, *protect).code == 0
    after = rows(home)
    assert patch_files(home, LOST) == []
    assert patch_files(home, MIXED) == [str(shop / "two")]
    seen = set()
    for step in count(1):
        pristine.restore()
        killed = run(home, *protect, fault=Fault("kill", step))
        if not killed.code:
            break
        seen.add(len(patch_files(home, LOST)) + len(patch_files(home, MIXED)))
        if not is_cut_off(home):
            assert rows(home) in (pristine.rows, after)
            continue
        assert run(home, way, "--yes").code == 0, killed.stderr
        assert rows(home) == (after if way == "resume" else pristine.rows), killed.stderr
    assert len(seen) == 3, "before, between and after the chunks"
