"""What only opencode 2 has: what staged sessions have in its tables, and its background service."""
