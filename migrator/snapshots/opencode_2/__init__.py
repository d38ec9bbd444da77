"""File undo of opencode 2, which keeps names relative to the worktree, and fails where a snapshot is gone."""
