"""What the guide for operators tells to type, set and look for is there."""

from __future__ import annotations

import json
import logging
import re
import shlex
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT
from web.cli import main
from web.configuration import FIELDS, read_settings
from web.logs import JsonFormatter, Visit, access, log_visit
from web.settings import LogSettings

GUIDE = (ROOT / "docs" / "operating.md").read_text("utf-8")
SECTIONS = {name.partition(".")[0] for name in FIELDS if "." in name}


def blocks(language: str) -> list[str]:
    """Return the guide's blocks of code in a language, without their comments."""
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return [re.sub(r"\s+#.*$", "", block, flags=re.MULTILINE) for block in found]


def commands() -> list[list[str]]:
    """Return what the guide has the program called with, alone, in a pipe, in a container or by cron."""
    lines = [line.split("|")[0].split(">")[0] for block in blocks("sh") + blocks("cron") for line in block.splitlines()]
    calls = [re.search(r"(?:^|/opt/timtin/bin/|podman exec timtin )timtin ([a-z].*)", line.strip()) for line in lines]
    return [shlex.split(call[1]) for call in calls if call is not None]


def test_commands_are_understood() -> None:
    assert {arguments[0] for arguments in commands()} == {"backup", "check", "export", "keys", "serve"}
    for arguments in commands():
        command: click.Command = main
        context = click.Context(main, **main.context_settings)
        while isinstance(command, click.Group):
            name, command, arguments = command.resolve_command(context, arguments)  # type: ignore[assignment]
            assert command is not None
        command.make_context(name, arguments, parent=context)


def test_files_named_are_there() -> None:
    named = {word for block in blocks("sh") for word in re.findall(r"\bdeploy/\S+|requirements\.\w+", block)}
    named |= {f"docs/{link}" for link in re.findall(r"\]\(([^)#:]+)", GUIDE)}
    assert len(named) > 6
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_headings_linked_to_are_there() -> None:
    for file, heading in re.findall(r"\]\(([\w/.-]*)#([\w-]+)\)", GUIDE):
        text = (ROOT / "docs" / file).read_text("utf-8") if file else GUIDE
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_settings_named_are_there_and_those_shown_are_taken(tmp_path: Path) -> None:
    named = set(re.findall(rf"`({'|'.join(SECTIONS)})\.(\w+)", GUIDE))
    assert {".".join(pair) for pair in named} - set(FIELDS) == set()
    proxied, clustered = blocks("toml")
    (tmp_path / "timtin.toml").write_text(proxied, "utf-8")
    assert read_settings({"data": tmp_path}, {}).settings.server.public_url
    (tmp_path / "timtin.toml").write_text(clustered, "utf-8")
    settings = read_settings({"data": tmp_path}, {}).settings
    assert (settings.engine, len(settings.hosts), settings.cluster.user) == ("opensearch", 3, "timtin")


def test_every_limit_says_what_is_beyond_it() -> None:
    table = GUIDE[GUIDE.index("| setting | beyond it |") :].partition("\n\n")[0]
    told = re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()))
    limits = [name.removeprefix("limits.") for name in FIELDS if name.startswith("limits.")]
    assert sorted(told) == sorted([*limits, "timeout_ms"])


def test_every_field_of_the_log_is_told(caplog: pytest.LogCaptureFixture) -> None:
    table = GUIDE[GUIDE.index("| field | what |") :].partition("\n\n")[0]
    told = re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()))
    with caplog.at_level(logging.INFO, access.name):
        log_visit(Visit("id", "GET", "/", b"q=lua", "192.0.2.1", "pages.index", 200), LogSettings(queries=True))
    assert sorted(told) == sorted(json.loads(JsonFormatter().format(caplog.records[0])))
