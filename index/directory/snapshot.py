"""One opened generation of the Whoosh index, as arrays.

A snapshot never changes: an index that has moved on is a new snapshot. Articles are numbered 0 to ``size``, over all
segments, deleted ones included.

Segments are mapped files (``index.segments.segment``) that never change either: any thread reads them without a lock, and
those that a new snapshot has in common with the one before it stay open. Columns joined over the segments are kept for
as long as the snapshot lives; so is, up to a bound, where the postings of the terms used last are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Floats, sizes, spread
from index.article import LABELS
from index.directory.commits import OpenSegments, latest_commit, read_commit
from index.segments.columns import DictionaryColumn, PackedStrings
from index.segments.schema import ID, PUBLISHED, SEQUENCE, STORY, UNDATED
from index.segments.segment import InvertedField, Segment

DocIds = NDArray[np.int32]
_MOST_LISTED = 1 << 14


@dataclass(frozen=True, slots=True)
class Postings:
    """The articles a term is in, ascending, and how often in each. Both arrays have the same length."""

    articles: DocIds
    frequencies: Floats

    def __len__(self) -> int:
        return len(self.articles)


@dataclass(frozen=True, slots=True)
class Labels:
    """A label of every article: ``values[codes[article]]``; an empty value is no label."""

    codes: DocIds
    values: list[str]


@dataclass(frozen=True, slots=True)
class StoryGroups:
    """The articles, ascending, whose story others tell too, and for each article of the snapshot the number of the
    group of those that tell its story, -1 where it is alone.
    """

    articles: NDArray[np.intp]
    groups: NDArray[np.intp]


NO_POSTINGS = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment whose article 0 is the snapshot's ``offset``; ``live`` is None where none was deleted."""

    segment: Segment
    offset: int
    live: NDArray[np.bool_] | None

    @property
    def end(self) -> int:
        return self.offset + self.segment.count


