"""The OpenAPI document is complete and true; the page of it needs nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.home import Home, build_home
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMATHESIS = Path(sys.executable).with_name("st")

ROUTES = {
    "GET /session/history": "directory roots start cursor search limit archived workspace channel",
    "GET /session/orphans": "limit cursor archived rule",
    "POST /session/{id}/migrate": "id",
    "POST /plan": "",
    "POST /apply": "",
    "GET /runs": "limit",
    "POST /runs/{id}/undo": "id",
    "GET /plans/{id}.html": "id",
    "GET /runs/{id}.html": "id",
    "GET /healthz": "",
    "GET /openapi.json": "",
    "GET /": "",
}

VOID = {"meta", "br"}


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def everything(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everything(inner)


def test_every_operation_and_all_it_says(reader: Served) -> None:
    document = reader.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    found = dict(operations(document))
    assert {name: " ".join(p["name"] for p in operation["parameters"]) for name, operation in found.items()} == ROUTES
    for operation in found.values():
        assert operation["summary"]
        assert operation["description"]
        assert all(parameter["description"] for parameter in operation["parameters"])
        refusals = {status for status in operation["responses"] if status != "200"}
        assert {"400", "403", "500"} <= refusals
        assert ("401" in refusals) == bool(operation["security"])
        assert ("413" in refusals) == ("requestBody" in operation)
    assert {"404", "409", "422"} <= found["POST /apply"]["responses"].keys()
    assert "x-next-cursor" in found["GET /session/history"]["responses"]["200"]["headers"]


def test_every_reference_leads_somewhere(reader: Served) -> None:
    document = reader.get("/openapi.json")
    schemas = document["components"]["schemas"]
    references = [found["$ref"] for found in everything(document) if isinstance(found.get("$ref"), str)]
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_what_a_plan_takes_are_the_options_of_its_commands(reader: Served) -> None:
    document = reader.get("/openapi.json")
    body = document["paths"]["/plan"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    options: set[str] = set()
    for command in body["properties"]["command"]["enum"]:
        said = reader.home.run("plan", command, "--help").stdout
        options |= set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", said, re.MULTILINE))
    options -= {"certain", "verbose", "json", "format", "html", "output", "force", "exclude-from", "map"}
    options -= {"quiet", "color", "no-pager", "db", "channel", "home", "help"}
    options -= {"remove-from-other", "with-opencode"}  # a server writes to its own database, and starts nothing
    options |= {"command", "likely", "exclude-lines", "folders", "repository", "other"}
    assert {re.sub("-(.)", lambda found: found[1].upper(), name) for name in options} == body["properties"].keys()
    for operation in dict(operations(document)).values():
        content = operation.get("requestBody", {}).get("content", {})
        for schema in everything(content):
            assert not [name for name in schema.get("properties", ()) if "-" in name]


class Reading(HTMLParser):
    """Looks for what would be fetched from elsewhere, and whether every element is closed by somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.names.add(said.get("id") or "")
        self.links += [said["href"] or ""] if "href" in said else []
        self.fetched += [said["src"] or ""] if "src" in said or tag in {"link", "script", "img", "iframe"} else []
        if tag not in VOID:
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_works_offline(reader: Served) -> None:
    answer = reader.ask.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = Reading()
    page.feed(answer.text)
    assert page.tags == []
    assert page.fetched == []
    assert "@import" not in answer.text
    assert "url(" not in answer.text
    assert {link.removeprefix("#") for link in page.links} <= page.names
    document = reader.get("/openapi.json")
    for name, operation in operations(document):
        assert name in page.text
        assert operation["description"].split("`")[0] in page.text
        assert all(parameter["name"] in page.text for parameter in operation["parameters"])
    assert "A plan and how to apply it." in page.text


@pytest.mark.long
def test_a_stranger_finds_no_fault(tmp_path: Path) -> None:
    """Schemathesis asks what the document allows, and what it doesn't.

    It looks for answers of 5xx, for statuses, types and bodies that aren't described, for what should be refused and
    isn't, and for what can be had without the token. That all that fits the schema is accepted is not asked for: no
    schema can say which sessions and directories there are.
    """
    home: Home = build_home(tmp_path / "home", "real-1.18.34")
    home.repository("shop")
    with serving(home) as served:
        done = subprocess.run(
            [
                SCHEMATHESIS, "run", f"{served.url}/openapi.json", "--header", f"Authorization: Bearer {served.token}",
                "--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--generation-deterministic",
                "--exclude-checks", "positive_data_acceptance", "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr
        operations = sum(map(len, served.get("/openapi.json")["paths"].values()))
        assert f"Tested: {operations - 1}" in done.stdout  # all but the document itself
        assert served.get("/healthz")["status"] == "ok"
