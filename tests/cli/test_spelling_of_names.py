"""One name in two Unicode forms, and in two cases where the disk ignores that, is one name, and two where it is two."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.empty_home import bind_session, bound, empty_home
from tests.support.git import root_commit
from tests.support.mac_disk import mac_disk
from tests.support.refusal import sentence
from tests.support.rows import add_opened_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.home import Home

NFC, NFD = "caf\u00e9", "cafe\u0301"
FORMS = [(NFC, NFD), (NFD, NFC)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return empty_home(tmp_path / "home")


def session_in(home: Home, directory: Path, project: str = "global", path: str | None = None) -> str:
    path = str(directory)[1:] if path is None else path
    return bind_session(home, f"ses_{str(directory)!a}_{path}"[:200], project, directory, path)


def listed(home: Home, *words: str | Path) -> set[str]:
    done = home.run("list", *words, "--no-roots", "--json")
    assert done.code in {0, 3}, done.stderr
    return {row["id"] for row in done.json}


def project_in(home: Home, name: str) -> tuple[Path, str]:
    """Make a repository with its project row, opened once under this name."""
    repository = home.repository(name, "sub")
    project = root_commit(repository)
    add_opened_project(home, project, repository)
    return repository, project


# -- selecting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stored", "typed"), FORMS)
@pytest.mark.parametrize("there", ["stored", "typed", "neither"])
def test_a_name_is_meant_in_whatever_form_it_is_stored(home: Home, stored: str, typed: str, there: str) -> None:
    if there != "neither":
        (home.src / {"stored": stored, "typed": typed}[there]).mkdir()
    wanted = session_in(home, home.src / stored / "sub")
    other = session_in(home, home.src / "cafe")
    (home.path / "list").write_text(f"{typed}/\n", encoding="utf-8")
    for pattern in (f"~/src/{typed}", f"~/src/{typed}*", f"~/src/{typed}/?ub", "~/src/caf?/*", f"~/{{src,x}}/{typed}"):
        assert listed(home, "--from-dir", pattern) == {wanted}, pattern
        assert listed(home, "--all", "--exclude-dir", pattern) == {other}, pattern
    assert listed(home, "--from-dir", f"~/src/{typed}/sub", "--exact") == {wanted}
    assert listed(home, "--all", "--exclude-from", "list") == {other}


@pytest.mark.parametrize(("one", "other"), FORMS)
def test_two_directories_are_two(home: Home, one: str, other: str) -> None:
    ids = {form: session_in(home, home.src / form) for form in (one, other)}
    for form in (one, other):
        (home.src / form).mkdir()
    (home.path / "list").write_text(f"{one}\n", encoding="utf-8")
    assert listed(home, "--from-dir", f"~/src/{one}") == {ids[one]}
    assert listed(home, "--all", "--exclude-dir", f"~/src/{one}") == {ids[other]}
    assert listed(home, "--all", "--exclude-from", "list") == {ids[other]}
    assert listed(home, "--from-dir", "~/src/caf?") == {*ids.values()}


@pytest.mark.parametrize(("stored", "typed"), FORMS)
def test_a_project_by_its_path(home: Home, stored: str, typed: str) -> None:
    repository, project = project_in(home, "cafe")
    home.execute("UPDATE project SET worktree = ? WHERE id = ?", [str(home.src / stored), project])
    session = session_in(home, home.src / stored, project, "")
    assert listed(home, "--from-project", f"~/src/{typed}") == {session}
    repository.rename(home.src / typed)
    assert listed(home, "--from-project", home.src / typed / "sub") == {session}


def test_on_a_disk_that_ignores_case_so_do_names(home: Home) -> None:
    (home.src / "App" / NFD).mkdir(parents=True)
    with mac_disk(home.src, home.path / "mac") as mac:
        there, gone = session_in(home, mac / "app" / NFC), session_in(home, mac / "gone" / "x")
        on_linux = session_in(home, home.src / "app")
        assert listed(home, "--from-dir", f"~/mac/APP/{NFD}") == listed(home, "--from-dir", "~/mac/app/*") == {there}
        assert listed(home, "--from-dir", "~/mac/Gone") == {gone}
        assert listed(home, "--all", "--exclude-dir", "~/mac/APP", "--exclude-dir", "~/src/APP") == {gone, on_linux}
        (home.path / "list").write_text("/**/Gone\n")
        words = ("list", "--all", "--exclude-from", "list", "--home", mac, "--no-roots", "--json")
        assert {row["id"] for row in home.run(*words).json} == {there, on_linux}


# -- relocate ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stored", "typed"), FORMS)
def test_relocate_takes_what_is_bound_to_the_old_folder_in_either_form(home: Home, stored: str, typed: str) -> None:
    repository, project = project_in(home, stored)
    session = session_in(home, repository / "sub", project, "sub")
    new = repository.rename(home.src / "new")
    done = home.run("relocate", home.src / typed, new, "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[session] == (project, f"{new}/sub", "sub")
    assert home.query("SELECT worktree FROM project WHERE id = ?", [project]) == [(str(new),)]


@pytest.mark.parametrize(("moved", "living"), FORMS)
@pytest.mark.parametrize("option", [[], ["--copied"]])
def test_relocate_leaves_another_directory_of_the_same_name_alone(
    home: Home, moved: str, living: str, option: list[str]
) -> None:
    session, other = session_in(home, home.src / moved), session_in(home, home.src / living)
    (home.src / living).mkdir()
    (home.src / "new").mkdir()
    done = home.run("relocate", home.src / moved, home.src / "new", *option, "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[session][1] == str(home.src / "new")
    assert bound(home)[other][1] == str(home.src / living)


@pytest.mark.parametrize(("stored", "real"), FORMS)
def test_relocate_binds_sub_paths_as_the_disk_spells_them(home: Home, stored: str, real: str) -> None:
    (home.src / "new" / real).mkdir(parents=True)
    session = session_in(home, home.src / "old" / stored)
    done = home.run("relocate", home.src / "old", home.src / "new", "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[session][1] == str(home.src / "new" / real)
    assert "does not exist" not in done.stderr


@pytest.mark.parametrize(("old", "new"), FORMS)
def test_relocate_from_one_form_to_the_other(home: Home, old: str, new: str) -> None:
    (home.src / new / "sub").mkdir(parents=True)
    session, right = session_in(home, home.src / old / "sub"), session_in(home, home.src / new)
    done = home.run("relocate", home.src / old, home.src / new, "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[session][1] == str(home.src / new / "sub")
    assert bound(home)[right][1] == str(home.src / new)


@pytest.fixture
def mac(home: Home) -> Iterator[Path]:
    """What is in src, on a disk that ignores case."""
    with mac_disk(home.src, home.path / "mac") as mac:
        yield mac


def test_a_change_of_case_is_a_rename_where_the_disk_ignores_it(home: Home, mac: Path) -> None:
    repository = home.repository("app", "sub")
    project = root_commit(repository)
    add_opened_project(home, project, mac / "app")
    sessions = [session_in(home, mac / name / "sub", project, "sub") for name in ("app", "APP")]
    said = sentence(home.run("relocate", mac / "app", mac / "App", "--yes"), 2)
    assert f"{mac}/App is {mac}/app on the disk, the same name in other upper and lower case: nothing has moved" in said
    repository.rename(home.src / "App")
    done = home.run("relocate", mac / "app", mac / "App", "--yes")
    assert done.code == 0, done.stderr
    assert {bound(home)[session][1] for session in sessions} == {f"{mac}/App/sub"}
    assert home.query("SELECT worktree FROM project WHERE id = ?", [project]) == [(f"{mac}/App",)]


def test_a_change_of_case_that_is_still_to_come(home: Home, mac: Path) -> None:
    repository = home.repository("app")
    project = root_commit(repository)
    add_opened_project(home, project, mac / "app")
    session = session_in(home, mac / "app", project, "")
    plan = home.run("plan", "relocate", "--will-move", mac / "app", mac / "App", "-o", home.path / "plan.json")
    assert plan.code == 0, plan.stderr
    repository.rename(home.src / "App")
    done = home.run("apply", home.path / "plan.json", "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[session][1] == f"{mac}/App"
    assert json.loads((home.path / "plan.json").read_text())["relocated"]["folders"] == [
        {"old": f"{mac}/app", "new": f"{mac}/App"}
    ]


# -- homes and destinations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stored", "real"), FORMS)
def test_a_session_whose_directory_is_there_in_another_form_goes_to_that(home: Home, stored: str, real: str) -> None:
    repository, project = project_in(home, real)
    session = session_in(home, home.src / stored / "sub", project, "sub")
    (lost,) = home.run("orphans", "--json").json
    (reason,) = [reason for reason in lost["reasons"] if reason["rule"] == "missing-directory"]
    assert "the same name in another Unicode form" in reason["evidence"]
    assert lost["suggestion"]["directory"] == str(repository / "sub")
    assert lost["suggestion"]["certainty"] == "certain"
    assert "the same name in another Unicode form" in lost["suggestion"]["because"]
    assert home.run("rescue", "--yes").code == 0
    assert bound(home)[session] == (project, str(repository / "sub"), "sub")
    assert home.run("orphans", "--json").json == []


def test_a_session_under_another_case_goes_to_the_name_that_the_disk_has(home: Home, mac: Path) -> None:
    repository = home.repository("App")
    project = root_commit(repository)
    add_opened_project(home, project, mac / "App")
    session = session_in(home, mac / "app", project, "")
    (lost,) = home.run("orphans", "--json").json
    (reason,) = lost["reasons"]
    assert reason["evidence"].endswith(f"which is {mac}/App in reality: the same name in other upper and lower case")
    assert home.run("rescue", "--yes").code == 0
    assert bound(home)[session][1] == f"{mac}/App"


@pytest.mark.parametrize(("typed", "real"), FORMS)
def test_a_destination_is_bound_as_the_disk_spells_it(home: Home, typed: str, real: str) -> None:
    (home.src / real / typed).mkdir(parents=True)
    session = session_in(home, home.src / "old" / real)
    top = session_in(home, home.src / "old")
    done = home.run("move", "--from-dir", "~/src/old", "--to-dir", home.src / typed, "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[top][1] == str(home.src / real)
    assert bound(home)[session][1] == str(home.src / real / typed)
    assert home.run("migrate", top, home.src / typed / real, "--yes").code == 0
    assert bound(home)[top][1] == str(home.src / real / typed)


def test_a_destination_in_another_case(home: Home, mac: Path) -> None:
    (home.src / "App" / "Sub").mkdir(parents=True)
    session = session_in(home, home.src / "old" / "sub")
    done = home.run("move", "--from-dir", "~/src/old", "--to-dir", mac / "aPP", "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)[session][1] == f"{mac}/App/Sub"
    assert home.run("migrate", session, mac / "APP", "--yes").code == 0
    assert bound(home)[session][1] == f"{mac}/App"
