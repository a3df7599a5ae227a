"""The command that serves the search page and the API."""

from __future__ import annotations

from pathlib import Path

import click

from web.commands.base import Command, Whole
from web.commands.configuring import settings_options


@click.command(cls=Command)
@click.option("--host", metavar="ADDRESS", show_default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=Whole(0, 65_535), metavar="PORT", show_default="8000", help="Port to listen on.")
@click.option(
    "--workers",
    type=Whole(1, 64),
    metavar="N",
    show_default="one a processor, at most 4",
    help="Processes that answer.",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Also add what is in this folder, or appears there.",
)
@settings_options
def serve(
    host: str | None,
    port: int | None,
    workers: int | None,
    watch: Path | None,
    data: Path | None,
    config: Path | None,
    engine: str | None,
    hosts: str | None,
) -> None:
    """Serve the search page and the API.

    What no option says is taken from TIMTIN_ variables, then from a file of settings, see 'timtin config'.
    """
    from web.configuration import load_settings
    from web.serving.prefork import serve as run_server

    server = {"host": host, "port": port, "workers": workers, "watch": watch}
    flags = {f"server.{name}": value for name, value in server.items()}
    run_server(load_settings({**flags, "data": data, "config": config, "engine": engine, "hosts": hosts}))
