"""The client for programs that block until an answer is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from migrator.client import requests
from migrator.client.http_settings import TIMEOUT_SECONDS, URL, http_settings
from migrator.client.transport import Transport

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Unpack

    from migrator.arguments import (
        ConsolidateKeywords,
        Folders,
        ListKeywords,
        MergeKeywords,
        MoveKeywords,
        RelocateKeywords,
        RescueKeywords,
        WriteKeywords,
    )
    from migrator.client.events import Progress
    from migrator.model import Listed, LoggedRun, Orphan, Plan, Run, Session


class Client:
    """A connection to a running `opencode-migrator serve`; use it in a `with`, or call `close` when done.

    `token` is what the server printed. Without it, the token is read from `token_file`, whose default is where a server
    on this machine writes it. `timeout` is how many seconds the server may be silent before it counts as gone; during a
    run it sends something at least every 15 seconds.

    Every method raises the errors of `migrator` with what they carry, Unauthorized where the token isn't the server's,
    and Unreachable where no server answers.
    """

    def __init__(
        self,
        url: str = URL,
        token: str | None = None,
        *,
        token_file: str | os.PathLike[str] | None = None,
        timeout: float | None = TIMEOUT_SECONDS,
    ) -> None:
        self._transport = Transport(url, http_settings(url, token, token_file, timeout))
        self.session = Sessions(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.http.close()

    def plan(self, **keywords: Unpack[MoveKeywords]) -> Plan:
        """Plan to move sessions; nothing is written. The keywords mean what the options of their names do.

        A relative `to_dir` is below the current directory of this program. In `from_dir`, `cwd` and relative patterns
        mean the directory that the server was started in, and `~` is the server's home.
        """
        return self._transport.send(requests.plan(**keywords))

    def plan_rescue(self, **keywords: Unpack[RescueKeywords]) -> Plan:
        """Plan to bring lost sessions home; nothing is written. The keywords are those of `migrator.plan_rescue`.

        A relative `search` is below the current directory of this program; `from_dir` as by `plan`.
        """
        return self._transport.send(requests.plan_rescue(**keywords))

    def plan_relocate(self, folders: Folders, **keywords: Unpack[RelocateKeywords]) -> Plan:
        """Plan to follow folders that were renamed or moved, each old path with its new one; nothing is written.

        Relative paths are below the current directory of this program. The keywords mean what the options of their
        names do.
        """
        return self._transport.send(requests.plan_relocate(folders, **keywords))

    def plan_consolidate(
        self, repository: str | os.PathLike[str] = ".", **keywords: Unpack[ConsolidateKeywords]
    ) -> Plan:
        """Plan to move the sessions of all workspaces of a repository to its main working copy; nothing is written.

        `repository` is a directory in any of them, or a project; a relative one, and a relative `to_dir`, are below
        the current directory of this program. The keywords mean what the options of their names do, `but` that of
        `--except`.
        """
        return self._transport.send(requests.plan_consolidate(repository, **keywords))

    def plan_merge(self, other: str | os.PathLike[str] | None = None, **keywords: Unpack[MergeKeywords]) -> Plan:
        """Plan to bring in sessions of another database of opencode, a path where the server is; nothing is written.

        Without `other`, `from_channel` says the release channel of one that lies beside the server's own. All sessions
        are meant, or those that the keywords select. Relative paths are as by `plan_relocate`.
        """
        return self._transport.send(requests.plan_merge(other, **keywords))

    def apply(self, plan: Plan, *, progress: Progress | None = None, **options: Unpack[WriteKeywords]) -> Run:
        """Carry out a plan. `progress` is called with how many sessions were written so far, and of how many.

        The other keywords are those of `migrator.apply`. Raises DatabaseInUse if another process has the database open
        or another run is being carried out, and StalePlan, which names the rows, if rows changed since the plan was
        made. If the server dies meanwhile, Unreachable says how to find out what became of the run.
        """
        return self._transport.wait_for_run(requests.apply(plan, **options), progress)

    def runs(self) -> tuple[LoggedRun, ...]:
        """Return the runs on this database so far, newest first."""
        return self._transport.send(requests.runs())

    def undo(
        self, run: Run | LoggedRun | str, *, progress: Progress | None = None, **options: Unpack[WriteKeywords]
    ) -> Run:
        """Take a run back; keywords and errors are those of `apply`."""
        return self._transport.wait_for_run(requests.undo(run, **options), progress)


class Sessions:
    """`client.session`: opencode's session history proposal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def history(self, **keywords: Unpack[ListKeywords]) -> Iterator[Listed]:
        """Iterate over the sessions of every project, last updated first; a page is asked for when it is needed.

        The keywords are those of `OpenStore.history`. No session is skipped or shown twice, unless it is updated
        meanwhile.
        """
        return self._transport.rows(requests.history(**keywords))

    def orphans(self, rule: str | None = None, *, archived: bool = False, limit: int | None = None) -> Iterator[Orphan]:
        """Iterate over the sessions that opencode can't show or resume where they belong, last updated first.

        `rule` keeps those that this orphan rule finds. Raises BadInput if there is no such rule.
        """
        return self._transport.rows(requests.orphans(rule, limit, archived=archived))

    def migrate(
        self, session: str, directory: str | os.PathLike[str] | None = None, *, project: str | None = None
    ) -> Session:
        """Move one session, with its tree, and return it as it is afterwards.

        `directory` is by default the root of `project`, or without one the current directory of this program. With
        `project`, the move is refused where opencode resolves the directory to another project. Raises NothingMatched
        if there is no such session, NoSuchDirectory, DatabaseInUse.
        """
        return self._transport.send(requests.migrate(session, directory, project))
