"""Move opencode sessions between directories and projects, in bulk and reversibly."""

__version__ = "0.1.0"
