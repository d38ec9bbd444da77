r"""The forms of a path: POSIX, or Windows if the whole string is one of these, with `\` or `/`.

    C:\Users\Me    C:/Users/Me    \\server\share\x    //server/share/x    \\?\C:\x    \\?\UNC\server\share\x

Everything else is POSIX, where a backslash is a character of a name: `/home/me/a\b` is one directory in `/home/me`.

opencode on Windows stores `/` since 1.16, which rewrites older rows when it first starts, and `\` before; the drive
letter as whoever started it wrote it: `c:` from VS Code, `C:` from a shell. Only on Windows it takes these for one
directory (read in its source, `packages/core/src/database/path.ts`; its issues 16744, 29756 and 31597).

Windows takes upper and lower case for one name. So do we, letter by letter as NTFS does: `ß` isn't `SS`, and no other
letter is one of ASCII's. A directory that was made case-sensitive on Windows is taken for one that isn't.
"""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from typing import TYPE_CHECKING

from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_ON_WINDOWS = os.name == "nt"
_NAME = r"[^\\/?.][^\\/]*"
_SHARE = r"(?!\.\.?(?:[\\/]|\Z))[^\\/]+"
_WINDOWS_ROOT = re.compile(
    rf"(?:(?:\\\\[?.][\\/]|//[?.]/)?(?P<drive>[A-Za-z]):[\\/]"
    rf"|\\\\(?:[?.][\\/](?i:UNC)[\\/])?(?P<share>{_NAME}[\\/]{_SHARE})|//(?:[?.]/(?i:UNC)/)?(?P<share_since_1_16>{_NAME}/{_SHARE}))"
)
_DRIVE = re.compile(r"[A-Za-z]:")
_SLASHES = re.compile(r"[\\/]+")
_HOME_BEGINS = {False: ("~/",), True: ("~/", "~\\")}
_BEGINS = re.compile(r"[A-Za-z]:|\\\\")

ABSOLUTE = r"^(/|[A-Za-z]:[\\/]|\\\\)"
"""What a path begins with that says where it begins, for JSON Schemas."""


def on_windows() -> bool:
    """Tell whether this system is Windows, whose paths these are then."""
    return _ON_WINDOWS


def _windows(path: str) -> re.Match[str] | None:
    """Return the root of a Windows path; None for any other."""
    if path[:1] == "/" != path[1:2]:  # nearly all that there are
        return None
    return _WINDOWS_ROOT.match(path)


def is_windows(path: str) -> bool:
    """Tell whether a whole path has a form of Windows."""
    return _windows(path) is not None


def is_absolute(path: str) -> bool:
    """Tell whether a path says where it begins, on whatever system."""
    return path.startswith("/") or is_windows(path)


def is_of_this_system(path: str) -> bool:
    """Tell whether the disk here can be asked about a path; on POSIX, `//server/share` is `/server/share`."""
    return is_windows(path) if _ON_WINDOWS else path.startswith("/")


def is_whole(path: str) -> bool:
    """Tell whether a path of this system says where it leads all by itself: from its root on, without `..`."""
    names = _SLASHES.split(path) if _ON_WINDOWS else path.split("/")
    return is_of_this_system(path) and "\0" not in path and ".." not in names


def is_of_another_system(path: str) -> bool:
    """Tell whether a path begins where this system has no such place; to POSIX, `C:/x` would be below `C:` here."""
    return is_absolute(path) and not is_of_this_system(path)


def looks_foreign(path: str) -> bool:
    """Tell whether a path has a form of another system; on POSIX, a directory may have that of a share all the same."""
    return is_absolute(path) and is_windows(path) is not _ON_WINDOWS


def system_of(path: str) -> str:
    """Return which systems have paths of this form."""
    return "Windows" if is_windows(path) else "Linux or macOS"


def begins_windows(text: str) -> bool:
    """Tell whether text can only become a path of Windows, as somebody types it."""
    return _BEGINS.match(text) is not None


def beginnings(text: str) -> list[str]:
    """Return the ways in which a stored path may begin where somebody typed this much of it."""
    if not begins_windows(text) and not is_windows(text):
        return [text]
    forms = (text, text.replace("/", "\\"), text.replace("\\", "/"))
    return list(dict.fromkeys(case(form[:1]) + form[1:] for form in forms for case in (str, str.upper, str.lower)))


