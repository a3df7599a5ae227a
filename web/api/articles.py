"""One article as JSON: read, put, patched or deleted."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from werkzeug.exceptions import NotFound, ServiceUnavailable

from index.article import Article, article_from
from index.errors import ChangedError, InvalidInputError, Problem
from index.markup import text_if_markup
from index.records import read_record
from web.access import ANY_SIZE, Scope, needs
from web.api.answers import article_json
from web.api.blueprint import api, made_searchable, stored_article
from web.api.bodies import json_body
from web.api.conditions import condition, failed, is_unchanged, met, tag_of
from web.api.parameters import NoParameters, WriteParameters, asked, unknown_name
from web.problems import NO_ARTICLE
from web.services import services

MERGE_PATCH = "application/merge-patch+json"
_FIELDS = list(Article.model_fields)
_MARKED_UP = ("title", "body", "lead")
_MOST_ATTEMPTS = 50


@api.get("/articles/<path:id>")
@needs(Scope.SEARCH)
def read_article(id: str) -> Response:
    """Return one article, with its tag; only that, if the client has it as it is."""
    asked(NoParameters)
    article = stored_article(id)
    response = Response(status=304, content_type="") if is_unchanged(article) else jsonify(article_json(article))
    response.set_etag(tag_of(article))
    return response


@api.put("/articles/<article:id>")
@needs(Scope.WRITE, body=ANY_SIZE)
def put_article(id: str) -> tuple[Response, int]:
    """Create or replace one article, if it is as the request demands."""
    parameters = asked(WriteParameters)
    body = json_body()
    read = record(body)
    if isinstance(body, dict) and "id" not in body:
        read.pop("id", None)  # of another name, as programs have it beside the one that they give here
    return stored(article_from(read, id=id), parameters)


@api.patch("/articles/<article:id>")
@needs(Scope.WRITE, body=ANY_SIZE)
def patch_article(id: str) -> tuple[Response, int]:
    """Change the fields of one article that the body names (JSON merge patch, RFC 7396); null empties a field.

    The change is made to the article as it is, whoever writes it at the same time.
    """
    parameters = asked(WriteParameters)
    patch = _checked_patch(json_body(MERGE_PATCH), id)
    holds = condition()
    store = services().archive.store
    for _ in range(_MOST_ATTEMPTS):
        before = store.get(id)
        tag = None if before is None else tag_of(before)
        if holds is not None and not holds(tag):
            raise failed()
        if before is None:
            raise NotFound(NO_ARTICLE)
        after = article_from(merged(article_json(before), patch), id=id, is_plain=True)
        try:
            result = store.put([after], only_if=lambda stored, seen=tag: stored == seen)  # type: ignore[misc]
        except ChangedError:
            continue
        searchable = made_searchable(result.seq, 1, wait=parameters.wait)
        return jsonify(_outcome(after, "replaced" if result.updated else "unchanged", searchable)), 200
    raise ServiceUnavailable("Too many others change this article just now; try again soon.")


@api.delete("/articles/<article:id>")
@needs(Scope.WRITE)
def delete_article(id: str) -> tuple[Response, int]:
    """Delete one article, if it is as the request demands."""
    parameters = asked(WriteParameters)
    with met():
        result = services().archive.store.delete([id], only_if=condition())
    if not result.deleted:
        raise NotFound(NO_ARTICLE)
    searchable = made_searchable(result.seq, 1, wait=parameters.wait)
    return jsonify({"id": id, "result": "deleted", "searchable": searchable}), 200


def record(value: Any) -> Any:
    """Return the fields of an article in an object, whatever their names; any other value as it is."""
    return read_record(value, strict=True) if isinstance(value, dict) else value


def stored(article: Article, parameters: WriteParameters) -> tuple[Response, int]:
    """Store one article if it is as the request demands; answer what became of it."""
    with met():
        result = services().archive.store.put([article], only_if=condition())
    searchable = made_searchable(result.seq, 1, wait=parameters.wait)
    outcome = "created" if result.added else "replaced" if result.updated else "unchanged"
    response = jsonify(_outcome(article, outcome, searchable))
    response.headers["Location"] = url_for("api.read_article", id=article.id)
    return response, 201 if result.added else 200


def merged(target: Any, patch: Any) -> Any:
    """Return ``target`` changed by a merge patch, as RFC 7396 says: null removes a member."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _checked_patch(patch: Any, id: str) -> dict[str, Any]:
    if not isinstance(patch, dict):
        raise InvalidInputError("A patch must be a JSON object with the fields to change.")
    problems = [unknown_name(name, name, _FIELDS) for name in patch if name not in _FIELDS]
    if patch.get("id", id) != id:
        problems.append(Problem("id", f"must be {id!r}, as in the address, or be left out"))
    if "extra" in patch and not isinstance(patch["extra"], dict | None):
        problems.append(Problem("extra", "must be an object, or null"))
    if problems:
        named = ", ".join(problem.where for problem in problems)
        raise InvalidInputError(f"The patch cannot be applied: {named}.", problems)
    return {name: _plain(name, value) for name, value in patch.items()}


def _plain(name: str, value: Any) -> Any:
    """Return the value of a field as it is stored: of markup, its text."""
    if name not in _MARKED_UP or not isinstance(value, str):
        return value
    read = text_if_markup(value)
    return " ".join(read.split()) if name == "title" and read != value else read


def _outcome(article: Article, result: str, searchable: bool) -> dict[str, Any]:
    return {"id": article.id, "result": result, "searchable": searchable, "etag": f'"{tag_of(article)}"'}
