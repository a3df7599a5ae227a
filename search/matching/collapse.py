"""Near-copies among what a query finds: of each story the article that comes first stands for all that match."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.directory.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Stories:
    """Which articles found tell one story: ``groups`` as in ``StoryGroups``, and how many found each group has."""

    groups: NDArray[np.intp]
    counts: NDArray[np.intp]

    @property
    def hidden(self) -> int:
        """How many articles found have another stand for them."""
        return int(self.counts.sum()) - int(np.count_nonzero(self.counts))

    def first_told(self, articles: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the places of ``articles``, ascending, without those whose story an earlier one tells."""
        if not len(self.counts):
            return np.arange(len(articles))
        told: set[int] = set()
        places = []
        for place, group in enumerate(self.groups[articles].tolist()):
            if group < 0 or group not in told:
                places.append(place)
                told.add(group)
        return np.array(places, np.intp)

    def copies(self, articles: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return for each of ``articles``, all found, how many others found tell its story."""
        if not len(self.counts):
            return np.zeros(len(articles), np.intp)
        groups = self.groups[articles]
        return np.where(groups < 0, 0, self.counts[groups] - 1)


def stories_found(snapshot: Snapshot, matched: NDArray[np.bool_]) -> Stories:
    """Return the stories told by the articles for which ``matched``, one flag an article, is set."""
    copied = snapshot.copied
    some = copied.articles[matched[copied.articles]]
    stories = Stories(copied.groups, np.bincount(copied.groups[some]))
    return stories if stories.hidden else NO_STORIES


NO_STORIES = Stories(np.empty(0, np.intp), np.empty(0, np.intp))
"""Every article found stands for itself alone."""
