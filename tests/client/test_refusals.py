"""What the server refuses is raised as the command line would have ended: the same class, sentence and data."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import migrator
from migrator.client import Client, Unauthorized
from migrator.client.errors import error_of
from migrator.documents.plan import read_plan_text
from migrator.server import problems
from migrator.text import sentence as as_told
from tests.client.awaited import Awaited
from tests.support.home import build_home
from tests.support.refusal import sentence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.server import Served


def test_what_the_command_line_refuses_too(served: Served, client: Client) -> None:
    shop = served.home.src / "shop"

    def both(error: type[migrator.MigratorError], code: int, *words: str | Path, **said: Any) -> str:
        typed = sentence(served.home.run("move", *words, "--to-dir", shop, "--dry-run"), code)
        with pytest.raises(error) as raised:
            client.plan(to_dir=shop, **said)
        assert (type(raised.value), as_told(str(raised.value)), raised.value.exit_code) == (error, typed, code)
        return typed

    assert "No session matches" in both(migrator.NothingMatched, 3, "--from-dir", "/nowhere", from_dir="/nowhere")
    both(migrator.NothingMatched, 3, "--from-id", "ses_no", from_id="ses_no")
    both(migrator.BadInput, 2, from_dir=None)
    both(migrator.BadInput, 2, "--from-dir", "/srv/[", from_dir="/srv/[")
    both(migrator.BadInput, 2, "--orphans=nosuch", orphans="nosuch")
    assert "Several sessions" in both(migrator.MigratorError, 1, "--from-id", "ses_", from_id="ses_")
    with pytest.raises(migrator.NoSuchDirectory, match="gone"):
        client.plan(from_dir="~/src/shop-*", to_dir=shop / "gone")
    with pytest.raises(migrator.BadInput, match="'fromIdd'"):
        client.plan(from_idd="ses_1", to_dir=shop)  # type: ignore[call-arg]
    with pytest.raises(migrator.NothingMatched, match="ses_no"):
        client.session.migrate("ses_no", shop)
    with pytest.raises(migrator.NothingMatched, match="No session has the id a b\\?c"):
        client.session.migrate("a b?c", shop)
    with pytest.raises(migrator.NoSuchRun, match="There is no run 20261124"):
        client.undo("20261124")
    with pytest.raises(migrator.BadInput, match="There is no rule"):
        list(client.session.orphans("nosuch"))
    with pytest.raises(TypeError, match="page is no keyword here; there are directory, roots"):
        client.session.history(page=2)  # type: ignore[call-arg]
    with pytest.raises(migrator.BadInput, match="on_conflict is 'ask'; it can be abort or skip"):
        client.undo("20261124", on_conflict="ask")  # type: ignore[arg-type]
    assert client.runs() == ()


def test_a_stale_plan_names_the_rows(served: Served, either: Client) -> None:
    plan = either.plan(from_dir="~/src/shop-*", to_dir=served.home.src / "shop")
    changed = plan.changes[3].session
    served.home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [changed])
    before = served.home.everything()
    with pytest.raises(migrator.StalePlan, match="changed since") as raised:
        either.apply(plan)
    assert raised.value.rows == (changed,)
    assert served.home.everything() == before
    run = either.apply(plan, on_conflict="skip")
    assert run.conflicts == (changed,)


def test_whoever_has_the_database_open_is_named(served: Served, either: Client) -> None:
    plan = either.plan(from_dir="~/src/shop-*", to_dir=served.home.src / "shop")
    with closing(sqlite3.connect(served.home.database)) as other:
        other.execute("SELECT count(*) FROM session").fetchone()
        with pytest.raises(migrator.DatabaseInUse, match="is in use by") as raised:
            either.apply(plan)
        with pytest.raises(migrator.DatabaseInUse, match="is in use by"):
            either.apply(plan, wait=0.5)  # refused when the answer has begun already
        (holder,) = raised.value.holders
        assert holder.pid == os.getpid()
        assert f"{holder.name} (pid {holder.pid})" in str(raised.value)
        assert raised.value.exit_code == 4
    assert either.runs() == ()
    assert either.apply(plan).sessions == 17


def test_a_plan_of_another_database(served: Served, client: Client) -> None:
    other = build_home(served.home.path / "other", "real-1.18.34")
    shown = other.run("move", "--from-dir", "~/src/shop-*", "--to-dir", served.home.src / "shop", "--dry-run", "--json")
    with pytest.raises(migrator.StalePlan, match=f"made for {other.database}, says: ses_") as raised:
        client.apply(read_plan_text(shown.stdout, "what was printed"))
    assert str(served.home.database) in str(raised.value)


@pytest.mark.parametrize("kind", [Client, Awaited])
def test_a_wrong_token(served: Served, kind: Any) -> None:
    with kind(served.url, "ocm_wrong") as client:
        for call in (client.runs, lambda: list(client.session.history()), lambda: client.undo("x", progress=print)):
            with pytest.raises(Unauthorized, match="The token is wrong"):
                call()


def test_every_refusal_that_the_server_knows_is_understood() -> None:
    """Each of the library's own errors comes out as the command line prints it; all else as the root of them."""
    for error in (
        migrator.BadInput("a"),
        migrator.NothingMatched("b"),
        migrator.NoSuchRun("c"),
        migrator.NoSuchDirectory("d"),
        migrator.Interrupted("e"),
        migrator.Unusable("f"),
        migrator.MigratorError("g"),
        migrator.StalePlan("h", ["ses_1", "project p"]),
        migrator.DatabaseInUse("i", [migrator.Holder(7, "opencode")]),
    ):
        back = error_of(problems.Problem.of(error).document)
        assert (type(back), str(back), vars(back)) == (type(error), as_told(str(error)), vars(error))
    kinds = [kind for kind in vars(problems).values() if isinstance(kind, problems.ProblemType)]
    assert len(kinds) > 10
    for kind in kinds:
        back = error_of(problems.Problem(kind, "What was said.").document)
        assert str(back) == "What was said."
    assert "that this version can't read" in str(error_of({"detail": "no code"}))
    assert "that this version can't read" in str(error_of([]))
