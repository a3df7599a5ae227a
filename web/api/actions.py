"""What the lines of a bulk request say: an article to store, or an action, as in the ``_bulk`` of Elasticsearch.

====================================  ==========================================================================
``{"title": ...}``                    store this article, in the place of one with its id if there is one
``{"index": {"title": ...}}``         the same
``{"index": {"id": ...}}``            the same, with the article in the next line
``{"create": ...}``                   in either form: store the article if there is none with its id
``{"delete": {"id": ...}}``           delete the article
====================================  ==========================================================================

``_id`` is also ``id``; ``_index``, ``_type`` and ``routing``, which such lines have elsewhere, say nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from index.article import Article, article_from
from index.errors import InvalidInputError, Problem, UnreadableFileError
from index.reading.formats.json_lines import json_row, numbered_lines
from index.wrong_values import what_is_wrong
from web.api.articles import record
from web.api.bodies import UnpackError, body_stream
from web.api.parameters import unknown_name

ACTIONS = ("index", "create", "delete")
_IDS = ("id", "_id")
_SAY_NOTHING = frozenset(("_index", "_type", "routing"))
_ID: TypeAdapter[str] = TypeAdapter(Article.model_fields["id"].rebuild_annotation())
_SKIPPED = "-"


class Index(NamedTuple):
    """Store ``article``; if ``new``, only if there is none with its id."""

    article: Article
    new: bool = False


class Delete(NamedTuple):
    """Delete the article with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Why no more of a body is read, and the HTTP status for it."""

    status: HTTPStatus
    why: str


Entry = tuple[str, Index | Delete | InvalidInputError | Stop]
"""Where in a body something is, and what is to be done or why nothing is."""


def array_entries(rows: Sequence[Any]) -> Iterator[Entry]:
    """Yield the articles of an array."""
    for number, row in enumerate(rows, 1):
        try:
            yield f"article {number:,}", Index(article_from(record(row)))
        except InvalidInputError as error:
            yield f"article {number:,}", error


def line_entries(most: int) -> Iterator[Entry]:
    """Yield what the lines of the current request's body say, of at most ``most`` lines.

    Raises InvalidInputError if the body is no UTF-8.
    """
    waiting: tuple[str, str | None] | None = None  # an action whose article is in the next line
    number = 0
    try:
        for number, line in numbered_lines(body_stream()):
            where = f"line {number:,}"
            if number > most:
                yield where, Stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {most:,} lines")
                return
            if isinstance(line, bytes) and not line.strip():
                continue
            begun, waiting = waiting, None
            if begun is not None and begun[0] == _SKIPPED:
                continue
            try:
                if isinstance(line, UnreadableFileError):
                    raise InvalidInputError(str(line))
                row = json_row(line)
                action = None if begun else _action(row)
                if action is not None and _is_followed(*action):
                    waiting = (_SKIPPED, None)
                    waiting = action[0], _id_of(*action)
                else:
                    yield where, _entry(row, action, begun)
            except InvalidInputError as error:
                yield where, error
    except UnreadableFileError as error:
        raise InvalidInputError(f"The body {error}.") from None
    except UnpackError as error:
        yield f"line {number + 1:,}", Stop(error.status, str(error))
        return
    if waiting is not None and waiting[0] != _SKIPPED:
        what = f"{waiting[0]!r} is in the last line; its article should be in the next one, or in the action itself"
        yield f"line {number:,}", InvalidInputError(what)


def _action(row: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Return the action in a line, and what it is for; None if the line is an article."""
    if not isinstance(row, dict) or len(row) != 1:
        return None
    [(name, given)] = row.items()
    return (name, given) if name in {*ACTIONS, "update"} and isinstance(given, dict) else None


def _is_followed(name: str, given: Mapping[str, Any]) -> bool:
    """Tell whether the article of an action is in the next line."""
    return name != "delete" and given.keys() <= {*_IDS, *_SAY_NOTHING}


def _entry(
    row: Any, action: tuple[str, Mapping[str, Any]] | None, begun: tuple[str, str | None] | None
) -> Index | Delete:
    """Return what a line says, after an action that ``begun`` in the line before if any. Raises InvalidInputError."""
    if action is None:
        name, id = begun or ("index", None)
        read = record(row)
        if id is not None and isinstance(row, dict) and "id" not in row:
            read.pop("id", None)
        return Index(article_from(read, id=id), name == "create")
    name, given = action
    if name != "delete":
        _refuse_update(name)
        return Index(article_from(record(given)), name == "create")
    if others := [other for other in given if other not in _IDS and other not in _SAY_NOTHING]:
        problems = [unknown_name(f"delete.{other}", other, list(_IDS)) for other in others]
        raise InvalidInputError("'delete' takes an id and nothing else", problems)
    id = _id_of(name, given)
    if id is None:
        raise InvalidInputError("'delete' needs an id", [Problem("delete.id", "is missing")])
    return Delete(id)


def _id_of(name: str, given: Mapping[str, Any]) -> str | None:
    """Return the id that an action gives, None if none. Raises InvalidInputError."""
    _refuse_update(name)
    id = next((given[one] for one in _IDS if given.get(one) is not None), None)
    if id is None:
        return None
    try:
        return _ID.validate_python(str(id) if type(id) is int else id, strict=True)
    except ValidationError as error:
        what = what_is_wrong(error.errors()[0])
        raise InvalidInputError(f"the id of {name!r} cannot be one", [Problem(f"{name}.id", what)]) from None


def _refuse_update(name: str) -> None:
    if name == "update":
        there = Problem("update", f"is no action; there is {', '.join(ACTIONS)}")
        raise InvalidInputError("there is no action 'update'; PATCH /api/v1/articles/ID changes an article", [there])
