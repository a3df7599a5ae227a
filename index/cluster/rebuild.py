"""Make the articles' index anew while it is searched and written, and put the new one in its place.

The cluster numbers the operations of each shard (``_seq_no``), so the new index follows the old one: it is given what
has a number above the last one copied, up to the one below which nothing is missing, again and again, with the versions
that the documents have. Copying twice changes nothing. Once little is left, the old index takes no writes for a moment
(whoever writes tries again), the rest is copied, and both aliases change over in one step.

How far it is stands in the state index. Whatever ends this, the next one that calls ``rebuild`` goes on from there, and
lifts the block that may be left.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from index.cluster import entries, mapping
from index.cluster.connection import Cluster, json_line
from index.cluster.documents import Written, json_of, written_of
from index.cluster.leases import Lease, LeaseLostError
from index.cluster.sending import Document, send
from index.errors import ClusterError, RottenArticleError, TaskCancelledError
from index.store.article_store import Progress
from index.writer.workers import Workers

log = logging.getLogger(__name__)

_STATE = "rebuild"
_AT_ONCE = 50
_CHUNK_CHARACTERS = 250_000
_SENDERS = 2
_FEW = 200
"""So few documents are copied while nothing can be written."""
_MOST_ROUNDS = 20
_LONGEST_BLOCK = 20.0
_SWAP_SECONDS = 5.0
_SAVED_EVERY = 2.0
_GRACE = 5.0
"""The seconds that searches begun in the old index have to end in it."""
_COPIES_SECONDS = 3600.0


class _Chunk(NamedTuple):
    """Documents that follow each other in a shard: those to analyse, the others as they are, the last number."""

    written: list[tuple[Written, int]]
    others: list[Document]
    last: int


def current_index(cluster: Cluster) -> str:
    """Return the name of the index behind the alias of the articles. Raises ClusterError."""
    [name] = cluster.ask("GET", f"{cluster.articles}-*", "_alias", cluster.articles)
    return str(name)


def is_outdated(cluster: Cluster) -> bool:
    """Tell whether an earlier version of timtin made the index, which analysed articles or kept them otherwise."""
    index = current_index(cluster)
    made = cluster.ask("GET", index, "_mapping")[index]["mappings"].get("_meta", {})
    return any(made.get(what, 0) < version for what, version in _wanted_versions().items())


def is_interrupted(cluster: Cluster) -> bool:
    """Tell whether a rebuild was begun and is not done; unless another server is at it, one should go on with it."""
    return entries.read(cluster, cluster.state, _STATE) is not None


def rebuild(
    cluster: Cluster, lease: Lease, workers: Workers, *, wait: float = 10.0, progress: Progress = lambda _: None
) -> None:
    """Build a new index from the articles of the current one, and put it in its place; or go on with what was begun.

    ``workers`` analyse. ``progress`` is called with the number of articles copied since the last call; an exception it
    raises ends this, and the next call goes on; TaskCancelledError drops what was begun. Raises WriterBusyError if
    ``lease`` is not free within ``wait`` seconds, LeaseLostError, ClusterError, DiskFullError.
    """
    with lease.held(wait):
        begun = _Rebuild(cluster, lease, workers, progress)
        try:
            begun.run()
        except TaskCancelledError:
            begun.drop()
            raise


class _Rebuild:
    def __init__(self, cluster: Cluster, lease: Lease, workers: Workers, progress: Progress) -> None:
        self._cluster, self._lease, self._workers, self._progress = cluster, lease, workers, progress
        self._old = self._new = ""
        self._copied: dict[str, int] = {}
        self._version: entries.Version | None = None
        self._untold = 0
        self._saved = time.monotonic()

    def run(self) -> None:
        """Do all that is left to do."""
        self._begin()
        if self._old != self._new:
            for _ in range(_MOST_ROUNDS):
                if self._copy(self._reached()) <= _FEW:
                    break
            self._add_copies()
            while not self._swap():
                self._copy(self._reached())
            self._wait_for_searches()
        self._tidy()
        self._forget()

    def drop(self) -> None:
        """Delete the new index, which is not in use, and forget it."""
        self._new = self._old
        self._tidy()
        self._forget()

    def _forget(self) -> None:
        self._ask("DELETE", self._cluster.state, "_doc", _STATE, expected={404})

    def _begin(self) -> None:
        """Find out how far a rebuild is, or begin one."""
        self._old = current_index(self._cluster)
        known = entries.read(self._cluster, self._cluster.state, _STATE)
        self._version = known.version if known is not None else None
        if known is not None and known.value["new"] == self._old:  # all but tidying up is done
            self._new = self._old
            return
        if known is not None and known.value["old"] == self._old:
            self._new = known.value["new"]
            self._copied = dict(known.value["copied"])
            self._save(blocked=known.value["blocked"])  # from here, who was at it before can note nothing more
            if known.value["blocked"]:
                self._lift_block()
            if self._versions_of_new() == _wanted_versions():
                return
            self._copied = {}
        taken = self._ask("GET", f"{self._cluster.articles}-*", "_alias")
        last = max(int(found[1]) for name in taken if (found := re.search(r"-(\d+)$", name)))
        self._new = self._cluster.articles_index(last + 1)
        self._save(blocked=False)
        shards = self._cluster.config.shards
        self._ask("PUT", self._new, body=mapping.articles(shards, {"number_of_replicas": 0}), expected={400})
        self._tidy()

    def _versions_of_new(self) -> Mapping[str, Any] | None:
        answer = self._ask("GET", self._new, "_mapping", expected={404})
        return None if self._new not in answer else answer[self._new]["mappings"].get("_meta", {})

    def _reached(self) -> dict[str, int]:
        """Return for each shard the number below which nothing is missing; all up to there is made visible."""
        reached = {shard: stats["global_checkpoint"] for shard, stats in self._primaries().items()}
        self._refresh(self._old)
        return reached

    def _primaries(self) -> dict[str, Mapping[str, int]]:
        """Return what numbers the primary of each shard of the old index has. Raises ClusterError if one is gone."""
        index = self._ask("GET", self._old, "_stats", params={"level": "shards"})
        count = int(self._ask("GET", self._old, "_settings")[self._old]["settings"]["index"]["number_of_shards"])
        found = {
            shard: copy["seq_no"]
            for shard, copies in index["indices"].get(self._old, {"shards": {}})["shards"].items()
            for copy in copies
            if copy["routing"]["primary"] and "seq_no" in copy
        }
        if len(found) < count:
            raise ClusterError("a shard of the articles is on no node now; the rebuild goes on once it is back", 503)
        return found

    def _copy(self, reached: Mapping[str, int], deadline: float = float("inf")) -> int:
        """Copy what is above the numbers copied so far, up to those ``reached``; return how many documents."""
        count = 0
        chunks: deque[tuple[str, _Chunk]] = deque()
        sending: deque[tuple[Future[list[bool]], str, _Chunk]] = deque()

        def read() -> Iterator[list[Written]]:
            for shard, last in reached.items():
                for chunk in self._chunks(shard, last):
                    chunks.append((shard, chunk))
                    yield [written for written, _ in chunk.written]

        def done() -> None:
            nonlocal count
            future, shard, chunk = sending.popleft()
            future.result()
            self._copied[shard] = chunk.last
            count += len(chunk.written) + len(chunk.others)
            if time.monotonic() > deadline:
                raise _TooSlowError
            if time.monotonic() - self._saved > _SAVED_EVERY:
                self._save(blocked=deadline != float("inf"))
            self._untold += len(chunk.written)
            if deadline == float("inf"):  # else whoever is told might write, and wait for this
                self._tell()

        with ThreadPoolExecutor(_SENDERS, "send articles") as senders:
            for lines in self._workers.results(json_of, read()):
                shard, chunk = chunks.popleft()
                documents = [
                    Document(written.article.id, version, line)
                    for (written, version), line in zip(chunk.written, lines, strict=True)
                ]
                future = senders.submit(send, self._cluster, documents + chunk.others, self._lease.check, self._new)
                sending.append((future, shard, chunk))
                if len(sending) > _SENDERS:
                    done()
            while sending:
                done()
        self._copied.update(reached)
        self._save(blocked=deadline != float("inf"))
        return count

    def _chunks(self, shard: str, upto: int) -> Iterator[_Chunk]:
        """Read the documents of a shard in the order in which they were written, from the first that is not copied."""
        after = self._copied.get(shard, -1)
        while after < upto:
            body = {
                "query": {"bool": {"filter": [{"range": {"_seq_no": {"gt": after, "lte": upto}}}]}},
                "sort": [{"_seq_no": "asc"}],
                "size": _AT_ONCE,
                "version": True,
                "track_total_hits": False,
            }
            params = {"preference": f"_shards:{shard}", "allow_partial_search_results": False}
            hits = self._ask("POST", self._old, "_search", body=body, params=params)["hits"]["hits"]
            chunk, characters = _Chunk([], [], after), 0
            for hit in hits:
                chunk = chunk._replace(last=hit["sort"][0])
                _add(chunk, hit["_source"], hit["_version"])
                characters += len(hit["_source"].get("article", ""))
                if characters >= _CHUNK_CHARACTERS:
                    yield chunk
                    chunk, characters = _Chunk([], [], chunk.last), 0
            if chunk.written or chunk.others:
                yield chunk
            if len(hits) < _AT_ONCE:
                return
            after = chunk.last

    def _add_copies(self) -> None:
        """Give the new index its replicas, and wait for those that there are nodes for."""
        copies = {"number_of_replicas": None, "auto_expand_replicas": None}
        copies |= mapping.copies(self._cluster.config.replicas)
        self._ask("PUT", self._new, "_settings", body={"index": copies})
        deadline = time.monotonic() + _COPIES_SECONDS
        while time.monotonic() < deadline:
            params = {"wait_for_no_initializing_shards": True, "timeout": "5s"}
            health = self._ask("GET", "_cluster", "health", self._new, params=params, expected={408})
            if health.get("timed_out") is False:
                return
            self._tell()

    def _swap(self) -> bool:
        """Stop writes, copy the rest and change the aliases over; False, and nothing changed, if that is too slow."""
        self._save(blocked=True)
        begun = time.monotonic()
        deadline = begun + _LONGEST_BLOCK
        try:
            if not self._ask("PUT", self._old, "_block", "write")["shards_acknowledged"]:
                raise _TooSlowError
            stats = self._primaries()
            if any(one["local_checkpoint"] < one["max_seq_no"] for one in stats.values()):
                raise _TooSlowError
            self._refresh(self._old)
            self._copy({shard: one["max_seq_no"] for shard, one in stats.items()}, deadline)
            self._refresh(self._new)
            self._lease.renew()  # so that nobody takes over while this is under way
            self._change_aliases()
        except Exception as error:
            if current_index(self._cluster) == self._new:
                return True
            self._lift_block()
            self._save(blocked=False)
            if not isinstance(error, _TooSlowError):
                raise
            return False
        log.info("%s took the place of %s; writes waited %.1f s", self._new, self._old, time.monotonic() - begun)
        return True

    def _change_aliases(self) -> None:
        articles, live = self._cluster.articles, self._cluster.live
        actions = [
            {"remove": {"index": self._old, "alias": articles, "must_exist": True}},
            {"remove": {"index": self._old, "alias": live}},
            {"add": {"index": self._new, "alias": articles, "is_write_index": True}},
            {"add": {"index": self._new, "alias": live, "filter": mapping.LIVE}},
        ]
        params = {"cluster_manager_timeout": "5s", "timeout": "5s"}
        body = {"actions": actions}
        self._ask("POST", "_aliases", body=body, params=params, seconds=_SWAP_SECONDS)

    def _lift_block(self) -> None:
        self._ask("PUT", self._old, "_settings", body={"index.blocks.write": None})

    def _wait_for_searches(self) -> None:
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            self._lease.check()
            with suppress(TaskCancelledError):  # too late: the new index is in use
                self._tell()
            time.sleep(0.1)

    def _tidy(self) -> None:
        """Delete indices of articles that are neither in use nor being made."""
        current = current_index(self._cluster)
        pattern = re.compile(re.escape(self._cluster.articles) + r"-\d{6,}")
        for name in self._ask("GET", f"{self._cluster.articles}-*", "_alias"):
            if pattern.fullmatch(name) and name not in {current, self._new}:
                self._ask("DELETE", name, expected={404})

    def _tell(self) -> None:
        """Tell how many articles were copied since this was last told."""
        count, self._untold = self._untold, 0
        self._progress(count)

    def _refresh(self, index: str) -> None:
        deadline = time.monotonic() + self._cluster.config.timeout
        while self._ask("POST", index, "_refresh")["_shards"]["failed"]:
            if time.monotonic() > deadline:
                raise ClusterError(f"the cluster cannot make what {index} has visible; look at its health", 503)
            time.sleep(0.1)

    def _save(self, *, blocked: bool) -> None:
        """Note how far the copy is, and whether the old index may be blocked."""
        self._lease.check()
        value = {"old": self._old, "new": self._new, "copied": self._copied, "blocked": blocked}
        self._version = entries.write(self._cluster, self._cluster.state, _STATE, value, self._version)
        if self._version is None:
            raise LeaseLostError("another server goes on with the rebuild")
        self._saved = time.monotonic()

    def _ask(self, method: str, *path: str, **options: Any) -> Any:
        return self._cluster.ask(method, *path, between=self._lease.check, **options)


class _TooSlowError(Exception):
    """Writes have waited for long enough; they go on, and the swap is tried again."""


def _add(chunk: _Chunk, source: Mapping[str, Any], version: int) -> None:
    """Add a document to those that are analysed; a deleted article, and one that is damaged, stay as they are."""
    if not source["deleted"]:
        try:
            chunk.written.append((written_of(source, version), version))
        except RottenArticleError as error:
            log.error("%s", error)
        else:
            return
    chunk.others.append(Document(source["id"], version, json_line(source)))


def _wanted_versions() -> Any:
    return mapping.articles(1, {})["mappings"]["_meta"]
