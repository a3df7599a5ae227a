"""The lexicon: an index beside the articles with a small document a term, to list terms by their beginning.

Counting the terms of articles takes as long as there are articles: 125 ms for a short beginning in 20,000. A term in
the lexicon takes some microseconds, however many articles have it. It says about how many; that only orders terms, and
``search.engines.opensearch.statistics`` asks the articles' own dictionaries how many it is.

A term stays when its articles go, as others are likely to bring it back; its frequency is then 0. Who follows the
articles is ``search.engines.opensearch.lexicon_upkeep``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from index.analysis.analyzer import Stream
from index.article import TEXT_FIELDS
from index.cluster.connection import Cluster
from index.cluster.mapping import beginning, only_fields
from index.segments.schema import ABBREVIATIONS, SUGGEST, field_name
from search.engines.opensearch.frequencies import FieldTerm

MOST_LISTED = 10_000
"""The most terms that are listed at once; what begins so short is listed in part."""

_MORE = 100
"""How many more phrases are listed than asked for, as they are only about in order."""


class Kind(StrEnum):
    """What a term is; the value begins its key."""

    PHRASE = "p"
    ABBREVIATION = "a"
    FOLDED = "f"
    SYLLABLE = "s"


STREAMS = {Kind.FOLDED: Stream.FOLDED, Kind.SYLLABLE: Stream.SYLLABLE}
SOURCES = {
    Kind.PHRASE: SUGGEST,
    Kind.ABBREVIATION: ABBREVIATIONS,
    Kind.FOLDED: "vocabulary_folded",
    Kind.SYLLABLE: "vocabulary_syllable",
}
"""The fields of articles that have the terms."""
FIELDS = {
    Kind.PHRASE: (SUGGEST,),
    Kind.ABBREVIATION: (ABBREVIATIONS,),
    **{kind: tuple(field_name(name, stream) for name in TEXT_FIELDS) for kind, stream in STREAMS.items()},
}
"""The fields of articles that say how many have a term: of several, the one where most have it."""


class Search(NamedTuple):
    """One search: of which index, and its body as JSON.

    One that ranks has a ``preference``: those with the same are answered by the same copies, as long as these live, and
    all shards count how frequent terms are in all of them. An ``optional`` index that is not there has nothing.
    """

    where: str
    body: str
    preference: str | None = None
    optional: bool = False

    @property
    def header(self) -> dict[str, Any]:
        """What comes before the body in a list of searches."""
        if self.preference is None:
            return {"index": self.where, "ignore_unavailable": self.optional}
        return {"index": self.where, "search_type": "dfs_query_then_fetch", "preference": self.preference}


class Beginning(NamedTuple):
    """A question: the terms of a kind that begin with ``prefix``, the first ``most`` or the most frequent ones."""

    kind: Kind
    prefix: str
    most: int


def lexicon_name(cluster: Cluster) -> str:
    """Return the name of the index of terms."""
    return f"{cluster.config.prefix}-terms"


def listing(cluster: Cluster, asked: Beginning) -> Search:
    """Return the search for the terms that begin so. Phrases come by frequency, others by the alphabet."""
    query = beginning("key", f"{asked.kind}{asked.prefix}")
    by_count = asked.kind is Kind.PHRASE
    order = [{"count": "desc"}, {"key": "asc"}] if by_count else [{"key": "asc"}]
    body = {
        "size": min(asked.most + min(asked.most, _MORE), MOST_LISTED) if by_count else min(asked.most, MOST_LISTED),
        "query": {"constant_score": {"filter": query}},
        "sort": order,
        **only_fields("key", "count"),
    }
    return Search(lexicon_name(cluster), json.dumps(body, ensure_ascii=False), optional=True)


def listed(answer: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the terms in the answer to ``listing``, each with about how many articles have it."""
    return [(hit["fields"]["key"][0][1:], hit["fields"]["count"][0]) for hit in answer["hits"]["hits"]]


def places(kind: Kind, term: str) -> list[FieldTerm]:
    """Return where a term of the lexicon is counted."""
    return [FieldTerm(field, term) for field in FIELDS[kind]]
