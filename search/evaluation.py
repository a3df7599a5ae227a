"""A query tree over a snapshot: which articles match, how well, and why.

Every node gives four arrays with one entry an article: whether it matches, whether it has every word, whether
it has every accent that was typed, and its score. Words are matched without accents; the streams with accents,
words and pairs only raise the score.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.analysis import Analysis, Stream
from index.schema import field_name
from index.stopwords import PLAIN_QUESTION_SYLLABLES, QUESTION_WORDS
from index.tokens import tokenize, unfinished_syllable
from search.filters import published_between, with_label
from search.impacts import Flags, TermImpacts
from search.matching import Concept, Matcher, Spelled, intersection, scoped, union
from search.nearness import nearness
from search.query import (
    MOST_SYLLABLES,
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
    typed_analysis,
    wanted_words,
)
from search.scoring import idf, query_frequency_weight
from search.snapshot import Floats
from search.top import best_first

_MOST_EXPANSIONS = 100
_MOST_SCANNED = 1000


@dataclass(slots=True)
class Evaluated:
    """What a node says of every article; ``ceiling`` is more than any article can score.

    ``short`` tells that the words are few, ``accents`` that some were typed with accents. Nodes may share the flags:
    they are replaced, never changed.
    """

    matched: Flags
    every: Flags
    exact: Flags
    score: Floats
    ceiling: float = 0.0
    short: bool = True
    accents: bool = False
    parts: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The articles that match a query, ascending; for each its score, and whether it has every
    word and every accent typed.

    ``choosy`` tells that articles without these accents were found for want of better. With ``explain``, ``parts``
    are what the scores are the sums of, one entry for every article of the snapshot.
    """

    articles: NDArray[np.intp]
    scores: Floats
    every: Flags
    exact: Flags
    choosy: bool
    parts: Mapping[str, Floats]

    def preferring_accents(self) -> Found:
        """Leave out mere unaccented matches of a short query, if there are others."""
        if not self.choosy or not self.exact.any():
            return self
        kept = np.flatnonzero(self.exact)
        return replace(
            self,
            articles=self.articles[kept],
            scores=self.scores[kept],
            every=self.every[kept],
            exact=self.exact[kept],
        )


