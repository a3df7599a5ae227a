"""A backup of the articles of a cluster: the store of a data folder, which a server on one machine can open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from index.article import Article
from index.batches import batches
from index.errors import StoreError
from index.store.articles import SqliteArticleStore

_AT_ONCE = 500


def write(articles: Callable[[Callable[[str], None]], Iterator[Article]], file: Path) -> list[str]:
    """Write ``articles`` to a new ``file``, which appears when it is whole; return the ids that could not be read.

    ``articles`` takes whom to tell the id of a damaged one. Beside the file, as much room again is needed for a while.
    Raises StoreError if the file exists or cannot be written.
    """
    if file.exists():
        raise StoreError(f"{file} already exists; name another file, or remove it")
    rotten: list[str] = []
    try:
        with TemporaryDirectory(prefix=f"{file.name}.", dir=file.parent) as folder:
            store = SqliteArticleStore(Path(folder) / file.name)
            try:
                for some in batches(articles(rotten.append), _AT_ONCE):
                    store.put(some)
                store.back_up(file)
            finally:
                store.close()
    except OSError as error:
        raise StoreError(f"the backup {file} could not be written: {error}") from error
    return rotten
