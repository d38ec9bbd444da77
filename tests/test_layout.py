"""The layout: who may import whom, what the rooms are called, and that Python still finds its own `selectors`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from migrator.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
ROOMS = [ROOT / "migrator", ROOT / "selectors" / "migrator_selectors"]


def test_rooms_import_only_what_is_below_them_and_nothing_runs_in_a_circle() -> None:
    """The contracts are in pyproject.toml; imports inside functions and for type checking count."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.partition("Contracts\n")[2]


def test_few_modules_stand_loose_at_the_top() -> None:
    loose = [path.name for path in (ROOT / "migrator").glob("*.py") if not path.name.startswith("__")]
    assert len(loose) <= 10, loose


def test_no_room_holds_what_has_no_room() -> None:
    names = {path.stem for room in ROOMS for path in (room, *room.rglob("*"))}
    assert not names & {"util", "utils", "common", "helpers", "misc"}


def test_no_face_opens_a_file_for_writing() -> None:
    """What a person names goes through output/, which decides whether it may be written."""
    writes = re.compile(r"""\.write_(text|bytes)\(|O_CREAT|\bopen\([^)\n]*["'][wax]b?["']""")
    rooms = [ROOT / "migrator" / name for name in ("cli", "server", "client", "reporting")]
    faces = [ROOT / "migrator" / "library.py", *(path for room in rooms for path in room.rglob("*.py"))]
    assert not [path.name for path in faces if writes.search(path.read_text())]


def test_programs_are_run_and_files_read_whole_in_one_place() -> None:
    """Both are bounded there: see places/programs.py and disk/bounded.py."""
    unbounded = re.compile(r"""subprocess\.(run|Popen|check_\w+)\(|\.read_(bytes|text)\(""")
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in room.rglob("*.py")
        if unbounded.search(path.read_text())
    }
    assert found == {
        "migrator/disk/system.py",  # for places/programs.py
        "migrator/cli/demo.py",  # our own commands
        "migrator/cli/terminal/pager.py",  # until the user leaves it
        "migrator/operations/demo.py",  # our own fixture
        "migrator/plugins/extras.py",  # what we were installed from
        "migrator/disk/processes.py",  # what Linux says of a process
    }


def test_lines_end_where_a_line_ends_and_not_within_a_name() -> None:
    """`splitlines` ends them at what a file may have in its name too: see `lines_of`."""
    sources = [path for room in ROOMS for path in room.rglob("*.py")]
    assert not [path.name for path in sources if ".splitlines(" in path.read_text()]


def test_no_two_public_classes_share_a_name() -> None:
    trees = (ast.parse(path.read_text()) for room in ROOMS for path in room.rglob("*.py"))
    names = Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    assert not [name for name, number in names.items() if number > 1 and not name.startswith("_")]


def calls(tree: ast.AST) -> set[str]:
    """Return what is called in a module, as `print` and `click.echo`."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_text_is_printed_and_quoted_in_one_place_where_it_is_cleaned() -> None:
    printing = {
        "print", "click.confirm", "click.echo", "click.echo_via_pager", "click.pause", "click.progressbar",
        "click.prompt", "click.secho", "click.style", "input", "os.write", "sys.stderr.write", "sys.stdout.write",
        "traceback.print_exc", "shlex.join", "shlex.quote",
    }  # fmt: skip
    found = {
        str(path.relative_to(ROOT)): printed
        for room in ROOMS
        for path in room.rglob("*.py")
        if (printed := calls(ast.parse(path.read_text())) & printing)
    }
    assert found == {
        "migrator/cli/terminal/asking.py": {"click.confirm", "click.prompt"},
        "migrator/cli/terminal/printing.py": {"click.echo"},
        "migrator/reporting/style.py": {"click.style"},
        "migrator/text.py": {"shlex.quote"},
    }


def test_a_verb_is_the_same_word_on_every_floor() -> None:
    def stems(room: str) -> set[str]:
        return {path.stem for path in (ROOT / "migrator" / room).glob("*.py") if path.stem != "__init__"}

    verbs = {name.replace("-", "_") for name in COMMANDS}
    assert stems("cli") == verbs | {"app"}
    assert stems("operations") - {"context", "crash_log", "run_databases", "select"} == verbs - {
        "plan",
        "show",
        "serve",
        "schema",
        "completion",
    }
    assert stems("server/routes") - {"description"} <= verbs


def test_no_module_lies_directly_in_selectors() -> None:
    assert not list((ROOT / "selectors").glob("*.py"))
    assert (ROOT / "selectors" / "migrator_selectors" / "__init__.py").is_file()


def test_python_finds_its_own_selectors_from_here() -> None:
    code = "import asyncio, selectors, subprocess; print(selectors.DefaultSelector.__name__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip().endswith("Selector")


def test_both_packages_are_typed() -> None:
    for package in ("migrator", "selectors/migrator_selectors"):
        assert (ROOT / package / "py.typed").is_file()
