"""A thousand sessions of one repository go along in one pack, with no more git than one of them needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git
from tests.support.rows import add_patch, add_sessions, rows
from tests.support.undo_world import World, linked, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def many_sessions(world: World, number: int) -> Path:
    """Sessions with a tree of their own each, in which a file has been changed; every fifth in a sub-directory."""
    source = world.repository(**{f"sub__{index}": f"{index}\n" for index in range(number)})
    template = world.session(source)
    world.turn(template, write, source / "README.md", "changed\n")
    git_dir = world.snapshots(source).git_dir
    base = git(git_dir, "ls-tree", world.patches(template)[0]["hash"])
    contents = [world.path / f"content-{index}" for index in range(number)]
    for index, content in enumerate(contents):
        content.write_text(f"{index} as it was\n")
    blobs = git(git_dir, "hash-object", "-w", "--stdin-paths", stdin="".join(f"{file}\n" for file in contents)).split()
    listings = "\n\n".join(f"{base}\n100644 blob {blob}\tnew-{index}" for index, blob in enumerate(blobs))
    trees = git(git_dir, "mktree", "--batch", stdin=listings + "\n").split()
    session = rows(world.home)["session"][template.id]
    ids = [f"ses_many_{index:06}" for index in range(number)]
    add_sessions(world.home, *(session | {"id": id_} for id_ in ids))
    for index, (id_, tree) in enumerate(zip(ids, trees, strict=True)):
        add_patch(world.home, id_, source / f"new-{index}", id_=f"prt_{id_}", tree=tree)
    world.run("UPDATE session SET directory = directory || '/sub', path = 'sub' WHERE id LIKE '%0' OR id LIKE '%5'")
    return source


@pytest.mark.long
def test_a_thousand_go_along_in_one_pack(world: World, processes: Callable[[], list[str]]) -> None:
    source = many_sessions(world, 1000)
    target = linked(source)
    processes()
    plan = world.plan(source, target)
    for_the_plan = processes()
    assert [change.turns[:2] for change in plan.changes].count((1, 0)) == 1000
    world.move(source, target)
    for_the_run = processes()[len(for_the_plan) :]
    assert len(for_the_plan) <= 12, for_the_plan
    assert len(for_the_run) <= 35, for_the_run
    (pack,) = (world.snapshots(target).git_dir / "objects/pack").glob("*.pack")
    assert pack.with_suffix(".keep").exists()


def test_pruned_snapshots_cost_no_process_each(world: World, processes: Callable[[], list[str]]) -> None:
    source = many_sessions(world, 100)
    for part in world.rows("SELECT data FROM part WHERE id LIKE 'prt_ses_many%' AND id LIKE '%0'"):
        world.prune(source, json.loads(part[0])["hash"])
    objects = world.snapshots(source).git_dir / "objects"
    blob = git(objects.parent, "hash-object", str(world.path / "content-1"))
    (objects / blob[:2] / blob[2:]).unlink()
    target = linked(source)
    processes()
    plan = world.plan(source, target)
    assert [change.turns[:2] for change in plan.changes].count((0, 1)) == 11 + 1  # and the session they are made after
    assert len(processes()) <= 14
