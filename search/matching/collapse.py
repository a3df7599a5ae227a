"""Collapse near-copies: of all matching articles of a story, only the first becomes a hit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.directory.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of the matching articles: ``groups`` as in ``StoryGroups``; ``counts`` has the matches per group."""

    groups: NDArray[np.intp]
    counts: NDArray[np.intp]

    @property
    def hidden(self) -> int:
        """How many matching articles are collapsed into another."""
        return int(self.counts.sum()) - int(np.count_nonzero(self.counts))

    def first_of_each_story(self, articles: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the indices into ``articles``, ascending, that keep only the first article of each story."""
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
        """Return for each of ``articles``, which must match, how many other matching articles have its story."""
        if not len(self.counts):
            return np.zeros(len(articles), np.intp)
        groups = self.groups[articles]
        return np.where(groups < 0, 0, self.counts[groups] - 1)


def stories_found(snapshot: Snapshot, matched: NDArray[np.bool_]) -> Stories:
    """Return the stories of the articles in ``matched``, a doc mask."""
    copied = snapshot.copied
    some = copied.articles[matched[copied.articles]]
    stories = Stories(copied.groups, np.bincount(copied.groups[some]))
    return stories if stories.hidden else NO_STORIES


NO_STORIES = Stories(np.empty(0, np.intp), np.empty(0, np.intp))
"""Nothing to collapse: every matching article is a hit of its own."""
