"""Find the articles whose titles have the words typed so far. Nothing is scored: a reader who types waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from index.analysis.analyzer import Stream, bigram
from index.directory.snapshot import Snapshot
from index.segments.schema import field_name
from search.engine import Hit
from search.matching.collapse import stories_found
from search.matching.doc_masks import DocMasks
from search.query.typed import TypedSyllable, TypedWords
from search.ranking.clauses import DocMask
from search.ranking.impacts import TermImpacts
from search.ranking.top_k import largest

_IN_A_ROW, _APART = 1.0, 0.5
_DEEP = 4


def titled(impacts: TermImpacts[Snapshot], typed: TypedWords, size: int) -> list[Hit]:
    """Return up to ``size`` stories whose titles have the syllables ``typed``.

    First come those that have each two neighbours side by side, then the newest.
    """
    snapshot, lookup = impacts.snapshot, _Titles(impacts)
    found = lookup.masks.intersection([lookup.with_syllable(one) for one in typed.syllables]) & snapshot.live
    articles = np.flatnonzero(found)
    rows = [lookup.with_pair(*pair) for pair in pairwise(typed.syllables)]
    in_a_row = lookup.masks.intersection([found, *rows])[articles]
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


class _Titles:
    """Look up articles by the syllables of their titles."""

    def __init__(self, impacts: TermImpacts[Snapshot]) -> None:
        self.masks = DocMasks(impacts)
        self._snapshot = impacts.snapshot

    def with_syllable(self, one: TypedSyllable) -> DocMask:
        """Return the articles that have a syllable in their title."""
        return self._with_terms(one.stream, one.whole, one.begun)

    def with_pair(self, one: TypedSyllable, other: TypedSyllable) -> DocMask:
        """Return the articles that have two syllables side by side in their title; ``one`` is whole."""
        stream = Stream.BIGRAM
        if one.bare or other.bare:
            stream, one, other = Stream.FOLDED_BIGRAM, one.without_accents(), other.without_accents()
        whole, begun = ([bigram(one.whole[0], term) for term in terms] for terms in (other.whole, other.begun))
        return self._with_terms(stream, whole, begun)

    def _with_terms(self, stream: Stream, whole: Sequence[str], begun: Sequence[str]) -> DocMask:
        field = field_name("title", stream)
        found = [self.masks.with_term(stream, term, "title") for term in whole]
        return self.masks.union([*found, *(self._snapshot.articles_with_prefix(field, term) for term in begun)])
