"""What the server answers may be printed on a terminal, whatever names a home has; a program gets the exact text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.support.hostile_text import EVIL, hostile_home
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

ALL = "".join(EVIL)


def test_no_answer_acts_on_a_terminal(tmp_path: Path) -> None:
    home = hostile_home(tmp_path / "home", ALL)
    gone, here = (str(home.src / f"{name}{ALL}") for name in ("gone", "here"))
    with serving(home) as served:
        history = served.ask.request("GET", "/session/history")
        orphans = served.ask.request("GET", "/session/orphans")
        plan = served.ask.request("POST", "/plan", json={"fromDir": [gone], "toDir": here})
        refused = served.ask.request("POST", "/plan", json={"fromDir": [gone], "toDir": f"{gone}/{ALL}"})
        nowhere = served.ask.request("GET", f"/no{quote(ALL)}")
        runs = served.ask.request("GET", "/runs", params={"limit": ALL})
    assert {row["title"] for row in history.json()} == {row["title"] for row in orphans.json()} == {f"title{ALL}"}
    assert {change["after"]["directory"] for change in plan.json()["changes"]} == {here}
    assert ALL in refused.json()["detail"]
    for answer in (history, orphans, plan, refused, nowhere, runs):
        assert answer.text.isprintable()
    assert [answer.status_code for answer in (plan, refused, nowhere, runs)] == [200, 422, 404, 400]
