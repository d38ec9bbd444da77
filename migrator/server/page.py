"""The description of the API as a page to read: plain HTML without scripts, which loads nothing else."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --dim: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 58rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
code, pre { font: 0.9em/1.45 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
code { padding: 0.1em 0.3em; } pre { padding: 0.7rem 1rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; } .dim { color: var(--dim); } .method { font-weight: 700; }
nav ul { columns: 2; list-style: none; padding: 0; } td code { white-space: nowrap; }
"""


def html(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    return "".join(_page(document))


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    info = document["info"]
    operations = [(path, method, op) for path, item in document["paths"].items() for method, op in item.items()]
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width, initial-scale=1'>"
    yield f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style>"
    yield f"<h1>{escape(info['title'])} <span class=dim>{escape(info['version'])}</span></h1>"
    yield f"<p>{escape(info['summary'])}</p><p>{_text(info['description'])}</p>"
    yield "<p>Send the token with every request, but for those that say they need none:</p>"
    yield "<pre>curl -H &quot;Authorization: Bearer $TOKEN&quot; http://127.0.0.1:PORT/session/history?limit=3</pre>"
    yield "<nav><ul>"
    for path, method, operation in operations:
        yield f"<li><a href='#{escape(operation['operationId'])}'>{_line(method, path)}</a></li>"
    yield "<li><a href='#schemas'>Schemas</a></li></ul></nav>"
    for path, method, operation in operations:
        yield from _operation(path, method, operation)
    yield "<h2 id=schemas>Schemas</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f"<h3 id='schema-{escape(name)}'>{escape(name)}</h3>"
        yield from _schema(schema)
    yield "</html>"


def _line(method: str, path: str) -> str:
    return f"<code><span class=method>{method.upper()}</span> {escape(path)}</code>"


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2 id='{escape(operation['operationId'])}'>{_line(method, path)}</h2>"
    token = "" if operation["security"] else " <span class=dim>(no token needed)</span>"
    yield f"<p><b>{_text(operation['summary'])}.</b>{token} {_text(operation['description'])}</p>"
    if operation["parameters"]:
        yield "<h3>Parameters</h3>"
        yield from _table(
            (parameter["name"], parameter["in"], parameter["schema"], parameter["description"])
            for parameter in operation["parameters"]
        )
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        yield "<h3>Body</h3>"
        yield from _schema(content["schema"])
        if "example" in content:
            yield f"<pre>{escape(json.dumps(content['example'], indent=2))}</pre>"
    yield "<h3>Answers</h3><table>"
    for status, answer in operation["responses"].items():
        kinds = "<br>".join(
            f"<code>{escape(kind)}</code> {_kind(content['schema'])}" for kind, content in answer["content"].items()
        )
        headers = "".join(
            f"<br>Header <code>{escape(name)}</code>: {_text(header['description'])}"
            for name, header in answer.get("headers", {}).items()
        )
        yield f"<tr><th>{status}</th><td>{_text(answer['description'])}{headers}</td><td>{kinds}</td></tr>"
    yield "</table>"


def _schema(schema: Mapping[str, Any]) -> Iterator[str]:
    if "description" in schema:
        yield f"<p>{_text(schema['description'])}</p>"
    if "properties" not in schema:
        yield f"<p>{_kind(schema)}</p>"
        for inner in schema.get("oneOf", ()):
            if "properties" in inner:
                yield from _schema(inner)
        return
    required = schema.get("required", ())
    yield from _table(
        (name, "" if name in required else "optional", inner, inner.get("description", ""))
        for name, inner in schema["properties"].items()
    )


def _table(rows: Iterator[tuple[str, str, Mapping[str, Any], str]]) -> Iterator[str]:
    yield "<table>"
    for name, remark, schema, description in rows:
        yield f"<tr><th><code>{escape(name)}</code></th>"
        yield f"<td>{_kind(schema)} <span class=dim>{escape(remark)}</span></td><td>{_text(description)}</td></tr>"
    yield "</table>"


def _kind(schema: Mapping[str, Any]) -> str:
    """Describe in a few words which values a schema allows."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#schema-{name}'>{name}</a>"
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " or ".join(_kind(inner) for inner in schema[several])
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    kind = schema.get("type", "object")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        words = f"array of {_kind(schema['items'])}"
    if "minimum" in schema and "maximum" in schema:
        words += f" from {schema['minimum']} to {schema['maximum']}"
    if "default" in schema:
        words += f", default <code>{escape(json.dumps(schema['default']))}</code>"
    return words


def _text(text: str) -> str:
    """Return text as HTML; text between backticks becomes code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
