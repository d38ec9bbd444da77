"""The client for programs that wait for their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from migrator.client import requests
from migrator.client.server import SILENCE, URL, settings
from migrator.client.transport import Transport

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Unpack

    from migrator.arguments import ListKeywords, MoveKeywords, WriteKeywords
    from migrator.client.events import Progress
    from migrator.model import Listed, LoggedRun, Orphan, Plan, Run, Session


class Client:
    """What a running `opencode-migrator serve` offers; use it in a `with`, or call `close` when done.

    `token` is what the server printed; without it, what it wrote to `token_file`, which for a server on this machine
    needn't be named. `timeout` is how many seconds the server may be silent before it counts as gone; while a run is
    carried out it says at least every 15 that it is there.

    Every method raises the errors of `migrator` with what they carry, Unauthorized where the token isn't the server's,
    and Unreachable where no server answers.
    """

    def __init__(
        self,
        url: str = URL,
        token: str | None = None,
        *,
        token_file: str | os.PathLike[str] | None = None,
        timeout: float | None = SILENCE,
    ) -> None:
        self._sending = Transport(url, settings(url, token, token_file, timeout))
        self.session = Sessions(self._sending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._sending.http.close()

    def plan(self, **said: Unpack[MoveKeywords]) -> Plan:
        """Plan to move sessions; nothing is written. The keywords mean what the options of their names do.

        A relative `to_dir` is below the current directory of this program. Of what `from_dir` says, `cwd` and relative
        patterns mean the directory that the server was started in, and `~` is its home.
        """
        return self._sending.send(requests.plan(**said))

    def apply(self, plan: Plan, *, progress: Progress | None = None, **how: Unpack[WriteKeywords]) -> Run:
        """Carry out a plan. `progress` is told how many sessions were written so far, and of how many.

        The other keywords are those of `migrator.apply`. Raises DatabaseInUse where somebody has the database open or
        another run is being carried out, StalePlan, which names the rows, where it has changed since. Should the
        server die meanwhile, Unreachable says how to find out what became of the run.
        """
        return self._sending.follow(requests.apply(plan, **how), progress)

    def runs(self) -> tuple[LoggedRun, ...]:
        """Return the runs on this database so far, newest first."""
        return self._sending.send(requests.runs())

    def undo(
        self, run: Run | LoggedRun | str, *, progress: Progress | None = None, **how: Unpack[WriteKeywords]
    ) -> Run:
        """Take a run back; keywords and errors are those of `apply`."""
        return self._sending.follow(requests.undo(run, **how), progress)


class Sessions:
    """`client.session`: opencode's session history proposal."""

    def __init__(self, sending: Transport) -> None:
        self._sending = sending

    def history(self, **said: Unpack[ListKeywords]) -> Iterator[Listed]:
        """Iterate over the sessions of every project, last updated first; a page is asked for when it is needed.

        The keywords are those of `OpenStore.history`. No session is skipped or shown twice, unless it is updated
        meanwhile.
        """
        return self._sending.each(requests.history(**said))

    def orphans(self, rule: str | None = None, *, archived: bool = False, limit: int | None = None) -> Iterator[Orphan]:
        """Iterate over the sessions that opencode can't show or resume where they belong, last updated first.

        With `rule`, over those that it finds. Raises BadInput for a rule that isn't there.
        """
        return self._sending.each(requests.orphans(rule, limit, archived=archived))

    def migrate(
        self, session: str, directory: str | os.PathLike[str] | None = None, *, project: str | None = None
    ) -> Session:
        """Move one session, with its tree, and return it as it is then.

        `directory` is by default the root of `project`; without that too, the current directory of this program.
        With `project` it is refused where opencode resolves another. Raises NothingMatched where there is no such
        session, NoSuchDirectory, DatabaseInUse.
        """
        return self._sending.send(requests.migrate(session, directory, project))
