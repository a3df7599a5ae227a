"""Conditional requests (RFC 9110, section 13): the tags of articles, and what requests demand of them.

The tag of an article is the hash of its content, so it changes if and only if the article does, and is strong. A
compressed answer has a tag of its own, with the name of the compression at its end, which is dropped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import request
from werkzeug.exceptions import PreconditionFailed

from index.article import Article
from index.errors import ChangedError, InvalidInputError, Problem
from index.store.article_store import Condition

_ONE = r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_TAG = re.compile(_ONE)
_LIST = re.compile(rf"[ \t,]*{_ONE}(?:[ \t]*,[ \t,]*{_ONE})*[ \t,]*")
_COMPRESSED = re.compile(r":(?:br|zstd|gzip)\Z")
_EVERY = "*"


def tag_of(article: Article) -> str:
    """Return the entity tag of an article, without its quotes."""
    return article.content_hash()


def condition() -> Condition | None:
    """Return what the current request demands of the article it writes, None if nothing.

    Raises InvalidInputError for a header that is malformed.
    """
    wanted, unwanted = _tags("If-Match"), _tags("If-None-Match")
    if wanted is None and unwanted is None:
        return None

    def holds(tag: str | None) -> bool:
        if wanted is not None and (tag is None or (_EVERY not in wanted and (False, tag) not in wanted)):
            return False
        return unwanted is None or not _is_among(tag, unwanted)

    return holds


def refuse_conditions() -> None:
    """Raise InvalidInputError if the current request has conditions, which are for one article."""
    if named := [name for name in ("If-Match", "If-None-Match") if name in request.headers]:
        problems = [Problem(name, "is for requests that write one article; leave it out here") for name in named]
        raise InvalidInputError(f"This request cannot have the header {' or '.join(named)}.", problems)


def is_unchanged(article: Article) -> bool:
    """Tell whether the client of the current GET has the article as it is.

    Raises PreconditionFailed if it wants another one, InvalidInputError for a header that is malformed.
    """
    wanted, unwanted = _tags("If-Match"), _tags("If-None-Match")
    tag = tag_of(article)
    if wanted is not None and _EVERY not in wanted and (False, tag) not in wanted:
        raise failed()
    return unwanted is not None and _is_among(tag, unwanted)


@contextmanager
def met() -> Iterator[None]:
    """Turn the ChangedError of a write into the answer 412."""
    try:
        yield
    except ChangedError:
        raise failed() from None


def failed() -> PreconditionFailed:
    """Return the error of a condition that is not met."""
    named = " and ".join(name for name in ("If-Match", "If-None-Match") if name in request.headers)
    return PreconditionFailed(
        f"The article is not as {named} demands, or there is none; nothing was changed. Read it again for its ETag."
    )


def _is_among(tag: str | None, tags: set[tuple[bool, str] | str]) -> bool:
    return tag is not None and (_EVERY in tags or (False, tag) in tags or (True, tag) in tags)


def _tags(name: str) -> set[tuple[bool, str] | str] | None:
    """Return the tags in a header as (is weak, tag), or ``{"*"}``; None if there is no such header."""
    values = request.headers.getlist(name)
    if not values:
        return None
    text = ",".join(values)
    if text.strip() == _EVERY:
        return {_EVERY}
    if not _LIST.fullmatch(text):
        what = 'must be * or tags in quotes with commas between them, as an ETag is: "33a64df551425fcc"'
        raise InvalidInputError(f"The header {name} is malformed.", [Problem(name, what)])
    return {(bool(found[1]), _COMPRESSED.sub("", found[2])) for found in _TAG.finditer(text)}
