"""Build the index of a generation: batches of changes become segments, and segments are merged in tiers.

A batch is analysed and inverted in chunks, by worker processes if it is large, and the chunks are merged in memory into
one segment. Older versions of its articles are marked deleted, near-copies are found by comparison with all live
articles, the segment is written, and one commit makes all of this visible at once. Merges follow in commits of their
own, so that new articles do not wait for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.near_copies import assign
from index.directory.commits import (
    Commit,
    OpenSegments,
    add_segment,
    read_commit,
    verify_checksums,
    write_commit,
)
from index.processes import give_back_memory
from index.segments.merge_policy import SegmentSize, next_merge
from index.segments.merging import merge
from index.segments.schema import ID, SKETCH_COLUMNS, STORY, NumberedArticle
from index.segments.segment import Segment, segment_bytes
from index.segments.segment_info import SegmentInfo
from index.store.article_store import Change
from index.writer.workers import Chunk, Workers

CHUNK_ARTICLES = 128
"""The most articles that are analysed together."""
_CHUNK_CHARACTERS = 500_000
_COMMIT_ARTICLES = 1000
_COMMIT_CHARACTERS = 20_000_000


class Builder:
    """Apply changes to the index in ``generation``. Use one builder at a time, and hold the writer's lock."""

    def __init__(self, generation: Path, workers: Workers) -> None:
        self._generation = generation
        self._workers = workers
        self._segments = OpenSegments()

    def apply(self, changes: Iterable[Change], between: Callable[[int], None]) -> Iterator[int]:
        """Put and delete articles, each id once, in commits of up to 1,000; yield the last sequence number of each.

        Workers start on the next commit's articles while one is written and while the caller is busy. ``between`` is
        called often, with the number of changes processed since its last call.
        """
        under_way: deque[_ChangeBatch] = deque()

        def chunks() -> Iterator[Chunk]:
            for batch in _change_batches(changes):
                under_way.append(batch)
                yield batch.articles

        ids: list[str] = []
        parts: list[Segment] = []
        for part in self._workers.segments(chunks(), lambda: between(0)):
            batch = under_way.popleft()
            ids += batch.ids
            if part.count:
                parts.append(part)
            between(len(batch.ids))
            if batch.ends_commit:
                self._commit(ids, parts)
                ids, parts = [], []  # before the merges that follow, which need memory themselves
                give_back_memory()
                yield batch.last

    def merge(self, between: Callable[[], None]) -> None:
        """Merge segments until no merge is due, calling ``between`` often.

        Raises DamagedIndexError if the bytes of a segment to merge have changed.
        """
        commit = read_commit(self._generation)
        while chosen := next_merge([self._size(segment) for segment in commit.segments]):
            opened = self._segments.of(self._generation, commit)
            verify_checksums(opened[number] for number in chosen)  # a merge would give damage a valid checksum
            live = [commit.segments[number].live_mask() for number in chosen]
            whole = merge([opened[number] for number in chosen], live, between)
            kept = [segment for number, segment in enumerate(commit.segments) if number not in chosen]
            commit = write_commit(self._generation, commit, [*kept, *self._written(whole)])
            give_back_memory()

    def _commit(self, ids: Sequence[str], parts: Sequence[Segment]) -> Commit:
        commit = read_commit(self._generation)
        opened = self._segments.of(self._generation, commit)
        listed = [info.without(_numbers(segment, ids)) for info, segment in zip(commit.segments, opened, strict=True)]
        kept = [info for info in listed if info.live_count]
        whole = parts[0] if len(parts) == 1 else merge(parts, [None] * len(parts)) if parts else None
        if whole is not None:
            whole = with_stories(whole, list(zip(opened, map(SegmentInfo.live_mask, listed), strict=True)))
        return write_commit(self._generation, commit, [*kept, *self._written(whole)])

    def _written(self, segment: Segment | None) -> list[SegmentInfo]:
        return [add_segment(self._generation, segment)] if segment is not None and segment.count else []

    def _size(self, info: SegmentInfo) -> SegmentSize:
        return SegmentSize(info.live_count, len(info.deleted), segment_bytes(self._generation, info.name))


def _numbers(segment: Segment, ids: Iterable[str]) -> Iterator[int]:
    """Yield the doc ids in ``segment`` of the articles with these ids."""
    known = segment.fields[ID]
    for id in ids:
        number = known.terms.get(id.encode("utf-8"))
        if number is not None:
            yield int(known.articles[known.posting_range(number)[0]])


def with_stories(fresh: Segment, known: Iterable[tuple[Segment, NDArray[np.bool_] | None]]) -> Segment:
    """Return ``fresh`` with the stories of its articles, found by comparison with the live articles of ``known``.

    ``known`` has segments, each with its doc mask of live articles, None if all are live.
    """
    parts = [(_columns(segment), slice(None) if live is None else live) for segment, live in known]
    own = _columns(fresh)
    before = [own[:, :0], *(columns[:, kept] for columns, kept in parts)]
    planes = np.concatenate(before, axis=1)
    stories = assign(own[:2], own[2].view(np.int64), planes[:2], planes[2].view(np.int64))
    return replace(fresh, columns={**fresh.columns, STORY: stories})


def _columns(segment: Segment) -> NDArray[np.uint64]:
    """Return the sketches and stories of a segment, shape (3, n)."""
    return np.array([segment.columns[name] for name in (*SKETCH_COLUMNS, STORY)], np.uint64)


@dataclass
class _ChangeBatch:
    """Changes whose articles are analysed together."""

    articles: list[NumberedArticle] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    last: int = 0
    characters: int = 0
    ends_commit: bool = False

    def add(self, change: Change) -> None:
        self.ids.append(change.id)
        self.last = change.seq
        if change.article is not None:
            article = change.article
            self.articles.append(NumberedArticle(change.seq, article))
            self.characters += len(article.title) + len(article.lead) + len(article.body)

    @property
    def is_full(self) -> bool:
        """Whether it is large enough to analyse, which takes a fraction of a second."""
        return len(self.articles) >= CHUNK_ARTICLES or self.characters >= _CHUNK_CHARACTERS


def _change_batches(changes: Iterable[Change]) -> Iterator[_ChangeBatch]:
    """Yield changes in batches; the last batch, and each that fills a commit, ends a commit."""
    batch = _ChangeBatch()
    count = characters = 0
    for change in changes:
        if batch.ends_commit:
            yield batch
            batch, count, characters = _ChangeBatch(), 0, 0
        elif batch.is_full:
            yield batch
            characters += batch.characters
            batch = _ChangeBatch()
        batch.add(change)
        count += 1
        batch.ends_commit = count >= _COMMIT_ARTICLES or characters + batch.characters >= _COMMIT_CHARACTERS
    if batch.ids:
        batch.ends_commit = True
        yield batch
