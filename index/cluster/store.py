"""``ArticleStore`` on a cluster: each article is one document, and the truth.

A write takes numbers from the clock, is analysed, and sent with a version that its number makes. So the document of a
later write stays, whoever wrote it and whenever it arrives; a write that comes too late counts as written, and replaced
at once. A deleted article leaves a document with its number. A write is acknowledged when every copy of its shard that
there is has it, the first and the replica.

What is asked by id is seen as soon as it is written. What is asked by anything else is made visible first.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from index.article import Article
from index.batches import batches
from index.cluster import backup, entries, health, walking
from index.cluster.clock import Clock, Taken
from index.cluster.connection import Cluster, json_line
from index.cluster.documents import Written, article_of, json_of, tombstone, version
from index.cluster.fetches import ClusterFetchLog
from index.cluster.inputs import ClusterInputLog
from index.cluster.mapping import LIVE, document_id
from index.cluster.planning import New, Plan, chunks, planned
from index.cluster.sending import Document, send
from index.cluster.tasks import ClusterTaskLog
from index.dates import LOCAL_ZONE
from index.errors import ChangedError, ClusterError, RottenArticleError
from index.store.article_store import Change, Condition, DeleteResult, Stamp, WriteResult
from index.writer.workers import Workers

log = logging.getLogger(__name__)

_IDS_AT_ONCE = 500
_ARTICLES_AT_ONCE = 50
_SENDERS = 2
_ROUNDS = 3
_STAMPS_AT_ONCE = 5_000
_IDENTITY, _APPLIED = "identity", "applied"


class ClusterArticleStore:
    """The articles on ``cluster``; safe to share between threads, and by any number of servers.

    Many articles at once are analysed by ``workers`` processes, which start with the first such write; with 0, this
    process does all.
    """

    def __init__(self, cluster: Cluster, *, workers: int = 0) -> None:
        self.cluster = cluster
        self.clock = Clock(cluster, self._highest_written)
        self.tasks = ClusterTaskLog(cluster)
        self.inputs = ClusterInputLog(cluster)
        self.fetches = ClusterFetchLog(cluster)
        self._workers = Workers(workers)
        self._workers_lock = threading.Lock()
        self._visible = -1
        self._rotten: set[str] = set()
        self._rotten_lock = threading.Lock()
        self._verified = 0

    def put(
        self,
        articles: Sequence[Article],
        inputs: Sequence[int | None] | None = None,
        *,
        only_if: Condition | None = None,
    ) -> WriteResult:
        """Add or replace ``articles``; stored articles with equal content stay untouched.

        ``inputs`` has for each the number of the input it was read from. If an id occurs twice, the last article wins.
        A damaged article counts as updated. The numbers ascend in the order given; but articles are seen one by one,
        and if this raises an error of the cluster, some may be written: put them again. ``only_if`` is asked of each
        while no other write with a condition goes on that has one of them, on whichever server. Raises ChangedError if
        it does not hold for one, and writes nothing; ClusterError, DiskFullError.
        """
        numbers = [None] * len(articles) if inputs is None else inputs
        if only_if is None or not articles:
            plan = self._planned(articles, numbers, self._hashes([article.id for article in articles]), None)
            if not plan.new:
                seq = self.last_seq()
            else:
                seq = self._write(plan.count, lambda taken: self._put(list(plan.new.values()), taken))
        else:
            with self._claimed(len(articles), [article.id for article in articles]) as (taken, known):
                plan = self._planned(articles, numbers, known, only_if)
                if plan.new:
                    self._put(list(plan.new.values()), taken)
                seq = taken.last
        self._mended(plan.new)
        return WriteResult(plan.added, plan.updated, plan.unchanged, seq)

    def _planned(
        self,
        articles: Sequence[Article],
        numbers: Sequence[int | None],
        known: dict[str, str],
        only_if: Condition | None,
    ) -> Plan:
        """Return what to write; the articles are given to their inputs."""
        plan = planned(articles, numbers, known, self._rotten, only_if)
        if plan.owners:
            self.inputs.own(plan.owners)
        return plan

    def delete(self, ids: Iterable[str], *, only_if: Condition | None = None) -> DeleteResult:
        """Delete articles; ignore unknown ids.

        Raises ChangedError, and deletes nothing, if ``only_if``, asked as by ``put``, does not hold; ClusterError.
        """
        listed = list(dict.fromkeys(ids))
        if only_if is None or not listed:
            gone = self._known_among(listed, self._hashes(listed))
            seq = self._write(len(gone), lambda taken: self._bury(gone, taken)) if gone else self.last_seq()
        else:
            with self._claimed(len(listed), listed) as (taken, known):
                for id in listed:
                    if not only_if(known.get(id)):
                        raise ChangedError(id)
                gone = self._known_among(listed, known)
                if gone:
                    self._bury(gone, taken)
                seq = taken.last
        self._mended(gone)
        return DeleteResult(gone, seq)

    def _known_among(self, ids: Sequence[str], known: Mapping[str, str]) -> list[str]:
        """Return those of ``ids`` that there are, which are taken from their inputs."""
        gone = [id for id in ids if id in known]
        if gone:
            self.inputs.own(dict.fromkeys(gone))
        return gone

    def _bury(self, ids: Sequence[str], taken: Taken) -> None:
        numbered = list(enumerate(ids, taken.first))
        tombstones = [Document(id, version(seq), json_line(tombstone(id, seq))) for seq, id in numbered]
        send(self.cluster, tombstones, lambda: self.clock.renew(taken))

    @contextmanager
    def _claimed(self, count: int, ids: Sequence[str]) -> Iterator[tuple[Taken, dict[str, str]]]:
        """Claim articles and take ``count`` numbers; give these, and the hashes of the articles by id.

        The numbers are taken before the hashes are read: what a server writes that lost its claim meanwhile has a
        lower number than what is written by the next one. If a write without a condition came between, they are taken
        anew, as theirs must be the higher ones. Raises ClusterError, also if the claim was lost: what was written then
        may have been replaced.
        """
        while True:
            with self.clock.taking(count, ids) as taken:
                known = self._documents(ids, ("deleted", "hash", "seq"))
                if any(source["seq"] > taken.first for source in known.values()):
                    continue
                hashes = {id: source["hash"] for id, source in known.items() if not source["deleted"]}
                yield taken, hashes
                if not taken.is_held():
                    raise _too_slow()
                return

    def get(self, id: str) -> Article | None:
        """Return the article with this id, or None. Raises RottenArticleError, ClusterError."""
        source = self._sources([id], walking.WITH_ARTICLE).get(id)
        return None if source is None else self._article(source)

    def get_many(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return the articles with these ids; unknown and damaged ones are left out, and ``get`` tells which."""
        found: dict[str, Article] = {}
        for some in batches(ids, _ARTICLES_AT_ONCE):
            for id, source in self._sources(some, walking.WITH_ARTICLE).items():
                if (article := self._sound(source)) is not None:
                    found[id] = article
        return found

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        """Return at most ``limit`` changes after number ``seq``, oldest first; a damaged article as if it were deleted.

        None is listed above a write that is under way, so that none is missed by who goes on after the last one.
        """
        upto = self.settled()
        self._make_visible()
        found = walking.changes(self.cluster, seq, upto, limit)
        return [Change(one["seq"], one["id"], None if one["deleted"] else self._sound(one)) for one in found]

    def articles(self, rotten: Callable[[str], None] | None = None) -> Iterator[Article]:
        """Yield every article in sequence order, as of one moment, which the cluster keeps: ``walking.of_one_moment``.

        ``rotten`` is called with the id of each damaged one; without it, that raises RottenArticleError.
        """
        self._make_visible()
        for source in walking.of_one_moment(self.cluster):
            try:
                yield self._article(source)
            except RottenArticleError as error:
                if rotten is None:
                    raise
                rotten(error.id)

    def stamps(self, first: int, last: int) -> list[Stamp]:
        """Return the stamps of the articles with numbers from ``first`` to ``last``, in order; no text is read."""
        self._make_visible()
        return list(walking.stamps(self.cluster, first, last))

    def last_stamps(self, width: int) -> list[Stamp]:
        """Return the last stamp of each ``width`` numbers (1 to ``width``, and so on) that have an article, in order.

        No text is read.
        """
        self._make_visible()
        found: list[Stamp] = []
        step = width * _STAMPS_AT_ONCE
        for first in range(1, self.last_seq() + 1, step):
            found += walking.last_stamps(self.cluster, width, first, first + step - 1)
        return found

    def last_stamp(self) -> Stamp | None:
        """Return the stamp of the article that was written last; None if there is none."""
        self._make_visible()
        return walking.last_stamp(self.cluster)

    def stored_at(self, ids: Sequence[str]) -> dict[str, str]:
        """Return when each of these articles was last written, as ``Stamp`` says it; unknown ones are left out."""
        return {id: source["stored_at"] for id, source in self._sources(ids, ("deleted", "id", "stored_at")).items()}

    def stored_per_day(self, since: date) -> Mapping[str, int]:
        """Return how many articles were last stored on each day, by its ISO date in Vietnam, from ``since`` on."""
        self._make_visible()
        begin = datetime.combine(since, time_of_day(), LOCAL_ZONE)
        days = {
            "field": "stored_at",
            "calendar_interval": "day",
            "time_zone": begin.isoformat()[-6:],
            "format": "yyyy-MM-dd",
            "min_doc_count": 1,
        }
        body = {
            "size": 0,
            "query": {"bool": {"filter": [LIVE, {"range": {"stored_at": {"gte": begin.isoformat()}}}]}},
            "aggs": {"days": {"date_histogram": days}},
        }
        buckets = self.cluster.search(self.cluster.articles, body)["aggregations"]["days"]["buckets"]
        return {bucket["key_as_string"]: bucket["doc_count"] for bucket in buckets}

    def count(self) -> int:
        """Return the number of articles."""
        self._make_visible()
        return int(self.cluster.ask("POST", self.cluster.articles, "_count", body={"query": LIVE})["count"])

    def last_seq(self) -> int:
        """Return the sequence number of the latest write, be it under way."""
        return self.clock.last()

    def settled(self) -> int:
        """Return the number up to which every write is there, so that what is made visible next has them all."""
        return self.clock.settled()

    def identity(self) -> str:
        """Return an id that no other store has, nor a backup of this one."""
        new = {"uuid": uuid.uuid4().hex}
        kept, _ = entries.change(self.cluster, self.cluster.state, _IDENTITY, lambda now: None if now else new)
        assert kept is not None
        return str(kept.value["uuid"])

    def highest_applied(self) -> int:
        """Return the highest number passed to ``record_applied``; 0 if there was none."""
        return entries.number(self.cluster, _APPLIED)

    def record_applied(self, seq: int) -> None:
        """Record that searches see all writes up to number ``seq``."""
        entries.raise_number(self.cluster, _APPLIED, seq)

    def problems(self) -> list[str]:
        """Return what is wrong with how the cluster keeps the articles; ``verify`` finds damaged articles."""
        return health.problems(self.cluster)

    def verify(self, seconds: float | None = None) -> list[str]:
        """Verify articles for about ``seconds``, resuming where the last call stopped; None: verify all.

        Return the ids of those known to be damaged, and log each new one unless all are verified.
        """
        self._make_visible()
        if seconds is None:
            rotten: list[str] = []
            for _ in self.articles(rotten.append):
                pass
            with self._rotten_lock:
                self._rotten = set(rotten)
            return rotten
        deadline = time.monotonic() + seconds
        with self._rotten_lock:
            known = list(self._rotten)
        still = self._sources(known, walking.WITH_ARTICLE)
        self._mended(id for id in known if id not in still or self._sound(still[id]) is not None)
        while time.monotonic() < deadline:
            some = list(walking.changes(self.cluster, self._verified, self.last_seq(), _ARTICLES_AT_ONCE))
            if not some:
                self._verified = 0  # the next call begins again
                break
            for source in some:
                if not source["deleted"]:
                    self._sound(source)
            self._verified = some[-1]["seq"]
        with self._rotten_lock:
            return sorted(self._rotten)

    def obstacle(self) -> str | None:
        """Return why articles cannot be read or written now, or None if they can; cheap to ask often."""
        return health.obstacle(self.cluster)

    def how_to_restore(self) -> str:
        """Tell how to bring back what the cluster has lost."""
        return (
            f"restore a snapshot of the indices {self.cluster.config.prefix}-* in the cluster,"
            " or move a backup of the articles there"
        )

    def back_up(self, file: Path) -> list[str]:
        """Write all articles of one moment to a new SQLite store, ``file``; return what is damaged, which it lacks.

        Raises StoreError if it exists or cannot be written.
        """
        return [str(RottenArticleError(id)) for id in backup.write(self.articles, file)]

    def close(self) -> None:
        """End the worker processes and close the connections."""
        self._workers.close()
        self.cluster.close()

    def _write(self, count: int, send_numbered: Callable[[Taken], None]) -> int:
        """Send ``count`` documents under numbers of their own; return the last number. Raises ClusterError."""
        for _ in range(_ROUNDS):
            with self.clock.taking(count) as taken:
                send_numbered(taken)
                if taken.is_held():
                    return taken.last
        raise _too_slow()

    def _put(self, new: Sequence[New], taken: Taken) -> None:
        """Analyse and send articles, both at the same time if they are many."""
        written = [Written(article, taken.first + place, digest, taken.stored_at) for article, place, digest in new]
        parts = list(chunks(written))

        def sent(chunk: Sequence[Written], lines: Sequence[bytes]) -> None:
            documents = [
                Document(one.article.id, version(one.seq), line) for one, line in zip(chunk, lines, strict=True)
            ]
            send(self.cluster, documents, lambda: self.clock.renew(taken))

        if len(parts) == 1:
            sent(parts[0], json_of(parts[0]))
            return
        under_way: deque[Future[None]] = deque()
        with ThreadPoolExecutor(_SENDERS, "send articles") as senders:
            for chunk, lines in zip(parts, self._analysed(parts), strict=True):
                under_way.append(senders.submit(sent, chunk, lines))
                if len(under_way) > _SENDERS:
                    under_way.popleft().result()
        for future in under_way:
            future.result()

    def _analysed(self, chunks: Sequence[Sequence[Written]]) -> Iterator[list[bytes]]:
        if not self._workers_lock.acquire(blocking=False):
            yield from map(json_of, chunks)
            return
        try:
            yield from self._workers.results(json_of, chunks)
        finally:
            self._workers_lock.release()

    def _hashes(self, ids: Sequence[str]) -> dict[str, str]:
        return {id: source["hash"] for id, source in self._sources(ids, ("deleted", "hash", "id")).items()}

    def _sources(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return ``fields`` of the articles with these ids, as they are now."""
        return {id: source for id, source in self._documents(ids, fields).items() if not source["deleted"]}

    def _documents(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return the same, of deleted articles too."""
        found: dict[str, Mapping[str, Any]] = {}
        places = {document_id(id): id for id in ids}
        for some in batches(places, _IDS_AT_ONCE):
            known = self.cluster.documents(self.cluster.articles, some, fields)
            found |= {places[place]: one["_source"] for place, one in known.items()}
        return found

    def _make_visible(self) -> None:
        """Make visible what was written since this was last done."""
        last = self.last_seq()
        if last != self._visible:
            settled = self.clock.settled()
            self.cluster.ask("POST", self.cluster.articles, "_refresh")
            self._visible = settled

    def _highest_written(self) -> int:
        self.cluster.ask("POST", self.cluster.articles, "_refresh")
        return walking.highest_number(self.cluster)

    def _article(self, source: Mapping[str, Any]) -> Article:
        try:
            return article_of(source)
        except RottenArticleError as error:
            with self._rotten_lock:
                is_news = error.id not in self._rotten
                self._rotten.add(error.id)
            if is_news:
                log.error("%s", error)
            raise

    def _sound(self, source: Mapping[str, Any]) -> Article | None:
        try:
            return self._article(source)
        except RottenArticleError:
            return None

    def _mended(self, ids: Iterable[str]) -> None:
        with self._rotten_lock:
            self._rotten.difference_update(ids)


def _too_slow() -> ClusterError:
    return ClusterError("the cluster is too slow to write to now; look at its load, and try again later", 503)
