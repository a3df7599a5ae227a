"""The fields and settings of the indices, and how long a term, a value and an id may be there.

Text comes analysed by us: tokens with spaces between them, several at one place joined by ``|``, and ``.`` alone for
each position that the end of a sentence leaves empty. So the cluster's analyzer only takes apart what we put together,
and its positions and lengths are ours. Streams are indexed and not kept; ``_source`` has the article, as JSON in a text
that the cluster never looks into, and what is said of it. So a document can only be changed by analysing its article
again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from index.analysis.analyzer import ANALYZER_VERSION, Stream
from index.article import LABELS, TEXT_FIELDS
from index.segments.schema import STREAMS_WITH_POSITIONS, field_name

MAPPING_VERSION = 1
"""Raise it whenever fields or settings of the articles' index change: an older index is then rebuilt."""

LONGEST_TERM = 1000
"""The most bytes of a term; a longer one is cut, with a hash in place of its end."""
_LONGEST_BEGINNING = 900
LONGEST_VALUE = 16_000
"""The most bytes of a label's key: two of them fit into the 32,766 bytes of the cluster's longest value."""
LONGEST_ID = 512
"""The most bytes of an id of the cluster."""

GAP, TOGETHER = ".", "|"
"""An empty position; what stands between terms at one position. No term is the one or has the other."""
LABEL_GAP = 100
"""The positions left between the values of a label."""

LIVE = {"term": {"deleted": False}}
K1 = 0.9
B = {"title": 0.75, "body": 0.65}
"""How much a repeated term and the length of a field count in the cluster's order, which only chooses candidates."""

KEPT = ("article", "id", "seq", "hash", "story", "copied", "sketch", "stored_at", "deleted")
"""The fields that ``_source`` has."""

_HASH = 16
_APART = re.compile(r"[\s|]")
_TOKEN_LENGTH = 100_000
_NODE_LEFT = "5s"
"""How long the copies of a node that left are waited for before others are made. Writes never wait for it; but until a
new copy is made, a write is on one node alone. The cluster's own minute is too long for that."""


def indexed_term(term: str) -> str:
    """Return how ``term`` is indexed: as it is, or cut to ``LONGEST_TERM`` bytes with a hash at the end.

    A sign that would take it apart, which no term of ours has, becomes ``_``.
    """
    return _shortened(_APART.sub("_", term), LONGEST_TERM)


def indexed_value(value: str) -> str:
    """Return how a value of a label is indexed: as it is, or cut to ``LONGEST_VALUE`` bytes with a hash at the end."""
    return _shortened(value, LONGEST_VALUE)


def beginning(field: str, text: str) -> dict[str, Any]:
    """Return the query for values that begin with ``text``, or with 900 bytes of it: 2.19 refuses more than 1,000."""
    return {"prefix": {field: text.encode("utf-8")[:_LONGEST_BEGINNING].decode("utf-8", "ignore")}}


def only_fields(*fields: Any) -> dict[str, Any]:
    """Return what makes a search give these fields of its hits, from their columns, and not count all hits."""
    return {"_source": False, "stored_fields": "_none_", "docvalue_fields": fields, "track_total_hits": False}


def document_id(id: str) -> str:
    """Return the ``_id`` of an article: its id, or ``~`` and a hash of it if that is too long or begins with ``~``."""
    encoded = id.encode("utf-8")
    if len(encoded) <= LONGEST_ID and not id.startswith("~"):
        return id
    return f"~{hashlib.sha256(encoded).hexdigest()}"


def copies(replicas: int | None) -> dict[str, Any]:
    """Return the settings for ``replicas``; None: one if there are two or more data nodes, now or later."""
    return {"auto_expand_replicas": "0-1"} if replicas is None else {"number_of_replicas": replicas}


def articles(shards: int, copies: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that makes an index for articles. Only ``Engine.apply`` makes what it has visible."""
    return {
        "settings": {
            "number_of_shards": shards,
            **copies,
            "refresh_interval": "-1",
            "unassigned.node_left.delayed_timeout": _NODE_LEFT,
            "max_result_window": 10_000,
            "similarity": {
                field: {"type": "BM25", "k1": K1, "b": b, "discount_overlaps": False} for field, b in B.items()
            },
            "analysis": _ANALYSIS,
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"analyzer": ANALYZER_VERSION, "mapping": MAPPING_VERSION},
            "_source": {"includes": list(KEPT)},
            "properties": _properties(),
        },
    }


_ANALYSIS = {
    "tokenizer": {"spaces": {"type": "whitespace", "max_token_length": _TOKEN_LENGTH}},
    "filter": {
        "gaps": {"type": "stop", "stopwords": [GAP]},
        "together": {"type": "pattern_capture", "preserve_original": False, "patterns": ["([^|]+)"]},
    },
    "analyzer": {"stream": {"type": "custom", "tokenizer": "spaces", "filter": ["gaps", "together"]}},
}


def _properties() -> dict[str, Any]:
    keyword = {"type": "keyword"}
    unsearched = {"type": "keyword", "index": False}
    kept = {"type": "keyword", "index": False, "doc_values": False}
    fields: dict[str, Any] = {
        field_name(text, stream): {
            "type": "text",
            "analyzer": "stream",
            "similarity": text,
            "index_options": "positions" if stream in STREAMS_WITH_POSITIONS else "freqs",
        }
        for text in TEXT_FIELDS
        for stream in Stream
    }
    for label in LABELS:
        fields |= {f"{label}_{name}": keyword for name in ("key", "folded", "form")}
        words = {"type": "text", "analyzer": "stream", "norms": False, "position_increment_gap": LABEL_GAP}
        fields |= {f"{label}_words": words, f"{label}_words_folded": words}
    return {
        **fields,
        "id": keyword,
        "seq": {"type": "long"},
        "minutes": {"type": "long"},
        **dict.fromkeys(("year", "month", "day"), keyword),
        "deleted": {"type": "boolean"},
        "hash": kept,
        "stored_at": {"type": "date", "format": "strict_date_optional_time"},
        "suggest": keyword,
        "abbreviations": keyword,
        **dict.fromkeys(("vocabulary_folded", "vocabulary_syllable"), unsearched),
        "story": {"type": "long"},
        "copied": {"type": "boolean"},
        "sketch": unsearched,
        "bands": {"type": "keyword", "doc_values": False},
        "tokens": {"type": "binary", "doc_values": True},
        "article": kept,
    }


def _shortened(text: str, longest: int) -> str:
    if len(text) * 4 <= longest:  # as almost always
        return text
    encoded = text.encode("utf-8")
    if len(encoded) <= longest:
        return text
    digest = hashlib.blake2b(encoded, digest_size=_HASH).hexdigest()
    return encoded[: longest - 1 - len(digest)].decode("utf-8", "ignore") + "~" + digest


def _small(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that makes an index of small documents, of which only ``properties`` are searched."""
    return {
        "settings": {"unassigned.node_left.delayed_timeout": _NODE_LEFT},
        "mappings": {"dynamic": False, "properties": properties},
    }


STATE = _small({})
"""Documents that are got by their id: the clock, leases, texts, what was applied, the identity."""
TASKS = _small({"kind": {"type": "keyword"}, "state": {"type": "keyword"}, "number": {"type": "long"}})
INPUTS = _small(
    {
        **{name: {"type": "keyword"} for name in ("path", "digest")},
        **{name: {"type": "long"} for name in ("number", "owner", "dropped")},
    }
)
"""Inputs by number, path and digest; the articles that they own or have dropped, which say so themselves."""
FETCHES = _small({})
