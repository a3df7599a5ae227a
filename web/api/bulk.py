"""Many articles in one request: an array, or a line each, and what became of each."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, request, url_for

from index.article import article_from
from index.errors import ChangedError, InvalidInputError, Problem
from index.store.article_store import ArticleStore
from web.access import ANY_SIZE, Scope, needs
from web.api.actions import Delete, Entry, Index, Stop, array_entries, line_entries
from web.api.articles import record, stored
from web.api.blueprint import api, made_searchable
from web.api.bodies import json_body
from web.api.conditions import refuse_conditions
from web.api.idempotency import idempotent
from web.api.parameters import WriteParameters, asked
from web.problems import problem
from web.services import services
from web.settings import LimitSettings, Settings

NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
"""The types of a body that has a line of JSON for each article; the first is the usual one."""

_BATCH = 500
_BATCH_CHARACTERS = 20_000_000
_MOST_NAMED = 1000
_MOST_ERRORS = 100
_COUNTED = {
    "created": "added",
    "replaced": "updated",
    "unchanged": "unchanged",
    "deleted": "deleted",
    "missing": "missing",
}
"""What became of an entry, and how that is called where it is counted."""
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ONLY_OF_ACTIONS = ("deleted", "missing")


@api.post("/articles")
@needs(Scope.WRITE, body=ANY_SIZE)
@idempotent
def post_articles() -> tuple[Response, int]:
    """Store one article, an array of them, or do what each line says; name the first 1,000 that are refused.

    After so many refused ones, or lines, as the settings allow, the rest is not read: an error says how many were
    stored and where reading stopped.
    """
    parameters = asked(WriteParameters)
    if request.mimetype in NDJSON:
        refuse_conditions()
        request.max_content_length = None
        return _answer(line_entries(_limits().lines_of_body), parameters)
    data = json_body(NDJSON[0])
    if not isinstance(data, list):
        return stored(article_from(record(data)), parameters)
    refuse_conditions()
    return _answer(array_entries(data), parameters)


@dataclass(slots=True)
class _Report:
    """What became of a body so far.

    A million entries have as many outcomes, so those that are known are kept as they are answered: as parts of JSON.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("received", *_COUNTED.values()), 0))
    ids: bytearray = field(default_factory=bytearray)
    outcomes: bytearray = field(default_factory=bytearray)
    refused: list[dict[str, Any]] = field(default_factory=list)
    refusals: int = 0
    seq: int = 0
    _open: deque[tuple[str | None, str]] = field(default_factory=deque)
    """An id, if there is one, and a result for each entry from the first on of which nothing is known yet."""

    def receive(self) -> None:
        """Note that there is one more entry."""
        while self._open and self._open[0][1]:
            id, result = self._open.popleft()
            _append(self.outcomes, {"id": id, "result": result})
        self.counts["received"] += 1
        self._open.append((None, ""))

    def refuse(self, index: int, error: InvalidInputError) -> None:
        """Note that the entry with this number was refused."""
        self.refusals += 1
        self._set(index, None, "refused")
        if len(self.refused) < _MOST_NAMED:
            errors = [{"name": bad.where, "detail": bad.what} for bad in error.problems]
            self.refused.append({"index": index, "detail": str(error), "errors": errors})

    def note(self, index: int, id: str, result: str) -> None:
        """Note what became of an entry."""
        self.counts[_COUNTED[result]] += 1
        self._set(index, id, result)
        if result in {"created", "replaced", "unchanged"}:
            _append(self.ids, id)

    def body(self, task: str, *, searchable: bool) -> bytes:
        """Return the answer as JSON."""
        for id, result in self._open:
            _append(self.outcomes, {"id": id, "result": result})
        refused, rest = _json(self.refused), _json({"task": task, "searchable": searchable})
        parts = (b'"ids":[', self.ids, b'],"refused":', refused, b',"outcomes":[', self.outcomes, b"],", rest[1:])
        return b"".join((_json(self.counts)[:-1], b",", *parts, b"\n"))

    def _set(self, index: int, id: str | None, result: str) -> None:
        self._open[index - self.counts["received"]] = id, result


def _json(value: Any) -> bytes:
    return _encoder.encode(value).encode()


def _append(listed: bytearray, value: Any) -> None:
    listed += b"," * bool(listed) + _json(value)


