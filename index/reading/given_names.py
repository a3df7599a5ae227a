"""What users have said that names stand for (``--map pubtime=published``), and for which files.

It is kept in the data folder with the file or folder it was said of, and holds for all that is below it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from index.errors import InvalidInputError
from index.records import FIELDS

NOT_A_FIELD = "extra"
"""What a name is given to if it is no field, whatever it looks like."""


def parsed_names(given: Sequence[str]) -> dict[str, str]:
    """Return the field of each name in texts like ``pubtime=published``. Raises InvalidInputError."""
    names = {}
    for text in given:
        name, sign, field = text.rpartition("=")
        if not sign or not name.strip() or field.strip() not in {*FIELDS, NOT_A_FIELD}:
            known = ", ".join((*FIELDS, NOT_A_FIELD))
            raise InvalidInputError(f"{text[:80]!r} names no field: write NAME=FIELD, where FIELD is one of {known}")
        names[name.strip()] = field.strip()
    return names


class GivenNames:
    """The names given for files: those ``kept`` by path, and those given for this run."""

    def __init__(self, kept: Mapping[str, Mapping[str, str]], now: Mapping[str, str]) -> None:
        self._kept = sorted(kept.items(), key=lambda entry: len(entry[0]))
        self._now = now

    def of(self, path: str) -> Mapping[str, str]:
        """Return what is given for the file at ``path``; what was said of a nearer folder goes first."""
        if not self._kept:
            return self._now
        names: dict[str, str] = {}
        for folder, given in self._kept:
            if path == folder or path.startswith(folder.rstrip("/") + "/"):
                names |= given
        return {**names, **self._now}

    def way(self, path: str, source: str | None) -> str | None:
        """Return what makes the reading of a file another than that of its bytes: ``source`` and the names given."""
        names = self.of(path)
        return f"{source or ''}\0{json.dumps(sorted(names.items()))}" if names else source
