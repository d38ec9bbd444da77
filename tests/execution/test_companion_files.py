"""Files of sessions are brought whole, never replace another, and exactly what was brought is taken away again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.execution.companion_files import ComparedFiles, bring, compare_files, take_away
from migrator.store.companion_files import CompanionFile, companion_files, with_outputs_in
from migrator.store.reader import Store
from tests.support.home import SESSION, Home
from tests.support.rows import add_message, add_part

if TYPE_CHECKING:
    from pathlib import Path

DIFF = f"storage/session_diff/{SESSION}.json"
OUTPUT = "tool-output/tool_22a"
OTHERS = "/home/else/.local/share/opencode/tool-output/tool_22a"
WEEK_AGO = 1_700_000_000_000_000_000


@pytest.fixture
def there(home: Home) -> Path:
    """A data directory with the changes of a session, a long output that it names, and files of nobody."""
    data = home.database.parent
    for name in (DIFF, OUTPUT, "storage/session_diff/ses_gone.json", "tool-output/tool_nobodys", "tool-output/notes"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(f"{name} as it is there\n")
    os.utime(data / OUTPUT, ns=(WEEK_AGO, WEEK_AGO))
    add_message(home, SESSION, "msg_long", role="assistant")
    state = {"output": f"Full output saved to: {OTHERS}\n", "metadata": {"outputPath": OTHERS}}
    add_part(home, SESSION, "msg_long", "prt_long", type="tool", state=state)
    return data


@pytest.fixture
def files(home: Home, there: Path) -> list[CompanionFile]:
    with Store(home.database) as store:
        return companion_files(store, there, [SESSION])


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


def test_a_session_has_its_changes_and_the_outputs_that_its_rows_name(files: list[CompanionFile]) -> None:
    assert files == [CompanionFile(SESSION, DIFF), CompanionFile(SESSION, OUTPUT)]


def test_what_is_brought_is_the_same_and_as_old(files: list[CompanionFile], there: Path, here: Path) -> None:
    missing = compare_files(files, there, here).missing
    assert bring(missing) == []
    for name in (DIFF, OUTPUT):
        assert (here / name).read_bytes() == (there / name).read_bytes()
        assert (here / name).stat().st_mtime_ns == (there / name).stat().st_mtime_ns
    assert sorted(str(file.relative_to(here)) for file in here.rglob("*") if file.is_file()) == [DIFF, OUTPUT]
    assert compare_files(files, there, here) == ComparedFiles([], files, [])
    assert bring(missing) == [], "once more changes nothing"


def test_a_file_that_is_here_already_is_never_replaced(files: list[CompanionFile], there: Path, here: Path) -> None:
    missing = compare_files(files, there, here).missing
    (here / DIFF).parent.mkdir(parents=True)
    (here / DIFF).write_text("ours\n")
    assert [file.name for file in bring(missing)] == [DIFF]
    assert compare_files(files, there, here).differing == files[:1]
    assert [file.name for file in take_away(missing)] == [DIFF]
    assert (here / DIFF).read_text() == "ours\n"
    assert not (here / OUTPUT).exists()


@pytest.mark.parametrize("what", ["link", "directory"])
def test_neither_is_what_is_no_file(files: list[CompanionFile], there: Path, here: Path, what: str) -> None:
    (here / OUTPUT).parent.mkdir(parents=True)
    (here / OUTPUT).symlink_to(there / DIFF) if what == "link" else (here / OUTPUT).mkdir()
    found = compare_files(files, there, here)
    assert found.differing == files[1:]
    (there / OUTPUT).unlink()
    (there / OUTPUT).symlink_to("/etc/passwd")
    assert [file.name for file in compare_files(files, there, here).missing] == [DIFF]


def test_what_became_another_file_since_stays(files: list[CompanionFile], there: Path, here: Path) -> None:
    missing = compare_files(files, there, here).missing
    bring(missing)
    (here / DIFF).write_text("another undo\n")
    assert [file.name for file in take_away(missing)] == [DIFF]
    assert (here / DIFF).read_text() == "another undo\n"
    assert take_away(missing[1:]) == [], "what is gone is gone"


def test_a_file_that_changed_there_since_it_was_planned_is_left(
    files: list[CompanionFile], there: Path, here: Path
) -> None:
    missing = compare_files(files, there, here).missing
    (there / DIFF).write_text("changed\n")
    (there / OUTPUT).unlink()
    assert [file.name for file in bring(missing)] == [DIFF, OUTPUT]
    assert not [file for file in here.rglob("*") if file.is_file()]


def test_where_files_cannot_be_made_it_is_said(files: list[CompanionFile], there: Path, here: Path) -> None:
    missing = compare_files(files, there, here).missing
    (here / "storage").parent.mkdir()
    (here / "storage").write_text("in the way\n")
    with pytest.raises(MigratorError, match=r"can't be copied to .*/storage/session_diff \(.*\)"):
        bring(missing)


@pytest.mark.usefixtures("there")
def test_the_rows_name_an_output_where_it_is_here(home: Home, here: Path) -> None:
    ((data,),) = home.query("SELECT data FROM part WHERE id = 'prt_long'")
    mine = with_outputs_in(data, here, {OUTPUT})
    assert mine == data.replace(OTHERS, str(here / OUTPUT))
    assert mine.count(str(here / OUTPUT)) == 2
    assert with_outputs_in(data, here, {"tool-output/tool_22"}) == data
    assert with_outputs_in(mine, here, {OUTPUT}) == mine
