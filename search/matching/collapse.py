"""Collapse near-copies: of all matching articles of a story, only the first becomes a hit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.directory.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of the matching articles: ``groups`` as in ``StoryGroups``; ``counts`` has the matches per group.

    ``told`` are the matching articles that tell a story which several live articles tell, ascending.
    """

    groups: NDArray[np.intp]
    counts: NDArray[np.intp]
    told: NDArray[np.intp]

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

    def others(self, snapshot: Snapshot, articles: NDArray[np.intp], most: int) -> list[list[int]]:
        """Return for each of ``articles``, which must match, up to ``most`` other matching articles of its story.

        They are in the order of their last writes.
        """
        if not len(self.counts) or most < 1:
            return [[] for _ in articles]
        own = self.groups[articles]
        members = self.told[np.isin(self.groups[self.told], own[own >= 0])]
        members = members[np.argsort(snapshot.sequence[members])]
        tellers: dict[int, list[int]] = {}
        for member, group in zip(members.tolist(), self.groups[members].tolist(), strict=True):
            tellers.setdefault(group, []).append(member)
        return [
            [other for other in tellers.get(group, [])[: most + 1] if other != article][:most]
            for article, group in zip(articles.tolist(), own.tolist(), strict=True)
        ]


def stories_found(snapshot: Snapshot, matched: NDArray[np.bool_]) -> Stories:
    """Return the stories of the articles in ``matched``, a doc mask."""
    copied = snapshot.copied
    some = copied.articles[matched[copied.articles]]
    stories = Stories(copied.groups, np.bincount(copied.groups[some]), some)
    return stories if stories.hidden else NO_STORIES


NO_STORIES = Stories(*[np.empty(0, np.intp)] * 3)
"""Nothing to collapse: every matching article is a hit of its own."""