class SegmentPostings(NamedTuple):
    """The postings in one segment of the term that has ``number`` there: ``articles``, ascending, with ``frequencies``.

    The segment counts its articles, deleted ones too, from 0; with ``offset`` they are the snapshot's, up to ``limit``.
    """

    articles: Array
    frequencies: Array
    inverted: InvertedField
    number: int
    offset: int
    limit: int

    def find(self, articles: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return for each of ``articles`` (the segment's, ascending) where its posting is, and whether it has one."""
        wanted = articles.astype(self.articles.dtype)
        places = self.articles.searchsorted(wanted)
        return places, self.articles.take(places, mode="clip") == wanted

    def how_often(self, articles: NDArray[Any]) -> Array:
        """Return how often each of ``articles`` (the segment's, ascending) has the term."""
        places, there = self.find(articles)
        often: Array = self.frequencies.take(places, mode="clip") * there
        return often


@dataclass(frozen=True, slots=True)
class TermPostings:
    """Where the postings of a term are, and how many of its articles are there (not deleted)."""

    count: int
    parts: Sequence[SegmentPostings]


class Snapshot:
    """Open the index in ``generation``. Safe to share between threads."""

    def __init__(self, generation: Path, segments: OpenSegments) -> None:
        self._generation = generation
        commit = read_commit(generation)
        self._commit = commit.number
        self._parts: list[_Part] = []
        self.size = 0
        for info, segment in zip(commit.segments, segments.of(generation, commit), strict=True):
            self._parts.append(_Part(segment, self.size, info.live_mask()))
            self.size += info.count
        self.count = sum(info.live_count for info in commit.segments)
        self.offsets = [part.offset for part in self._parts]
        self._listed: dict[tuple[str, str], TermPostings] = {}
        self._joined: dict[str, Any] = {}

    def is_latest(self, generation: Path) -> bool:
        """Tell whether this is ``generation`` as it is now; costs the listing of a folder."""
        return generation == self._generation and latest_commit(generation) == self._commit

    def postings(self, field: str, term: str) -> Postings:
        """Return the postings of ``term``, deleted articles left out; empty for an unknown term."""
        parts = self.term_postings(field, term).parts
        if not parts:
            return NO_POSTINGS
        articles = np.concatenate([part.articles.astype(np.int32) + np.int32(part.offset) for part in parts])
        frequencies = np.concatenate([part.frequencies for part in parts]).astype(np.float32)
        if self.any_deleted:
            kept = self.live[articles]
            return Postings(articles[kept], frequencies[kept])
        return Postings(articles, frequencies)

    def term_postings(self, field: str, term: str) -> TermPostings:
        """Return where the postings of ``term`` are; it is remembered for a while."""
        known = self._listed.get((field, term))
        if known is None:
            if len(self._listed) >= _MOST_LISTED:
                self._listed = {}
            known = self._listed[field, term] = self._look_up(field, term.encode("utf-8"))
        return known

    def _look_up(self, field: str, term: bytes) -> TermPostings:
        parts = []
        count = 0
        for part in self._parts:
            inverted = part.segment.fields.get(field)
            number = None if inverted is None else inverted.terms.get(term)
            if inverted is not None and number is not None:
                first, end = inverted.posting_range(number)
                articles = inverted.articles[first:end]
                count += end - first if part.live is None else int(np.count_nonzero(part.live[articles]))
                parts.append(
                    SegmentPostings(articles, inverted.frequencies(first, end), inverted, number, part.offset, part.end)
                )
        return TermPostings(count, parts)

    def positions(self, field: str, term: str, articles: DocIds) -> tuple[DocIds, DocIds]:
        """Return (article, position) of every occurrence of ``term`` in ``articles`` (ascending), as two arrays."""
        owners: list[DocIds] = []
        places: list[DocIds] = []
        for part in self.term_postings(field, term).parts:
            inverted = part.inverted
            if inverted.positions is None or inverted.position_starts is None:
                raise ValueError(f"{field} has no positions")
            low, high = articles.searchsorted((part.offset, part.limit))
            at, there = part.find(articles[low:high] - part.offset)
            if not there.any():
                continue
            at = at[there]
            counts = part.frequencies
            before = np.add.reduceat(counts, at, dtype=np.uint32).astype(np.int64)  # up to the next one wanted
            starts = (
                np.cumsum(before) - before + int(counts[: at[0]].sum()) + int(inverted.position_starts[part.number])
            )
            some = counts[at].astype(np.int64)
            owners.append(articles[low:high][there].repeat(some))
            places.append(inverted.positions[spread(starts, some)].astype(np.int32))
        if len(owners) == 1:
            return owners[0], places[0]
        nowhere = np.empty(0, np.int32)
        return np.concatenate([nowhere, *owners]), np.concatenate([nowhere, *places])

    def lengths(self, field: str) -> Floats:
        """Return the number of terms of each article in ``field``."""
        lengths: Floats = self._join(f"length {field}", np.float32, lambda segment: segment.lengths.get(field))
        return lengths

    def average_length(self, field: str) -> float:
        """Return the mean of ``lengths`` over the articles that are there."""
        name = f"average {field}"
        if name not in self._joined:
            total = float(self.lengths(field)[self.live].sum(dtype=np.float64))
            self._joined[name] = total / self.count if self.count else 0.0
        return float(self._joined[name])

    @cached_property
    def any_deleted(self) -> bool:
        """Whether any article was deleted."""
        return bool(self.count < self.size)

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """One flag an article: False where it was deleted."""
        flags = np.ones(self.size, bool)
        for part in self._parts:
            if part.live is not None:
                flags[part.offset : part.end] = part.live
        return flags

    @cached_property
    def minutes(self) -> NDArray[np.int64]:
        """When each article was published (``index.dates.local_minute``), UNDATED where it is not known."""
        minutes: NDArray[np.int64] = self._join(PUBLISHED, np.int64, _column(PUBLISHED), UNDATED)
        return minutes

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """The store's number of each article's last write: an order that no rebuild changes."""
        numbers: NDArray[np.int64] = self._join(SEQUENCE, np.int64, _column(SEQUENCE))
        return numbers

    @cached_property
    def stories(self) -> NDArray[np.int64]:
        """The story each article tells: near-copies have one in common (``index.analysis.near_copies``).

        In an index of an earlier schema, which serves until it is made anew, each article tells its own.
        """
        numbers: NDArray[np.int64] = self._join(
            STORY, np.int64, lambda segment: segment.columns.get(STORY, segment.columns.get(SEQUENCE))
        )
        return numbers

    @cached_property
    def copied(self) -> StoryGroups:
        """The stories told by several articles that are there."""
        there = np.flatnonzero(self.live)
        _, stories, counts = np.unique(self.stories[there], return_inverse=True, return_counts=True)
        several = counts > 1
        groups = np.full(self.size, -1)
        groups[there] = np.where(several, np.cumsum(several) - 1, -1)[stories]
        return StoryGroups(np.flatnonzero(groups >= 0), groups)

    def labels(self, field: str) -> Labels:
        """Return the source, category or author of every article."""
        if field not in LABELS:
            raise KeyError(field)
        name = f"label {field}"
        if name not in self._joined:
            values: dict[str, int] = {"": 0}
            parts = [np.empty(0, np.int32)]
            for part in self._parts:
                column = part.segment.columns.get(field)
                if not isinstance(column, DictionaryColumn):  # written before there was this label
                    parts.append(np.zeros(part.segment.count, np.int32))
                    continue
                names = [value.decode("utf-8") for value in column.values.all()]
                codes = np.array([values.setdefault(name, len(values)) for name in names], np.int32)
                parts.append(codes[column.codes])
            self._joined[name] = Labels(np.concatenate(parts), list(values))
        labels: Labels = self._joined[name]
        return labels

    def article_id(self, article: int) -> str:
        """Return the id of an article number."""
        part = self._parts[bisect_right(self.offsets, article) - 1]
        ids = part.segment.columns[ID]
        assert isinstance(ids, PackedStrings)
        return ids[article - part.offset].decode("utf-8")

    def article_number(self, id: str) -> int | None:
        """Return the number of the article with this id, or None."""
        found = self.postings(ID, id).articles
        return int(found[-1]) if len(found) else None

    def terms_with_prefix(self, field: str, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms that start with ``prefix``, in their order, with their document frequency.

        Deleted articles count until their segment is merged.
        """
        frequencies: Counter[bytes] = Counter()
        for part in self._parts:
            inverted = part.segment.fields.get(field)
            if inverted is None:
                continue
            numbers = inverted.terms.with_prefix(prefix.encode("utf-8"))[:most]
            here = sizes(inverted.starts[numbers.start : numbers.stop + 1]).tolist()
            for term, frequency in zip(inverted.terms.strings.slice(numbers.start, numbers.stop), here, strict=True):
                frequencies[term] += frequency
        return [(term.decode("utf-8"), frequencies[term]) for term in sorted(frequencies)[:most]]

    def document_frequency(self, field: str, term: str) -> int:
        """Return in how many articles ``term`` is, deleted ones included until their segment is merged."""
        return sum([len(part.articles) for part in self.term_postings(field, term).parts])

    def _join(self, name: str, dtype: Any, read: Callable[[Segment], Any], default: int = 0) -> Any:
        """Return one array over all segments; a segment that lacks it has ``default`` throughout."""
        if name not in self._joined:
            whole = np.full(self.size, default, dtype)
            for part in self._parts:
                values = read(part.segment)
                if values is not None:
                    whole[part.offset : part.end] = values
            self._joined[name] = whole
        return self._joined[name]


def _column(name: str) -> Callable[[Segment], Any]:
    return lambda segment: segment.columns.get(name)
