"""`serve` as a command: what it needs that others don't."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home


def test_without_the_extra_it_says_how_to_get_it(home: Home, tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError('No module', name='starlette')\n")
    home.environ["PYTHONPATH"] = str(tmp_path)
    refused = home.run("serve", "--port", "0")
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr == (
        "error: The command `serve` needs starlette, which isn't installed: pip install 'opencode-migrator[server]'.\n"
    )
    assert home.run("list", "--all").code == 0


def test_no_other_command_imports_it(home: Home) -> None:
    code = (
        "import sys, contextlib\n"
        "from migrator.cli import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'starlette', 'uvicorn', 'anyio', 'h11'}))"
    )
    for words in (["--help"], ["list", "--all", "--json"], ["serve", "--help"], ["orphans", "--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], env=dict(home.env()), capture_output=True, text=True, check=True
        )
        assert done.stdout.rstrip().endswith("[]"), done.stdout


def test_no_database_no_server(home: Home) -> None:
    home.database.unlink()
    refused = home.run("serve", "--port", "0")
    assert refused.code == 1
    assert refused.stderr.startswith("error: There is no opencode database at ")
    assert not (home.state / "serve").exists()
