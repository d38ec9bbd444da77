"""Sessions in the JSON files of opencode before 1.2."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.git import git
from tests.support.opencode.losses.making import Loss, repository, session
from tests.support.opencode.readers import ALL, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing
    from tests.support.opencode.opencode_1 import OpenCode


def json_from_before_the_database(opencode: OpenCode, at: Path) -> Losing:
    """As 1.1.65 wrote it; the database was there first, so nobody imports it."""
    shop = repository(at / "shop")
    yield Spot(session(opencode, shop), shop)
    project = git(shop, "rev-list", "--max-parents=0", "HEAD")
    lost = "ses_4a0000000ffeAAAAAAAAAAAAAA"
    time = {"created": 1_764_000_000_000, "updated": 1_764_000_000_000}
    documents = {
        f"project/{project}.json": {"id": project, "worktree": str(shop), "vcs": "git", "sandboxes": [], "time": time},
        f"session/{project}/{lost}.json": {
            "id": lost,
            "slug": "calm-otter",
            "version": "1.1.65",
            "projectID": project,
            "directory": str(shop),
            "title": "from long ago",
            "time": time,
        },
    }
    for name, document in documents.items():
        file = opencode.data / "storage" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))
    return Loss(Spot(lost, shop), "left-behind-json", ALL)
