"""Count facets in the cluster, and tell by what name most live articles call a value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from search.engine import PERIODS, FacetCount
from search.engines.opensearch.statistics import ClusterStatistics

_MOST_VALUES = 100
_COUNTED = 300
"""So many values are counted: values as frequent as the last ones that are shown go by their names."""
_FORMS = 10_000


def counting(facet: str) -> dict[str, Any]:
    """Return the aggregation that counts the values of a facet."""
    if facet in PERIODS:
        return {"terms": {"field": facet, "size": _MOST_VALUES, "order": {"_key": "desc"}}}
    return {"terms": {"field": f"{facet}_key", "size": _COUNTED}}


def counted(aggregation: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of an answer, by value."""
    return {bucket["key"]: bucket["doc_count"] for bucket in aggregation["buckets"]}


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


def listed(facet: str, counts: Mapping[str, int], known: Mapping[str, str]) -> list[FacetCount]:
    """Return the counts of a facet: periods newest first, labels most frequent first, with their names."""
    if facet in PERIODS:
        return [FacetCount(value, count) for value, count in counts.items()]
    named = [FacetCount(known.get(key, key), count) for key, count in counts.items()]
    return sorted(named, key=lambda one: (-one.count, one.value))[:_MOST_VALUES]


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
