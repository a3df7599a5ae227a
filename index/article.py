"""``Article``, what timtin stores of one article, and the validation of articles from outside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from index.dates import parse_published
from index.errors import InvalidInputError, Problem
from index.markup import text_if_markup
from index.wrong_values import what_is_wrong

TEXT_FIELDS = ("title", "body")
"""The fields that are searched as text. The lead is part of the body (``searchable_body``)."""

LABELS = ("source", "category", "author")
"""The fields that articles are filtered and counted by. A name added here becomes a column, a filter and a facet."""

SEVERAL = ("category", "author")
"""The labels of which an article may have several values (``index.labels``)."""

LONGEST_ID = 200
LONGEST_LABEL = 500
LONGEST_TITLE = 2000
LONGEST_BODY = 20_000_000
_DEEPEST_EXTRA = 32
_ALIASES = {"date": "published", "content": "body", "text": "body", "description": "lead"}
_MARKED_UP = ("title", "body", "lead")
_MAY_BE_WRONG = ("published", "url", "source", "author", "category", "lang", "lead")
_TEXT_NAMES = {*TEXT_FIELDS, *(alias for alias, field in _ALIASES.items() if field in TEXT_FIELDS)}
_NO_TEXT = Problem("body", "an article needs a title or a body with some text")


def _well_formed(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"has a lone surrogate at character {error.start}; send well-formed Unicode") from None
    return text


def _plain_id(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("must not begin or end with a space, or contain line breaks or control characters")
    if text in {".", ".."} or text.startswith("/") or text.endswith("/") or "//" in text:
        raise ValueError("must work in an address: no '.' or '..', no '/' at either end, no '//'")
    if text.endswith("/similar"):
        raise ValueError("must not end in '/similar', which is the address of similar articles")
    if "\ufffd" in text:
        raise ValueError("must not contain U+FFFD (a character that was lost in decoding)")
    if any(part in {".", ".."} for part in text.split("/")):
        raise ValueError("must work in an address: no part between '/' may be '.' or '..'")
    return text


def usable_id(name: str) -> str:
    """Return ``name`` if it is a valid article id, else a similar valid id that ends in a digest of ``name``."""
    try:
        if name and len(name) <= LONGEST_ID:
            return _plain_id(_well_formed(name))
    except ValueError:
        pass
    like = "".join(letter if letter.isprintable() and letter not in "\ufffd " else "_" for letter in name)
    parts = [part for part in like.split("/") if part not in {"", ".", ".."}]
    return own_id("/".join(parts), hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest())


def own_id(id: str, digest: str) -> str:
    """Return ``id``, shortened to fit, with the first 8 digits of ``digest`` (hex) appended to tell it from others."""
    return f"{id[: LONGEST_ID - 9]}-{digest[:8]}"


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _joined(value: Any) -> Any:
    several = isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)
    return _empty_is_none("; ".join(entry for entry in value if entry.strip()) if several else value)


def _date_as_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else _empty_is_none(value)


def _web_address(text: str) -> str:
    if not text.lower().startswith(("http://", "https://")):
        raise ValueError("must be an http or https address")
    return text


WellFormedText = Annotated[str, AfterValidator(_well_formed)]
LabelText = Annotated[WellFormedText, Field(max_length=LONGEST_LABEL)]
OptionalLabel = Annotated[LabelText | None, BeforeValidator(_empty_is_none)]
SeveralLabels = Annotated[
    LabelText | None,
    BeforeValidator(_joined),
    Field(description="several values with ';' between them; a list of texts is joined so"),
]


class Article(BaseModel):
    """One article. ``body`` is its whole text, including the lead; ``lead`` is its first paragraph or summary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[
        WellFormedText,
        Field(
            min_length=1,
            max_length=LONGEST_ID,
            description="what it is known by; writing it again replaces the article",
        ),
        AfterValidator(_plain_id),
    ]
    title: Annotated[WellFormedText, Field(max_length=LONGEST_TITLE, description="its heading")] = ""
    body: Annotated[
        WellFormedText, Field(max_length=LONGEST_BODY, description="its whole text, with the lead; a paragraph a line")
    ] = ""
    lead: Annotated[WellFormedText, Field(max_length=100_000, description="its first paragraph or summary")] = ""
    published: Annotated[
        Annotated[str, AfterValidator(parse_published)] | None,
        BeforeValidator(_date_as_text),
        Field(description="ISO 8601 date, or date and time"),
    ] = None
    source: Annotated[OptionalLabel, Field(description="the paper or site that it is from")] = None
    url: Annotated[
        Annotated[WellFormedText, Field(max_length=2000), AfterValidator(_web_address)] | None,
        BeforeValidator(_empty_is_none),
        Field(description="the address of the original, http or https"),
    ] = None
    author: SeveralLabels = None
    category: SeveralLabels = None
    lang: Annotated[str, Field(max_length=20, description="the language of its text")] = "vi"
    extra: dict[str, Any] = Field(default_factory=dict, description="any other data to keep; not searched")

    def content_hash(self) -> str:
        """Return a hex digest of every field but the id; equal for equal content."""
        return hash_of(self.model_dump(exclude={"id"}))


