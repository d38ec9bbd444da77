"""State, journals and backups never overwrite a file that exists."""

from __future__ import annotations

import shutil

from tests.support.home import MOVE, Home
from tests.support.refusal import files, refused, sentence


def test_a_state_directory_that_is_a_file(home: Home) -> None:
    state = home.path / "state"
    state.write_text("precious")
    home.environ["XDG_STATE_HOME"] = str(state)
    said = refused(home, *MOVE)
    assert str(state) in said
    assert "XDG_STATE_HOME" in said
    assert state.read_text() == "precious"


def test_a_journal_that_is_damaged(home: Home) -> None:
    run = home.run(*MOVE, "--json").json["run"]
    before = files(home)
    journal = home.state / "runs" / f"{run}.db"
    journal.write_bytes(b"not a journal at all")
    for command in (("log",), ("undo", "--yes"), ("undo", run, "--yes")):
        assert str(journal) in sentence(home.run(*command), 1)
    doctor = home.run("doctor")  # looks at the rest all the same
    assert doctor.code == 1
    assert str(journal) in doctor.stdout
    assert files(home) == before


def test_a_backup_to_a_file_that_exists(home: Home) -> None:
    precious = home.path / "precious"
    precious.write_text("precious")
    said = refused(home, *MOVE, "--backup", "precious")
    assert "precious exists already" in said
    assert precious.read_text() == "precious"
    assert "nowhere/backup.db" in refused(home, *MOVE, "--backup", "nowhere/backup.db")


def test_a_backup_is_a_whole_database_of_before(home: Home) -> None:
    before = home.everything()
    assert home.run(*MOVE, "--backup", "backup.db").code == 0
    backup = Home(home.path / "copy")
    backup.database.parent.mkdir(parents=True)
    shutil.copy(home.path / "backup.db", backup.database)
    assert backup.everything() == before
    assert (home.path / "backup.db").stat().st_mode & 0o777 == 0o600
