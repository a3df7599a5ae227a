"""Articles as JSON: read, put or delete one, or send many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, jsonify, request, url_for
from werkzeug.exceptions import NotFound, UnsupportedMediaType

from index.article import Article, article_from
from index.errors import InvalidInputError, Problem, UnreadableFileError
from index.reading.formats.json_lines import LARGEST_DOCUMENT, json_value, numbered_lines
from index.reading.formats.registry import parse_json_article
from index.records import read_record
from search.parameters import checked
from web.access import ANY_SIZE, Scope, needs
from web.api.answers import article_json
from web.api.blueprint import api, made_searchable, stored_article
from web.api.conditions import condition, is_unchanged, met, refuse_conditions, tag_of
from web.api.parameters import WriteParameters
from web.problems import NO_ARTICLE, problem
from web.services import services
from web.settings import LimitSettings, Settings

_BATCH = 500
_BATCH_CHARACTERS = 20_000_000
_MOST_NAMED = 1000
_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why no more of a body is read, and the HTTP status for it."""

    status: HTTPStatus
    why: str


_Entry = tuple[str, Article | InvalidInputError | _Stop]
"""Where in a body something is, and the article there or why it is none."""


@api.get("/articles/<path:id>")
@needs(Scope.SEARCH)
def read_article(id: str) -> Response:
    """Return one article, with its tag; only that, if the client has it as it is."""
    article = stored_article(id)
    response = Response(status=304) if is_unchanged(article) else jsonify(article_json(article))
    response.set_etag(tag_of(article))
    return response


@api.put("/articles/<article:id>")
@needs(Scope.WRITE, body=ANY_SIZE)
def put_article(id: str) -> tuple[Response, int]:
    """Create or replace one article."""
    parameters = checked(WriteParameters, request.args)
    body = _json_body()
    record = _record(body)
    if isinstance(body, dict) and "id" not in body:
        record.pop("id", None)  # of another name, as programs have it beside the one that they give here
    return _stored(article_from(record, id=id), parameters)


@api.delete("/articles/<article:id>")
@needs(Scope.WRITE)
def delete_article(id: str) -> tuple[Response, int]:
    """Delete one article."""
    parameters = checked(WriteParameters, request.args)
    with met():
        result = services().archive.store.delete([id], only_if=condition())
    if not result.deleted:
        raise NotFound(NO_ARTICLE)
    searchable = made_searchable(result.seq, 1, wait=parameters.wait)
    return jsonify({"id": id, "result": "deleted", "searchable": searchable}), 200


@api.post("/articles")
@needs(Scope.WRITE, body=ANY_SIZE)
def post_articles() -> tuple[Response, int]:
    """Store one article, an array of them, or one per line; name the first 1,000 that are refused.

    After so many refused ones, or lines, as the settings allow, the rest is not read: an error says how many were
    stored and where reading stopped.
    """
    parameters = checked(WriteParameters, request.args)
    if request.mimetype in {"application/x-ndjson", "application/jsonl", "application/x-jsonlines"}:
        entries = _ndjson_entries()
    elif request.is_json:
        data = _json_body()
        entries = _array_entries(data if isinstance(data, list) else [data])
        if not isinstance(data, list):
            return _post_one(data, parameters)
    else:
        raise UnsupportedMediaType("Send application/json (an article or an array of them) or application/x-ndjson.")
    refuse_conditions()
    report: dict[str, Any] = {"received": 0, "added": 0, "updated": 0, "unchanged": 0, "ids": [], "refused": []}
    seq, stopped = _keep(entries, report)
    problems = [Problem(f"articles[{entry['index']}]", entry["detail"]) for entry in report["refused"][:_MOST_ERRORS]]
    if report["received"] and not report["ids"] and stopped is None:
        raise InvalidInputError(f"Every article was refused; 'errors' says why (the first {_MOST_ERRORS}).", problems)
    if stopped is not None and not report["ids"]:
        return problem(stopped.status, _stopped(stopped, report), problems), stopped.status
    counts = {name: report[name] for name in ("received", "added", "updated", "unchanged")}
    refused = report["received"] - len(report["ids"])
    task = services().archive.store.tasks.written(seq, {**counts, "refused": refused}, report["refused"])
    report["task"] = task.id
    report["searchable"] = made_searchable(seq, counts["received"], wait=parameters.wait)
    if stopped is not None:
        failure = problem(stopped.status, _stopped(stopped, report), problems)
        failure.headers["Location"] = url_for("api.read_task", id=task.id)
        return failure, stopped.status
    response = jsonify(report)
    response.headers["Location"] = url_for("api.read_task", id=task.id)
    return response, 200 if report["searchable"] else 202


