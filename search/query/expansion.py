"""Query expansion: what the archive knows of a query's words, abbreviations and their long forms, and synonyms.

``Expansion`` cuts the plain words of a query tree and adds alternatives; phrases and exact words get none. An
abbreviation in lower case that could be a Vietnamese syllable (``ai``, ``eu``) is taken as the syllable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from index.analysis.abbreviations import CAPITAL, CERTAIN, SMALL, long_form_ending
from index.analysis.analyzer import Stream, bigram
from index.analysis.normalization import fold
from index.analysis.syllables import is_vietnamese_shape
from index.analysis.tokenizer import Tokens
from index.errors import SearchTimeoutError
from search.deadline import Deadline
from search.query.joined import joined_spellings, other_spellings
from search.query.notes import Note, NoteCode, note
from search.query.synonyms import MOST_SYNONYMS, Synonyms
from search.query.tree import MOST_SYLLABLES, Alternative, And, Cut, Node, Or, Origin, Words, typed_analysis
from search.query.words import cut_words
from search.statistics import TermStatistics

_MOST_ABBREVIATIONS = 6
_MOST_FORMS = 3
_MOST_SHORTS = 10
_MOST_READ = 60
_SCANNED = 2000
_LEAST_SHARE = 0.2
_LEAST_DEFINED = 2
_LEAST_AGREED = 0.5
_FAR_MORE = 10


class Expansion:
    """Adds to one query what an archive knows of it; ``notes`` says what was left out.

    Once ``deadline`` is over, it leaves out the rest of an OR; then ``partial`` is True.
    """

    def __init__(self, statistics: TermStatistics, synonyms: Synonyms, deadline: Deadline | None = None) -> None:
        self.notes: list[Note] = []
        self.partial = False
        self._deadline = deadline or Deadline()
        self._expanded = 0
        self._statistics = statistics
        self._synonyms = synonyms
        self._left = MOST_SYNONYMS

    def expand(self, tree: Node) -> Node:
        """Return ``tree`` with its plain words cut into words of the archive, and alternatives added.

        Raises SearchTimeoutError if the deadline is over before any part is expanded.
        """
        before = list(self.notes), self.partial, self._expanded, self._left

        def run() -> Node:
            self.notes[:], self.partial, self._expanded, self._left = before
            return self._expanded_node(tree)

        return self._statistics.together(run)

    def _expanded_node(self, tree: Node) -> Node:
        match tree:
            case And(nodes):
                return And(tuple(map(self._expanded_node, nodes)))
            case Or(nodes):
                return Or(tuple(self._in_time(nodes)))
            case Words(text):
                if self._deadline.must_stop(self._expanded):
                    self._deadline.check()
                self._expanded += 1
                tokens = typed_analysis(text).tokens
                found = dict.fromkeys(self._synonyms_of(tokens))
                short = (one for one in Abbreviations(self._statistics).alternatives(tokens) if one not in found)
                found.update(dict.fromkeys(islice(short, _MOST_ABBREVIATIONS)))
                bounds = {bound for other in found for bound in (other.first, other.end)}
                cut = cut_words(typed_analysis(text), self._statistics, bounds)
                spellings = dict.fromkeys(joined_spellings(found, self._statistics))
                spellings.update(dict.fromkeys(other_spellings(tokens, cut, self._statistics)))
                whole = dict.fromkeys(_of_whole_word(one, tokens, cut) for one in spellings)
                return replace(tree, alternatives=(*found, *whole), cut=cut)
            case _:
                return tree

    def _in_time(self, nodes: Sequence[Node]) -> Iterator[Node]:
        """Yield the parts of an OR, expanded; after the deadline, only those before."""
        for number, node in enumerate(nodes):
            try:
                yield self._expanded_node(node)
            except SearchTimeoutError:
                if not number:
                    raise
                self.partial = True
                return

    def _synonyms_of(self, tokens: Tokens) -> list[Alternative]:
        """Return the synonyms of a part of the query, if it may still have as many; else note it."""
        found = list(islice(self._synonyms.alternatives(tokens), self._left + 1))
        if len(found) > self._left:
            self.notes.append(note(NoteCode.ALTERNATIVES, allowed=MOST_SYNONYMS))
        kept = found[: self._left]
        self._left -= len(kept)
        return kept


def _of_whole_word(other: Alternative, tokens: Tokens, cut: Cut) -> Alternative:
    """Return an alternative for a part of a word of the query as one for all of the word."""
    for first, end in cut.words:
        if first <= other.first and other.end <= end and (first, end) != (other.first, other.end):
            before, after = tokens.exact[first : other.first], tokens.exact[other.end : end]
            return replace(other, first=first, end=end, text=" ".join([*before, other.text, *after]))
    return other


class Abbreviations:
    """The abbreviations that articles define, and their long forms."""

    def __init__(self, statistics: TermStatistics) -> None:
        self._statistics = statistics

    def alternatives(self, tokens: Tokens) -> Iterator[Alternative]:
        """Yield the long forms of a query's abbreviations, and abbreviations of the long forms it contains."""
        codes = {(code.first, code.end): code.text for code in tokens.codes if not code.implied}
        for at in range(min(len(tokens), MOST_SYLLABLES)):
            if _may_be_short(tokens, at):
                codes.setdefault((at, at + 1), tokens.exact[at])
        for (first, end), short in codes.items():
            for long in self.long_forms(short):
                yield Alternative(first, end, long, origin=Origin.ABBREVIATION)
        for end in range(2, min(len(tokens), MOST_SYLLABLES) + 1):
            for short in self._short_forms(long_form_ending(tokens.exact[end - 2 : end])):
                for long in self.long_forms(short):
                    first = end - len(long.split())
                    if first >= 0 and _says(tokens, first, end, long):
                        written = short if " " in short else short.upper()
                        yield Alternative(first, end, written, origin=Origin.ABBREVIATION)

    def long_forms(self, short: str) -> Sequence[str]:
        """Return the long forms of an abbreviation, the most frequent first: canonical syllables joined by spaces."""
        counts: dict[str, dict[str, int]] = {CERTAIN: {}, CAPITAL: {}, SMALL: {}}
        defined = 0
        found = self._statistics.abbreviations(f"{short}\t", _SCANNED)
        for term, count in found[:_MOST_READ]:
            _, kind, *long = term.split("\t")
            if long:
                counts[kind][long[0]] = count
            else:
                defined = count
        certain = counts[CERTAIN]
        if certain:
            most = max(certain.values())
            usual = [long for long, count in certain.items() if count >= _LEAST_SHARE * most]
            return sorted(usual, key=lambda long: (-certain[long], long))[:_MOST_FORMS]
        least = max(_LEAST_DEFINED, _LEAST_AGREED * defined)
        for kind in (CAPITAL, SMALL):
            agreed = [long for long, count in counts[kind].items() if count >= least]
            if agreed := [long for long in agreed if not self._stands_alone(long, short)]:
                return [max(agreed, key=lambda long: (len(long.split()), long))]
        return []

    def _stands_alone(self, long: str, short: str) -> bool:
        """Tell whether articles have ``long`` so often without ``short`` that it is only the end of the long form.

        ``Liên đoàn Bóng đá Việt Nam (VFF)`` and others before brackets do not make ``VFF`` short for ``Việt Nam``.
        """
        met = [self._statistics.document_frequency(Stream.BIGRAM, bigram(*pair)) for pair in pairwise(long.split())]
        return min(met, default=0) > _FAR_MORE * self._statistics.document_frequency(Stream.SYLLABLE, short)

    def _short_forms(self, ending: str) -> list[str]:
        found = self._statistics.abbreviations(f"{ending}\t", _SCANNED)
        return [term.partition("\t")[2] for term, _ in found[:_MOST_SHORTS]]


def _may_be_short(tokens: Tokens, at: int) -> bool:
    written = tokens.written(at)
    return len(written) > 1 and (written.isupper() or not is_vietnamese_shape(tokens.exact[at]))


def _says(tokens: Tokens, first: int, end: int, long: str) -> bool:
    """Tell whether syllables ``first`` to ``end`` of a query are ``long``: with its accents, or typed without any."""
    wanted = long.split()
    typed = list(tokens.exact[first:end])
    return typed == wanted or (typed == list(tokens.folded[first:end]) and typed == [fold(one) for one in wanted])
