"""Article sets of a cluster as queries in its own language: nothing is looked up until they are counted.

A deleted article leaves a document that has no field but its id, so only what may hold any article, which is all of
them less others, says that it must be live. Joined queries are flattened, and terms of one field are asked together:
the cluster takes 1,024 clauses at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from index.analysis.analyzer import Stream
from index.analysis.normalization import fold
from index.cluster.mapping import GAP, LIVE, indexed_term, indexed_value
from index.dates import MINUTES_A_DAY
from index.labels import words_of
from index.segments.schema import field_name
from search.engines.opensearch.statistics import ClusterStatistics
from search.matching.article_sets import Row, fields_of, row_bigram, scoped
from search.ranking.scoring import idf

Query = Mapping[str, Any]
NONE: Query = {"match_none": {}}
MANY = 1 << 30
"""The number of articles of a set, until it is counted."""
_MOST_WEIGHED = 700
"""How many clauses a query can have of those an article must have enough of."""
_LEAST_WEIGHED = 8
_MOST_KEPT = 1 << 14
_SURE = 1 - 1e-6


class QuerySets:
    """Find and join queries; ``statistics`` are asked together.

    ``totals`` are the counts of whole queries, by ``key_of``; one that is not there is ``MANY``. ``counts`` keeps those
    of words, for other queries too. Once ``cut`` is True, words were left out because a query cannot have as many.
    """

    def __init__(
        self, statistics: ClusterStatistics, index: str, totals: Mapping[str, int], counts: dict[str, int]
    ) -> None:
        self._statistics = statistics
        self._index = index
        self._totals = totals
        self._counts = counts
        self.articles = statistics.articles
        self.cut = False
        self._left = _MOST_WEIGHED

    def all(self) -> Query:
        """Return all live articles."""
        return LIVE

    def none(self) -> Query:
        """Return no article."""
        return NONE

    def with_term(self, stream: Stream, term: str, scope: str | None) -> Query:
        """Return the articles that have ``term`` in any text field of ``scope``."""
        return self.union([term_query(field, term) for field in fields_of(scope, stream)])

    def in_a_row(self, row: Row, scope: str | None) -> Query:
        """Return the articles where the terms of ``row`` stand together in one text field."""
        if len(row) == 1:
            return self.with_term(*row[0][:2], scope)
        pairs = [row_bigram(*pair) for pair in pairwise(row)]
        bigrams = [pair for pair in pairs if pair is not None]
        same = len({stream for stream, _, _ in row}) == 1
        if len(row) == 2 and same and bigrams:
            return self.with_term(*bigrams[0], scope)
        in_order = _phrase if same else _spans
        return self.union(
            [
                self.intersection([*(self.with_term(*pair, name) for pair in bigrams), in_order(name, row)])
                for name in scoped(scope)
            ]
        )

    def with_label(self, label: str, key: str) -> Query:
        """Return the articles that have the value ``key``; if none has, those that differ in accents alone."""
        value = indexed_value(key)
        exact = {"term": {f"{label}_key": value}}
        if key != fold(key) or self._found(exact):
            return exact
        return {"term": {f"{label}_folded": value}}

    def with_label_words(self, label: str, key: str) -> Query:
        """Return the articles whose label has a value with the words of ``key`` side by side."""
        words = words_of(key)
        field = f"{label}_words_folded" if key == fold(key) else f"{label}_words"
        if not words:  # as only other signs have none
            return self.without({"exists": {"field": f"{label}_key"}}, {"exists": {"field": field}})
        return {"match_phrase": {field: " ".join(map(indexed_term, words))}}

    def with_any_label(self, label: str) -> Query:
        """Return the articles that have any value of ``label``."""
        return {"exists": {"field": f"{label}_key"}}

    def published_between(self, first: int | None, last: int | None) -> Query:
        """Return the articles published from day ``first`` to day ``last`` (ordinals, inclusive), no undated ones."""
        bounds: dict[str, int] = {}
        if first is not None:
            bounds["gte"] = (first - 1) * MINUTES_A_DAY
        if last is not None:
            bounds["lt"] = last * MINUTES_A_DAY
        return {"range": {"minutes": bounds}} if bounds else {"exists": {"field": "minutes"}}

    def union(self, found: Sequence[Query]) -> Query:
        """Return the articles that match any of ``found``."""
        parts = list(_unique(part for query in found for part in _either(query)))
        if LIVE in parts:
            return LIVE
        terms: dict[str, list[str]] = {}
        others = []
        for part in parts:
            if (term := _only_term(part)) is None:
                others.append(part)
            else:
                terms.setdefault(term[0], []).append(term[1])
        asked: list[Query] = [
            {"term": {field: values[0]}} if len(values) == 1 else {"terms": {field: values}}
            for field, values in terms.items()
        ]
        asked += others
        if len(asked) < 2:
            return asked[0] if asked else NONE
        return {"bool": {"should": asked, "minimum_should_match": 1}}

    def intersection(self, found: Sequence[Query]) -> Query:
        """Return the articles that match all of ``found``."""
        parts = list(_unique(part for query in found for part in _every(query)))
        excluded = list(_unique(part for query in found for part in _excluded(query)))
        if NONE in parts:
            return NONE
        if len(parts) > 1 and LIVE in parts:
            parts.remove(LIVE)
        if not excluded and len(parts) == 1:
            return parts[0]
        return {"bool": {"filter": parts, **({"must_not": excluded} if excluded else {})}}

    def without(self, found: Query, others: Query) -> Query:
        """Return the articles that match ``found`` and not ``others``."""
        if others == LIVE or found == NONE:
            return NONE
        if others == NONE:
            return found
        return self.intersection([found, {"bool": {"must_not": list(_either(others))}}])

    def live(self, found: Query) -> Query:
        """Return ``found``: deleted articles match nothing."""
        return found

    def with_enough(self, wanted: Sequence[Query], covered: Sequence[Query], least: Callable[[float], float]) -> Query:
        """Return the articles in enough of ``covered``, by the idf of ``wanted``."""
        counts = [self._count(query) for query in wanted]
        if self._statistics.guessing:
            return self.union(covered)
        weighed = [(idf(self.articles, count), query) for count, query in zip(counts, covered, strict=True)]
        whole = sum([weight for weight, _ in weighed])
        asked: list[Query] = []
        for weight, query in sorted(weighed, key=lambda one: -one[0]):
            if query != NONE:
                if self._left <= 0 and len(asked) >= _LEAST_WEIGHED:
                    self.cut = True
                    break
                self._left -= clauses(query)
                asked.append({"constant_score": {"filter": query, "boost": weight}})
        sums: Query = {"bool": {"should": asked}} if asked else NONE
        answer = self._statistics.search(self._index, {"size": 1, "_source": False, "query": sums}, None)
        if answer is None:
            return self.union(covered)
        best = float(answer["hits"]["max_score"] or 0.0)
        if not best:
            return NONE
        return {"function_score": {"query": sums, "min_score": least(best / whole) * best * _SURE}}

    def count(self, found: Query) -> int:
        """Return the number of articles that match ``found``, a whole query; ``MANY`` until it is in ``totals``."""
        return 0 if found == NONE else self._totals.get(key_of(found), MANY)

    def any(self, found: Query) -> bool:
        """Tell whether an article matches ``found``; True until it is counted."""
        return self.count(found) > 0 if key_of(found) in self._totals else self._found(found)

    def document_frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        """Return how many articles have ``term`` in the text field where most have it."""
        return max([self._statistics.frequency_in(field, term) for field in fields_of(scope, stream)])

    def frequencies(self, stream: Stream, term: str, scope: str | None) -> list[tuple[str, int]]:
        """Return the index fields that have ``term``, each with the number of articles that have it there."""
        counts = [(field, self._statistics.frequency_in(field, term)) for field in fields_of(scope, stream)]
        return [entry for entry in counts if entry[1]]

    def terms_with_prefix(self, stream: Stream, prefix: str, scope: str | None, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms that start with ``prefix``, with document frequencies."""
        found = self._statistics.terms(stream, prefix, most)
        if scope is None:
            return found
        field = field_name(scope, stream)
        return [(term, count) for term, _ in found if (count := self._statistics.frequency_in(field, term))]

    def _count(self, query: Query) -> int:
        key = key_of(query)
        count = 0 if query == NONE else self._counts.get(key)
        if count is None:
            body = {"size": 0, "track_total_hits": True, "query": filtered(query)}
            answer = self._statistics.search(self._index, body, None)
            if answer is None:
                return MANY
            count = int(answer["hits"]["total"]["value"])
            if len(self._counts) >= _MOST_KEPT:
                self._counts.clear()
            self._counts[key] = count
        return count

    def _found(self, query: Query) -> bool:
        if query == NONE:
            return False
        body = {"size": 0, "terminate_after": 1, "query": filtered(query)}
        answer = self._statistics.search(self._index, body, None)
        return answer is None or answer["hits"]["total"]["value"] > 0


