"""Tasks with their progress, and the button that rebuilds the index."""

from __future__ import annotations

from flask import Response, flash
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from web.desk.blueprint import form_at, page_at, see, shown
from web.services import services

_SHOWN = 50


@page_at("/tasks")
def tasks() -> Response:
    """List the latest tasks."""
    return shown("tasks.html", tasks=services().archive.store.tasks.latest(_SHOWN))


@page_at("/rebuild")
def rebuild_page() -> Response:
    """Ask whether to rebuild the index."""
    return shown("rebuild.html")


@form_at("/rebuild")
def rebuild() -> AnyResponse:
    """Request a rebuild of the index."""
    services().follower.request_rebuild()
    flash(gettext("The index will be rebuilt; searches go on meanwhile."))
    return see("tasks")
