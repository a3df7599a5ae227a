"""One opened generation of the Whoosh index, as arrays.

A snapshot never changes: an index that has moved on is a new snapshot, and the old one is closed when its
last user is done. Articles are numbered 0 to ``size``, over all segments, deleted ones included.

Whoosh's posting readers share one file position, so two threads that read at once read each other's bytes;
every read goes through one lock. What was read is kept (postings of hot terms up to a bound, columns of
segments for as long as the segment lives), so the lock is rarely waited for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.reading import IndexReader, TermNotFound

from index.indexer import open_index, reading
from index.schema import LABEL_FIELDS, UNDATED

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
_POSTINGS_KEPT = 4_000_000
_FREQUENCIES_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Postings:
    """The articles a term is in, ascending, and how often in each. Both arrays have the same length."""

    articles: Ints
    frequencies: Floats

    def __len__(self) -> int:
        return len(self.articles)


@dataclass(frozen=True, slots=True)
class Labels:
    """A label of every article: ``values[codes[article]]``; an empty value is no label."""

    codes: Ints
    values: list[str]


NO_POSTINGS = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


class SegmentColumns:
    """What is read once of each segment and kept while it lives: columns by (segment, name)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def get(self, segment_id: str, name: str) -> Any:
        """Return a column, or None where it was not read yet."""
        return self._kept.get((segment_id, name))

    def put(self, segment_id: str, name: str, column: Any) -> None:
        """Keep a column."""
        with self._lock:
            self._kept[segment_id, name] = column

    def keep_only(self, segment_ids: set[str]) -> None:
        """Forget the columns of every other segment."""
        with self._lock:
            self._kept = {key: column for key, column in self._kept.items() if key[0] in segment_ids}


