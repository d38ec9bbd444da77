"""Where things are printed: results on standard output, all else on standard error, questions to a person only."""

from __future__ import annotations

import json
import shlex
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from migrator.cli.terminal import printing
from migrator.cli.terminal.progress_line import ProgressLine
from migrator.store import signals
from tests.support.crowded_home import crowded_home
from tests.support.forked import ENDING
from tests.support.marks import long_round
from tests.support.other_process import held_open
from tests.support.rows import add_sessions, directories
from tests.support.shell import run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.support.home import Home

MOVE = ("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop")
ESCAPE = "\x1b"
FULL = Path("/dev/full")


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


# -- not a terminal ----------------------------------------------------------------------------------------------------


def test_results_on_standard_output_and_the_rest_on_standard_error(home: Home) -> None:
    shown = home.run(*MOVE, "--dry-run")
    assert "warning: " in shown.stdout  # part of what a plan says
    assert shown.stderr == ""
    refused = home.run(*MOVE)
    assert "Plan: 17 sessions" in refused.stdout
    assert "error: " not in refused.stdout
    assert refused.stderr.startswith("error: ")
    moved = home.run(*MOVE, "--yes")
    assert "Moved 17 sessions" in moved.stdout
    assert "warning" not in moved.stdout
    assert moved.stderr.startswith("warning: ")
    assert "Moved 17 sessions back" in home.run("undo", "--yes").stdout
    listed = home.run("list", "--all", "--limit", "3")
    assert len(listed.stdout.splitlines()) == 4
    assert len(listed.stderr.splitlines()) == 1


def test_no_colour_and_no_progress_when_piped(home: Home) -> None:
    home.environ |= {"NO_COLOR": "", "TERM": "xterm-256color"}
    for words in ((*MOVE, "--dry-run"), MOVE, (*MOVE, "--yes"), ("log",), ("doctor",), ("undo", "--yes")):
        finished = home.run(*words)
        assert len(finished.stdout.splitlines()) > 1
        assert ESCAPE not in finished.stdout + finished.stderr
        assert "sessions/s" not in finished.stderr
        assert "\r" not in finished.stderr


