"""What opencode's file undo works with, and what becomes of it when a session moves.

opencode keeps, for each project and worktree, a git repository beside its database. It takes a tree of the whole
worktree before and after each step, and its undo of a turn checks the turn's files out of those trees. When a session
moves, its trees must come along, or the undo deletes files instead.

`contract.py` has the questions that each version of opencode answers, `opencode_1/` and `opencode_2/` the answers;
`opencodes.py` asks the versions that a database has, and puts their answers together. Both versions share `git/`, which
reads one snapshot repository, and `repositories/`: where they are, and how trees get from one to another.
"""
