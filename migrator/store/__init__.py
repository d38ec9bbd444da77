"""opencode's database: where it is, what schema it has, reading it, writing it, who else has it open.

The only SQL over opencode's tables in the house is in this room.
"""
