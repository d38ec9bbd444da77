"""The files that a merge brings: killed at any moment, it is finished or taken back with them, and nothing is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.documents.plan import plan_document, read_plan
from migrator.text import json_text
from tests.support.faults import Fault, Interruptible, run
from tests.support.merging import OtherDatabase
from tests.support.refusal import refused_as_planned
from tests.support.rows import Pristine, add_message, add_part, add_session, rows, rows_without_times
from tests.torture.home import files_beside, two_homes

if TYPE_CHECKING:
    from tests.support.faults import Steps


class Merge(Interruptible):
    """A home to which the real sessions of another come, with two files of theirs."""

    def __init__(self, path: Path) -> None:
        home, words = two_homes(path)
        super().__init__(home, *words)
        self.before = rows_without_times(home)
        assert run(home, *self.words).code == 0
        self.after, self.brought = rows_without_times(home), files_beside(home)
        assert len(self.brought) == 2
        self.pristine.restore()

    def is_before(self) -> bool:
        return (rows_without_times(self.home), files_beside(self.home)) == (self.before, {})

    def is_after(self) -> bool:
        return (rows_without_times(self.home), files_beside(self.home)) == (self.after, self.brought)


@pytest.fixture
def merge(tmp_path: Path) -> Merge:
    return Merge(tmp_path.resolve())


@pytest.mark.long
def test_killed_at_any_step_a_merge_is_finished_or_taken_back(merge: Merge, steps: Steps) -> None:
    for step in steps():
        merge.pristine.restore()
        at = merge.kill(fault=Fault("kill", step))
        if at is None:
            break
        if not merge.cut_off:
            assert merge.is_before() or merge.is_after(), at
            continue
        left = Pristine(merge.home, "left")
        assert run(merge.home, "resume", "--yes").code == 0, at
        assert merge.is_after(), at
        left.restore()
        assert run(merge.home, "undo", "--yes").code == 0, at
        assert merge.is_before(), at
        assert not merge.cut_off, at
    assert step > 20


@pytest.mark.long
def test_an_undo_of_a_merge_that_is_killed_is_finished_or_taken_back(merge: Merge, steps: Steps) -> None:
    assert run(merge.home, *merge.words).code == 0
    merged = Pristine(merge.home, "merged")
    for step in steps():
        merged.restore()
        at = merge.kill("undo", "--yes", "--chunk-size", "4", fault=Fault("kill", step))
        if at is None:
            break
        if merge.cut_off:
            way = ("resume", "undo")[step % 2]
            assert run(merge.home, way, "--yes").code == 0, at
            assert merge.is_before() if way == "resume" else merge.is_after(), at
        else:
            assert merge.is_before() or merge.is_after(), at
    assert step > 20


def test_files_that_are_here_already_stay_and_are_told(merge: Merge) -> None:
    (name,) = [name for name in merge.brought if name.startswith("storage/")]
    mine = merge.home.database.parent / name
    mine.parent.mkdir(parents=True)
    mine.write_text("ours\n")
    plan = run(merge.home, *[word for word in merge.words if word not in {"--json", "--yes"}], "--dry-run")
    assert "1 file of sessions comes along: long outputs of tools, or what a session changed" in plan.stdout
    done = run(merge.home, *merge.words)
    assert done.code == 0
    (warning,) = [each for each in done.json["warnings"] if each["code"] == "file-stays"]
    assert warning["message"].endswith(f"and stays: ~/.local/share/opencode/{name}.")
    assert mine.read_text() == "ours\n"
    assert run(merge.home, "undo", "--yes").code == 0
    assert files_beside(merge.home) == {name: b"ours\n"}


def test_folders_that_were_made_for_files_go_with_them(merge: Merge) -> None:
    data = merge.home.database.parent
    assert run(merge.home, *merge.words).code == 0
    assert run(merge.home, "undo", "--yes").code == 0
    assert not (data / "storage").exists()
    assert not (data / "tool-output").exists()
    assert run(merge.home, "redo", "--yes").code == 0
    assert files_beside(merge.home) == merge.brought
    (data / "storage/session_diff/other.json").write_text("{}")
    assert run(merge.home, "undo", "--yes").code == 0
    assert [path.name for path in data.rglob("storage/*/*")] == ["other.json"]
    assert not (data / "tool-output").exists()
    (data / "tool-output").mkdir()
    assert run(merge.home, *merge.words).code == 0
    assert run(merge.home, "undo", "--yes").code == 0
    assert (data / "tool-output").is_dir(), "it was there before"


def test_a_redo_says_which_files_are_gone_by_then(merge: Merge) -> None:
    assert run(merge.home, *merge.words).code == 0
    assert run(merge.home, "undo", "--yes").code == 0
    (gone,) = merge.home.path.parent.glob("other/**/tool_22a")
    gone.unlink()
    (said,) = run(merge.home, "redo", "--dry-run", "--json").json["warnings"]
    assert said["message"].endswith(f"can't be brought again, being gone or changed where it was: {gone}.")
    done = run(merge.home, "redo", "--yes", "--json")
    assert [warning["code"] for warning in done.json["warnings"]] == ["file-gone"]
    assert len(files_beside(merge.home)) == 1


def test_a_long_output_is_named_where_it_is_here(merge: Merge) -> None:
    assert run(merge.home, *merge.words).code == 0
    ((data,),) = merge.home.query("SELECT data FROM part WHERE id = 'prt_long'")
    here = str(merge.home.database.parent / "tool-output/tool_22a")
    state = json.loads(data)["state"]
    assert state == {"output": f"Full output saved to: {here}", "metadata": {"outputPath": here}}
    again = run(merge.home, *merge.words)
    assert (again.code, rows(merge.home)["part"]["prt_long"]["data"]) == (0, data)


@pytest.mark.parametrize("way", ["undo", "resume"])
def test_what_a_copy_that_was_cut_off_has_left_goes(merge: Merge, way: str) -> None:
    """Seen where the power was cut: the folder in which a file is written before it gets its name."""
    merge.kill(fault=Fault("kill", 1, "after intend"))
    (name,) = [name for name in merge.brought if name.startswith("storage/")]
    left = (merge.home.database.parent / name).parent / "opencode-migrator-incoming-1" / "new"
    left.parent.mkdir()
    left.write_text("half")
    assert run(merge.home, way, "--yes").code == 0
    assert merge.is_before() if way == "undo" else merge.is_after()
    assert not left.parent.exists()


def test_an_undo_leaves_the_files_of_sessions_that_stay(merge: Merge) -> None:
    """In a second undo, the files of what was taken out by the first are those of another merge."""
    first = run(merge.home, *merge.words).json["run"]
    (session,) = [name.split("/")[-1].removesuffix(".json") for name in merge.brought if name.startswith("storage/")]
    skipping = ("undo", first, "--yes", "--on-conflict", "skip")
    title = merge.home.query("SELECT title FROM session WHERE id = ?", [session])[0][0]
    merge.home.execute("UPDATE session SET title = 'used' WHERE id = ?", [session])
    assert run(merge.home, *skipping).code == 0
    assert files_beside(merge.home) == merge.brought
    merge.home.execute("UPDATE session SET title = ? WHERE id = ?", [title, session])
    assert run(merge.home, "undo", first, "--yes").code == 0
    assert files_beside(merge.home) == {}


def test_an_undo_of_the_rest_leaves_the_files_of_a_later_merge(merge: Merge) -> None:
    first = run(merge.home, *merge.words).json["run"]
    sessions = {name.split("/")[-1].removesuffix(".json") for name in merge.brought}
    (other,) = merge.home.query("SELECT max(id) FROM session WHERE parent_id IS NULL")[0]
    assert other not in sessions
    ((title,),) = merge.home.query("SELECT title FROM session WHERE id = ?", [other])
    merge.home.execute("UPDATE session SET title = 'used' WHERE id = ?", [other])
    assert run(merge.home, "undo", "--yes", "--on-conflict", "skip").code == 0
    assert files_beside(merge.home) == {}
    assert run(merge.home, *merge.words).code == 0
    merge.home.execute("UPDATE session SET title = ? WHERE id = ?", [title, other])
    assert run(merge.home, "undo", first, "--yes").code == 0
    assert files_beside(merge.home) == merge.brought


def test_a_merge_that_fails_leaves_no_folder(merge: Merge) -> None:
    failed = run(merge.home, *merge.words, fault=Fault("fail", 2, "before intend"))
    assert "Everything was rolled back." in failed.stderr
    assert not (merge.home.database.parent / "storage").exists()
    assert not (merge.home.database.parent / "tool-output").exists()


@pytest.mark.parametrize(
    ("deed", "said"),
    [("changed", "which has changed or is gone"), ("gone", "which has"), ("here", "is another file now")],
)
def test_a_plan_is_stale_once_a_file_is_another(merge: Merge, deed: str, said: str) -> None:
    plan, other = merge.home.path / "plan.json", Path(merge.words[1])
    words = [word for word in merge.words[1:] if word not in {"--yes", "--json", "--chunk-size", "4"}]
    assert merge.home.run("plan", "merge", *words, "-o", plan).code == 0
    output = (merge.home.database if deed == "here" else other).parent / "tool-output" / "tool_22a"
    output.parent.mkdir(exist_ok=True)
    output.unlink() if deed == "gone" else output.write_text("another output\n")
    told = refused_as_planned(merge.home, "apply", plan, code=5)
    assert ("tool-output/tool_22a" in told, said in told) == (True, True)
    ((session,),) = OtherDatabase(merge.home, other).query("SELECT session_id FROM part WHERE id = 'prt_long'")
    done = merge.home.run("apply", plan, "--yes", "--on-conflict", "skip", "--json").json
    assert done["conflicts"] == [session]
    assert not merge.home.query("SELECT 1 FROM session WHERE id = ?", [session])


@pytest.mark.parametrize("key", ["source", "target"])
def test_a_plan_copies_no_other_file(merge: Merge, key: str) -> None:
    """A plan may come from somebody else."""
    home, plan = merge.home, merge.home.path / "plan.json"
    words = [word for word in merge.words[1:] if word not in {"--yes", "--json", "--chunk-size", "4"}]
    assert run(home, "plan", "merge", *words, "-o", str(plan)).code == 0
    made = read_plan(json.loads(plan.read_text()), "It")
    assert made.merge is not None
    secret = home.path / "secret"
    secret.write_text("secret")
    files = [file._replace(**{key: str(secret)}) for file in made.merge.files]
    document = plan_document(replace(made, merge=replace(made.merge, files=tuple(files))))
    plan.write_text(json_text(document))
    secret.unlink() if key == "target" else None
    refused = run(home, "apply", str(plan), "--yes")
    assert (refused.code, "isn't its place" in refused.stderr) == (1, True), refused
    assert merge.is_before()


def add_fork(merge: Merge) -> tuple[str, str]:
    """Let another tree there name the long output too, as a fork does; the ids of both sessions."""
    other = OtherDatabase(merge.home, Path(merge.words[1]))
    ((data, first),) = other.query("SELECT data, session_id FROM part WHERE id = 'prt_long'")
    fork = add_session(other, "ses_fork", directory="/")
    add_message(other, fork, "msg_fork", role="assistant")
    add_part(other, fork, "msg_fork", "prt_fork", **json.loads(data))
    return first, fork


def test_a_long_output_of_two_trees_comes_and_goes_with_both(merge: Merge) -> None:
    add_fork(merge)
    plan = run(merge.home, *[word for word in merge.words if word not in {"--json", "--yes"}], "--dry-run")
    assert "2 files of sessions come along" in plan.stdout
    assert run(merge.home, *merge.words).code == 0
    assert files_beside(merge.home) == merge.brought
    undone = run(merge.home, "undo", "--yes")
    assert (undone.code, merge.is_before()) == (0, True), undone.stderr


@pytest.mark.parametrize("place", [0, 1])
def test_a_long_output_comes_with_one_tree_where_the_other_is_left_out(merge: Merge, place: int) -> None:
    sessions, plan = add_fork(merge), merge.home.path / "plan.json"
    words = [word for word in merge.words[1:] if word not in {"--yes", "--json", "--chunk-size", "4"}]
    assert run(merge.home, "plan", "merge", *words, "-o", str(plan)).code == 0
    add_message(OtherDatabase(merge.home, Path(merge.words[1])), sessions[place], "msg_since", role="user")
    assert run(merge.home, "apply", str(plan), "--yes", "--on-conflict", "skip").code == 0
    came = merge.home.query("SELECT id FROM session WHERE id IN (?, ?)", sessions)
    assert came == [(sessions[1 - place],)]
    assert files_beside(merge.home)["tool-output/tool_22a"] == merge.brought["tool-output/tool_22a"]
