"""What the tests with the real opencode share. Without npm they are skipped, saying so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.support.git import sub_directory
from tests.support.opencode import fake_model
from tests.support.opencode.binary import MAIN, opencode_binary
from tests.support.opencode.lab import Lab, make_lab
from tests.support.opencode.opencode_1 import OpenCode
from tests.support.opencode.opencode_2 import BINARY, OpenCode2
from tests.support.opencode.template import Template
from tests.support.opencode.undo_lab import UndoLab, make_undo_lab
from tests.support.required import or_skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Install = Callable[[Path, str], OpenCode]
    FreshLab = Callable[[str], Lab]
    FreshUndoLab = Callable[[str], UndoLab]

T = TypeVar("T")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    with fake_model.running() as url:
        yield url


def real_binary(version: str) -> Path:
    """The binary, or a skip."""
    with or_skipped(f"opencode {version}"):
        return opencode_binary(version)


@pytest.fixture(scope="session")
def install(model_url: str) -> Install:
    """`install(home, version)`: an opencode of that version with its own home."""

    def _install(home: Path, version: str = MAIN) -> OpenCode:
        return OpenCode(real_binary(version), home, model_url)

    return _install


@pytest.fixture
def opencode(install: Install, tmp_path: Path) -> OpenCode:
    """A fresh opencode of the main version, with an empty home."""
    return install(tmp_path / "home", MAIN)


@pytest.fixture
def opencode_2(model_url: str, tmp_path: Path) -> OpenCode2:
    """A fresh opencode 2, with an empty home."""
    assert Path(BINARY).is_file(), f"OPENCODE_MIGRATOR_V2_BINARY: there is no {BINARY}"
    return OpenCode2(OpenCode(Path(BINARY), sub_directory(tmp_path / "home"), model_url))


def _made_once(
    install: Install,
    temporary: pytest.TempPathFactory,
    build: Callable[[OpenCode, Path, Callable[[], None]], T],
) -> Callable[[str], T]:
    """Return a function that gives what each version built, one at a time: the next one takes its place."""
    templates: dict[str, Template[T]] = {}

    def fresh(version: str = MAIN) -> T:
        if version not in templates:
            root = temporary.mktemp(f"{build.__name__}-{version}-")
            templates[version] = Template(install(root / "home", version), root, build)
        return templates[version].restore()

    return fresh


@pytest.fixture(scope="session")
def fresh_lab(install: Install, tmp_path_factory: pytest.TempPathFactory) -> FreshLab:
    """`fresh_lab(version)`: the data set as that opencode made it."""
    return _made_once(install, tmp_path_factory, make_lab)


@pytest.fixture
def lab(fresh_lab: FreshLab) -> Lab:
    """The data set as the main version made it."""
    return fresh_lab(MAIN)


@pytest.fixture(scope="session")
def fresh_undo_lab(install: Install, tmp_path_factory: pytest.TempPathFactory) -> FreshUndoLab:
    """`fresh_undo_lab(version)`: the repository and its session as that opencode made them."""
    return _made_once(install, tmp_path_factory, make_undo_lab)


@pytest.fixture
def undo_lab(fresh_undo_lab: FreshUndoLab) -> UndoLab:
    return fresh_undo_lab(MAIN)
