"""How far a command is, on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from index.store.article_store import Progress

_BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}, {elapsed} and {remaining} left{postfix}"


@contextmanager
def shown_progress(what: str, unit: str = " articles") -> Iterator[tuple[Progress | None, Callable[[str], None]]]:
    """Yield (what counts progress on a terminal, None in a pipe; what prints a message above the counter).

    Both write to standard error.
    """
    from tqdm import tqdm

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
        self._bar.write(line, file=sys.stderr)

    def _tell(self) -> None:
        files = f"{self._files:,}/{self._all_files:,} files, " if self._all_files else ""
        self._bar.set_postfix_str(f"{files}{self._indexed:,} articles indexed", refresh=False)
        self._bar.update(0)


@contextmanager
def shown_reading() -> Iterator[ReadingBar]:
    """Yield the bar of a run that reads files; what is logged meanwhile appears above it."""
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    with (
        tqdm(
            unit="B", unit_scale=True, desc="read", disable=None, file=sys.stderr, dynamic_ncols=True, leave=True
        ) as bar,
        logging_redirect_tqdm(),
    ):
        yield ReadingBar(bar)
