"""Say why a hit was found, where its marked words are not the query's as typed.

Only what is marked is compared with the query: the words of each clause, the codes, and the alternatives that the
archive added. A hit that has a word as typed needs no reason for it; neither does one that has it with accents, if it
was typed without any.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice
from unicodedata import normalize

from index.analysis.normalization import fold
from index.analysis.tokenizer import Tokens
from search.deadline import Deadline
from search.query.tree import (
    Alternative,
    Node,
    Or,
    Origin,
    Phrase,
    Prefix,
    WordClause,
    Words,
    typed_tokens,
    wanted_words,
)
from search.query.words import cut_of, plain_syllables
from search.snippets.highlighter import Highlighter
from search.snippets.spotter import Span

_MOST_MARKS = 500
_MOST_REASONS = 5
_MOST_SHOWN = 4
_APART = " … "
_SIGNS = ("%", "*")
_SPACES = re.compile(r"\s+")


class ReasonCode(StrEnum):
    """In what way the marked words differ from the typed ones."""

    ACCENTS = "accents"
    ABBREVIATION = "abbreviation"
    SYNONYM = "synonym"
    SPELLING = "spelling"
    SCATTERED = "scattered"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a hit was found: it lacks what was ``typed``, a part of the query, and has what was ``found``, as written.

    Of words that are only ``scattered`` in the hit, ``found`` has those marked, with an ellipsis between them.
    """

    code: ReasonCode
    typed: str
    found: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """A word or code of the query: ``codes`` are its canonical forms without accents, empty for a word.

    ``others`` are the alternatives for parts of the query that include it, each with what was typed there.
    """

    typed: str
    exact: Sequence[str]
    folded: Sequence[str]
    plain: Sequence[bool]
    codes: frozenset[str]
    others: Sequence[tuple[Alternative, str]] = ()


class ReasonFinder:
    """Find the reasons of the hits of the query ``tree``. Raises SearchTimeoutError once ``deadline`` is over."""

    def __init__(self, tree: Node, deadline: Deadline | None = None) -> None:
        self._deadline = deadline
        leaves = [leaf for leaf in wanted_words(tree) if not isinstance(leaf, Prefix)]
        self._query = " ".join(leaf.text for leaf in leaves)
        self._units = [unit for leaf in leaves for unit in _units(leaf)]

    def reasons(self, texts: Sequence[tuple[str, Sequence[Span]]], *, relaxed: bool = False) -> list[Reason]:
        """Return up to five reasons, given the texts of a hit and their marks.

        A ``relaxed`` hit, which only has the syllables of the query's words scattered, has one at least.
        """
        marked = _Marked(texts)
        found: dict[Reason, None] = {}
        for unit in self._units:
            reason = self._reason(unit, marked)
            if reason is None and relaxed and next(_occurrences(unit, marked), None) is None:
                reason = self._in_other_accents(unit, texts) or _scattered(unit, marked)
            if reason is not None:
                found[reason] = None
        if relaxed and not found:
            shown = _APART.join(dict.fromkeys(islice(marked.texts, _MOST_SHOWN)))
            found[Reason(ReasonCode.SCATTERED, self._query, shown)] = None
        return list(found)[:_MOST_REASONS]

    def _reason(self, unit: _Unit, marked: _Marked) -> Reason | None:
        """Return why a unit is marked; None if it is not, or is as typed."""
        reason: Reason | None = None
        for written in _occurrences(unit, marked):
            code = self._difference(unit, written)
            if code is None:
                return None
            reason = reason or Reason(code, unit.typed, written)
        if reason is not None and reason.code is ReasonCode.ACCENTS:
            return reason
        for other, typed in unit.others:
            there = next(_alternative(other, marked), None)
            if there is not None and (reason is None or other.origin is Origin.SPELLING):
                return Reason(ReasonCode(other.origin.value), typed, there)
        return reason

    @staticmethod
    def _difference(unit: _Unit, written: str) -> ReasonCode | None:
        typed, found = _lower(unit.typed), _lower(written)
        if typed == found:
            return None
        if fold(typed) != fold(found):
            return ReasonCode.SPELLING
        if unit.exact == unit.folded:
            return None
        return ReasonCode.SPELLING if tuple(typed_tokens(written).exact) == tuple(unit.exact) else ReasonCode.ACCENTS

    def _in_other_accents(self, unit: _Unit, texts: Sequence[tuple[str, Sequence[Span]]]) -> Reason | None:
        """Return where a unit typed with accents stands with others, which is not marked."""
        if all(unit.plain):
            return None
        marks = self._any_accents.marks_of([text for text, _ in texts])
        marked = _Marked([(text, found) for (text, _), found in zip(texts, marks, strict=True)])
        written = next(marked.rows(unit.folded, unit.folded, (True,) * len(unit.folded)), None)
        return None if written is None else Reason(ReasonCode.ACCENTS, unit.typed, written)

    @cached_property
    def _any_accents(self) -> Highlighter:
        asked = [Phrase(" ".join(unit.folded)) for unit in self._units if not all(unit.plain)]
        return Highlighter(Or(tuple(asked)), self._deadline)