def filtered(query: Query) -> Query:
    """Return ``query`` as one whose scores nobody needs."""
    return {"constant_score": {"filter": query}}


def key_of(query: Query) -> str:
    """Return a text that equal queries share."""
    return repr(query)


def term_query(field: str, term: str) -> Query:
    """Return the articles that have ``term`` in an index field."""
    return {"term": {field: indexed_term(term)}} if term else NONE


def clauses(query: Query) -> int:
    """Return how many clauses the cluster counts in a query."""
    [(kind, body)] = query.items()
    match kind:
        case "bool":
            return sum(clauses(part) for parts in body.values() if isinstance(parts, list) for part in parts)
        case "dis_max":
            return sum(map(clauses, body["queries"]))
        case "constant_score":
            return clauses(body["filter"])
        case "function_score":
            return clauses(body["query"])
        case "span_near":
            return len(body["clauses"])
    return 1


def _phrase(name: str, row: Row) -> Query:
    """Return the articles where a row of one stream stands in a text field."""
    tokens: list[str] = []
    for _, term, at in row:
        tokens += [GAP] * (at - len(tokens)) + [indexed_term(term)]
    return {"match_phrase": {field_name(name, row[0][0]): " ".join(tokens)}}


def _spans(name: str, row: Row) -> Query:
    """Return the articles where a row of accented and plain syllables stands in a text field."""
    field = field_name(name, Stream.SYLLABLE)
    asked: list[Query] = []
    before = -1
    for stream, term, at in row:
        if at - before > 1:
            asked.append({"span_gap": {field: at - before - 1}})
        one: Query = {"span_term": {field_name(name, stream): indexed_term(term)}}
        asked.append(one if stream is Stream.SYLLABLE else {"span_field_masking": {"query": one, "field": field}})
        before = at
    return {"span_near": {"clauses": asked, "slop": 0, "in_order": True}}


