"""`list` without `--all` is `opencode session list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.opencode.migrator_command import answer

if TYPE_CHECKING:
    from tests.support.opencode.lab import Lab

pytestmark = pytest.mark.long


@pytest.mark.parametrize("directory", ["A", "A/sub/deep", "A-wt", "B", "plain"])
def test_list_prints_what_opencode_lists_in_its_order(lab: Lab, directory: str) -> None:
    here = lab.repos / directory
    ours = [session["id"] for session in answer(lab.opencode, "list", cwd=here)]
    assert ours == lab.opencode.listed(here)
    assert ours
