"""What `--help` shows."""
