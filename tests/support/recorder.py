"""Record plans and runs of this version for the tests of the next: `python -m tests.support.recorder NAME [HOME]`.

Everything is done with the real program in an empty HOME, a temporary one unless given, and written to
fixtures/written-by-NAME/. See fixtures/README.md for what is in there.
"""

from __future__ import annotations

import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.empty_home import bind_session, empty_home
from tests.support.faults import Fault, run
from tests.support.git import root_commit
from tests.support.home import FIXTURES
from tests.support.opencode_2_database import DIALECTS, freshen, queue_move, upgrade
from tests.support.recorded import (
    CHANGED,
    OTHER_PROJECT,
    RECORDED_HOME,
    Recorded,
    build_disk,
    dump_before,
    moved,
    signed,
)
from tests.support.rows import MARKER, add_directory, add_opened_project, add_part, add_workspace, rows
from tests.support.snapshots import GONE, add_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home
    from tests.support.rows import Rows

Words = tuple[str, ...]


class Step(NamedTuple):
    """One command, and the fault that it meets."""

    words: Words
    fault: Fault | None = None


Steps = tuple[Step | str, ...]
"""What is done after another; a string is SQL, which something else than our program does."""


APPLY: Words = ("apply", "plan.json", "--yes", "--chunk-size", "2")
UNDO: Words = ("undo", "--yes", "--chunk-size", "2")
APPLIED = (Step(APPLY),)
CUT_OFF = (Step(APPLY, Fault("kill", 2, "after intend")),)
UNDO_CUT_OFF = (*APPLIED, Step(UNDO, Fault("kill", 2, "after intend")))

MOVE: Words = ("move", "--from-dir", "~/src/shop-search", "--to-dir", "~/src/shop")
RELOCATE: Words = ("relocate", "~/src/market", "~/src/store")
PLANS: dict[str, Words] = {
    "v1-move": MOVE,
    "v1-move-from-two": (*MOVE, "--from-dir", "~/src/cart-next"),
    "v1-migrate": ("migrate", "ses_search", "~/src/shop"),
    "v1-relocate": RELOCATE,
    "v1-relocate-will-move": ("relocate", "--will-move", "~/src/notes", "~/src/journal"),
    "v1-relocate-foreign": ("relocate", "--foreign", "~/ann", "~/bob"),
    "v1-relocate-copied": ("relocate", "--copied", "~/src/notes", "~/src/notes-copy"),
    "v1-rescue": ("rescue",),
    "v1-consolidate": ("consolidate", "~/src/cart"),
    "v1-carry": ("move", "--from-dir", "~/src/cart", "--to-dir", "~/src/cart-next"),
    "v1-protect": ("protect", "--from-dir", "~/src/docs"),
    "v2-move": MOVE,
    "v2-migrate-unannounced": ("migrate", "ses_search", "~/src/shop", "--no-announce"),
    "v1+v2-move": MOVE,
    "v1+v2-relocate": RELOCATE,
}
"""The commands that `plan` gets, by the kind of plan; each begins with the dialect of the database."""

RUNS: dict[str, dict[str, Steps]] = {
    "v1-move": {
        "applied": APPLIED,
        "cut-off": CUT_OFF,
        "never-begun": (Step(APPLY, Fault("kill", 1, "after __init__")),),
        "rolled-back": (Step(APPLY, Fault("fail", 2, "before edit")),),
        "rolling-back": (Step(APPLY, Fault("kill", 1, "before mark")), Step(UNDO, Fault("kill", 1, "after COMMIT"))),
        "undone": (*APPLIED, Step(UNDO)),
        "undo-cut-off": UNDO_CUT_OFF,
        "undone-but-for-one": (
            *APPLIED,
            "UPDATE session SET path = 'elsewhere' WHERE id = 'ses_other'",
            Step((*UNDO, "--on-conflict", "skip")),
            "UPDATE session SET path = '' WHERE id = 'ses_other'",
        ),
    },
    "v1-relocate": {
        "applied": APPLIED,
        "cut-off": (Step(APPLY, Fault("kill", 1, "after COMMIT")),),
        "undo-cut-off": UNDO_CUT_OFF,
        "given-up": (*APPLIED, Step(("gc", "--older-than", "0", "--yes"))),
    },
    "v1-carry": {"applied": APPLIED, "cut-off": CUT_OFF},
    "v1-protect": {"applied": APPLIED, "cut-off": CUT_OFF},
    "v2-move": {"applied": APPLIED, "cut-off": CUT_OFF},
    "v1+v2-move": {"applied": APPLIED, "cut-off": CUT_OFF, "undo-cut-off": UNDO_CUT_OFF},
    "v1+v2-relocate": {"applied": APPLIED},
}
"""What becomes of a plan, by its kind and by how the run ends."""


def record(home: Home, to: Path) -> None:
    """Write every kind of plan and run to a directory."""
    trees = build_disk(home)
    recorded, empty = Recorded(home), _dump(home.database)
    for dialect in DIALECTS:
        home.database.unlink()
        with closing(sqlite3.connect(home.database)) as connection:
            connection.executescript(empty)
        _fill(home, trees, dialect)
        _save(home, to / f"before-{dialect}.sql", _dump(home.database))
    for kind, words in PLANS.items():
        before = dump_before(to / kind)
        recorded.restore(before)
        start = rows(home)
        _do(home, (Step(("plan", *words, "-o", "plan.json")),))
        _save(home, to / kind / "plan.json", (home.path / "plan.json").read_text())
        _do(home, APPLIED)
        _save(home, to / kind / "after.sql", _changes(start, rows(home)))
        for end, steps in RUNS.get(kind, {}).items():
            recorded.restore(before)
            _do(home, steps)
            _save(home, to / kind / end / "left.sql", _changes(start, rows(home)))
            for journal in home.state.glob("runs/*.db"):
                _save(home, to / kind / end / f"{journal.stem}.sql", _dump(journal))
        (home.path / "plan.json").unlink()


