"""What only opencode 2 has: its tables, its import of the sessions of opencode 1, its background service."""
