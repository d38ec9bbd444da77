"""Files of sessions are brought whole, never replace another, and exactly what was brought is taken away again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError, StalePlan
from migrator.execution.merge.companions import bring_files, take_out_files
from migrator.model import Merge
from migrator.planning.merge.companions import Companions, companion_files
from migrator.store.companion_files import with_outputs_at
from migrator.store.reader import Store
from tests.support.home import SESSION, Home, build_home
from tests.support.rows import add_message, add_part, add_session

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.model import MergedFile

DIFF = f"storage/session_diff/{SESSION}.json"
OUTPUT = "tool-output/tool_22a"
OTHERS = "/home/else/.local/share/opencode/tool-output/tool_22a"
LONG_AGO = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class Data:
    """The data directories of both homes."""

    other: Home
    ours: Home

    @property
    def there(self) -> Path:
        return self.other.database.parent

    @property
    def here(self) -> Path:
        return self.ours.database.parent

    def coming(self) -> tuple[MergedFile, ...]:
        return self.plan()[0]

    def plan(self) -> tuple[tuple[MergedFile, ...], list[str]]:
        """The files that would come, and what is said."""
        with Store(self.other.database) as theirs, Store(self.ours.database) as ours:
            found = companion_files(ours, theirs, [SESSION])
        return found.files, [warning.message for warning in found.warnings]

    def take_out(self, files: tuple[MergedFile, ...]) -> None:
        with Store(self.ours.database) as ours:
            take_out_files(Merge(str(self.other.database), "", files=files), ours)

    def found(self) -> list[str]:
        """The files that are here."""
        every = (file for file in self.here.rglob("*") if file.is_file() and not file.name.startswith("opencode.db"))
        return sorted(str(file.relative_to(self.here)) for file in every)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """There are the changes of a session, a long output that it names, and files of nobody; here is nothing."""
    found = Data(build_home(tmp_path / "other", "real-1.18.34"), build_home(tmp_path / "ours", "1.18.34"))
    (found.here / "snapshot").mkdir()
    for name in (DIFF, OUTPUT, "storage/session_diff/ses_gone.json", "tool-output/tool_nobodys", "tool-output/notes"):
        (found.there / name).parent.mkdir(parents=True, exist_ok=True)
        (found.there / name).write_text(f"{name} as it is there\n")
    os.utime(found.there / OUTPUT, ns=(LONG_AGO, LONG_AGO))
    add_message(found.other, SESSION, "msg_long", role="assistant")
    state = {"output": f"Full output saved to: {OTHERS}\n", "metadata": {"outputPath": OTHERS}}
    add_part(found.other, SESSION, "msg_long", "prt_long", type="tool", state=state)
    return found


def test_what_is_brought_is_the_same_and_as_old(data: Data) -> None:
    files = data.coming()
    bring_files(files)
    assert data.found() == [DIFF, OUTPUT]
    for name in (DIFF, OUTPUT):
        assert (data.here / name).read_bytes() == (data.there / name).read_bytes()
        assert (data.here / name).stat().st_mtime_ns == (data.there / name).stat().st_mtime_ns
    assert data.plan() == ((), [])
    bring_files(files)
    data.take_out(files)
    assert data.found() == []


def test_a_long_output_stays_as_long_as_a_session_names_it(data: Data) -> None:
    """A fork names those of the session that it was made of."""
    bring_files(files := data.coming())
    add_session(data.ours, "ses_fork", directory="/")
    add_message(data.ours, "ses_fork", "msg_fork", role="assistant")
    state = {
        "output": f"Full output saved to: {data.here / OUTPUT}\n",
        "metadata": {"outputPath": str(data.here / OUTPUT)},
    }
    add_part(data.ours, "ses_fork", "msg_fork", "prt_fork", type="tool", state=state)
    data.take_out(files)
    assert data.found() == [OUTPUT]
    data.ours.execute("DELETE FROM part WHERE id = 'prt_fork'")
    data.take_out(files)
    assert data.found() == []


def test_a_file_that_is_here_already_stays_and_that_is_said(data: Data) -> None:
    files = data.coming()
    (data.here / DIFF).parent.mkdir(parents=True)
    (data.here / DIFF).write_text("ours\n")
    coming, said = data.plan()
    assert [file.target for file in coming] == [str(data.here / OUTPUT)]
    assert said == [f"1 file of sessions is here already, with another content, and stays: {data.here / DIFF}."]
    with pytest.raises(StalePlan, match="is another file now"):
        bring_files(files)
    data.take_out(files)
    assert (data.here / DIFF).read_text() == "ours\n"


@pytest.mark.parametrize("what", ["link", "directory"])
def test_what_is_no_file_is_neither_brought_nor_replaced(data: Data, what: str) -> None:
    (data.here / OUTPUT).parent.mkdir(parents=True)
    (data.here / OUTPUT).symlink_to(data.there / DIFF) if what == "link" else (data.here / OUTPUT).mkdir()
    coming, said = data.plan()
    assert (len(coming), len(said)) == (1, 1)
    (data.there / OUTPUT).unlink()
    (data.there / OUTPUT).symlink_to("/etc/passwd")
    assert data.plan() == (coming, [])


def test_what_became_another_file_since_stays(data: Data) -> None:
    files = data.coming()
    bring_files(files)
    (data.here / DIFF).write_text("another undo\n")
    data.take_out(files)
    assert data.found() == [DIFF]
    assert (data.here / DIFF).read_text() == "another undo\n"


@pytest.mark.parametrize("deed", ["changed", "deleted"])
def test_a_file_that_is_not_as_planned_makes_the_plan_stale(data: Data, deed: str) -> None:
    files = data.coming()
    (data.there / DIFF).write_text("changed\n") if deed == "changed" else (data.there / DIFF).unlink()
    with pytest.raises(StalePlan, match=f"{DIFF} "):
        bring_files(files)
    bring_files(files, again=True)
    assert data.found() == [OUTPUT]


def test_where_files_cannot_be_made_it_is_said(data: Data) -> None:
    (data.here / "storage").write_text("in the way\n")
    with pytest.raises(MigratorError, match=r"can't be copied to .*/storage/session_diff \(.*\); nothing was brought"):
        bring_files(data.coming())


def test_between_databases_of_one_data_directory_nothing_is_to_be_brought(data: Data) -> None:
    with Store(data.other.database) as store:
        assert companion_files(store, store, [SESSION]) == Companions()


def test_a_row_names_an_output_where_it_is_here(data: Data) -> None:
    ((text,),) = data.other.query("SELECT data FROM part WHERE id = 'prt_long'")
    here = str(data.here / OUTPUT)
    mine = with_outputs_at(text, {"tool_22a": here})
    assert mine == text.replace(OTHERS, here)
    assert mine.count(here) == 2
    assert with_outputs_at(text, {"tool_22": here}) == text
    assert with_outputs_at(mine, {"tool_22a": here}) == mine
