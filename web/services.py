"""What requests work with, made once by the application factory."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from search.archive import Archive
from search.runtime.answer_cache import AnswerCache
from search.runtime.index_follower import IndexFollower
from web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Services:
    """The archive, and what works on it.

    The archive stores, returns and finds articles, and ``answers`` caches searches. The follower keeps the index in
    sync with the store and carries out tasks; ``metrics`` counts.
    """

    archive: Archive
    answers: AnswerCache
    follower: IndexFollower
    metrics: Metrics


def services() -> Services:
    """Return the services of the current application."""
    found = current_app.extensions["timtin"]
    assert isinstance(found, Services)
    return found
