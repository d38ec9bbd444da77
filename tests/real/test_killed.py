"""A move that was killed is opened by the real opencode before anybody finishes it or takes it back.

Every session is listed in one of the two places, is opened and continued there, and nothing of that is lost after.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.home import Home
from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.lab import IN_A, ROOTS_IN_A, writes
from tests.support.required import or_skipped
from tests.torture.preloaded import Calls, Deed, Strike, run

if TYPE_CHECKING:
    from tests.real.conftest import FreshLab
    from tests.support.opencode.lab import Lab


def kill(lab: Lab, strike: Strike) -> str:
    """Kill a move from A to B, one session at a time; say where."""
    move = ("move", "--from-dir", lab.a, "--to-dir", lab.b, "--yes", "--chunk-size", "1")
    with or_skipped("the library that kills"):
        struck = run(Home(lab.opencode.home), *move, strike=strike)
    assert struck.done.code == (-signal.SIGKILL if strike.at else 0), struck.done.stderr
    return struck.where or str(struck.calls)


@pytest.mark.long
@pytest.mark.parametrize(("deed", "way"), [(Deed.KILL, "undo"), (Deed.TEAR, "resume")], ids=["killed", "torn"])
def test_opencode_opens_what_a_kill_left(fresh_lab: FreshLab, deed: Deed, way: str) -> None:
    lab = fresh_lab(MAIN)
    log, opencode = f"{lab.opencode.database}-wal", lab.opencode
    count = int(kill(lab, Strike(0, calls=Calls.NEED_ROOM, below=log)))
    for at in (count // 3, count - 5):
        lab = fresh_lab(MAIN)
        main, rows = lab.sessions["main"], all_rows(opencode.database)
        where = kill(lab, Strike(at, deed, Calls.NEED_ROOM, below=log))
        with opencode.serve(lab.a):
            in_a, in_b = opencode.listed_in(lab.a), opencode.listed_in(lab.b) - lab.ids("in b")
            assert in_a | in_b | lab.ids("deep") == lab.ids(*IN_A), where
            assert not in_a & in_b, where
            here = lab.a if main in in_a else lab.b
            turns = opencode.turns(main)
            assert len(turns) == 3
            before = lab.files()
            opencode.prompt(main, writes("after.txt", "made after the kill\n"), here)
            assert (here / "after.txt").exists()
            opencode.revert(main, opencode.turns(main)[-1], here)
            assert lab.files() == before, where
            opencode.unrevert(main, here)
        done = run(Home(opencode.home), way, "--yes").done
        assert done.code == 0, (where, done.stderr)
        there, other = (lab.b, lab.a) if way == "resume" else (lab.a, lab.b)
        assert set(opencode.listed(there)) >= lab.ids(*ROOTS_IN_A), where
        assert not set(opencode.listed(other)) & lab.ids(*IN_A), where
        with opencode.serve(there):
            assert len(opencode.turns(main)) == len(turns) + 1, "what was said after the kill stays"
        assert len(all_rows(opencode.database)["session"]) == len(rows["session"])
