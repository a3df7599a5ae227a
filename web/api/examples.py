"""The examples in the description of the API. The tests hold each against its schema."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from index.article import LABELS

_ID = "bai-1"
_ETAG = '"4f2b1c0d9e8a7b6c5d4e3f2a1b0c9d8e"'
_TASK_ID = "0f8fad5bd9cb469fa16570867728950e"
_TITLE = "Giá lúa tăng"
_ARTICLE = {"title": _TITLE, "body": "Nông dân phấn khởi.", "published": "2025-08-27", "source": "Ngày Nay"}
_STORED: dict[str, Any] = {
    "id": _ID, **_ARTICLE, "lead": "", "url": None, "author": None, "category": None, "lang": "vi", "extra": {},
}  # fmt: skip
_WRITTEN = {"id": _ID, "result": "created", "searchable": False, "etag": _ETAG}
_BULK = {
    "received": 3,
    "added": 1,
    "updated": 0,
    "unchanged": 0,
    "deleted": 1,
    "missing": 0,
    "ids": [_ID],
    "refused": [
        {
            "index": 2,
            "detail": "article 'bai-3' refused: body: an article needs a title or a body with some text",
            "errors": [{"name": "body", "detail": "an article needs a title or a body with some text"}],
        }
    ],
    "outcomes": [
        {"id": _ID, "result": "created"},
        {"id": "bai-2", "result": "deleted"},
        {"id": None, "result": "refused"},
    ],
    "task": _TASK_ID,
    "searchable": True,
}
_TIME = "2025-08-27T03:00:00.000+00:00"
_TASK: dict[str, Any] = {
    "id": _TASK_ID, "kind": "delete", "state": "waiting", "created": _TIME, "started": None, "finished": None,
    "counts": {"deleted": 0}, "errors": [], "seq": 1200, "filters": {"source": "Ngày Nay", "to": "2024"},
}  # fmt: skip
_REBUILD = {name: value for name, value in _TASK.items() if name != "filters"} | {
    "kind": "reindex", "state": "running", "started": _TIME, "counts": {"indexed": 512}, "seq": None,
}  # fmt: skip
_FOUND: dict[str, Any] = {
    "id": _ID, "title": _TITLE, "lead": "Nông dân phấn khởi.", "url": None, "source": "Ngày Nay", "author": None,
    "category": None, "published": "2025-08-27", "score": 7.25, "copies": 0, "relaxed": False, "reasons": [],
    "highlights": {"title": "<mark>Giá lúa</mark> tăng", "body": ["Nông dân phấn khởi."]},
}  # fmt: skip
_SEARCH = {
    "query": {"text": "giá lúa", "corrected": None, "terms": ["giá lúa"], "notes": []},
    "total": 1,
    "total_is_lower_bound": False,
    "partial": False,
    "relaxed": False,
    "relaxed_total": 0,
    "stories": 1,
    "page": 1,
    "size": 10,
    "took_ms": 1.2,
    "hits": [_FOUND],
    "facets": {"source": [{"value": "Ngày Nay", "count": 1}]},
    "links": {"self": "/api/v1/search?q=gi%C3%A1+l%C3%BAa&facets=source", "next": None, "prev": None},
}

_ASKED = {
    "q": "giá lúa",
    "filter": {"and": [{"source": ["Ngày Nay", "Báo Mới"]}, {"published": {"gte": "2025-01"}}]},
    "sort": ["published:desc", "source:asc"],
    "facets": ["source"],
}

BODIES: Mapping[str, Any] = {
    "ArticleInput": _ARTICLE,
    "ArticlePatch": {"title": "Giá lúa tăng mạnh", "author": None},
    "DeletionRequest": {"filter": {"source": "Ngày Nay", "to": "2024"}, "dry_run": True},
    "WantedArticles": {"ids": [_ID, "bai-2"]},
    "SearchRequest": _ASKED,
    "SearchesRequest": {"searches": [_ASKED, {"q": "giá vàng", "size": 3}]},
    "SimilarRequest": {"text": "Nông dân phấn khởi vì giá lúa tăng.", "size": 3},
}
"""A body of a request, by the name of its schema."""

LINES = (
    '{"id": "bai-1", "title": "Giá lúa tăng", "body": "Nông dân phấn khởi."}\n'
    '{"delete": {"id": "bai-2"}}\n'
    '{"index": {"id": "bai-3"}}\n'
    '{"title": "Giá ngô giảm"}\n'
)
"""A body of articles and actions, a line each."""

ANSWERS: Mapping[tuple[str, int], Any] = {
    ("search", 200): _SEARCH,
    ("postSearch", 200): _SEARCH,
    ("searches", 200): {
        "answers": [
            {"status": 200, "answer": _SEARCH, "problem": None},
            {
                "status": 400,
                "answer": None,
                "problem": {
                    "type": "about:blank",
                    "title": "Bad Request",
                    "status": 400,
                    "detail": "The body of the request is not as it should be: sise.",
                    "instance": "/api/v1/searches",
                    "errors": [{"name": "sise", "detail": "is not known here; did you mean 'size'?"}],
                },
            },
        ]
    },
    **{
        (f"facet{label.title()}", 200): {"facet": label, "values": [{"value": "Ngày Nay", "count": 12}]}
        for label in LABELS
    },
    ("similarToText", 200): {"hits": [_FOUND]},
    ("analyze", 200): {
        "streams": {"syllable": [{"term": "giá", "position": 0, "start": 0, "end": 3}]},
        "query": {
            "tree": {
                "kind": "words",
                "text": "gia lua",
                "field": None,
                "words": ["gia lua"],
                "without_accents": ["gia", "lua"],
                "alternatives": [],
            },
            "notes": [],
            "corrected": "giá lúa",
        },
    },
    ("suggest", 200): {"query": "gia l", "suggestions": ["giá lúa", "giá lúa tăng"]},
    ("add", 200): _BULK,
    ("add", 201): _WRITTEN,
    ("add", 202): {**_BULK, "searchable": False},
    ("get", 200): {"articles": [_STORED], "missing": ["bai-2"], "left_out": []},
    ("deleteByFilter", 200): {"dry_run": True, "matched": 318},
    ("deleteByFilter", 202): _TASK,
    ("read", 200): _STORED,
    ("put", 200): {**_WRITTEN, "result": "replaced"},
    ("put", 201): _WRITTEN,
    ("patch", 200): {**_WRITTEN, "result": "replaced"},
    ("delete", 200): {"id": _ID, "result": "deleted", "searchable": False},
    ("similar", 200): {"id": "bai-2", "hits": [_FOUND]},
    ("reindex", 202): _REBUILD,
    ("tasks", 200): {"tasks": [_TASK, _REBUILD]},
    ("task", 200): _REBUILD,
    ("cancel", 200): {**_TASK, "state": "cancelled", "finished": _TIME},
    ("cancel", 202): {**_TASK, "state": "cancelling", "started": _TIME, "counts": {"deleted": 500}},
    ("stats", 200): {"articles": 50_000, "in_sync": True, "last_error": None},
    ("healthz", 200): {"status": "ok"},
    ("readyz", 200): {"status": "ready", "articles": 50_000},
}
"""An answer, by operation and status."""

_DETAILS: Mapping[int, tuple[str, list[tuple[str, str]]]] = {
    400: (
        "The request has the unknown parameter sise.",
        [("sise", "is not known here; did you mean 'size'?")],
    ),
    401: ("This key is unknown, expired or revoked; 'timtin keys add' makes another.", []),
    403: ("This needs a key with the scope 'write'; the key 'reader' has 'search'.", []),
    404: ("There is no article with this id.", []),
    405: ("The method is not allowed for the requested URL.", []),
    408: ("The body took too long to arrive; send it again.", []),
    409: ("The request with this Idempotency-Key is still being carried out; ask again soon.", []),
    412: ("The article is not as If-Match demands, or there is none; nothing was changed.", []),
    413: ("A body may have at most 512 MB; send the articles in several requests.", []),
    414: ("The address of the request is too long.", []),
    415: ("Send the body uncompressed, or with Content-Encoding gzip or zstd; 'br' is not supported.", []),
    421: ("This service is not known by this host name; see its setting server.hosts.", []),
    422: ("This Idempotency-Key was sent with another request before; take a new one for each.", []),
    429: ("At most 600 requests a minute are answered; wait 0.4 s.", []),
    431: ("The head of the request is too long.", []),
    500: ("Something went wrong on the server; see its log.", []),
    503: ("The service is busy; try again soon.", []),
    507: ("The disk is full, or nearly so. Free some space and send this again; no acknowledged write is lost.", []),
}

PROBLEMS: Mapping[int, Any] = {
    status: {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": "/api/v1/articles/bai-1" if status != 400 else "/api/v1/search",
        "errors": [{"name": name, "detail": what} for name, what in errors],
    }
    for status, (detail, errors) in _DETAILS.items()
}
"""An error, by its status."""
