"""Look up document frequencies in a cluster, many at once, and the statistics of fields: nothing is scanned.

The cluster is asked for the term vectors of an artificial article that has all the terms. It answers with what the
dictionary of its index says of each. The dictionaries of several shards are asked by one such article each, sent to
its shard by a routing value. Deleted and replaced articles count until their segments are merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, NamedTuple

from index.batches import batches
from index.cluster.connection import Cluster, refusal
from index.cluster.mapping import GAP, indexed_term
from index.segments.schema import ABBREVIATIONS, SUGGEST

TERM_SETS = (SUGGEST, ABBREVIATIONS)
"""The fields whose terms are texts of several words."""

_MOST_AT_ONCE = 4000
_MOST_ROUTINGS = 10_000
_ANY = "x"


class FieldTerm(NamedTuple):
    """A term of a field of the cluster's index."""

    field: str
    term: str


@dataclass(frozen=True, slots=True)
class FieldStatistics:
    """How many articles have a field, and how many terms it has in all of them, repeated ones too."""

    articles: int = 0
    terms: int = 0

    @property
    def length(self) -> float:
        """The mean length of the field in the articles that have it, in terms; 0 without any."""
        return self.terms / self.articles if self.articles else 0.0


class Dictionaries:
    """The dictionaries of the terms of all shards. Safe to share between threads."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._routings: tuple[str, list[str]] | None = None

    def frequencies(self, terms: Iterable[FieldTerm]) -> dict[FieldTerm, int]:
        """Return how many articles have each of ``terms``."""
        found = dict.fromkeys(terms, 0)
        places: defaultdict[tuple[str, str], list[FieldTerm]] = defaultdict(list)
        for term in found:
            if term.field in TERM_SETS:
                places[term.field, term.term].append(term)
            elif term.term and term.term != GAP:
                places[term.field, indexed_term(term.term)].append(term)
        for some in batches(places, _MOST_AT_ONCE):
            fields: defaultdict[str, list[str]] = defaultdict(list)
            for field, indexed in some:
                fields[field].append(indexed)
            for vectors in self._vectors(fields, {"term_statistics": True, "field_statistics": False}):
                for field, vector in vectors.items():
                    for indexed, statistics in vector["terms"].items():
                        for term in places.get((field, indexed), ()):
                            found[term] += statistics.get("doc_freq", 0)
        return found

    def fields(self, names: Sequence[str]) -> dict[str, FieldStatistics]:
        """Return the statistics of fields."""
        found = dict.fromkeys(names, FieldStatistics())
        asked = {"term_statistics": False, "field_statistics": True}
        for vectors in self._vectors({name: [_ANY] for name in names}, asked):
            for name, vector in vectors.items():
                known, one = found[name], vector.get("field_statistics", {})
                articles, terms = max(0, one.get("doc_count", 0)), max(0, one.get("sum_ttf", 0))  # -1: not known
                found[name] = FieldStatistics(known.articles + articles, known.terms + terms)
        return found

    def _vectors(self, fields: Mapping[str, Sequence[str]], asked: Mapping[str, bool]) -> Iterator[Mapping[str, Any]]:
        """Yield what each shard says of the terms of ``fields``, by field."""
        article = {
            "doc": dict(fields),
            "fields": list(fields),
            **dict.fromkeys(("offsets", "positions", "payloads"), False),
            **asked,
        }
        while True:
            index, routings = self._routings or self._find_routings()
            docs = [{"_index": self._cluster.articles, "routing": routing, **article} for routing in routings]
            answers = self._cluster.ask("POST", "_mtermvectors", body={"docs": docs})["docs"]
            for answer in answers:
                if "error" in answer:
                    raise refusal(500, answer, self._cluster.config.timeout)
            if all(answer["_index"] == index for answer in answers):
                break
            self._routings = None
        for answer in answers:
            yield answer.get("term_vectors", {})

    def _find_routings(self) -> tuple[str, list[str]]:
        """Return the name of the index behind the alias, and a routing value for each of its shards."""
        found: dict[int, str] = {}
        for number in islice(count(), _MOST_ROUTINGS):
            [[shard, *_]] = self._shards({"routing": str(number)})
            found.setdefault(shard["shard"], str(number))
            if number == 0:
                index, size = shard["index"], len(self._shards({}))
            if len(found) == size:
                break
        self._routings = index, list(found.values())
        return self._routings

    def _shards(self, params: Mapping[str, str]) -> list[list[dict[str, Any]]]:
        answer = self._cluster.ask("GET", self._cluster.articles, "_search_shards", params=params)
        return answer["shards"]  # type: ignore[no-any-return]
