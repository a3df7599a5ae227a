"""Answers as JSON."""

from __future__ import annotations

from typing import Any

from flask import request

from index.article import Article
from search.answer import Answer, RenderedHit
from search.parameters import SearchParameters
from web.addresses import search_address
from web.services import services


def answer_json(answer: Answer, parameters: SearchParameters) -> dict[str, Any]:
    """Return the answer to a search as JSON values."""
    return {
        "query": {
            "text": parameters.q,
            "corrected": answer.corrected,
            "terms": answer.terms,
            "notes": [{"code": note.code, "text": note.text, "message": note.message} for note in answer.notes],
        },
        "total": answer.total,
        "total_is_lower_bound": answer.at_least,
        "partial": answer.partial,
        "relaxed": answer.relaxed_total > 0,
        "relaxed_total": answer.relaxed_total,
        "stories": answer.stories,
        "page": parameters.page,
        "size": parameters.size,
        "took_ms": answer.took_ms,
        "hits": [hit_json(hit, parameters) for hit in answer.hits],
        "facets": {
            facet: [{"value": count.value, "count": count.count} for count in counts]
            for facet, counts in answer.facets.items()
        },
    }


def linked_answer_json(answer: Answer, parameters: SearchParameters) -> dict[str, Any]:
    """Return the answer to a search with the URLs of this page of hits, the next and the previous one."""
    page = parameters.page
    last_page = max(1, -(-answer.stories // parameters.size))
    reachable = min(last_page, services().archive.limits.last_page(parameters.size))
    first = search_address("api.search", parameters, 1, timeout_ms=request.args.get("timeout_ms") or None)

    def address(page: int) -> str:
        return f"{first}&page={page}" if page > 1 else first

    links = {
        "self": address(page),
        "next": address(page + 1) if page < reachable else None,
        "prev": address(min(page - 1, last_page)) if page > 1 else None,
    }
    return {**answer_json(answer, parameters), "links": links}


def hit_json(hit: RenderedHit, parameters: SearchParameters | None = None) -> dict[str, Any]:
    """Return one hit as JSON values, with what the ``parameters`` of its search ask for."""
    article = hit.article._asdict()
    del article["lang"]
    shown: dict[str, Any] = {
        **article,
        "score": round(hit.score, 4),
        "copies": hit.copies,
        "relaxed": hit.relaxed,
        "reasons": [{"code": reason.code, "typed": reason.typed, "found": reason.found} for reason in hit.reasons],
        "highlights": {"title": hit.title_html, "body": list(hit.body_html)},
    }
    if parameters is not None and parameters.copies:
        names = ("id", "title", "source", "published", "url")
        shown["copied"] = [{name: getattr(copy, name) for name in names} for copy in hit.copied]
    if hit.explanation is not None:
        shown["explanation"] = {name: round(value, 4) for name, value in hit.explanation.items()}
    return shown


def title_json(hit: RenderedHit) -> dict[str, Any]:
    """Return what a reader who types is shown of an article as JSON values."""
    shown = {name: getattr(hit.article, name) for name in ("id", "title", "source", "published")}
    return {**shown, "highlights": {"title": hit.title_html}}


def article_json(article: Article) -> dict[str, Any]:
    """Return a whole article as JSON values."""
    return article.model_dump()
