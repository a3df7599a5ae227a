"""The ``IndexedArticles`` protocol: what ranking reads of articles, of a whole snapshot or of a few candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.arrays import Array, Floats
from index.directory.snapshot import DocIds


class PostingPart(Protocol):
    """A part of a posting list: ``articles`` (ascending) plus ``offset`` are doc ids, below ``limit``."""

    @property
    def articles(self) -> Array:
        """The articles that have the term."""

    @property
    def frequencies(self) -> Array:
        """How often each of them has it."""

    @property
    def offset(self) -> int:
        """What to add to ``articles``."""

    @property
    def limit(self) -> int:
        """The end of the doc ids of this part."""

    def how_often(self, articles: NDArray[Any]) -> Array:
        """Return how often each of ``articles`` (as those of this part, ascending) has the term."""


class TermParts(Protocol):
    """The posting list of a term; ``count`` of its articles are live. A term that any article has has a part."""

    @property
    def count(self) -> int:
        """The number of live articles."""

    @property
    def parts(self) -> Sequence[PostingPart]:
        """The parts of the list."""


class IndexedArticles(Protocol):
    """Articles with doc ids from 0 up to ``size``. Statistics are those of the whole index."""

    @property
    def size(self) -> int:
        """The number of doc ids."""

    @property
    def count(self) -> int:
        """The number of live articles of the whole index."""

    @property
    def offsets(self) -> Sequence[int]:
        """The first doc id of each part."""

    @property
    def any_deleted(self) -> bool:
        """Whether some of the articles are deleted."""

    @property
    def live(self) -> NDArray[np.bool_]:
        """The doc mask of those that are not."""

    @property
    def minutes(self) -> NDArray[np.int64]:
        """When each article was published; UNDATED if unknown."""

    @property
    def sequence(self) -> NDArray[np.int64]:
        """The sequence number of each article's last write."""

    def term_postings(self, field: str, term: str) -> TermParts:
        """Return the posting list of ``term``."""

    def positions(self, field: str, term: str, articles: DocIds) -> tuple[DocIds, DocIds]:
        """Return the doc ids and the positions of all occurrences of ``term`` in ``articles`` (ascending)."""

    def lengths(self, field: str) -> Floats:
        """Return the length of ``field``, in terms, of each article."""

    def average_length(self, field: str) -> float:
        """Return the mean length of ``field`` over the live articles of the whole index that have it."""
