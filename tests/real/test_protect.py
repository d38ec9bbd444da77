"""What `doctor --undo` foretells is what the real opencode does, file by file; `protect` takes the danger out of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git
from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import writes
from tests.support.opencode.migrator_command import answer, run_migrator, undo
from tests.support.opencode.opencode_1 import HttpError
from tests.support.opencode.unprivileged import unprivileged
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.real.conftest import Install
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

Files = dict[str, bytes]
Turn = tuple[str, str]
"""The names of a session and of a user's message in it."""


@dataclass
class ProtectLab:
    """Repositories and sessions in them; `before` has every file as it was before each turn."""

    opencode: OpenCode
    root: Path
    sessions: dict[str, str]
    before: dict[Turn, Files]

    @property
    def source(self) -> Path:
        return self.root / "repos" / "source"

    @property
    def other(self) -> Path:
        return self.root / "repos" / "other"

    @property
    def linked(self) -> Path:
        return self.root / "repos" / "linked"

    @property
    def plain(self) -> Path:
        return self.root / "repos" / "plain"

    def files(self) -> Files:
        """Every file of every repository, by its full path."""
        return {
            str(file): file.read_bytes()
            for file in (self.root / "repos").rglob("*")
            if ".git" not in file.parts and file.is_file()
        }

    def execute(self, sql: str, *params: str) -> None:
        with closing(sqlite3.connect(self.opencode.database)) as database, database:
            database.execute(sql, params)

    def directory(self, session: str) -> Path:
        """Where a session is now; opencode 1.3.2 goes by where it is called, later ones by this."""
        with closing(sqlite3.connect(self.opencode.database)) as database:
            query = "SELECT directory FROM session WHERE id = ?"
            ((directory,),) = database.execute(query, [self.sessions[session]]).fetchall()
        return Path(directory)

    def rebind(self, directory: Path, **columns: str) -> None:
        """What one would type into `sqlite3`: all sessions of `source` go to a directory."""
        sets = "".join(f", {column} = ?" for column in columns)
        values = (str(directory), *columns.values(), str(self.source))
        self.execute(f"UPDATE session SET directory = ?{sets} WHERE directory = ?", *values)

    def snapshots(self) -> list[Path]:
        return [head.parent for head in (self.opencode.data / "snapshot").glob("**/HEAD") if head.is_file()]

    def keep(self, name: str) -> None:
        shutil.rmtree(self.root.with_name(name), ignore_errors=True)
        shutil.copytree(self.root, self.root.with_name(name), symlinks=True)

    def put_back(self, name: str, *parts: str) -> None:
        """Put back everything, or these parts of it only."""
        for part in parts or ("repos", "home"):
            shutil.rmtree(self.root / part, ignore_errors=True)
            if (self.root.with_name(name) / part).exists():
                shutil.copytree(self.root.with_name(name) / part, self.root / part, symlinks=True)

    def begin(self, name: str) -> None:
        """Put back what an undo works with, which a running opencode doesn't mind: it reads all of it anew."""
        self.put_back(name, "repos", "home/.local/share/opencode/snapshot")
        kept = self.root.with_name(name) / self.opencode.database.relative_to(self.root)
        with closing(sqlite3.connect(kept)) as database:
            parts = database.execute("SELECT data, id FROM part").fetchall()
        with closing(sqlite3.connect(self.opencode.database)) as database, database:
            database.execute("UPDATE session SET revert = NULL")
            database.executemany("UPDATE part SET data = ? WHERE id = ? AND data <> ?1", parts)


def repository(path: Path) -> None:
    (path / "sub").mkdir(parents=True)
    for name in ("kept.txt", "changed.txt", "deleted.txt", "sub/deep.txt", "[id].txt", "übung.txt", "i.txt"):
        (path / name).write_text(f"{name} as committed in {path.name}\n")
    git(path, "init", "--quiet", "--initial-branch=main")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", f"start of {path.name}")


