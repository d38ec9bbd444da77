"""`POST /plan` plans what each command of the command line plans, and the client asks for the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from migrator.client import Client
from migrator.documents.plan import plan_document
from migrator.errors import NothingMatched
from tests.support.git import repository, worktree
from tests.support.history import History
from tests.support.home import build_home
from tests.support.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.server import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Sessions of a folder that was renamed, and of a repository with a linked worktree."""
    history = History(build_home(tmp_path_factory.mktemp("plans") / "home", "1.18.34"))
    for name in ("old", "older"):
        history.session(repository(history.src / name))
        (history.src / name).rename(history.src / f"{name}-new")
    shop = repository(history.src / "shop")
    history.session(shop)
    history.session(worktree(shop, "shop-review"))
    build_home(history.home.path / "other", "1.18.34")
    with serving(history.home) as served:
        yield served


OTHER = "~/other/.local/share/opencode/opencode.db"

CASES: list[tuple[dict[str, Any], str]] = [
    (
        {"command": "relocate", "folders": [{"old": "~/src/old", "new": "~/src/old-new"}]},
        "relocate ~/src/old ~/src/old-new",
    ),
    (
        {
            "command": "relocate",
            "folders": [{"old": "~/src/old", "new": "/srv/a=b"}, {"old": "~/src/older", "new": "/srv/c"}],
            "foreign": True,
            "announce": False,
        },
        "relocate ~/src/old=/srv/a\\=b ~/src/older=/srv/c --foreign --no-announce",
    ),
    ({"command": "consolidate", "repository": "~/src/shop"}, "consolidate ~/src/shop"),
    (
        {
            "command": "consolidate",
            "repository": "~/src/shop-review",
            "only": "shop",
            "except": ["shop-review"],
            "toDir": "~/src/shop-review",
            "undoFiles": "detach",
        },
        "consolidate ~/src/shop-review --only shop --except shop-review --to-dir ~/src/shop-review --undo-files detach",
    ),
    ({"command": "merge", "other": OTHER, "foreign": True}, f"merge {OTHER} --foreign"),
    (
        {
            "command": "merge",
            "other": OTHER,
            "folders": [{"old": "~/other/src", "new": "~/src"}],
            "foreign": True,
            "onDuplicate": "keep",
        },
        f"merge {OTHER} --map ~/other/src=~/src --foreign --on-duplicate keep",
    ),
    ({"command": "protect", "fromDir": "~/src/shop*"}, "protect --from-dir ~/src/shop*"),
    (
        {"from-dir": "~/src/shop*", "to-dir": "~/src/shop", "undo-files": "detach", "with-forks": False},
        "move --from-dir ~/src/shop* --to-dir ~/src/shop --undo-files detach",
    ),
]


NOTHING = {"protect --from-dir ~/src/shop*"}


@pytest.mark.parametrize(("body", "words"), CASES, ids=[words for _, words in CASES])
def test_a_plan_is_what_the_command_line_would_plan(served: Served, body: dict[str, Any], words: str) -> None:
    home = str(served.home.path)
    typed = served.home.run("plan", *words.replace("~", home).split(), "--json")
    assert typed.code == 0, typed.stderr
    plan = served.post("/plan", json.loads(json.dumps(body).replace("~", home)))
    assert plan == typed.json
    assert bool(plan["changes"]) == (words not in NOTHING)


def test_what_was_merged_is_there_and_can_be_taken_out(served: Served) -> None:
    plan = served.post("/plan", {"command": "merge", "other": OTHER, "foreign": True})
    run = served.post("/apply", {"plan": plan["digest"]})
    assert (run["status"], run["sessions"]) == ("applied", len(plan["changes"]))
    assert len(served.get("/session/history", limit=100)) > len(plan["changes"])
    assert served.post(f"/runs/{run['run']}/undo")["status"] == "applied"


def test_a_plan_that_writes_to_another_database_is_refused(served: Served) -> None:
    typed = served.home.run("plan", "merge", OTHER, "--foreign", "--remove-from-other", "--format", "json")
    assert typed.json["merge"]["remove"]
    refused = served.refused("POST", "/apply", 400, "bad-input", json={"plan": typed.json})
    assert "to which a server doesn't write; apply it with `opencode-migrator apply FILE`." in refused


def test_the_client_asks_for_the_same(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    src = served.home.src
    monkeypatch.chdir(src)
    with Client(served.url, served.token) as client:
        followed = client.plan_relocate({"old": "old-new"}, copied=False, undo_files="detach")
        gathered = client.plan_consolidate("shop", to_dir="shop-review", but="shop-review")
        of_one = client.plan_relocate({"old": "old-new"}, from_project=followed.changes[0].before.project_id)
        other = served.home.path / "other/.local/share/opencode/opencode.db"
        merged = client.plan_merge(other, folders={"../other/src": "."}, foreign=True, on_duplicate="keep")
    assert plan_document(merged) == served.post("/plan", next(body for body, words in CASES if "--map" in words))
    folders = [{"old": str(src / "old"), "new": str(src / "old-new")}]
    assert plan_document(followed) == served.post(
        "/plan", {"command": "relocate", "folders": folders, "undoFiles": "detach"}
    )
    assert len(of_one.changes) == 1
    assert {change.after.directory for change in gathered.changes} == {str(src / "shop-review")}


def test_keywords_whose_options_are_words_of_python(served: Served) -> None:
    with Client(served.url, served.token) as client, pytest.raises(NothingMatched):
        client.plan(containing="nobody said this", containing_in="tools", to_dir=served.home.src / "shop")
