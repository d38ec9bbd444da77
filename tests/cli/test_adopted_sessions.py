"""Sessions that opencode 1 adopted when a repository appeared around them: their `path` is still their whole directory.

Seen with 1.2.27 to 1.18.34. Such a path doesn't say where the top of the checkout is; it is not the root directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.empty_home import bind_session, bound, empty_home, project_at_home
from tests.support.rows import add_opened_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return empty_home(tmp_path / "home")


def test_move_from_project_keeps_the_way_below_the_checkout(home: Home) -> None:
    shop, project = project_at_home(home, "shop", "sub")
    for id_, directory in (("ses_adopted", shop), ("ses_adopted_sub", shop / "sub")):
        bind_session(home, id_, project, directory, str(directory)[1:])
    target = home.repository("target", "sub")
    plan = home.run("move", "--from-project", project, "--to-dir", target, "--dry-run", "--json").json
    after = {change["session"]: change["after"]["directory"] for change in plan["changes"]}
    assert (after["ses_adopted"], after["ses_adopted_sub"]) == (str(target), str(target / "sub"))
    assert not [warning for warning in plan["warnings"] if warning["code"] == "nearest-directory"]


def test_relocate_keeps_the_project_of_a_checkout_that_is_gone(home: Home) -> None:
    (home.src / "all").mkdir()
    gone = home.src / "all" / "gone"
    add_opened_project(home, "1234567", gone)
    bind_session(home, "ses_gone", "1234567", gone, "")
    bind_session(home, "ses_adopted", "1234567", gone, str(gone)[1:])
    new = home.src / "every"
    (home.src / "all").rename(new)
    done = home.run("relocate", home.src / "all", new, "--yes")
    assert done.code == 0, done.stderr
    there = ("1234567", str(new / "gone"), "")
    assert bound(home) == {"ses_gone": there, "ses_adopted": there}
