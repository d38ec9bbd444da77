"""Have the user's own opencode 2 import a copy of sessions of opencode 1."""
