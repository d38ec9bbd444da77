"""A command that is forked has everything imported already, or the whole suite takes three times as long."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tests.support import forked

if TYPE_CHECKING:
    from tests.support.home import Home


def _tell() -> None:
    os.write(sys.stderr.fileno(), " ".join(forked.missing()).encode())


def test_nothing_of_ours_is_left_to_import(home: Home) -> None:
    done = forked.run(["--version"], home.env(), home.path, first=_tell)
    assert done.code == 0
    assert done.stderr == ""
