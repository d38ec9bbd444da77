"""How a name is spelled on the disk: in which Unicode form, and on a disk that ignores case, in upper or lower case.

A Mac ignores both, so a directory is found there by names that it doesn't have; opencode stores and compares the one
that the system gives it. On Linux, two Unicode forms of one name are two names.
"""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING
from unicodedata import normalize

from migrator.disk.status import is_directory, is_there, names_in
from migrator.model import FolderState
from migrator.paths import FolderMap, composed, is_of_this_system, same_name, slashed, upper, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import FolderMoves


def is_same_directory(one: str, other: str) -> bool:
    """Tell whether two paths were seen to lead to one directory: a link, a mount, or another spelling of its name."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def is_one_name(one: str, other: str) -> bool:
    """Tell whether two different paths are one name to the disk: `mv app App` is a rename where it ignores case."""
    return bool(difference(one, other)) and is_same_directory(one, other)


def as_on_disk(path: str) -> str:
    """Return an absolute path without links in it, with each name as its directory lists it, as far as it exists.

    On Windows, the real path has that spelling already; it gets the slashes that opencode stores.

    What can't be listed stays as it is.
    """
    if not path.startswith("/") or not is_of_this_system(path):
        return slashed(path) if is_of_this_system(path) else path
    found = ""
    for name in path.split("/")[1:]:
        found = f"{found}/{_listed(found or '/', name) if name else name}"
    return found


def directories_named(path: str, *, any_case: bool = False) -> list[str]:
    """Return the directories that have this absolute path in any Unicode form, as they are listed on the disk.

    With `any_case`, also in upper or lower case, where none has a name just so. Raises CantTell if one that may have
    such a name can't be looked at.
    """
    found = [""] if path.startswith("/") else []
    spellings = _spellings_in_any_case if any_case else _spellings
    for name in path.split("/")[1:]:
        found = [f"{above}/{spelled}" for above in found for spelled in spellings(above or "/", name)]
    return [directory for directory in found if is_directory(directory)]


def existing_directory(path: str, *, any_case: bool = False) -> str | None:
    """Return `path` if there is a directory, else the only one whose path is the same but for its Unicode form.

    With `any_case`, also but for upper and lower case. Raises CantTell if nobody can tell.
    """
    if is_directory(path):
        return path
    if path.isascii() and not any_case:
        return None
    found = directories_named(path, any_case=any_case)
    return found[0] if len(found) == 1 else None


def ignores_case(path: str) -> bool:
    """Tell whether the disk takes `App` and `app` for one name in the directory where `path` is or would be."""
    if (answer := _ignores_case_of(path)) is not None:
        return answer
    for above in upwards(os.path.dirname(path)):
        for inside in chain((os.path.join(above, name) for name in _names_in(above)), (above,)):
            if (answer := _ignores_case_of(inside)) is not None:
                return answer
    return False


def difference(stored: str, real: str) -> str:
    """Return in words how two paths differ if it is only in the spelling of the same name; "" if it is in more."""
    if stored == real:
        return ""
    if same_name(stored, real):
        return "the same name in another Unicode form"
    if composed(stored).casefold() == composed(real).casefold():
        return "the same name in other upper and lower case"
    return ""


def folder_map(moves: FolderMoves) -> FolderMap:
    """Return the map of folders that moved, having looked at which other folders have the same name but for its form.

    The disk is not asked about folders of another machine.
    """
    if moves.state is FolderState.FOREIGN:
        return FolderMap(moves.folders)
    olds = [old for old, _ in moves.folders]
    named = [(old, other) for old in olds if not old.isascii() for other in directories_named(old)]
    staying = [other for old, other in named if not is_same_directory(old, other)]
    return FolderMap(moves.folders, staying, ignores_case=any(map(ignores_case, olds)))


def _listed(directory: str, name: str) -> str:
    """Return how a directory lists the entry that is found in it by `name`."""
    if not any(_is_one_entry(directory, name, other) for other in _other_spellings(name)):
        return name
    alike = [each for each in _names_in(directory) if composed(each).casefold() == composed(name).casefold()]
    return next((each for each in alike if name not in alike and _is_one_entry(directory, name, each)), name)


def _other_spellings(name: str) -> set[str]:
    forms = set() if name.isascii() else {normalize("NFC", name), normalize("NFD", name)}
    return {name.swapcase(), *forms} - {name}


def _is_one_entry(directory: str, name: str, other: str) -> bool:
    """Tell whether two different names find one entry of a directory, which then lists only one of them.

    A link is another entry than what it leads to. Two hard links, and two places of one mount, are listed both.
    """
    try:
        if not os.access(f"{directory}/{other}", os.F_OK):  # as nearly everywhere: asked of each name of each path
            return False
        one, two = (os.lstat(f"{directory}/{each}") for each in (name, other))
    except (OSError, ValueError):
        return False
    return os.path.samestat(one, two) and not {name, other} <= {*_names_in(directory)}


def _ignores_case_of(path: str) -> bool | None:
    """Tell it by the entry at `path`; None if there is none, or if its name has no case."""
    directory, name = os.path.split(path)
    if name == name.swapcase() or not os.path.lexists(path):
        return None
    return _is_one_entry(directory, name, name.swapcase())


def _spellings(directory: str, name: str) -> list[str]:
    return [name] if name.isascii() else [each for each in names_in(directory) if same_name(each, name)]


def _spellings_in_any_case(directory: str, name: str) -> list[str]:
    if is_there(f"{directory.rstrip('/')}/{name}"):
        return [name]
    return [each for each in names_in(directory) if upper(composed(each)) == upper(composed(name))]


def _names_in(directory: str) -> Iterator[str]:
    """Yield the names in a directory; none if it can't be read."""
    try:
        with os.scandir(directory) as entries:
            yield from (entry.name for entry in entries)
    except (OSError, ValueError):
        return
