"""``TermStatistics`` over a cluster: many lookups in one round trip, each kept until the articles change."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from index.analysis.analyzer import Stream
from index.article import TEXT_FIELDS
from index.batches import batches
from index.cluster.connection import Cluster, refusal
from index.cluster.mapping import GAP, indexed_term
from index.segments.schema import field_name
from search.deadline import Deadline
from search.engines.opensearch.frequencies import TERM_SETS, Dictionaries, FieldStatistics, FieldTerm
from search.engines.opensearch.lexicon import STREAMS, Beginning, Kind, Search, listed, listing, places
from search.engines.opensearch.questions import Questions

T = TypeVar("T")

_MOST_KEPT = 1 << 17
_MOST_LISTED_KEPT = 1 << 18
_LONGEST_KEPT = 256
_MOST_COUNTED = 1000
_MOST_SEARCHES = 200
_RARE = 3
_MOST_RARE = 300
_LATE = 2.0
"""For how many seconds after a deadline an answer that is on its way is waited for."""
_KINDS = {stream: kind for kind, stream in STREAMS.items()}
_FIELDS = [field_name(name, stream) for name in TEXT_FIELDS for stream in Stream]


class Row(NamedTuple):
    """A question: whether an article has these syllables in a row, with exactly these accents."""

    syllables: tuple[str, ...]


class KnownStatistics:
    """What is known of the articles of one version of the index, by question. Threads may share it."""

    def __init__(self, cluster: Cluster, dictionaries: Dictionaries) -> None:
        self.cluster = cluster
        self.dictionaries = dictionaries
        self._answers: dict[Hashable, Any] = {}
        self._listings: dict[Hashable, list[tuple[str, int]]] = {}
        self._listed = 0

    @cached_property
    def articles(self) -> int:
        """The number of articles that are not deleted."""
        return int(self.cluster.ask("GET", self.cluster.live, "_count")["count"])

    @cached_property
    def any_deleted(self) -> bool:
        """Whether deleted or replaced articles still count."""
        answer = self.cluster.ask("GET", self.cluster.articles, "_stats", "docs")
        return bool(answer["_all"]["primaries"]["docs"]["deleted"] > 0)

    @cached_property
    def fields(self) -> Mapping[str, FieldStatistics]:
        """The statistics of the streams of the text fields, by the names of ``field_name``; deleted ones may count."""
        return self.dictionaries.fields(_FIELDS)

    @cached_property
    def live_share(self) -> float:
        """About which share of what the dictionaries count is not deleted."""
        counted = max([field.articles for field in self.fields.values()], default=0)
        return min(1.0, self.articles / counted) if counted else 1.0

    def get(self, question: Hashable, default: Any = None) -> Any:
        """Return the answer to a question if it is known, else ``default``."""
        return (self._listings if isinstance(question, Beginning) else self._answers).get(question, default)

    def keep(self, question: Hashable, answer: Any) -> None:
        """Keep an answer for the next queries, if there is room for it."""
        match question:
            case Beginning():
                if self._listed > _MOST_LISTED_KEPT:
                    self._listings, self._listed = {}, 0
                self._listings[question] = answer
                self._listed += len(answer) + 1
            case FieldTerm(_, term):
                self._keep(question, answer, len(term))
            case Row(syllables):
                self._keep(question, answer, sum(map(len, syllables)))

    def _keep(self, question: Hashable, answer: Any, size: int) -> None:
        if len(self._answers) >= _MOST_KEPT:
            self._answers = {}
        if size <= _LONGEST_KEPT:
            self._answers[question] = answer


class ClusterStatistics(Questions):
    """The statistics of one query; do not share it between threads. Searches are not tried again after ``deadline``."""

    def __init__(self, shared: KnownStatistics, deadline: Deadline | None = None) -> None:
        super().__init__(self._found, shared.get)
        self._shared = shared
        self._deadline = deadline or Deadline()
        self._cluster = shared.cluster

    @property
    def articles(self) -> int:
        """The number of articles."""
        return self._shared.articles

    @property
    def length(self) -> float:
        """The mean length of an article's text, in syllables."""
        return self._shared.fields[field_name("body", Stream.SYLLABLE)].length

    def average_length(self, field: str) -> float:
        """Return the mean length of ``field`` in the articles that have it, in terms; 0 without any."""
        return self._shared.fields[field].length

    def articles_with(self, field: str) -> int:
        """Return how many articles have ``field``; deleted ones may count."""
        return self._shared.fields[field].articles

    def document_frequency(self, stream: Stream, term: str) -> int:
        """Return how many articles have ``term``; deleted ones count until their segment is merged."""
        return max(self.frequency_in(field_name(name, stream), term) for name in TEXT_FIELDS)

    def frequency_in(self, field: str, term: str) -> int:
        """Return about how many articles have ``term`` in ``field``: no more than there are articles.

        The dictionaries count deleted ones until their segment is merged, so their usual share is taken off. They may
        also count articles that arrived after ``articles`` were counted.
        """
        counted = self.answer(FieldTerm(field, term), 0)
        return min(self.articles, max(1, round(counted * self._shared.live_share))) if counted else 0

    def search(
        self, index: str, body: Mapping[str, Any], meanwhile: T, preference: str | None = None
    ) -> Mapping[str, Any] | T:
        """Return the answer to a search; within ``together``, ``meanwhile`` until it is known.

        One that ranks has a ``preference`` (``Search``).
        """
        return self.answer(Search(index, json.dumps(body, ensure_ascii=False), preference), meanwhile)

    def search_live(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer to a search of the articles that are not deleted; not to be asked within ``together``."""
        return self._searched([Search(self._cluster.live, json.dumps(body, ensure_ascii=False))])[0]

    def terms(self, stream: Stream, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return terms that start with ``prefix``, of a stream of syllables; the first 1,000 are counted in full."""
        return self._begun(_KINDS[stream], prefix, most)

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the most frequent suggestions that start with ``prefix``; of more than 1,000, about how frequent."""
        return self._begun(Kind.PHRASE, prefix, most)

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return abbreviation terms that start with ``prefix``."""
        return sorted(self._begun(Kind.ABBREVIATION, prefix, most), key=lambda entry: (-entry[1], entry[0]))

    def has_phrase(self, syllables: Sequence[str]) -> bool:
        """Tell whether a live article has these syllables in a row."""
        return self.answer(Row(tuple(syllables)), False)

    def _begun(self, kind: Kind, prefix: str, most: int) -> list[tuple[str, int]]:
        begun: list[tuple[str, int]] = self.answer(Beginning(kind, prefix, most), [])
        return [(term, min(count, self.articles)) for term, count in begun] if self.articles else []

    def _found(self, questions: Sequence[Hashable]) -> dict[Hashable, Any]:
        """Ask the cluster: first all searches at once, then all frequencies, those of the terms found among them."""
        answers: dict[Hashable, Any] = {}
        searches = {question: search for question in questions if (search := self._as_search(question))}
        terms = [question for question in questions if isinstance(question, FieldTerm)]
        for question, answer in zip(searches, self._searched(list(searches.values())), strict=True):
            match question:
                case Beginning(kind):
                    answers[question] = found = listed(answer)
                    terms += [place for term, _ in found[:_MOST_COUNTED] for place in places(kind, term)]
                case Row():
                    answers[question] = answer["hits"]["total"]["value"] > 0
                case _:
                    answers[question] = answer
        missing = [term for term in dict.fromkeys(terms) if self._shared.get(term) is None]
        frequencies = self._shared.dictionaries.frequencies(missing) if missing else {}
        rare = [term for term, count in frequencies.items() if term.field in TERM_SETS and 0 < count <= _RARE]
        if rare and self._shared.any_deleted:
            frequencies.update(self._live_frequencies(rare[:_MOST_RARE]))
        for term in terms:
            known = frequencies.get(term)
            answers[term] = self._shared.get(term, 0) if known is None else known
        for question in searches:
            if isinstance(question, Beginning):
                answers[question] = _counted(question, answers[question], answers)
        for question, answer in answers.items():
            self._shared.keep(question, answer)
        return answers

    def _live_frequencies(self, terms: Sequence[FieldTerm]) -> dict[FieldTerm, int]:
        """Return how many articles that are not deleted have each of ``terms``."""
        each = [{"term": {field: term}} for field, term in terms]
        body = {
            "size": 0,
            "query": {"bool": {"filter": [{"bool": {"should": each}}]}},
            "track_total_hits": False,
            "aggs": {"each": {"filters": {"filters": each}}},
        }
        buckets = self.search_live(body)["aggregations"]["each"]["buckets"]
        return {term: bucket["doc_count"] for term, bucket in zip(terms, buckets, strict=True)}

    def _as_search(self, question: Hashable) -> Search | None:
        match question:
            case Search():
                return question
            case Beginning():
                return listing(self._cluster, question)
            case Row(syllables):
                return Search(self._cluster.live, json.dumps(_in_a_row(syllables), ensure_ascii=False))
        return None

    def _searched(self, searches: Sequence[Search]) -> list[Mapping[str, Any]]:
        """Return the answers to searches, in order. Raises ClusterError if one of them is refused."""
        found: list[Mapping[str, Any]] = []
        for some in batches(searches, _MOST_SEARCHES):
            lines = "".join(f"{json.dumps(search.header)}\n{search.body}\n" for search in some)
            left = self._deadline.left()
            seconds = None if left is None else min(left + _LATE, self._cluster.config.timeout)
            answer = self._cluster.ask(
                "POST", "_msearch", body=lines.encode("utf-8"), seconds=seconds, between=self._deadline.passed
            )
            found += answer["responses"]
        for answer in found:
            if "error" in answer:
                raise refusal(answer["status"], answer, self._cluster.config.timeout)
        return found


def _counted(
    asked: Beginning, found: Sequence[tuple[str, int]], frequencies: Mapping[Hashable, Any]
) -> list[tuple[str, int]]:
    """Return terms of the lexicon, sorted, each with how many articles have it; without those that none has."""
    exact = [(term, max(frequencies[place] for place in places(asked.kind, term))) for term, _ in found[:_MOST_COUNTED]]
    counted = [entry for entry in [*exact, *found[_MOST_COUNTED:]] if entry[1]]
    if len(counted) > asked.most:
        counted = sorted(counted, key=lambda entry: -entry[1])[: asked.most]
    return sorted(counted)


def _in_a_row(syllables: Sequence[str]) -> dict[str, Any]:
    """Return the search for one article that has ``syllables`` in a row in a text field."""
    none = not syllables or not all(syllables) or GAP in syllables
    text = " ".join(map(indexed_term, syllables))
    rows = [{"match_phrase": {field_name(name, Stream.SYLLABLE): text}} for name in TEXT_FIELDS]
    query: Mapping[str, Any] = {"match_none": {}} if none else {"bool": {"should": rows}}
    return {"size": 0, "terminate_after": 1, "query": {"constant_score": {"filter": query}}}
