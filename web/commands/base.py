"""What every command shares: how it fails, its options, the archive, progress, output."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import click
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from index.errors import DiskFullError, TimtinError, WriterBusyError, is_disk_full
from index.store.article_store import Progress
from search.archive import FREE_DISK_MB, Archive, ArchiveConfig, open_archive
from web.configuration import SettingsError
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


@contextmanager
def opened_archive(data: Path, *, made: bool = False) -> Iterator[Archive]:
    """Open the archive in a data folder; a missing folder is created if ``made``, else raises TimtinError."""
    if not made and not data.exists():
        raise TimtinError(f"there is no data folder {data}; make one with 'timtin index PATH', or name it with --data")
    with closing(open_archive(ArchiveConfig(data, free_disk_mb=free_disk_mb(), patience=_PATIENCE))) as archive:
        yield archive


@contextmanager
def searched_archive(data: Path) -> Iterator[Archive]:
    """Open the archive in a data folder and make every write searchable, unless another process is doing so."""
    with opened_archive(data) as archive:
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
