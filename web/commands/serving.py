"""The command that serves the search page and the API."""

from __future__ import annotations

from pathlib import Path

import click

from index.processes import processors
from search.archive import ArchiveConfig
from web.commands.base import Command, data_option, free_disk_mb


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, envvar="PORT")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: min(processors(), 4),
    show_default="one per processor, at most 4",
    help="Number of search processes.",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also index the articles in this folder, and those that appear in it.",
)
@data_option
def serve(host: str, port: int, workers: int, watch: Path | None, data: Path) -> None:
    """Serve the search page and the API."""
    from web.server import serve as run_server

    run_server(ArchiveConfig(data, free_disk_mb=free_disk_mb()), host, port, workers, watch)
