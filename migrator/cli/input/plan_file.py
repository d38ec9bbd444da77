"""Reading a plan file that a user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from migrator.model import Plan


def read_plan_file(name: str) -> Plan:
    """Read the plan in this file, or from standard input if it is `-`. Raises MigratorError if it isn't a plan."""
    from migrator.documents.plan import read_plan_text
    from migrator.text_input import PLAN_LIMIT, read_text

    try:
        text = read_text(name, PLAN_LIMIT)
    except OSError as error:
        raise MigratorError(
            f"The plan {name} can't be read: {error.strerror}; `opencode-migrator plan ... -o FILE` makes one.",
        ) from error
    except UnicodeDecodeError as error:
        raise MigratorError(
            f"The file {name} is not a plan of opencode-migrator: it isn't text; "
            "make it again with `opencode-migrator plan ... -o FILE`.",
        ) from error
    return read_plan_text(text, "Standard input" if name == "-" else f"The file {name}")
