from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty
from tests.support.git import repository

if TYPE_CHECKING:
    from tests.support.register import Register


def test_a_row_that_opencode_will_never_make(register: Register) -> None:
    register.add("ses_1", repository(register.at / "shop"), project_id="feedfacefeedface")
    found = register.found()["ses_1"]
    assert sorted(found) == ["project-drift", "unknown-project"]
    assert found["unknown-project"].evidence == "there is no project feedfacefeed"
    assert found["unknown-project"].certainty is Certainty.CERTAIN


def test_a_row_that_opencode_makes_when_it_is_next_started_there(register: Register) -> None:
    register.add("ses_1", repository(register.at / "shop"))
    register.add("ses_2", register.at)
    register.home.execute("DELETE FROM project")
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {
        "ses_1": ["unknown-project"],
        "ses_2": ["unknown-project"],
    }
    assert {why["unknown-project"].certainty for why in found.values()} == {Certainty.LIKELY}


def test_a_row_of_a_project_whose_directory_is_gone(register: Register) -> None:
    register.add_row("ses_1", project_id="gone", directory="/home/no-such-user/shop", path="")
    assert register.found()["ses_1"]["unknown-project"].certainty is Certainty.CERTAIN
