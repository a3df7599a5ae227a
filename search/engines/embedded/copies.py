"""List the near-copies of an article, whatever the query."""

from __future__ import annotations

import numpy as np

from index.directory.snapshot import Snapshot
from search.engine import Hit
from search.matching.collapse import stories_found


def copies(snapshot: Snapshot, id: str, size: int) -> list[Hit]:
    """Return up to ``size`` near-copies of the article with this id, in the order of their last writes."""
    own = snapshot.article_number(id)
    if own is None:
        return []
    [others] = stories_found(snapshot, snapshot.live).others(snapshot, np.array([own]), size)
    return [Hit(snapshot.article_id(other), 0.0) for other in others]