PROMPTS = {
    "turns": (
        writes("new.txt", "one\n") + order("read", filePath="@CWD@/changed.txt") + writes("changed.txt", "one\n"),
        order("bash", command="rm deleted.txt; echo two > new.txt; echo 2 > '[id].txt'", description="two"),
        order("bash", command="echo three > changed.txt; echo 3 > 'i[d].txt'", description="three"),
    ),
    "deep": (writes("made.txt", "1\n"), order("bash", command="echo 2 > deep.txt", description="two")),
    "foreign": (
        order("bash", command="echo 1 > übung.txt; echo 1 > kept.txt", description="one"),
        order("bash", command="echo 2 > übung.txt", description="two"),
    ),
}
"""`foreign`: opencode misreads a name that isn't ASCII where it looks for several files at once."""


IN_THE_WAY = {
    "directory": (
        order("bash", command="rm changed.txt; mkdir changed.txt", description="one")
        + order("bash", command="echo 1 > changed.txt/x", description="two"),
    ),
    "file": (order("bash", command="rm -r sub; echo 1 > sub", description="one"),),
}
"""What turns themselves put in the place of a file, and of a directory."""


def build(opencode: OpenCode, root: Path, prompts_of: Mapping[str, Sequence[str]] = PROMPTS) -> ProtectLab:
    lab = ProtectLab(opencode, root, {}, {})
    for repo in (lab.source, lab.other):
        repository(repo)
    git(lab.source, "worktree", "add", "--quiet", "--detach", str(lab.linked))
    lab.plain.mkdir()
    with opencode.serve(lab.source):
        for name, prompts in prompts_of.items():
            directory = lab.source / "sub" if name == "deep" else lab.source
            session = lab.sessions[name] = opencode.new_session(name, directory)
            for prompt in prompts:
                before = lab.files()
                lab.before[name, opencode.prompt(session, prompt, directory)] = before
        for repo in (lab.other, lab.linked, lab.plain):
            opencode.prompt(opencode.new_session("at home", repo), writes("home.txt", "h\n"), repo)
    return lab


@pytest.fixture(scope="module")
def benches(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ProtectLab]:
    """`benches(version)`: what that opencode made, as it was then."""
    made: dict[str, ProtectLab] = {}

    def _benches(version: str) -> ProtectLab:
        if version not in made:
            root = tmp_path_factory.mktemp("protect-") / "lab"
            made[version] = build(install(root / "home", version), root)
            made[version].keep("template")
        made[version].put_back("template")
        return made[version]

    return _benches


# ----------------------------------------------------------------------------------------------- what may have happened


def nothing(_bench: ProtectLab) -> None:
    """Everything is at home."""


def naive_move(lab: ProtectLab) -> None:
    with closing(sqlite3.connect(lab.opencode.database)) as database:
        query = "SELECT project_id FROM session WHERE directory = ?"
        ((project,),) = database.execute(query, [str(lab.other)]).fetchall()
    lab.rebind(lab.other, project_id=project)


def out_of_any_repository(lab: ProtectLab) -> None:
    lab.rebind(lab.plain, project_id="global", path=str(lab.plain)[1:])


def to_a_directory_that_is_gone(lab: ProtectLab) -> None:
    lab.rebind(lab.root / "repos" / "nowhere")


def own_move(lab: ProtectLab) -> None:
    """Let opencode move them itself, into another worktree of the repository."""
    with lab.opencode.serve(lab.source):
        for session in lab.sessions.values():
            body = {"sessionID": session, "destination": {"directory": str(lab.linked)}}
            lab.opencode.call("POST", "/experimental/control-plane/move-session", body, lab.source)


def origin_added(lab: ProtectLab) -> None:
    git(lab.source, "remote", "add", "origin", "https://example.com/acme/drift.git")


def origin_added_and_opened(lab: ProtectLab) -> None:
    origin_added(lab)
    with lab.opencode.serve(lab.source):
        lab.opencode.call("GET", "/session", directory=lab.source)


