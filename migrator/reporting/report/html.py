"""A report as one page of HTML: it needs no network and no script, and runs none."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from migrator.paths import is_windows
from migrator.reporting.report.flow import drawing
from migrator.reporting.report.model import GROUPS, Flow, Report, Tone
from migrator.reporting.report.prose import sentence_pieces
from migrator.text import count, printable, shortened, shortened_path, tilde

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.reporting.report.flow import Drawing

_FILES = FileSystemLoader(Path(__file__).parent)

TITLE, PATH, PROSE, WORD = 200, 400, 2000, 200
"""How many columns a title, a path, a sentence and a word in it may take; a title may be as long as a book."""


def content_security_policy() -> str:
    """Return the policy of a page, for its head and for a server's header: nothing but its own style."""
    digest = b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def html_page(report: Report) -> str:
    """Return the page of a report."""
    page: str = _template().render(
        report=report,
        rows_shown=GROUPS,
        policy=content_security_policy(),
        style=Markup(_style()),  # noqa: S704 - ours
        made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        database=tilde(report.database),
    )
    return page


@cache
def _style() -> str:
    style, _, _ = _FILES.get_source(Environment(loader=_FILES, autoescape=True), "report.css")
    return style


@cache
def _template() -> Any:
    environment = Environment(
        loader=_FILES,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"lead": _lead, "path": _path, "title": _title, "prose": _prose}
    environment.globals |= {"count": count, "wide": _wide, "narrow": _narrow, "legend": _legend}
    return environment.get_template("report.html.j2")


def _printable(value: Any) -> Any:
    """Return what a template puts into the page: text of others is never taken for markup, nor obeyed."""
    return value if isinstance(value, Markup) else printable(str(value))


def _path(text: str) -> Markup:
    """Return a directory, which reads from left to right whatever letters are in it, and may break at each slash."""
    slash = "\\" if is_windows(text) and "/" not in text else "/"
    shown = escape(shortened_path(text, PATH)).replace(slash, escape(slash) + Markup("<wbr>"))
    return Markup('<bdi class="path" dir="ltr">{}</bdi>').format(shown)


def _lead(pieces: Sequence[str]) -> Markup:
    """Return a sentence of which every second piece is a directory."""
    return Markup("").join(
        _path(piece) if at % 2 else escape(shortened(piece, PROSE)) for at, piece in enumerate(pieces)
    )


def _title(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(shortened(" ".join(text.split()), TITLE) or "(no title)")


def _prose(text: str) -> Markup:
    """Return a sentence; a command between backticks is code, and a backtick in a name stays what it is."""
    pieces = (
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(sentence_pieces(text, PROSE, WORD))
    )
    return Markup('<bdi dir="ltr">{}</bdi>').format(Markup("").join(pieces))


def _wide(flow: Flow) -> Drawing:
    return drawing(flow, 1000, 330, 40)


def _narrow(flow: Flow) -> Drawing:
    return drawing(flow, 380, 130, 17)


def _legend(flow: Flow) -> list[tuple[Tone, str, int]]:
    """Return what each colour of a flow means, and of how many sessions."""
    found: dict[tuple[Tone, str], int] = {}
    for link in flow.links:
        key = link.part.tone, link.part.words
        found[key] = found.get(key, 0) + link.part.sessions
    return [(*key, number) for key, number in sorted(found.items(), key=lambda item: -item[1])]
