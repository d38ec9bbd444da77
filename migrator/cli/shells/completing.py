"""What a shell offers behind what was typed; `completion SHELL` prints the scripts that ask for it.

Nothing here may fail aloud: somebody is typing. Whatever goes wrong, nothing is offered.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem, ShellComplete

from migrator.cli.shells.shell_words import typed_words
from migrator.paths import backslashed, beginnings, begins_windows, last_name, slashed
from migrator.selection.completion import Completions
from migrator.text import PROGRAM, cells, one_line, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import click

    from migrator.cli.shells.shell_words import TypedWord
    from migrator.selection.completion import Kind
    from migrator.store.completion import CompletionReader

_FILES = 500
"""How many names of files are offered at most."""


def offer(shell: str, words: Sequence[str]) -> None:
    """Print what is offered to a shell; `words` are the line up to the cursor and, for bash, what it will replace."""
    from io import StringIO

    texts: list[str] = []
    with suppress(BaseException), redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # a plug-in may do anything
        texts = [*_SHELLS[shell](*words)]
    with suppress(OSError):
        sys.stdout.buffer.write("".join(f"{text}\n" for text in texts).encode(errors="surrogateescape"))
        sys.stdout.flush()


def _items(line: str) -> tuple[TypedWord, list[CompletionItem]]:
    """Return the word that is being typed, and what it may become: whole words, as the program would get them."""
    from migrator.cli.app import app

    words, word = typed_words(line)
    if word.redirects:
        return word, [*_files(word.text)]
    completer = ShellComplete(app, {"obj": KnownCompletions()}, PROGRAM, "")
    items = completer.get_completions(words[1:], word.text)
    if not items and not word.text and not words[-1].startswith("-"):  # there is nothing to type but an option
        items = completer.get_completions(words[1:], "-")
    before = ""
    if word.text.startswith("-") and "=" in word.text:
        before = word.text[: word.text.index("=") + 1]
    found: list[CompletionItem] = []
    for item in items:
        if item.type in {"file", "dir"}:  # click's paths leave it to the shell
            found += _files(word.text[len(before) :], only_directories=item.type == "dir")
        else:
            found.append(item)
    for item in found:
        item.value = before + item.value
    return word, [item for item in {item.value: item for item in found}.values() if _can_be_typed(item.value)]


def _can_be_typed(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


# -- how each shell wants it -------------------------------------------------------------------------------------------


def _for_bash(line: str, replaced: str | None = None, *_: str) -> Iterator[str]:
    """Yield whether a space may follow (`space` or `nospace`), then a replacement for what bash replaces per line.

    Several are followed by what they are, which bash only shows: it inserts what they have in common.
    """
    word, items = _items(line)
    replaced = replaced if replaced and word.raw.endswith(replaced) else word.replaced
    kept = word.raw[: len(word.raw) - len(replaced)]
    texts = [word.extended(item.value).removeprefix(kept) for item in items]
    yield "nospace" if any(_goes_on(item) for item in items) else "space"
    if _replace(word, items):
        yield " "  # nothing in common, so that what was typed stays
    inserts = os.environ.get("COMP_TYPE") in {"37", "42"}  # menu-complete, insert-completions
    columns = int(os.environ.get("COLUMNS") or 80)
    for text, item in zip(texts, items, strict=True):
        yield text if len(items) == 1 or inserts or not item.help else _described(text, item.help, columns)


def _described(text: str, help_: str, columns: int) -> str:
    """Return what is shown of a value in one line of a terminal."""
    room = columns - cells(text) - 5
    return f"{text}  ({shortened(one_line(help_), room)})" if room >= 10 else text  # noqa: PLR2004 - a word or two


def _for_zsh(line: str, *_: str) -> Iterator[str]:
    """Yield whether to `keep` what was typed or `insert`, then for each the word, what is shown, what follows."""
    word, items = _items(line)
    yield "keep" if _replace(word, items) else "insert"
    for item in items:
        yield word.extended(item.value)
        yield printable(item.value) + (f"  -- {one_line(item.help)}" if item.help else "")
        yield "" if _goes_on(item) else " "


def _for_fish(line: str, *_: str) -> Iterator[str]:
    """Yield a whole word, a tab and what it is per line; fish quotes it itself, and knows words by a part of them."""
    word, items = _items(line)
    for item in items:
        if word.text in item.value and printable(item.value) == item.value:
            yield f"{item.value}\t{one_line(item.help or '')}"


_SHELLS: dict[str, Callable[..., Iterator[str]]] = {"bash": _for_bash, "zsh": _for_zsh, "fish": _for_fish}


def _replace(word: TypedWord, items: Sequence[CompletionItem]) -> bool:
    """Tell whether several values don't begin with what was typed, as the sessions with a word in their title."""
    return len(items) > 1 and any(not item.value.startswith(word.text) for item in items)


def _goes_on(item: CompletionItem) -> bool:
    return str(item.value).endswith(("/", "="))


# -- what there is -----------------------------------------------------------------------------------------------------


