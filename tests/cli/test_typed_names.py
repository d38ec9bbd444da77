"""A name that was typed is meant as it was typed, also where it looks like a pattern."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

import migrator
from migrator.errors import MigratorError
from migrator_selectors._pattern_syntax import escaped
from migrator_selectors.exclude_dir import ExcludeDirPlugin
from migrator_selectors.from_dir import FromDirPlugin
from tests.support.empty_home import bind_session, bound, empty_home
from tests.support.refusal import refused, sentence
from tests.support.selector_context import FixedSelectorContext, in_directories, selected_ids
from tests.support.server import serving
from tests.support.strategies import directories
from tests.support.unprivileged import UnprivilegedHome
from tests.support.workspaces import Workspaces

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home

# What each is the name of, and what it means as a pattern.
NAMES = [("[id]", "i"), ("a{b,c}d", "abd"), ("what?", "whats"), ("*", "all"), ("a\\b", "ab"), ("[!x]*{1..2}", "y1")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = empty_home(tmp_path / "home")
    home.repository("shop")
    return home


def session_in(home: Home, directory: str, *, exists: bool = True) -> str:
    """Add a session in `src/DIRECTORY`, whose name is that."""
    path = home.src / directory
    if exists:
        path.mkdir(parents=True, exist_ok=True)
    return bind_session(home, f"ses_{directory}", "global", path, str(path)[1:])


def listed(home: Home, *words: str) -> set[str]:
    done = home.run("list", *words, "--no-roots", "--json")
    assert done.code == 0, done.stderr
    return {row["id"] for row in done.json}


def warnings(done: Finished) -> list[str]:
    assert done.code == 0, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("warning: ")]


# -- the name of a directory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "other"), [pair for pair in NAMES if pair[0] != "*"])
@pytest.mark.parametrize("exists", [True, False])
def test_the_exact_name_of_a_directory_that_holds_sessions(home: Home, name: str, other: str, exists: bool) -> None:
    session_in(home, name, exists=exists)
    session_in(home, f"{name}/sub", exists=exists)
    session_in(home, f"unlike/{other}")
    assert listed(home, "--from-dir", f"~/src/{name}") == {f"ses_{name}", f"ses_{name}/sub"}
    assert listed(home, "--all", "--exclude-dir", f"~/src/{name}") == {f"ses_unlike/{other}"}
    assert listed(home, "--from-dir", f"~/src/{name}", "--exact") == {f"ses_{name}"}


@pytest.mark.parametrize(("name", "other"), NAMES)
def test_a_name_that_is_also_a_pattern_for_other_sessions_is_refused_with_both_readings(
    home: Home, name: str, other: str
) -> None:
    session_in(home, name)
    session_in(home, other)
    for option in ("--from-dir", "--exclude-dir"):
        said = refused(home, "move", "--from-dir", "~/src/shop", option, f"~/src/{name}", code=1)
        assert f"{option} ~/src/{name} has two meanings: {home.src}/{name} has this very name" in said
        assert f"{home.src}/{other}" in said
    spelled = said.split("write ")[1].replace("'", "")
    as_name, as_pattern = spelled.split(" for the one of this name, ")
    as_pattern = as_pattern.removesuffix(" for the pattern.")
    assert listed(home, "--from-dir", as_name) == {f"ses_{name}"}
    assert f"ses_{other}" in listed(home, "--from-dir", as_pattern)
    assert listed(home, "--all", "--exclude-dir", as_name) == {f"ses_{other}"}


@pytest.mark.parametrize(("name", "other"), NAMES)
def test_a_directory_that_is_only_on_the_disk_is_meant_too(home: Home, name: str, other: str) -> None:
    """Today's sessions of the pattern must not move because the directory has none."""
    (home.src / name).mkdir()
    session_in(home, other)
    said = sentence(home.run("move", "--from-dir", f"~/src/{name}", "--to-dir", "src/shop", "--yes"), 3)
    assert "there is a directory of this very name, so that is meant" in said
    assert bound(home)[f"ses_{other}"][1] == f"{home.src}/{other}"
    assert listed(home, "--from-dir", f"~/src/{name}{{,}}") == {f"ses_{other}"}


