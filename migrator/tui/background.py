"""Work that a key begins: it goes on while one looks, newer work takes its place, and its error becomes a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from migrator.errors import MigratorError
from migrator.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.dom import DOMNode
    from textual.worker import WorkType

    Work = Callable[[], Coroutine[Any, Any, None]]

_ERROR_SECONDS = 15


def begin(
    node: DOMNode,
    work: Work,
    group: str = "default",
    *,
    exclusive: bool = True,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Begin work in the place of what the same node began in this group; with `exclusive` false, beside it.

    `tell` is given the sentence of an error; by default it is shown in a corner for a while, or until the next key.
    """

    async def guarded() -> None:
        try:
            await work()
        except MigratorError as error:
            sentence = printable(str(error))
            if tell:
                tell(sentence)
            else:
                node.app.notify(sentence, severity="error", timeout=_ERROR_SECONDS, markup=False)

    node.run_worker(cast("WorkType[None]", guarded), group=group, exclusive=exclusive)
