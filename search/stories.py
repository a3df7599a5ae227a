"""Near-copies among what a query finds: of each story the article that comes first stands for all that match."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of which several articles were found.

    ``numbers``, ascending, and in how many articles found each is told, shape (n,); ``of`` has the story of every
    article of the snapshot.
    """

    numbers: NDArray[np.int64]
    counts: NDArray[np.intp]
    of: NDArray[np.int64]

    @property
    def hidden(self) -> int:
        """How many articles found have another stand for them."""
        return int(self.counts.sum()) - len(self.counts)

    def first_told(self, articles: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the places of ``articles``, ascending, without those whose story an earlier one tells."""
        if not len(self.numbers):
            return np.arange(len(articles))
        return np.sort(np.unique(self.of[articles], return_index=True)[1])

    def copies(self, articles: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return for each of ``articles`` how many others found tell its story."""
        if not len(self.numbers):
            return np.zeros(len(articles), np.intp)
        own = self.of[articles]
        at = self.numbers.searchsorted(own).clip(max=len(self.numbers) - 1)
        return np.where(self.numbers[at] == own, self.counts[at] - 1, 0)


def stories_found(snapshot: Snapshot, matched: NDArray[np.bool_]) -> Stories:
    """Return the stories told several times by the articles for which ``matched``, one flag an article, is set."""
    some = snapshot.copied[matched[snapshot.copied]]
    if len(some) < 2:
        return no_stories(snapshot)
    numbers, counts = np.unique(snapshot.stories[some], return_counts=True)
    several = counts > 1
    return Stories(numbers[several], counts[several], snapshot.stories)


def no_stories(snapshot: Snapshot) -> Stories:
    """Return what makes every article found stand for itself alone."""
    return Stories(np.empty(0, np.int64), np.empty(0, np.intp), snapshot.stories)
