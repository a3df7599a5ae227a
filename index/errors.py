"""The errors every floor of the house raises: what was wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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


class DamagedIndexError(TimtinError):
    """Report an index whose files cannot be read; it can be made anew from the store."""
