"""From the URL of `origin` to the project id; the ids were seen with opencode 1.15.13 and 1.18.34."""

from __future__ import annotations

from hashlib import sha1

import pytest

from migrator.places.origin import project_id
from tests.support.repository_kinds import ORIGIN_ID


@pytest.mark.parametrize(
    "url",
    [
        "git@GitHub.com:Acme/Widget.git",
        "git@github.com:Acme/Widget",
        "git@github.com:/Acme/Widget.git",
        "https://github.com/Acme/Widget",
        "https://github.com/Acme/Widget.git",
        "https://github.com/Acme/Widget/",
        "https://u:tok@GITHUB.com/Acme/Widget.git/",
        "https://github.com:8443/Acme/Widget.git",
        "https://github.com/Acme/Widget.git?x=1",
        "https://github.com//Acme/Widget",
        "https://github.com/Other/../Acme/Widget",
        "ssh://git@github.com/Acme/Widget.git",
        "ssh://git@github.com:22/Acme/Widget.git",
        "ssh://git@GITHUB.COM:22/Acme/Widget.git",
        "git+ssh://git@github.com/Acme/Widget.git",
        "git://github.com/Acme/Widget.git",
        "  https://github.com/Acme/Widget.git\n",
        "git@github.com:Acme/Widget.git\n",
    ],
)
def test_one_project_however_it_is_spelled(url: str) -> None:
    assert project_id(url) == ORIGIN_ID


@pytest.mark.parametrize(
    ("url", "host_and_path"),
    [
        ("https://github.com/acme/widget", "github.com/acme/widget"),
        ("https://github.com/Acme/Widget.GIT", "github.com/Acme/Widget.GIT"),
        ("https://github.com/Acme/Widget.git.git", "github.com/Acme/Widget.git"),
        ("https://github.com/Acme/Wid get", "github.com/Acme/Wid%20get"),
        ("git@github.com:Acme/Wid get", "github.com/Acme/Wid get"),
        ("https://münchen.example/repo", "xn--mnchen-3ya.example/repo"),
        ("git@MÜNCHEN.example:repo", "münchen.example/repo"),
        ("https://127.1/repo", "127.0.0.1/repo"),
        ("https://[::1]:80/repo", "[::1]/repo"),
        ("10.0.0.1:group/repo.git", "10.0.0.1/group/repo"),
        ("build_host:group/repo.git", "build_host/group/repo"),
        ("git@host:~me/repo.git", "host/~me/repo"),
        ("org-123@github.com:Acme/Widget.git", "github.com/Acme/Widget"),
        ("git@ssh.dev.azure.com:v3/Org/Project/Repo", "ssh.dev.azure.com/v3/Org/Project/Repo"),
        # scp in a URL's clothes: no URL for want of a port, and then "ssh" is what stands before the colon
        ("ssh://git@github.com:Acme/Widget.git", "ssh/git@github.com:Acme/Widget"),
    ],
)
def test_what_is_hashed(url: str, host_and_path: str) -> None:
    assert project_id(url) == sha1(f"git-remote:{host_and_path}".encode()).hexdigest()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/widget.git",
        "../widget.git",
        "widget",
        "file:///srv/git/widget.git",
        "file://server/widget.git",
        "work:Acme/Widget",
        "github.com:Acme/Widget.git",
        "https://github.com",
        "https://github.com/",
        "https://github.com/.git",
        "git@github.com:.git",
        "git@github.com:",
        "codecommit::eu-west-1://widget",
    ],
)
def test_what_names_no_project(url: str) -> None:
    assert project_id(url) is None
