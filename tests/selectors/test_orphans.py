from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.errors import BadInput
from migrator_selectors.from_orphans import OrphansPlugin
from tests.support.selector_context import FixedSelectorContext, selected_ids, session

if TYPE_CHECKING:
    from tests.support.home import Home

PLUGIN = OrphansPlugin()
FACTS = FixedSelectorContext(
    [session(id_) for id_ in ("ses_1", "ses_2", "ses_3")],
    lost={"missing-directory": frozenset({"ses_1", "ses_2"}), "stale-path": frozenset({"ses_2"})},
)


def test_of_every_rule_or_of_one() -> None:
    assert selected_ids(PLUGIN, FACTS, orphans=("every",)) == ["ses_1", "ses_2"]
    assert selected_ids(PLUGIN, FACTS, orphans=("stale-path",)) == ["ses_2"]
    assert selected_ids(PLUGIN, FACTS, orphans=("stale-path", "missing-directory")) == ["ses_1", "ses_2"]


def test_it_chooses_and_says_what_was_typed() -> None:
    selectors = PLUGIN.build({"orphans": ("every", "stale-path")}, FACTS)
    assert [selector.as_typed for selector in selectors] == ["--orphans", "--orphans=stale-path"]
    assert not PLUGIN.narrows
    assert not PLUGIN.build({"orphans": ()}, FACTS)
    assert not PLUGIN.build({}, FACTS)


@pytest.mark.parametrize("name", ["", "misspelt"])
def test_a_rule_that_is_not_there_is_wrong_usage(name: str) -> None:
    """An unset variable in a script must not mean every orphan."""
    with pytest.raises(BadInput):
        PLUGIN.build({"orphans": (name,)}, FACTS)


def test_the_real_rules_answer_by_name(home: Home) -> None:
    repository = home.repository("shop-search", "sub/deep")
    (repository / ".git" / "opencode").write_text("4284baed5f10c280f234f02ab62431a6d8091933")
    listed = home.run("list", "--orphans=missing-directory", "--json").json
    gone = {f"{home.src}/{name}" for name in ("shop-checkout", "shop-api", "notes")}
    assert {row["directory"] for row in listed} == gone
    assert home.run("list", "--orphans", "--json").json == listed
    assert home.run("list", "--orphans=not-a-directory").code == 3


def test_a_dry_run_says_how_to_apply_it(home: Home) -> None:
    """`--orphans --dry-run` has no value, so the flag is left out like any other."""
    home.repository("shop")
    for words in (["--orphans", "--dry-run"], ["--dry-run", "--orphans"], ["--orphans=missing-directory", "--dry-run"]):
        shown = home.run("move", "--to-dir", "src/shop", *words)
        assert shown.code == 0, shown.stderr
        said = words[1] if words[0] == "--dry-run" else words[0]
        assert shown.stdout.splitlines()[-1].endswith(f"move --to-dir src/shop {said} --yes")


def test_unknown_rules_are_named_on_the_command_line(home: Home) -> None:
    for words in (("list", "--orphans=misspelt"), ("list", "--orphans="), ("orphans", "--rule", "misspelt")):
        refused = home.run(*words)
        assert refused.code == 2
        assert "missing-directory, not-a-directory, unreadable" in refused.stderr
        assert refused.stdout == ""
