"""A session goes to its destination or below it, whatever its row says of its directory."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrator.model import Binding, Selected, Session
from migrator.paths import is_within, upwards
from migrator.places import Places, ProjectIdScheme
from migrator.planning.destination import OneDirectory
from tests.support.strategies import names

paths = st.lists(st.one_of(names, st.sampled_from(["", ".", "..", "sub"])), max_size=6).map("/".join)
paths |= paths.map("/".__add__)
"""Whatever a row may hold: relative, with `..`, with doubled slashes, empty."""


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("destination") / "shop"
    (directory / "sub" / "sub").mkdir(parents=True)
    (directory / "out").symlink_to("/")
    return os.path.realpath(directory)


@given(directory=paths, base=paths)
@example(directory="/home/dev/../../elsewhere", base="/home/dev")
@example(directory="/abs/x", base="")
@example(directory="rel/x", base="rel")
@example(directory="/a/out/tmp", base="/a")
def test_no_row_leads_out_of_the_destination(destination: str, directory: str, base: str) -> None:
    session = Session("ses_1", None, "", Binding("global", directory), 0, 0)
    moved = OneDirectory(Places(ProjectIdScheme.ORIGIN_FIRST), destination)
    place = moved.place_for(Selected(session, "ses_1", (), base))
    assert is_within(place.directory, destination)


@given(st.text(st.sampled_from("/.a"), max_size=9))
def test_the_way_up_ends(path: str) -> None:
    assert len([*upwards(path)]) <= len(path) + 1
