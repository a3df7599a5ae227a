"""One commit of a generation, opened as arrays over all its segments.

A snapshot never changes: the next commit is a new snapshot. Doc ids run from 0 up to ``size`` over all segments,
deleted articles included.

Segments are mapped files (``index.segments.segment``) that never change either: any thread reads them without a lock,
and a new snapshot reuses those it shares with the one before. A snapshot caches columns joined over its segments for as
long as it lives, and where the postings of a bounded number of terms are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Floats, sizes, spread
from index.article import LABELS
from index.directory.commits import Commit, OpenSegments, latest_commit, read_commit
from index.directory.label_column import LabelColumn, LabelRanks, label_column, label_ranks
from index.segments.columns import DictionaryColumn, PackedStrings
from index.segments.schema import ID, PUBLISHED, SEQUENCE, STORY, UNDATED
from index.segments.segment import NO_FIELD, InvertedField, Segment

DocIds = NDArray[np.int32]
_MOST_LISTED = 1 << 14


@dataclass(frozen=True, slots=True)
class Postings:
    """The doc ids of the articles a term is in, ascending, and its frequency in each. Both have the same length."""

    articles: DocIds
    frequencies: Floats

    def __len__(self) -> int:
        return len(self.articles)


@dataclass(frozen=True, slots=True)
class StoryGroups:
    """The stories that several live articles tell.

    ``articles`` are the doc ids of these articles, ascending. ``groups`` has one number per article of the snapshot,
    the same for all that tell one story; it is -1 for an article whose story no other tells.
    """

    articles: NDArray[np.intp]
    groups: NDArray[np.intp]


NO_POSTINGS = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment, the snapshot's doc id of its article 0, and its doc mask of live articles, None if all are live."""

    segment: Segment
    offset: int
    live: NDArray[np.bool_] | None

    @property
    def end(self) -> int:
        return self.offset + self.segment.count


class SegmentPostings(NamedTuple):
    """The posting list of a term in one segment, where it has the number ``number``; deleted articles included.

    ``articles`` are doc ids within the segment, ascending; ``articles + offset`` are doc ids of the snapshot, below
    ``limit``.
    """

    articles: Array
    inverted: InvertedField
    number: int
    offset: int
    limit: int

    @property
    def frequencies(self) -> Array:
        """How often each article has the term; unpacked each time."""
        return self.inverted.frequencies(*self.inverted.posting_range(self.number))

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
    """The posting lists of a term in all segments, and the number of live articles in them."""

    count: int
    parts: Sequence[SegmentPostings]


