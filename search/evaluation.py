"""A query tree over a snapshot: which articles match, how well, and why.

Every node gives four arrays with one entry an article: whether it matches, whether it has every word, whether
it has every accent that was typed, and its score. Words are matched without accents; the streams with accents,
words and pairs only raise the score.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.analysis import Analysis, Stream, analyze
from index.normalization import fold
from index.schema import TEXT_FIELDS, UNDATED, field_name
from index.tokens import tokenize, unfinished_syllable
from search.query import And, Dates, Everything, Exact, Label, Match, Node, Not, Nothing, Or, Phrase, Prefix, Text
from search.scoring import Ranking, idf, query_frequency_weight, saturation
from search.snapshot import Ints, Postings, Snapshot

Flags = NDArray[np.bool_]
_MOST_SYLLABLES = 64
_MOST_CODES = 8
_MOST_EXPANSIONS = 100
_MOST_SCANNED = 1000
_MINUTES_A_DAY = 1440


@dataclass(slots=True)
class Evaluated:
    """What a node says of every article; ``ceiling`` is more than any article can score.

    ``short`` tells that the words are few, ``accents`` that some were typed with accents.
    """

    matched: Flags
    every: Flags
    exact: Flags
    score: NDArray[np.float32]
    ceiling: float = 0.0
    short: bool = True
    accents: bool = False
    parts: dict[str, NDArray[np.float32]] = field(default_factory=dict)


class Evaluation:
    """Evaluate trees over ``snapshot``; with ``explain`` the parts of the score are kept."""

    def __init__(self, snapshot: Snapshot, ranking: Ranking, match: Match, *, explain: bool = False) -> None:
        self._snapshot = snapshot
        self._ranking = ranking
        self._match = match
        self._explain = explain

    def run(self, tree: Node) -> Evaluated:
        """Return the evaluation of a whole query: live articles alone, those with every word put first."""
        result = self._node(tree)
        result.matched &= self._snapshot.live
        if self._match is Match.AUTO and not result.matched.any():
            self._match = Match.ANY
            result = self._node(tree)
            result.matched &= self._snapshot.live
        if result.ceiling and self._match is not Match.ANY:
            share = 1.0 if result.short else self._ranking.every_word
            self._add(result, "every word", result.every * np.float32(share * result.ceiling))
            if result.short and result.accents:
                self._add(result, "accents as typed", (result.every & result.exact) * np.float32(result.ceiling))
        result.score *= result.matched
        return result

    def _node(self, node: Node) -> Evaluated:
        match node:
            case Text(text, scope):
                return self._text(text, scope)
            case Phrase(text, scope):
                return self._phrase(text, scope)
            case Exact(text, scope):
                return self._exact(text, scope)
            case Prefix(text, scope):
                return self._prefix(text, scope)
            case Label(label, value):
                return self._constant(self._label(label, value))
            case Dates(first, last):
                return self._constant(self.dated(first, last))
            case Not(inner):
                return self._constant(~self._excluded(inner))
            case And(nodes):
                return self._both(self._node(child) for child in nodes)
            case Or(nodes):
                return self._either(self._node(child) for child in nodes)
            case Everything():
                return self._constant(np.ones(self._snapshot.size, bool))
            case Nothing():
                return self._constant(np.zeros(self._snapshot.size, bool))

    # --- joining -----------------------------------------------------------------------------------------

    def _constant(self, matched: Flags) -> Evaluated:
        return Evaluated(matched, matched.copy(), matched.copy(), np.zeros(self._snapshot.size, np.float32))

    def _both(self, children: Iterator[Evaluated]) -> Evaluated:
        first = next(children)
        for child in children:
            first.matched &= child.matched
            first.every &= child.every
            first.exact &= child.exact
            self._join_scores(first, child)
        return first

    def _either(self, children: Iterator[Evaluated]) -> Evaluated:
        first = next(children)
        for child in children:
            first.matched |= child.matched
            first.exact = (first.every & first.exact) | (child.every & child.exact)
            first.every |= child.every
            self._join_scores(first, child)
        return first

    @staticmethod
    def _join_scores(into: Evaluated, child: Evaluated) -> None:
        into.score += child.score
        into.ceiling += child.ceiling
        into.short &= child.short
        into.accents |= child.accents
        for name, part in child.parts.items():
            into.parts[name] = into.parts[name] + part if name in into.parts else part

    # --- words -------------------------------------------------------------------------------------------

    def _text(self, text: str, scope: str | None) -> Evaluated:
        """Match words without accents; how many an article must have depends on the match mode."""
        analysis = analyze(text)
        result = self._scored(analysis, scope)
        size = self._snapshot.size
        concepts = self._concepts(analysis, scope)
        counts, weights = np.zeros(size, np.int32), np.zeros(size, np.float32)
        total_weight = 0.0
        for articles in concepts:
            weight = idf(self._snapshot.count, len(articles))
            counts[articles] += 1
            weights[articles] += weight
            total_weight += weight
        result.every = counts == len(concepts)
        result.short = len(concepts) <= self._ranking.short_query
        if self._match is Match.ALL:
            result.matched = result.every
        elif self._match is Match.ANY:
            result.matched = counts > 0
        else:
            ranking = self._ranking
            least = ranking.least_matched_short if result.short else ranking.least_matched
            enough = result.every if len(concepts) <= 2 else weights >= least * total_weight
            result.matched = enough & (counts > 0)
        result.matched = result.matched.copy()
        return result

    def _excluded(self, node: Node) -> Flags:
        """Return what ``NOT node`` leaves out: articles with every word of it, with the accents that were typed."""
        outer, self._match = self._match, Match.ALL
        result = self._node(node)
        self._match = outer
        return result.matched & result.exact

    def _concepts(self, analysis: Analysis, scope: str | None) -> list[Ints]:
        """Return, for each distinct syllable or code, the articles that have it."""
        tokens = analysis.tokens
        in_code: set[int] = set()
        concepts: dict[str, Ints] = {}
        for code in tokens.codes[:_MOST_CODES]:
            in_code.update(range(code.first, code.end))
            whole = self._articles(Stream.FOLDED, fold(code.text), scope)
            parts = self._in_a_row(tokens.folded[code.first : code.end], Stream.FOLDED, scope)
            concepts[code.text] = np.union1d(whole, parts)
        for at, syllable in enumerate(tokens.folded[:_MOST_SYLLABLES]):
            if at not in in_code and syllable not in concepts:
                concepts[syllable] = self._articles(Stream.FOLDED, syllable, scope)
        return list(concepts.values())

    def _phrase(self, text: str, scope: str | None) -> Evaluated:
        analysis = analyze(text)
        result = self._scored(analysis, scope)
        tokens = analysis.tokens
        plain = self._plain_syllables(analysis, scope)
        streams = [Stream.FOLDED if is_plain else Stream.SYLLABLE for is_plain in plain]
        terms = list(zip(streams, tokens.exact, strict=False))
        result.matched[self._together(terms, scope)] = True
        return self._certain(result)

    def _exact(self, text: str, scope: str | None) -> Evaluated:
        analysis = analyze(text)
        result = self._scored(analysis, scope)
        result.matched[self._in_a_row(analysis.tokens.exact, Stream.SYLLABLE, scope)] = True
        return self._certain(result)

    def _prefix(self, text: str, scope: str | None) -> Evaluated:
        tokens = tokenize(text)
        stream = Stream.FOLDED if tokens.exact == tokens.folded else Stream.SYLLABLE
        known: Counter[str] = Counter()
        for name in _scoped(scope):
            for prefix in unfinished_syllable(text):
                for term, frequency in self._snapshot.terms_with_prefix(
                    field_name(name, stream), prefix, _MOST_SCANNED
                ):
                    known[term] = max(known[term], frequency)
        result = self._constant(np.zeros(self._snapshot.size, bool))
        for term, _ in known.most_common(_MOST_EXPANSIONS):
            one = self._constant(result.matched)
            self._score_term(one, stream, term, 1.0, scope)
            result.matched[self._articles(stream, term, scope)] = True
            np.maximum(result.score, one.score, out=result.score)
            result.ceiling = max(result.ceiling, one.ceiling)
        if self._explain:
            result.parts[f"prefix {text}"] = result.score.copy()
        return self._certain(result)

    @staticmethod
    def _certain(result: Evaluated) -> Evaluated:
        result.every = result.matched.copy()
        result.exact = result.matched.copy()
        return result

    def _in_a_row(self, syllables: Sequence[str], stream: Stream, scope: str | None) -> Ints:
        return self._together([(stream, syllable) for syllable in syllables], scope)

    def _together(self, terms: Sequence[tuple[Stream, str]], scope: str | None) -> Ints:
        """Return the articles where ``terms`` stand one after the other in one text field."""
        found = [self._together_in(name, terms[:_MOST_SYLLABLES]) for name in _scoped(scope)]
        return np.unique(np.concatenate(found))

    def _together_in(self, name: str, terms: Sequence[tuple[Stream, str]]) -> Ints:
        names = [(field_name(name, stream), term) for stream, term in terms]
        postings = [self._snapshot.postings(where, term) for where, term in names]
        candidates: Ints = min(postings, key=len).articles
        for posting in postings:
            candidates = np.intersect1d(candidates, posting.articles, assume_unique=True)
        if len(terms) == 1 or not len(candidates):
            return candidates
        starts: NDArray[np.int64] | None = None
        for number, (where, term) in enumerate(names):
            owners, places = self._snapshot.positions(where, term, candidates)
            here = (owners.astype(np.int64) << 32) + places - number
            starts = here if starts is None else np.intersect1d(starts, here)
        assert starts is not None
        return np.unique(starts >> 32).astype(np.int32)

    # --- scoring -----------------------------------------------------------------------------------------

    def _scored(self, analysis: Analysis, scope: str | None) -> Evaluated:
        """Return the sum of BM25 over the streams, and whether each article has the accents that were typed."""
        result = self._constant(np.zeros(self._snapshot.size, bool))
        tokens = analysis.tokens
        plain = self._plain_syllables(analysis, scope)
        limit = range(min(len(tokens), _MOST_SYLLABLES))
        weights: defaultdict[tuple[Stream, str], float] = defaultdict(float)
        counts: Counter[tuple[Stream, str]] = Counter()
        for stream in Stream:
            for term, at in analysis.terms(stream):
                if at in limit:
                    typed_plain = plain[at] and stream is not Stream.WORD
                    table = self._ranking.streams_plain if typed_plain else self._ranking.streams_accented
                    weights[stream, term] = max(weights[stream, term], table.get(stream, 0.0))
                    counts[stream, term] += 1
        if all(plain):
            weights = defaultdict(float, {key: value for key, value in weights.items() if key[0] is not Stream.WORD})
        for (stream, term), weight in weights.items():
            if weight:
                self._score_term(result, stream, term, weight * query_frequency_weight(counts[stream, term]), scope)
        typed = {tokens.exact[at] for at in limit if tokens.exact[at] != tokens.folded[at]}
        has_accents = np.zeros(self._snapshot.size, np.int32)
        for syllable in typed:
            has_accents[self._articles(Stream.SYLLABLE, syllable, scope)] += 1
        result.exact = has_accents == len(typed)
        result.accents = bool(typed)
        return result

    def _plain_syllables(self, analysis: Analysis, scope: str | None) -> list[bool]:
        """Tell for each syllable whether its accents were left out.

        In a query without any accent they all were. Otherwise those were that articles hardly ever write so.
        """
        tokens = analysis.tokens
        typed = list(zip(tokens.exact, tokens.folded, strict=True))[:_MOST_SYLLABLES]
        if all(exact == folded for exact, folded in typed):
            return [True] * len(typed)
        return [exact == folded and self._written_bare_seldom(exact, scope) for exact, folded in typed]

    def _written_bare_seldom(self, syllable: str, scope: str | None) -> bool:
        as_typed = self._document_frequency(Stream.SYLLABLE, syllable, scope)
        return as_typed < self._ranking.unaccented_share * self._document_frequency(Stream.FOLDED, syllable, scope)

    def _score_term(self, result: Evaluated, stream: Stream, term: str, weight: float, scope: str | None) -> None:
        ranking, snapshot = self._ranking, self._snapshot
        frequency = self._document_frequency(stream, term, scope)
        if not frequency:
            return
        importance = weight * idf(snapshot.count, frequency) ** ranking.idf_power
        for name in _scoped(scope):
            where = field_name(name, stream)
            found = snapshot.postings(where, term)
            if not len(found):
                continue
            boost = importance * ranking.fields[name]
            lengths = snapshot.lengths(where)[found.articles]
            parts = saturation(found.frequencies, lengths, snapshot.average_length(where), ranking.k1, ranking.b[name])
            result.score[found.articles] += np.float32(boost) * parts
            result.ceiling += boost * (ranking.k1 + 1.0)
            if self._explain:
                part = result.parts.setdefault(f"{name} {stream} {term}", np.zeros(snapshot.size, np.float32))
                part[found.articles] += np.float32(boost) * parts

    def _add(self, result: Evaluated, name: str, part: NDArray[np.float32]) -> None:
        result.score += part
        if self._explain:
            result.parts[name] = part

    def _document_frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        return max(len(posting) for posting in self._postings(stream, term, scope))

    def _articles(self, stream: Stream, term: str, scope: str | None) -> Ints:
        found = [posting.articles for posting in self._postings(stream, term, scope)]
        return found[0] if len(found) == 1 else np.union1d(found[0], found[1])

    def _postings(self, stream: Stream, term: str, scope: str | None) -> list[Postings]:
        return [self._snapshot.postings(field_name(name, stream), term) for name in _scoped(scope)]

    # --- filters -----------------------------------------------------------------------------------------

    def labelled(self, label: str, value: str) -> Flags:
        """Return the articles whose label is ``value``, case and accents aside."""
        wanted = _plain(value)
        return self._by_label(label, lambda name: _plain(name) == wanted)

    def dated(self, first: int | None, last: int | None) -> Flags:
        """Return the articles published from day ``first`` to day ``last``; undated ones are left out."""
        minutes = self._snapshot.minutes
        matched: Flags = minutes != UNDATED
        if first is not None:
            matched &= minutes >= (first - 1) * _MINUTES_A_DAY
        if last is not None:
            matched &= minutes < last * _MINUTES_A_DAY
        return matched

    def _label(self, label: str, value: str) -> Flags:
        wanted = f" {_plain(value)} "
        return self._by_label(label, lambda name: wanted in f" {_plain(name)} ")

    def _by_label(self, label: str, accept: Callable[[str], bool]) -> Flags:
        labels = self._snapshot.labels(label)
        accepted = np.array([bool(name) and accept(name) for name in labels.values], bool)
        matched: Flags = accepted[labels.codes]
        return matched


def _plain(text: str) -> str:
    return " ".join(tokenize(text).folded)


def _scoped(scope: str | None) -> Iterable[str]:
    return TEXT_FIELDS if scope is None else (scope,)
