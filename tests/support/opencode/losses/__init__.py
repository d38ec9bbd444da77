"""Ways to lose a session, done with the real opencode: one file for each part of a session's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.opencode.losses.columns import (
    path_written_by_hand,
    repository_without_a_commit_made_above,
    stored_through_a_link,
    stored_with_a_slash,
    workspace_gone,
)
from tests.support.opencode.losses.directories import (
    deleted_worktree,
    file_in_its_place,
    loop_of_links,
    moved_folder,
    renamed_repository,
)
from tests.support.opencode.losses.json_storage import json_from_before_the_database
from tests.support.opencode.losses.projects import (
    git_directory_deleted,
    gone_along_with_another_copy,
    half_under_another_id,
    history_rewritten_and_kept_id_lost,
    origin_added_to_a_repository_without_its_kept_id,
    project_row_gone,
    repository_made_above,
)
from tests.support.opencode.losses.trees import left_behind_by_the_move_of_its_root, parent_deleted_by_hand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing
    from tests.support.opencode.opencode_1 import OpenCode

LOSSES: dict[str, Callable[[OpenCode, Path], Losing]] = {
    build.__name__.replace("_", "-"): build
    for build in (
        renamed_repository,
        moved_folder,
        deleted_worktree,
        file_in_its_place,
        loop_of_links,
        origin_added_to_a_repository_without_its_kept_id,
        gone_along_with_another_copy,
        history_rewritten_and_kept_id_lost,
        git_directory_deleted,
        repository_made_above,
        half_under_another_id,
        project_row_gone,
        repository_without_a_commit_made_above,
        path_written_by_hand,
        workspace_gone,
        stored_through_a_link,
        stored_with_a_slash,
        left_behind_by_the_move_of_its_root,
        parent_deleted_by_hand,
        json_from_before_the_database,
    )
}
