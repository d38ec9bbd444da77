from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator.model import Place, Project
from migrator_selectors.from_project import FromProjectPlugin
from tests.support.selector_context import FixedSelectorContext, selected_ids, session

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = FromProjectPlugin()
WEB = Project("aa11", "/src/web", "git", sandboxes=("/sandbox/web-1",))
API = Project("aa22", "/src/api", "git", name="The API")
OTHER_WEB = Project("bb33", "/old/shop", "git", name="shop")
SHOP = Project("cc44", "/new/shop", "git")
GLOBAL = Project("global", "/")
PROJECTS = [WEB, API, OTHER_WEB, SHOP, GLOBAL]


def facts(*more: Project, **places: str) -> FixedSelectorContext:
    rows = [session(project.id, "/x", project=project.id) for project in PROJECTS]
    found = {f"/src/{name}": Place(f"/src/{name}", id_, "/w", "", None, "/w") for name, id_ in places.items()}
    return FixedSelectorContext(rows, project_rows=[*PROJECTS, *more], places=found, cwd="/src", home="/old")


@pytest.mark.parametrize(
    ("typed", "project"),
    [
        ("aa11", WEB),
        ("aa1", WEB),
        ("web", WEB),
        ("The API", API),
        ("/src/web", WEB),
        ("/src/web/", WEB),
        ("./web", WEB),
        ("/src/api/../web", WEB),
        ("/sandbox/web-1", WEB),
        ("~/shop", OTHER_WEB),
        ("global", GLOBAL),
        ("glob", GLOBAL),
    ],
)
def test_id_prefix_name_or_path(typed: str, project: Project) -> None:
    assert selected_ids(PLUGIN, facts(), from_project=(typed,)) == [project.id]


def test_a_glob_takes_every_project_with_such_a_name() -> None:
    assert selected_ids(PLUGIN, facts(), from_project=("{web,s*p}",)) == ["aa11", "bb33", "cc44"]
    assert selected_ids(PLUGIN, facts(), from_project=("*",)) == ["aa11", "aa22", "bb33", "cc44"]
    odd = facts(Project("dd", "/z", name="s*p"))
    assert [each.match(session("x", project="dd")) for each in PLUGIN.build({"from_project": ("s*p",)}, odd)] == [True]
    with pytest.raises(NothingMatched):
        selected_ids(PLUGIN, facts(), from_project=("z*",))


def test_projects_add_up() -> None:
    assert selected_ids(PLUGIN, facts(), from_project=("web", "aa22")) == ["aa11", "aa22"]


def test_a_whole_id_is_not_taken_for_a_prefix_or_a_name() -> None:
    here = facts(Project("aa11ff", "/y"), Project("dd", "/z", name="aa11"))
    assert selected_ids(PLUGIN, here, from_project=("aa11",)) == ["aa11"]


@pytest.mark.parametrize(
    ("typed", "fitting"),
    [
        ("aa", ["aa11 (web, /src/web)", "aa22"]),
        ("shop", ["bb33", "cc44"]),
        ("bb", ["bb33", "dd"]),
        ("/twice", ["e1", "e2"]),
    ],
)
def test_several_are_all_named(typed: str, fitting: list[str]) -> None:
    here = facts(Project("dd", "/z", name="bb"), Project("e1", "/twice", name="x"), Project("e2", "/twice", name="y"))
    with pytest.raises(MigratorError) as refusal:
        PLUGIN.build({"from_project": (typed,)}, here)
    assert all(name in str(refusal.value) for name in fitting)
    assert refusal.value.exit_code == 1


def test_a_symlinked_path_is_followed(tmp_path: Path) -> None:
    real = tmp_path.resolve() / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    here = facts(Project("dd", str(real)))
    (selector,) = PLUGIN.build({"from_project": (str(tmp_path / "link"),)}, here)
    assert selector.match(session(project="dd"))


def test_a_path_in_a_project_is_what_opencode_makes_of_it() -> None:
    assert selected_ids(PLUGIN, facts(deep="aa22"), from_project=("./deep",)) == ["aa22"]


def test_a_path_in_no_repository_does_not_select_all_such_directories() -> None:
    for typed in ("./notes", "/"):
        with pytest.raises(MigratorError, match=rf"--from-dir {typed}, .*--from-project global") as refusal:
            PLUGIN.build({"from_project": (typed,)}, facts(notes="global"))
        assert refusal.value.exit_code == 1


@pytest.mark.parametrize("typed", ["nope", "./gone", "The", "AA11", "deep", "./deep"])
def test_nothing_fits(typed: str) -> None:
    with pytest.raises(NothingMatched, match=typed):
        PLUGIN.build({"from_project": (typed,)}, facts(deep="unknown"))


def test_empty_is_the_beginning_of_every_id_and_refused() -> None:
    with pytest.raises(BadInput, match="empty"):
        PLUGIN.build({"from_project": ("",)}, facts())


@pytest.mark.parametrize(
    ("directory", "path", "base"),
    [
        ("/src/web", "", "/src/web"),
        ("/src/web/a/b", "a/b", "/src/web"),
        ("/clone/web/a", "a", "/clone/web"),
        ("/src/web/.trees/one", "", "/src/web/.trees/one"),
        ("/a", "a", None),
        ("/src/web/sub", "src/web/sub", "/src/web"),
        ("/src/web/a", "b", "/src/web"),
        ("/src/web/xa", "a", "/src/web"),
        ("/src/web/a", None, "/src/web"),
        ("/sandbox/web-1/a", None, "/sandbox/web-1"),
        ("/src/web", None, "/src/web"),
        ("/src/website", None, None),
        ("/elsewhere", None, None),
    ],
)
def test_the_base_is_the_root_of_the_checkout(directory: str, path: str | None, base: str | None) -> None:
    (selector,) = PLUGIN.build({"from_project": ("aa11",)}, facts())
    assert selector.base(session(directory=directory, path=path, project="aa11")) == base


def test_the_innermost_root_counts() -> None:
    here = facts(Project("dd", "/w", sandboxes=("/w/.trees/one",)))
    (selector,) = PLUGIN.build({"from_project": ("dd",)}, here)
    assert selector.base(session(directory="/w/.trees/one/a", project="dd")) == "/w/.trees/one"


def test_global_has_no_root_and_other_projects_no_opinion() -> None:
    (every,) = PLUGIN.build({"from_project": ("global",)}, facts())
    assert every.base(session(directory="/src/notes", path="src/notes", project="global")) is None
    (web,) = PLUGIN.build({"from_project": ("aa11",)}, facts())
    assert web.base(session(directory="/src/web", path="", project="aa22")) is None


def test_it_chooses_and_says_what_was_typed() -> None:
    (selector,) = PLUGIN.build({"from_project": ("The API",)}, facts())
    assert selector.as_typed == "--from-project 'The API'"
    assert not PLUGIN.narrows
    assert not PLUGIN.build({}, facts())
