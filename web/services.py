"""What requests work with, made once by the application factory."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request

from search.archive import Archive
from search.parameters import SearchParameters, TimeParameters, checked
from search.runtime.answer_cache import AnswerCache
from search.runtime.index_follower import IndexFollower
from search.runtime.search_pool import SearchRunner
from search.service import Answer


@dataclass(frozen=True, slots=True)
class Services:
    """The archive, and what works on it.

    The archive stores and returns articles; ``runner`` runs all that reads its index, and ``answers`` caches searches.
    The follower keeps the index in sync with the store and carries out tasks.
    """

    archive: Archive
    runner: SearchRunner
    answers: AnswerCache
    follower: IndexFollower


def timed_search(parameters: SearchParameters) -> Answer:
    """Answer a search within the time that the current request allows, and the limits of the archive.

    Raises InvalidInputError if it asks for more than these.
    """
    used = services()
    used.archive.limits.check(parameters)
    timeout_ms = checked(TimeParameters, request.args).timeout_ms
    return used.answers.search(parameters, used.archive.limits.deadline(timeout_ms))


def services() -> Services:
    """Return the services of the current application."""
    found = current_app.extensions["timtin"]
    assert isinstance(found, Services)
    return found
