"""Near-copies: which articles tell one story. Settled in the order of their numbers, by one server at a time.

An article's story is that of its nearest copy with a lower number, as ``near_copies.assign`` says; else its own number.
The cluster gives the candidates: those that share as many bands of the sketch as copies must
(``documents.LEAST_ALIKE``). So no copy is missed, however many articles there are; our own measure does the rest. A
story that changes is written to the article's document, which is analysed again for that; the first article of a story
is told that it is ``copied``, too. Two servers that settle at once write the same; of two changes of one document, the
later one is refused.

The number up to which all is settled is kept in the state index. It never passes a write that is under way, so numbers
that were taken before others and arrive after them are not missed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from index.analysis.near_copies import MOST_DIFFERING, differing
from index.batches import batches
from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.documents import LEAST_ALIKE, bands, json_of, sketch_of, version, written_of
from index.cluster.mapping import KEPT, LIVE, document_id, only_fields
from index.cluster.sending import Document, send
from index.errors import RottenArticleError

log = logging.getLogger(__name__)

_SETTLED = "stories"
_AT_ONCE = 200
_QUESTIONS = 25
_MOST_CANDIDATES = 1_000
"""Of more, those that share the most bands are looked at."""
_COUNTED_AT_ONCE = 10_000
_FIELDS = ("seq", "id", "story", "copied", "sketch")


@dataclass(slots=True)
class _Told:
    """An article as the index has it, and what has been settled of it since."""

    seq: int
    id: str
    story: int
    copied: bool
    sketch: tuple[int, int] | None


@dataclass(slots=True)
class _Settling:
    """What was settled and is not visible yet, by number."""

    cluster: Cluster
    known: dict[int, _Told] = field(default_factory=dict)

    def newest(self, hit: Mapping[str, Any]) -> _Told:
        """Return an article that a search found, as it has been settled."""
        told = _told(hit)
        return self.known.get(told.seq, told)

    def settle(self, one: _Told, candidates: Sequence[_Told]) -> list[_Told]:
        """Settle the story of one article; return the articles that this changes."""
        before = [other for other in candidates if other.seq < one.seq and other.sketch is not None]
        if one.sketch is None or not before:
            return []
        planes = np.array([other.sketch for other in before], np.uint64).T
        slots = differing(np.array(one.sketch, np.uint64), planes)
        if slots.min() > MOST_DIFFERING:
            return []
        nearest = [before[at] for at in np.flatnonzero(slots == slots.min()).tolist()]
        story = min(other.story for other in nearest)
        changed = [other for other in nearest if other.story == story and not other.copied]
        if (one.story, one.copied) != (story, True):
            changed.append(one)
        one.story = story
        for other in changed:
            other.copied = True
            self.known[other.seq] = other
        return changed


def settle(cluster: Cluster, upto: int, leads: Callable[[], bool] = lambda: True) -> int:
    """Settle the stories of the articles up to number ``upto``; return how many were changed, which are visible then.

    What was written up to ``upto`` must be visible. ``leads`` is asked often; once it is False, another server goes on.
    Raises ClusterError, DiskFullError.
    """
    changed = 0
    settling = _Settling(cluster)
    while (after := settled(cluster)) < upto and leads():
        body = _listed([LIVE, {"range": {"seq": {"gt": after, "lte": upto}}}], _AT_ONCE)
        batch = [settling.newest(hit) for hit in cluster.search(cluster.articles, body)["hits"]["hits"]]
        found: dict[int, _Told] = {}
        for some in batches((one for one in batch if one.sketch is not None), _QUESTIONS):
            answers = cluster.searches(cluster.articles, [_candidates(one) for one in some])
            for one, answer in zip(some, answers, strict=True):
                others = [settling.newest(other) for other in answer["hits"]["hits"]]
                found.update((other.seq, other) for other in settling.settle(one, others))
        if not leads():
            break
        changed += _write(cluster, list(found.values()))
        entries.raise_number(cluster, _SETTLED, batch[-1].seq if len(batch) == _AT_ONCE else upto)
    if changed:
        cluster.ask("POST", cluster.articles, "_refresh")
    return changed


def settled(cluster: Cluster) -> int:
    """Return the number up to which all stories are settled."""
    return entries.number(cluster, _SETTLED)


def copies_among(cluster: Cluster, writes: Sequence[range]) -> int:
    """Return how many articles with these numbers, ascending and disjoint, have the story of another one."""
    count = 0
    for numbers in writes:
        within = {"range": {"seq": {"gte": numbers.start, "lt": numbers.stop}}}
        body = _listed([LIVE, {"term": {"copied": True}}, within], _COUNTED_AT_ONCE) | only_fields("seq", "story")
        hits = cluster.pages(cluster.articles, body, _COUNTED_AT_ONCE)
        count += sum(hit["fields"]["seq"] != hit["fields"]["story"] for hit in hits)
    return count


def _candidates(one: _Told) -> dict[str, Any]:
    """Return the search for the articles that share enough bands of the sketch of ``one``, those with the most first.

    It has no filters and counts all, because the cluster then only counts along the bands, which is several times
    faster; deleted articles have no bands, and those after ``one`` are left out by who asks.
    """
    assert one.sketch is not None
    alike = [{"constant_score": {"filter": {"term": {"bands": band}}}} for band in bands(one.sketch)]
    return {
        **_listed([], _MOST_CANDIDATES),
        "query": {"bool": {"should": alike, "minimum_should_match": LEAST_ALIKE}},
        "sort": [{"_score": "desc"}, {"seq": "asc"}],
        "track_total_hits": True,
    }


def _listed(filters: Sequence[Any], size: int) -> dict[str, Any]:
    query = {"bool": {"filter": filters}}
    return {"query": query, "sort": [{"seq": "asc"}], "size": size, **only_fields(*_FIELDS)}


def _told(hit: Mapping[str, Any]) -> _Told:
    fields = hit["fields"]
    sketch = sketch_of(fields["sketch"][0]) if "sketch" in fields else None
    return _Told(fields["seq"][0], fields["id"][0], fields["story"][0], fields["copied"][0], sketch)


def _write(cluster: Cluster, told: Sequence[_Told]) -> int:
    """Write stories to the documents of articles that have not been written since; return how many were."""
    count = 0
    for some in batches(told, _AT_ONCE // 4):
        by_place = {document_id(one.id): one for one in some}
        changed = []
        for place, found in cluster.documents(cluster.articles, list(by_place), KEPT).items():
            one, source = by_place[place], found["_source"]
            if source["seq"] != one.seq or source["deleted"]:
                continue
            try:
                written = written_of(source, found["_version"])
            except RottenArticleError as error:
                log.error("%s", error)
                continue
            if (written.story, written.copied) != (one.story, one.copied):
                changed.append(written._replace(story=one.story, copied=one.copied, revision=written.revision + 1))
        documents = [
            Document(one.article.id, version(one.seq, one.revision), line, is_new=True)
            for one, line in zip(changed, json_of(changed), strict=True)
        ]
        count += sum(send(cluster, documents))
    return count
