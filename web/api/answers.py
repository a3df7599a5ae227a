"""Answers as JSON."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Response, request
from pydantic_core import to_json

from index.article import Article
from search.analysis import described, located_terms
from search.answer import Answer, RenderedHit, WrittenAnswer
from search.archive import Archive
from search.deadline import Deadline
from search.parameters import SearchParameters
from search.runtime.answer_cache import Writing
from search.snippets.fragments import POST, PRE
from search.spelling.corrections import correct
from web.addresses import search_address
from web.services import services, timed_search

_TOOK = b'"took_ms":'
_MARK = re.compile(f"{PRE}|{POST}")


def json_response(values: dict[str, Any]) -> Response:
    """Return JSON values as a response, the same as ``jsonify`` does in a third of the time."""
    return Response(to_json(values) + b"\n", mimetype="application/json")


def written_answer(parameters: SearchParameters, timeout_ms: str | None) -> Response:
    """Return the answer to a search with the URLs of pages as a response; who asks again gets the same JSON."""

    def write(answer: Answer) -> WrittenAnswer:
        before, name, after = to_json(linked_answer_json(answer, parameters, timeout_ms)).partition(_TOOK)
        return WrittenAnswer(form, before + name, after[after.index(b",") :] + b"\n")

    form = f"{timeout_ms} {request.script_root}"
    answer = timed_search(parameters, writing=Writing(form, write))
    assert answer.written is not None
    _, before, after = answer.written
    return Response(before + to_json(answer.took_ms) + after, mimetype="application/json")


def answer_json(answer: Answer, parameters: SearchParameters) -> dict[str, Any]:
    """Return the answer to a search as JSON values."""
    shown: dict[str, Any] = {
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
    if parameters.histogram is not None:
        shown["histogram"] = [
            {"value": one.value, "from": _day(one.first), "to": _day(one.last), "count": one.count}
            for one in answer.histogram
        ]
    if parameters.cursor is not None:
        shown["next_cursor"] = answer.next_cursor
    return shown


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def linked_answer_json(
    answer: Answer, parameters: SearchParameters, timeout_ms: str | int | None = None
) -> dict[str, Any]:
    """Return the answer to a search with the URLs of this page of hits, the next and the previous one."""
    timeout = str(timeout_ms) if timeout_ms else None
    if parameters.cursor is not None:
        pages = [parameters, parameters.model_copy(update={"cursor": answer.next_cursor})]
        own, following = (search_address("api.search", one, 1, timeout_ms=timeout) for one in pages)
        links = {"self": own, "next": None if answer.next_cursor is None else following, "prev": None}
        return {**answer_json(answer, parameters), "links": links}
    page = parameters.page
    last_page = max(1, -(-answer.stories // parameters.size))
    reachable = min(last_page, services().archive.limits.last_page(parameters.size))
    first = search_address("api.search", parameters, 1, timeout_ms=timeout)

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
        "highlights": {
            "title": _marked(hit.title_html, parameters),
            "body": [_marked(html, parameters) for html in hit.body_html],
        },
    }
    if parameters is not None and parameters.copies:
        names = ("id", "title", "source", "published", "url")
        shown["copied"] = [{name: getattr(copy, name) for name in names} for copy in hit.copied]
    if hit.explanation is not None:
        shown["explanation"] = {name: round(value, 4) for name, value in hit.explanation.items()}
    if parameters is not None and parameters.explain == "words":
        shown["explained"] = [
            {
                "kind": part.kind,
                "text": part.text,
                "counts": dict(part.counts),
                "score": round(part.score, 4),
                "share": round(part.share, 4),
                "sentence": part.sentence,
            }
            for part in hit.explained
        ]
    if parameters is not None and parameters.highlight:
        shown["marked"] = {name: _marked(html, parameters) for name, html in hit.marked.items()}
    if parameters is not None and parameters.fields:
        return {name: shown[name] for name in parameters.fields if name in shown}
    return shown


def _marked(html: str, parameters: SearchParameters | None) -> str:
    """Return marked text with the marks that a search asks for. Only programs get these: no page may show them."""
    if parameters is None or (parameters.highlight_pre, parameters.highlight_post) == (PRE, POST):
        return html
    before, after = parameters.highlight_pre, parameters.highlight_post
    return _MARK.sub(lambda found: after if found.group() == POST else before, html)


def title_json(hit: RenderedHit) -> dict[str, Any]:
    """Return what a reader who types is shown of an article as JSON values."""
    shown = {name: getattr(hit.article, name) for name in ("id", "title", "source", "published")}
    return {**shown, "highlights": {"title": hit.title_html}}


def analysis_json(archive: Archive, text: str, q: str, deadline: Deadline | None = None) -> dict[str, Any]:
    """Return how ``text`` is cut into terms, and how the query ``q`` is understood, as JSON values; none if empty."""
    shown: dict[str, Any] = {}
    if text:
        streams = located_terms(text).items()
        shown["streams"] = {stream: [dict(term._asdict()) for term in terms] for stream, terms in streams}
    if q:
        understood = archive.understand(q, deadline)
        shown["query"] = {
            "tree": described(understood.tree),
            "notes": [{"code": note.code, "text": note.text, "message": note.message} for note in understood.notes],
            "corrected": correct(archive.engine, q, deadline),
        }
    return shown


def article_json(article: Article) -> dict[str, Any]:
    """Return a whole article as JSON values."""
    return article.model_dump()