def test_a_file_of_that_name_is_no_directory(home: Home) -> None:
    (home.src / "[id]").touch()
    session_in(home, "i")
    assert listed(home, "--from-dir", "~/src/[id]") == {"ses_i"}


def test_where_nobody_can_tell_whether_it_is_there_nothing_is_selected(home: Home) -> None:
    session_in(home, "closed/i")
    (home.src / "closed").chmod(0)
    one = UnprivilegedHome(home.path, home.environ)
    try:
        said = sentence(one.run("list", "--from-dir", "~/src/closed/[id]", "--json"), 1)
        assert f"can't be told ({home.src}/closed/[id] can't be looked at: Permission denied; " in said
        assert listed(one, "--from-dir", "~/src/closed/[id]{,}") == {"ses_closed/i"}
        assert sentence(one.run("list", "--from-dir", r"~/src/closed/\[id\]"), 3)
    finally:
        (home.src / "closed").chmod(0o755)


def test_relative_and_in_the_current_directory(home: Home) -> None:
    session_in(home, "[id]")
    session_in(home, "elsewhere/i")
    for typed in ("[id]", "./[id]", "cwd/[id]", "x/../[id]"):
        done = home.run("list", "--from-dir", typed, "--json", cwd=home.src)
        assert [row["id"] for row in done.json] == ["ses_[id]"]


def test_a_malformed_pattern_that_is_the_name_of_a_directory(home: Home) -> None:
    session_in(home, "a[b")
    session_in(home, "{open")
    assert listed(home, "--from-dir", "~/src/a[b", "--from-dir", "~/src/{open") == {"ses_a[b", "ses_{open"}
    refused(home, "list", "--from-dir", "~/src/c[d", code=2)


@given(directories, directories)
def test_the_path_of_a_directory_with_sessions_selects_them_or_is_refused(directory: str, other: str) -> None:
    """Both ways to write it select it, and the escaped one nothing else."""
    facts = FixedSelectorContext(in_directories(*{directory, other}))
    below = {each for each in (directory, other) if f"{each}/".startswith(directory.rstrip("/") + "/")}
    try:
        assert directory in selected_ids(FromDirPlugin(), facts, from_dir=(directory,))
    except MigratorError:
        assert other not in below
    selected = set(selected_ids(FromDirPlugin(), facts, from_dir=(escaped(directory),)))
    assert directory in selected
    assert (
        set(selected_ids(ExcludeDirPlugin(), facts, exclude_dir=(escaped(directory),))) == {directory, other} - selected
    )


# -- the same everywhere -----------------------------------------------------------------------------------------------


def test_over_http_and_in_python(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    session_in(home, "web/[id]")
    session_in(home, "web/i")
    session_in(home, "web/[x]")
    shop = home.src / "shop"
    with serving(home) as served:
        wanted = {"from-dir": [f"{home.src}/web/[x]"], "to-dir": str(shop)}
        assert [change["session"] for change in served.post("/plan", wanted)["changes"]] == ["ses_web/[x]"]
        wanted["from-dir"] = [f"{home.src}/web/[id]"]
        assert "has this very name" in served.refused("POST", "/plan", 422, "refused", json=wanted)
    monkeypatch.setenv("HOME", str(home.path))
    store = migrator.open_store(home.database)
    found = migrator.select(store, from_dir=home.src / "web/[x]")
    assert [selected.session.id for selected in found.sessions] == ["ses_web/[x]"]
    with pytest.raises(MigratorError, match="has this very name"):
        migrator.select(store, from_dir="/**", exclude_dir=home.src / "web/[id]")


# -- what matches nothing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("~/src/[x]", r"[ and ] are special in a pattern; for them in a name write '~/src/\[x\]'"),
        ("~/src/nothing*", r"* is special in a pattern; for it in a name write '~/src/nothing\*'"),
        ("~/src/{a,b}", r"{ and } are special in a pattern; for them in a name write '~/src/\{a,b\}'"),
    ],
)
def test_a_pattern_without_a_match_says_what_is_special_in_it(home: Home, typed: str, says: str) -> None:
    session_in(home, "i")
    for command in ("list", "move", "orphans"):
        said = refused(home, command, "--from-dir", typed, code=3) if command == "move" else None
        said = said or sentence(home.run(command, "--from-dir", typed, "--json"), 3)
        assert f"--from-dir '{typed}': {says};" in said or f"--from-dir {typed}: {says};" in said