class KnownCompletions(Completions):
    """The values of a database, of our journals, and of the disk."""

    def offered(self, kind: Kind, context: click.Context, typed: str) -> list[CompletionItem]:
        """Return the values of a kind that `typed` may become; none if they can't be had at once."""
        with suppress(Exception):
            return [*getattr(self, f"_{kind}")(context, typed)]
        return []

    def _directory(self, context: click.Context, typed: str) -> Iterator[CompletionItem]:
        stored: Sequence[tuple[str, str]] = ()
        with suppress(Exception):
            stored = _reader(context).directories(*beginnings(_absolute(typed)))
        yield from _extending(typed, stored)
        if typed or not stored:
            known = {directory for directory, _ in stored}
            yield from (
                item
                for item in _files(typed, only_directories=True)
                if _absolute(item.value).removesuffix("/") not in known
            )

    def _folders(self, context: click.Context, typed: str) -> Iterator[CompletionItem]:
        equals = re.search(r"(?<!\\)=", typed)  # `\=` belongs to a path
        old = typed[: equals.end()] if equals else ""
        for item in self._directory(context, typed[len(old) :]):
            path = re.sub(r"([\\=])", r"\\\1", item.value[len(typed) - len(old) :]) if equals else item.value
            item.value = f"{typed}{path}" if equals else path
            yield item

    def _workspace(self, context: click.Context, typed: str) -> list[CompletionItem]:
        return [CompletionItem(id_, help=what) for id_, what in _reader(context).workspaces(typed)]

    def _project(self, context: click.Context, typed: str) -> Iterator[CompletionItem]:
        projects: list[tuple[str, str, str]] = []
        with suppress(Exception):
            projects = _reader(context).projects()
        if typed.startswith((".", "~", "/")) or begins_windows(typed):
            yield from _extending(typed, [(worktree, name or id_) for id_, name, worktree in projects])
            yield from _files(typed, only_directories=True)
            return
        labels = [name or last_name(worktree) for _, name, worktree in projects]
        for label, (id_, _, worktree) in sorted(zip(labels, projects, strict=True)):
            if label and label.startswith(typed) and labels.count(label) == 1:
                yield CompletionItem(label, help=worktree)
            elif id_.startswith(typed) or label.startswith(typed):
                yield CompletionItem(id_, help=f"{label} {worktree}")

    def _session(self, context: click.Context, typed: str) -> list[CompletionItem]:
        reader = _reader(context)
        found = reader.sessions(typed) or reader.sessions_titled(typed.split())
        return [CompletionItem(id_, help=title) for id_, title in found]

    def _run(self, _context: click.Context, typed: str) -> list[CompletionItem]:
        from migrator.execution.run_summaries import run_summaries

        runs = [CompletionItem(id_, help=what) for id_, what in run_summaries()]
        by_start = [run for run in runs if run.value.startswith(typed)]
        return by_start or [run for run in runs if run.value.rpartition("-")[2].startswith(typed)]

    def _rule(self, _context: click.Context, typed: str) -> list[CompletionItem]:
        from migrator.plugins import orphan_rules

        return [CompletionItem(rule.name, help=rule.summary) for rule in orphan_rules() if rule.name.startswith(typed)]

    def _channel(self, _context: click.Context, typed: str) -> list[CompletionItem]:
        from migrator.disk.data_directory import channel_named, data_directory
        from migrator.store.location import file_of_channel

        found = [(name, file) for file in os.listdir(data_directory()) if (name := channel_named(file))]
        own = sorted((name, file) for name, file in found if file_of_channel(name) == file)
        return [CompletionItem(name, help=file) for name, file in own if name.startswith(typed)]

    def _other_channel(self, context: click.Context, typed: str) -> list[CompletionItem]:
        from migrator.disk.data_directory import channel_named
        from migrator.store.location import databases_beside

        found = [(name, each.name) for each in databases_beside(_path(context)) if (name := channel_named(each.name))]
        return [CompletionItem(name, help=file) for name, file in sorted(found) if name.startswith(typed)]

    def _file(self, _context: click.Context, typed: str) -> Iterator[CompletionItem]:
        return _files(typed)


def _reader(context: click.Context) -> CompletionReader:
    from migrator.store.completion import CompletionReader

    return CompletionReader(_path(context))


def _path(context: click.Context) -> Path:
    """Return the database that is meant."""
    from migrator.cli.input.environment import with_parents
    from migrator.store.location import locate

    values: dict[str, Any] = {}
    for each in with_parents(context):
        values = {**each.params, **{name: value for name, value in values.items() if value is not None}}
    channel = values.get("channel")
    return locate(values.get("db"), channel if isinstance(channel, str) else None).path


def _absolute(typed: str) -> str:
    """Return the path that is meant; "" for nothing, and a slash at the end stays."""
    path = os.path.expanduser(os.path.expandvars(typed))
    return path if path.startswith("/") or begins_windows(path) or not typed else os.path.join(os.getcwd(), path)


def _extending(typed: str, paths: Iterable[tuple[str, str]]) -> Iterator[CompletionItem]:
    """Yield absolute paths that begin with what was typed, written in the way that it was typed."""
    start = _absolute(typed)
    for path, description in paths:
        begun = next((each for each in beginnings(start) if path.startswith(each)), None)
        if begun is not None and not typed.endswith("/.."):
            spelled = backslashed(path) if "\\" in start else slashed(path)
            yield CompletionItem(typed + (spelled if typed else path)[len(begun) :], help=description)


def _files(typed: str, *, only_directories: bool = False) -> Iterator[CompletionItem]:
    """Yield the files that a path may become, written in the way that it was typed; hidden ones once a dot is typed."""
    folder, _, name = typed.rpartition("/")
    folder = typed[: len(typed) - len(name)]
    with suppress(OSError), os.scandir(_absolute(folder) or ".") as entries:
        named = sorted(
            (entry.name, entry.is_dir())
            for entry in entries
            if entry.name.startswith(name) and (name or not entry.name.startswith("."))
        )
        for each, is_directory in named[:_FILES]:
            if is_directory or not only_directories:
                yield CompletionItem(f"{folder}{each}{'/' if is_directory else ''}")
