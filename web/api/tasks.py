"""Tasks and counts as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify, url_for
from werkzeug.exceptions import Conflict, NotFound

from index.store.article_store import Task, TaskKind, TaskLog, TaskState
from web.access import ForbiddenError, Scope, given_key, needs
from web.api.blueprint import api
from web.api.conditions import refuse_conditions
from web.api.idempotency import idempotent
from web.api.parameters import NoParameters, TaskParameters, asked
from web.problems import for_clients
from web.services import services

_NO_TASK = "There is no such task."


@api.post("/reindex")
@needs(Scope.ADMIN)
@idempotent
def reindex() -> tuple[Response, int]:
    """Request a rebuild of the index."""
    asked(NoParameters)
    task = services().follower.request_rebuild()
    response = jsonify(task_json(task, writer=True))
    response.headers["Location"] = url_for("api.read_task", id=task.id)
    return response, 202


@api.get("/tasks")
@needs(Scope.SEARCH)
def list_tasks() -> Response:
    """Return the latest tasks."""
    parameters = asked(TaskParameters)
    tasks = services().archive.store.tasks.latest(parameters.size, parameters.state)
    writer = _may(Scope.WRITE)
    return jsonify({"tasks": [task_json(task, writer) for task in tasks]})


@api.get("/tasks/<id>")
@needs(Scope.SEARCH)
def read_task(id: str) -> Response:
    """Return one task."""
    asked(NoParameters)
    task = services().archive.store.tasks.get(id)
    if task is None:
        raise NotFound(_NO_TASK)
    return jsonify(task_json(task, _may(Scope.WRITE)))


@api.post("/tasks/<id>/cancel")
@needs(Scope.WRITE)
@idempotent
def cancel_task(id: str) -> tuple[Response, int]:
    """Cancel a deletion or, with an admin key, a rebuild: at once if it waits, else at its next safe point."""
    asked(NoParameters)
    refuse_conditions()
    tasks = services().archive.store.tasks
    task = tasks.get(id)
    if task is None:
        raise NotFound(_NO_TASK)
    if task.kind is TaskKind.REINDEX and not _may(Scope.ADMIN):
        raise ForbiddenError("To cancel a rebuild needs a key with the scope 'admin'.")
    task = cancelled(tasks, task)
    return jsonify(task_json(task, writer=True)), 200 if task.state is TaskState.CANCELLED else 202


def cancelled(tasks: TaskLog, task: Task) -> Task:
    """Cancel a task and return it as it is then. Raises NotFound, Conflict for one that has ended or only wrote."""
    if task.kind is TaskKind.ARTICLES:
        raise Conflict("What this task wrote is stored already; it cannot be cancelled. Delete the articles instead.")
    now = tasks.cancel(task.id)
    if now is None:
        raise NotFound(_NO_TASK)
    if now.state in {TaskState.DONE, TaskState.FAILED}:
        raise Conflict(f"The task has ended already: it is {now.state}.")
    return now


@api.get("/stats")
@needs(Scope.SEARCH)
def stats() -> Response:
    """Return counts and the state of the index."""
    asked(NoParameters)
    here = services()
    return jsonify(
        {
            "articles": here.archive.store.count(),
            "in_sync": here.archive.in_sync(),
            "last_error": for_clients(here.follower.last_error or "") or None,
        }
    )


def _may(scope: Scope) -> bool:
    key = given_key()
    return key is not None and key.scope >= scope


def task_json(task: Task, writer: bool) -> dict[str, Any]:
    """Return a task as JSON values; who may not write is not told why entries were refused or a rebuild failed.

    A bulk write has no ``started``, because it is stored before it is a task; only a deletion has ``filters``.
    """
    shown = asdict(task)
    if task.kind is not TaskKind.DELETE:
        del shown["filters"]
    if task.kind is TaskKind.ARTICLES:
        del shown["started"]
    if not writer:
        shown["errors"] = [{"index": error["index"]} for error in task.errors if "index" in error]
    elif task.kind is TaskKind.REINDEX:
        shown["errors"] = [{"detail": for_clients(error["detail"])} for error in task.errors]
    return shown
