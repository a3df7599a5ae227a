"""The commits of a generation: which segments it consists of.

Whoosh's table of contents (TOC) lists them, with the articles deleted from each since it was written; a new list takes
the place of the old one by the renaming of one file. Segments' own files never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError, FileIndex

from index.codec import ColumnarSegment
from index.errors import DamagedIndexError


@dataclass(frozen=True, slots=True)
class Commit:
    """One state of an index: its number, which rises, and its segments, the articles of the first numbered first."""

    number: int
    schema: Schema
    segments: list[ColumnarSegment]


def open_index(generation: Path) -> FileIndex:
    """Open the Whoosh index in a generation's folder.

    Raises OSError or EmptyIndexError where it is gone, DamagedIndexError where its files cannot be read.
    """
    with reading(generation):
        return FileStorage(str(generation)).open_index()


def read_commit(generation: Path) -> Commit:
    """Read which segments ``generation`` consists of now; raises what ``open_index`` does."""
    index = open_index(generation)
    with reading(generation):
        contents = TOC.read(index.storage, index.indexname)
    return Commit(contents.generation, contents.schema, contents.segments)


@contextmanager
def reading(generation: Path) -> Iterator[None]:
    """Turn whatever Whoosh raises over files it cannot unpickle into DamagedIndexError."""
    try:
        yield
    except (FileNotFoundError, EmptyIndexError, DamagedIndexError):
        raise
    except Exception as error:
        raise DamagedIndexError(
            f"the index in {generation} is damaged ({type(error).__name__}: {error});"
            " it is made anew from the store by timtin serve, or by timtin index --rebuild"
        ) from error