def slashed(path: str) -> str:
    r"""Return a Windows path with `/` for `\`, as opencode stores it since 1.16; any other as it is."""
    return path.replace("\\", "/") if is_windows(path) else path


def backslashed(path: str) -> str:
    r"""Return a Windows path with `\`, as opencode has it while it runs there; any other as it is."""
    return path.replace("/", "\\") if is_windows(path) else path


def trimmed(path: str) -> str:
    """Return a path without slashes at its end; a root keeps its own."""
    if (root := _windows(path)) is None:
        return path.rstrip("/") or path[:1]
    return path[: root.end()] + path[root.end() :].rstrip("\\/")


def names_of(path: str) -> list[str]:
    """Return the components of a path below its root."""
    root = _windows(path)
    names = _SLASHES.split(path[root.end() :]) if root else path.split("/")
    return [name for name in names if name]


def last_name(path: str) -> str:
    """Return the last component of a path, "" for a root."""
    return next(reversed(names_of(path)), "")


def upwards(directory: str) -> Iterator[str]:
    """Yield a directory and all above it, ending with the root; for a relative path, with its first component."""
    yield directory
    if (root := _windows(directory)) is not None:
        while len(directory) > root.end():
            cut = max(directory.rfind("/"), directory.rfind("\\"))
            directory = directory[: max(cut, root.end())]
            yield directory
        return
    while directory != "/" and (cut := directory.rfind("/")) >= 0:
        directory = directory[:cut] or "/"
        yield directory


def is_within(path: str, directory: str) -> bool:
    """Tell whether a path is `directory` or below it, in whatever spelling of a Windows path."""
    if directory[:1] != "/" or directory[:2] == "//" or path[:2] == "//":
        on_windows = is_windows(directory)
        if on_windows != is_windows(path):
            return False
        if on_windows:
            path, directory = comparable(path), comparable(directory)
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def composed(path: str) -> str:
    """Return a path in the composed Unicode form, NFC, in which `é` is one character; decomposed, in NFD, it is two.

    A Mac decomposes names where it stores or copies them, and to people both are one name. opencode stores and compares
    what the system says, in either form (seen with 1.18.34).
    """
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def comparable(path: str) -> str:
    """Return what all spellings of one directory have in common: Unicode forms, and those of a Windows path."""
    if path[:1] == "/" != path[1:2]:
        return composed(path)
    return upper(plain(composed(path))) if is_windows(path) else composed(path)


def plain(path: str) -> str:
    r"""Return a Windows path with `/`, and without `\\?\` and what else is no part of its names; any other as it is."""
    if (root := _windows(path)) is None:
        return path
    share = root["share"] or root["share_since_1_16"]
    return below("//" + share.replace("\\", "/") if share else f"{root['drive']}:/", names_of(path))


def upper(path: str) -> str:
    """Return text in upper case as NTFS compares it, each letter by itself."""
    return path.upper() if path.isascii() else "".join(map(_upper, path))


def _upper(letter: str) -> str:
    other = letter.upper()
    is_alike = len(other) == 1 and other.isascii() == letter.isascii() and ord(letter) <= 0xFFFF  # noqa: PLR2004
    return other if is_alike else letter


def same_name(one: str, other: str) -> bool:
    """Tell whether two paths are spellings of one directory, whatever the disk says."""
    return one == other or comparable(one) == comparable(other)


def expand_home(path: str, home: str) -> str:
    r"""Return a path with a leading `~` written out as `home`; on Windows, `~\x` begins with it too."""
    return home + path[1:] if path == "~" or path[:2] in _HOME_BEGINS[_ON_WINDOWS] else path


def check_drive(path: str) -> None:
    """Raise BadInput for a drive without a slash, as `C:`: to Windows, that is a directory that only a shell knows."""
    if _DRIVE.match(path) and not is_windows(path) and (_ON_WINDOWS or len(path) == len("C:")):
        raise BadInput(
            f"{path} begins at no root: write {path[:2]}/{path[2:]}, or ./{path} for a name in this directory"
        )


