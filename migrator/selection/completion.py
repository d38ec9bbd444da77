"""What a shell offers as a value: the option says of which kind it is, the command line knows which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click
    from click.shell_completion import CompletionItem

Kind = Literal[
    "directory", "folders", "project", "session", "workspace", "run", "rule", "channel", "other_channel", "file"
]
"""`directory` is one that sessions are bound to, whether it exists or not, or one on the disk; `folders` are `OLD=NEW`,
or one of both alone. A `workspace` is one of opencode's.

`channel` is one that `--channel` takes, `other_channel` that of any other database beside the one that is meant.
"""


class Completions:
    """What there is of each kind."""

    def offered(self, kind: Kind, context: click.Context, typed: str) -> list[CompletionItem]:
        """Return the values of a kind that `typed` may become: those that begin with it, or else that it describes."""
        raise NotImplementedError


def completes(
    *kinds: Kind, words: Sequence[str] = ()
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Return the `shell_complete` of a click option whose value is of one of these kinds, or one of `words`."""

    def complete(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [CompletionItem(word) for word in words if word.startswith(typed)]
        if there := context.find_object(Completions):
            found += [item for kind in kinds for item in there.offered(kind, context, typed)]
        return found

    return complete
