"""The front page: what is in the archive, and where to begin."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from flask import render_template

from search.archive import Archive
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
    archive = services().archive
    nothing = SearchParameters()
    return render_template(
        "front.html",
        asked=nothing,
        autofocus=True,
        answer=answer,
        sources=len(answer.facets.get("source", ())),
        newest=next((hit.article.published for hit in answer.hits if hit.article.published), None),
        choices=[some for label in asked.facets if (some := choices(nothing, label, answer.facets.get(label, ())))],
        examples=_examples(archive, archive.version()),
        popular=services().queries.popular(MOST_POPULAR),
    )


@lru_cache(maxsize=1)
def _examples(archive: Archive, _version: Hashable) -> list[str]:
    """Return queries that find something, looked for anew when answers may have changed."""
    return example_queries(archive, _EXAMPLES)