@pytest.mark.parametrize(
    "words", [("list", "--all"), ("list", "--all", "--json"), ("list", "--all", "--format", "csv")]
)
def test_a_reader_that_goes_away_is_no_error(home: Home, words: tuple[str, ...]) -> None:
    rows = ({"id": f"ses_{number:05}", "directory": "/srv", "time_updated": number} for number in range(3000))
    add_sessions(home, *rows)
    with subprocess.Popen(
        home.command(*words), cwd=home.path, env=dict(home.env()), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("words", [(), ("--verbose",), ("--json",)], ids=["brief", "verbose", "json"])
def test_a_reader_that_goes_away_keeps_nothing_that_was_ordered_from_being_done(
    home: Home, words: tuple[str, ...]
) -> None:
    for order in ((*MOVE, "--yes"), ("undo", "--yes")):
        done = run_in_shell(
            home, f"opencode-migrator {shlex.join([*order, *words])} 2>&1 | true; opencode-migrator log --json"
        )
        assert json.loads(done.stdout)[0]["status"] == "applied"
    assert len(home.run("log", "--json").json) == 2


@pytest.mark.parametrize("closed", [*map(long_round, ["<&-", ">&-", "2>&-"]), "<&- >&- 2>&-"])
def test_started_without_standard_streams(home: Home, closed: str) -> None:
    for order in ("list --all", "move --from-dir '~/src/shop-*' --to-dir src/shop --yes", "undo --yes", "doctor"):
        assert run_in_shell(home, f"opencode-migrator {order} {closed}").code == 0, order
    assert run_in_shell(home, f"opencode-migrator move --from-dir '~/src/shop-*' --to-dir src/shop {closed}").code == 1
    assert [entry["sessions"] for entry in home.run("log", "--json").json] == [17, 17]
    assert not list(home.state.glob("crash-*"))


@pytest.mark.parametrize("encoding", ["ascii", *map(long_round, ["latin-1", "cp1252", "utf-8"])])
def test_an_encoding_that_lacks_characters(home: Home, encoding: str) -> None:
    home.execute("UPDATE session SET title = 'caf\u00e9 \u2026 \u754c \U0001f98a'")
    home.environ["PYTHONIOENCODING"] = encoding
    done = [
        subprocess.run(home.command(*words), env=dict(home.env()), cwd=home.path, capture_output=True, check=True)
        for words in (("list", "--all"), ("list", "--all", "--json"), (*MOVE, "--dry-run"))
    ]
    assert all(b"caf" in each.stdout for each in done)
    rows = json.loads(done[1].stdout.decode("utf-8" if encoding == "utf-8" else "ascii"))
    assert {row["title"] for row in rows} == {"caf\u00e9 \u2026 \u754c \U0001f98a"}


def test_standard_output_that_is_full(home: Home) -> None:
    if not FULL.exists():
        pytest.skip(f"there is no {FULL} here")
    with FULL.open("wb") as full:
        done = subprocess.run(
            home.command("list", "--all"),
            env=dict(home.env()),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


# -- a terminal --------------------------------------------------------------------------------------------------------


def test_it_asks_and_yes_applies(home: Home) -> None:
    with Terminal(home, *MOVE) as terminal:
        terminal.wait_for("Move 17 sessions from ")
        terminal.wait_for("[y/N/v/s/?]: ")
        assert home.query("SELECT count(*) FROM session WHERE directory LIKE '%/src/shop'") == [(0,)]
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert terminal.text.index("Plan: 17 sessions") < terminal.text.index("Move 17 sessions from")
    assert "Moved 17 sessions" in terminal.text
    assert home.query("SELECT count(*) FROM session WHERE directory LIKE '%/src/shop'") == [(16,)]


@pytest.mark.parametrize("answer", ["n\n", "\n", "N\n"])
def test_it_asks_and_no_writes_nothing(home: Home, answer: str) -> None:
    before = home.everything()
    with Terminal(home, *MOVE) as terminal:
        terminal.wait_for("[y/N")
        terminal.type(answer)
        code = terminal.finish()
    assert code == 1  # refused, by the one who was asked; 130 is an interruption
    assert "othing was written" in terminal.text
    assert "Interrupted" not in terminal.text
    assert home.everything() == before
    assert not list(home.state.glob("runs/*"))


@pytest.mark.parametrize("number", ENDING)
def test_it_asks_and_is_interrupted(home: Home, number: int) -> None:
    before = home.everything()
    with Terminal(home, *MOVE) as terminal:
        terminal.wait_for("[y/N")
        terminal.interrupt(number)
        assert terminal.finish() == 130
    last = terminal.text.splitlines()[-1]
    assert last.startswith("error: Interrupted")  # on a line of its own
    assert home.everything() == before


def interrupt_the_last_words() -> None:
    """Let another signal come whenever something is printed after the first, as of one who presses Ctrl-C twice."""
    echo = printing._echo  # noqa: SLF001 - what prints everything

    def interrupted_echo(*words: Any, **how: Any) -> None:
        if signals.is_interrupted():
            signal.raise_signal(signal.SIGTERM)
        echo(*words, **how)

    setattr(printing, "_echo", interrupted_echo)  # noqa: B010 - mypy knows no other way


def test_whoever_is_impatient_hears_the_last_words_too(home: Home) -> None:
    with Terminal(home, *MOVE, first=interrupt_the_last_words) as terminal:
        terminal.wait_for("[y/N")
        terminal.interrupt(signal.SIGINT)
        assert terminal.finish() == 130
    assert terminal.text.endswith("\nerror: Interrupted; nothing was written.\n")


def test_ctrl_c_while_it_starts_is_no_traceback(home: Home, tmp_path: Path) -> None:
    before = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # as of a shell
    (tmp_path / "sitecustomize.py").write_text(before)
    (tmp_path / "click.py").write_text("import signal; signal.raise_signal(signal.SIGINT)")
    home.environ["PYTHONPATH"] = str(tmp_path)
    ended = home.run("list")
    assert (ended.code, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.long
@pytest.mark.parametrize("after", [1.0, 1.5, 2.0])
def test_a_run_is_taken_back_when_its_terminal_is_closed(tmp_path: Path, after: float) -> None:
    home = crowded_home(tmp_path / "home", 20_000)
    before = directories(home)
    move = ("move", "--from-dir", "~/src/repoA", "--to-dir", home.repository("shop"), "--yes")
    with Terminal(home, *move) as terminal:
        time.sleep(after)
        terminal.hang_up()
        terminal.wait_for_end()
    runs = [run["status"] for run in home.run("log", "--json").json]
    assert runs in ([], ["rolled-back"], ["applied"])
    assert (directories(home) == before) is (runs != ["applied"])


def test_every_session_can_be_seen_before_the_answer(home: Home) -> None:
    with Terminal(home, *MOVE) as terminal:
        terminal.wait_for("[y/N/v/s/?]: ")
        assert "ses_" not in terminal.text
        terminal.type("?\n")
        terminal.wait_for("  s  save the plan to a file")
        terminal.type("v\n")
        terminal.wait_for("ses_")
        terminal.type("n\n")
        assert terminal.finish() == 1
    assert "Nothing was written." in terminal.text
    assert "error:" not in terminal.text


def test_the_plan_can_be_saved_instead(home: Home) -> None:
    before = home.everything()
    with Terminal(home, *MOVE) as terminal:
        terminal.wait_for("[y/N/v/s/?]: ")
        terminal.type("s\n")
        terminal.wait_for("File: ")
        terminal.type(f"{home.database}\n")
        terminal.wait_for("has the name of a database of opencode")
        terminal.type("s\n")
        terminal.type("shop.json\n")
        assert terminal.finish() == 0
    assert "opencode-migrator apply" in terminal.text
    assert home.everything() == before
    assert home.run("apply", "shop.json", "--yes").code == 0


def test_who_has_the_database_open_is_said_first(home: Home) -> None:
    with held_open(home.database), Terminal(home, *MOVE) as terminal:
        terminal.wait_for("[y/N/v/s/?]: ")
        assert terminal.text.index("has the database open") < terminal.text.index("Plan: 17 sessions")
        terminal.type("y\n")
        assert terminal.finish() == 4


def test_every_command_that_writes_asks(home: Home) -> None:
    before = home.everything()
    assert home.run("plan", *MOVE[1:], "-o", "moving.json").code == 0
    for words in (("apply", "moving.json"), ("undo",), ("migrate", "ses_dfbea7db", "src/shop")):
        with Terminal(home, *words) as terminal:
            terminal.wait_for("[y/N")
            assert "Plan: " in terminal.text
            terminal.type("y\n")
            assert terminal.finish() == 0
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


@pytest.mark.parametrize("command", ["resume", "undo"])
def test_a_run_that_was_cut_off_asks_too(home: Home, command: str) -> None:
    run = home.run(*MOVE, "--yes", "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{run}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")  # as kill -9 leaves it
    before = home.everything()
    for answer, code in (("n\n", 1), ("y\n", 0)):
        with Terminal(home, command) as terminal:
            terminal.wait_for("[y/N")
            assert run in terminal.text
            assert home.everything() == before
            terminal.type(answer)
            assert terminal.finish() == code


def test_with_json_the_question_is_not_in_the_document(home: Home, tmp_path: Path) -> None:
    with Terminal(home, *MOVE, "--json", stdout=tmp_path / "run.json") as terminal:
        terminal.wait_for("[y/N")
        terminal.type("y\n")
        assert terminal.finish() == 0
    document = (tmp_path / "run.json").read_text()
    assert document.startswith("{\n")
    assert '"status": "applied"' in document
    assert "Plan: 17 sessions" in terminal.text


def test_yes_does_not_ask_and_dry_run_neither(home: Home) -> None:
    for words in ((*MOVE, "--dry-run"), (*MOVE, "--yes"), ("undo", "--yes")):
        with Terminal(home, *words) as terminal:
            assert terminal.finish() == 0
        assert "[y/N" not in terminal.text
        assert "17 sessions" in terminal.text


def show_at_once() -> None:
    ProgressLine.AFTER_SECONDS, ProgressLine.EVERY_SECONDS = 0.0, 0.0


def test_the_progress_bar_is_for_terminals(home: Home, tmp_path: Path) -> None:
    words = (*MOVE, "--yes", "--chunk-size", "1")
    with Terminal(home, *words, stdout=tmp_path / "printed", first=show_at_once) as terminal:
        assert terminal.finish() == 0
    printed = (tmp_path / "printed").read_text()
    assert "/17 sessions [" in terminal.text
    assert "Writing" not in printed
    assert "Moved 17 sessions" in printed


@pytest.mark.parametrize("words", [(*MOVE, "--dry-run"), (*MOVE, "--yes"), ("doctor",), ("move", "--from-dir", "/[")])
def test_colour_on_a_terminal_unless_no_color(home: Home, words: tuple[str, ...]) -> None:
    with Terminal(home, *words, color=False) as plain:
        plain.finish()
    assert ESCAPE not in plain.raw
    if "--yes" in words:
        assert home.run("undo", "--yes").code == 0
    with Terminal(home, *words) as coloured:
        coloured.finish()
    assert ESCAPE in coloured.raw
    assert len(coloured.text) > 10


@pytest.mark.parametrize("columns", [72, 80, 200])
def test_the_plan_fits_the_terminal(home: Home, columns: int) -> None:
    with Terminal(home, *MOVE, "--dry-run", columns=columns) as terminal:
        assert terminal.finish() == 0
    plan, _, _ = terminal.text.partition("To apply:")
    assert max(map(len, plan.splitlines())) <= columns
