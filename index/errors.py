"""The exceptions all floors raise. A message says what was wrong, where, and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class TimtinError(Exception):
    """Report something the user can understand and fix; the message is shown to them unchanged."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Name one bad field or parameter and say what is wrong with it.

    ``code`` and its ``values`` say the same, for who says it in another language; the code may be empty.
    """

    where: str
    what: str
    code: str = field(default="", compare=False)
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)


class InvalidInputError(TimtinError):
    """Reject an input; ``problems`` names each bad part."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class UnreadableFileError(TimtinError):
    """Reject a file that cannot be read as articles."""


class LeftOutError(UnreadableFileError):
    """Leave out what is rightly not read as an article, a draft for instance; it is named and counted, no failure.

    ``counts`` says how many of what, in the singular.
    """

    def __init__(self, message: str, counts: Mapping[str, int] | str = "other") -> None:
        super().__init__(message)
        self.counts = {counts: 1} if isinstance(counts, str) else counts


class TaskCancelledError(TimtinError):
    """End a task before it is done, as was asked."""


class WriterBusyError(TimtinError):
    """Refuse a second writer; the message names the one that holds the data folder, the ``holder``."""

    def __init__(self, message: str, holder: str = "another process") -> None:
        super().__init__(message)
        self.holder = holder


class StoreError(TimtinError):
    """Report a data folder or database that cannot be used."""


class ClusterError(StoreError):
    """Report that the cluster cannot be used now, or not as it is told; the message says why and what to do.

    ``status`` is the HTTP status of its answer, None without one.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class DamagedStoreError(StoreError):
    """Report a corrupt database file; only a backup restores it."""


class RottenArticleError(DamagedStoreError):
    """Report a stored article, ``id``, that is not as it was written; the others are not affected."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"article {id!r} is damaged in the store, what was written cannot be read back:"
            " send it again, or restore it from a backup"
        )
        self.id = id

    def __reduce__(self) -> tuple[type[RottenArticleError], tuple[str]]:
        return type(self), (self.id,)


class DamagedIndexError(TimtinError):
    """Report an index whose files cannot be read; it can be rebuilt from the store."""


class IndexMissingError(TimtinError):
    """Report that no index of the store's articles can answer yet; the next ``Engine.apply`` builds it."""


class SearchTimeoutError(TimtinError):
    """Report a search whose time was over before anything certain was found."""


class SearchCancelledError(TimtinError):
    """End a search that nobody waits for any more."""


class ChangedError(TimtinError):
    """Refuse a write because the stored article, ``id``, is not what the write was meant for; nothing was written."""

    def __init__(self, id: str) -> None:
        super().__init__(f"article {id!r} is not as the request expects it: read it again, and send the change to that")
        self.id = id


class DiskFullError(TimtinError):
    """Report that the disk is full, or too full for more articles; what was written before is unchanged."""


def is_disk_full(error: BaseException) -> bool:
    """Tell whether ``error`` means that the disk, or the user's quota on it, is full."""
    if isinstance(error, DiskFullError):
        return True
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def is_shortage(error: BaseException) -> bool:
    """Tell whether ``error`` means that file descriptors or memory ran out, which is no sign of a damaged file."""
    return isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@contextmanager
def naming_full_disk(folder: Path) -> Iterator[None]:
    """Turn an OSError that means a full disk into a DiskFullError that names ``folder``."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise full_disk(folder) from error


def low_disk(folder: Path, least: int) -> DiskFullError:
    """Return the error for a disk that holds ``folder`` and has less than ``least`` bytes free."""
    return DiskFullError(
        f"the disk that holds {folder} has less than {least / 1_000_000:,.0f} MB free, which are kept for the index;"
        " free some space and try again. No acknowledged write is lost."
    )


def full_disk(folder: Path) -> DiskFullError:
    """Return the error for a full disk that holds ``folder``."""
    return DiskFullError(
        f"the disk that holds {folder} is full; free some space and try again. No acknowledged write is lost."
    )
