"""Text for people: nothing that is printed acts on a terminal or hides, and a printed command means what it shows."""

from __future__ import annotations

import json
import os
import subprocess
import unicodedata

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.paths import forms
from migrator.reporting.style import cleaned_line, styled
from migrator.text import (
    agree,
    in_directory,
    printable,
    printable_json,
    shell_join,
    shell_quote,
    shortened,
    size_text,
    tilde_in,
    with_variables,
)
from tests.support.printed import acts, unseen

SPECIAL = "\x1b\x9b\n\r\t\x7f\u202e\u200d\u200c\ufe0f\u20e3\U0001f600\u0628\u094d\udc9b[m;ab\\'"
ANY = st.text(st.characters() | st.sampled_from(SPECIAL))


@given(ANY)
def test_nothing_that_is_printed_acts_or_hides_and_it_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    assert not acts(shown)
    assert printable(shown) == shown
    assert not acts(shortened(text, 10))


@given(ANY, ANY, ANY)
def test_only_our_own_colours_are_printed(before: str, text: str, after: str) -> None:
    line = f"{before}{styled(text, fg='red', bold=True)}{after}"
    coloured = click.style(printable(text), fg="red", bold=True)
    assert cleaned_line(line) == f"{printable(before)}{coloured}{printable(after)}"


@given(st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner)), st.sampled_from([None, 2]))
def test_json_is_printable_and_says_the_same(value: object, indent: int | None) -> None:
    shown = printable_json(json.dumps(value, ensure_ascii=False, indent=indent))
    assert all(char.isprintable() for char in shown.replace("\n", ""))
    assert json.loads(shown) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x7f\x9b\x85", r"\x7f\u009b\u0085"),
        (b"caf\xe9\x9b".decode(errors="surrogateescape"), r"caf\xe9\x9b"),
        ("\ud83d", r"\ud83d"),
        ("\u202etxt.exe\u061c\u200e", r"\u202etxt.exe\u061c\u200e"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg", r"a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg"),
        ("a\u115fb\u3164c\u034fd\ufe0fe", r"a\u115fb\u3164c\u034fd\ufe0fe"),
        ("a\u00a0b\u2007c", r"a\u00a0b\u2007c"),
        ("\U000e0041\U0010ffff\ue000", r"\U000e0041\U0010ffff\ue000"),
    ],
)
def test_what_acts_or_hides_is_seen(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "café ß 界 \u3000 e\u0301 ✓ …",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # the flag of the rainbow
        "\U0001f9d1\U0001f3fd\u200d\U0001f4bb \u2764\ufe0f 1\ufe0f\u20e3",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937",  # Devanagari
        r"C:\x1b",
    ],
)
def test_what_people_write_is_printed_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_printed_command_means_what_was_meant() -> None:
    words = [
        "plain", "two words", "it's", "a\x1b[2Jb", "a\nb\n", "\t", "it's \x07 \\ here", "\u202eévil 9\x1b9", "",
        os.fsdecode(b"caf\xe9"), "\u200b7",
    ]  # fmt: skip
    command = shell_join(["printf", r"%s\0", *words])
    assert printable(command) == command
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert [os.fsdecode(word) for word in done.stdout.split(b"\0")] == [*words, ""]
    assert shell_quote("a\x1bb") == r"$'a\033b'"


def test_a_printed_command_can_be_copied_into_the_shells_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    r"""Simulated: cmd of Wine 8 gave Python each of these words as it was meant, but for `$` and the backtick."""
    monkeypatch.setattr(forms, "_ON_WINDOWS", True)
    words = {
        r"C:\Users\Me": r"C:\Users\Me",
        "C:/My Projects/shop": '"C:/My Projects/shop"',
        "C:\\My Projects\\": '"C:\\My Projects\\\\"',
        "R&D": '"R&D"',
        "Me's": '"Me\'s"',
        'say "x" & y': '"say ""x"" & y"',
        "~/src/shop-*": '"~/src/shop-*"',
        "a,b;c": '"a,b;c"',
        "--to=a.b": '"--to=a.b"',
        "": '""',
        "$(calc)": '"`$(calc)"',
        "a`b": '"a``b"',
        "a\x1bb\U0001f600\u200b": '"a$([char]0x001b)b\U0001f600$([char]0x200b)"',
    }
    assert {word: shell_quote(word) for word in words} == words
    assert in_directory(r"D:\R&D", "opencode") == r'pushd "D:\R&D" && opencode'
    assert with_variables({"A": r"C:\a b", "B": ""}, "opencode") == r'$env:A="C:\a b"; $env:B=""; opencode'


def test_the_judge_of_these_tests_knows_what_unicode_says() -> None:
    assert unseen("\u200b\ufe0f\u3164") == set("\u200b\ufe0f\u3164")
    assert acts("a\x1b\n\x9b\u202e") == set("\x1b\n\x9b\u202e")
    assert unicodedata.category("\u202e") == "Cf"


def test_verbs_and_pronouns_agree_with_how_many_there_are() -> None:
    words = ("is", "stays", "has", "does", "it", "its")
    assert [agree(1, word) for word in words] == [*words]
    for many in (0, 2):
        assert [agree(many, word) for word in words] == ["are", "stay", "have", "do", "them", "their"]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (49_999, "50 kB"), (99_999, "100 kB"),
        (100_000, "0.1 MB"), (412_345, "0.4 MB"), (999_999_999, "1,000.0 MB"), (3_210_000_000, "3.2 GB"),
    ],
)  # fmt: skip
def test_a_size_is_never_said_to_be_nothing(size: int, said: str) -> None:
    assert size_text(size) == said


def test_the_home_directory_is_a_tilde_but_where_a_shell_would_not_take_it_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/dev")
    said = "In /home/dev/src (/home/dev), not /home/developer: `mv /home/dev/a '/home/dev/b c'`, or '/home/dev/b c'."
    assert tilde_in(said) == "In ~/src (~), not /home/developer: `mv /home/dev/a '/home/dev/b c'`, or '/home/dev/b c'."