def _units(leaf: WordClause) -> Iterator[_Unit]:
    tokens = typed_tokens(leaf.text)
    if isinstance(leaf, Words):
        cut = cut_of(leaf)
        words, plain, others = cut.words, cut.plain, leaf.alternatives
    else:
        plain, others = plain_syllables(tokens, None), ()
        words = ((0, len(plain)),) if plain else ()
    codes: dict[Span, set[str]] = {}
    for code in tokens.codes:
        if not code.implied and code.end <= len(plain):
            codes.setdefault((code.first, code.end), set()).add(fold(code.text))
    left = [word for word in words if not any(first <= word[0] and word[1] <= end for first, end in codes)]
    for first, end in sorted({*left, *codes}):
        part = slice(first, end)
        covering = [other for other in others if other.first <= first and end <= other.end]
        yield _Unit(
            _written(leaf.text, tokens, first, end),
            tuple(tokens.exact[part]),
            tuple(tokens.folded[part]),
            plain[part],
            frozenset(codes.get((first, end), ())),
            [(other, _written(leaf.text, tokens, other.first, min(other.end, len(tokens)))) for other in covering],
        )


class _Marked:
    """The marked parts of a hit's texts, cut into tokens; those with only white space between them are one."""

    def __init__(self, texts: Sequence[tuple[str, Sequence[Span]]]) -> None:
        parts = (
            _SPACES.sub(" ", text[start:end])
            for text, marks in texts
            for start, end in _joined(text, marks[:_MOST_MARKS])
        )
        self.texts = list(dict.fromkeys(parts))
        self._heads: dict[str, list[tuple[str, Tokens, int]]] = defaultdict(list)
        self._codes: dict[str, list[str]] = defaultdict(list)
        for text in self.texts:
            tokens = typed_tokens(text)
            for at, folded in enumerate(tokens.folded):
                self._heads[folded].append((text, tokens, at))
            for code in tokens.codes:
                self._codes[fold(code.text)].append(_written(text, tokens, code.first, code.end))

    def rows(self, exact: Sequence[str], folded: Sequence[str], plain: Sequence[bool]) -> Iterator[str]:
        """Yield, as written, where syllables stand in a row, those ``plain`` with any accents."""
        for text, tokens, at in self._heads.get(folded[0], ()) if folded else ():
            end = at + len(exact)
            here = zip(tokens.exact[at:end], tokens.folded[at:end], exact, folded, plain, strict=False)
            if end <= len(tokens) and all(
                bare == asked if any_ else one == wanted for one, bare, wanted, asked, any_ in here
            ):
                yield _written(text, tokens, at, end)

    def code(self, text: str) -> Iterator[str]:
        """Yield, as written, where a code stands."""
        yield from self._codes.get(text, ())


def _occurrences(unit: _Unit, marked: _Marked) -> Iterator[str]:
    """Yield, as written, where a unit of the query is marked."""
    for code in sorted(unit.codes):
        yield from marked.code(code)
        yield from marked.rows((code,), (code,), (True,))
    yield from marked.rows(unit.exact, unit.folded, unit.plain)
    if len(unit.folded) == 1:
        yield from marked.code(unit.folded[0])


def _alternative(other: Alternative, marked: _Marked) -> Iterator[str]:
    """Yield, as written, where an alternative is marked."""
    tokens = typed_tokens(other.text)
    bare = other.is_spelling and list(tokens.exact) == list(tokens.folded)
    yield from marked.rows(tokens.exact, tokens.folded, (bare,) * len(tokens))
    for code in tokens.codes:
        if (code.first, code.end) == (0, len(tokens)):
            yield from marked.code(fold(code.text))


def _scattered(unit: _Unit, marked: _Marked) -> Reason | None:
    """Return where the syllables of a word that is not there are marked; None for a single one."""
    if len(unit.exact) == 1:
        return None
    there = (
        next(marked.rows((exact,), (folded,), (plain,)), None)
        for exact, folded, plain in zip(unit.exact, unit.folded, unit.plain, strict=True)
    )
    shown = list(dict.fromkeys(filter(None, there)))
    return Reason(ReasonCode.SCATTERED, unit.typed, _APART.join(shown)) if shown else None


def _joined(text: str, marks: Sequence[Span]) -> Iterator[Span]:
    """Yield ``marks``, those with only white space between them as one."""
    start, end = 0, 0
    for first, last in marks:
        if start < end and not text[end:first].isspace():
            yield start, end
            start = first
        elif start == end:
            start = first
        end = last
    if start < end:
        yield start, end


def _written(text: str, tokens: Tokens, first: int, end: int) -> str:
    """Return the syllables ``first`` to ``end`` of ``text`` as written, with the sign after a number, on one line."""
    stop = tokens.ends[end - 1]
    stop += tokens.exact[end - 1].isdigit() and text[stop : stop + 1] in _SIGNS
    return _SPACES.sub(" ", text[tokens.starts[first] : stop])


def _lower(text: str) -> str:
    return normalize("NFC", text).lower()
