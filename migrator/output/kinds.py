"""The kinds of files that a person names for us to write, and how each is told from other files."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that we write: what it is called, and the option by which it is named.

    `begins` matches the first HEAD_BYTES of such a file; None where one can't be told from others. `mode` is that of a
    new file: what only its owner may read isn't written through a link either. A stream is a pipe, a device or "-".
    """

    what: str
    option: str
    begins: re.Pattern[bytes] | None = None
    mode: int = 0o666
    may_be_stream: bool = False
    makes_directory: bool = False
    is_database: bool = False


PLAN = Kind(
    "saved plan",
    "-o FILE",
    re.compile(rb'\s*\{\s*"format"\s*:\s*"opencode-migrator/plan@'),
    may_be_stream=True,
)
BACKUP = Kind("backup", "--backup FILE", mode=0o600, is_database=True)
TOKEN = Kind("token file", "--token-file FILE", re.compile(rb"ocm_[\w-]{43}\n\Z"), 0o600, makes_directory=True)

REPORT = Kind(
    "report",
    "--html FILE",
    re.compile(
        rb'<!doctype html>\s*<html lang="en">\s*<head>\s*<meta charset="utf-8">\s*'
        rb'<meta name="generator" content="opencode-migrator report"'
    ),
)

HEAD_BYTES = 512
