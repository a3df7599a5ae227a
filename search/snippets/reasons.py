"""Say why a hit was found, where its marked words are not the query's as typed.

Only what is marked is compared with the query: the words of each clause, the codes, and the alternatives that the
archive added. A hit that has a word as typed needs no reason for it; neither does one that has it with accents, if it
was typed without any.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
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
_Texts = Sequence[tuple[str, Sequence[Span]]]
"""Texts, each with its marks."""


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
        self._as_typed: dict[str, frozenset[int]] = {}

    def reasons(self, hits: Sequence[tuple[_Texts, bool]]) -> list[list[Reason]]:
        """Return up to five reasons of each hit, given its texts with their marks, and whether it is relaxed.

        A relaxed hit, which only has the syllables of the query's words scattered, has one at least.
        """

        @cache
        def in_any_accents() -> list[_Marked | None]:
            """Return what is marked in the relaxed hits if words stand there with any accents."""
            texts = [text for own, relaxed in hits if relaxed for text, _ in own]
            marks = iter(self._any_accents.marks_of(texts))
            return [_Marked([(text, next(marks)) for text, _ in own]) if relaxed else None for own, relaxed in hits]

        def of_hit(at: int) -> list[Reason]:
            own, relaxed = hits[at]
            return self._of_hit(_Marked(own), (lambda: in_any_accents()[at]) if relaxed else None)

        return list(map(of_hit, range(len(hits))))

    def _of_hit(self, marked: _Marked, in_any_accents: Callable[[], _Marked | None] | None) -> list[Reason]:
        """Return the reasons of a hit; of a relaxed one, ``in_any_accents`` returns what else may be marked in it."""
        as_typed = frozenset().union(*map(self._as_typed_in, marked.texts))
        found: dict[Reason, None] = {}
        for number, unit in enumerate(self._units):
            if number in as_typed:
                continue
            reason = self._reason(unit, marked)
            if reason is None and in_any_accents and next(_occurrences(unit, marked), None) is None:
                reason = _in_other_accents(unit, in_any_accents) or _scattered(unit, marked)
            if reason is not None:
                found[reason] = None
        if in_any_accents and not found:
            shown = _APART.join(dict.fromkeys(islice(marked.texts, _MOST_SHOWN)))
            found[Reason(ReasonCode.SCATTERED, self._query, shown)] = None
        return list(found)[:_MOST_REASONS]

    def _as_typed_in(self, text: str) -> frozenset[int]:
        """Return the numbers of the units that stand in a marked ``text`` as typed; hits share most such texts."""
        known = self._as_typed.get(text)
        if known is None:
            alone = _Marked([(text, [(0, len(text))])])
            known = self._as_typed[text] = frozenset(
                number
                for number, unit in enumerate(self._units)
                if any(self._difference(unit, written) is None for written in _occurrences(unit, alone))
            )
        return known

    def _reason(self, unit: _Unit, marked: _Marked) -> Reason | None:
        """Return why a unit that is nowhere as typed is marked; None if it is not."""
        written = next(_occurrences(unit, marked), None)
        reason = None
        if written is not None and (code := self._difference(unit, written)) is not None:
            reason = Reason(code, unit.typed, written)
            if code is ReasonCode.ACCENTS:
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

    def __init__(self, texts: _Texts) -> None:
        parts = [text[start:end] for text, marks in texts for start, end in _joined(text, marks[:_MOST_MARKS])]
        self.texts = list(dict.fromkeys([_SPACES.sub(" ", part) for part in dict.fromkeys(parts)]))

    @cached_property
    def _found(self) -> tuple[dict[str, list[tuple[str, Tokens, int]]], dict[str, list[str]]]:
        """The places of each syllable without accents, and how each code is written."""
        heads: dict[str, list[tuple[str, Tokens, int]]] = defaultdict(list)
        codes: dict[str, list[str]] = defaultdict(list)
        for text in self.texts:
            tokens = typed_tokens(text)
            for at, folded in enumerate(tokens.folded):
                heads[folded].append((text, tokens, at))
            for code in tokens.codes:
                codes[fold(code.text)].append(_written(text, tokens, code.first, code.end))
        return heads, codes

    def rows(self, exact: Sequence[str], folded: Sequence[str], plain: Sequence[bool]) -> Iterator[str]:
        """Yield, as written, where syllables stand in a row, those ``plain`` with any accents."""
        for text, tokens, at in self._found[0].get(folded[0], ()) if folded else ():
            end = at + len(exact)
            here = zip(tokens.exact[at:end], tokens.folded[at:end], exact, folded, plain, strict=False)
            if end <= len(tokens) and all(
                bare == asked if any_ else one == wanted for one, bare, wanted, asked, any_ in here
            ):
                yield _written(text, tokens, at, end)

    def code(self, text: str) -> Iterator[str]:
        """Yield, as written, where a code stands."""
        yield from self._found[1].get(text, ())


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


def _in_other_accents(unit: _Unit, in_any_accents: Callable[[], _Marked | None]) -> Reason | None:
    """Return where a unit typed with accents stands with others, which is not marked."""
    marked = None if all(unit.plain) else in_any_accents()
    if marked is None:
        return None
    written = next(marked.rows(unit.folded, unit.folded, (True,) * len(unit.folded)), None)
    return None if written is None else Reason(ReasonCode.ACCENTS, unit.typed, written)


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
        if start < end and not (text[end].isspace() and text[end:first].isspace()):
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
