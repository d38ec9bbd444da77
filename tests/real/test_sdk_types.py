"""What the server answers has the types of opencode's own SDK, as TypeScript sees them.

`@opencode-ai/sdk` of the opencode under test, and the newest known when this was written.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.home import V1_FIXTURES, Home, build_home
from tests.support.opencode.binary import MAIN
from tests.support.opencode.npm import package
from tests.support.required import NotAvailable, or_skipped
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

NEWEST = "1.19.3"
TYPESCRIPT = "5.8.2"
"""What that SDK itself is built with."""

ASSIGNED = """
import type { Session as OldSession } from "sdk";
import type { ExperimentalSessionListData, GlobalSession, Session } from "sdk/v2/types";
import history from "./history.json";
import orphans from "./orphans.json";
import moved from "./moved.json";
import parameters from "./parameters.json";
import incomplete from "./incomplete.json";

export const listed: GlobalSession[] = history;
export const lost: GlobalSession[] = orphans;
export const session: Session = moved;
export const before: OldSession[] = [...history, ...orphans, moved];

type Query = Required<NonNullable<ExperimentalSessionListData["query"]>>;
export const asked: Record<keyof Query, "boolean" | "integer" | "string"> = parameters as Known;
type Known = { [name in keyof typeof parameters]: "boolean" | "integer" | "string" };

// @ts-expect-error: without a slug it is none, which shows that the compiler looks
export const none: GlobalSession[] = incomplete;
"""

CONFIGURATION = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "resolveJsonModule": True,
        "skipLibCheck": True,  # of what the SDK depends on, nothing is fetched
        "target": "es2022",
        "types": [],
    },
    "files": ["assigned.ts"],
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Rows of every schema of opencode, with everything that they can hold."""
    root = tmp_path_factory.mktemp("answers")
    found: dict[str, list[Any]] = {"history": [], "orphans": []}
    for fixture in V1_FIXTURES:
        home = build_home(root / fixture, fixture)
        _fill(home)
        with serving(home) as served:
            found["history"] += served.get("/session/history", archived="true")
            found["orphans"] += served.get("/session/orphans", archived="true")
            moved = served.post(f"/session/{found['history'][-1]['id']}/migrate", {"directory": _shop(served)})
            known = served.get("/openapi.json")["paths"]["/session/history"]["get"]["parameters"]
    _covers(found["history"])
    incomplete = [{key: value for key, value in row.items() if key != "slug"} for row in found["history"]]
    parameters = {parameter["name"]: parameter["schema"]["type"] for parameter in known}
    return {**found, "moved": moved, "parameters": parameters, "incomplete": incomplete}


def _shop(served: Served) -> str:
    return str(served.home.repository("shop-of-types"))


def _fill(home: Home) -> None:
    """Put a value wherever a row can hold one, in one session, and NULL in another."""
    columns = {name for (name,) in home.query("SELECT name FROM pragma_table_info('session')")}
    full: dict[str, Any] = {
        "workspace_id": "wrk_1",
        "share_url": "https://example.com/s",
        "summary_additions": 1,
        "summary_deletions": 2,
        "summary_files": 3,
        "time_archived": 1795364980673,
        "time_compacting": 1795364980673,
        "agent": "build",
        "model": json.dumps({"id": "m", "providerID": "p", "variant": "high"}),
        "cost": 0.5,
    }
    held = {name: value for name, value in full.items() if name in columns}
    ((one, other),) = home.query("SELECT min(id), max(id) FROM session")
    home.execute(f"UPDATE session SET {', '.join(f'{name} = ?' for name in held)} WHERE id = ?", [*held.values(), one])
    bare = [name for name in held if name != "cost"] + (["path"] if "path" in columns else [])
    home.execute(f"UPDATE session SET {', '.join(f'{name} = NULL' for name in bare)} WHERE id = ?", [other])
    home.execute("UPDATE session SET project_id = 'no_such_project' WHERE id = ?", [other])
    home.execute("UPDATE project SET name = 'Named' WHERE id = (SELECT project_id FROM session WHERE id = ?)", [one])


def _covers(rows: list[Any]) -> None:
    """See that what may be absent is there in some row and absent in another."""
    keys = [set(row) for row in rows]
    always = {"id", "slug", "projectID", "directory", "title", "version", "time", "project"}
    assert set.intersection(*keys) == always
    optional = {"workspaceID", "path", "parentID", "summary", "cost", "tokens", "share", "agent", "model"}
    assert set.union(*keys) == always | optional
    assert {None, dict} == {row["project"] and type(row["project"]) for row in rows}
    assert {"name" in row["project"] for row in rows if row["project"]} == {True, False}


@pytest.mark.parametrize("version", [MAIN, NEWEST])
def test_the_types_of_the_sdk_accept_every_row(answers: dict[str, Any], tmp_path: Path, version: str) -> None:
    with or_skipped(f"@opencode-ai/sdk {version}"):
        sdk, typescript = package("@opencode-ai/sdk", version), package("typescript", TYPESCRIPT)
        node = shutil.which("node")
        if node is None:
            raise NotAvailable("node is not on PATH, it is needed to check types")
    shutil.copytree(sdk, tmp_path / "node_modules" / "sdk")
    for name, answer in answers.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(answer))
    (tmp_path / "assigned.ts").write_text(ASSIGNED)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps(CONFIGURATION))
    done = subprocess.run(
        [node, typescript / "bin" / "tsc", "--project", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