def _fill(home: Home, trees: dict[str, tuple[str, str]], dialect: str) -> None:
    """Add sessions to an empty database: in what `build_disk` has made, and in directories that are gone."""
    for table in ("event", "event_sequence"):
        home.execute(f"DELETE FROM {table}")
    src, cart, docs = home.src, home.src / "cart", home.src / "docs"
    id_of = {name: root_commit(src / name) for name in ("cart", "store", "notes", "docs")}
    add_opened_project(home, OTHER_PROJECT, src / "shop-search")
    add_opened_project(home, id_of["cart"], cart, src / "cart-next")
    add_opened_project(home, id_of["store"], src / "market", src / "store", src / "market-gone")
    add_opened_project(home, id_of["notes"], src / "notes")
    add_opened_project(home, id_of["docs"], docs)
    add_opened_project(home, "ann's", home.path / "ann" / "shop")
    add_directory(home, id_of["store"], src / "market" / "sub", strategy="x", time_created=7)
    add_workspace(home, "wrk_market", src / "market", id_of["store"])

    bind_session(home, "ses_search", OTHER_PROJECT, src / "shop-search", "", revert=MARKER)
    bind_session(home, "ses_child", OTHER_PROJECT, src / "shop-search", "", parent_id="ses_search")
    bind_session(home, "ses_other", OTHER_PROJECT, src / "shop-search", "")
    bind_session(home, "ses_sub", OTHER_PROJECT, src / "shop-search" / "sub", "sub")
    for session in ("ses_search", "ses_sub"):
        _add_turn(home, session, (GONE, GONE), src / "shop-search" / "one")
    for number in range(3):
        bind_session(home, f"ses_cart_{number}", id_of["cart"], cart, "")
        _add_turn(home, f"ses_cart_{number}", trees["cart"], cart / CHANGED[number])
    bind_session(home, "ses_next", id_of["cart"], src / "cart-next", "")
    for number, workspace in enumerate((None, "wrk_market", None)):
        inside = src / "market" / "sub"
        bind_session(home, f"ses_market_{number}", id_of["store"], inside, "sub", workspace_id=workspace)
        _add_turn(home, f"ses_market_{number}", trees["market"], src / "market" / CHANGED[number])
    bind_session(home, "ses_notes", id_of["notes"], src / "notes", "")
    for number in range(3):
        bind_session(home, f"ses_docs_{number}", id_of["docs"], docs, "")
        _add_turn(home, f"ses_docs_{number}", trees["docs"] if number else (GONE, GONE), docs / CHANGED[number])
    bind_session(home, "ses_ann", "ann's", home.path / "ann" / "shop", "")
    if dialect == "v2":
        freshen(home)
    elif dialect == "v1+v2":
        upgrade(home)
    if dialect != "v1":
        queue_move(home, "ses_other", "/elsewhere")


def _add_turn(home: Home, session: str, trees: tuple[str, str], file: Path) -> None:
    before, after = trees
    add_turn(home, session, before, file)
    message, part = f"msg_1_{session}", f"prt_1_{session}_step"
    add_part(home, session, message, part, type="step-finish", reason="stop", snapshot=after)


def _do(home: Home, steps: Steps) -> None:
    codes = {None: 0, "kill": -signal.SIGKILL, "fail": 1}
    for step in steps:
        if isinstance(step, str):
            home.execute(step)
            continue
        words = [word.replace("~/", f"{home.path}/", 1) if word.startswith("~/") else word for word in step.words]
        done = run(home, *words, fault=step.fault)
        assert done.code == codes[step.fault and step.fault.deed], (words, done)
        time.sleep(1)  # the names of runs tell their order only from one second to the next


def _changes(before: Rows, after: Rows) -> str:
    """Return the SQL that turns one database into the other."""
    return "".join(f"{statement};\n" for table in after for statement in _statements(table, before, after))


def _statements(table: str, before: Rows, after: Rows) -> Iterator[str]:
    old, new = before[table], after[table]
    for row in (old[key] for key in old if key not in new):
        yield f'DELETE FROM "{table}" WHERE {_list(row, " IS ", " AND ")}'
    for row in (new[key] for key in new if key not in old):
        columns, values = ", ".join(f'"{column}"' for column in row), ", ".join(map(_quoted, row.values()))
        yield f'INSERT INTO "{table}" ({columns}) VALUES ({values})'
    for key, row in new.items():
        changed = {column: value for column, value in row.items() if key in old and old[key][column] != value}
        if changed:
            yield f'UPDATE "{table}" SET {_list(changed, " = ", ", ")} WHERE id = {_quoted(key)}'


def _list(row: dict[str, Any], relation: str, between: str) -> str:
    return between.join(f'"{column}"{relation}{_quoted(value)}' for column, value in row.items())


def _quoted(value: Any) -> str:
    with closing(sqlite3.connect(":memory:")) as connection:
        return str(connection.execute("SELECT quote(?)", [value]).fetchone()[0])


def _dump(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return "".join(f"{line}\n" for line in connection.iterdump())


def _save(home: Home, file: Path, text: str) -> None:
    if str(home.path) != RECORDED_HOME:
        text = moved(text, str(home.path), RECORDED_HOME)
        if file.suffix == ".json":
            text = signed(text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        home_ = Path(sys.argv[2] if len(sys.argv) > 2 else directory).resolve()
        record(empty_home(home_), FIXTURES / f"written-by-{sys.argv[1]}")
