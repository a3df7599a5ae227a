"""Searches, completions and similar articles as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from index.article import LABELS
from index.errors import InvalidInputError, Problem, SearchTimeoutError
from search.parameters import SearchParameters, TimeParameters
from search.service import completions, counted, facet_values, similar_articles, similar_to_text, title_matches
from web.access import Scope, needs
from web.api.answers import analysis_json, hit_json, json_response, linked_answer_json, title_json, written_answer
from web.api.blueprint import api, stored_article
from web.api.bodies import checked_body, checked_value
from web.api.parameters import (
    AnalyzeParameters,
    FacetParameters,
    NoParameters,
    SimilarParameters,
    SuggestParameters,
    asked,
)
from web.api.search_schemas import SearchesRequest, SearchRequest, SimilarRequest
from web.problems import problem_body
from web.services import deadline, services, timed_search

_LARGEST_BODY = 256 * 1024
_LARGEST_TEXT = 1024 * 1024


@api.get("/search")
@needs(Scope.SEARCH)
def search() -> Response:
    """Find articles."""
    parameters = asked(SearchParameters, TimeParameters)
    return written_answer(parameters, request.args.get("timeout_ms"))


@api.post("/search")
@needs(Scope.SEARCH, body=_LARGEST_BODY)
def post_search() -> Response:
    """Find articles, as a JSON body asks."""
    asked(NoParameters)
    return json_response(_answered(checked_body(SearchRequest)))


@api.post("/searches")
@needs(Scope.SEARCH, body=_LARGEST_BODY)
def post_searches() -> Response:
    """Answer several searches, each with its own answer or its own problem; all share the time of one request."""
    asked(NoParameters)
    wanted = checked_body(SearchesRequest)
    deadline(wanted.timeout_ms)
    return json_response({"answers": [_outcome(one) for one in wanted.searches]})


def _answered(wanted: SearchRequest) -> dict[str, Any]:
    parameters = wanted.parameters()
    return linked_answer_json(timed_search(parameters, timeout_ms=wanted.timeout_ms), parameters, wanted.timeout_ms)


def _outcome(value: Any) -> dict[str, Any]:
    """Return the answer to one of several searches, or what is wrong with it."""
    try:
        wanted = checked_value(SearchRequest, value)
        if wanted.timeout_ms is not None:
            what = "belongs beside 'searches': all of them share it"
            raise InvalidInputError("The search is not as it should be: timeout_ms.", [Problem("timeout_ms", what)])
        return {"status": 200, "answer": _answered(wanted), "problem": None}
    except InvalidInputError as error:
        status, detail, problems = 400, str(error), error.problems
    except SearchTimeoutError as error:
        status, detail, problems = 503, str(error), ()
    return {"status": status, "answer": None, "problem": problem_body(status, detail, request.path, problems)}


def _facet_view(label: str) -> Callable[[], Response]:
    def values() -> Response:
        """Search within the values of a facet."""
        parameters = asked(FacetParameters)
        counts = facet_values(services().archive, label, parameters.q, parameters.searched(), deadline())
        return json_response({"facet": label, "values": [{"value": one.value, "count": one.count} for one in counts]})

    return needs(Scope.SEARCH)(values)


for _label in LABELS:
    api.get(f"/facets/{_label}", endpoint=f"facet_{_label}")(_facet_view(_label))


@api.get("/suggest")
@needs(Scope.SEARCH)
def suggest() -> Response:
    """Complete a partial query."""
    parameters = asked(SuggestParameters)
    archive = services().archive
    answer: dict[str, Any] = {"query": parameters.q, "suggestions": completions(archive, parameters.q, parameters.size)}
    if parameters.titles:
        found = title_matches(archive, parameters.q, parameters.titles, deadline())
        answer["titles"] = [title_json(hit) for hit in found]
    if parameters.counts:
        answer["counts"] = counted(archive, answer["suggestions"], deadline())
    return json_response(answer)


@api.get("/articles/<path:id>/similar")
@needs(Scope.SEARCH)
def similar(id: str) -> Response:
    """Return the articles most similar to one."""
    parameters = asked(SimilarParameters)
    stored_article(id)
    found = similar_articles(services().archive, id, parameters.size, deadline())
    return json_response({"id": id, "hits": [hit_json(hit) for hit in found]})


@api.post("/similar")
@needs(Scope.SEARCH, body=_LARGEST_TEXT)
def similar_to() -> Response:
    """Return the articles most similar to a text."""
    asked(NoParameters)
    wanted = checked_body(SimilarRequest)
    if not (wanted.text.strip() or wanted.title.strip()):
        raise InvalidInputError("There is no text.", [Problem("text", "should have some words")])
    found = similar_to_text(services().archive, wanted.title, wanted.text, wanted.size, deadline())
    return json_response({"hits": [hit_json(hit) for hit in found]})


@api.get("/analyze")
@needs(Scope.SEARCH)
def analyze_text() -> Response:
    """Show how a text is cut into terms, and how a query is understood."""
    parameters = asked(AnalyzeParameters)
    return json_response(analysis_json(services().archive, parameters.text, parameters.q, deadline()))
