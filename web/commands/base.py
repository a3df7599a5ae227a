"""What every command shares: how it fails, its options, the archive, progress, output."""

from __future__ import annotations

import json
import math
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from index.errors import DiskFullError, TimtinError, WriterBusyError, is_disk_full
from index.store.article_store import Progress
from search.archive import FREE_DISK_MB, Archive, ArchiveConfig, ClusterConfig, delete_cluster_archive, open_archive
from web.cluster import cluster_of
from web.configuration import PLACE, SettingsError, read_settings
from web.terminal import one_line

_PATIENCE = 30.0
_BUSY_SECONDS = 1.0
_BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}, {elapsed} and {remaining} left{postfix}"
_FREE_DISK = "TIMTIN_LIMITS_FREE_DISK_MB"


class Command(click.Command):
    """A command that reports a failure in one line on standard error and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            for problem in error.problems[:-1]:
                click.echo(f"timtin: {one_line(problem)}", err=True)
            fail(error.problems[-1])
        except TimtinError as error:
            fail(str(error))
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:
            if is_disk_full(error):
                with suppress(OSError):  # its buffer would fail again at exit
                    sys.stdout.close()
                fail(f"the disk is full ({error}): free some space and run the command again; what was stored is kept")
            fail(f"{type(error).__name__}: {error}")


class Seconds(click.FloatRange):
    """A number of seconds in a range; ``nan`` is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return seconds


hosts_option = click.option("--hosts", metavar="URL,URL", help="The nodes of the cluster (or set TIMTIN_HOSTS).")
engine_options = (
    click.option(
        "--engine",
        type=click.Choice(["embedded", "opensearch"]),
        show_default="embedded",
        help="Where the archive is: the data folder, or a cluster (or set TIMTIN_ENGINE).",
    ),
    hosts_option,
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
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
    help="How long to wait for another process that is writing the index.",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an archive is: in a data folder, or on a cluster."""

    data: Path
    cluster: ClusterConfig | None = None

    def __str__(self) -> str:
        """Return how to name it to users."""
        return str(self.data.resolve() if self.cluster is None else self.cluster)


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where an archive is; the command gets them as its ``place``."""

    @wraps(command)
    def placed(*, data: Path, engine: str | None, hosts: str | None, **others: Any) -> None:
        command(place=place_of(data, engine, hosts), **others)

    options: Callable[..., None] = placed
    for option in (*reversed(engine_options), data_option):
        options = option(options)
    return options


def place_of(data: Path, engine: str | None, hosts: str | None) -> Place:
    """Return where an archive is, as flags, environment and file say it. Raises TimtinError."""
    reading = read_settings({"data": data, "engine": engine, "hosts": hosts}, only=PLACE)
    return Place(data, cluster_of(reading.settings))


@contextmanager
def opened_archive(place: Place, *, made: bool = False) -> Iterator[Archive]:
    """Open an archive; a missing data folder is created if ``made``, else raises TimtinError."""
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


@contextmanager
def searched_archive(place: Place) -> Iterator[Archive]:
    """Open an archive and make every write searchable, unless another process is doing so."""
    with opened_archive(place) as archive:
        if not archive.in_sync():
            try:
                with shown_progress("indexed") as (advance, _):
                    archive.engine.apply(wait=_BUSY_SECONDS, progress=advance)
            except (WriterBusyError, DiskFullError) as error:
                click.echo(one_line(f"timtin: some articles are not in the index yet: {error}"), err=True)
        yield archive


def free_disk_mb() -> int:
    """Return how much of the disk articles may not take, in MB, as the environment says. Raises TimtinError."""
    given = os.environ.get(_FREE_DISK) or str(FREE_DISK_MB)
    if not given.isdecimal():
        raise TimtinError(f"{_FREE_DISK} is {given!r}; give a number of megabytes, such as 100, or 0 for no limit")
    return int(given)


@contextmanager
def shown_progress(what: str, unit: str = " articles") -> Iterator[tuple[Progress | None, Callable[[str], None]]]:
    """Yield (what counts progress on a terminal, None in a pipe; what prints a message above the counter).

    Both write to standard error.
    """
    with tqdm(unit=unit, desc=what, disable=None, file=sys.stderr, leave=False) as bar:

        def advance(count: int) -> None:
            bar.update(count)

        yield None if bar.disable else advance, lambda line: tqdm.write(line, file=sys.stderr)


class ReadingBar:
    """A line on a terminal that shows how much of the files was read, and the time that is left; nothing in a pipe.

    Its last state stays on the screen. It is on standard error.
    """

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar
        self._files = self._indexed = self._all_files = 0
        self.is_shown = not bar.disable

    def set_size(self, files: int, size: int) -> None:
        """Set how many files there are, and how many bytes they have; none if that is not known."""
        self._all_files = files
        if size:
            self._bar.total, self._bar.bar_format = size, _BAR
        self._tell()

    def read(self, size: int) -> None:
        """Count bytes that were read."""
        self._bar.update(size)

    def file(self) -> None:
        """Count a file that is done."""
        self._files += 1
        self._tell()

    def indexed(self, count: int) -> None:
        """Count articles that were indexed."""
        self._indexed += count
        self._tell()

    def write(self, line: str) -> None:
        """Print a message above the line."""
        tqdm.write(line, file=sys.stderr)

    def _tell(self) -> None:
        files = f"{self._files:,}/{self._all_files:,} files, " if self._all_files else ""
        self._bar.set_postfix_str(f"{files}{self._indexed:,} articles indexed", refresh=False)
        self._bar.update(0)


@contextmanager
def shown_reading() -> Iterator[ReadingBar]:
    """Yield the bar of a run that reads files; what is logged meanwhile appears above it."""
    with (
        tqdm(
            unit="B", unit_scale=True, desc="read", disable=None, file=sys.stderr, dynamic_ncols=True, leave=True
        ) as bar,
        logging_redirect_tqdm(),
    ):
        yield ReadingBar(bar)


def print_json(value: object) -> None:
    """Print a value as indented JSON, Vietnamese letters unescaped."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def fail(message: str) -> NoReturn:
    """Print ``message`` in one line on standard error and exit with 1."""
    click.echo(f"timtin: {one_line(message)}", err=True)
    sys.exit(1)
