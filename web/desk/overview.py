"""The overview: how much there is, how fresh it is, what the machine has left, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from flask import Response, request
from flask_babel import gettext

from index.dates import LOCAL_ZONE
from index.errors import TimtinError
from search.archive import Archive
from search.engine import Sort
from search.parameters import SearchParameters
from search.service import search
from web.desk import facts
from web.desk.blueprint import page_at, shown
from web.desk.plot import plot_of
from web.recent_errors import KEPT, latest_errors
from web.services import services

DAYS = 60
_SHOWN_TASKS = 5
_Known = TypeVar("_Known")


@page_at("")
def overview() -> Response:
    """Show the overview. Whatever of it cannot be told is left out, so that it shows when something is wrong."""
    here = services()
    archive = here.archive
    found = _or_none(lambda: search(archive, SearchParameters(size=1, sort=Sort.NEWEST, facets=("source",))))
    written, applied = _or_none(archive.store.last_seq), _or_none(archive.engine.applied)
    disk = None
    with suppress(OSError, TimtinError):
        disk = archive.usage()
    today = datetime.now(LOCAL_ZONE).date()
    days = _or_none(lambda: archive.store.stored_per_day(today - timedelta(days=DAYS - 1)))
    return shown(
        "overview.html",
        articles=_or_none(archive.store.count),
        sources=None if found is None else len(found.facets.get("source", ())),
        newest=found.hits[0].article if found is not None and found.hits else None,
        last=_or_none(archive.store.last_stamp),
        waiting=None if written is None or applied is None else max(0, written - applied),
        problem=_problem(archive),
        last_error=here.follower.last_error,
        disk=disk,
        part_names=_part_names(),
        processes=facts.processes(family="timtin.gateway" in request.environ),
        version=facts.installed_version(),
        started=facts.STARTED,
        plot=None if days is None else plot_of(days, today, DAYS),
        tasks=_or_none(lambda: archive.store.tasks.latest(_SHOWN_TASKS)) or [],
        errors=latest_errors(),
        kept_errors=KEPT,
    )


def _or_none(ask: Callable[[], _Known]) -> _Known | None:
    """Return an answer, None if the store or the index cannot give it."""
    try:
        return ask()
    except TimtinError:
        return None


def _problem(archive: Archive) -> str | None:
    try:
        return archive.problem()
    except TimtinError as error:
        return str(error)


def _part_names() -> dict[str, str]:
    return {
        "store": gettext("The articles"),
        "index": gettext("The index"),
        "uploads": gettext("Files sent in, not indexed yet"),
        "searches": gettext("The log of searches"),
        "other": gettext("Other files"),
    }
