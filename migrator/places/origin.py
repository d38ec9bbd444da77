"""From the URL of the remote `origin` to opencode's project id.

Seen with opencode 1.15.13 to 1.18.34, and compared with the URL parser of their runtime.
"""

from __future__ import annotations

import re
from hashlib import sha1

_SCP = re.compile(r"([^@/:]+@)?([^/:]+):([^\n\r\u2028\u2029]+)")


def project_id(url: str) -> str | None:
    """Return 40 hex digits; None if opencode takes no id from such a URL: a local path, a `file:` URL, no host."""
    repository = host_and_path(url)
    # opencode's choice of a name, nothing here is a secret
    return sha1(f"git-remote:{repository}".encode(), usedforsecurity=False).hexdigest() if repository else None


def host_and_path(url: str) -> str | None:
    """Return "host/path". User, password, port, query and a final ".git" don't count; upper case of the path does."""
    import ada_url

    url = url.strip()
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        # Only what is no URL may be scp's "user@host:path": without the user, "host:path" is a URL of scheme "host".
        scp = _SCP.fullmatch(url)
        return _join(scp[2], scp[3]) if scp else None
    return None if parsed.protocol == "file:" else _join(parsed.hostname, parsed.pathname)


def _join(host: str, path: str) -> str | None:
    path = re.sub(r"\.git/?\Z", "", path.lstrip("/")).rstrip("/")
    return f"{host.lower()}/{path}" if host and path else None
