"""Searches, completions and similar articles as JSON."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from search.parameters import SearchParameters, TimeParameters
from search.service import completions, similar_articles, title_matches
from web.access import Scope, needs
from web.api.answers import hit_json, linked_answer_json, title_json
from web.api.blueprint import api, stored_article
from web.api.parameters import SimilarParameters, SuggestParameters, asked
from web.services import deadline, services, timed_search


@api.get("/search")
@needs(Scope.SEARCH)
def search() -> Response:
    """Find articles."""
    parameters = asked(SearchParameters, TimeParameters)
    return jsonify(linked_answer_json(timed_search(parameters), parameters))


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
    return jsonify(answer)


@api.get("/articles/<path:id>/similar")
@needs(Scope.SEARCH)
def similar(id: str) -> Response:
    """Return the articles most similar to one."""
    parameters = asked(SimilarParameters)
    stored_article(id)
    found = similar_articles(services().archive, id, parameters.size, deadline())
    return jsonify({"id": id, "hits": [hit_json(hit) for hit in found]})
