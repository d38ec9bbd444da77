"""Nothing goes into a repository that git can't work with: it would be bound to no project, or to the one around."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.broken_repositories import BROKEN, CLOSED
from tests.support.empty_home import bind_session, bound, empty_home, project_at_home
from tests.support.git import repository
from tests.support.home import SESSION
from tests.support.refusal import refused
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

FROM = ("--from-dir", "~/src/shop-*")
INTO = (
    ("move", *FROM, "--to-dir", "{}", "--yes"),
    ("move", *FROM, "--to-dir", "{}", "--dry-run"),
    ("plan", *FROM, "--to-dir", "{}", "-o", "moving.json"),
    ("migrate", SESSION, "{}", "--yes"),
)


@pytest.mark.parametrize("command", INTO, ids=lambda command: f"{command[0]} {command[-1]}")
@pytest.mark.parametrize("kind", ["emptied-head", "emptied-head-in-a-repository", "moved-main-repository"])
def test_a_destination(home: Home, tmp_path: Path, kind: str, command: tuple[str, ...]) -> None:
    build, why = BROKEN[kind]
    directory = build(tmp_path)

    said = refused(home, *(word.format(directory) for word in command))

    assert why.format(at=tmp_path) in said
    assert said.endswith("and try again.")
    assert not (home.path / "moving.json").exists()


@pytest.mark.parametrize("kind", CLOSED)
def test_a_destination_that_is_closed_to_us(unprivileged: UnprivilegedHome, tmp_path: Path, kind: str) -> None:
    build, why = CLOSED[kind]
    directory = build(tmp_path)

    assert why.format(at=tmp_path) in refused(unprivileged, "move", *FROM, "--to-dir", directory, "--yes")


def test_the_place_where_a_session_is_already(home: Home) -> None:
    """`--to-dir keep` would bind it to no project."""
    directory, project = home.repository("notes"), "3" * 40
    home.execute("UPDATE session SET directory = ?, project_id = ? WHERE id = ?", [str(directory), project, SESSION])
    (directory / ".git" / "HEAD").write_text("")

    assert "it has no branch in HEAD" in refused(home, "move", "--from-id", SESSION, "--to-dir", "keep", "--yes")


def test_a_plan_that_was_made_before_it_broke(home: Home, saved: Path) -> None:
    (home.src / "shop" / ".git" / "HEAD").write_text("")

    assert "it has no branch in HEAD" in refused(home, "apply", saved, "--yes")


@pytest.mark.parametrize("state", ["moved", "--will-move"])
@pytest.mark.parametrize("broken", ["itself", "one below it"])
def test_relocate(tmp_path: Path, broken: str, state: str) -> None:
    """Today's answer for each directory counts, and for one of them there is none."""
    home = empty_home(tmp_path / "home")
    old, _ = project_at_home(home, "shop", "sub/deep")
    new = home.src / "store"
    inner = old if broken == "itself" else repository(old / "vendor")
    if broken == "one below it":
        bind_session(home, "ses_vendor", "4" * 40, inner, "")
    (inner / ".git" / "HEAD").write_text("")
    if state == "moved":
        old.rename(new)
    before = bound(home)

    said = refused(home, "relocate", old, new, "--yes", *([state] if state.startswith("-") else []))

    assert "it has no branch in HEAD" in said
    assert bound(home) == before


def test_relocate_where_a_part_is_closed(tmp_path: Path) -> None:
    """What is below a closed directory is not gone."""
    home = UnprivilegedHome(empty_home(tmp_path / "home").path)
    old, project = project_at_home(home, "all/shop")
    bind_session(home, "ses_deep", project, old / "a" / "b", "a/b")
    new = home.src / "all" / "store"
    old.rename(new)
    (new / "a").mkdir(mode=0)

    assert f"{new}/a" in refused(home, "relocate", old, new, "--yes")


def test_consolidate(tmp_path: Path) -> None:
    home = empty_home(tmp_path / "home")
    main, project = project_at_home(home, "shop")
    bind_session(home, "ses_gone", project, home.src / "shop-gone", "")
    broken = repository(home.src / "broken")
    (broken / ".git" / "HEAD").write_text("")

    assert "it has no branch in HEAD" in refused(home, "consolidate", main, "--to-dir", broken, "--yes")


@pytest.mark.parametrize("kind", BROKEN)
def test_rescue_leaves_it_alone(tmp_path: Path, kind: str) -> None:
    """Not to "global", nor to the repository around it: what git can't say, nobody is certain of."""
    build, why = BROKEN[kind]
    home = empty_home(tmp_path / "home")
    bind_session(home, "ses_broken", "5" * 40, build(tmp_path), "")
    before = home.everything()

    done = home.run("rescue", "--likely", "--search", tmp_path, "--yes")

    assert home.everything() == before
    assert " ".join(done.stdout.split()).count(why.format(at=tmp_path)) == 1


def test_rescue_of_a_package_of_it_that_is_gone(tmp_path: Path) -> None:
    """Its checkout is there, though git can't say of which project: no other clone is its home."""
    home = empty_home(tmp_path / "home")
    shop, _ = project_at_home(home, "shop", "packages/gone")
    shutil.copytree(shop, home.src / "copy")
    home.execute("UPDATE project SET sandboxes = ?", [f'["{home.src}/copy"]'])
    shutil.rmtree(shop / "packages" / "gone")
    (shop / ".git" / "HEAD").write_text("")
    before = bound(home)

    done = home.run("rescue", "--yes")

    assert bound(home) == before
    assert "it has no branch in HEAD" in " ".join(done.stdout.split())
