"""The front page: what is in the archive, and where to begin."""

from __future__ import annotations

from flask import render_template

from search.engine import Sort
from search.parameters import SearchParameters
from search.service import example_queries
from web.pages.filters import choices
from web.query_log import MOST_POPULAR
from web.services import services, timed_search

_LATEST = 8
_EXAMPLES = 6


def front_page() -> str:
    """Return the page that is shown without a search."""
    asked = SearchParameters(sort=Sort.NEWEST, size=_LATEST, fragments=0, facets=("source", "category"))
    answer = timed_search(asked)
    nothing = SearchParameters()
    return render_template(
        "front.html",
        asked=nothing,
        autofocus=True,
        answer=answer,
        sources=len(answer.facets.get("source", ())),
        newest=next((hit.article.published for hit in answer.hits if hit.article.published), None),
        choices=[some for label in asked.facets if (some := choices(nothing, label, answer.facets.get(label, ())))],
        examples=example_queries(services().archive, _EXAMPLES),
        popular=services().queries.popular(MOST_POPULAR),
    )
