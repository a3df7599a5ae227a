"""Searches, completions and similar articles as JSON."""

from __future__ import annotations

from flask import Response, jsonify, request

from search.parameters import SearchParameters, checked
from search.service import completions, similar_articles
from web.api.answers import hit_json, linked_answer_json
from web.api.blueprint import api, stored_article
from web.api.parameters import SimilarParameters, SuggestParameters
from web.services import services, timed_search


@api.get("/search")
def search() -> Response:
    """Find articles."""
    parameters = checked(SearchParameters, request.args)
    return jsonify(linked_answer_json(timed_search(parameters), parameters))


@api.get("/suggest")
def suggest() -> Response:
    """Complete a partial query."""
    parameters = checked(SuggestParameters, request.args)
    suggestions = services().runner.run(completions, parameters.q, parameters.size)
    return jsonify({"query": parameters.q, "suggestions": suggestions})


@api.get("/articles/<path:id>/similar")
def similar(id: str) -> Response:
    """Return the articles most similar to one."""
    parameters = checked(SimilarParameters, request.args)
    stored_article(id)
    found = services().runner.run(similar_articles, id, parameters.size, services().archive.limits.deadline())
    return jsonify({"id": id, "hits": [hit_json(hit) for hit in found]})
