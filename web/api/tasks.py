"""Tasks and counts as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify, request, url_for
from werkzeug.exceptions import NotFound

from index.store.article_store import Task, TaskKind
from search.parameters import checked
from web.access import Scope, given_key, needs
from web.api.blueprint import api
from web.api.parameters import TaskParameters
from web.problems import for_clients
from web.services import services


@api.post("/reindex")
@needs(Scope.ADMIN)
def reindex() -> tuple[Response, int]:
    """Request a rebuild of the index."""
    task = services().follower.request_rebuild()
    response = jsonify(_task_json(task, writer=True))
    response.headers["Location"] = url_for("api.read_task", id=task.id)
    return response, 202


@api.get("/tasks")
@needs(Scope.SEARCH)
def list_tasks() -> Response:
    """Return the latest tasks."""
    parameters = checked(TaskParameters, request.args)
    tasks = services().archive.store.tasks.latest(parameters.size, parameters.state)
    writer = _is_writer()
    return jsonify({"tasks": [_task_json(task, writer) for task in tasks]})


@api.get("/tasks/<id>")
@needs(Scope.SEARCH)
def read_task(id: str) -> Response:
    """Return one task."""
    task = services().archive.store.tasks.get(id)
    if task is None:
        raise NotFound("There is no such task.")
    return jsonify(_task_json(task, _is_writer()))


@api.get("/stats")
@needs(Scope.SEARCH)
def stats() -> Response:
    """Return counts and the state of the index."""
    here = services()
    return jsonify(
        {
            "articles": here.archive.store.count(),
            "in_sync": here.archive.in_sync(),
            "last_error": for_clients(here.follower.last_error or "") or None,
        }
    )


def _is_writer() -> bool:
    key = given_key()
    return key is not None and key.scope >= Scope.WRITE


def _task_json(task: Task, writer: bool) -> dict[str, Any]:
    """Return a task as JSON values; who may not write is not told why entries were refused or a rebuild failed.

    A bulk write has no ``started``, because it is stored before it is a task.
    """
    shown = asdict(task)
    if task.kind is TaskKind.ARTICLES:
        del shown["started"]
    if not writer:
        shown["errors"] = [{"index": error["index"]} for error in task.errors if "index" in error]
    elif task.kind is TaskKind.REINDEX:
        shown["errors"] = [{"detail": for_clients(error["detail"])} for error in task.errors]
    return shown
