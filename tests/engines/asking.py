"""What the contract gives an archive, and asks it."""

from __future__ import annotations

from index.article import Article
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse

WIRE = " ".join(f"lúa vụ {number} gạo" for number in range(40))
"""A report that several papers print."""


def article(id: str, body: str = "lúa gạo", **more: str) -> Article:
    return Article(id=id, body=body, **more)


def ids(archive: Archive, query: str, **more: object) -> list[str]:
    return [hit.id for hit in archive.engine.retrieve(Request(parse(query), **more)).hits]  # type: ignore[arg-type]


def matched(archive: Archive, query: str, **more: object) -> set[str]:
    """Return the ids of the articles that match a query as a reader types it, without relaxed hits."""
    request = Request(archive.expand(parse(query)), size=100, **more)  # type: ignore[arg-type]
    found = archive.engine.retrieve(request)
    ids = {hit.id for hit in found.hits if not hit.relaxed}
    assert found.total == len(ids)
    return ids
