"""Every refusal has one form: a capital letter, what is wrong and where, what to do, a full stop; one paragraph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE, SESSION
from tests.support.refusal import sentence

if TYPE_CHECKING:
    from tests.support.home import Home

TO_SHOP = ("--to-dir", "src/shop")
BAD = [
    # (exit code, words), each for a place where an error is raised
    (2, ("frobnicate",)),
    (2, ("mvoe",)),
    (2, ("fix",)),
    (2, ("move", "--frm", "x")),
    (2, ("--from-dir", "x", "move")),
    (2, ("list", "--limit", "x")),
    (2, ("list", "--limit")),
    (2, ("list", "--all=yes")),
    (2, ("list", "--format", "xml")),
    (2, ("list", "--since", "tomorrow")),
    (2, ("list", "--since", "1d", "--until", "2d")),
    (2, ("list", "--all", "--cursor", "x")),
    (2, ("list", "~/src/shop")),
    (2, ("list", "a", "b")),
    (3, ("list", "--all", "--search", "nowhere to be found")),
    (3, ("list", "--from-id", "ses_nobody")),
    (2, ("list", "--from-id", "")),
    (3, ("list", "--from-id", "-")),
    (3, ("list", "--from-project", "nowhere")),
    (2, ("list", "--from-project", "")),
    (1, ("list", "--from-workspaces", "/")),
    (2, ("list", "--from-workspaces", "")),
    (3, ("list", "--from-dir", "~/src/nowhere")),
    (2, ("list", "--from-dir", "")),
    (2, ("list", "--from-dir", "~/src/[shop")),
    (2, ("list", "--from-dir", "~/{a,b}{")),
    (2, ("list", "--from-dir", "x{}" + "{1..9}" * 9)),
    (2, ("list", "--exact")),
    (2, ("list", "--in", "tools")),
    (2, ("list", "--containing", "")),
    (2, ("list", "--title", "")),
    (2, ("list", "--exclude-from", "nowhere")),
    (2, ("list", "--orphans=nosuch")),
    (1, ("list", "--db", "nowhere.db")),
    (1, ("list", "--db", "src")),
    (1, ("list", "--db", "empty")),
    (1, ("list", "--db", "text")),
    (1, ("list", "--db", "")),
    (1, ("list", "--db", "/dev/null")),
    (2, ("projects", "x")),
    (2, ("orphans", "--rule", "nosuch")),
    (3, ("orphans", "--explain", "ses_nobody")),
    (2, ("orphans", "--search", "nowhere")),
    (2, ("rescue", "--exit-code")),
    (2, ("move",)),
    (2, ("move", "--from-dir", "~/src/shop-*", "--allow-split")),
    (1, ("move", "--from-dir", "~/src/shop-*", *TO_SHOP)),
    (1, ("move", "--from-dir", "~/src/shop-*", "--to-dir", "nowhere")),
    (1, ("move", "--from-dir", "~/src/shop-*", "--to-dir", "")),
    (1, ("move", "--from-dir", "~/src/shop-*", "--to-dir", "text")),
    (1, ("move", "--from-dir", "~/src/shop-*", "--to-dir", "text/below")),
    (1, ("move", "--from-dir", "~/src/shop-*", *TO_SHOP, "--to-project", "nowhere")),
    (1, ("move", "--from-dir", "~/src/shop-*", *TO_SHOP, "--to-project", "keep")),
    (1, ("move", "--from-id", "ses_d", *TO_SHOP)),
    (2, ("move", "--from-id", SESSION, "--with-forks", *TO_SHOP)),
    (2, (*MOVE, "--wait", "nan")),
    (2, (*MOVE, "--chunk-size", "0")),
    (1, (*MOVE, "--backup", "text")),
    (2, (*MOVE, "--backup", "src")),
    (2, (*MOVE, "--backup", "-")),
    (2, ("migrate",)),
    (3, ("migrate", "ses_nobody")),
    (1, ("migrate", SESSION, "nowhere")),
    (2, ("relocate",)),
    (2, ("relocate", "a")),
    (2, ("relocate", "a=a")),
    (2, ("relocate", "a=b", "a=c")),
    (1, ("relocate", "a", "nowhere")),
    (3, ("relocate", "a", "src/shop")),
    (2, ("relocate", "a", "b", "c")),
    (2, ("relocate", "--map", "nowhere")),
    (2, ("relocate", "--map", "text")),
    (2, ("relocate", "--foreign", "--copied", "a", "b")),
    (2, ("relocate", "a=b=c", "d=e=f")),
    (3, ("relocate", "a=b", "c=d")),
    (1, ("relocate", "--will-move", "a", "b")),
    (3, ("consolidate", "nowhere")),
    (1, ("consolidate", "./nowhere")),
    (1, ("consolidate", "/")),
    (3, ("consolidate", "src/shop", "--only", "nowhere")),
    (1, ("workspaces", "/")),
    (1, ("apply", "nowhere")),
    (1, ("apply", "text")),
    (1, ("apply", "empty")),
    (1, ("apply", "half")),
    (1, ("show", "src")),
    (1, ("apply", "schema")),
    (2, ("plan", *MOVE[1:-1], "-o", "")),
    (2, ("plan", *MOVE[1:-1], "-o", "src")),
    (1, ("plan", *MOVE[1:-1], "-o", "text")),
    (1, ("undo",)),
    (1, ("undo", "nosuch")),
    (1, ("resume",)),
    (1, ("resume", "nosuch")),
    (2, ("gc", "--older-than", "x")),
    (2, ("doctor", "--from-dir", "/**")),
    (2, ("schema",)),
    (2, ("schema", "plum")),
    (1, ("demo", "--keep", "src")),
    (2, ("serve", "--port", "x")),
    (2, ("serve", "--host", "no.such.host.invalid")),
    (1, ("serve", "--token-file", "text")),
]
ACTION = re.compile(
    r"`|--|\b(see|give|name|write|say|make|create|check|leave|use|add|run|take|plan|move|cd|rename|upgrade|save|type|"
    r"choose|remove)\b|Did you mean|must be|can be|It is",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("code", "words"), BAD, ids=[" ".join(words)[:60] for _, words in BAD])
def test_every_refusal_has_one_form(home: Home, code: int, words: tuple[str, ...]) -> None:
    (home.path / "text").write_text("text\n")
    (home.path / "empty").write_text("")
    (home.path / "half").write_text('{"format": "opencode-migrator/plan@1",')
    (home.path / "schema").write_text('{"format": "opencode-migrator/plan@9"}')

    said = sentence(home.run(*words), code)

    assert re.match("[A-Z]", said), said
    assert not re.match(r"(Ses_|Text|Empty|Half|Nowhere|Src)\b", said), "a name is not a word"
    assert re.search(r"[.?]$", said), said
    assert not re.search(r"\.\.(?!/)$|;\.|:\.", said), said
    assert ACTION.search(said), said
