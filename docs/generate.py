"""Write the references of commands and API from the program, and what meets what from the tests: ``make docs``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from index.field_names import KEYWORDS, NAMES
from index.store.article_store import TaskKind, TaskState
from search.query.notes import NoteCode
from search.snippets.reasons import ReasonCode
from tests.spellings import APART, MEET
from web.api.openapi import describe_api
from web.cli import main
from web.commands.configuring import shown_value
from web.configuration import FIELDS, variable_of

FOLDER = Path(__file__).parent
_HOW_TO_SET = """\
`timtin serve` needs no settings. What differs from its defaults is said by flags, by variables of the environment, or
in a file of TOML; a flag goes before a variable, a variable before the file. The file is the one that `--config` or
`TIMTIN_CONFIG` names, else `timtin.toml` in the data folder, if there is one. `timtin config` prints every value and
where it comes from.

```toml
[server]
public_url = "https://tin.example.vn"
hosts = ["tin.example.vn"]
trusted_proxies = ["127.0.0.1"]

[access]
search = "key"
```

A relative path in a file is meant from the folder of the file. A list in a variable has commas between its parts, and
an empty variable says nothing. `server.port` is also `PORT`. Names that do not exist and values out of range are
errors. `data` cannot be set by a file in the data folder. Keys are no settings: see [How to](how-to.md#keys).

Every command that opens an archive heeds `data`, `engine`, `hosts` and `[cluster]`, from the same places, and nothing
else. Secrets are in files, whose names are settings: see [On a cluster](operating.md#on-a-cluster).\
"""
_HOW_COMMANDS_END = """\
**Exit codes.** 0: what was asked for was found or done. 1: nothing was found, an article is not there, some inputs
failed, a run was cut short, or the check found something; standard error says which, but for a search that finds
nothing. 2: wrong usage.

**JSON.** With `--json`, a command prints one JSON value; messages stay on standard error, and exit codes are the same.

| command | prints |
|---|---|
| `search` | [SearchAnswer](http.md#searchanswer), without `links` |
| `suggest` | [Suggestions](http.md#suggestions) |
| `similar` | [SimilarArticles](http.md#similararticles); without `id` for a text |
| `analyze` | [TextAnalysis](http.md#textanalysis) of the words, as a text and as a query |
| `get` | a [StoredArticle](http.md#storedarticle) for each id that is there, one after the other |
| `put` | `added`, `updated`, `unchanged`; `searchable`; `outcomes`: `id`, `result`; `refused`: `where`, `detail` |
| `delete` | the same, with the counts `deleted` and `missing` |
| `export` | has no `--json`: it always prints an article a line |
| `tasks` | [Tasks](http.md#tasks), or with an id one [TaskShown](http.md#taskshown) |
| `stats` | [Stats](http.md#stats), and where the articles are, as `data` |
| `index`, `fetch` | the counts of the summary, and what `failed` |
| `check` | `problems`, `repaired`, `left`, `verdict` |
| `backup` | `file`, `bytes`, `damaged`, `deleted` |
| `config`, `evaluate`, `keys`, `move` | what they print without it, by name |

**A service elsewhere.** Commands with `--server` ask the service at that address. It may also stand before the command,
`timtin --server URL search lúa`, or be set as `TIMTIN_SERVER`; `--data`, `--engine` and `--hosts` go before the
variable. The key is read from the file that `--key-file` or `TIMTIN_KEY_FILE` names.\
"""
_HOW_NAMES_ARE_READ = """\
JSON, CSV, HTTP bodies, front matter and the heads of plain texts are read by these names. Case, accents, spaces and
signs do not matter: `published_at` is also `publishedAt`, `PUBLISHED-AT` and `Published at`, `ngaydang` is `Ngày đăng`.
A word around a name that says nothing is dropped: `post_title`, `Nội dung chi tiết`, `og:description`, `title_vi`,
`cate_name`, `publish_timestamp`, and so is a remark in brackets: `Ngày đăng (dd/mm/yyyy)`. A name with `gmt` or `utc`
in it is that of a time in UTC. A dotted name is a path: `source.name`, `content.rendered`, `data.title`. Fields may
also be in an object: `{"_source": {...}}`, `{"attributes": {...}}`.

If a record has several names of a field, the first of its row counts whose value can be read; the others stay in
`extra`. A title with nothing but a `description` or `summary` has its text there. Keywords stay in `extra` too. What no
field was read from is named in the summary of `timtin index`; `--map NAME=FIELD` says what it stands for, and
`--map NAME=extra` that it is no field.

In files, and not over HTTP: a record whose `status` or `post_status` is that of a draft or of the trash, or whose
`draft` is true or `published` false, is left out and counted; the dates that programs write for none (`0001-01-01`, the
first second of 1970) are none; an address in `source` is its site; a text that is written as JSON, with `\\n` for its
line breaks, or as a list of paragraphs in Python is read as what it is. `--map status=extra` has drafts read as well.\
"""

_HOW_THE_API_CHANGES = """\
`/openapi.json` is the same for programs (OpenAPI 3.1), with an example of each body.

**Errors** are `application/problem+json` (RFC 9457) of one shape, also those of the server itself: `detail` says what
was wrong and what to do, `errors` names each bad part. Parameters and members that are not known are errors, with the
nearest name that there is. After 429 and 503, `Retry-After` says how long to wait.

**What may change.** Under `/api/v1`, a member of an answer keeps its name and its meaning, a parameter what it does,
and what was accepted stays so. There may be new members in answers, new optional parameters, new operations and new
errors, and values where they are names, such as the state of a task or the code of a note; so programs must pass over
members that they do not know, and take a value that they do not know for some other. Texts for people (`detail`,
`title`, `message`), the order of members, scores and the order of hits with equal keys may change at any time.
A parameter that was ignored because it was wrong may become an error that names it.

What is to go is deprecated first: [the changelog](../CHANGELOG.md) says so under *Deprecated*, with what replaces it
and the day on which it may go; `/openapi.json` marks it `deprecated`. It works as before for a year at least, and goes
with a new version of the API alone: `/api/v2` then has no such thing, and `/api/v1` stays beside it for at least a year
more. A bound (a size, a number, a time) is only lowered this way; a setting of the
service may lower it any day. What a defect or an attack makes unsafe may be closed at once. The changelog names every
change.\
"""
_VALUES = {kind.__name__: list(kind) for kind in (NoteCode, ReasonCode, TaskKind, TaskState)}
_NOT_LISTED = ("AnyObject",)


def command_reference() -> str:
    """Return the help of every command as Markdown."""
    lines = ["# The timtin command", "", "Made by `make docs`; do not edit.", "", _HOW_COMMANDS_END, ""]
    context = click.Context(main, info_name="timtin", terminal_width=80, **main.context_settings)
    lines += ["```", main.get_help(context), "```", ""]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        lines += _help(name, command, context)
    return "\n".join(lines)


def _help(name: str, command: click.Command, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=80)
    lines = [f"## {context.command_path}", "", "```", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            lines += _help(inner, command.commands[inner], context)
    return lines


def configuration_reference() -> str:
    """Return every setting as Markdown, below what ``web.configuration`` says of all."""
    lines = ["# Settings", "", "Made by `make docs`; do not edit.", "", _HOW_TO_SET, ""]
    sections: dict[str, list[str]] = {}
    for name, field in FIELDS.items():
        section, _, key = name.rpartition(".")
        default = shown_value(field.get_default(call_default_factory=True))
        row = f"| `{key}` | {field.description} | {'' if default == '-' else f'`{default}`'} | `{variable_of(name)}` |"
        sections.setdefault(section, []).append(row)
    for section, rows in sections.items():
        lines += [f"## [{section}]", ""] if section else []
        lines += ["| setting | what | default | variable |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def http_reference() -> str:
    """Return the description of the API as Markdown."""
    lines = ["# The HTTP API", "", "Made by `make docs`; do not edit. A running service shows the same at `/docs`.", ""]
    lines += [_HOW_THE_API_CHANGES, ""]
    api = describe_api()
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            lines += [
                f"## {method.upper()} {path}",
                "",
                " ".join([f"{operation['summary']}.", operation.get("description", "")]).rstrip(),
                "",
            ]
            if operation["parameters"]:
                lines += ["| parameter | in | what | default |", "|---|---|---|---|"]
                lines += [_row(parameter) for parameter in operation["parameters"]]
                lines.append("")
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                lines += [f"Body: `{kind}`, {_type(content['schema'])}.", "", *_example(content["example"]), ""]
            lines += [*_answers(operation["responses"]), ""]
    lines += ["## Objects", ""]
    for name, schema in sorted(api["components"]["schemas"].items()):
        if "properties" in schema and name not in _NOT_LISTED:
            lines += _object(name, schema)
    return "\n".join(lines)


def _answers(responses: Mapping[str, Any]) -> list[str]:
    """Return what an operation answers, the errors in one line."""
    answers = {status: response for status, response in responses.items() if "$ref" not in response}
    lines = []
    for status, response in answers.items():
        kinds = [f"`{kind}`, {_type(one['schema'])}" for kind, one in response.get("content", {}).items()]
        lines += [f"- {status}: {'; '.join(kinds) or 'nothing'}"]
    errors = ", ".join(status for status in responses if status not in answers)
    return [*lines, f"- an error, {_type({'$ref': 'ProblemDetails'})}: {errors}"]


def _object(name: str, schema: Mapping[str, Any]) -> list[str]:
    lines = [f"### {name}", "", schema.get("description", ""), "", "| member | type | what |", "|---|---|---|"]
    for member, entry in schema["properties"].items():
        optional = "" if member in schema.get("required", ()) else ", optional"
        lines.append(f"| `{member}` | {_type(entry)}{optional} | {entry.get('description', '')} |")
    return [*lines, ""]


def _type(schema: Mapping[str, Any]) -> str:
    """Return the type of a value in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name not in _VALUES else f"one of {', '.join(_VALUES[name])}"
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_type, several)))
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return "one of " + ", ".join(str(value).lower() if value is True else str(value) for value in values)
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema['items'])}" if schema["items"] else "list"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"object of {_type(schema['additionalProperties'])}"
        case kind:
            return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, str(kind))


def _example(example: Any) -> list[str]:
    if isinstance(example, str):
        return ["```", example.rstrip("\n"), "```"]
    return ["```json", json.dumps(example, ensure_ascii=False, indent=2), "```"]


def _row(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    values = schema.get("enum") or schema.get("items", {}).get("enum") or []
    parts = schema.get("description", "").rstrip("."), ", ".join(filter(None, values))
    what = "; ".join(part for part in parts if part)
    default = schema.get("default")
    shown = "" if default in (None, "", []) else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    return f"| `{parameter['name']}` | {parameter['in']} | {what} | {shown} |"


def spellings_table() -> str:
    """Return which spellings find each other as Markdown."""
    lines = ["# What meets what", "", "Made by `make docs` from what the tests try; do not edit.", ""]
    lines += ["Each spelling of a row, and what may be typed, finds the articles with any spelling of it.", ""]
    for kind, groups in MEET.items():
        lines += [f"## {kind[0].upper()}{kind[1:]}", "", "| written | typed |", "|---|---|"]
        lines += [f"| {_codes(group.written)} | {_codes(group.typed)} |" for group in groups]
        lines.append("")
    lines += ["## What stays apart", "", "| this | does not find |", "|---|---|"]
    lines += [f"| {_codes([one])} | {_codes([other])} |" for one, other in APART]
    return "\n".join([*lines, ""])


def names_table() -> str:
    """Return which names stand for which field as Markdown."""
    lines = ["# The names of fields", "", "Made by `make docs`; do not edit.", "", _HOW_NAMES_ARE_READ, ""]
    lines += ["| field | names, the one that counts most first |", "|---|---|"]
    lines += [f"| `{field}` | {_codes(names.split())} |" for field, names in NAMES.items()]
    lines += [f"| `{field}`, if no other names it | {_codes(names.split())} |" for field, names in KEYWORDS.items()]
    return "\n".join([*lines, ""])


def _codes(texts: Sequence[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


if __name__ == "__main__":
    (FOLDER / "spellings.md").write_text(spellings_table(), "utf-8")
    (FOLDER / "names.md").write_text(names_table(), "utf-8")
    (FOLDER / "commands.md").write_text(command_reference(), "utf-8")
    (FOLDER / "configuration.md").write_text(configuration_reference(), "utf-8")
    (FOLDER / "http.md").write_text(http_reference(), "utf-8")
