"""From which snapshot repository to which; and where there is no way, the reason in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.model import Binding
from migrator.places import Places, ProjectIdScheme
from migrator.snapshots.repositories.layout import Layout
from migrator.snapshots.repositories.route import NoRoute, SnapshotRoute, SnapshotRoutes
from migrator.store.reader import Store
from tests.support.git import clone, commit, git, root_commit
from tests.support.home import V1_FIXTURES, build_home
from tests.support.undo_world import World, linked, write


def find(world: World, before: Binding, target: Path) -> SnapshotRoute | NoRoute:
    with Store(world.database) as store:
        places = Places(ProjectIdScheme.ORIGIN_FIRST)
        return SnapshotRoutes(store, places).find(before, places.find(str(target)).binding)


def used(world: World, directory: Path) -> Binding:
    """The binding of a session in `directory`, of which opencode has taken a snapshot."""
    world.snapshots(directory).track()
    return world.place(directory).binding


def test_to_a_linked_worktree(world: World) -> None:
    source = world.repository()
    before, target = used(world, source), linked(source)
    assert find(world, before, target) == SnapshotRoute(
        str(world.snapshots(source).git_dir),
        str(world.snapshots(target).git_dir),
        str(source),
        str(target),
        str(source / ".git/objects"),
    )


@pytest.mark.parametrize("sub", ["", "d", "d/e"])
@pytest.mark.parametrize("target_sub", ["", "d"])
def test_directories_of_a_worktree_all_have_its_snapshots(world: World, sub: str, target_sub: str) -> None:
    source = world.repository(d__e__file="x\n")
    before, target = used(world, source / sub), clone(source)
    route = find(world, before, target / target_sub)
    assert isinstance(route, SnapshotRoute)
    assert (route.source_worktree, route.target_worktree) == (str(source), str(target))
    assert route.source == str(world.snapshots(source).git_dir)


def test_within_one_worktree_the_snapshots_stay_where_they_are(world: World) -> None:
    source = world.repository(d__file="x\n")
    route = find(world, used(world, source / "d"), source)
    assert isinstance(route, SnapshotRoute)
    assert route.source == route.target


def test_from_a_worktree_that_was_renamed(world: World) -> None:
    source = world.repository(d__file="x\n")
    before = used(world, source / "d")
    target = source.rename(source.with_name("renamed"))
    route = find(world, before, target / "d")
    assert isinstance(route, SnapshotRoute)
    assert route.source_worktree == str(source)


def test_from_a_project_that_has_another_id_now(world: World) -> None:
    source = world.repository()
    before = used(world, source)
    git(source, "remote", "add", "origin", "https://example.com/acme/widget.git")
    route = find(world, before, source)
    assert isinstance(route, SnapshotRoute)
    assert route.source != route.target
    assert route.source_worktree == route.target_worktree


def test_from_a_renamed_worktree_of_a_project_that_has_got_an_origin_since(world: World) -> None:
    """Its old id was its first commit, and that it still has."""
    source = world.repository()
    before = used(world, source)
    target = source.rename(source.with_name("renamed"))
    git(target, "remote", "add", "origin", "https://example.com/acme/widget.git")
    assert before.project_id == root_commit(target)
    assert isinstance(find(world, before, target), SnapshotRoute)


def test_a_repository_without_a_commit_has_snapshots_too(world: World) -> None:
    """opencode keeps them under the project "global"; the row's path is relative to the repository all the same."""
    source = world.repos / "empty"
    (source / "sub").mkdir(parents=True)
    git(source, "init", "-q")
    before = used(world, source / "sub")
    assert before[::2] == ("global", "sub")
    write(source / "file", "first\n")
    commit(source)
    route = find(world, before, source)
    assert isinstance(route, SnapshotRoute)
    assert route.source == str(world.data / "snapshot/global" / Path(route.target).name)


@pytest.mark.parametrize("path", ["", None, "stale"])
def test_a_row_with_no_path_or_the_one_from_before_the_repository(world: World, path: str | None) -> None:
    source = world.repository()
    before = used(world, source)._replace(path=str(source)[1:] if path == "stale" else path)
    route = find(world, before, linked(source))
    assert isinstance(route, SnapshotRoute)
    assert route.source_worktree == str(source)


def test_a_gone_directory_without_a_path_is_looked_for_in_its_project(world: World) -> None:
    source = world.repository(d__file="x\n")
    tree = linked(source, "tree")
    world.session(source)
    world.run("UPDATE project SET sandboxes = json_array(?)", str(tree))
    for directory, top in ((source / "d", source), (tree / "d", tree)):
        before = used(world, directory)._replace(path=None)
        moved = top.rename(top.with_name("moved"))
        try:
            route = find(world, before, moved if top == source else source)
        finally:
            moved.rename(top)
        assert isinstance(route, SnapshotRoute)
        assert route.source_worktree == str(top)


