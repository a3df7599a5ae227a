"""Evaluate a query tree over a snapshot: which articles match, and the clauses their scores are sums of.

Each node gives three doc masks (articles that match, that have every word, that have every accent typed) and score
clauses; ``search.ranking.maxscore`` adds these up, only for the articles that may come first. Words are matched without
accents; the streams of accented syllables, words and bigrams only raise the score.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial, reduce

import numpy as np

from index.analysis.analyzer import Analysis, Stream
from index.analysis.stopwords import PLAIN_QUESTION_SYLLABLES, QUESTION_WORDS
from index.analysis.tokenizer import tokenize, unfinished_syllable
from index.segments.schema import field_name
from search.matching.filters import published_between, with_label
from search.matching.term_sets import (
    Concept,
    MatchedAlternative,
    TermSets,
    fields_of,
    intersection,
    scoped,
    union,
    weight_at_least,
)
from search.query.tree import (
    MOST_SYLLABLES,
    AccentExact,
    And,
    DateRange,
    FieldFilter,
    Match,
    MatchAll,
    MatchNone,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Words,
    accented_syllables,
    typed_analysis,
    wanted_words,
)
from search.ranking.clauses import DocMask, Matches, ProximityClause, ScoreClause, WeightedTerm
from search.ranking.impacts import TermImpacts
from search.ranking.scoring import idf, query_frequency_weight

_MOST_EXPANSIONS = 100
_MOST_SCANNED = 1000


@dataclass(frozen=True, slots=True)
class NodeMatches:
    """What a node evaluates to: doc masks and score clauses.

    ``short`` tells that the words are few, ``accents`` that some were typed with accents; ``exactly`` computes, on
    demand, the articles that have these accents. Nodes may share masks: never change one.
    """

    matched: DocMask
    every: DocMask
    exactly: Callable[[], DocMask]
    clauses: Sequence[ScoreClause] = ()
    short: bool = True
    accents: bool = False


@dataclass(frozen=True, slots=True)
class AnalyzedWords:
    """A text cut into terms.

    For each syllable, up to ``MOST_SYLLABLES``, ``plain`` tells whether its accents were left out, and ``shares`` has
    the factor of its weight.
    """

    analysis: Analysis
    scope: str | None
    plain: Sequence[bool]
    shares: Sequence[float]

    def share(self, stream: Stream, at: int) -> float:
        """Return the factor of a term that starts at syllable ``at``; for a bigram, the geometric mean of its two."""
        if stream is not Stream.BIGRAM:
            return self.shares[at]
        return math.sqrt(self.shares[at] * self.shares[min(at + 1, len(self.shares) - 1)])


class Evaluator:
    """Evaluate one query tree over a snapshot."""

    def __init__(self, impacts: TermImpacts, match: Match) -> None:
        self._snapshot = impacts.snapshot
        self._ranking = impacts.ranking
        self._matcher = TermSets(impacts)
        self._match = match
        self._analyzed_texts: dict[tuple[str, str | None], AnalyzedWords] = {}

    def run(self, tree: Node, within: DocMask | None = None) -> Matches:
        """Return the matches of a whole query: live articles only, restricted to ``within`` if given."""
        result = self._node(tree)
        matched = self._live(result.matched)
        if self._match is Match.AUTO and not matched.any():
            self._match = Match.ANY
            result = self._node(tree)
            matched = self._live(result.matched)
        if within is not None:
            matched = matched & within
        return Matches(
            matched,
            result.every & matched,
            result.exactly,
            result.clauses,
            [
                proximity
                for leaf in wanted_words(tree)
                if isinstance(leaf, Words) and (proximity := self._proximity(leaf))
            ],
            self._match is not Match.ANY,
            result.short,
            result.short and result.accents,
        )

    def _live(self, matched: DocMask) -> DocMask:
        return matched & self._snapshot.live if self._snapshot.any_deleted else matched

    def _proximity(self, leaf: Words) -> ProximityClause | None:
        """Return the weights of the syllables, without accents, that any article has; None if these are few."""
        analyzed = self._analyzed(leaf.text, leaf.field)
        weights: dict[str, float] = {}
        if len(analyzed.plain) > self._ranking.short_query:
            for syllable, share in zip(analyzed.analysis.tokens.folded, analyzed.shares, strict=False):
                frequency = self._matcher.document_frequency(Stream.FOLDED, syllable, leaf.field)
                if frequency:
                    weights[syllable] = share * idf(self._snapshot.count, frequency) ** self._ranking.idf_power
        if len(weights) <= self._ranking.short_query:
            return None
        return ProximityClause(list(fields_of(leaf.field, Stream.FOLDED).values()), weights)

    def _node(self, node: Node) -> NodeMatches:
        match node:
            case Words():
                return self._text(node)
            case Phrase(text, scope):
                return self._phrase(text, scope)
            case AccentExact(text, scope):
                return self._exact(text, scope)
            case Prefix(text, scope):
                return self._prefix(text, scope)
            case FieldFilter(label, value):
                return self._constant(with_label(self._snapshot, label, value))
            case DateRange(first, last):
                return self._constant(published_between(self._snapshot, first, last))
            case Not(inner):
                return self._constant(~self._excluded(inner))
            case And(nodes):
                return self._both(self._node(child) for child in nodes)
            case Or(nodes):
                return self._either(self._node(child) for child in nodes)
            case MatchAll():
                return self._constant(self._all())
            case MatchNone():
                return self._constant(self._none())

    # --- joining -----------------------------------------------------------------------------------------

    @staticmethod
    def _constant(matched: DocMask, *clauses: ScoreClause) -> NodeMatches:
        return NodeMatches(matched, matched, lambda: matched, clauses)

    def _none(self) -> DocMask:
        return np.zeros(self._snapshot.size, bool)

    def _all(self) -> DocMask:
        return np.ones(self._snapshot.size, bool)

    def _each(self, found: Sequence[DocMask]) -> DocMask:
        """Return the articles in every mask of ``found``; all articles if there are no masks."""
        return intersection(found) if found else self._all()

    def _both(self, children: Iterator[NodeMatches]) -> NodeMatches:
        def joined(one: NodeMatches, other: NodeMatches) -> NodeMatches:
            return replace(
                self._with_clauses(one, other),
                matched=one.matched & other.matched,
                every=one.every & other.every,
                exactly=lambda: one.exactly() & other.exactly(),
            )

        return reduce(joined, children)

    def _either(self, children: Iterator[NodeMatches]) -> NodeMatches:
        def joined(one: NodeMatches, other: NodeMatches) -> NodeMatches:
            return replace(
                self._with_clauses(one, other),
                matched=one.matched | other.matched,
                every=one.every | other.every,
                exactly=lambda: (one.every & one.exactly()) | (other.every & other.exactly()),
            )

        return reduce(joined, children)

    @staticmethod
    def _with_clauses(one: NodeMatches, other: NodeMatches) -> NodeMatches:
        return replace(
            one,
            clauses=[*one.clauses, *other.clauses],
            short=one.short and other.short,
            accents=one.accents or other.accents,
        )

    # --- words -------------------------------------------------------------------------------------------

    def _text(self, leaf: Words) -> NodeMatches:
        """Match words without accents; the match mode decides how many an article must have."""
        scope = leaf.field
        analyzed = self._analyzed(leaf.text, scope)
        others = [
            (other, self._matcher.spelled(self._analyzed(other.text, scope).analysis, scope))
            for other in leaf.alternatives
        ]
        concepts = self._matcher.concepts(analyzed.analysis, scope)
        covered = [concept.covered(others) for concept in concepts]
        every = self._each([concept.articles for concept in concepts])
        short = len(concepts) <= self._ranking.short_query
        if self._match is Match.ALL or (self._match is Match.AUTO and len(concepts) <= 2):
            matched = self._each(covered)
        elif self._match is Match.ANY:
            matched = union([self._none(), *covered])
        else:
            matched = self._with_most(concepts, covered, short=short)
        clauses = [ScoreClause([self._weighted_terms(analyzed)]), *self._alternatives(leaf, analyzed, others, every)]
        accented = accented_syllables(analyzed.analysis)
        exactly = cache(partial(self._with_accents, accented, scope, others))
        return NodeMatches(matched, every, exactly, clauses, short, bool(accented))

    def _with_most(self, concepts: Sequence[Concept], covered: Sequence[DocMask], *, short: bool) -> DocMask:
        """Return the articles that have enough of the query's summed idf."""
        importance = [idf(self._snapshot.count, int(np.count_nonzero(concept.articles))) for concept in concepts]
        least = self._ranking.least_matched_short if short else self._ranking.least_matched
        return weight_at_least(covered, importance, least * sum(importance))

    def _alternatives(
        self, leaf: Words, analyzed: AnalyzedWords, others: Sequence[MatchedAlternative], every: DocMask
    ) -> Iterator[ScoreClause]:
        """Yield a score clause for each alternative, for the articles that lack some of the typed words.

        It is scaled to the weight of what was typed, so that a long alternative adds no more than a short one.
        """
        tokens = analyzed.analysis.tokens
        for other, articles in {other.text: (other, articles) for other, articles in others}.values():
            terms = self._weighted_terms(self._analyzed(other.text, leaf.field))
            most = sum([term.weight for term in terms])
            if not most:
                continue
            starts, ends = tokens.starts[other.first : other.end], tokens.ends[other.first : other.end]
            typed = leaf.text[starts[0] : ends[-1]] if starts else ""
            asked = sum([term.weight for term in self._weighted_terms(self._analyzed(typed, leaf.field))]) or most
            share = self._ranking.alternative * asked / most
            scaled = [term._replace(weight=term.weight * share) for term in terms]
            yield ScoreClause([scaled], f"for {other.text}", articles & ~every)

    def _excluded(self, node: Node) -> DocMask:
        """Return what ``NOT node`` excludes: articles with every word of it, with the accents that were typed."""
        outer, self._match = self._match, Match.ALL
        result = self._node(node)
        self._match = outer
        return result.matched & result.exactly()

    def _phrase(self, text: str, scope: str | None) -> NodeMatches:
        analyzed = self._analyzed(text, scope)
        streams = [Stream.FOLDED if plain else Stream.SYLLABLE for plain in analyzed.plain]
        terms = list(zip(streams, analyzed.analysis.tokens.exact, strict=False))
        return self._certain(analyzed, self._matcher.together(terms, scope))

    def _exact(self, text: str, scope: str | None) -> NodeMatches:
        analyzed = self._analyzed(text, scope)
        return self._certain(analyzed, self._matcher.in_a_row(analyzed.analysis.tokens.exact, Stream.SYLLABLE, scope))

    def _certain(self, analyzed: AnalyzedWords, matched: DocMask) -> NodeMatches:
        """Return the matches of a node that needs all of its words."""
        certain = self._constant(matched, ScoreClause([self._weighted_terms(analyzed)]))
        return replace(certain, accents=bool(accented_syllables(analyzed.analysis)))

    def _prefix(self, text: str, scope: str | None) -> NodeMatches:
        tokens = tokenize(text)
        stream = Stream.FOLDED if tokens.exact == tokens.folded else Stream.SYLLABLE
        known: Counter[str] = Counter()
        for name in scoped(scope):
            for prefix in unfinished_syllable(text):
                for term, frequency in self._snapshot.terms_with_prefix(
                    field_name(name, stream), prefix, _MOST_SCANNED
                ):
                    known[term] = max(known[term], frequency)
        terms = [term for term, _ in known.most_common(_MOST_EXPANSIONS)]
        found = union([self._none(), *(self._matcher.articles(stream, term, scope) for term in terms)])
        fields = fields_of(scope, stream)
        groups = [self._weighted(fields, term, 1.0) for term in terms]
        return self._constant(found, ScoreClause(groups, f"prefix {text}"))

    def _with_accents(
        self, accented: Mapping[str, int], scope: str | None, others: Sequence[MatchedAlternative]
    ) -> DocMask:
        """Return the articles that have every accent that was typed; alternatives need none."""
        return self._each(
            [
                Concept(at, at + 1, self._matcher.articles(Stream.SYLLABLE, syllable, scope)).covered(others)
                for syllable, at in accented.items()
            ]
        )

    # --- scoring -----------------------------------------------------------------------------------------

    def _analyzed(self, text: str, scope: str | None) -> AnalyzedWords:
        found = self._analyzed_texts.get((text, scope))
        if found is None:
            analysis = typed_analysis(text)
            plain = self._plain_syllables(analysis, scope)
            found = self._analyzed_texts[text, scope] = AnalyzedWords(
                analysis, scope, plain, self._shares(analysis, plain)
            )
        return found

    def _weighted_terms(self, analyzed: AnalyzedWords) -> list[WeightedTerm]:
        """Return the weighted terms of all streams.

        A repeated term has the highest weight of its tokens, times ``query_frequency_weight``.
        """
        terms: list[WeightedTerm] = []
        all_plain, ranking = all(analyzed.plain), self._ranking
        for stream in Stream:
            if stream is Stream.WORD and all_plain:
                continue
            accented, bare = ranking.streams_accented.get(stream, 0.0), ranking.streams_plain.get(stream, 0.0)
            found: defaultdict[str, list[float]] = defaultdict(list)
            for term, at in analyzed.analysis.terms(stream):
                if at < len(analyzed.plain):
                    weight = bare if analyzed.plain[at] and stream is not Stream.WORD else accented
                    found[term].append(weight * analyzed.share(stream, at))
            fields = fields_of(analyzed.scope, stream)
            for term, weights in found.items():
                if any(weights):
                    terms += self._weighted(fields, term, max(weights) * query_frequency_weight(len(weights)))
        return terms

    def _weighted(self, fields: Mapping[str, str], term: str, weight: float) -> list[WeightedTerm]:
        by_field = [self._snapshot.term_postings(field, term) for field in fields.values()]
        frequency = max([postings.count for postings in by_field])
        if not frequency:
            return []
        weight *= idf(self._snapshot.count, frequency) ** self._ranking.idf_power
        return [
            WeightedTerm(field, term, weight * self._ranking.fields[name], postings)
            for (name, field), postings in zip(fields.items(), by_field, strict=True)
            if postings.count
        ]

    def _shares(self, analysis: Analysis, plain: Sequence[bool]) -> list[float]:
        """Return the factor of each syllable: below 1 for the question words of a longer query."""
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

    def _plain_syllables(self, analysis: Analysis, scope: str | None) -> list[bool]:
        """Tell for each syllable whether its accents were left out.

        In a query without any accent, all were. In any other, a syllable was left bare if articles hardly ever write it
        without accents.
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
