"""The errors every floor of the house raises: what was wrong, where, and what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class TimtinError(Exception):
    """Report something the user can understand and mend; the message is shown to them as it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Name one bad field or parameter and say what is wrong with it."""

    where: str
    what: str


class InvalidInputError(TimtinError):
    """Refuse an input; ``problems`` names each bad part."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class UnreadableFileError(TimtinError):
    """Refuse a file that cannot be read as articles."""


class WriterBusyError(TimtinError):
    """Tell a second writer who is at work in the data folder."""


class StoreError(TimtinError):
    """Report a data folder or database that cannot be used."""


class DamagedStoreError(StoreError):
    """Report a database whose file is not as it was written; only a backup mends it."""


class DamagedIndexError(TimtinError):
    """Report an index whose files cannot be read; it can be made anew from the store."""


class SearchEndedError(TimtinError):
    """Report a search that took too long or ended the process it was made in; others are answered as before."""


class DiskFullError(TimtinError):
    """Report that there was no room on the disk; what was there before is as it was."""


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error says that the disk, or the owner's quota of it, is full."""
    if isinstance(error, DiskFullError):
        return True
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def is_shortage(error: BaseException) -> bool:
    """Tell whether an error of the system says that files or memory are short, of which no file is the cause."""
    return isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@contextmanager
def naming_full_disk(folder: Path) -> Iterator[None]:
    """Raise DiskFullError in place of what the system raises when the disk of ``folder`` is full."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise full_disk(folder) from error


def full_disk(folder: Path) -> DiskFullError:
    """Return the error that says that the disk of ``folder`` is full."""
    return DiskFullError(f"the disk that holds {folder} is full; make room: what was acknowledged is safe")
