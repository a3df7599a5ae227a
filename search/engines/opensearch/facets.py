"""Count facets in the cluster, and tell by what name most live articles call a value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from index.cluster.mapping import indexed_term
from index.labels import begun_keys, begun_words
from search.engine import PERIODS, FacetCount
from search.engines.opensearch.statistics import ClusterStatistics

_MORE = 200
"""So many more values are counted than shown: values as frequent as the last ones that are shown go by their names."""
_FORMS = 10_000
_MOST_CHOSEN = 10_000
_MOST_BEGUN = 1_000
_MOST_DAYS = 30_000
DAYS: Mapping[str, Any] = {"terms": {"field": "day", "size": _MOST_DAYS, "order": {"_key": "desc"}}}
"""The aggregation that counts the articles of each day; of more than 82 years, the newest days."""


def counting(facet: str, most: int, text: str) -> dict[str, Any]:
    """Return the aggregation that counts the values of a facet; of labels, those in articles with words of ``text``."""
    if facet in PERIODS:
        return {"terms": {"field": facet, "size": most, "order": {"_key": "desc"}}}
    words = begun_words(text)
    if not words:
        return {"terms": {"field": f"{facet}_key", "size": most + _MORE}}
    begun = {"query": " ".join(map(indexed_term, words)), "max_expansions": _MOST_BEGUN}
    return {
        "filter": {"match_phrase_prefix": {f"{facet}_words_folded": begun}},
        "aggs": {"values": {"terms": {"field": f"{facet}_key", "size": _MOST_CHOSEN}}},
    }


def counted(aggregation: Mapping[str, Any], facet: str, most: int, text: str) -> dict[str, int]:
    """Return the counts of an answer, by value, the first ones; of labels, only values with the words of ``text``."""
    counts = {bucket["key"]: bucket["doc_count"] for bucket in aggregation.get("values", aggregation)["buckets"]}
    if facet in PERIODS or not begun_words(text):
        return counts
    return {key: counts[key] for key in begun_keys(text, counts)[: most + _MORE]}


def days(aggregation: Mapping[str, Any]) -> dict[int, int]:
    """Return how many articles were published on each day (an ordinal), ascending."""
    buckets = reversed(aggregation["buckets"])
    return {date.fromisoformat(bucket["key"]).toordinal(): bucket["doc_count"] for bucket in buckets}


def naming(label: str, keys: Collection[str]) -> dict[str, Any]:
    """Return the search that tells how live articles write the values with these keys."""
    forms = {"terms": {"field": f"{label}_form", "size": _FORMS}}
    return {
        "size": 0,
        "query": {"constant_score": {"filter": {"terms": {f"{label}_key": sorted(keys)}}}},
        "aggs": {"forms": forms},
    }


def names(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of each key: as most articles write it, of several forms the last of the alphabet."""
    found: dict[str, tuple[int, str]] = {}
    for bucket in answer["aggregations"]["forms"]["buckets"]:
        key, written = bucket["key"].split("\t", 1)
        found[key] = max(found.get(key, (0, "")), (bucket["doc_count"], written))
    return {key: written for key, (_, written) in found.items()}


def listed(facet: str, counts: Mapping[str, int], known: Mapping[str, str], most: int) -> list[FacetCount]:
    """Return up to ``most`` counts of a facet: periods newest first, labels most frequent first, with their names."""
    if facet in PERIODS:
        return [FacetCount(value, count) for value, count in counts.items()]
    named = [FacetCount(known.get(key, key), count) for key, count in counts.items()]
    return sorted(named, key=lambda one: (-one.count, one.value))[:most]


def ask_names(
    statistics: ClusterStatistics, index: str, known: dict[str, dict[str, str]], wanted: Mapping[str, Sequence[str]]
) -> None:
    """Learn the names of the ``wanted`` keys of each label that are not ``known``."""
    for label, keys in wanted.items():
        missing = [key for key in keys if key not in known.setdefault(label, {})]
        if missing:
            answer = statistics.search(index, naming(label, missing), None)
            if answer is not None:
                found = names(answer)  # those of other values that these articles have are counted in part
                known[label].update((key, found.get(key, key)) for key in missing)
