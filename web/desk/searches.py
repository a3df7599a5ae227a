"""What is searched for, if that is noted: what takes long, what finds nothing, what is asked most."""

from __future__ import annotations

from flask import Response, flash, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from index.errors import StoreError
from web.desk.blueprint import form_at, page_at, see, shown
from web.query_log import LEAST_HOURS, LEAST_TIMES
from web.services import services

_SHOWN = 20


@page_at("/searches")
def searches() -> Response:
    """Show the log of searches."""
    queries = services().queries
    queries.flush()
    rule = {"least_times": LEAST_TIMES, "least_hours": LEAST_HOURS, "on": queries.on}
    try:
        kept = queries.kept
        queries.forget_popular()
        return shown("searches.html", **rule, failed=None, slow=kept.slow(_SHOWN), fruitless=kept.fruitless(_SHOWN),
                     frequent=kept.frequent(_SHOWN), popular=queries.popular(_SHOWN),
                     hidden=kept.hidden())  # fmt: skip
    except StoreError as error:
        return shown("searches.html", **rule, failed=str(error))


@form_at("/searches/hide")
def hide_search() -> AnyResponse:
    """Keep a query off the front page, or let it there again."""
    queries = services().queries
    queries.kept.hide(request.form.get("query", ""), hidden=request.form.get("do") != "show")
    queries.forget_popular()
    return see("searches")


@page_at("/searches/clear")
def clear_page() -> Response:
    """Ask whether to forget all searches."""
    return shown("clear.html")


@form_at("/searches/clear")
def clear_searches() -> AnyResponse:
    """Forget all searches."""
    queries = services().queries
    queries.flush()
    try:
        queries.kept.clear()
    except OSError as error:
        raise StoreError(f"the log of searches cannot be deleted: {error.strerror}") from error
    queries.forget_popular()
    flash(gettext("All searches are forgotten."))
    return see("searches")