def _limits() -> LimitSettings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.limits


def _stopped(stopped: _Stop, report: Mapping[str, Any]) -> str:
    return (
        f"{stopped.why}; no more of the body was read. Of the {report['received']:,} articles read,"
        f" {report['added']:,} were added, {report['updated']:,} updated, {report['unchanged']:,} unchanged and"
        f" {report['received'] - len(report['ids']):,} refused: 'errors' says why (the first {_MOST_ERRORS})."
        " What was stored is kept; correct the rest and send it again, in several requests."
    )


def _post_one(data: Any, parameters: WriteParameters) -> tuple[Response, int]:
    return _stored(article_from(_record(data)), parameters)


def _stored(article: Article, parameters: WriteParameters) -> tuple[Response, int]:
    """Store one article if it is as the request demands; answer what became of it."""
    with met():
        result = services().archive.store.put([article], only_if=condition())
    searchable = made_searchable(result.seq, 1, wait=parameters.wait)
    outcome = "created" if result.added else "replaced" if result.updated else "unchanged"
    tag = f'"{tag_of(article)}"'
    response = jsonify({"id": article.id, "result": outcome, "searchable": searchable, "etag": tag})
    response.headers["Location"] = url_for("api.read_article", id=article.id)
    return response, 201 if result.added else 200


def _refuse_encoded_body() -> None:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedMediaType(f"Send the body uncompressed; Content-Encoding {encoding!r} is not supported.")


def _json_body() -> Any:
    _refuse_encoded_body()
    if not request.is_json:
        raise UnsupportedMediaType("Send the article as JSON, with Content-Type: application/json.")
    request.max_content_length = LARGEST_DOCUMENT
    try:
        return json_value(request.get_data(cache=False).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"The body is not UTF-8 (byte {error.start}).") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"The body is not JSON: {error}") from None


def _record(value: Any) -> Any:
    """Return the fields of an article in an object, whatever their names; any other value as it is."""
    return read_record(value, strict=True) if isinstance(value, dict) else value


def _array_entries(rows: Sequence[Any]) -> Iterator[_Entry]:
    for number, row in enumerate(rows, 1):
        try:
            yield f"article {number:,}", article_from(_record(row))
        except InvalidInputError as error:
            yield f"article {number:,}", error


def _ndjson_entries() -> Iterator[_Entry]:
    _refuse_encoded_body()
    request.max_content_length = None
    most = _limits().lines_of_body
    try:
        for number, line in numbered_lines(request.stream):
            if number > most:
                why = f"The body has more than {most:,} lines"
                yield f"line {number:,}", _Stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
                return
            if isinstance(line, UnreadableFileError):
                yield f"line {number:,}", InvalidInputError(str(line))
            elif line.strip():
                yield f"line {number:,}", _line_entry(line)
    except UnreadableFileError as error:
        raise InvalidInputError(f"The body {error}.") from None


def _line_entry(line: bytes) -> Article | InvalidInputError:
    try:
        return parse_json_article(line)
    except InvalidInputError as error:
        return error


def _keep(entries: Iterator[_Entry], report: dict[str, Any]) -> tuple[int, _Stop | None]:
    """Store the valid entries in batches and count them in ``report``.

    Return the last sequence number, and why entries were left unread, None if all were read.
    """
    stopped = None
    most = _limits().refused_of_body
    batch: list[Article] = []
    characters = seq = 0

    def flush() -> None:
        nonlocal characters, seq
        result = services().archive.store.put(batch)
        seq = result.seq
        for name in ("added", "updated", "unchanged"):
            report[name] += len(getattr(result, name))
        report["ids"].extend(article.id for article in batch)
        batch.clear()
        characters = 0

    refused = 0
    for index, (where, entry) in enumerate(entries):
        if isinstance(entry, _Stop):
            stopped = _Stop(entry.status, f"{entry.why}: reading stopped at {where}")
            break
        report["received"] += 1
        if isinstance(entry, InvalidInputError):
            refused += 1
            if refused > most:
                why = f"More than {most:,} articles of the body were refused"
                stopped = _Stop(HTTPStatus.BAD_REQUEST, f"{why}: reading stopped at {where}")
                break
            if len(report["refused"]) >= _MOST_NAMED:
                continue
            errors = [{"name": bad.where, "detail": bad.what} for bad in entry.problems]
            report["refused"].append({"index": index, "detail": str(entry), "errors": errors})
            continue
        batch.append(entry)
        characters += len(entry.body)
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
            flush()
    if batch:
        flush()
    return seq, stopped
