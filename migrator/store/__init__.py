"""opencode's database: where it is, what schema it has, reading it, writing it, who else has it open.

All statements over opencode's tables are written here; selectors and a few others give conditions.
"""