class Snapshot:
    """Open the index in ``generation``. Safe to share between threads."""

    def __init__(self, generation: Path, columns: SegmentColumns) -> None:
        self._generation = generation
        self._index = open_index(generation)
        self._commit = self._index.latest_generation()
        with reading(generation):
            self._reader: IndexReader = self._index.reader()
        self._segments: list[tuple[Any, int]] = list(self._reader.leaf_readers())
        self._columns = columns
        columns.keep_only({self._segment_id(segment) for segment, _ in self._segments})
        self._lock = threading.RLock()
        self._postings: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._postings_held = 0
        self._frequencies: dict[tuple[str, str], int] = {}
        self.size: int = self._reader.doc_count_all()
        self.count: int = self._reader.doc_count()

    def is_latest(self, generation: Path) -> bool:
        """Tell whether this is ``generation`` as it is now; costs the listing of a folder."""
        return bool(generation == self._generation and self._index.latest_generation() == self._commit)

    def close(self) -> None:
        """Close the index's files."""
        with self._lock:
            self._reader.close()

    def postings(self, field: str, term: str) -> Postings:
        """Return the postings of ``term``, deleted articles left out; empty for an unknown term."""
        key = (field, term)
        with self._lock:
            found = self._postings.get(key)
            if found is not None:
                self._postings.move_to_end(key)
                return found
            found = self._read_postings(field, term)
            self._postings[key] = found
            self._postings_held += len(found) + 8
            while self._postings_held > _POSTINGS_KEPT and len(self._postings) > 1:
                self._postings_held -= len(self._postings.popitem(last=False)[1]) + 8
            return found

    def positions(self, field: str, term: str, articles: Ints) -> tuple[Ints, Ints]:
        """Return (article, position) of every occurrence of ``term`` in ``articles`` (ascending), as two arrays."""
        places: list[Ints] = []
        owners: list[Ints] = []
        with self._lock:
            for segment, offset in self._segments:
                inside = articles[(articles >= offset) & (articles < offset + segment.doc_count_all())] - offset
                if not len(inside):
                    continue
                for docnum, value in self._occurrences(segment, field, term, inside.tolist()):
                    found = np.frombuffer(value, dtype="<u4").astype(np.int32)
                    places.append(found)
                    owners.append(np.full(len(found), docnum + offset, np.int32))
        if not places:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        return np.concatenate(owners), np.concatenate(places)

    def lengths(self, field: str) -> Floats:
        """Return the number of terms of each article in ``field``, as precise as Whoosh keeps it."""
        column: Floats = self._column(f"length:{field}", lambda segment: _lengths(segment, field), np.float32)
        return column

    def average_length(self, field: str) -> float:
        """Return the mean of ``lengths`` over the articles that are there."""
        total = float(self.lengths(field)[self.live].sum())
        return total / self.count if self.count else 0.0

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """One flag an article: False where it was deleted."""
        flags = np.ones(self.size, bool)
        with self._lock:
            for segment, offset in self._segments:
                if segment.has_deletions():
                    flags[[offset + docnum for docnum in segment.deleted_docs_set]] = False
        return flags

    @cached_property
    def minutes(self) -> NDArray[np.int64]:
        """When each article was published (``index.dates.local_minute``), UNDATED where it is not known."""
        column: NDArray[np.int64] = self._column(
            "published", lambda segment: _numbers(segment, "published", UNDATED), np.int64
        )
        return column

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """The store's number of each article's last write: an order that no rebuild changes."""
        column: NDArray[np.int64] = self._column("seq", lambda segment: _numbers(segment, "seq", 0), np.int64)
        return column

    def labels(self, field: str) -> Labels:
        """Return the source, category or author of every article."""
        if field not in LABEL_FIELDS:
            raise KeyError(field)
        values: dict[str, int] = {"": 0}
        parts: list[Ints] = []
        for segment, _ in self._segments:
            with self._lock:
                names: list[str] = self._cached(segment, f"label:{field}", lambda s: _texts(s, field))
            parts.append(np.array([values.setdefault(name, len(values)) for name in names], np.int32))
        return Labels(np.concatenate(parts) if parts else np.empty(0, np.int32), list(values))

    def article_id(self, article: int) -> str:
        """Return the id of an article number."""
        with self._lock:
            return str(self._reader.stored_fields(int(article))["id"])

    def article_number(self, id: str) -> int | None:
        """Return the number of the article with this id, or None."""
        found = self.postings("id", id).articles
        return int(found[-1]) if len(found) else None

    def terms_with_prefix(self, field: str, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms that start with ``prefix``, in their order, with their document frequency."""
        terms: list[tuple[str, int]] = []
        with self._lock:
            if field not in self._reader.schema:
                return []
            for raw in self._reader.expand_prefix(field, prefix):
                terms.append((raw.decode("utf-8"), int(self._reader.doc_frequency(field, raw))))
                if len(terms) == most:
                    break
        return terms

    def document_frequency(self, field: str, term: str) -> int:
        """Return in how many articles ``term`` is, deleted ones included; reads no postings."""
        key = (field, term)
        with self._lock:
            if key not in self._frequencies:
                if len(self._frequencies) >= _FREQUENCIES_KEPT:
                    self._frequencies.clear()
                self._frequencies[key] = int(self._reader.doc_frequency(field, term.encode("utf-8")))
            return self._frequencies[key]

    def _read_postings(self, field: str, term: str) -> Postings:
        raw = term.encode("utf-8")
        numbers: list[int] = []
        frequencies: list[float] = []
        for segment, offset in self._segments:
            try:
                matcher = segment.postings(field, raw)
            except TermNotFound:
                continue
            while matcher.is_active():
                numbers.append(matcher.id() + offset)
                frequencies.append(matcher.weight())
                matcher.next()
        return Postings(np.array(numbers, np.int32), np.array(frequencies, np.float32)) if numbers else NO_POSTINGS

    @staticmethod
    def _occurrences(segment: Any, field: str, term: str, docnums: list[int]) -> Iterator[tuple[int, bytes]]:
        try:
            matcher = segment.postings(field, term.encode("utf-8"))
        except TermNotFound:
            return
        for docnum in docnums:
            if not matcher.is_active():
                return
            matcher.skip_to(docnum)
            if matcher.is_active() and matcher.id() == docnum:
                yield docnum, matcher.value()

    def _column(self, name: str, read: Any, dtype: Any) -> Any:
        with self._lock:
            parts = [self._cached(segment, name, read) for segment, _ in self._segments]
        return np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)

    def _cached(self, segment: Any, name: str, read: Any) -> Any:
        segment_id = self._segment_id(segment)
        column = self._columns.get(segment_id, name)
        if column is None:
            column = read(segment)
            self._columns.put(segment_id, name, column)
        return column

    @staticmethod
    def _segment_id(segment: Any) -> str:
        return str(segment.segment().segment_id()) if segment.segment() is not None else "empty"


def _lengths(segment: Any, field: str) -> Floats:
    lengths = (segment.doc_field_length(docnum, field, 0) or 0 for docnum in range(segment.doc_count_all()))
    return np.fromiter(lengths, np.float32, segment.doc_count_all())


def _numbers(segment: Any, field: str, default: int) -> NDArray[np.int64]:
    count = segment.doc_count_all()
    if not count or not segment.has_column(field):
        return np.full(count, default, np.int64)
    column = segment.column_reader(field, translate=False)
    return np.fromiter((column[docnum] for docnum in range(count)), np.int64, count)


def _texts(segment: Any, field: str) -> list[str]:
    count = segment.doc_count_all()
    if not count or not segment.has_column(field):
        return [""] * count
    column = segment.column_reader(field, translate=False)
    return [bytes(column[docnum]).decode("utf-8") for docnum in range(count)]
