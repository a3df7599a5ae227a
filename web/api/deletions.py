"""Delete the articles that pass filters: a task, which one process carries out, also after a restart."""

from __future__ import annotations

import logging
import threading

from flask import Response, jsonify, url_for

from index.errors import ChangedError, InvalidInputError, Problem, TimtinError
from index.store.article_store import Task, TaskKind, TaskState
from search.archive import Archive
from web.access import Scope, needs
from web.api.blueprint import api
from web.api.bodies import checked_body
from web.api.conditions import refuse_conditions
from web.api.idempotency import idempotent
from web.api.parameters import FilterParameters, NoParameters, asked, names_of
from web.api.schemas import DeletionRequest
from web.api.selection import Page, Selection
from web.api.tasks import task_json
from web.services import services

log = logging.getLogger(__name__)

_LARGEST_BODY = 64 * 1024
_CHECK_SECONDS = 0.2
_AT_ONCE = 500


@api.post("/deletions")
@needs(Scope.WRITE, body=_LARGEST_BODY)
@idempotent
def delete_articles() -> tuple[Response, int]:
    """Request the deletion of every article that passes the filters; or, as a dry run, say how many there are.

    What is written after the request stays.
    """
    asked(NoParameters)
    refuse_conditions()
    wanted = checked_body(DeletionRequest)
    filters = wanted.filter.model_dump(by_alias=True, exclude_none=True)
    if not filters:
        what = f"should have at least one of {', '.join(names_of(FilterParameters))}"
        raise InvalidInputError("Without a filter, all articles would be deleted.", [Problem("filter", what)])
    store = services().archive.store
    if wanted.dry_run:
        return jsonify({"dry_run": True, "matched": Selection(store, wanted.filter.filters).count()}), 200
    task = store.tasks.request_deletion(filters, store.last_seq())
    response = jsonify(task_json(task, writer=True))
    response.headers["Location"] = url_for("api.read_task", id=task.id)
    return response, 202


def start(archive: Archive, stop: threading.Event) -> list[threading.Thread]:
    """Carry out the deletions that are requested, in a thread, which is returned, until ``stop`` is set."""
    thread = threading.Thread(target=_run, args=(archive, stop), name="deletions", daemon=True)
    thread.start()
    return [thread]


def _run(archive: Archive, stop: threading.Event) -> None:
    while not stop.wait(_CHECK_SECONDS):
        try:
            for task in archive.store.tasks.unfinished(TaskKind.DELETE):
                _carry_out(task, archive, stop)
        except TimtinError as error:
            log.error("articles could not be deleted: %s; trying again", error)
            stop.wait(1.0)
        except Exception:
            log.exception("articles could not be deleted; trying again")
            stop.wait(1.0)


def _carry_out(task: Task, archive: Archive, stop: threading.Event) -> None:
    """Delete what a task asks for and is still there, until it is cancelled; it has ended once searches see that."""
    store, tasks = archive.store, archive.store.tasks

    def is_cancelled() -> bool:
        now = tasks.get(task.id)
        return now is None or now.state not in {TaskState.WAITING, TaskState.RUNNING}

    while not archive.in_sync(task.seq):  # a write below it may still be under way, through another server
        if stop.wait(_CHECK_SECONDS):
            return
        if is_cancelled():
            break
    if not tasks.begin(task.id):
        return
    selection = Selection(store, FilterParameters.model_validate(task.filters or {}).filters)
    deleted, after, seq = task.counts.get("deleted", 0), 0, 0
    pages = selection.pages(after, task.seq)
    found: dict[str, str] = {}
    page: Page | None = Page([], 0)
    cancelled = False
    while page is not None and not (cancelled := is_cancelled()):
        if stop.is_set():  # the next process goes on
            return
        page = next(pages, None)
        found |= {article.id: article.content_hash() for article in (page.articles if page is not None else ())}
        if len(found) < _AT_ONCE and page is not None:
            continue
        known = set(found.values())
        try:
            gone = store.delete(found, only_if=lambda tag, known=known: tag is None or tag in known)  # type: ignore[misc]
        except ChangedError:  # what was written since stays; the others are looked for again
            pages, page = selection.pages(after, task.seq), Page([], after)
        else:
            deleted, seq = deleted + len(gone.deleted), gone.seq
            tasks.count(task.id, {"deleted": deleted})
            after = page.seq if page is not None else after
        found.clear()
    while not archive.in_sync(seq):
        if stop.wait(_CHECK_SECONDS):
            return
    tasks.end(task.id, cancelled=cancelled)
