"""Sessions bound to another project than their directory's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.git import commit, git
from tests.support.opencode.losses.making import (
    Loss,
    change,
    in_notes,
    in_repository,
    repository,
    session,
)
from tests.support.opencode.readers import LISTS, Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing
    from tests.support.opencode.opencode_1 import OpenCode

UNLISTED = LISTS | {Reader.ROOTS}


def origin_added_to_a_repository_without_its_kept_id(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "shop")
    (spot.home / ".git" / "opencode").unlink()
    _add_origin(spot.home)
    return Loss(spot, "project-drift", UNLISTED)


def gone_along_with_another_copy(opencode: OpenCode, at: Path) -> Losing:
    """An origin was added to one copy; opencode took the sessions of all copies along when it was started there."""
    shop, copy = repository(at / "shop"), at / "copy"
    opencode.new_session("of the first copy", shop)
    shutil.copytree(shop, copy)
    lost = session(opencode, copy)
    yield Spot(lost, copy)
    _add_origin(shop)
    yield None
    opencode.listed_in(shop)
    return Loss(Spot(lost, copy), "project-drift", UNLISTED)


def history_rewritten_and_kept_id_lost(opencode: OpenCode, at: Path) -> Losing:
    shop = repository(at / "shop", "src")
    lost = session(opencode, shop / "src")
    spot = Spot(lost, shop / "src", "src")
    yield spot
    git(shop, "commit", "--quiet", "--amend", "--message", f"rewritten in {shop}")
    (shop / ".git" / "opencode").unlink()
    return Loss(spot, "project-drift", UNLISTED)


def half_under_another_id(opencode: OpenCode, at: Path) -> Losing:
    """As the rewritten history, and work went on: one worktree, two projects."""
    loss = yield from history_rewritten_and_kept_id_lost(opencode, at)
    yield None
    session(opencode, at / "shop")
    return Loss(loss.spot, "split-project", loss.hidden_from)


def git_directory_deleted(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "shop")
    shutil.rmtree(spot.home / ".git")
    return Loss(replace(spot, path=str(spot.home)[1:]), "project-drift", UNLISTED)


def repository_made_above(opencode: OpenCode, at: Path) -> Losing:
    """`git init` in a folder: the sessions in its sub-directories stay behind."""
    spot = yield from in_notes(opencode, at)
    git(at / "notes", "init", "--quiet")
    commit(at / "notes", f"first in {at / 'notes'}")
    return Loss(spot, "global-claimed", UNLISTED)


def project_row_gone(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "shop")
    change(opencode, "UPDATE session SET project_id = 'feedface' WHERE id = ?", spot.session)
    return Loss(spot, "unknown-project", UNLISTED | {Reader.PROMPT})


def _add_origin(shop: Path) -> None:
    git(shop, "remote", "add", "origin", f"https://example.com/acme/{shop.parent.name}.git")
