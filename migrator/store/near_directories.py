"""The directories with sessions that are most like one without: for a name that was mistyped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.paths import below, comparable, is_within, last_name, path_below, trimmed, upwards
from migrator.text import agree, count, nearest, tilde

if TYPE_CHECKING:
    from migrator.store.reader import Store


def near_directories(store: Store, path: str) -> str:
    """Return `the nearest are ~/src/shop (14 sessions) and ~/src/shop-api (3)`, what is below them counted too.

    As far as the absolute `path` leads to sessions, its next component is compared with what there is; else its last
    one is looked for everywhere. "" if nothing is like it.
    """
    counts = Counter[str]()
    for row in store.session_directories():
        counts[row.directory] += row.sessions
    found = _beside(path, [*counts]) or _of_that_name(path, [*counts])
    shown = [(each, sum(number for other, number in counts.items() if is_within(other, each))) for each in found]
    if not shown:
        return ""
    (first, number), *others = shown
    words = [
        f"{tilde(first)} ({count(number, 'session')})",
        *(f"{tilde(each)} ({number:,})" for each, number in others),
    ]
    return f"the nearest {agree(len(words), 'is')} {', '.join(words[:-1])}{' and ' if words[1:] else ''}{words[-1]}"


def _beside(path: str, directories: list[str]) -> list[str]:
    """Return the directories with a name like that of the first part of `path` below which there are no sessions.

    They are beside it: in the deepest directory above `path` that has sessions in or below it.
    """
    *above, root = upwards(trimmed(path))
    directories = [each for each in directories if is_within(each, root)]
    for deeper in reversed(above):
        inside = [each for each in directories if is_within(each, deeper)]
        if not inside:
            inside = sorted(below(root, [path_below(each, root).partition("/")[0]]) for each in directories)
            names = {comparable(each): last_name(each) for each in reversed(inside)}.values()
            return [below(root, [name]) for name in nearest(last_name(deeper), sorted(names), 3) if name]
        root, directories = deeper, inside
    return []


def _of_that_name(path: str, directories: list[str]) -> list[str]:
    """Return the directories anywhere that have the last name in `path`, or one like it."""
    named: dict[str, list[str]] = {}
    for each in sorted(directories):
        named.setdefault(last_name(each), []).append(each)
    return [each for name in nearest(last_name(path), named, 3) for each in named[name]][:3]