def test_a_path_without_a_match_is_named(home: Home) -> None:
    session_in(home, "i")
    assert "No session matches --from-dir ~/src/gone;" in refused(home, "move", "--from-dir", "~/src/gone", code=3)


def test_one_of_several_options_that_selects_nothing_is_a_warning(home: Home) -> None:
    session_in(home, "i")
    words = ("--from-dir", "~/src/i", "--from-dir", "~/src/[x]")
    (warning,) = warnings(home.run("list", *words))
    assert "--from-dir '~/src/[x]' selects nothing: [ and ] are special" in warning
    plan = home.run("plan", *words, "--to-dir", "src/shop", "--json").json
    assert [each["code"] for each in plan["warnings"]] == ["selects-nothing"]


def test_each_exclusion_that_excludes_nothing_is_a_warning(home: Home) -> None:
    for name in ("a", "b", "elsewhere"):
        session_in(home, name)
    (home.path / "list").write_text("nothing\n")
    words = ["--from-dir", "~/src/?", "--exclude-from", "list"]
    for name in ("b", "b/sub", "elsewhere", "[x]", "b*"):
        words += ["--exclude-dir", f"~/src/{name}"]
    said = warnings(home.run("list", *words))
    assert [warning.split(" leaves ")[0].split()[-1] for warning in said] == [
        "~/src/b/sub",
        "~/src/elsewhere",
        "'~/src/[x]'",
        "list",
    ]
    assert r"'~/src/[x]' leaves nothing out: [ and ] are special in a pattern; for them" in said[2]
    plan: dict[str, Any] = home.run("plan", *words, "--to-dir", "src/shop", "--json").json
    assert [each["code"] for each in plan["warnings"]] == ["excludes-nothing"] * 4


def test_an_exclusion_among_all_sessions(home: Home) -> None:
    session_in(home, "a")
    assert warnings(home.run("list", "--all", "--exclude-dir", "~/src/b"))
    assert sentence(home.run("list", "--all", "--exclude-dir", "~/src/a", "--exclude-dir", "~/src/*"), 3)


# -- gitignore ---------------------------------------------------------------------------------------------------------


def test_a_line_that_is_the_name_of_a_directory_and_leaves_it_in_is_refused(home: Home) -> None:
    session_in(home, "web/[id]/sub")
    session_in(home, "web/i")
    path = home.path / "list"
    words = ("list", "--all", "--exclude-from", "list", "--no-roots", "--json")
    for line in ("[id]", "**/web/[id]", f"{home.src}/*/[id]/"):
        path.write_text(f"# to stay\n{line}\n")
        said = sentence(home.run(*words), 1)
        assert f"list, line 2: {line} leaves {home.src}/web/[id]/sub in, which has this very name" in said
    path.write_text("[id]\n\\[id\\]\n")
    assert home.run(*words).json == []
    path.write_text("[id]\n!\\[id\\]\n")
    assert [row["id"] for row in home.run(*words).json] == ["ses_web/[id]/sub"]
    path.write_text("[jx]\n")
    done = home.run(*words)
    assert len(done.json) == 2
    assert "leaves nothing out: its lines are seen from /" in done.stderr


# -- workspaces --------------------------------------------------------------------------------------------------------


def test_a_workspace_of_that_very_name(tmp_path: Path) -> None:
    spaces = Workspaces(tmp_path / "home")
    shop = spaces.jj("shop")
    for name in ("fix[1]", "fix1", "x[2]"):
        spaces.titled(shop.add(spaces.src / name, name), name)
    home = spaces.home
    move = ("consolidate", os.fspath(shop.root), "--yes")
    for typed in ("fix[1]", "~/src/fix[1]"):
        for option in ("--only", "--except"):
            said = refused(home, *move[:2], option, typed)
            assert f"{option} {typed} has two meanings: " in said
            assert "fix[1] has this very name, and as a pattern it means" in said
    said = refused(home, *move[:2], "--only", "y[1]", code=3)
    assert r"for them in a name write 'y\[1\]'" in said
    assert home.run(*move, "--only", "x[2]").code == 0
    assert spaces.where()["x[2]"] == "shop"
    assert spaces.where()["fix1"] == "fix1"