def pruned(lab: ProtectLab) -> None:
    for snapshots in lab.snapshots():
        git(snapshots, "gc", "--quiet", "--prune=now")


def snapshots_lost(lab: ProtectLab) -> None:
    shutil.rmtree(lab.opencode.data / "snapshot")


def renamed(lab: ProtectLab) -> None:
    lab.source.rename(lab.source.with_name("renamed"))


def subdirectory_removed(lab: ProtectLab) -> None:
    shutil.rmtree(lab.source / "sub")


def in_a_workspace(lab: ProtectLab) -> None:
    """A workspace of opencode's own says where a session is, whatever its directory."""
    lab.execute(
        "INSERT INTO workspace (id, type, name, directory, project_id, time_used) "
        "SELECT 'wrk_1', 'worktree', 'w', ?, project_id, 0 FROM session LIMIT 1",
        str(lab.plain),
    )
    lab.execute("UPDATE session SET workspace_id = 'wrk_1' WHERE title <> 'at home'")


def in_a_workspace_that_is_gone(lab: ProtectLab) -> None:
    lab.execute("UPDATE session SET workspace_id = 'wrk_gone' WHERE title <> 'at home'")


ALL = ("turns", "deep", "foreign")
SITUATIONS: dict[Callable[[ProtectLab], None], tuple[str, ...]] = {
    nothing: ("foreign",),
    naive_move: ("turns", "foreign"),
    out_of_any_repository: ("turns", "foreign"),
    to_a_directory_that_is_gone: ("turns", "foreign"),
    own_move: ALL,
    origin_added: ALL,
    origin_added_and_opened: ALL,
    pruned: ALL,
    snapshots_lost: ALL,
    renamed: (),
    subdirectory_removed: ("foreign",),
    in_a_workspace: ALL,
    in_a_workspace_that_is_gone: (),
}
"""What may have happened, and the sessions in which an undo deletes files after it."""
MENDED = (origin_added, origin_added_and_opened)
"""Where the snapshots are still there, only not where opencode looks."""
OLDER: dict[Callable[[ProtectLab], None], tuple[str, ...]] = {
    nothing: (),
    naive_move: ("turns", "foreign"),
    pruned: ALL,
    snapshots_lost: ALL,
}
"""The same with 1.3.2, which has one snapshot repository for a project, borrows nothing, and asks for file by file."""
CASES = [(MAIN, situation) for situation in SITUATIONS] + [("1.3.2", situation) for situation in OLDER]


# ------------------------------------------------------------------------------------------------ saying and doing


def foretold(lab: ProtectLab) -> dict[Turn, Any]:
    """What `doctor --undo` says of each turn of our sessions, in their order."""
    outcome = run_migrator(lab.opencode, "doctor", "--undo", "--json", cwd=lab.root)
    found = json.loads(outcome.stdout)["undo"]
    assert outcome.returncode == (1 if found["deletes"] or found["unknown"] else 0), outcome.stderr
    names = {id_: name for name, id_ in lab.sessions.items()}
    return {
        (names[session["id"]], turn["message"]): turn
        for session in found["sessions"]
        if session["id"] in names
        for turn in session["turns"]
    }


def from_on(said: dict[Turn, Any], turn: Turn) -> Iterator[tuple[str, str]]:
    """(file, `deletes`, `removes` or `restores`) of an undo to before a turn: opencode takes each file once."""
    session, message = turn
    seen: set[str] = set()
    for (its_session, its_message), effect in said.items():
        if its_session == session and its_message >= message:
            now = [(file, what) for what in ("deletes", "removes", "restores") for file in effect[what]]
            yield from ((file, what) for file, what in now if file not in seen)
            seen |= {file for file, _ in now}


