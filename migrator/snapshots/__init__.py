"""opencode's snapshot repositories: where they are, what they hold, and carrying objects from one to another.

opencode keeps, for each project and worktree, a git repository beside its database. It takes a tree of the whole
worktree before and after each step, and its undo of a turn checks the turn's files out of those trees. When a session
moves, its trees must come along, or the undo deletes files instead.
"""
