"""The words of a text that is still being typed: whole syllables, and the beginning of one more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.analysis.analyzer import Stream, bigram
from index.analysis.normalization import fold
from index.analysis.tokenizer import Tokens, tokenize, unfinished_syllable

LONGEST_TYPED = 200
"""How many characters of what is typed are read."""
_MOST_SYLLABLES = 32

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TypedSyllable:
    """A syllable as typed: terms of ``stream`` are it that are one of ``whole``, or begin with one of ``begun``.

    One typed without accents stands for any; then the stream is FOLDED, else SYLLABLE.
    """

    stream: Stream
    whole: tuple[str, ...]
    begun: tuple[str, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether it was typed without accents."""
        return self.stream is Stream.FOLDED

    def without_accents(self) -> TypedSyllable:
        """Return the syllable as if it was typed without accents."""
        return TypedSyllable(Stream.FOLDED, tuple(map(fold, self.whole)), tuple(map(fold, self.begun)))

    def is_in(self, exact: str) -> bool:
        """Tell whether a syllable of a text, in its canonical form, is this one."""
        term = fold(exact) if self.bare else exact
        return term in self.whole or term.startswith(self.begun)


def typed_pair(one: TypedSyllable, other: TypedSyllable) -> tuple[Stream, list[str], list[str]]:
    """Return the stream and the whole and begun bigrams of two syllables side by side; ``one`` is whole."""
    stream = Stream.BIGRAM
    if one.bare or other.bare:
        stream, one, other = Stream.FOLDED_BIGRAM, one.without_accents(), other.without_accents()
    whole, begun = ([bigram(one.whole[0], term) for term in terms] for terms in (other.whole, other.begun))
    return stream, whole, begun


@dataclass(frozen=True, slots=True)
class TypedWords:
    """The syllables typed so far, in order; at least one."""

    syllables: tuple[TypedSyllable, ...]

    def marks(self, tokens: Tokens) -> list[Span]:
        """Return the spans of a text to mark: where all syllables stand in a row, else wherever one of them stands."""
        size = len(self.syllables)
        rows = [
            (tokens.starts[at], tokens.ends[at + size - 1])
            for at in range(len(tokens) - size + 1)
            if all(one.is_in(exact) for one, exact in zip(self.syllables, tokens.exact[at : at + size], strict=True))
        ]
        return _apart(rows or self._scattered(tokens))

    def _scattered(self, tokens: Tokens) -> Iterator[Span]:
        for start, end, exact in zip(tokens.starts, tokens.ends, tokens.exact, strict=True):
            if any(one.is_in(exact) for one in self.syllables):
                yield start, end
        for code in tokens.codes:
            if any(one.is_in(code.text) for one in self.syllables):
                yield tokens.starts[code.first], tokens.ends[code.end - 1]


def typed_words(typed: str) -> TypedWords | None:
    """Return the words of the text typed so far; None if there are none.

    The last syllable is taken for the beginning of one unless a space follows it. It may still lack its tone
    (``index.analysis.syllables.beginnings``).
    """
    typed = typed[:LONGEST_TYPED]
    tokens = tokenize(typed)
    if not len(tokens):
        return None
    finished = typed[-1:].isspace()
    whole = tokens.exact if finished else tokens.exact[:-1]
    syllables = [TypedSyllable(_stream(one, one), (one,)) for one in whole]
    if not finished:
        syllables.append(_unfinished(typed, tokens.written(-1).lower()))
    return TypedWords(tuple(syllables[:_MOST_SYLLABLES]))


def _unfinished(typed: str, written: str) -> TypedSyllable:
    """Return the last syllable of ``typed``; ``ky``, which is ``kì`` too, begins no ``kinh``."""
    terms = unfinished_syllable(typed)
    begun = tuple(term for term in terms if fold(term) == fold(written))
    return TypedSyllable(_stream(written, *terms), tuple(set(terms).difference(begun)), begun)


def _stream(written: str, *terms: str) -> Stream:
    return Stream.FOLDED if written == fold(written) and all(term == fold(term) for term in terms) else Stream.SYLLABLE


def _apart(spans: Sequence[Span] | Iterator[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
