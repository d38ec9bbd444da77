from __future__ import annotations

import subprocess
import sys

import click

from migrator_selectors import BUILT_IN
from tests.support.selector_context import FixedSelectorContext


def test_the_options_parse_into_what_build_takes() -> None:
    command = click.Command("any", params=[option for plugin in BUILT_IN for option in plugin.options()])
    values = command.make_context("any", []).params
    assert values
    assert not any(plugin.build(values, FixedSelectorContext()) for plugin in BUILT_IN)
    typed = ["--from-dir", "/a", "--from-dir", "/b", "--exact", "--title", "x", "--no-archived", "--since", "2w"]
    values = command.make_context("any", typed).params
    said = [selector.as_typed for plugin in BUILT_IN for selector in plugin.build(values, FixedSelectorContext())]
    assert said == ["--from-dir /a --exact", "--from-dir /b --exact", "--title x", "--since 2w", "--no-archived"]


def test_options_are_fresh_each_time_and_have_help() -> None:
    for plugin in BUILT_IN:
        assert all(one is not other for one, other in zip(plugin.options(), plugin.options(), strict=True))
        assert all(isinstance(option, click.Option) and option.help for option in plugin.options())


def test_importing_them_does_not_import_what_matches() -> None:
    code = "import sys, migrator_selectors; print(*{'wcmatch', 'bracex', 'pathspec', 'sqlite3'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
