"""The ``TermStatistics`` protocol: the frequencies that completions, corrections and expansions need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from index.analysis.analyzer import Stream

T = TypeVar("T")


class TermStatistics(Protocol):
    """How many articles have a term, a pair or a phrase, at one moment."""

    @property
    def articles(self) -> int:
        """The number of articles."""

    @property
    def length(self) -> float:
        """The mean length of an article's text, in syllables."""

    def document_frequency(self, stream: Stream, term: str) -> int:
        """Return how many articles have ``term``, in the text field where most have it; deleted ones may count."""

    def terms(self, stream: Stream, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms that start with ``prefix``, sorted, each with its ``document_frequency``."""

    def has_phrase(self, syllables: Sequence[str]) -> bool:
        """Tell whether a live article has these syllables, with exactly these accents, in a row; few may be missed."""

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the ``most`` most frequent terms of ``index.analysis.suggestions`` that start with ``prefix``.

        They are sorted, each with about the number of live articles that have it.
        """

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the same of ``index.analysis.abbreviations``: up to ``most`` terms, the most frequent first."""

    def together(self, work: Callable[[], T]) -> T:
        """Return what ``work`` makes of these statistics; what asks them many things is put here.

        ``work`` may be run several times, so it changes nothing that lasts longer than a run. Where a lookup is a
        round trip, the first runs are told 0, nothing or False of what is not known yet; what they asked is looked up
        at once, and only a run that knew all it asked gives the result.
        """
