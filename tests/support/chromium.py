"""A headless Chromium, where there is one: it opens pages, and axe-core looks at them as people with assistance do."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING, Any

from tests.support.opencode.npm import package
from tests.support.required import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AXE = "4.14.1"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
SCHEMES = {"light": 1, "dark": 0}
"""How Blink numbers what `prefers-color-scheme` answers."""


def chromium() -> str:
    """Return the program; NotAvailable where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NotAvailable("no chromium on PATH")
    return found


def run(page: Path, *options: str, width: int = 1280, height: int = 2000, scheme: str = "light") -> str:
    """Open a page; return what Chromium prints."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = [
            chromium(), *QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", *options, page.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def screenshot(page: Path, picture: Path, width: int, height: int, scheme: str = "light") -> None:
    """Take a picture of a page: a window is never narrower than 500 pixels, a frame in it may be."""
    with _framed(page, width, height) as (shown, window):
        run(shown, f"--screenshot={picture}", width=window, height=height, scheme=scheme)


@contextmanager
def _framed(page: Path, width: int, height: int) -> Iterator[tuple[Path, int]]:
    if width >= 500:
        yield page, width
        return
    frame = page.with_name(f"frame-{page.name}")
    frame.write_text(
        f"<!doctype html><body style='margin:0'><iframe src='{page.name}' "
        f"style='border:0;width:{width}px;height:{height}px'></iframe>"
    )
    yield frame, 500
    frame.unlink()


def asked(page: Path, question: str, *, width: int = 1280, scheme: str = "light") -> Any:
    """Return what JavaScript, which returns a promise, says of a page: in a copy without its policy, and all opened."""
    text = page.read_text(encoding="utf-8")
    script = (package("axe-core", AXE) / "axe.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    head, meta, rest = text.partition('<meta http-equiv="Content-Security-Policy"')
    assert meta
    copy = page.with_name(f"asked-{page.name}")
    ask = (
        f"({question})().then(found => {{ const said = document.createElement('pre'); said.id = 'said'; "
        "said.textContent = JSON.stringify(found); document.body.replaceChildren(said); })"
    )
    body = rest.partition(">")[2].replace("<details", "<details open")
    copy.write_text(f"{head}{body}<script>{script}</script><script>{ask}</script>", encoding="utf-8")
    dumped = run(copy, "--dump-dom", "--virtual-time-budget=60000", width=width, scheme=scheme)
    copy.unlink()
    said = dumped.partition('<pre id="said">')[2].partition("</pre>")[0]
    return json.loads(unescape(said))


def barriers(page: Path, *, width: int, scheme: str) -> list[str]:
    """Return what axe-core finds wrong with a page, all rules of WCAG 2.2 AA and good practice."""
    found = asked(page, "() => axe.run(document)", width=width, scheme=scheme)
    assert {"color-contrast", "heading-order", "svg-img-alt"} <= {rule["id"] for rule in found["passes"]}
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
