"""Which database is used: the one that opencode would find, unless an option names another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.refusal import refused, sentence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home


def copied(home: Home, target: Path, title: str) -> Path:
    """Copy the database; in the copy every session has this title."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(home.database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        with copy:
            copy.execute("UPDATE session SET title = ?", (title,))
    return target


def titles(listed: Finished) -> set[str]:
    """Return the titles that were listed: one, where the database was one made by `copied`."""
    assert listed.code == 0, listed.stderr
    return {row["title"] for row in listed.json}


ALL = ("list", "--all", "--json")


def test_where_opencode_keeps_it(home: Home) -> None:
    listed = home.run(*ALL)
    assert len(titles(listed)) > 10
    assert listed.stderr == ""


def test_db_before_and_after_the_name_of_the_command(home: Home) -> None:
    other = copied(home, home.path / "other.db", "other")
    third = copied(home, home.path / "third.db", "third")
    assert titles(home.run("--db", other, *ALL)) == {"other"}
    assert titles(home.run(*ALL, "--db", other)) == {"other"}
    assert titles(home.run(*ALL, "--db", "other.db")) == {"other"}
    assert titles(home.run(*ALL, "--db", "~/other.db")) == {"other"}
    assert titles(home.run("--db", third, *ALL, "--db", other)) == {"other"}


def test_db_is_said_so_there_is_nothing_to_remark(home: Home) -> None:
    copied(home, home.database.with_name("opencode-dev.db"), "dev")
    listed = home.run("--db", home.database, *ALL)
    assert len(titles(listed)) > 10
    assert listed.stderr == ""


def test_db_through_a_symbolic_link_is_the_file_itself(home: Home) -> None:
    link = home.path / "link.db"
    link.symlink_to(home.database)
    home.repository("shop")
    plan = home.run("move", "--from-dir", "/**", "--to-dir", "src/shop", "--dry-run", "--json", "--db", link)
    assert plan.json["store"]["path"] == str(home.database)


def test_opencode_db_absolute(home: Home) -> None:
    home.environ["OPENCODE_DB"] = str(copied(home, home.path / "deep" / "other.db", "other"))
    assert titles(home.run(*ALL)) == {"other"}


def test_opencode_db_is_relative_to_the_data_directory(home: Home) -> None:
    copied(home, home.database.with_name("mine.db"), "mine")
    (home.path / "mine.db").write_bytes(b"not this one")
    home.environ["OPENCODE_DB"] = "mine.db"
    assert titles(home.run(*ALL)) == {"mine"}
    home.environ["OPENCODE_DB"] = "../mine.db"
    copied(home, home.database.parents[1] / "mine.db", "above")
    assert titles(home.run(*ALL)) == {"above"}


def test_opencode_db_yields_to_db(home: Home) -> None:
    other = copied(home, home.path / "other.db", "other")
    home.environ["OPENCODE_DB"] = "nowhere.db"
    assert titles(home.run(*ALL, "--db", other)) == {"other"}
    said = refused(home, *ALL)
    assert "OPENCODE_DB" in said
    assert str(home.database.with_name("nowhere.db")) in said
    assert str(home.database) in said  # what was found instead


def test_opencode_db_in_memory(home: Home) -> None:
    home.environ["OPENCODE_DB"] = ":memory:"
    said = refused(home, *ALL)
    assert ":memory:" in said
    assert "--db" in said


def test_opencode_db_empty_is_unset(home: Home) -> None:
    home.environ["OPENCODE_DB"] = ""
    assert len(titles(home.run(*ALL))) > 10


def test_xdg_data_home(home: Home) -> None:
    data = home.path / "data"
    copied(home, data / "opencode" / "opencode.db", "xdg")
    home.environ["XDG_DATA_HOME"] = str(data)
    assert titles(home.run(*ALL)) == {"xdg"}
    home.environ["XDG_DATA_HOME"] = str(home.path / "nowhere")
    assert str(home.path / "nowhere" / "opencode" / "opencode.db") in refused(home, *ALL)


def test_xdg_data_home_empty_is_unset(home: Home) -> None:
    home.environ["XDG_DATA_HOME"] = ""
    assert len(titles(home.run(*ALL))) > 10


