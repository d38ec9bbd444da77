"""The page of a plan or of a run over HTTP: the one that the command line writes, behind the token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.support.pages import Page

if TYPE_CHECKING:
    from tests.support.server import Served

SHOPS = {"fromDir": ["~/src/shop-*"], "toDir": "src/shop"}


def test_a_plan_as_a_page(served: Served) -> None:
    served.home.repository("shop", "sub/deep")
    digest = served.post("/plan", SHOPS)["digest"]
    for id_ in (digest, digest.removeprefix("sha256:")):
        answer = served.ask.get(f"/plans/{id_}.html")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        page = Page(answer.text)
        (policy,) = (meta.get("content", "") for meta in page.all("meta") if meta.get("http-equiv"))
        assert answer.headers["content-security-policy"] == f"{policy}; frame-ancestors 'none'"
        assert page.words("h1") == ["Plan: 17 sessions (3 of subagents) to move"]
    assert "where TOKEN is the token that opencode-migrator serve printed" in page.section("next")
    (command,) = page.commands
    assert command == (
        f'curl {served.url}/apply --json \'{{"plan": "{digest}"}}\' --header "Authorization: Bearer $TOKEN"'
    )
    run = served.post("/apply", {"plan": digest})["run"]
    answer = served.ask.get(f"/runs/{run}.html")
    assert Page(answer.text).words("h1") == [f"Run {run}: applied"]


def test_it_needs_the_token_and_a_plan(reader: Served) -> None:
    assert "no plan sha256:abc" in reader.refused("GET", "/plans/abc.html", 404, "no-such-plan")
    reader.refused("GET", "/runs/20200101.html", 404, "no-such-run")
    for path in ("plans/abc", "runs/20200101"):
        assert httpx.get(f"{reader.url}/{path}.html").status_code == 401
