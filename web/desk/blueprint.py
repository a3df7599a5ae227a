"""The blueprint of the desk, to which the other modules add their routes, and what these share.

``page_at`` and ``form_at`` mark a view with what it needs, so that a request is judged at its head. A form is then held
against its token and against where it comes from, before its view is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from index.errors import StoreError
from web import sessions
from web.access import ForbiddenError, Scope, from_another_site, need_of, needs
from web.keys import Key
from web.pages.blueprint import page

desk = Blueprint("desk", __name__, url_prefix=sessions.DESK, template_folder="templates")

SMALL_FORM = 64 * 1024
"""The size of a form with a few fields, in bytes."""
_MOST_FIELDS = 4 * 1024 * 1024
_READING = {"GET", "HEAD"}
_csrf = CSRFProtect()

View = TypeVar("View", bound=Callable[..., Any])


def page_at(rule: str) -> Callable[[View], View]:
    """Add a page that needs a session; it must change nothing."""
    return lambda view: desk.get(rule, provide_automatic_options=False)(needs(Scope.ADMIN, session=True)(view))


def form_at(rule: str, body: int = SMALL_FORM) -> Callable[[View], View]:
    """Add what a form is sent to, which needs a session and has at most ``body`` bytes."""
    marked = needs(Scope.ADMIN, session=True, body=body)
    return lambda view: desk.post(rule, provide_automatic_options=False)(marked(view))


def shown(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page of the desk."""
    return page(render_template(f"desk/{template}", **values), status)


def see(endpoint: str, **values: Any) -> AnyResponse:
    """Send the browser to another page of the desk, after a form."""
    return redirect(url_for(f"desk.{endpoint}", **values), 303)


def signed_in_key() -> Key | None:
    """Return the key of the current session."""
    return sessions.key_of(current_app, request.headers.get("Cookie"))


def init_app(app: Flask) -> None:
    """Check forms of the desk, and those alone, with Flask-WTF."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    _csrf.init_app(app)


@desk.before_request
def _refuse_foreign_forms() -> None:
    """Raise ForbiddenError or BadRequest unless the form of a request was made by this desk for this session.

    Raises StoreError if there can be no session.
    """
    need = need_of(current_app, request.endpoint)
    sessions.signing(current_app)
    if request.method in _READING:
        return
    request.max_form_memory_size = min(need.body, _MOST_FIELDS)
    if "timtin.gateway" not in request.environ and need.body < _MOST_FIELDS:
        request.max_content_length = need.body
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if from_another_site() or site not in {"same-origin", "none"}:
        raise ForbiddenError(
            gettext(
                "A page of another site cannot send forms to the desk. If this page is the desk's own, the service does"
                " not know the host in its address: name that in its setting “server.hosts”."
            )
        )
    try:
        _csrf.protect()
    except CSRFError:
        raise BadRequest(
            gettext("The form is not of this session, which may be over. Load the page again, and send it once more.")
        ) from None


@desk.after_request
def _keep_private(response: AnyResponse) -> AnyResponse:
    """Keep pages of the desk out of caches and search engines; lead whoever is not signed in to the form for it.

    They hold tokens, so nothing on the way may compress them with what others can choose.
    """
    if response.status_code == 401 and request.method in _READING and "text/html" in request.headers.get("Accept", ""):
        response = see("sign_in_page")
    response.headers["Cache-Control"] = "no-store, no-transform"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@desk.context_processor
def _shared() -> dict[str, Any]:
    try:
        return {"signed_in": signed_in_key()}
    except StoreError:  # the page that says so needs no key
        return {"signed_in": None}
