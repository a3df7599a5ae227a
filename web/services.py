"""What requests work with, made once by the application factory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from flask import current_app, g, request

from search.answer import Answer
from search.archive import Archive
from search.deadline import Deadline
from search.parameters import SearchParameters, TimeParameters, checked
from search.runtime.answer_cache import AnswerCache, Writing
from search.runtime.index_follower import IndexFollower
from web.metrics import Metrics
from web.query_log import QueryLog

STREAMS = "timtin.streams"
"""In the WSGI environment: the application sets it if its answer is to be sent part by part, as it is made."""


@dataclass(frozen=True, slots=True)
class Services:
    """The archive, and what works on it.

    The archive stores, returns and finds articles, and ``answers`` caches searches. The follower keeps the index in
    sync with the store and carries out tasks; ``metrics`` counts. ``queries`` notes what is searched, if it is to.
    """

    archive: Archive
    answers: AnswerCache
    follower: IndexFollower
    metrics: Metrics
    queries: QueryLog


def timed_search(
    parameters: SearchParameters,
    *,
    noted: bool = True,
    timeout_ms: int | None = None,
    writing: Writing | None = None,
) -> Answer:
    """Answer a search within the time that the current request, or ``timeout_ms``, allows, and the archive's limits.

    It is noted in the log of queries if it is the first of its request, as typed, and not one of a program (``noted``).
    With a ``writing``, it comes written.
    Raises InvalidInputError if it asks for more than these. ``g.partial`` is true after a partial answer.
    """
    used = services()
    used.archive.limits.check(parameters)
    began = time.perf_counter()
    timeout_ms = timeout_ms or checked(TimeParameters, request.args).timeout_ms
    answer = used.answers.search(parameters, deadline(timeout_ms), writing)
    g.partial = g.get("partial", False) or answer.partial
    if noted and "noted" not in g:
        g.noted = True
        client = request.environ.get("timtin.client") or request.remote_addr or ""
        used.queries.note(parameters, answer, (time.perf_counter() - began) * 1000, client)
    return answer


def deadline(timeout_ms: int | None = None) -> Deadline:
    """Return the deadline of the current request, the same for all its searches; a client that leaves ends it."""
    if "deadline" not in g:
        g.deadline = services().archive.limits.deadline(timeout_ms)
        if (leaving := request.environ.get("timtin.leaving")) is not None:
            leaving.ends(g.deadline)
    return cast(Deadline, g.deadline)


def services() -> Services:
    """Return the services of the current application."""
    found = current_app.extensions["timtin"]
    assert isinstance(found, Services)
    return found