class _Batch:
    """Entries of one kind, with different ids, that are carried out together."""

    def __init__(self, store: ArticleStore, report: _Report) -> None:
        self._store = store
        self._report = report
        self._entries: dict[str, tuple[int, Index | Delete]] = {}
        self._kind: object = None
        self._characters = 0

    def add(self, index: int, entry: Index | Delete) -> None:
        """Take one more entry, with its number, and carry out those before if it cannot go with them."""
        id, kind = (entry.id, Delete) if isinstance(entry, Delete) else (entry.article.id, entry.new)
        if kind is not self._kind or id in self._entries:
            self.flush()
        self._kind = kind
        self._entries[id] = index, entry
        self._characters += len(entry.article.body) if isinstance(entry, Index) else 0
        if len(self._entries) >= _BATCH or self._characters >= _BATCH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Carry out what was added."""
        entries = list(self._entries.values())
        self._entries.clear()
        self._characters = 0
        if not entries:
            return
        if self._kind is True:
            try:
                self._put(entries)
            except ChangedError:
                for entry in entries:
                    self._create(entry)
        elif self._kind is False:
            self._put(entries)
        else:
            self._delete(entries)

    def _put(self, entries: list[tuple[int, Any]]) -> None:
        only_if = (lambda tag: tag is None) if self._kind is True else None
        result = self._store.put([entry.article for _, entry in entries], only_if=only_if)
        self._report.seq = result.seq
        became = dict.fromkeys(result.added, "created") | dict.fromkeys(result.updated, "replaced")
        for index, entry in entries:
            self._report.note(index, entry.article.id, became.get(entry.article.id, "unchanged"))

    def _create(self, entry: tuple[int, Any]) -> None:
        try:
            self._put([entry])
        except ChangedError:
            index, (article, _) = entry
            there = Problem("id", "is that of an article that is there; 'index' replaces it")
            self._report.refuse(index, InvalidInputError(f"there is an article {article.id!r} already", [there]))

    def _delete(self, entries: list[tuple[int, Any]]) -> None:
        result = self._store.delete([entry.id for _, entry in entries])
        self._report.seq = result.seq
        gone = set(result.deleted)
        for index, entry in entries:
            self._report.note(index, entry.id, "deleted" if entry.id in gone else "missing")


def _answer(entries: Iterator[Entry], parameters: WriteParameters) -> tuple[Response, int]:
    report = _Report()
    stopped = _carry_out(entries, report)
    report.refused.sort(key=lambda entry: entry["index"])
    problems = [Problem(f"articles[{entry['index']}]", entry["detail"]) for entry in report.refused[:_MOST_ERRORS]]
    received = report.counts["received"]
    did_nothing = report.refusals == received
    if did_nothing and received and stopped is None:
        raise InvalidInputError(f"Every article was refused; 'errors' says why (the first {_MOST_ERRORS}).", problems)
    if did_nothing and stopped is not None:
        return problem(stopped.status, _stopped(stopped, report), problems), stopped.status
    counts = {**report.counts, "refused": report.refusals}
    counts = {name: count for name, count in counts.items() if count or name not in _ONLY_OF_ACTIONS}
    task = services().archive.store.tasks.written(report.seq, counts, report.refused)
    searchable = made_searchable(report.seq, received, wait=parameters.wait)
    location = url_for("api.read_task", id=task.id)
    if stopped is not None:
        failure = problem(stopped.status, _stopped(stopped, report), problems)
        failure.headers["Location"] = location
        return failure, stopped.status
    response = Response(report.body(task.id, searchable=searchable), mimetype="application/json")
    response.headers["Location"] = location
    return response, 200 if searchable else 202


def _limits() -> LimitSettings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.limits


def _stopped(stopped: Stop, report: _Report) -> str:
    counts = report.counts
    gone = f" {counts['deleted']:,} deleted," if counts["deleted"] else ""
    return (
        f"{stopped.why}; no more of the body was read. Of the {counts['received']:,} articles read,"
        f" {counts['added']:,} were added, {counts['updated']:,} updated,{gone} {counts['unchanged']:,} unchanged and"
        f" {report.refusals:,} refused: 'errors' says why (the first {_MOST_ERRORS})."
        " What was stored is kept; correct the rest and send it again, in several requests."
    )


def _carry_out(entries: Iterator[Entry], report: _Report) -> Stop | None:
    """Do what ``entries`` say, in their order and in batches; return why entries were left unread, None if all were."""
    most = _limits().refused_of_body
    batch = _Batch(services().archive.store, report)
    stopped = None
    for index, (where, entry) in enumerate(entries):
        if isinstance(entry, Stop):
            stopped = Stop(entry.status, f"{entry.why}: reading stopped at {where}")
            break
        report.receive()
        if isinstance(entry, InvalidInputError):
            report.refuse(index, entry)
        else:
            batch.add(index, entry)
        if report.refusals > most:
            why = f"More than {most:,} articles of the body were refused"
            stopped = Stop(HTTPStatus.BAD_REQUEST, f"{why}: reading stopped at {where}")
            break
    batch.flush()
    return stopped