class Evaluation:
    """Evaluate one tree; with ``explain`` the parts of the score are kept."""

    def __init__(self, impacts: TermImpacts, match: Match, *, explain: bool = False) -> None:
        self._snapshot = impacts.snapshot
        self._ranking = impacts.ranking
        self._matcher = Matcher(impacts)
        self._match = match
        self._explain = explain
        self._analyze = lru_cache(maxsize=None)(typed_analysis)
        self._scratch = np.empty(self._snapshot.size, np.float32)

    def run(self, tree: Node, within: Flags | None = None) -> Found:
        """Return what a whole query finds: live articles alone, of those ``within`` if that is given.

        Articles with every word score most.
        """
        result = self._node(tree)
        matched = result.matched & self._snapshot.live
        if self._match is Match.AUTO and not matched.any():
            self._match = Match.ANY
            result = self._node(tree)
            matched = result.matched & self._snapshot.live
        if within is not None:
            matched &= within
        articles = np.flatnonzero(matched)
        scores, every, exact = result.score[articles], result.every[articles], result.exact[articles]
        best = float(scores.max(initial=0.0))
        if best and self._match is not Match.ANY:
            first = (1.0 + self._ranking.most_nearness()) * result.ceiling
            share = 1.0 if result.short else self._ranking.every_word
            self._add(result, "every word", articles, scores, every * np.float32(share * first))
            if result.short and result.accents:
                self._add(result, "accents as typed", articles, scores, (every & exact) * np.float32(first))
        if best:
            self._add_nearness(result, tree, articles, scores, best)
        return Found(articles, scores, every, exact, result.short and result.accents, result.parts)

    def _add_nearness(
        self, result: Evaluated, tree: Node, articles: NDArray[np.intp], scores: Floats, best: float
    ) -> None:
        """Add to the best articles shares of ``best``, the best score: for how close together they have the words of a
        longer query, and for how many at the beginning.
        """
        ranking = self._ranking
        for leaf in wanted_words(tree):
            weights = self._folded_weights(leaf) if isinstance(leaf, Text) else {}
            if len(weights) <= ranking.short_query:
                continue
            near = np.sort(best_first(self._snapshot, articles, scores, ranking.near_articles))
            fields = [field_name(name, Stream.FOLDED) for name in scoped(leaf.field)]
            among = articles[near].astype(np.int32)
            windows, lead = nearness(self._snapshot, fields, weights, among, list(ranking.windows), ranking.lead[0])
            unit = best / sum(weights.values())
            shares = np.array(list(ranking.windows.values()), np.float32)
            for name, gains in (("nearness", shares @ windows), ("beginning", ranking.lead[1] * lead)):
                part = np.zeros_like(scores)
                part[near] = gains * np.float32(unit)
                self._add(result, name, articles, scores, part)

    def _add(self, result: Evaluated, name: str, articles: NDArray[np.intp], scores: Floats, part: Floats) -> None:
        scores += part
        if self._explain:
            result.parts.setdefault(name, np.zeros(self._snapshot.size, np.float32))[articles] += part

    def _folded_weights(self, leaf: Text) -> dict[str, float]:
        """Return the weights of the syllables of a leaf that any article has, without accents."""
        analysis = self._analyze(leaf.text)
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
                return self._constant(with_label(self._snapshot, label, value))
            case Dates(first, last):
                return self._constant(published_between(self._snapshot, first, last))
            case Not(inner):
                return self._constant(~self._excluded(inner))
            case And(nodes):
                return self._both(self._node(child) for child in nodes)
            case Or(nodes):
                return self._either(self._node(child) for child in nodes)
            case Everything():
                return self._constant(self._all())
            case Nothing():
                return self._constant(self._none())

    # --- joining -----------------------------------------------------------------------------------------

    def _constant(self, matched: Flags) -> Evaluated:
        return Evaluated(matched, matched, matched, np.zeros(self._snapshot.size, np.float32))

    def _none(self) -> Flags:
        return np.zeros(self._snapshot.size, bool)

    def _all(self) -> Flags:
        return np.ones(self._snapshot.size, bool)

    def _each(self, found: Sequence[Flags]) -> Flags:
        """Return the articles that are in each of ``found``, all where there is nothing to be in."""
        return intersection(found) if found else self._all()

    def _both(self, children: Iterator[Evaluated]) -> Evaluated:
        first = next(children)
        for child in children:
            first.matched = first.matched & child.matched
            first.every = first.every & child.every
            first.exact = first.exact & child.exact
            self._join_scores(first, child)
        return first

    def _either(self, children: Iterator[Evaluated]) -> Evaluated:
        first = next(children)
        for child in children:
            first.matched = first.matched | child.matched
            first.exact = (first.every & first.exact) | (child.every & child.exact)
            first.every = first.every | child.every
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
        analysis, scope = self._analyze(leaf.text), leaf.field
        others = [(other, self._matcher.spelled(self._analyze(other.text), scope)) for other in leaf.alternatives]
        result = self._scored(analysis, scope, others)
        concepts = self._matcher.concepts(analysis, scope)
        covered = [concept.covered(others) for concept in concepts]
        result.every = self._each([concept.articles for concept in concepts])
        result.short = len(concepts) <= self._ranking.short_query
        if self._match is Match.ALL or (self._match is Match.AUTO and len(concepts) <= 2):
            result.matched = self._each(covered)
        elif self._match is Match.ANY:
            result.matched = union([self._none(), *covered])
        else:
            result.matched = self._with_most(concepts, covered, short=result.short)
        self._score_alternatives(result, leaf, analysis, others)
        return result

    def _with_most(self, concepts: Sequence[Concept], covered: Sequence[Flags], *, short: bool) -> Flags:
        """Return the articles that have enough of the idf of the query."""
        importance = [idf(self._snapshot.count, int(np.count_nonzero(concept.articles))) for concept in concepts]
        sums = np.zeros(self._snapshot.size, np.float32)
        for articles, weight in zip(covered, importance, strict=True):
            sums += np.multiply(articles, np.float32(weight), out=self._scratch)
        least = self._ranking.least_matched_short if short else self._ranking.least_matched
        enough: Flags = sums >= least * sum(importance)
        return enough if least > 0 else enough & union(covered)

    def _score_alternatives(self, result: Evaluated, leaf: Text, analysis: Analysis, others: Sequence[Spelled]) -> None:
        """Add to the articles that lack what was typed the score of what else they say for it.

        It is scaled to what was typed, so that many words for one add no more than few words for many.
        """
        tokens = analysis.tokens
        for other, articles in {other.text: (other, articles) for other, articles in others}.values():
            part = self._scored(self._analyze(other.text), leaf.field)
            starts, ends = tokens.starts[other.first : other.end], tokens.ends[other.first : other.end]
            typed = leaf.text[starts[0] : ends[-1]] if starts else ""
            most = self._scored(self._analyze(typed), leaf.field).ceiling or part.ceiling
            share = self._ranking.alternative * most / part.ceiling if part.ceiling else 0.0
            said = (articles & ~result.every) * np.float32(share)
            said *= part.score
            result.score += said
            result.ceiling += part.ceiling * share
            if self._explain:
                result.parts[f"for {other.text}"] = said

    def _excluded(self, node: Node) -> Flags:
        """Return what ``NOT node`` leaves out: articles with every word of it, with the accents that were typed."""
        outer, self._match = self._match, Match.ALL
        result = self._node(node)
        self._match = outer
        return result.matched & result.exact

    def _phrase(self, text: str, scope: str | None) -> Evaluated:
        analysis = self._analyze(text)
        result = self._scored(analysis, scope)
        tokens = analysis.tokens
        plain = self._plain_syllables(analysis, scope)
        streams = [Stream.FOLDED if is_plain else Stream.SYLLABLE for is_plain in plain]
        terms = list(zip(streams, tokens.exact, strict=False))
        return self._certain(result, self._matcher.together(terms, scope))

    def _exact(self, text: str, scope: str | None) -> Evaluated:
        analysis = self._analyze(text)
        result = self._scored(analysis, scope)
        return self._certain(result, self._matcher.in_a_row(analysis.tokens.exact, Stream.SYLLABLE, scope))

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
        result = self._constant(self._none())
        found = [result.matched]
        for term, _ in known.most_common(_MOST_EXPANSIONS):
            one = self._constant(result.matched)
            self._score_term(one, stream, term, 1.0, scope)
            found.append(self._matcher.articles(stream, term, scope))
            np.maximum(result.score, one.score, out=result.score)
            result.ceiling = max(result.ceiling, one.ceiling)
        if self._explain:
            result.parts[f"prefix {text}"] = result.score.copy()
        return self._certain(result, union(found))

    @staticmethod
    def _certain(result: Evaluated, matched: Flags) -> Evaluated:
        result.matched = result.every = result.exact = matched
        return result

    # --- scoring -----------------------------------------------------------------------------------------

    def _scored(self, analysis: Analysis, scope: str | None, others: Sequence[Spelled] = ()) -> Evaluated:
        """Return the sum of BM25 over the streams, and whether each article has the accents that were typed.

        What is said with an alternative needs no accents.
        """
        result = self._constant(self._none())
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
        result.exact = self._each([concept.covered(others) for concept in typed.values()])
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
        ranking = self._ranking
        found = self._matcher.impacts(stream, term, scope)
        frequency = max([impacts.count for impacts in found.values()])
        if not frequency:
            return
        importance = weight * idf(self._snapshot.count, frequency) ** ranking.idf_power
        for name, impacts in found.items():
            if not impacts.count:
                continue
            boost = importance * ranking.fields[name]
            impacts.add_to(result.score, boost, self._scratch)
            result.ceiling += boost * (ranking.k1 + 1.0)
            if self._explain:
                part = result.parts.setdefault(f"{name} {stream} {term}", np.zeros(self._snapshot.size, np.float32))
                impacts.add_to(part, boost, self._scratch)
