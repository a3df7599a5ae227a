"""Searches, completions and similar articles as JSON."""

from __future__ import annotations

from flask import Response, jsonify, request

from search.parameters import SearchParameters, checked
from search.service import completions, similar_articles
from web.access import Scope, needs
from web.api.answers import hit_json, linked_answer_json
from web.api.blueprint import api, stored_article
from web.api.parameters import SimilarParameters, SuggestParameters
from web.services import deadline, services, timed_search


@api.get("/search")
@needs(Scope.SEARCH)
def search() -> Response:
    """Find articles."""
    parameters = checked(SearchParameters, request.args)
    return jsonify(linked_answer_json(timed_search(parameters), parameters))


@api.get("/suggest")
@needs(Scope.SEARCH)
def suggest() -> Response:
    """Complete a partial query."""
    parameters = checked(SuggestParameters, request.args)
    suggestions = completions(services().archive, parameters.q, parameters.size)
    return jsonify({"query": parameters.q, "suggestions": suggestions})


@api.get("/articles/<path:id>/similar")
@needs(Scope.SEARCH)
def similar(id: str) -> Response:
    """Return the articles most similar to one."""
    parameters = checked(SimilarParameters, request.args)
    stored_article(id)
    found = similar_articles(services().archive, id, parameters.size, deadline())
    return jsonify({"id": id, "hits": [hit_json(hit) for hit in found]})
