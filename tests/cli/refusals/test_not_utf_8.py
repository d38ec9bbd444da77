"""Arguments that aren't UTF-8: a file may be called so, but nothing that opencode holds."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE, SESSION
from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.home import Home

LATIN_1 = b"caf\xe9".decode(errors="surrogateescape")

TEXTS = {
    "--search": ("list", "--search", LATIN_1),
    "--title": ("list", "--title", LATIN_1),
    "--from-id": ("doctor", "--from-id", LATIN_1),
    "--from-dir": ("plan", "--from-dir", LATIN_1),
    "--exclude-dir": ("list", "--exclude-dir", f"/src/{LATIN_1}"),
    "--workspace": ("list", "--workspace", LATIN_1),
    "--orphans": ("list", f"--orphans={LATIN_1}"),
    "--rule": ("orphans", "--rule", "stale-path", "--rule", LATIN_1),
    "--to-dir": ("move", "--from-id", SESSION, "--to-dir", LATIN_1),
    "--project": ("migrate", SESSION, "--project", LATIN_1),
    "--home": ("list", "--home", LATIN_1),
    "--host": ("serve", "--host", LATIN_1),
    "SESSION_ID": ("migrate", LATIN_1),
    "DIRECTORY": ("rebind", SESSION, LATIN_1),
    "REPOSITORY": ("workspaces", LATIN_1),
    "RUN": ("undo", LATIN_1, "--yes"),
    "OLD NEW | OLD=NEW ...": ("relocate", "src", LATIN_1),
}


@pytest.mark.parametrize(("name", "words"), TEXTS.items(), ids=TEXTS.keys())
def test_one_sentence_names_the_argument(home: Home, name: str, words: tuple[str, ...]) -> None:
    said = refused(home, *words, code=2)
    assert re.fullmatch(
        rf"The value b'.*caf\\xe9' of {re.escape(name)} is not UTF-8, and opencode stores only UTF-8: "
        f"type it in UTF-8{'' if name in {'--search', '--title'} else ', or rename the directory'}.",
        said,
    )


def test_a_text_to_look_for_is_no_directory(home: Home) -> None:
    assert refused(home, "list", "--containing", LATIN_1, code=2).endswith("stores only UTF-8: type it in UTF-8.")


def test_a_database_a_plan_and_a_journal_may_be_called_so(home: Home) -> None:
    home.repository("shop")
    (home.path / LATIN_1).mkdir()
    database = shutil.copy(home.database, home.path / LATIN_1)
    (home.path / f"{LATIN_1}.list").write_text("shop-api\n")
    home.environ |= {"XDG_STATE_HOME": f"{home.path}/{LATIN_1}", "OPENCODE_DB": str(database)}

    saved = home.run("plan", *MOVE[1:-1], "--exclude-from", f"{LATIN_1}.list", "-o", f"{LATIN_1}.json")
    assert saved.code == 0, saved.stderr
    assert home.run("show", f"{LATIN_1}.json").code == 0
    applied = home.run("apply", f"{LATIN_1}.json", "--yes", "--json")
    assert (applied.code, applied.json["status"]) == (0, "applied"), applied.stderr
    (run,) = home.run("log", "--json").json
    assert json.loads(json.dumps(run["run"])) == applied.json["run"]
    assert home.run("doctor").code == 0
    assert home.run("undo", "--yes").code == 0


def test_the_demo_needs_a_directory_that_opencode_can_hold(home: Home) -> None:
    assert "is not UTF-8, and opencode stores only UTF-8" in refused(home, "demo", "--keep", LATIN_1)