def test_channel(home: Home) -> None:
    copied(home, home.database.with_name("opencode-dev.db"), "dev")
    copied(home, home.database.with_name("opencode-feat-a-b.db"), "branch")
    assert titles(home.run(*ALL, "--channel", "dev")) == {"dev"}
    assert titles(home.run("--channel", "dev", *ALL)) == {"dev"}
    assert titles(home.run(*ALL, "--channel", "feat/a b")) == {"branch"}
    home.environ["OPENCODE_DB"] = "nowhere.db"  # what is typed counts more than what is in the environment
    assert titles(home.run(*ALL, "--channel", "dev")) == {"dev"}


@pytest.mark.parametrize("channel", ["latest", "beta", "prod"])
def test_channels_that_share_a_database(home: Home, channel: str) -> None:
    copied(home, home.database.with_name(f"opencode-{channel}.db"), channel)
    assert len(titles(home.run(*ALL, "--channel", channel))) > 10


@pytest.mark.parametrize(("value", "shared"), [("1", True), ("true", True), ("TRUE", False), ("0", False), ("", False)])
def test_opencode_disable_channel_db(home: Home, value: str, *, shared: bool) -> None:
    copied(home, home.database.with_name("opencode-dev.db"), "dev")
    home.environ["OPENCODE_DISABLE_CHANNEL_DB"] = value
    assert (titles(home.run(*ALL, "--channel", "dev")) != {"dev"}) == shared


def test_a_channel_without_a_database(home: Home) -> None:
    said = refused(home, *ALL, "--channel", "nightly")
    assert "opencode-nightly.db" in said
    assert str(home.database) in said


def test_several_present_which_was_taken_is_said_on_standard_error(home: Home) -> None:
    dev = copied(home, home.database.with_name("opencode-dev.db"), "dev")
    listed = home.run(*ALL)
    assert len(titles(listed)) > 10
    (line,) = listed.stderr.splitlines()
    assert line.index(str(home.database)) < line.index(str(dev))  # taken first, then what else there is
    assert "--db" in line
    assert "--channel" in line


def test_only_one_of_another_channel_is_not_taken_silently(home: Home) -> None:
    dev = home.database.with_name("opencode-dev.db")
    home.database.rename(dev)
    said = refused(home, *ALL)
    assert str(dev) in said
    assert "--channel" in said


def test_undo_and_resume_leave_another_database_alone(home: Home) -> None:
    """`--db X undo` must never take back the last run of database Y."""
    home.repository("shop")
    other = copied(home, home.path / "other.db", "other")
    assert home.run("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes").code == 0
    before = home.everything()
    for words in (("--db", other, "undo", "--yes"), ("undo", "--yes", "--db", other)):
        said = sentence(home.run(*words), 1)
        assert str(other) in said or "no run" in said
        assert home.everything() == before
    assert home.run("log", "--json", "--db", other).json == []
    assert len(home.run("log", "--json").json) == 1
    assert home.run("undo", "--yes", "--db", home.database).code == 0


def test_the_journal_is_in_one_place_wherever_one_is(home: Home) -> None:
    """A relative or empty XDG_STATE_HOME counts as unset: else a run could be taken back from one directory only."""
    for number, name in enumerate(("state", "", "./state")):
        home.environ["XDG_STATE_HOME"] = name
        assert home.run("migrate", "ses_dfbea73e", "src", "--yes", "--json").json["sessions"] == 1
        assert len(list(home.state.glob("runs/*.db"))) == 2 * number + 1
        assert home.run("undo", "--yes", cwd=home.src).code == 0


def test_a_data_directory_by_another_name_is_no_second_database(home: Home) -> None:
    home.environ["XDG_DATA_HOME"] = ".local/share"
    listed = home.run("projects")
    assert (listed.code, listed.stderr) == (0, "")


def test_a_home_that_is_said_relatively_is_the_same_home(home: Home) -> None:
    for where in (".", "./src/..", str(home.path)):
        words = ("--from-dir", "~/src/shop-api", "--home", where, "--json")
        assert [row["title"] for row in home.run("list", *words).json] == ["API: paginate orders"]
