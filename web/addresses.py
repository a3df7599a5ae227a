"""The addresses of searches, and ids as addresses have them."""

from __future__ import annotations

from urllib.parse import quote

from flask import url_for

from search.parameters import SearchParameters


def quoted(id: str) -> str:
    """Return the id of an article as ``url_for`` writes it into a path; many at a time are quicker so."""
    return quote(id, safe="!$&'()*+,/:;=@")


def search_address(endpoint: str, parameters: SearchParameters, page: int, **more: str | None) -> str:
    """Return the URL of a search, with every parameter that differs from its default; the API always names it."""
    values = parameters.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"page", "q"})
    for name in ("facets", "boost", "fields", "highlight"):
        if name in values:
            values[name] = ",".join(values[name])
    if "histogram_empty" in values:
        values["histogram_empty"] = 1
    if values.get("explain") is True:
        values["explain"] = 1
    if "collapse" in values:
        values["collapse"] = "false"
    query = None if endpoint.startswith("pages.") and not parameters.q else parameters.q
    values |= {"q": query, **({"page": page} if page > 1 else {}), **more}
    return url_for(endpoint, **{key: value for key, value in values.items() if value is not None})
