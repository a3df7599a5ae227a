"""Where the articles are: in a data folder, on a cluster, or at a service that is asked over HTTP."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from index.errors import DiskFullError, TimtinError, WriterBusyError
from web.commands.base import Seconds
from web.commands.progress import shown_progress
from web.terminal import one_line

if TYPE_CHECKING:
    from search.archive import Archive, ClusterConfig

_PATIENCE = 30.0
_BUSY_SECONDS = 1.0
_FREE_DISK = "TIMTIN_LIMITS_FREE_DISK_MB"

server_options = (
    click.option("--server", metavar="URL", help="Ask the service there (or set TIMTIN_SERVER)."),
    click.option(
        "--key-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="The file with its key (or set TIMTIN_KEY_FILE).",
    ),
)
hosts_option = click.option("--hosts", metavar="URL,URL", help="The nodes of the cluster (or set TIMTIN_HOSTS).")
engine_options = (
    click.option(
        "--engine",
        type=click.Choice(["embedded", "opensearch"]),
        metavar="NAME",
        show_default="embedded",
        help="embedded: the data folder; opensearch: a cluster (or set TIMTIN_ENGINE).",
    ),
    hosts_option,
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    envvar="TIMTIN_DATA",
    default=Path("data"),
    show_default=True,
    help="The data folder (or set TIMTIN_DATA).",
)
wait_option = click.option(
    "--wait",
    type=Seconds(0, 86_400),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until searches find what is new.",
)


@dataclass(frozen=True, slots=True)
class Service:
    """A service by its address, and the file that has the key for it."""

    url: str
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the articles are: in a data folder, on a cluster, or at a service."""

    data: Path
    cluster: ClusterConfig | None = None
    service: Service | None = None

    def __str__(self) -> str:
        """Return how to name it to users."""
        if self.service is not None:
            return self.service.url
        return str(self.data.resolve() if self.cluster is None else self.cluster)


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where an archive is; the command gets them as its ``place``."""

    @wraps(command)
    def placed(*, data: Path, engine: str | None, hosts: str | None, **others: Any) -> None:
        command(place=place_of(data, engine, hosts), **others)

    return _with_options(placed, (data_option, *engine_options))


def service_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where an archive is, or a service; the command gets them as its ``place``."""

    @wraps(command)
    def placed(
        *, server: str | None, key_file: Path | None, data: Path, engine: str | None, hosts: str | None, **others: Any
    ) -> None:
        service = _service(click.get_current_context(), server, key_file)
        place = place_of(data, engine, hosts) if service is None else Place(data, service=service)
        command(place=place, **others)

    return _with_options(placed, (*server_options, data_option, *engine_options))


def _with_options(command: Callable[..., None], options: tuple[Any, ...]) -> Callable[..., None]:
    for option in reversed(options):
        command = option(command)
    return command


def _service(ctx: click.Context, server: str | None, key_file: Path | None) -> Service | None:
    """Return the service to ask: by the flags of the command, of ``timtin``, or else the environment; None if none."""
    above = ctx.find_root().params
    server, key_file = server or above.get("server"), key_file or above.get("key_file")
    flags = ("data", "engine", "hosts")
    here = [name for name in flags if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if server and here:
        raise click.UsageError(f"--server and --{here[0]} name different archives; give one of them", ctx)
    if not here:
        server = server or os.environ.get("TIMTIN_SERVER", "").strip()
    if not server:
        if key_file is not None:
            raise click.UsageError("--key-file is for a service; name that, too, with --server", ctx)
        return None
    if key_file is None and (named := os.environ.get("TIMTIN_KEY_FILE", "").strip()):
        key_file = Path(named)
    return Service(server, key_file)


def place_of(data: Path, engine: str | None, hosts: str | None) -> Place:
    """Return where an archive is, as flags, environment and file say it. Raises TimtinError."""
    from web.cluster import cluster_of
    from web.configuration import PLACE, read_settings

    reading = read_settings({"data": data, "engine": engine, "hosts": hosts}, only=PLACE)
    return Place(data, cluster_of(reading.settings))


@contextmanager
def opened_archive(place: Place, *, made: bool = False) -> Iterator[Archive]:
    """Open an archive; a missing data folder is created if ``made``, else raises TimtinError."""
    from search.archive import ArchiveConfig, open_archive

    config = ArchiveConfig(place.data, free_disk_mb=free_disk_mb(), patience=_PATIENCE)
    with ExitStack() as left:
        if place.cluster is not None:
            folder = Path(left.enter_context(tempfile.TemporaryDirectory(prefix="timtin-")))
            config = replace(config, data=folder, cluster=place.cluster, new=made)
        elif not made and not place.data.exists():
            raise TimtinError(
                f"there is no data folder {place.data}; make one with 'timtin index PATH', or name it with --data"
            )
        yield left.enter_context(closing(open_archive(config)))


@contextmanager
def temporary_archive(place: Place) -> Iterator[Archive]:
    """Open an empty archive of the kind that ``place`` says, and delete it at the end."""
    from search.archive import delete_cluster_archive

    if place.cluster is None:
        with tempfile.TemporaryDirectory() as folder, opened_archive(Place(Path(folder))) as archive:
            yield archive
        return
    alone = replace(place.cluster, prefix=f"{place.cluster.prefix[:80]}-trial-{secrets.token_hex(4)}")
    try:
        with opened_archive(Place(place.data, alone), made=True) as archive:
            yield archive
    finally:
        delete_cluster_archive(alone)


def make_searchable(archive: Archive) -> None:
    """Make every write searchable, unless another process is doing so."""
    if archive.in_sync():
        return
    try:
        with shown_progress("indexed") as (advance, _):
            archive.engine.apply(wait=_BUSY_SECONDS, progress=advance)
    except (WriterBusyError, DiskFullError) as error:
        click.echo(one_line(f"timtin: some articles are not in the index yet: {error}"), err=True)


def free_disk_mb() -> int:
    """Return how much of the disk articles may not take, in MB, as the environment says. Raises TimtinError."""
    from search.archive import FREE_DISK_MB

    given = os.environ.get(_FREE_DISK) or str(FREE_DISK_MB)
    if not given.isdecimal():
        raise TimtinError(f"{_FREE_DISK} is {given!r}; give a number of megabytes, such as 100, or 0 for no limit")
    return int(given)
