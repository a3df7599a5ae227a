"""The ``ArticleSets`` protocol: how an engine finds and joins sets of articles.

What matches a query is said once, over these (``search.matching.evaluator``). The embedded engine's sets are doc masks
(``search.matching.doc_masks``); those of a cluster are queries that it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol, TypeVar

from index.analysis.analyzer import Stream, bigram
from index.analysis.normalization import fold
from index.article import TEXT_FIELDS
from index.segments.schema import field_name

S = TypeVar("S")

Row = Sequence[tuple[Stream, str, int]]
"""Terms that stand together: the stream, the term, and its position less that of the first one."""


class ArticleSets(Protocol[S]):
    """Sets of the articles of one index at one moment; a ``scope`` of None means every text field.

    Sets may have deleted articles too, until ``live`` is asked. They are shared: never change one.
    """

    @property
    def articles(self) -> int:
        """The number of live articles."""

    def all(self) -> S:
        """Return all articles."""

    def none(self) -> S:
        """Return no article."""

    def with_term(self, stream: Stream, term: str, scope: str | None) -> S:
        """Return the articles that have ``term`` in any text field of ``scope``."""

    def in_a_row(self, row: Row, scope: str | None) -> S:
        """Return the articles where the terms of ``row`` stand together in one text field."""

    def with_label(self, label: str, key: str) -> S:
        """Return the articles that have the value ``key``; if none has, those with a value that differs in accents."""

    def with_label_words(self, label: str, key: str) -> S:
        """Return the articles whose label has a value with the words of ``key`` side by side."""

    def with_any_label(self, label: str) -> S:
        """Return the articles that have any value of ``label``."""

    def published_between(self, first: int | None, last: int | None) -> S:
        """Return the articles published from day ``first`` to day ``last`` (ordinals, inclusive), no undated ones."""

    def union(self, found: Sequence[S]) -> S:
        """Return the articles in any of ``found``, at least one set."""

    def intersection(self, found: Sequence[S]) -> S:
        """Return the articles in all of ``found``, at least one set."""

    def without(self, found: S, others: S) -> S:
        """Return the articles of ``found`` that are not in ``others``."""

    def live(self, found: S) -> S:
        """Return the articles of ``found`` that are not deleted."""

    def with_enough(self, wanted: Sequence[S], covered: Sequence[S], least: Callable[[float], float]) -> S:
        """Return the articles in enough of ``covered``, at least one set.

        Each counts by the idf of the set at its place in ``wanted``. The sum of these for an article must be the share
        ``least(best)`` of the best live article's sum, which is the share ``best`` of the sum of all. Without an
        article in any set, return no article.
        """

    def count(self, found: S) -> int:
        """Return the number of articles in ``found``, a set of live articles."""

    def any(self, found: S) -> bool:
        """Tell whether there are articles in ``found``, a set of live articles."""

    def document_frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        """Return how many articles have ``term`` in the text field where most have it."""

    def frequencies(self, stream: Stream, term: str, scope: str | None) -> Sequence[tuple[str, int]]:
        """Return the index fields that have ``term``, each with the number of articles that have it there."""

    def terms_with_prefix(self, stream: Stream, prefix: str, scope: str | None, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms of each text field that start with ``prefix``, with their document frequencies.

        A term of several fields may be there several times.
        """


def scoped(scope: str | None) -> Sequence[str]:
    """Return the text fields of a scope."""
    return TEXT_FIELDS if scope is None else (scope,)


@cache
def fields_of(scope: str | None, stream: Stream) -> tuple[str, ...]:
    """Return the index fields that hold ``stream`` of the text fields of a scope."""
    return tuple(field_name(name, stream) for name in scoped(scope))


def row_bigram(one: tuple[Stream, str, int], other: tuple[Stream, str, int]) -> tuple[Stream, str] | None:
    """Return the stream and the bigram that articles with two neighbours of a row have; None if none is certain."""
    if other[2] - one[2] != 1:
        return None
    if one[0] is other[0] is Stream.SYLLABLE:
        return Stream.BIGRAM, bigram(one[1], other[1])
    return Stream.FOLDED_BIGRAM, bigram(fold(one[1]), fold(other[1]))
