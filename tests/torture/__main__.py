"""`python -m tests.torture`: run rounds for a while, and print how many tries of each failed."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

from tests.support.required import NotAvailable, is_required
from tests.support.surroundings import leave_settings_behind
from tests.torture.frame import Round, complaint, rounds

MINUTES = 10
SHOWN = 10
"""How many failures of a round are printed."""


class Score(NamedTuple):
    """How a round went."""

    name: str
    tries: int
    failures: int
    seconds: float
    skipped: str = ""


def main() -> int:
    """Run the rounds that were asked for; return the exit code."""
    leave_settings_behind()
    arguments = _arguments()
    known = {round_.name: round_ for round_ in rounds()}
    if unknown := set(arguments.rounds) - known.keys():
        sys.exit(f"There is no round {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    chosen = [known[name] for name in arguments.rounds or known]
    if arguments.only:
        seed, _, number = arguments.only.partition(":")
        return _repeat(chosen, int(seed), int(number))
    seconds = arguments.seconds / len(chosen)
    with tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as base:
        scores = [_run(round_, arguments.seed, seconds, Path(base)) for round_ in chosen]
    print(tabulate([score[:4] for score in scores], ["round", "tries", "failures", "seconds"], floatfmt=".0f"))
    print(f"Seed {arguments.seed}.")
    return int(any(score.failures for score in scores) or (is_required() and any(score.skipped for score in scores)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("rounds", nargs="*", metavar="ROUND", help="the rounds to run; all of them unless given")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="which tries: the same seed makes the same")
    parser.add_argument("--seconds", type=float, default=60 * MINUTES, help="how long, for all rounds together")
    parser.add_argument("--only", metavar="SEED:NUMBER", help="make this one try, and keep its directory if it fails")
    return parser.parse_args()


def _run(round_: Round, seed: int, seconds: float, base: Path) -> Score:
    start, tries, failures = time.monotonic(), 0, 0
    try:
        for number, attempt in round_.numbered(seed):
            wrong = complaint(attempt, base / round_.name / "try")
            tries = number
            if wrong is not None:
                failures += 1
            if wrong is not None and failures <= SHOWN:
                print(f"{round_.name} {seed}:{number}: {wrong}\n  {round_.repeat(seed, number)}", flush=True)
            if time.monotonic() - start >= seconds:
                break
    except NotAvailable as reason:
        print(f"{round_.name} is skipped: {reason}", flush=True)
        return Score(round_.name, tries, failures, time.monotonic() - start, str(reason))
    return Score(round_.name, tries, failures, time.monotonic() - start)


def _repeat(chosen: list[Round], seed: int, number: int) -> int:
    """Make one try of each round again; return the exit code."""
    code = 0
    for round_ in chosen:
        base = Path(tempfile.mkdtemp(prefix="torture-"))
        _, attempt = next(round_.numbered(seed, number))
        wrong = complaint(attempt, base / "try")
        if wrong is None:
            shutil.rmtree(base)
        print(f"{round_.name} {seed}:{number}: " + (f"{wrong}\nWhat it left is in {base}" if wrong else "all was well"))
        code |= wrong is not None
    return code


if __name__ == "__main__":
    sys.exit(main())
