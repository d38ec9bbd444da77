"""The choices that an option has: for the command line, the server and programs alike.

They are apart from the requests since every `--help` needs them, and starting up should be quick.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from migrator.errors import BadInput

Subdirs = Literal["nearest", "keep", "flatten"]
"""What a session in `base/sub` does without a `sub` at the destination: take the nearest directory, or refuse (keep).

With `flatten` all go into the destination itself."""

FileUndoPolicy = Literal["auto", "carry", "detach"]
"""What the user wants of file undo: carry what is safe, refuse what isn't, or carry nothing."""

OnConflict = Literal["abort", "skip"]
"""What happens when a session changed meanwhile: roll everything back, or leave its tree out."""

OnDuplicate = Literal["longer", "keep", "refuse"]
"""What `merge` does with a session that both databases have, and that is longer in the other: take what was added, keep
ours, or refuse; with refuse also where they differ in any other way."""

SearchedIn = Literal["conversation", "tools"]
"""Where a text is looked for: prompts and answers, or what tools were given and gave back."""


def check_choice(name: str, value: str, choices: Any) -> None:
    """Raise BadInput, which lists the choices, if the value isn't one of them."""
    allowed = get_args(choices)
    if value not in allowed:
        raise BadInput(f"The value of {name} is {value!r}; it can be {', '.join(allowed[:-1])} or {allowed[-1]}.")
