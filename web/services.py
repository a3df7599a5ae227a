"""What the application works with, made once by the factory and found from any request."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from index.tasks import Tasks
from search.engine import Engine
from search.follower import Follower
from search.remembered import RememberedAnswers


@dataclass(frozen=True, slots=True)
class Services:
    """The engine, its remembered answers, the tasks, and the thread that keeps it searchable and carries them out."""

    engine: Engine
    answers: RememberedAnswers
    tasks: Tasks
    follower: Follower


def services() -> Services:
    """Return the services of the current application."""
    found = current_app.extensions["timtin"]
    assert isinstance(found, Services)
    return found
