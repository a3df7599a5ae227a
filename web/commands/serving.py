"""The command that serves the search page and the API."""

from __future__ import annotations

from pathlib import Path

import click

from web.commands.base import Command
from web.commands.configuring import settings_options
from web.configuration import load_settings
from web.settings import ServerSettings

_DEFAULTS = ServerSettings()


@click.command(cls=Command)
@click.option("--host", show_default=_DEFAULTS.host, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), show_default=str(_DEFAULTS.port), help="Port to listen on.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    show_default="one per processor, at most 4",
    help="Number of processes that answer.",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also index the articles in this folder, and those that appear in it.",
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
    from web.serving.prefork import serve as run_server

    server = {"host": host, "port": port, "workers": workers, "watch": watch}
    flags = {f"server.{name}": value for name, value in server.items()}
    run_server(load_settings({**flags, "data": data, "config": config, "engine": engine, "hosts": hosts}))
