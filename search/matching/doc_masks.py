"""Article sets of a snapshot as doc masks: one flag per article."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import reduce
from itertools import pairwise

import numpy as np

from index.analysis.analyzer import Stream
from index.arrays import Floats
from index.article import TEXT_FIELDS
from index.dates import MINUTES_A_DAY
from index.directory.snapshot import Snapshot
from index.labels import containing_keys, equal_keys
from index.segments.schema import UNDATED, field_name
from search.matching.article_sets import Row, fields_of, row_bigram, scoped
from search.ranking.clauses import DocMask
from search.ranking.impacts import TermImpacts
from search.ranking.scoring import idf


class DocMasks:
    """Look up articles as doc masks."""

    def __init__(self, impacts: TermImpacts[Snapshot]) -> None:
        self._impacts = impacts
        self._snapshot = impacts.snapshot
        self._has_bigrams = impacts.snapshot.has_field(field_name(TEXT_FIELDS[-1], Stream.BIGRAM))
        self.articles = impacts.snapshot.count

    def all(self) -> DocMask:
        """Return all articles."""
        return np.ones(self._snapshot.size, bool)

    def none(self) -> DocMask:
        """Return no article."""
        return np.zeros(self._snapshot.size, bool)

    def with_term(self, stream: Stream, term: str, scope: str | None) -> DocMask:
        """Return the articles that have ``term`` in any text field of ``scope``."""
        return self._impacts.docs_with_term(fields_of(scope, stream), term)

    def in_a_row(self, row: Row, scope: str | None) -> DocMask:
        """Return the articles where the terms of ``row`` stand together in one text field."""
        if len(row) == 1:
            return self.with_term(*row[0][:2], scope)
        bigrams = [row_bigram(*pair) for pair in pairwise(row)] if self._has_bigrams else []
        terms = [term for term in bigrams if term is not None] or [(stream, term) for stream, term, _ in row]
        if len(row) == 2 and terms == bigrams and row[0][0] is row[1][0]:
            return self.with_term(*terms[0], scope)
        return self.union([self._in_a_row(name, row, terms) for name in scoped(scope)])

    def _in_a_row(self, name: str, row: Row, terms: Sequence[tuple[Stream, str]]) -> DocMask:
        """Return the articles with ``row`` in the text field ``name``, given terms that these must have."""
        found = self.intersection([self.with_term(stream, term, name) for stream, term in terms])
        if not found.any():
            return found
        candidates = np.flatnonzero(found)
        rarest_first = sorted(row, key=lambda one: self.document_frequency(one[0], one[1], name))
        terms_at = [(field_name(name, stream), term, at) for stream, term, at in rarest_first]
        flags = self.none()
        flags[candidates] = self._impacts.with_row(terms_at, candidates)
        return flags

    def with_label(self, label: str, key: str) -> DocMask:
        """Return the live articles that have the value ``key``; if none has, those that differ in accents alone."""
        return self._with_keys(label, key, equal_keys)

    def with_label_words(self, label: str, key: str) -> DocMask:
        """Return the live articles whose label has a value with the words of ``key`` side by side."""
        return self._with_keys(label, key, containing_keys)

    def _with_keys(self, label: str, key: str, choose: Callable[[str, Collection[str]], list[str]]) -> DocMask:
        column = self._snapshot.labels(label)
        accepted = np.zeros(len(column.names), bool)
        accepted[[column.numbers[one] for one in choose(key, column.numbers)]] = True
        having = np.zeros(self._snapshot.size, bool)
        having[column.articles[accepted[column.codes]]] = True
        return having

    def with_any_label(self, label: str) -> DocMask:
        """Return the live articles that have any value of ``label``."""
        having = np.zeros(self._snapshot.size, bool)
        having[self._snapshot.labels(label).articles] = True
        return having

    def published_between(self, first: int | None, last: int | None) -> DocMask:
        """Return the articles published from day ``first`` to day ``last`` (ordinals, inclusive), no undated ones."""
        minutes = self._snapshot.minutes
        matched: DocMask = minutes != UNDATED
        if first is not None:
            matched &= minutes >= (first - 1) * MINUTES_A_DAY
        if last is not None:
            matched &= minutes < last * MINUTES_A_DAY
        return matched

    def union(self, found: Sequence[DocMask]) -> DocMask:
        """Return the articles in any of ``found``, at least one mask."""
        return reduce(np.logical_or, found)

    def intersection(self, found: Sequence[DocMask]) -> DocMask:
        """Return the articles in all of ``found``, at least one mask."""
        return reduce(np.logical_and, found)

    def without(self, found: DocMask, others: DocMask) -> DocMask:
        """Return the articles of ``found`` that are not in ``others``."""
        return found & ~others

    def live(self, found: DocMask) -> DocMask:
        """Return the articles of ``found`` that are not deleted."""
        return found & self._snapshot.live if self._snapshot.any_deleted else found

    def with_enough(
        self, wanted: Sequence[DocMask], covered: Sequence[DocMask], least: Callable[[float], float]
    ) -> DocMask:
        """Return the articles in enough of ``covered``, by the idf of the masks ``wanted``."""
        snapshot = self._snapshot
        importance = [idf(self.articles, self.count(mask)) for mask in wanted]
        sums = weight_sums(covered, importance)
        best = float(sums.max(initial=0.0, where=snapshot.live if snapshot.any_deleted else True))
        if not best:
            return self.none()
        enough: DocMask = sums >= np.float32(least(best / sum(importance)) * best)
        return enough

    def count(self, found: DocMask) -> int:
        """Return the number of articles in ``found``."""
        return int(np.count_nonzero(found))

    def any(self, found: DocMask) -> bool:
        """Tell whether there are articles in ``found``."""
        return bool(found.any())

    def document_frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        """Return how many articles have ``term`` in the text field where most have it."""
        return max([count for _, count in self.frequencies(stream, term, scope)], default=0)

    def frequencies(self, stream: Stream, term: str, scope: str | None) -> Sequence[tuple[str, int]]:
        """Return the index fields that have ``term``, each with the number of articles that have it there."""
        return self._impacts.frequencies(fields_of(scope, stream), term)

    def terms_with_prefix(self, stream: Stream, prefix: str, scope: str | None, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms of each text field that start with ``prefix``, with document frequencies."""
        return [
            entry
            for field in fields_of(scope, stream)
            for entry in self._snapshot.terms_with_prefix(field, prefix, most)
        ]


def weight_sums(found: Sequence[DocMask], weights: Sequence[float]) -> Floats:
    """Return for each article the sum of the weights of the masks in ``found``, at least one, that have it."""
    sums = np.zeros(len(found[0]), np.float32)
    scratch = np.empty_like(sums)
    for flags, weight in zip(found, weights, strict=True):
        sums += np.multiply(flags, np.float32(weight), out=scratch)
    return sums
