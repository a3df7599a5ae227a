"""A query tree over a snapshot: which articles match, how well, and why.

Every node gives four arrays with one entry an article: whether it matches, whether it has every word, whether
it has every accent that was typed, and its score. Words are matched without accents; the streams with accents,
words and pairs only raise the score.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.analysis import Analysis, Stream, analyze
from index.schema import UNDATED, field_name
from index.stopwords import PLAIN_QUESTION_SYLLABLES, QUESTION_WORDS
from index.tokens import tokenize, unfinished_syllable
from search.matching import MOST_SYLLABLES, Concept, Matcher, Spelled, scoped
from search.nearness import nearness
from search.query import (
    And,
    Dates,
    Everything,
    Exact,
    Label,
    Match,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Text,
    wanted_words,
)
from search.scoring import Ranking, idf, query_frequency_weight, saturation
from search.snapshot import Ints, Snapshot

Flags = NDArray[np.bool_]
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
        self._matcher = Matcher(snapshot)
        self._ranking = ranking
        self._match = match
        self._explain = explain

    def run(self, tree: Node, within: Flags | None = None) -> Evaluated:
        """Return the evaluation of a whole query: live articles alone, of those ``within`` if that is given.

        Articles with every word are put first.
        """
        result = self._node(tree)
        result.matched &= self._snapshot.live
        if self._match is Match.AUTO and not result.matched.any():
            self._match = Match.ANY
            result = self._node(tree)
            result.matched &= self._snapshot.live
        if within is not None:
            result.matched &= within
        result.score *= result.matched
        best = float(result.score.max(initial=0.0))
        if best and self._match is not Match.ANY:
            first = (1.0 + self._ranking.nearness) * result.ceiling
            share = 1.0 if result.short else self._ranking.every_word
            self._add(result, "every word", (result.every & result.matched) * np.float32(share * first))
            if result.short and result.accents:
                as_typed = result.every & result.exact & result.matched
                self._add(result, "accents as typed", as_typed * np.float32(first))
        if best:
            self._add_nearness(result, tree, best)
        return result

    def _add_nearness(self, result: Evaluated, tree: Node, best: float) -> None:
        """Add to the best articles a share of ``best``, the best score, for how close together they have the words."""
        for leaf in wanted_words(tree):
            weights = self._folded_weights(leaf) if isinstance(leaf, Text) else {}
            if len(weights) < 2:
                continue
            count = min(self._ranking.near_articles, len(result.score))
            top = np.sort(np.argpartition(-result.score, count - 1)[:count]).astype(np.int32)
            top = top[result.matched[top]]
            close = [
                nearness(self._snapshot, field_name(name, Stream.FOLDED), weights, top, self._ranking.window)
                for name in scoped(leaf.field)
            ]
            part = np.zeros_like(result.score)
            part[top] = np.maximum.reduce(close) * np.float32(self._ranking.nearness * best / sum(weights.values()))
            self._add(result, "nearness", part)

    def _folded_weights(self, leaf: Text) -> dict[str, float]:
        """Return the weights of the syllables of a leaf that any article has, without accents."""
        analysis = analyze(leaf.text)
        shares = self._shares(analysis, self._plain_syllables(analysis, leaf.field))
        weights: dict[str, float] = {}
        for syllable, share in zip(analysis.tokens.folded[:MOST_SYLLABLES], shares, strict=True):
            frequency = self._matcher.document_frequency(Stream.FOLDED, syllable, leaf.field)
            if frequency:
                weights[syllable] = share * idf(self._snapshot.count, frequency) ** self._ranking.idf_power
        return weights

    def _shares(self, analysis: Analysis, plain: Sequence[bool]) -> list[float]:
        """Return for each syllable what it counts: less for the question words of a longer query."""
        folded = analysis.tokens.folded[:MOST_SYLLABLES]
        shares = [1.0] * len(folded)
        if len(folded) <= self._ranking.short_query:
            return shares
        for word in analysis.words:
            asks = word.text in QUESTION_WORDS
            for at in range(word.first, min(word.end, len(folded))):
                if asks or (all(plain) and folded[at] in PLAIN_QUESTION_SYLLABLES):
                    shares[at] = self._ranking.question_word
        return shares

    def _node(self, node: Node) -> Evaluated:
        match node:
            case Text():
                return self._text(node)
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

    def _text(self, leaf: Text) -> Evaluated:
        """Match words without accents; how many an article must have depends on the match mode."""
        analysis, scope = analyze(leaf.text), leaf.field
        others = [(other, self._matcher.spelled(analyze(other.text), scope)) for other in leaf.alternatives]
        result = self._scored(analysis, scope, others)
        concepts = self._matcher.concepts(analysis, scope)
        typed = [concept.articles for concept in concepts]
        covered = [concept.covered(others) for concept in concepts]
        importance = [idf(self._snapshot.count, len(articles)) for articles in typed]
        result.every = self._sum(typed, [1.0] * len(typed)) == len(concepts)
        result.short = len(concepts) <= self._ranking.short_query
        found = self._sum(covered, [1.0] * len(covered))
        if self._match is Match.ALL or (self._match is Match.AUTO and len(concepts) <= 2):
            result.matched = found == len(concepts)
        elif self._match is Match.ANY:
            result.matched = found > 0
        else:
            ranking = self._ranking
            least = ranking.least_matched_short if result.short else ranking.least_matched
            result.matched = (self._sum(covered, importance) >= least * sum(importance)) & (found > 0)
        self._score_alternatives(result, others, scope)
        return result

    def _sum(self, articles: Sequence[Ints], weights: Sequence[float]) -> NDArray[np.float32]:
        """Return for each article the sum of the weights of the sets it is in."""
        sums = np.zeros(self._snapshot.size, np.float32)
        for some, weight in zip(articles, weights, strict=True):
            sums[some] += np.float32(weight)
        return sums

    def _score_alternatives(self, result: Evaluated, others: Sequence[Spelled], scope: str | None) -> None:
        """Add to the articles that lack what was typed the score of what else they say for it."""
        for other, articles in others:
            part = self._scored(analyze(other.text), scope)
            said = np.zeros(self._snapshot.size, np.float32)
            said[articles] = self._ranking.alternative
            said[result.every] = 0.0
            result.ceiling += part.ceiling * self._ranking.alternative
            self._add(result, f"for {other.text}", part.score * said)

    def _excluded(self, node: Node) -> Flags:
        """Return what ``NOT node`` leaves out: articles with every word of it, with the accents that were typed."""
        outer, self._match = self._match, Match.ALL
        result = self._node(node)
        self._match = outer
        return result.matched & result.exact

    def _phrase(self, text: str, scope: str | None) -> Evaluated:
        analysis = analyze(text)
        result = self._scored(analysis, scope)
        tokens = analysis.tokens
        plain = self._plain_syllables(analysis, scope)
        streams = [Stream.FOLDED if is_plain else Stream.SYLLABLE for is_plain in plain]
        terms = list(zip(streams, tokens.exact, strict=False))
        result.matched[self._matcher.together(terms, scope)] = True
        return self._certain(result)

    def _exact(self, text: str, scope: str | None) -> Evaluated:
        analysis = analyze(text)
        result = self._scored(analysis, scope)
        result.matched[self._matcher.in_a_row(analysis.tokens.exact, Stream.SYLLABLE, scope)] = True
        return self._certain(result)

    def _prefix(self, text: str, scope: str | None) -> Evaluated:
        tokens = tokenize(text)
        stream = Stream.FOLDED if tokens.exact == tokens.folded else Stream.SYLLABLE
        known: Counter[str] = Counter()
        for name in scoped(scope):
            for prefix in unfinished_syllable(text):
                for term, frequency in self._snapshot.terms_with_prefix(
                    field_name(name, stream), prefix, _MOST_SCANNED
                ):
                    known[term] = max(known[term], frequency)
        result = self._constant(np.zeros(self._snapshot.size, bool))
        for term, _ in known.most_common(_MOST_EXPANSIONS):
            one = self._constant(result.matched)
            self._score_term(one, stream, term, 1.0, scope)
            result.matched[self._matcher.articles(stream, term, scope)] = True
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

    # --- scoring -----------------------------------------------------------------------------------------

    def _scored(self, analysis: Analysis, scope: str | None, others: Sequence[Spelled] = ()) -> Evaluated:
        """Return the sum of BM25 over the streams, and whether each article has the accents that were typed.

        What is said with an alternative needs no accents.
        """
        result = self._constant(np.zeros(self._snapshot.size, bool))
        plain = self._plain_syllables(analysis, scope)
        limit = range(len(plain))
        weights: defaultdict[tuple[Stream, str], float] = defaultdict(float)
        counts: Counter[tuple[Stream, str]] = Counter()
        shares = self._shares(analysis, plain)
        for stream in Stream:
            for term, at in analysis.terms(stream):
                if at in limit:
                    typed_plain = plain[at] and stream is not Stream.WORD
                    table = self._ranking.streams_plain if typed_plain else self._ranking.streams_accented
                    share = (
                        math.sqrt(shares[at] * shares[min(at + 1, limit[-1])]) if stream is Stream.PAIR else shares[at]
                    )
                    weights[stream, term] = max(weights[stream, term], share * table.get(stream, 0.0))
                    counts[stream, term] += 1
        if all(plain):
            weights = defaultdict(float, {key: value for key, value in weights.items() if key[0] is not Stream.WORD})
        for (stream, term), weight in weights.items():
            if weight:
                self._score_term(result, stream, term, weight * query_frequency_weight(counts[stream, term]), scope)
        self._mark_exact(result, analysis, scope, others)
        return result

    def _mark_exact(self, result: Evaluated, analysis: Analysis, scope: str | None, others: Sequence[Spelled]) -> None:
        """Tell which articles have every accent that was typed outside codes, whose spellings differ."""
        tokens = analysis.tokens
        in_code = {at for code in tokens.codes for at in range(code.first, code.end)}
        typed: dict[str, Concept] = {}
        for at in range(min(len(tokens), MOST_SYLLABLES)):
            syllable = tokens.exact[at]
            if syllable != tokens.folded[at] and at not in in_code and syllable not in typed:
                typed[syllable] = Concept(at, at + 1, self._matcher.articles(Stream.SYLLABLE, syllable, scope))
        covered = [concept.covered(others) for concept in typed.values()]
        result.exact = self._sum(covered, [1.0] * len(covered)) == len(typed)
        result.accents = bool(typed)

    def _plain_syllables(self, analysis: Analysis, scope: str | None) -> list[bool]:
        """Tell for each syllable whether its accents were left out.

        In a query without any accent they all were. Otherwise those were that articles hardly ever write so.
        """
        tokens = analysis.tokens
        typed = list(zip(tokens.exact, tokens.folded, strict=True))[:MOST_SYLLABLES]
        if all(exact == folded for exact, folded in typed):
            return [True] * len(typed)
        return [exact == folded and self._written_bare_seldom(exact, scope) for exact, folded in typed]

    def _written_bare_seldom(self, syllable: str, scope: str | None) -> bool:
        as_typed = self._matcher.document_frequency(Stream.SYLLABLE, syllable, scope)
        return as_typed < self._ranking.unaccented_share * self._matcher.document_frequency(
            Stream.FOLDED, syllable, scope
        )

    def _score_term(self, result: Evaluated, stream: Stream, term: str, weight: float, scope: str | None) -> None:
        ranking, snapshot = self._ranking, self._snapshot
        frequency = self._matcher.document_frequency(stream, term, scope)
        if not frequency:
            return
        importance = weight * idf(snapshot.count, frequency) ** ranking.idf_power
        for name in scoped(scope):
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
