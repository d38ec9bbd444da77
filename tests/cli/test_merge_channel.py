"""`merge --from-channel`: the other database is one beside this, of another release channel."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import migrator
from migrator.client import Client
from tests.cli.test_completion import values
from tests.support.home import build_home
from tests.support.merging import built, bytes_around
from tests.support.refusal import refused
from tests.support.rows import add_session, rows
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty database, beside it one of `dev` and one that is left of `prod`, with a session each."""
    home = build_home(tmp_path / "home", "1.18.34")
    home.empty()
    shop = home.repository("shop")
    for channel, fixture in (("dev", "1.18.34"), ("prod", "1.2.27")):
        other = built(home, fixture, home.database.with_name(f"opencode-{channel}.db"))
        other.empty()
        add_session(other, f"ses_{channel}", directory=str(shop), title=f"In {channel}")
    return home


@pytest.mark.parametrize("channel", ["dev", "prod"])
def test_what_orphans_says_brings_its_sessions_here(home: Home, channel: str) -> None:
    before, files = rows(home), bytes_around(home.database.with_name(f"opencode-{channel}.db"))
    command = f"opencode-migrator merge --from-channel {channel}"
    assert f"\n  {command}\n" in home.run("orphans").stdout
    done = home.run(*command.split()[1:], "--yes", "--json", cwd=home.src / "shop")
    assert (done.json["status"], done.json["sessions"], done.json["verified"]) == ("applied", 1, 1)
    assert [row["id"] for row in home.run("list", "--json", cwd=home.src / "shop").json] == [f"ses_{channel}"]
    assert command not in home.run("orphans").stdout
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == before
    after = bytes_around(home.database.with_name(f"opencode-{channel}.db"))
    assert {name: after[name] for name in files if channel in name} == {n: c for n, c in files.items() if channel in n}
    assert f"opencode-{channel}.db-wal" not in after


def test_from_a_database_that_an_option_names(home: Home) -> None:
    """From the one that opencode opens, too: `latest` is its channel."""
    add_session(home, "ses_here", directory=str(home.src / "shop"))
    done = home.run("--channel", "dev", "merge", "--from-channel", "latest", "--yes", "--json", cwd=home.src / "shop")
    assert done.json["sessions"] == 1
    listed = home.run("list", "--all", "--channel", "dev", "--json").json
    assert {row["id"] for row in listed} == {"ses_dev", "ses_here"}


def test_a_channel_that_has_none(home: Home) -> None:
    database = home.database
    assert refused(home, "merge", "--from-channel", "nix", "--db", database) == (
        f"There is no database of channel nix beside {database}; the channels that are there: dev, prod."
    )
    empty = refused(home, "merge", "--from-channel", "", "--db", database)
    assert empty.startswith("There is no database of channel '' beside ")
    assert "this very database" in refused(home, "merge", "--from-channel", "latest", "--db", database)
    both = refused(home, "merge", "other.db", "--from-channel", "dev", "--db", database, code=2)
    assert both.startswith("OTHER.db and --from-channel exclude each other")
    none = refused(home, "merge", "--db", database, code=2)
    assert none.endswith("OTHER.db or --from-channel NAME; the channels beside this one: dev, prod.")


def test_what_stays_there_is_offered_where_nothing_comes(home: Home) -> None:
    shutil.rmtree(home.src / "shop")
    said = home.run("merge", "--from-channel", "dev", "--yes")
    assert said.code == 0
    assert said.stdout.splitlines()[0] == "Nothing to do: no session to bring in."
    command = "opencode-migrator merge --from-channel dev --foreign"
    assert f"\n  {command}\n" in said.stdout
    assert home.run(*command.split()[1:], "--yes", "--json").json["sessions"] == 1


def test_the_shell_completes_the_channels_beside_it(home: Home) -> None:
    assert values(home, "ocmig merge --from-channel ") == ["dev", "prod"]
    assert values(home, "ocmig --channel dev merge --from-channel ") == ["latest", "prod"]


def test_from_python_and_over_http(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home.env().items():
        monkeypatch.setenv(name, value)
    plan = migrator.plan_merge(migrator.open_store(), from_channel="prod")
    assert [change.session for change in plan.changes] == ["ses_prod"]
    with serving(home) as served, Client(served.url, token=served.token) as client:
        plan = client.plan_merge(from_channel="dev")
        assert [change.session for change in plan.changes] == ["ses_dev"]
        said = served.refused("POST", "/plan", 400, "bad-input", json={"command": "merge"})
        assert "fromChannel" in said