def done(lab: ProtectLab, turns: list[Turn], beginning: str) -> Iterator[tuple[Turn, Files, Files]]:
    """Undo to before each of these turns, each from a beginning that was kept; gives the files before and after."""
    lab.begin(beginning)
    before = lab.files()
    for turn in turns:
        session, message = turn
        with suppress(HttpError):  # one that fails may have deleted files all the same
            lab.opencode.revert(lab.sessions[session], message, lab.directory(session))
        yield turn, before, lab.files()
        lab.begin(beginning)


@pytest.mark.parametrize(("version", "situation"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_what_is_foretold_is_what_happens_and_protect_takes_the_danger_out(
    benches: Callable[[str], ProtectLab], version: str, situation: Callable[[ProtectLab], None]
) -> None:
    lab = benches(version)
    situation(lab)
    said = foretold(lab)
    dangerous = {session for (session, _), turn in said.items() if turn["undo"] == "deletes"}
    assert dangerous == set((SITUATIONS if version == MAIN else OLDER)[situation])
    if situation is nothing:
        assert {turn["undo"] for (session, _), turn in said.items() if session != "foreign"} == {"restores"}
    lab.keep("now")
    still = protected(lab, said, situation) if dangerous else {}
    lab.keep("protected")
    with lab.opencode.serve(lab.root):
        for turn, before, after in done(lab, list(lab.before), "now"):
            expected = dict(from_on(said, turn))
            assert before.keys() - after.keys() == {file for file, what in expected.items() if what != "restores"}, turn
            restored = {file for file, what in expected.items() if what == "restores"}
            assert {file for file in after if after[file] != before.get(file)} <= restored, turn
            for file in restored:
                assert after[file] == lab.before[turn][file], turn
        if still:
            is_protected(lab, still)


def test_what_is_in_the_way_of_a_file_is_lost_unless_protected(benches: Callable[[str], ProtectLab]) -> None:
    """Git removes a directory in the place of a file that it checks out, whatever is in it."""
    lab = benches(MAIN)
    turn = next(turn for turn in lab.before if turn[0] == "turns")
    mine = lab.source / "changed.txt" / "mine.txt"
    mine.parent.unlink()
    mine.parent.mkdir()
    mine.write_text("mine")
    said = foretold(lab)
    assert said[turn]["undo"] == "deletes"
    assert said[turn]["deletes"] == [str(mine.parent)]
    lab.keep("now")
    with lab.opencode.serve(lab.root):
        ((_, before, after),) = done(lab, [turn], "now")
    assert str(mine) in before
    assert str(mine) not in after
    assert answer(lab.opencode, "protect", "--yes", cwd=lab.root)["status"] == "applied"
    lab.keep("protected")
    with lab.opencode.serve(lab.root):
        ((_, _, after),) = done(lab, [turn], "protected")
    assert after[str(mine)] == b"mine"


def test_what_a_turn_itself_put_in_the_way_is_no_loss(install: Install, tmp_path: Path) -> None:
    root = tmp_path / "lab"
    lab = build(install(root / "home", MAIN), root, IN_THE_WAY)
    said = foretold(lab)
    assert {turn["undo"] for turn in said.values()} == {"restores"}
    lab.keep("now")
    with lab.opencode.serve(lab.root):
        for turn, before, after in done(lab, list(lab.before), "now"):
            expected = dict(from_on(said, turn))
            assert before.keys() - after.keys() <= expected.keys()
            back = {file for file, what in expected.items() if what == "restores" and file in lab.before[turn]}
            assert back
            assert {file: after[file] for file in back} == {file: lab.before[turn][file] for file in back}


def emptied_head(lab: ProtectLab) -> None:
    (lab.source / ".git" / "HEAD").write_text("")


def closed_objects(lab: ProtectLab) -> None:
    for snapshots in lab.snapshots():
        (snapshots / "objects").chmod(0)


def emptied_head_of_snapshots(lab: ProtectLab) -> None:
    for snapshots in lab.snapshots():
        (snapshots / "HEAD").write_text("")


def mended(lab: ProtectLab, head: str) -> None:
    (lab.source / ".git" / "HEAD").write_text(head)
    for snapshots in lab.snapshots():
        (snapshots / "objects").chmod(0o755)
        (snapshots / "HEAD").write_text("ref: refs/heads/master\n")


@pytest.mark.parametrize("harm", [emptied_head, closed_objects, emptied_head_of_snapshots])
def test_what_cant_be_read_is_as_good_as_gone_to_opencode_and_mends_all_the_same(
    benches: Callable[[str], ProtectLab], tmp_path: Path, harm: Callable[[ProtectLab], None]
) -> None:
    """Its undo deletes the files then. So `protect` must not detach what can be mended, and says not to undo before."""
    lab = benches(MAIN)
    session, message = turn = next(iter(lab.before))
    head = (lab.source / ".git" / "HEAD").read_text()
    lab.keep("sound")
    harm(lab)
    rows = all_rows(lab.opencode.database)

    home = UnprivilegedHome(lab.opencode.home)
    told = home.run("doctor", "--undo", cwd=lab.root)
    protect = home.run("protect", "--yes", cwd=lab.root)

    assert told.code == 1
    assert "!! file undo in opencode: is unknown in" in told.stdout
    assert "Until that is mended, an undo there may delete files." in " ".join(told.stdout.split())
    assert protect.code == 0
    assert all_rows(lab.opencode.database) == rows

    before = lab.files()
    opencode = unprivileged(lab.opencode, tmp_path)
    with opencode.serve(lab.root):
        opencode.revert(lab.sessions[session], message, lab.directory(session))
    assert before.keys() - lab.files().keys() >= {str(lab.source / "changed.txt"), str(lab.source / "new.txt")}

    lab.begin("sound")
    mended(lab, head)
    with opencode.serve(lab.root):
        opencode.revert(lab.sessions[session], message, lab.directory(session))
    after = lab.files()
    for name in ("new.txt", "changed.txt", "deleted.txt", "[id].txt", "i[d].txt"):
        file = str(lab.source / name)
        assert after.get(file) == lab.before[turn].get(file), name


def protected(lab: ProtectLab, said: dict[Turn, Any], situation: Callable[[ProtectLab], None]) -> dict[Turn, Any]:
    """Protect: all of it can be taken back, and what wasn't dangerous is as it was; gives what is foretold then."""
    rows = all_rows(lab.opencode.database)
    run = answer(lab.opencode, "protect", "--yes", cwd=lab.root)
    assert run["status"] == "applied"
    undo(lab.opencode, run["run"], cwd=lab.root)
    assert all_rows(lab.opencode.database) == rows
    answer(lab.opencode, "protect", "--yes", cwd=lab.root)
    still = foretold(lab)
    for turn, effect in said.items():
        if effect["undo"] != "deletes":
            assert still[turn] == effect
    mended = {session for (session, _), effect in still.items() if effect["undo"] == "restores"}
    if situation in MENDED:
        assert mended >= {"turns", "deep"}
        now = all_rows(lab.opencode.database)["part"]
        assert {row[2] for row in set(rows["part"]) ^ set(now)} == {lab.sessions["foreign"]}
    return still


def is_protected(lab: ProtectLab, still: dict[Turn, Any]) -> None:
    """Whatever was to be deleted stays now, and what was mended is restored."""
    first = {session: (session, message) for session, message in reversed(lab.before)}
    for turn, before, after in done(lab, list(first.values()), "protected"):
        left = dict(from_on(still, turn))
        assert "deletes" not in left.values()
        assert before.keys() - after.keys() == {file for file, what in left.items() if what == "removes"}, turn
        assert {file for file in before if before[file] != after.get(file)} <= left.keys(), turn
        for file in (file for file, what in left.items() if what == "restores"):
            # A turn that was detached restores nothing: the file is then as it was before the next that names it.
            of = next(t for t in still if t[0] == turn[0] and t[1] >= turn[1] and file in still[t]["restores"])
            assert after[file] == lab.before[of][file], turn
