"""The ``timtin`` command: it only wires, and sets up logging."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from web.commands.answering import analyze, evaluate, search, similar, suggest
from web.commands.articles import delete, export, get, put, stats, tasks
from web.commands.completing import completion
from web.commands.configuring import config, keys
from web.commands.keeping import backup, check
from web.commands.moving import move
from web.commands.places import server_options
from web.commands.serving import serve
from web.commands.writing import fetch, index, watch
from web.terminal import LineFormatter, set_up_streams

_COMMANDS = (
    *(index, watch, fetch, search, suggest, similar, analyze, get, put, delete, export, tasks, stats, evaluate),
    *(serve, config, keys, check, backup, move, completion),
)
_server, _key_file = server_options


@click.group(commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="timtin")
@_server
@_key_file
def main(server: str | None, key_file: Path | None) -> None:  # noqa: ARG001 - the commands look for them
    """Full-text search for Vietnamese articles.

    The articles are in a data folder here, on a cluster, or at a service:

    \b
    timtin search giá vàng
    timtin --server http://127.0.0.1:8000 search giá vàng

    Exit codes: 0 found or done; 1 nothing found, or a failure; 2 wrong usage.
    """
    set_up_streams()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("watchdog", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
