"""Changes to JSON that nobody would make: what a forged plan looks like."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_DEEP: Any = []
for _ in range(300):
    _DEEP = [_DEEP]

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 0.5, 2**31, 2**63, 10**400, 1e308, "", " ", "\0", "a\0b", "/", "//", ".", "..", "/..",
    "/home/../..", "relative/path", "~", "/dev/null", "/proc/self/mem", "\x1b[2J", "\u202e", "\udcff", "x" * 5000,
    "/" + "x" * 5000, "'; DROP TABLE session; --", "%", "ses_none", "global", "v1", "v2", "v1+v2", "register",
    "update", "exists", "carry", "detach", "none", "moved", "will-move", "foreign", [], {}, [None], [[]], {"": None},
    {"project_id": 1}, {"x) SELECT 1; --": 1}, _DEEP,
)  # fmt: skip
"""Values of every kind, that fit somewhere and nowhere."""


_ALIKE = 2 / 3
"""How often a value is replaced by one of its own type, which the types of a document let through."""


def mutated(document: Any, random: Random) -> Any:
    """Return a document with one to three things in it changed."""
    found = copy.deepcopy(document)
    for _ in range(random.randint(1, 3)):
        container, key = random.choice([*_places(found)])
        _mutate(container, key, found, random)
    return found


def _mutate(container: Any, key: Any, document: Any, random: Random) -> None:
    kind = random.choice(("replace", "replace", "replace", "remove", "repeat", "take", "rename"))
    if kind == "remove":
        del container[key]
    elif kind == "repeat" and isinstance(container, list):
        container.insert(random.randrange(len(container) + 1), copy.deepcopy(container[key]))
    elif kind == "take":
        other, place = random.choice([*_places(document)])
        container[key] = copy.deepcopy(other[place])
    elif kind == "rename" and isinstance(container, dict):
        container[random.choice((f"{key}s", "", "added", "session"))] = container.pop(key)
    else:
        alike = [value for value in STRANGE if type(value) is type(container[key])]
        container[key] = copy.deepcopy(random.choice(alike if alike and random.random() < _ALIKE else STRANGE))


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every value in a document, as what it is in and its key there."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in [*items]:
        yield document, key
        if isinstance(value, dict | list) and value is not _DEEP:
            yield from _places(value)
