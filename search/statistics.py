"""The ``TermStatistics`` protocol: the frequencies that completions, corrections and expansions need."""

from __future__ import annotations

from typing import Protocol

from index.analysis.analyzer import Stream


class TermStatistics(Protocol):
    """How many articles have a term, a pair or a phrase, at one moment."""

    @property
    def articles(self) -> int:
        """The number of articles."""

    def document_frequency(self, stream: Stream, term: str) -> int:
        """Return how many articles have ``term``, in the text field where most have it; deleted ones may count."""

    def terms(self, stream: Stream, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms that start with ``prefix``, sorted, each with its ``document_frequency``."""

    def adjacent(self, first: str, second: str) -> int:
        """Return about how many articles have two syllables, with exactly these accents, side by side."""

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms of ``index.analysis.suggestions`` that start with ``prefix``.

        They are sorted, each with its document frequency.
        """

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the same for the terms of ``index.analysis.abbreviations``; deleted articles do not count."""
