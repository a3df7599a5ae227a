"""The Whoosh schema: which fields an index has and how they are written.

Each text field (title, body) has one Whoosh field for every term stream, so that Whoosh's own BM25, matchers
and query types work on any of them. What filters, sorting and facets need is kept in columns, one value an
article.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from whoosh.columns import NumericColumn, RefBytesColumn
from whoosh.fields import COLUMN, ID, FieldType, Schema
from whoosh.formats import Existence, Frequency, Positions

from index.analysis.analyzer import Stream
from index.article import Article
from index.dates import local_minute

SCHEMA_VERSION = 4
"""Raise it whenever fields change: indexes made before are then rebuilt."""

OLDEST_SEARCHABLE = 3
"""Indexes of this version and later ones answer searches until they are made anew."""

TEXT_FIELDS = ("title", "body")
LABEL_FIELDS = ("source", "category", "author")
SKETCH_COLUMNS = ("sketch_low", "sketch_high")
UNDATED = -1
STREAMS_WITH_POSITIONS = (Stream.SYLLABLE, Stream.FOLDED)


class PackedPositions(Positions):  # type: ignore[misc, unused-ignore]
    """Positions as little-endian 32-bit numbers, to be read with ``numpy.frombuffer``."""

    def encode(self, poslist: Iterable[int]) -> bytes:
        """Return ascending positions as bytes, four a position."""
        return np.asarray(poslist, dtype="<u4").tobytes()

    def decode_positions(self, valuestring: bytes) -> list[int]:
        """Return the positions in ``valuestring``."""
        return np.frombuffer(valuestring, dtype="<u4").tolist()  # type: ignore[no-any-return, unused-ignore]

    def decode_frequency(self, valuestring: bytes) -> int:
        """Return how many positions there are."""
        return len(valuestring) // 4


class StreamField(FieldType):  # type: ignore[misc, unused-ignore]
    """A field whose value is an iterable of (term, position), analysed beforehand."""

    def __init__(self, stream: Stream) -> None:
        with_positions = stream in STREAMS_WITH_POSITIONS
        super().__init__(PackedPositions() if with_positions else Frequency(), analyzer=None, scorable=True)

    def index(self, value: Iterable[tuple[str, int]], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (term, frequency, weight, encoded value) for each distinct term of ``value``."""
        positions: defaultdict[str, list[int]] = defaultdict(list)
        for term, position in value:
            positions[term].append(position)
        keep = isinstance(self.format, Positions)
        for term, places in positions.items():
            count = len(places)
            encoded = self.format.encode(places) if keep else count.to_bytes(4, "big")
            yield term.encode("utf-8"), count, float(count), encoded


class TermSetField(FieldType):  # type: ignore[misc, unused-ignore]
    """A field whose value is a set of terms; only their presence is kept."""

    def __init__(self) -> None:
        super().__init__(Existence(), analyzer=None)

    def index(self, value: Iterable[str], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each term of ``value`` once."""
        for term in sorted(set(value)):
            yield term.encode("utf-8"), 1, 1.0, b""


def field_name(field: str, stream: Stream) -> str:
    """Return the Whoosh field that holds ``stream`` of the text field ``field``."""
    return f"{field}_{stream}"


def make_schema() -> Schema:
    """Return the schema of a new index."""
    schema = Schema(id=ID(unique=True, sortable=True), suggest=TermSetField(), abbreviations=TermSetField())
    for field in TEXT_FIELDS:
        for stream in Stream:
            schema.add(field_name(field, stream), StreamField(stream))
    for field in LABEL_FIELDS:
        schema.add(field, COLUMN(RefBytesColumn()))
    schema.add("published", COLUMN(NumericColumn("q", default=UNDATED)))
    schema.add("seq", COLUMN(NumericColumn("q", default=0)))
    for half in SKETCH_COLUMNS:
        schema.add(half, COLUMN(NumericColumn("Q", default=0)))
    schema.add("story", COLUMN(NumericColumn("q", default=0)))
    return schema


def searchable_body(article: Article) -> str:
    """Return the text the body streams are made of: the body, and the lead where the body lacks it."""
    if article.lead and article.lead not in article.body:
        return f"{article.body}\n{article.lead}"
    return article.body


def column_values(article: Article, seq: int, sketch: Sequence[int]) -> dict[str, object]:
    """Return the values of the columns of the schema for ``article`` at sequence number ``seq``.

    ``sketch`` is that of its searchable body (``index.analysis.near_copies``). It is its own story until it is compared with others.
    """
    labels = {label: (getattr(article, label) or "").encode("utf-8") for label in LABEL_FIELDS}
    published = UNDATED if article.published is None else local_minute(article.published)
    halves = dict(zip(SKETCH_COLUMNS, sketch, strict=True))
    return {"id": article.id, "seq": seq, "published": published, "story": seq, **halves, **labels}