def _either(query: Query) -> Iterator[Query]:
    """Yield queries that an article must match one of to match ``query``; none for ``NONE``."""
    match query:
        case {"bool": {"should": list(parts), "minimum_should_match": 1, **more}} if not more:
            yield from parts
        case {"terms": terms}:
            [(field, values)] = terms.items()
            yield from ({"term": {field: value}} for value in values)
        case _ if query != NONE:
            yield query


def _every(query: Query) -> Iterator[Query]:
    """Yield queries that an article must match each of to match ``query``, besides those it must not match."""
    match query:
        case {"bool": {"filter": list(parts), **more}} if set(more) <= {"must_not"}:
            yield from parts
        case {"bool": {"must_not": _, **more}} if not more:
            return
        case _:
            yield query


def _excluded(query: Query) -> Sequence[Query]:
    match query:
        case {"bool": {"must_not": list(parts), **more}} if set(more) <= {"filter"}:
            return parts
    return ()


def _only_term(query: Query) -> tuple[str, str] | None:
    match query:
        case {"term": term}:
            [(field, value)] = term.items()
            return (field, value) if isinstance(value, str) else None
    return None


def _unique(queries: Iterator[Query]) -> Iterator[Query]:
    seen: set[str] = set()
    for query in queries:
        key = key_of(query)
        if key not in seen:
            seen.add(key)
            yield query
