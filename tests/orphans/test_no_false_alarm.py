"""A session that is bound as opencode would bind it today is no orphan, whatever kind of place it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.operations.context import CommandContext
from migrator.orphans.find import find_reasons
from migrator.plugins import orphan_rules
from tests.support.home import V1_FIXTURES, build_home
from tests.support.repository_kinds import KINDS

if TYPE_CHECKING:
    from tests.support.register import MakeRegister

pytestmark = pytest.mark.long

USED = 4_000_000_000_000
"""Sessions are used so late that none is too old for a list."""


@pytest.mark.parametrize("fixture", ["1.2.1", "1.14.34", "1.18.34", "v2-run-fresh", "v2-run-upgraded"])
def test_every_kind_of_place(make_register: MakeRegister, fixture: str) -> None:
    register = make_register(fixture)
    made = 0
    for kind, build in KINDS.items():
        at = register.at / kind
        at.mkdir()
        try:
            root = register.add(f"ses_{kind}", build(at), time_updated=USED)
        except MigratorError:
            continue  # git can't say what it is, see tests/places
        ((directory,),) = register.home.query(f"SELECT directory FROM {register.table} WHERE id = ?", (root,))
        register.add(f"ses_{kind}_child", directory, parent_id=root, time_updated=USED)
        made += 1
    assert made >= len(KINDS) - 2
    assert register.found() == {}
    listed = register.home.run("orphans")
    assert (listed.code, listed.stdout) == (0, "")
    said, *more = listed.stderr.splitlines()
    assert (said, bool(more)) == ("No lost session.", fixture == "v2-run-upgraded")  # where opencode 1 has none of them
    assert register.home.run("orphans", "--json").stdout == "[]\n"
    assert register.home.run("doctor", "--json").json["orphans"] == {}


@pytest.mark.parametrize("fixture", V1_FIXTURES)
def test_every_fixture_is_missing_its_directories_and_nothing_else(make_register: MakeRegister, fixture: str) -> None:
    register = make_register(fixture)
    home = build_home(register.at / "another", fixture)
    with CommandContext(home.database) as context:
        lost = find_reasons(context.rule_context, orphan_rules())
    assert len(lost) == len(home.query("SELECT id FROM session"))
    assert {reason.rule for _, why in lost.values() for reason in why} == {"missing-directory"}