# --------------------------------------------------------------------------------------------------- and no way at all


def refusal(world: World, before: Binding, target: Path) -> str:
    found = find(world, before, target)
    assert isinstance(found, NoRoute)
    assert found.known
    assert found.because == found.because.strip(" .")
    return found.because


def test_to_no_repository(world: World) -> None:
    before = used(world, world.repository())
    target = world.repos / "plain"
    target.mkdir()
    assert refusal(world, before, target) == f"{target} is in no git repository"


def test_to_another_repository(world: World) -> None:
    source, target = world.repository(), world.repository("other")
    assert refusal(world, used(world, source), target) == f"{source} and {target} are not one repository"


def test_to_another_repository_from_one_that_is_gone(world: World) -> None:
    source, target = world.repository(), world.repository("other")
    before = used(world, source)
    source.rename(source.with_name("renamed"))
    assert refusal(world, before, target) == f"{source} and {target} are not one repository"


def test_to_another_repository_without_a_commit(world: World) -> None:
    """Both are of the project "global", which says nothing."""
    for name in ("one", "two"):
        (world.repos / name).mkdir()
        git(world.repos / name, "init", "-q")
    before = used(world, world.repos / "one")
    (world.repos / "one").rename(world.repos / "renamed")
    assert "are not one repository" in refusal(world, before, world.repos / "two")


def test_to_a_clone_of_one_that_is_gone(world: World) -> None:
    """Nobody worked there: an undo would delete files that no turn made in it. The user may say that it moved there."""
    source = world.repository()
    target = clone(source)
    before = used(world, source)
    source.rename(source.with_name("renamed"))
    assert refusal(world, before, target) == f"{source} is gone, and nothing shows that {target} is what was there"


def test_from_what_is_no_checkout_any_more(world: World) -> None:
    """The repository around it would answer in its stead."""
    outer = world.repository("outer")
    inner = world.repository("outer/inner")
    before = used(world, inner)
    (inner / ".git").rename(world.path / "gone")
    assert refusal(world, before, outer) == f"{inner} and {outer} are not one repository"


def test_to_a_repository_inside_the_own_one(world: World) -> None:
    outer = world.repository("outer")
    before = used(world, outer)
    inner = world.repository("outer/inner")
    assert "are not one repository" in refusal(world, before, inner)


def test_from_where_no_snapshot_was_taken(world: World) -> None:
    source = world.repository()
    before = world.place(source).binding
    assert refusal(world, before, linked(source)) == f"opencode has no snapshots of {source}"


def test_from_a_workspace(world: World) -> None:
    source = world.repository()
    before = used(world, source)._replace(workspace_id="wrk_1")
    assert "workspace" in refusal(world, before, linked(source))


def test_from_a_gone_directory_that_no_project_knows(world: World) -> None:
    source = world.repository()
    before = Binding("unknown", "/no/such/directory", None)
    assert refusal(world, before, source) == "nobody knows which worktree /no/such/directory was in"


def test_to_a_directory_that_has_gone_meanwhile(world: World) -> None:
    source = world.repository()
    before, target = used(world, source), linked(source)
    after = world.place(target).binding
    target.rename(target.with_name("moved"))
    with Store(world.database) as store:
        assert "does not exist" in str(SnapshotRoutes(store, Places(ProjectIdScheme.ORIGIN_FIRST)).find(before, after))


# ------------------------------------------------------------------------------------------------------ where they are


@pytest.mark.parametrize("fixture", V1_FIXTURES)
def test_where_snapshots_are_depends_on_the_age_of_the_database(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    snapshots = home.database.parent / "snapshot"
    snapshots.mkdir()
    with Store(home.database) as store:
        git_dir = Layout.of(store).git_dir("project", "/src/tree")
    # echo -n /src/tree | sha1sum
    below = "project" if fixture in {"1.2.1", "1.2.27"} else "project/2444ca4ea7e40597bd0dfa5d3e177e2f65c29be9"
    assert Path(git_dir) == snapshots / below


def test_a_database_elsewhere_has_its_snapshots_in_opencodes_data_directory(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """OPENCODE_DB names a file anywhere, and the snapshots stay in the data directory (1.18.34)."""
    elsewhere = world.database.rename(tmp_path / "my.db")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with Store(elsewhere) as store:
        assert Layout.of(store).root == tmp_path / "data/opencode/snapshot"
