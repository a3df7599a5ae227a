"""Find the articles whose titles have the words typed so far. Nothing is scored: a reader who types waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from index.analysis.analyzer import Stream
from index.directory.snapshot import Snapshot
from index.segments.schema import field_name
from search.engine import Hit
from search.matching.collapse import stories_found
from search.matching.doc_masks import DocMasks
from search.query.typed import TypedWords, typed_pair
from search.ranking.clauses import DocMask
from search.ranking.impacts import TermImpacts
from search.ranking.top_k import largest

_IN_A_ROW, _APART = 1.0, 0.5
_DEEP = 4


def titled(impacts: TermImpacts[Snapshot], typed: TypedWords, size: int) -> list[Hit]:
    """Return up to ``size`` stories whose titles have the syllables ``typed``.

    First come those that have each two neighbours side by side, then the newest.
    """
    snapshot, masks = impacts.snapshot, DocMasks(impacts)
    asked = [_with_terms(masks, snapshot, one.stream, one.whole, one.begun) for one in typed.syllables]
    found = masks.intersection(asked) & snapshot.live
    articles = np.flatnonzero(found)
    rows = [_with_terms(masks, snapshot, *typed_pair(*pair)) for pair in pairwise(typed.syllables)]
    in_a_row = masks.intersection([found, *rows])[articles]
    newest = snapshot.minutes[articles]
    keys = np.where(in_a_row, newest - newest.min(initial=0), newest - newest.max(initial=0) - 1)
    stories = stories_found(snapshot, found)
    most = _DEEP * size
    while True:
        some = largest(keys, most)
        some = some[np.lexsort((snapshot.sequence[articles[some]], -keys[some]))]
        firsts = stories.first_of_each_story(articles[some])[:size]
        if len(firsts) >= size or most >= len(articles):
            break
        most *= _DEEP
    chosen = some[firsts]
    copies = stories.copies(articles[chosen])
    return [
        Hit(snapshot.article_id(article), _IN_A_ROW if row else _APART, copies=count)
        for article, row, count in zip(
            articles[chosen].tolist(), in_a_row[chosen].tolist(), copies.tolist(), strict=True
        )
    ]


def _with_terms(
    masks: DocMasks, snapshot: Snapshot, stream: Stream, whole: Sequence[str], begun: Sequence[str]
) -> DocMask:
    """Return the articles whose titles have one of the terms ``whole``, or one that begins with one of ``begun``."""
    field = field_name("title", stream)
    found = [masks.with_term(stream, term, "title") for term in whole]
    return masks.union([*found, *(snapshot.articles_with_prefix(field, term) for term in begun)])
