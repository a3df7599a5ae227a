"""The fields of an index: which streams, term sets and columns a segment has.

Each text field (title, body) has one indexed field per term stream. Filters, sorting and facets read columns, which
have one value per article.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.article import LABELS, Article
from index.dates import local_minute
from index.segments.columns import Column, DictionaryColumn, PackedStrings

SCHEMA_VERSION = 7
"""Raise it whenever fields or files change: older indexes are then rebuilt."""

OLDEST_WRITABLE = 4
"""Indexes of this version or later follow the store until their successor is built."""

OLDEST_SEARCHABLE = 3
"""Indexes of this version or later answer searches until their successor is built."""

STREAMS_WITH_POSITIONS = (Stream.SYLLABLE, Stream.FOLDED)
ID, SUGGEST, ABBREVIATIONS = "id", "suggest", "abbreviations"
SEQUENCE, PUBLISHED, STORY = "seq", "published", "story"
SKETCH_COLUMNS = ("sketch_low", "sketch_high")
NUMERIC_COLUMNS = {
    PUBLISHED: np.dtype("<i8"),
    SEQUENCE: np.dtype("<i8"),
    STORY: np.dtype("<i8"),
    **dict.fromkeys(SKETCH_COLUMNS, np.dtype("<u8")),
}
UNDATED = -1


class NumberedArticle(NamedTuple):
    """An article and the sequence number of its last write."""

    seq: int
    article: Article


def field_name(field: str, stream: Stream) -> str:
    """Return the indexed field that holds ``stream`` of the text field ``field``."""
    return f"{field}_{stream}"


def pack_columns(articles: Sequence[NumberedArticle], sketches: NDArray[np.uint64]) -> dict[str, Column]:
    """Return the columns of ``articles``; ``sketches`` are the sketches of their bodies, shape (2, n).

    Each article is its own story until it is compared with others.
    """
    sequence = np.array([seq for seq, _ in articles], NUMERIC_COLUMNS[SEQUENCE])
    published = [article.published for _, article in articles]
    minutes = [UNDATED if date is None else local_minute(date) for date in published]
    columns: dict[str, Column] = {
        ID: PackedStrings.pack([article.id.encode() for _, article in articles]),
        SEQUENCE: sequence,
        STORY: sequence,
        PUBLISHED: np.array(minutes, NUMERIC_COLUMNS[PUBLISHED]),
    }
    for label in LABELS:
        columns[label] = DictionaryColumn.pack([(getattr(article, label) or "").encode() for _, article in articles])
    for name, values in zip(SKETCH_COLUMNS, sketches, strict=True):
        columns[name] = values.astype(NUMERIC_COLUMNS[name])
    return columns
