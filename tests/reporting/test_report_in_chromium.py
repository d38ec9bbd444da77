"""Reports in a real browser: nobody is kept out by how they are made, they fit a phone, and they open at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import SCHEMES, asked, barriers, run
from tests.support.crowded_home import crowded_home
from tests.support.home import MOVE
from tests.support.pages import read_page
from tests.support.required import or_skipped
from tests.support.snapshots import three_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.home import Home

pytestmark = pytest.mark.long

OVERFLOW = """async () => {
    document.querySelectorAll("script").forEach(script => script.remove());
    const frame = document.createElement("iframe");
    frame.width = WIDTH;
    frame.style.border = 0;
    frame.srcdoc = document.documentElement.outerHTML;
    document.body.replaceChildren(frame);
    await new Promise(loaded => { frame.onload = loaded; });
    const inside = frame.contentDocument;
    const shown = [...inside.querySelectorAll("svg")].filter(each => each.getClientRects().length);
    return [inside.documentElement.scrollWidth, ...shown.map(each => each.className.baseVal)];
}"""
"""How wide a page is in a frame of this width, and which of its pictures are shown."""


@pytest.fixture(autouse=True)
def _chromium() -> Iterator[None]:
    with or_skipped("chromium and axe-core"):
        yield


def spread(path: Path, sessions: int, directories: int) -> Home:
    """A home with so many sessions in so many directories, which are gone."""
    home = crowded_home(path, sessions)
    home.execute("UPDATE session SET directory = directory || '/part-' || (time_created % ?)", [directories])
    home.repository("shop")
    return home


def page_of(home: Home, *words: str, code: int = 0) -> Path:
    done = home.run(*words, "--html", "report.html")
    assert done.code == code, done.stderr
    return home.path / "report.html"


@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["plan", "orphans", "undo", "run"])
def test_nobody_is_kept_out(home: Home, kind: str, scheme: str, width: int) -> None:
    home.repository("shop", "sub/deep") if kind != "undo" else three_sessions(home)
    if kind == "run":
        assert home.run(*MOVE).code == 0
    words = {"plan": (*MOVE[:-1], "-n"), "orphans": ("orphans",), "undo": ("doctor", "--undo"), "run": ("show", "2")}[
        kind
    ]
    page = page_of(home, *words, code=int(kind == "undo"))
    assert barriers(page, width=width, scheme=scheme) == []


@pytest.mark.parametrize(("width", "picture"), [(1280, "wide"), (400, "narrow")])
def test_thousands_of_sessions_fit(tmp_path: Path, width: int, picture: str) -> None:
    home = spread(tmp_path / "home", 3000, 60)
    page = page_of(home, "move", "--from-dir", "~/src/*", "--to-dir", "src/shop", "--subdirs", "flatten", "-n")
    assert asked(page, OVERFLOW.replace("WIDTH", str(width))) == [width, picture]
    assert len(read_page(page).rows("Sessions")) >= 3000


def test_a_hundred_thousand_open_at_once(tmp_path: Path) -> None:
    home = spread(tmp_path / "home", 100_000, 2000)
    page = page_of(home, "move", "--from-dir", "~/src/*", "--to-dir", "src/shop", "--subdirs", "flatten", "-n")
    assert page.stat().st_size < 10_000_000
    (whole,) = read_page(page).commands[-1:]
    assert whole.endswith(f"-n --json --db {home.database}")
    empty = page.with_name("empty.html")
    empty.write_text("<!doctype html><title>empty</title>")
    taken, started = (min(seconds(each) for _ in range(3)) for each in (page, empty))
    assert taken - started < max(1, started)  # where much else goes on, the browser itself takes longer to start


def seconds(page: Path) -> float:
    """Return how long a browser takes that draws a page and ends."""
    begun = time.monotonic()
    run(page, f"--screenshot={page.with_suffix('.png')}")
    return time.monotonic() - begun
