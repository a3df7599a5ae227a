"""``timtin serve`` whose views fail as the header ``X-Fail`` asks; the HTTP server and the handlers are ours."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import Conflict

from index.errors import (
    DamagedIndexError,
    DiskFullError,
    IndexMissingError,
    SearchCancelledError,
    SearchTimeoutError,
    StoreError,
    WriterBusyError,
)
from search.archive import Archive
from tests.conftest import Server
from tests.processes import TIMTIN
from web import app as application
from web.cli import main
from web.serving import worker

FAILURES: dict[str, tuple[Exception, int]] = {
    "a key under way": (Conflict("The same request is still being carried out."), 409),
    "a defect": (ZeroDivisionError("in /srv/secret.py"), 500),
    "a file that cannot be read": (PermissionError(errno.EACCES, "denied", "/srv/secret.py"), 500),
    "a writer": (WriterBusyError("the data folder is in use"), 503),
    "no index": (IndexMissingError("there is no index yet"), 503),
    "a damaged index": (DamagedIndexError("the index is damaged"), 503),
    "a store": (StoreError("the articles cannot be read"), 503),
    "a slow search": (SearchTimeoutError("the search took too long"), 503),
    "a search that was ended": (SearchCancelledError("the server stops"), 503),
    "a full disk": (DiskFullError("there is no room"), 507),
    "a disk that is full": (OSError(errno.ENOSPC, "No space left on device", "/srv/secret.py"), 507),
}
"""What a view may raise, and the status that this is answered with."""


class FailingServer(Server):
    """A server of this program."""

    program = (*TIMTIN[:-1], __name__)


def create_app(archive: Archive, *arguments: Any, **more: Any) -> Flask:
    """Return the application with its views failing on demand."""
    made = application.create_app(archive, *arguments, **more)
    made.view_functions.update({name: _failing(view) for name, view in made.view_functions.items()})
    return made


def _failing(view: Callable[..., Any]) -> Callable[..., Any]:
    def fail(**parts: Any) -> Any:
        if (kind := request.headers.get("X-Fail")) is not None:
            raise FAILURES[kind][0]
        return view(**parts)

    fail.__dict__.update(view.__dict__)  # what it needs
    return fail


if __name__ == "__main__":
    worker.create_app = create_app
    main()
