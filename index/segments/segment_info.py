"""What a commit lists of each segment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment of a commit: the stem of its files' names, how many articles it has, and which of them are deleted.

    Articles are numbered from 0 within the segment; ``deleted`` is ascending.
    """

    name: str
    count: int
    deleted: tuple[int, ...] = ()

    @property
    def live_count(self) -> int:
        """How many articles are not deleted."""
        return self.count - len(self.deleted)

    def live_mask(self) -> NDArray[np.bool_] | None:
        """Return one flag per article, False where it was deleted; None where none was."""
        if not self.deleted:
            return None
        live = np.ones(self.count, bool)
        live[list(self.deleted)] = False
        return live

    def without(self, articles: Iterable[int]) -> SegmentInfo:
        """Return the segment with these articles deleted too."""
        more = {*self.deleted, *articles}
        return self if len(more) == len(self.deleted) else replace(self, deleted=tuple(sorted(more)))
