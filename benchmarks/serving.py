"""What a page of the session history costs over HTTP, at any depth, and what fifty clients see while all is moved."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from benchmarks.arena import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.arena import Arena

PAGE = 100
LIMIT_MS = 5.0
DEPTHS = (0.0, 0.5, 0.99)
CLIENTS = 50
ROW = re.compile(rb'"id":"(ses_[^"]+)".*?"directory":"([^"]+)"')
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Served:
    """A server of ours, asked over one connection that stays open."""

    port: int
    token: str
    process: int
    connection: http.client.HTTPConnection

    def ask(self, path: str, body: Any = None) -> tuple[bytes, str]:
        """Return the body of an answer, and the cursor of the next page."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        method, sent = ("GET", None) if body is None else ("POST", json.dumps(body))
        self.connection.request(method, path, sent, headers)
        answer = self.connection.getresponse()
        told = answer.read()
        if answer.status != http.client.OK:
            sys.exit(f"{method} {path}: {told.decode()}")
        return told, answer.headers["x-next-cursor"] or ""

    def another(self) -> Served:
        """Return the same server over another connection."""
        return Served(self.port, self.token, self.process, http.client.HTTPConnection("127.0.0.1", self.port))

    def processor_ms(self) -> float:
        """Return the processor time that the server has taken so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS * 1000


@contextmanager
def serving(arena: Arena, database: Path) -> Iterator[Served]:
    """Serve a database."""
    words: list[str | Path] = [PROGRAM, "serve", "--db", database, "--port", "0"]
    with subprocess.Popen(words, env=arena.environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            token = process.stdout.readline().split()[1]
            yield Served(port, token, process.pid, http.client.HTTPConnection("127.0.0.1", port))
        finally:
            process.terminate()


def pages(served: Served, sessions: int, rounds: int) -> tuple[str, bool]:
    """Return a table of how long a page of 100 takes, and whether the median is within its limit everywhere."""
    rows, within = [], True
    started = time.perf_counter()
    served.ask(f"/session/history?limit={PAGE}&archived=true")
    first = (time.perf_counter() - started) * 1000
    for depth in DEPTHS:
        cursor = _cursor(served, int(sessions * depth))
        path = f"/session/history?limit={PAGE}&archived=true&cursor={cursor}"
        before, times = served.processor_ms(), []
        for _ in range(rounds):
            started = time.perf_counter()
            served.ask(path)
            times.append((time.perf_counter() - started) * 1000)
        spent = (served.processor_ms() - before) / rounds
        times.sort()
        passed = median(times) <= LIMIT_MS
        within &= passed
        rows.append(
            (
                f"after {sessions * depth:,.0f} sessions",
                *(f"{value:.2f} ms" for value in (median(times), times[int(rounds * 0.95)], spent)),
                f"{LIMIT_MS:.0f} ms",
                "pass" if passed else "FAIL",
            )
        )
    headings = (f"page of {PAGE}", "median", "19 of 20", "processor", "limit", "")
    table = tabulate(rows, headings, tablefmt="plain", disable_numparse=True)
    return f"{table}\nThe first page of all, which everything was ready for, took {first:.1f} ms.", within


def _cursor(served: Served, skip: int) -> str:
    """Walk to a depth in long pages."""
    cursor = ""
    while skip > 0:
        _, cursor = served.ask(f"/session/history?limit={min(skip, 1000)}&archived=true&cursor={cursor}")
        skip -= 1000
    return cursor


def crowd(served: Served, sessions: int, move: dict[str, Any]) -> str:
    """Let fifty clients page through all of it, each once, while it is moved and moved back; say what they saw."""
    seen: list[Sequence[bytes]] = []
    mixed: list[bool] = []
    there = move["to-dir"].encode()

    def page_through(mine: Served) -> None:
        cursor, ids, directories = "", [], set()
        while True:
            told, cursor = mine.ask(f"/session/history?limit=1000&archived=true&cursor={cursor}")
            for id_, directory in ROW.findall(told):
                ids.append(id_)
                directories.add(directory.startswith(there))
            if not cursor:
                break
        seen.append(ids)
        mixed.append(len(directories) == 2)  # noqa: PLR2004 - before and after

    plan = json.loads(served.ask("/plan", move)[0])["digest"]
    threads = [threading.Thread(target=page_through, args=(served.another(),)) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    runs, slowest = 0, 0.0
    while any(thread.is_alive() for thread in threads):
        began = time.perf_counter()
        run = json.loads(served.ask("/apply", {"plan": plan})[0])
        served.ask(f"/runs/{run['run']}/undo", {})
        slowest, runs = max(slowest, time.perf_counter() - began), runs + 2
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    wrong = sum(len(ids) != sessions or len(set(ids)) != sessions for ids in seen) + CLIENTS - len(seen)
    if wrong:
        sys.exit(f"{wrong} of {CLIENTS} clients saw a session twice, or not at all.")
    return (
        f"{CLIENTS} clients paged through {sessions:,} sessions in {seconds:.0f} s, during {runs} runs that moved all\n"
        f"of them there and back (both in at most {slowest:.0f} s). Each saw every session exactly once;\n"
        f"{sum(mixed)} saw some where they were before a run, and others where they were after it."
    )