class Snapshot:
    """Open the latest commit of ``generation``; None has no articles. Safe to share between threads."""

    def __init__(self, generation: Path | None, segments: OpenSegments) -> None:
        self._generation = generation
        commit = Commit(-1, []) if generation is None else read_commit(generation)
        self._commit = commit.number
        self._parts: list[_Part] = []
        self.size = 0
        opened = [] if generation is None else segments.of(generation, commit)
        for info, segment in zip(commit.segments, opened, strict=True):
            self._parts.append(_Part(segment, self.size, info.live_mask()))
            self.size += info.count
        self.count = sum(info.live_count for info in commit.segments)
        self.offsets = [part.offset for part in self._parts]
        self._listed: dict[tuple[str, str], TermPostings] = {}
        self._joined: dict[str, Any] = {}

    def is_latest(self, generation: Path) -> bool:
        """Tell whether this is the latest commit of ``generation``; costs one listing of its folder."""
        return generation == self._generation and latest_commit(generation) == self._commit

    def postings(self, field: str, term: str) -> Postings:
        """Return the postings of ``term`` without deleted articles; empty for an unknown term."""
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
        """Return the posting lists of ``term`` in all segments; cached."""
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
                parts.append(SegmentPostings(articles, inverted, number, part.offset, part.end))
        return TermPostings(count, parts)

    def positions(self, field: str, term: str, articles: DocIds) -> tuple[DocIds, DocIds]:
        """Return the doc ids and the positions of all occurrences of ``term`` in ``articles`` (ascending)."""
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
            before = np.add.reduceat(counts, at, dtype=np.uint32).astype(np.int64)  # from each one wanted to the next
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

    def inverted(self, field: str) -> Iterator[tuple[InvertedField, int, int]]:
        """Yield an indexed field of each segment, empty if it lacks it, with the first and the end of its doc ids."""
        for part in self._parts:
            yield part.segment.fields.get(field, NO_FIELD), part.offset, part.end

    def has_field(self, field: str) -> bool:
        """Tell whether every segment has the indexed field; those of an earlier schema may lack it."""
        return all(field in part.segment.fields for part in self._parts)

    def lengths(self, field: str) -> Floats:
        """Return the length of ``field``, in terms, of each article."""
        return self._join(f"length {field}", np.float32, lambda segment: segment.lengths.get(field))

    def average_length(self, field: str) -> float:
        """Return the mean length of ``field`` over the live articles that have it; 0 without any."""
        name = f"average {field}"
        if name not in self._joined:
            lengths = self.lengths(field)[self.live] if self.any_deleted else self.lengths(field)
            self._joined[name] = float(lengths.sum(dtype=np.float64)) / max(1, int(np.count_nonzero(lengths)))
        return float(self._joined[name])

    @cached_property
    def any_deleted(self) -> bool:
        """Whether the snapshot has deleted articles."""
        return bool(self.count < self.size)

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """The doc mask of live articles, False for deleted ones."""
        flags = np.ones(self.size, bool)
        for part in self._parts:
            if part.live is not None:
                flags[part.offset : part.end] = part.live
        return flags

    @cached_property
    def minutes(self) -> NDArray[np.int64]:
        """When each article was published (``index.dates.local_minute``); UNDATED if unknown."""
        return self._join(PUBLISHED, np.int64, _column(PUBLISHED), UNDATED)

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """The sequence number of each article's last write: an order that no rebuild changes."""
        return self._join(SEQUENCE, np.int64, _column(SEQUENCE))

    @cached_property
    def stories(self) -> NDArray[np.int64]:
        """The story of each article: near-copies share one (``index.analysis.near_copies``).

        In an index of an earlier schema, which serves until it is rebuilt, each article has its own.
        """
        return self._join(STORY, np.int64, lambda segment: segment.columns.get(STORY, segment.columns.get(SEQUENCE)))

    @cached_property
    def copied(self) -> StoryGroups:
        """The stories that several live articles tell."""
        there = np.flatnonzero(self.live)
        _, stories, counts = np.unique(self.stories[there], return_inverse=True, return_counts=True)
        several = counts > 1
        groups = np.full(self.size, -1)
        groups[there] = np.where(several, np.cumsum(several) - 1, -1)[stories]
        return StoryGroups(np.flatnonzero(groups >= 0), groups)

    def labels(self, field: str) -> LabelColumn:
        """Return the values of the label ``field``, one of ``LABELS``. Raises KeyError for any other."""
        if field not in LABELS:
            raise KeyError(field)
        name = f"label {field}"
        if name not in self._joined:
            texts: dict[str, int] = {"": 0}
            parts = [np.empty(0, np.int32)]
            for part in self._parts:
                column = part.segment.columns.get(field)
                if not isinstance(column, DictionaryColumn):  # written before the schema had this label
                    parts.append(np.zeros(part.segment.count, np.int32))
                    continue
                names = [value.decode("utf-8") for value in column.values.all()]
                codes = np.array([texts.setdefault(name, len(texts)) for name in names], np.int32)
                parts.append(codes[column.codes])
            self._joined[name] = label_column(field, list(texts), np.concatenate(parts), self.live)
        labels: LabelColumn = self._joined[name]
        return labels

    def label_ranks(self, field: str) -> tuple[LabelRanks, LabelRanks]:
        """Return where the articles stand by the label ``field``: without accents, and with them."""
        name = f"label ranks {field}"
        if name not in self._joined:
            self._joined[name] = label_ranks(self.labels(field), self.size)
        ranks: tuple[LabelRanks, LabelRanks] = self._joined[name]
        return ranks

    @cached_property
    def _id_ranks(self) -> NDArray[np.int64]:
        """The number of each article's id among the sorted ids of its segment."""
        ranks = np.zeros(self.size, np.int64)
        for part in self._parts:
            ids = part.segment.fields.get(ID)
            if ids is not None:
                ranks[part.offset + ids.articles.astype(np.intp)] = np.arange(len(ids.terms)).repeat(sizes(ids.starts))
        return ranks

    def with_id_after(self, articles: NDArray[np.intp], id: str) -> NDArray[np.intp]:
        """Return those of ``articles`` (ascending) whose ids come after ``id``, by their bytes."""
        kept = [np.empty(0, np.intp)]
        for part in self._parts:
            ids = part.segment.fields.get(ID)
            here = articles[slice(*articles.searchsorted((part.offset, part.end)))]
            if ids is not None and len(here):
                text = id.encode()
                first = ids.terms.find(text)
                first += first < len(ids.terms) and ids.terms.strings[first] == text
                kept.append(here[self._id_ranks[here] >= first])
        return np.concatenate(kept)

    def first_ids(self, articles: NDArray[np.intp], most: int) -> NDArray[np.intp]:
        """Return the ``most`` of ``articles`` (ascending) whose ids come first by their bytes, in this order."""
        some: list[int] = []
        for part in self._parts:
            here = articles[slice(*articles.searchsorted((part.offset, part.end)))]
            if len(here) > most:
                ranks = self._id_ranks[here]
                here = here[np.argpartition(ranks, most)[:most]]
            some += here.tolist()
        return np.array(sorted(some, key=lambda article: self.article_id(article).encode())[:most], np.intp)

    def article_id(self, article: int) -> str:
        """Return the article's id in the store, given its doc id."""
        part = self._parts[bisect_right(self.offsets, article) - 1]
        ids = part.segment.columns[ID]
        assert isinstance(ids, PackedStrings)
        return ids[article - part.offset].decode("utf-8")

    def article_number(self, id: str) -> int | None:
        """Return the doc id of the article with the id ``id``, or None."""
        found = self.postings(ID, id).articles
        return int(found[-1]) if len(found) else None

    def terms_with_prefix(self, field: str, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms that start with ``prefix``, ascending, with their document frequencies.

        Deleted articles count until their segment is merged.
        """
        frequencies: dict[bytes, int] = {}
        for _, inverted, numbers in self._begun(field, prefix, most):
            here = sizes(inverted.starts[numbers.start : numbers.stop + 1]).tolist()
            terms = inverted.terms.strings.slice(numbers.start, numbers.stop)
            for term, frequency in zip(terms, here, strict=True):
                frequencies[term] = frequencies.get(term, 0) + frequency
        return [(term.decode("utf-8"), frequencies[term]) for term in sorted(frequencies)[:most]]

    def articles_with_prefix(self, field: str, prefix: str) -> NDArray[np.bool_]:
        """Return the doc mask of the articles, deleted ones included, that have a term which starts with ``prefix``."""
        flags = np.zeros(self.size, bool)
        for part, inverted, numbers in self._begun(field, prefix):
            first, end = int(inverted.starts[numbers.start]), int(inverted.starts[numbers.stop])
            flags[part.offset : part.end][inverted.articles[first:end].astype(np.intp)] = True
        return flags

    def frequent_terms(self, field: str, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the ``most`` most frequent terms that start with ``prefix``, ascending, each with its live articles.

        Where a segment has more such terms than ``most``, only its most frequent ones count there.
        """
        frequencies: Counter[bytes] = Counter()
        for part, inverted, numbers in self._begun(field, prefix):
            starts = inverted.starts[numbers.start : numbers.stop + 1]
            here = sizes(starts)
            if part.live is not None:
                alive = part.live[inverted.articles[int(starts[0]) : int(starts[-1])]]
                here = np.add.reduceat(alive, starts[:-1] - starts[0], dtype=np.int64)
            chosen = np.flatnonzero(here)
            if len(chosen) > most:
                chosen = np.argpartition(here, -most)[-most:]
            for number, frequency in zip((chosen + numbers.start).tolist(), here[chosen].tolist(), strict=True):
                frequencies[inverted.terms.strings[number]] += frequency
        return sorted((term.decode("utf-8"), count) for term, count in frequencies.most_common(most))

    def _begun(self, field: str, prefix: str, most: int | None = None) -> Iterator[tuple[_Part, InvertedField, range]]:
        """Yield each segment with terms that start with ``prefix``, the field there, and the first numbers of these."""
        for part in self._parts:
            inverted = part.segment.fields.get(field)
            if inverted is not None and (numbers := inverted.terms.with_prefix(prefix.encode("utf-8"))[:most]):
                yield part, inverted, numbers

    def _join(self, name: str, dtype: Any, read: Callable[[Segment], Any], default: int = 0) -> NDArray[Any]:
        """Return one array of what ``read`` returns for each segment, ``default`` where that is None; cached."""
        if name not in self._joined:
            whole = np.full(self.size, default, dtype)
            for part in self._parts:
                values = read(part.segment)
                if values is not None:
                    whole[part.offset : part.end] = values
            self._joined[name] = whole
        joined: NDArray[Any] = self._joined[name]
        return joined


def _column(name: str) -> Callable[[Segment], Any]:
    return lambda segment: segment.columns.get(name)
