"""`import migrator` costs nothing, and offers every name that it says it does."""

from __future__ import annotations

import subprocess
import sys

import migrator


def test_it_imports_only_what_is_asked_for() -> None:
    code = (
        "import sys; before = set(sys.modules); import migrator; new = set(sys.modules) - before; "
        "print(*sorted(new)); "
        "migrator.MigratorError; print('migrator.library' in sys.modules, 'sqlite3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["__future__ migrator", "False False"]


def test_every_name_is_there() -> None:
    assert [name for name in migrator.__all__ if not hasattr(migrator, name)] == []
    assert set(migrator.__all__) <= set(dir(migrator))
    assert not hasattr(migrator, "no_such_name")
