"""Which articles have what a query asks for: terms, terms in a row, codes, and what else says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.analysis import Analysis, Stream
from index.normalization import fold
from index.schema import TEXT_FIELDS, field_name
from search.query import Alternative
from search.snapshot import Ints, Postings, Snapshot

MOST_SYLLABLES = 64
"""Syllables of a query that are looked at; the rest of longer plain words is left out."""

_MOST_CODES = 8
NO_ARTICLES: Ints = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Concept:
    """Something asked for, the syllables ``first`` to ``end`` of the query, and the articles that have it.

    ``loosely`` are those that will do where it may have been meant otherwise.
    """

    first: int
    end: int
    articles: Ints
    loosely: Ints = field(default_factory=lambda: NO_ARTICLES)

    def covered(self, others: Sequence[Spelled]) -> Ints:
        """Return the articles that have it, or say it another way."""
        said = [articles for other, articles in others if other.first <= self.first and self.end <= other.end]
        return union([self.articles, self.loosely, *said])


Spelled = tuple[Alternative, Ints]
"""Another way to say a part of the query, and the articles that do."""


class Matcher:
    """Look up articles in ``snapshot``; a ``scope`` of None is every text field. Article numbers are ascending."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def concepts(self, analysis: Analysis, scope: str | None) -> list[Concept]:
        """Return, for each distinct syllable or code, the articles that have it."""
        tokens = analysis.tokens
        in_code: set[int] = set()
        concepts: dict[object, Concept] = {}
        asked = [code for code in tokens.codes if not code.implied]
        for span in list(dict.fromkeys((code.first, code.end) for code in asked))[:_MOST_CODES]:
            codes = [code for code in asked if (code.first, code.end) == span]
            in_code.update(range(*span))
            found = [self.articles(Stream.FOLDED, fold(code.text), scope) for code in codes]
            parts = tokens.folded[slice(*span)]
            found.append(self.in_a_row(parts, Stream.FOLDED, scope))
            loosely = self.anywhere(parts, scope) if any(code.loose for code in codes) else NO_ARTICLES
            concepts[tuple(code.text for code in codes)] = Concept(*span, union(found), loosely)
        for at, syllable in enumerate(tokens.folded[:MOST_SYLLABLES]):
            if at not in in_code and syllable not in concepts:
                concepts[syllable] = Concept(at, at + 1, self.articles(Stream.FOLDED, syllable, scope))
        return list(concepts.values())

    def spelled(self, analysis: Analysis, scope: str | None) -> Ints:
        """Return the articles that have all words of a text in a row, or each of its codes."""
        tokens = analysis.tokens
        found = [self.in_a_row(tokens.folded, Stream.FOLDED, scope)]
        found += [
            self.articles(Stream.FOLDED, fold(code.text), scope)
            for code in tokens.codes
            if (code.first, code.end) == (0, len(tokens))
        ]
        return union(found)

    def anywhere(self, syllables: Sequence[str], scope: str | None) -> Ints:
        """Return the articles that have each of ``syllables`` somewhere."""
        found = self.articles(Stream.FOLDED, syllables[0], scope)
        for syllable in syllables[1:]:
            found = np.intersect1d(found, self.articles(Stream.FOLDED, syllable, scope), assume_unique=True)
        return found

    def in_a_row(self, syllables: Sequence[str], stream: Stream, scope: str | None) -> Ints:
        """Return the articles where ``syllables`` stand one after the other in one text field."""
        return self.together([(stream, syllable) for syllable in syllables], scope)

    def together(self, terms: Sequence[tuple[Stream, str]], scope: str | None) -> Ints:
        """Return the articles where ``terms`` stand one after the other in one text field."""
        found = [self._together_in(name, terms[:MOST_SYLLABLES]) for name in scoped(scope)]
        return union(found)

    def _together_in(self, name: str, terms: Sequence[tuple[Stream, str]]) -> Ints:
        names = [(field_name(name, stream), term) for stream, term in terms]
        postings = [self._snapshot.postings(where, term) for where, term in names]
        candidates: Ints = min(postings, key=len).articles
        for posting in postings:
            candidates = np.intersect1d(candidates, posting.articles, assume_unique=True)
        if len(terms) == 1 or not len(candidates):
            return candidates
        starts: NDArray[np.int64] | None = None
        for number, (where, term) in enumerate(names):
            owners, places = self._snapshot.positions(where, term, candidates)
            here = (owners.astype(np.int64) << 32) + places - number
            starts = here if starts is None else np.intersect1d(starts, here)
        assert starts is not None
        return np.unique(starts >> 32).astype(np.int32)

    def document_frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        """Return how many articles have ``term`` in the text field where most have it."""
        return max(len(posting) for posting in self._postings(stream, term, scope))

    def articles(self, stream: Stream, term: str, scope: str | None) -> Ints:
        """Return the articles that have ``term``."""
        return union([posting.articles for posting in self._postings(stream, term, scope)])

    def _postings(self, stream: Stream, term: str, scope: str | None) -> list[Postings]:
        return [self._snapshot.postings(field_name(name, stream), term) for name in scoped(scope)]


def union(found: Sequence[Ints]) -> Ints:
    """Return the articles that are in any of ``found``, ascending."""
    some = [articles for articles in found if len(articles)]
    if len(some) < 2:
        return some[0] if some else NO_ARTICLES
    return np.unique(np.concatenate(some))


def scoped(scope: str | None) -> Iterable[str]:
    """Return the text fields of a scope."""
    return TEXT_FIELDS if scope is None else (scope,)
