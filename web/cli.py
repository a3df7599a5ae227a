"""The ``timtin`` command: it only wires, and sets up logging."""

from __future__ import annotations

import io
import logging
import sys

import click

from web.commands.answering import evaluate, search, stats, suggest
from web.commands.configuring import config, keys
from web.commands.keeping import backup, check, export
from web.commands.moving import move
from web.commands.serving import serve
from web.commands.writing import fetch, index, watch
from web.terminal import LineFormatter


@click.group(
    commands=(index, watch, fetch, search, suggest, stats, evaluate, serve, config, keys, check, export, backup, move),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="timtin")
def main() -> None:
    """Full-text search for Vietnamese articles."""
    _unbuffer_stderr()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("watchdog").setLevel(logging.WARNING)


def _unbuffer_stderr() -> None:
    """Make standard error unbuffered, so that a line that a full disk refuses is lost and fails no later flush.

    Starting a process flushes standard error.
    """
    buffer = getattr(sys.stderr, "buffer", None)
    if isinstance(buffer, io.BufferedWriter):
        sys.stderr = io.TextIOWrapper(buffer.raw, sys.stderr.encoding, sys.stderr.errors, write_through=True)


if __name__ == "__main__":
    main()
