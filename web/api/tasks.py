"""Tasks and counts as JSON."""

from __future__ import annotations

from flask import Response, jsonify, request, url_for
from werkzeug.exceptions import NotFound

from search.parameters import checked
from web.api.answers import task_json
from web.api.blueprint import api
from web.api.parameters import TaskParameters
from web.keys import key_required
from web.services import services


@api.post("/reindex")
@key_required
def reindex() -> tuple[Response, int]:
    """Request a rebuild of the index."""
    task = services().follower.request_rebuild()
    response = jsonify(task_json(task))
    response.headers["Location"] = url_for("api.read_task", id=task.id)
    return response, 202


@api.get("/tasks")
def list_tasks() -> Response:
    """Return the latest tasks."""
    parameters = checked(TaskParameters, request.args)
    return jsonify(
        {
            "tasks": [
                task_json(task) for task in services().archive.store.tasks.latest(parameters.size, parameters.state)
            ]
        }
    )


@api.get("/tasks/<id>")
def read_task(id: str) -> Response:
    """Return one task."""
    task = services().archive.store.tasks.get(id)
    if task is None:
        raise NotFound("There is no such task.")
    return jsonify(task_json(task))


@api.get("/stats")
def stats() -> Response:
    """Return counts and the state of the index."""
    here = services()
    return jsonify(
        {
            "articles": here.archive.store.count(),
            "in_sync": here.archive.in_sync(),
            "last_error": here.follower.last_error,
        }
    )
