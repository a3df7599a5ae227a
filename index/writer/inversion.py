"""Invert articles: from their texts to a segment, a batch at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.analysis.abbreviations import abbreviation_terms, may_define
from index.analysis.analyzer import BIGRAMS, Stream
from index.analysis.batch import AnalyzedBatch, BatchAnalyzer
from index.analysis.near_copies import hashed, sketches
from index.analysis.phrases import suggested_phrases
from index.analysis.suggestions import MOST_WORDS_OF_TITLES, one_of_each
from index.arrays import smallest_unsigned
from index.article import TEXT_FIELDS, Article, searchable_body
from index.segments.postings import (
    bigram_postings,
    counted_postings,
    neighbours,
    owners_of,
    positional_postings,
    term_set_postings,
)
from index.segments.schema import (
    ABBREVIATIONS,
    ID,
    STREAMS_WITH_POSITIONS,
    SUGGEST,
    NumberedArticle,
    field_name,
    pack_columns,
)
from index.segments.segment import InvertedField, Segment


def invert(articles: Sequence[NumberedArticle]) -> Segment:
    """Return ``articles`` as a segment in memory; the first has doc id 0."""
    titles, bodies = analyzed([article for _, article in articles])
    fields = {
        ID: term_set_postings([[article.id] for _, article in articles]),
        SUGGEST: term_set_postings(suggestions(titles, bodies)),
        ABBREVIATIONS: term_set_postings(abbreviations(titles, bodies)),
    }
    lengths = {}
    for text, batch in zip(TEXT_FIELDS, (titles, bodies), strict=True):
        for stream in Stream:
            name = field_name(text, stream)
            fields[name] = invert_stream(batch, stream)
            counts = stream_lengths(batch, stream)
            lengths[name] = counts.astype(smallest_unsigned(int(counts.max(initial=0))))
    return Segment(len(articles), fields, lengths, pack_columns(articles, body_sketches(bodies)))


def suggestions(titles: AnalyzedBatch, bodies: AnalyzedBatch) -> list[Collection[str]]:
    """Return the phrases that each article suggests, as terms, given its title and its body."""
    return list(map(one_of_each, suggested_phrases(titles, MOST_WORDS_OF_TITLES), suggested_phrases(bodies, 1)))


def abbreviations(titles: AnalyzedBatch, bodies: AnalyzedBatch) -> list[set[str]]:
    """Return the terms of the abbreviations that each article defines, given its title and its body."""
    return list(map(set.union, _abbreviations(titles), _abbreviations(bodies)))


def body_sketches(batch: AnalyzedBatch) -> NDArray[np.uint64]:
    """Return the sketches of the n texts of ``batch``, shape (2, n)."""
    names = batch.streams[Stream.SYLLABLE][0][: batch.bounds[-1]]  # whole codes come after these
    distinct = np.flatnonzero(np.bincount(names))
    known = np.zeros(int(names.max(initial=-1)) + 1, np.uint64)
    known[distinct] = hashed([batch.terms[name] for name in distinct.tolist()])
    return sketches(known[names], batch.bounds)


def invert_stream(batch: AnalyzedBatch, stream: Stream) -> InvertedField:
    """Return the inverted index of one stream of the texts of ``batch``."""
    terms, places = batch.streams[stream]
    known = batch.tables.names.ranked()
    if stream in BIGRAMS:
        return bigram_postings(terms, batch.bounds, known, batch.positions)
    if stream in STREAMS_WITH_POSITIONS:
        return positional_postings(terms, places, batch.bounds, known, batch.positions)
    return counted_postings(terms, places, batch.bounds, known)


def stream_lengths(batch: AnalyzedBatch, stream: Stream) -> NDArray[np.int64]:
    """Return the length of each text of ``batch`` in a stream, in terms, shape (n,)."""
    if stream in BIGRAMS:
        before = np.concatenate([[0], np.cumsum(neighbours(batch.bounds, batch.positions))])
        return np.diff(before[batch.bounds])
    _, places = batch.streams[stream]
    return np.bincount(owners_of(batch.bounds)[places], minlength=len(batch.bounds) - 1)


def _abbreviations(batch: AnalyzedBatch) -> list[set[str]]:
    return [
        abbreviation_terms(batch.outline(at)) if may_define(normal.text) else set()
        for at, normal in enumerate(batch.normals)
    ]


def analyzed(articles: Sequence[Article]) -> tuple[AnalyzedBatch, AnalyzedBatch]:
    """Return the titles and the bodies of ``articles``, analysed; tables are kept for the next ones."""
    analyzer = _analyzer()
    return (
        analyzer.analyze([article.title for article in articles]),
        analyzer.analyze([searchable_body(article) for article in articles]),
    )


@cache
def _analyzer() -> BatchAnalyzer:
    return BatchAnalyzer()
