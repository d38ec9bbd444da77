"""The jj workspaces and git worktrees of a repository, alive or gone, and which sessions were in them."""
