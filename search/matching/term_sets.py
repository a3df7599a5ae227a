"""The articles that have what a query asks for: words, codes, syllables in a row, and alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from index.analysis.analyzer import Analysis, Stream
from index.analysis.normalization import fold
from index.analysis.tokenizer import Tokens
from search.matching.article_sets import ArticleSets, Row, S
from search.query.tree import MOST_SYLLABLES, Alternative, Cut, whole_codes

_MOST_CODES = 8

MatchedAlternative = tuple[Alternative, S]
"""An alternative for a part of the query, and the articles that have it."""


@dataclass(frozen=True, slots=True)
class Concept(Generic[S]):
    """A word, syllable or code of the query, its syllables ``first`` to ``end`` (exclusive), and the articles with it.

    ``loosely`` holds articles that match too if the code may not have been meant as one.
    """

    first: int
    end: int
    articles: S
    loosely: S | None = None


class TermSets(Generic[S]):
    """Look up what ``sets`` have of a query; a ``scope`` of None means every text field."""

    def __init__(self, sets: ArticleSets[S]) -> None:
        self._sets = sets

    def words(self, analysis: Analysis, cut: Cut, scope: str | None) -> list[Concept[S]]:
        """Return one concept for each distinct word or code; a word's syllables stand in a row, in one sentence."""
        concepts, in_code = self._codes(analysis, scope)
        for first, end in cut.words:
            row = row_of(analysis, cut.plain, first, end)
            if not in_code.issuperset(range(first, end)) and row not in concepts:
                concepts[row] = Concept(first, end, self._sets.in_a_row(row, scope))
        return list(concepts.values())

    def syllables(self, analysis: Analysis, scope: str | None) -> list[Concept[S]]:
        """Return one concept for each distinct syllable, accents aside, or code."""
        concepts, in_code = self._codes(analysis, scope)
        for at, syllable in enumerate(analysis.tokens.folded[:MOST_SYLLABLES]):
            if at not in in_code and syllable not in concepts:
                concepts[syllable] = Concept(at, at + 1, self._folded(syllable, scope))
        return list(concepts.values())

    def covered(self, concept: Concept[S], others: Sequence[MatchedAlternative[S]]) -> S:
        """Return the articles that have ``concept``, or an alternative for a part of the query that includes it."""
        found = [concept.articles] if concept.loosely is None else [concept.articles, concept.loosely]
        found += [articles for other, articles in others if other.first <= concept.first and concept.end <= other.end]
        return self._sets.union(found)

    def _codes(self, analysis: Analysis, scope: str | None) -> tuple[dict[object, Concept[S]], set[int]]:
        """Return a concept for each distinct code, and the syllables that are in codes."""
        tokens = analysis.tokens
        concepts: dict[object, Concept[S]] = {}
        asked = [code for code in tokens.codes if not code.implied]
        in_code = {at for code in tokens.codes if code.implied for at in range(code.first, code.end)}
        for span in list(dict.fromkeys((code.first, code.end) for code in asked))[:_MOST_CODES]:
            codes = [code for code in asked if (code.first, code.end) == span]
            in_code.update(range(*span))
            found = [self._folded(fold(code.text), scope) for code in codes]
            if not all(code.certain for code in codes):
                found.append(self._sets.in_a_row(row_of(analysis, (True,) * span[1], *span), scope))
            loosely = None
            if any(code.loose for code in codes):
                apart = [self._folded(syllable, scope) for syllable in tokens.folded[slice(*span)]]
                loosely = self._sets.intersection(apart)
            concepts[tuple(code.text for code in codes)] = Concept(*span, self._sets.union(found), loosely)
        return concepts, in_code

    def spelled(self, analysis: Analysis, other: Alternative, scope: str | None) -> S:
        """Return the articles that have an alternative, ``analysis``, in a row, or written as a code."""
        tokens, size = analysis.tokens, min(MOST_SYLLABLES, len(analysis.tokens))
        plain = (other.is_spelling and list(tokens.exact) == list(tokens.folded),) * size
        codes = [code for code in tokens.codes if (code.first, code.end) == (0, len(tokens))]
        found = [self._folded(fold(code.text), scope) for code in codes]
        return self._sets.union([self._sets.in_a_row(row_of(analysis, plain, 0, size), scope), *found])

    def same_code(self, tokens: Tokens, scope: str | None) -> tuple[list[S], bool]:
        """Return the articles that have all of ``tokens`` as one code, however written, and whether it is certain."""
        certain = any(code.certain and (code.first, code.end) == (0, len(tokens)) for code in tokens.codes)
        return [self._folded(code, scope) for code in whole_codes(tokens)], certain

    def _folded(self, term: str, scope: str | None) -> S:
        return self._sets.with_term(Stream.FOLDED, term, scope)


def row_of(analysis: Analysis, plain: Sequence[bool], first: int, end: int) -> Row:
    """Return syllables ``first`` to ``end`` of a query as a row: with accents, except where these were left out."""
    tokens, start = analysis.tokens, analysis.positions[first]
    return tuple(
        (Stream.FOLDED, tokens.folded[at], analysis.positions[at] - start)
        if plain[at]
        else (Stream.SYLLABLE, tokens.exact[at], analysis.positions[at] - start)
        for at in range(first, min(end, len(plain)))
    )
