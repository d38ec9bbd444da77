"""No file makes the readers of jj's files crash, or read or yield without bound."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from migrator.workspaces import jj
from migrator.workspaces.jj_op_log import additions
from migrator.workspaces.protobuf import Malformed, fields
from tests.support.jj import index_bytes, message
from tests.support.strategies import any_text

records = st.dictionaries(any_text, st.binary(min_size=1).filter(lambda path: b"\0" not in path))
near = records.map(index_bytes)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Files that begin well: some bytes of a good one changed, cut off or put in."""
    data = bytearray(draw(near))
    for at, byte in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4)):
        data[at : at + draw(st.integers(0, 2))] = bytes([byte])
    return bytes(data[: draw(st.none() | st.integers(0, 400))])


files = st.one_of(st.binary(max_size=400), damaged())


@given(files)
def test_a_message_has_no_more_fields_than_bytes_and_no_longer_values(data: bytes) -> None:
    found = []
    try:
        for number, value in fields(data):
            found.append((number, value))
    except Malformed:
        pass
    assert 2 * len(found) <= len(data)
    assert sum(len(value) for _, value in found if isinstance(value, bytes)) <= len(data)


@given(records)
def test_what_was_written_is_read(written: dict[str, bytes]) -> None:
    assert [*fields(index_bytes(written))] == [(1, message((1, name), (2, path))) for name, path in written.items()]


@given(files, files, files)
def test_no_file_crashes_a_reader(index: bytes, checkout: bytes, operation: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        repo = root / ".jj/repo"
        for directory in ("workspace_store", "op_store/operations", "op_store/views", "op_heads/heads", "store"):
            (repo / directory).mkdir(parents=True)
        (root / ".jj/working_copy").mkdir()
        (repo / "workspace_store/index").write_bytes(index)
        (root / ".jj/working_copy/checkout").write_bytes(checkout)
        (repo / "store/git_target").write_bytes(checkout)
        for name in ("00", "working-copy commit in workspace"):
            (repo / "op_store/operations" / name).write_bytes(operation + b"working-copy commit in workspace")
        (repo / "op_heads/heads/00").write_bytes(b"")
        found = jj.index(str(repo))
        assert found.trouble is None or found.workspaces == ()
        assert all(record.path.startswith("/") and "\0" not in record.path for record in found.workspaces)
        assert isinstance(jj.workspace_name(str(root)), str | None)
        assert jj.workspace_names(str(repo)) is None or operation
        assert jj.git_dir(str(repo)) is None or checkout
        for addition in additions(str(repo)):
            assert [*addition.destinations(["/x"])] or addition.name


@given(files)
def test_a_repository_file_leads_somewhere_or_nowhere(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".jj").mkdir()
        (Path(folder) / ".jj/repo").write_bytes(content)
        found = jj.repo_dir(folder)
        assert found is None or found.startswith("/")
