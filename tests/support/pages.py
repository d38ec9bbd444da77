"""Pages of HTML as a browser reads them, and what must hold for each of ours."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import TYPE_CHECKING

from html5lib import HTMLParser

from tests.support.printed import acting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

ELEMENTS = re.compile(
    "html|head|meta|title|style|body|main|header|section|footer|h[12]|p|dl|div|d[tdl]|span|strong|code|pre|bdi|wbr|small|"
    "figure|figcaption|svg|desc|defs|pattern|rect|circle|path|text|ul|li|details|summary|table|caption|thead|tbody|t[hdr]"
)
"""What a report is made of: nothing that runs, loads, links or asks."""

ATTRIBUTES = re.compile(
    "lang|charset|name|content|http-equiv|class|id|role|tabindex|dir|scope|aria-labelledby|viewBox|d|[cxyr]|c[xy]|width|"
    "height|fill|patternUnits|patternTransform"
)


class Page:
    """A page; reading it asserts that it is correct HTML, can do no harm, and can be read by everybody."""

    def __init__(self, text: str) -> None:
        self.text = text
        parser = HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Element = parser.parse(text)
        check_safety(self)
        check_structure(self)

    def all(self, name: str) -> list[Element]:
        return [element for element in self.root.iter() if local(element) == name]

    def words(self, name: str) -> list[str]:
        """Return the text of each element with this name."""
        return [words(element) for element in self.all(name)]

    def section(self, name: str) -> str:
        """Return the text of a section."""
        (found,) = [element for element in self.all("section") if element.get("aria-labelledby") == name]
        return words(found)

    @property
    def visible(self) -> str:
        (body,) = self.all("body")
        return words(body)

    @property
    def commands(self) -> list[str]:
        return ["".join(element.itertext()) for element in self.all("pre")]

    def rows(self, caption: str) -> list[list[str]]:
        """Return the rows of all tables with this caption, their heads left out."""
        tables = [table for table in self.all("table") if words(table[0]) == caption]
        return [[words(cell) for cell in row] for table in tables for row in table[-1]]


def read_page(file: Path) -> Page:
    return Page(file.read_text(encoding="utf-8"))


def local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def check_safety(page: Page) -> None:
    """Nothing but what we wrote ourselves is markup, and the policy lets in our own style alone."""
    assert not acting(page.text)
    for element in page.root.iter():
        if isinstance(element.tag, str):
            assert ELEMENTS.fullmatch(local(element)), element.tag
            assert all(ATTRIBUTES.fullmatch(name) for name in element.attrib), (element.tag, element.attrib)
            assert re.fullmatch(r"(?!url\().*|url\(#[\w-]+\)", element.get("fill", ""))
    (style,) = page.all("style")
    digest = b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    (policy,) = (meta.get("content", "") for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert not re.search(r"url\(|@import|https?:", style.text or "")


def check_structure(page: Page) -> None:
    assert page.root.get("lang") == "en"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    ids = [element.get("id") for element in page.root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in page.root.iter():
        for id_ in (element.get("aria-labelledby") or "").split():
            assert id_ in ids
    for table in page.all("table"):
        assert local(table[0]) == "caption"
        assert words(table[0])
        assert all(heading.get("scope") in {"col", "row"} for heading in table.iter() if local(heading) == "th")
        widths = {len(row) for row in table.iter() if local(row) == "tr"}
        assert len(widths) == 1
    for picture in page.all("svg"):
        assert picture.get("role") == "img"
        assert [local(child) for child in picture][:2] == ["title", "desc"]


def pictures(page: Page) -> Iterator[tuple[str, list[float]]]:
    """Yield each picture's class, and how thick its bands are."""
    for picture in page.all("svg"):
        outlines = [e.get("d", "") for e in picture.iter() if local(e) == "path" and "band" in e.get("class", "")]
        yield picture.get("class", ""), [float(outline.partition("v")[2].partition("C")[0]) for outline in outlines]
