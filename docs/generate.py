"""Write the references of commands and API from the program, and what meets what from the tests: ``make docs``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tests.spellings import APART, MEET
from web.api.openapi import describe_api
from web.cli import main

FOLDER = Path(__file__).parent


def command_reference() -> str:
    """Return the help of every command as Markdown."""
    lines = ["# The timtin command", "", "Made by `make docs`; do not edit.", ""]
    context = click.Context(main, info_name="timtin", max_content_width=100, terminal_width=100)
    lines += ["```", main.get_help(context), "```", ""]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        own = click.Context(command, info_name=name, parent=context, max_content_width=100, terminal_width=100)
        lines += [f"## timtin {name}", "", "```", command.get_help(own), "```", ""]
    lines += [
        "Exit codes: 0 done; 1 some inputs failed, a run was cut short, or the check found something; 2 wrong usage.",
        "",
    ]
    return "\n".join(lines)


def http_reference() -> str:
    """Return the description of the API as Markdown."""
    lines = ["# The HTTP API", "", "Made by `make docs`; do not edit. A running service shows the same at `/docs`.", ""]
    for path, operations in describe_api()["paths"].items():
        for method, operation in operations.items():
            lines += [
                f"## {method.upper()} {path}",
                "",
                f"{operation['summary']}." + (" Needs the key." if operation.get("security") else ""),
                "",
            ]
            if operation["parameters"]:
                lines += ["| parameter | in | what | default |", "|---|---|---|---|"]
                lines += [_row(parameter) for parameter in operation["parameters"]]
                lines.append("")
    return "\n".join(lines)


def _row(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    values = schema.get("enum") or schema.get("items", {}).get("enum") or []
    what = "; ".join(part for part in (schema.get("description", "").rstrip("."), ", ".join(values)) if part)
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


def _codes(texts: Sequence[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


if __name__ == "__main__":
    (FOLDER / "spellings.md").write_text(spellings_table(), "utf-8")
    (FOLDER / "commands.md").write_text(command_reference(), "utf-8")
    (FOLDER / "http.md").write_text(http_reference(), "utf-8")