def in_full(path: str, cwd: str, *, shares: bool = False) -> str:
    r"""Return the path that is meant by one that was typed in the directory `cwd`, without `.`, `..` and the like.

    `//a/b` is `/a/b` unless it may name a share, as on Windows. `\\a\b` always does. Raises BadInput for a drive
    without a slash.
    """
    check_drive(path)
    if path.startswith("//") and not (shares or _ON_WINDOWS) and begins_windows(plain(path)) is False:
        path = re.sub("^/+", "/", path)
    return normalise(path if is_absolute(path) else f"{cwd}/{path}")


def path_below(directory: str, base: str) -> str:
    """Return what is left of a directory below `base`, "" for `base` itself; with `/`, whatever its slashes are."""
    if is_windows(directory):
        return "/".join(names_of(directory)[len(names_of(base)) :])
    return directory.rstrip("/")[len(base) :].lstrip("/")


def session_path(directory: str, worktree: str) -> str:
    """Return the `path` that opencode gives a session in this directory: as seen from the worktree, with `/`."""
    if worktree == "/":
        return from_root(directory)
    if is_within(directory, worktree):
        return path_below(directory, worktree)
    return posixpath.relpath(slashed(directory), slashed(worktree))


def from_root(directory: str) -> str:
    """Return the `path` that opencode gives a session in no repository: the directory as seen from its root."""
    return "/".join(names_of(directory)) if is_windows(directory) else directory.removeprefix("/")


def below(directory: str, names: Iterable[str]) -> str:
    """Return the path of what has these names below a directory, with the slashes that this has."""
    slash = _slash(directory)
    return slash.join([directory.rstrip("\\/" if is_windows(directory) else "/"), *names]) if names else directory


def _slash(path: str) -> str:
    """Return the slash of a path: that of its root, where it has both."""
    root = _windows(path)
    return "\\" if root and "\\" in root[0] else "/"


def checkout_root(directory: str, path: str | None, known: Collection[str] = ()) -> str | None:
    """Return the top of the checkout that a session's directory was in, without looking at the disk: it may be gone.

    The `path` of the session's row says how far below the top the directory is, on Windows too with `/`. If it doesn't,
    the innermost of `known` that the directory is in is returned: tops that are on record. None if it is in none of
    them.

    Rows from before opencode 1.14 have no path. Those that opencode adopted when a repository appeared around them
    (1.2.27 to 1.18.34) still have the path from outside of it: the directory without its leading slash.
    """
    directory = trimmed(directory)
    if path == "":
        return directory
    if path is not None and (root := _above(directory, path)):
        return root
    if not known:
        return None
    tops = {comparable(trimmed(top)) for top in known}
    return next((above for above in upwards(directory) if comparable(above) in tops), None)


def _above(directory: str, path: str) -> str | None:
    """Return the directory below which `directory` has this relative path; None if there is none."""
    if not is_windows(directory):
        return directory[: -len(path) - 1] if directory.endswith(f"/{path}") else None
    for above in upwards(directory):
        if upper(path_below(directory, above)) == upper(path):
            return above if names_of(above) else None
    return None


def normalise(path: str) -> str:
    """Return a path without a trailing slash, doubled slashes, `.` and `..`."""
    if (root := _windows(path)) is None:
        path = posixpath.normpath(path)
        return path[1:] if path.startswith("//") else path
    return below(root[0], names_of(posixpath.normpath("/" + "/".join(names_of(path)))))


def move_below(path: str, old: str, new: str) -> str:
    """Return `path`, which is at or below `old`, with `old` replaced by `new`, and with the slashes of `new`."""
    if not is_windows(path) and not is_windows(new):
        rest = path[len(old.rstrip("/")) :]
        return (new.rstrip("/") + rest).rstrip("/") or "/"
    return below(new, names_of(path)[len(names_of(old)) :])


def can_move_below(path: str, old: str, new: str) -> bool:
    r"""Tell whether `path` can be below `new` too: `a\b` is one name on POSIX, and two on Windows."""
    return is_windows(path) or not is_windows(new) or "\\" not in path_below(path, old)
