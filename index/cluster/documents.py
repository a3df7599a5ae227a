"""Articles as documents of the cluster, a batch at a time; and back.

A document's ``_version`` is that of its write (``version``): its sequence number, and below that how often what is said
of the article was changed since. So a later write wins, whoever it comes from and whenever it arrives; and of two that
change the same document, the second is refused and looks again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from index.analysis.analyzer import Stream
from index.analysis.near_copies import MOST_DIFFERING, NO_SKETCH, SLOTS
from index.analysis.normalization import fold
from index.article import LABELS, TEXT_FIELDS, Article
from index.cluster.connection import json_line
from index.cluster.mapping import indexed_term, indexed_value
from index.cluster.packed_tokens import pack
from index.cluster.streams import StreamTexts, stream_texts
from index.dates import MINUTES_A_DAY, local_minute
from index.errors import RottenArticleError
from index.labels import label_values, words_of
from index.segments.schema import field_name
from index.writer.inversion import abbreviations, analyzed, body_sketches, suggestions

REVISIONS = 1 << 16
"""The number of changes to what is said of an article, until it is written again."""
PERIODS = {"year": 4, "month": 7, "day": 10}
BANDS = 32
"""Each band is two slots of the sketch, four bits."""
LEAST_ALIKE = BANDS - MOST_DIFFERING
"""How many bands copies share at least, since each slot in which they differ spoils one band. Unrelated sketches share
a band in 1 of 16 cases; so 8 of a million share as many."""

_BLANK = Article(id="-", title="-")  # copying it with other values is faster than constructing an article


class Written(NamedTuple):
    """An article and what is said of it; ``story`` is None until it is settled."""

    article: Article
    seq: int
    hash: str
    stored_at: str
    story: int | None = None
    copied: bool = False
    revision: int = 0


def version(seq: int, revision: int = 0) -> int:
    """Return the version of a document: a later write's is higher, whatever was changed before."""
    return seq * REVISIONS + revision


def tombstone(id: str, seq: int) -> dict[str, Any]:
    """Return the document of a deleted article."""
    return {"id": id, "seq": seq, "deleted": True}


def article_of(source: Mapping[str, Any]) -> Article:
    """Return the article in the ``_source`` of a document. Raises RottenArticleError if it is not as it was written."""
    try:
        content = json.loads(source["article"])
        article = _BLANK.model_copy(update=content)
        if article.content_hash() == source["hash"] and article.id == source["id"]:
            return article
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    raise RottenArticleError(str(source.get("id")))


def written_of(source: Mapping[str, Any], version: int) -> Written:
    """Return what was written, from the ``_source`` of a document that is not deleted. Raises RottenArticleError."""
    said = {name: source[name] for name in ("seq", "hash", "stored_at", "story", "copied")}
    return Written(article_of(source), **said, revision=version % REVISIONS)


def documents(entries: Sequence[Written]) -> list[dict[str, Any]]:
    """Return the documents of ``entries``, in order: their fields, all but the names of ``KEPT`` only to be indexed."""
    titles, bodies = analyzed([entry.article for entry in entries])
    columns = zip(
        entries,
        zip(stream_texts(titles), stream_texts(bodies), strict=True),
        suggestions(titles, bodies),
        abbreviations(titles, bodies),
        body_sketches(bodies).T.tolist(),
        strict=True,
    )
    return [
        {
            **_said(entry),
            **_streams_of_fields(streams),
            **_labels(entry.article),
            **_dates(entry.article),
            **_sketched(tuple(sketch)),
            "suggest": _terms(suggested),
            "abbreviations": _terms(defined),
        }
        for entry, streams, suggested, defined, sketch in columns
    ]


def json_of(entries: Sequence[Written]) -> list[bytes]:
    """Return the documents of ``entries``, each as a line of JSON."""
    return list(map(json_line, documents(entries)))


def sketch_of(text: str) -> tuple[int, int]:
    """Return the sketch that a document keeps as ``text``."""
    return int(text[:16], 16), int(text[16:], 16)


def bands(sketch: tuple[int, int]) -> list[str]:
    """Return the bands of a sketch, each with its number; none of ``NO_SKETCH``."""
    if sketch == NO_SKETCH:
        return []
    low, high = (f"{plane:0{SLOTS}b}" for plane in sketch)
    width = SLOTS // BANDS
    return [
        f"{at // width:x}.{int(low[at : at + width] + high[at : at + width], 2):x}" for at in range(0, SLOTS, width)
    ]


def _said(entry: Written) -> dict[str, Any]:
    return {
        "article": json.dumps(entry.article.model_dump(), ensure_ascii=False),
        "id": entry.article.id,
        "seq": entry.seq,
        "hash": entry.hash,
        "story": entry.seq if entry.story is None else entry.story,
        "copied": entry.copied,
        "stored_at": entry.stored_at,
        "deleted": False,
    }


def _streams_of_fields(streams: Sequence[StreamTexts]) -> dict[str, Any]:
    texts = {
        field_name(field, stream): text
        for field, own in zip(TEXT_FIELDS, streams, strict=True)
        for stream, text in own.texts.items()
    }
    vocabulary = {
        f"vocabulary_{stream}": sorted(set().union(*(own.vocabulary[stream] for own in streams)))
        for stream in (Stream.FOLDED, Stream.SYLLABLE)
    }
    return {**texts, **vocabulary, "tokens": base64.b64encode(pack([own.packed for own in streams])).decode()}


def _labels(article: Article) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for label in LABELS:
        values = label_values(label, getattr(article, label) or "")
        if values:
            keys = [indexed_value(value.key) for value in values]
            words = [" ".join(map(indexed_term, words_of(value.key))) for value in values]
            fields[f"{label}_key"] = keys
            fields[f"{label}_folded"] = list(map(fold, keys))
            fields[f"{label}_form"] = [
                f"{key}\t{indexed_value(value.written)}" for key, value in zip(keys, values, strict=True)
            ]
            fields[f"{label}_words"] = words
            fields[f"{label}_words_folded"] = list(map(fold, words))
    return fields


def _dates(article: Article) -> dict[str, Any]:
    if article.published is None:
        return {}
    minutes = local_minute(article.published)
    day = date.fromordinal(minutes // MINUTES_A_DAY + 1).isoformat()
    return {"minutes": minutes, **{period: day[:length] for period, length in PERIODS.items()}}


def _sketched(sketch: tuple[int, int]) -> dict[str, Any]:
    own = bands(sketch)
    return {"sketch": f"{sketch[0]:016x}{sketch[1]:016x}", "bands": own} if own else {}


def _terms(terms: Iterable[str]) -> list[str]:
    return sorted(set(map(indexed_value, terms)))
