"""The entry of a segment in a commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment of a commit: the stem of its file names, its number of articles, and the deleted ones among them.

    ``deleted`` has doc ids within the segment, ascending.
    """

    name: str
    count: int
    deleted: tuple[int, ...] = ()

    @property
    def live_count(self) -> int:
        """The number of articles that are not deleted."""
        return self.count - len(self.deleted)

    def live_mask(self) -> NDArray[np.bool_] | None:
        """Return a doc mask, shape (``count``,), False for deleted articles; None if none is deleted."""
        if not self.deleted:
            return None
        live = np.ones(self.count, bool)
        live[list(self.deleted)] = False
        return live

    def without(self, articles: Iterable[int]) -> SegmentInfo:
        """Return this entry with ``articles`` (doc ids within the segment) deleted too."""
        more = {*self.deleted, *articles}
        return self if len(more) == len(self.deleted) else replace(self, deleted=tuple(sorted(more)))