_FIELDS = frozenset(Article.model_fields)


def hash_of(content: Mapping[str, Any]) -> str:
    """Return the ``content_hash`` of an article whose fields, but for the id, are ``content``."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def searchable_body(article: Article) -> str:
    """Return the text indexed as the body: the body, plus the lead if the body does not contain it."""
    if article.lead and article.lead not in article.body:
        return f"{article.body}\n{article.lead}"
    return article.body


def article_from(
    data: Any,
    *,
    id: str | None = None,
    source: str | None = None,
    unsure: Callable[[str], None] | None = None,
    is_plain: bool = False,
) -> Article:
    """Validate ``data`` (one JSON object) and return it as an article.

    Unknown keys go to ``extra``; ``date``, ``content``, ``text`` and ``description`` are aliases of ``published``,
    ``body``, ``body`` and ``lead`` (``records`` knows many more). An article without an id gets one from its content.
    ``id`` is the id the article must have, ``source`` the default source. If ``unsure`` is given, an invalid date,
    address, name, language or lead goes to ``extra`` and ``unsure`` is called with the reason. Title, body and lead
    that are HTML become their text, unless ``is_plain`` says that a reader has read the markup. Raises
    InvalidInputError naming each bad field.
    """
    if not isinstance(data, Mapping):
        raise InvalidInputError("an article must be a JSON object with at least a title or a body")
    if not (data.keys() & _TEXT_NAMES):  # first of all, since a file may have millions of such lines
        raise _without_text(data.get("id") or id)
    known = {key: value for key, value in data.items() if key in _FIELDS and value is not None}
    extra = {key: value for key, value in data.items() if key not in _FIELDS}
    for alias, field in _ALIASES.items():
        if field not in known and isinstance(extra.get(alias), (str, int, float) if alias == "date" else str):
            known[field] = extra.pop(alias)
    if isinstance(known.get("extra", {}), dict):
        known["extra"] = {**known.get("extra", {}), **extra}
    if isinstance(known.get("id"), int) and not isinstance(known["id"], bool):
        known["id"] = str(known["id"])
    if id is not None:
        if known.setdefault("id", id) != id:
            raise InvalidInputError(
                "the id in the article is not the id in the address", [Problem("id", f"must be {id!r}")]
            )
    elif "id" not in known:
        known["id"] = _id_from_content(known)
    for field in () if is_plain else _MARKED_UP:  # after the id, which is that of the data as they came
        if isinstance(known.get(field), str):
            known[field] = _without_markup(known[field], field)
    if source is not None and _empty_is_none(known.get("source")) is None:
        known["source"] = source
    if _depth(known.get("extra"), _DEEPEST_EXTRA) > _DEEPEST_EXTRA:
        raise _refused(known["id"], [Problem("extra", f"must not be nested deeper than {_DEEPEST_EXTRA} levels")])
    try:
        article = _checked(known, unsure)
        if article.extra:
            json.dumps(article.extra, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValidationError as error:
        problems = [Problem(_path(entry["loc"]), what_is_wrong(entry)) for entry in error.errors()]
        raise _refused(known["id"], problems) from None
    except (ValueError, RecursionError) as error:
        raise _refused(known["id"], [Problem("extra", f"cannot be stored as JSON: {error}")]) from None
    if not article.title.strip() and not article.body.strip():
        raise _without_text(article.id)
    return article


def _without_markup(text: str, field: str) -> str:
    read = text_if_markup(text)
    return " ".join(read.split()) if field == "title" and read != text else read


def _checked(known: dict[str, Any], unsure: Callable[[str], None] | None) -> Article:
    try:
        return Article(**known)
    except ValidationError as error:
        wrong = {_path(entry["loc"]): what_is_wrong(entry) for entry in error.errors()}
        if unsure is None or not wrong.keys() <= set(_MAY_BE_WRONG):
            raise
        for name, why in wrong.items():
            unsure(f"{name}: {why}; the value is kept in extra and the field is left empty")
        aside = {name: known[name] for name in wrong}
        rest = {name: value for name, value in known.items() if name not in wrong}
        return Article(**{**rest, "extra": {**aside, **known["extra"]}})


def _depth(value: Any, most: int) -> int:
    """Return how deeply ``value`` is nested, at most ``most + 1``."""
    depth, level = 0, [value]
    while depth <= most:
        level = [
            child
            for entry in level
            for child in (entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ())
        ]
        if not level:
            return depth
        depth += 1
    return depth


def _id_from_content(known: Mapping[str, Any]) -> str:
    mark = known.get("url") or json.dumps([known.get("title"), known.get("body")], default=str)
    return hashlib.blake2b(str(mark).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def _path(location: tuple[int | str, ...]) -> str:
    return str(location[0]) if location else "article"


def _without_text(id: Any) -> InvalidInputError:
    return _refused(id, [_NO_TEXT]) if id else InvalidInputError(f"refused: {_NO_TEXT.what}", [_NO_TEXT])


def _refused(id: Any, problems: list[Problem]) -> InvalidInputError:
    what = "; ".join(f"{problem.where}: {problem.what}" for problem in problems)
    return InvalidInputError(f"article {str(id)[:80]!r} refused: {what}", problems)
