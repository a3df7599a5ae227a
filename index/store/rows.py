"""A row of the table of articles: how an article is stored, and whether what is read is what was written.

A disk can change bytes that SQLite does not check. So each row has a digest of its texts, as they are stored, which
costs a tenth of what ``Article.content_hash`` does. Rows written before there were digests are checked by that hash.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from index.article import Article, hash_of
from index.errors import DamagedStoreError

FIELDS = ("id", "title", "body", "lead", "published", "source", "url", "author", "category", "lang", "extra")
WRITTEN = ", ".join(("digest", *FIELDS))
"""The columns that ``row_of`` gives."""
READ = f"hash, digest, {', '.join(f'CAST({field} AS BLOB)' for field in FIELDS)}"
"""The columns that ``article_of`` takes: texts as they are stored, of which there is a digest."""
HASH_LENGTH = 32
"""How many digits the hashes have that ``content_hash`` gives; older versions wrote others."""
_BETWEEN, _NOTHING = b"\x1f", b"\x00"
_BLANK = Article(id="-", title="-")  # copying it with other values is faster than constructing an article


class RottenRowError(ValueError):
    """A row is not as it was written."""


class Stored(NamedTuple):
    """One article as found in the store: ``article`` is None if its row is rotten, ``error`` if SQLite says why."""

    seq: int
    id: str
    article: Article | None
    error: DamagedStoreError | None = None


def row_of(article: Article) -> tuple[bytes | str | None, ...]:
    """Return the values of an article's row."""
    values = [*(getattr(article, field) for field in FIELDS[:-1]), json.dumps(article.extra, ensure_ascii=False)]
    return _digest([None if value is None else value.encode("utf-8") for value in values]), *values


def article_of(row: Sequence[Any]) -> Article:
    """Return the article in a row. Raises RottenRowError."""
    hash, digest, *stored = row
    try:
        if digest is not None and digest != _digest(stored):
            raise RottenRowError
        values = [None if value is None else value.decode("utf-8") for value in stored]
        extra = {} if values[-1] == "{}" else json.loads(values[-1] or "")
        content = {**dict(zip(FIELDS, values, strict=True)), "extra": extra}
        if digest is None and len(hash) == HASH_LENGTH:
            without_id = {name: value for name, value in content.items() if name != "id"}
            if hash_of(without_id) != hash:
                raise RottenRowError
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise RottenRowError from error
    return _BLANK.model_copy(update=content)


def stored_articles(connection: sqlite3.Connection, after: int = 0, *, limit: int = -1) -> Iterator[Stored]:
    """Yield the articles with numbers above ``after``, at most ``limit``, as of one moment.

    They come in sequence order. Each is read by itself, so that one that cannot be read does not hide the next.
    Raises DamagedStoreError if not even the numbers can be read.
    """
    query = "SELECT seq, rowid FROM articles WHERE seq > ? ORDER BY seq LIMIT ?"
    for seq, rowid in connection.execute(query, (after, limit)):
        if (found := _stored(connection, seq, rowid)) is not None:
            yield found


def is_readable(connection: sqlite3.Connection) -> bool:
    """Tell whether the first or the last articles of the store have one that SQLite can read, or there is none."""
    ends = connection.execute(
        "SELECT rowid FROM (SELECT rowid FROM articles ORDER BY seq LIMIT 50)"
        " UNION SELECT rowid FROM (SELECT rowid FROM articles ORDER BY seq DESC LIMIT 50)"
    ).fetchall()
    for (rowid,) in ends:
        try:
            connection.execute(f"SELECT {READ} FROM articles WHERE rowid = ?", (rowid,)).fetchone()  # noqa: S608
        except DamagedStoreError:
            continue
        return True
    return not ends


def _stored(connection: sqlite3.Connection, seq: int, rowid: int) -> Stored | None:
    """Return the article in a row, None if the row is gone."""
    try:
        row = connection.execute(f"SELECT {READ} FROM articles WHERE rowid = ?", (rowid,)).fetchone()  # noqa: S608
    except DamagedStoreError as error:
        return Stored(seq, _id_of(connection, rowid), None, error)
    if row is None:
        return None
    try:
        article = article_of(row)
    except RottenRowError:
        return Stored(seq, _id_of(connection, rowid), None)
    return Stored(seq, article.id, article)


def _id_of(connection: sqlite3.Connection, rowid: int) -> str:
    """Return the id of a rotten row, from the index on ids. Raises DamagedStoreError if that cannot be read either."""
    row = connection.execute("SELECT id FROM articles WHERE +rowid = ? ORDER BY id", (rowid,)).fetchone()
    return f"in row {rowid}" if row is None else str(row[0])


def _digest(stored: Sequence[bytes | None]) -> bytes:
    """Return a digest of texts in UTF-8. Raises TypeError if one is of another kind."""
    whole = _BETWEEN.join([_NOTHING if value is None else value for value in stored])
    return hashlib.blake2b(whole, digest_size=16).digest()
