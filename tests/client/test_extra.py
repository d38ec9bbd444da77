"""The client comes with `[client]`; without it, it says what to install, and the rest does without."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("missing", ["httpx", "httpx_sse"])
def test_what_is_missing_is_named(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; import migrator; migrator.open_store, migrator.cli\n"
        "try:\n    import migrator.client\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import migrator.cli; {code}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        f"migrator.client needs {missing}, which isn't installed: pip install 'opencode-migrator[client]'.\n"
    )
