"""The ``TermStatistics`` protocol: all that completions, corrections and expansions need to know of an index."""

from __future__ import annotations

from typing import Protocol

from index.analysis.analyzer import Stream


class TermStatistics(Protocol):
    """What the articles write, and how often, as of one moment."""

    @property
    def articles(self) -> int:
        """How many articles there are."""

    def document_frequency(self, stream: Stream, term: str) -> int:
        """Return how many articles have ``term``, in the text field where most have it; deleted ones may count."""

    def adjacent(self, first: str, second: str) -> int:
        """Return in about how many articles two syllables, with these accents, stand side by side."""

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return up to ``most`` terms of ``index.analysis.suggestions`` with ``prefix``, sorted, with their frequency."""

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the same of the terms of ``index.analysis.abbreviations``; deleted articles do not count."""
