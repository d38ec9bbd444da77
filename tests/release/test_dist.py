"""The sdist and the wheel are whole, hold nothing else, and work where nothing else is installed.

They are those in $OPENCODE_MIGRATOR_DIST, which `make dist` has just built, or are built here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from migrator import __version__
from tests.support.git import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message

    from markdown_it.token import Token

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
of_a_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="these files are no git checkout")


def run(*words: str | Path, cwd: Path, code: int = 0, environ: Mapping[str, str] | None = None) -> str:
    """Run a program with what it needs of our environment, and nothing of this checkout's; return what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OPENCODE", "XDG_"))}
    done = subprocess.run(
        [*map(str, words)],
        cwd=cwd,
        env=kept | dict(environ or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if built := os.environ.get("OPENCODE_MIGRATOR_DIST"):
        return Path(built)
    made = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", made, cwd=ROOT)
    return made


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return BytesParser().parsebytes(archive.read(name))


def ours(*folders: str) -> set[str]:
    """What is in the repository; what will be with the next commit too, unless `make dist` has built a release."""
    uncommitted = () if "OPENCODE_MIGRATOR_DIST" in os.environ else ("--others", "--exclude-standard")
    return set(git(ROOT, "ls-files", "--cached", *uncommitted, *folders).splitlines())


@of_a_checkout
def test_the_wheel_holds_both_packages_and_the_data_of_the_demo(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
        about = {name.partition("/")[2] for name in archive.namelist() if ".dist-info/" in name}
    packages = {name.removeprefix("selectors/") for name in ours("migrator", "selectors/migrator_selectors")}
    assert files == packages | {"migrator/fixtures/real-1.18.34.sql"}
    assert about == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert wheel.name == f"opencode_migrator-{__version__}-py3-none-any.whl"


@of_a_checkout
def test_the_sdist_holds_what_the_repository_holds(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    top = f"opencode_migrator-{__version__}/"
    with tarfile.open(sdist) as archive:
        names = {member.name.removeprefix(top) for member in archive if not member.isdir()}
    assert sdist.name == f"{top[:-1]}.tar.gz"
    assert names == ours() | {"PKG-INFO"}


def test_what_an_index_shows(dist: Path, metadata: Message) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", *dist.glob("opencode_migrator-*"), cwd=dist)
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) == {"client", "server", "tui", "dev"}
    urls = dict(text.split(", ") for text in metadata.get_all("Project-URL", []))
    assert {"Repository", "Documentation", "Changelog", "Issues"} <= urls.keys()
    page = metadata.get_payload()
    assert isinstance(page, str)
    assert page.startswith("# opencode-migrator\n")
    links = [str(token.attrs["href"]) for token in tokens(page) if "href" in token.attrs]
    pictures = [str(token.attrs["src"]) for token in tokens(page) if "src" in token.attrs]
    pictures += re.findall(r'\bsrc(?:set)?="([^"]+)"', page)
    assert len(links) > 20
    assert len(pictures) > 2
    for picture in pictures:  # of a link to /blob/ a browser gets a page
        path = re.fullmatch(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/main/(.*)", picture)
        assert path is not None, picture
        assert (ROOT / path[1]).is_file(), picture
    for link in links:
        assert link.startswith("https://"), link
        path = re.fullmatch(rf"{re.escape(urls['Repository'])}/blob/main/([^#]*)(#.*)?", link)
        assert path is None or (ROOT / path[1]).exists(), link


def tokens(page: str) -> Iterator[Token]:
    for token in MarkdownIt().enable("table").parse(page):
        yield token
        yield from token.children or ()


def test_it_runs_where_nothing_else_is(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "empty", cwd=tmp_path)
    bin_, home = tmp_path / "empty/bin", {"HOME": str(tmp_path), "NO_COLOR": "1"}
    run(bin_ / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    run(bin_ / "python", "-m", "pip", "check", cwd=tmp_path)
    for name in ("opencode-migrator", "ocmig"):
        assert (
            run(bin_ / name, "--version", cwd=tmp_path, environ=home) == f"opencode-migrator, version {__version__}\n"
        )
    assert '"opencode-migrator/list@1"' in run(bin_ / "ocmig", "schema", "list", cwd=tmp_path, environ=home)
    assert "Verified: opencode lists 17 of 17" in run(bin_ / "ocmig", "demo", cwd=tmp_path, environ=home)
    assert "---\nname: move-sessions" in run(bin_ / "ocmig", "install-skill", "-n", cwd=tmp_path, environ=home)
    assert "pip install 'opencode-migrator[server]'" in run(bin_ / "ocmig", "serve", cwd=tmp_path, code=1, environ=home)
    run(bin_ / "python", "-m", "pip", "install", "--quiet", "opencode-migrator[server,client,tui]", cwd=tmp_path)
    assert "There is no opencode database" in run(bin_ / "ocmig", "serve", cwd=tmp_path, code=1, environ=home)
    run(bin_ / "python", "-c", "import migrator.client, textual", cwd=tmp_path)


@of_a_checkout
def test_the_installs_of_the_readme_work_as_written(tmp_path: Path) -> None:
    """Each line, and the one that a comment names, one after the other in a checkout."""
    run("git", "clone", "--quiet", ROOT, tmp_path / "checkout", cwd=tmp_path)
    block = (ROOT / "README.md").read_text().partition("\n## Install\n")[2].split("```")[1]
    lines = [line for line in block.splitlines()[1:] if line]
    lines += re.findall(r"# .*?((?:pipx|uv) [^#]*?'[^']+')", block)
    assert {line.split()[0] for line in lines} == {"pipx", "uv", "uvx"}
    folders = ("PIPX_HOME", "PIPX_BIN_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR")
    environ = {name: str(tmp_path / name.lower()) for name in folders} | {
        "HOME": str(tmp_path),
        "UV_LINK_MODE": "copy",
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
    }
    for line in lines:
        words = shlex.split(line, comments=True)
        said = run(TOOLS / words[0], *words[1:], cwd=tmp_path / "checkout", environ=environ)
        if words[0] == "uvx":
            assert "Verified: opencode lists 17 of 17" in said
            continue
        program = tmp_path / f"{words[0]}_{'tool_' if words[0] == 'uv' else ''}bin_dir" / "opencode-migrator"
        python = Path(program.read_text().splitlines()[0].removeprefix("#!").split()[0])
        for extra, package in (("tui", "textual"), ("server", "starlette")):
            if extra in words[-1]:
                run(python, "-c", f"import {package}", cwd=tmp_path)
        assert f"version {__version__}" in run(program, "--version", cwd=tmp_path)
    shutil.rmtree(tmp_path / "checkout")


def test_release_notes_are_a_part_of_the_changelog(tmp_path: Path) -> None:
    """What stands below the heading of a version, up to the next; a version that has none is an error."""
    script = ROOT / ".ci/release-notes"
    notes = "### Added\n\n- This.\n"
    parts = (
        "# Changelog\n",
        "## Unreleased\n",
        "- Not this.\n",
        "## 1.2.0, 2026-11-29\n",
        notes,
        "## 1.1.0, 2026-10-01\n",
    )
    (tmp_path / "CHANGELOG.md").write_text("\n".join([*parts, "- Nor this.\n"]))
    assert run(script, "1.2.0", cwd=tmp_path).strip() == notes.strip()
    for missing in ("1.2", "1X2.0", "2.0.0"):
        assert "CHANGELOG.md says nothing of" in run(script, missing, cwd=tmp_path, code=1)
