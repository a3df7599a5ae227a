"""Evaluate a query tree over article sets: which articles match, and the clauses their scores are sums of.

Each node gives a set and score clauses; ``search.ranking.maxscore`` adds these up, only for the articles that may come
first. Plain words match by words (``search.query.words``): each with its syllables in a row in one sentence, with
the accents that were typed. If too few articles match, those with the syllables scattered, accents aside, are *relaxed*
matches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic

from index.analysis.analyzer import Analysis, Stream
from index.analysis.stopwords import PLAIN_QUESTION_SYLLABLES, QUESTION_WORDS
from index.analysis.tokenizer import tokenize, unfinished_syllable
from index.errors import SearchTimeoutError
from search.deadline import Deadline
from search.matching.analyzed_words import AnalyzedWords
from search.matching.article_sets import ArticleSets, S, fields_of
from search.matching.filters import with_label
from search.matching.term_sets import Concept, MatchedAlternative, TermSets, row_of
from search.query.tree import (
    MOST_SYLLABLES,
    AccentExact,
    Alternative,
    And,
    Cut,
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
    typed_analysis,
    wanted_words,
)
from search.query.words import cut_of, plain_syllables
from search.ranking.clauses import Matches, ProximityClause, ScoreClause, WeightedTerm
from search.ranking.scoring import Ranking, idf

_MOST_EXPANSIONS = 100
_MOST_SCANNED = 1000
_FEW_SYLLABLES = 2


@dataclass(frozen=True, slots=True)
class NodeMatches(Generic[S]):
    """What a node evaluates to: the articles that match it, and score clauses."""

    matched: S
    clauses: Sequence[ScoreClause[S]] = ()


class Evaluator(Generic[S]):
    """Evaluate one query tree over ``sets``.

    Once ``deadline`` is over, the rest of an OR and the relaxed matches are left out; then ``at_least`` is True: the
    articles that match are some of all that do.
    """

    def __init__(self, sets: ArticleSets[S], ranking: Ranking, match: Match, deadline: Deadline | None = None) -> None:
        self.at_least = False
        self._deadline = deadline or Deadline()
        self._leaves = 0
        self._excluding = False
        self._sets = sets
        self._ranking = ranking
        self._terms = TermSets(sets)
        self._match = match
        self._relaxing = False
        self._analyzed_texts: dict[tuple[str, str | None, Cut | None], AnalyzedWords] = {}

    def run(self, tree: Node, within: S | None = None, *, relax: bool = True) -> Matches[S]:
        """Return the matches of a whole query: live articles only, restricted to ``within`` if given.

        Without ``relax`` there are no relaxed ones. Raises SearchTimeoutError if the deadline is over before any
        article certainly matches.
        """
        result = self._node(tree)
        unfiltered = self._kept(result.matched, None)
        matched = self._kept(unfiltered, within)
        leaves = [leaf for leaf in wanted_words(tree) if isinstance(leaf, Words)]
        words = sum(len(cut_of(leaf).words) for leaf in leaves)
        few = self._ranking.few if words > 1 else 1
        few = few if relax else 0
        relaxed = self._relaxed_in_time(tree, matched, within) if self._sets.count(matched) < few else None
        proximity = [clause for leaf in leaves if (clause := self._proximity(leaf))]
        syllables = sum(len(cut_of(leaf).plain) for leaf in leaves)
        k1 = self._ranking.k1_long if syllables > self._ranking.long_text else self._ranking.k1
        return Matches(matched, unfiltered, relaxed, result.clauses, proximity, k1)

    def _relaxed_in_time(self, tree: Node, matched: S, within: S | None) -> S | None:
        """Return ``_relaxed``; if the deadline is over, None for a query that some articles match anyway."""
        if self.at_least or self._deadline.passed():
            if self._sets.any(matched):
                self.at_least = True
                return None
            if self.at_least:
                self._deadline.check()
        self._leaves = 0
        relaxed = self._relaxed(tree, matched, within)
        if self.at_least and relaxed is None and not self._sets.any(matched):
            self._deadline.check()
        return relaxed

    def _relaxed(self, tree: Node, matched: S, within: S | None) -> S | None:
        """Return the articles that have the syllables of plain words scattered and do not match; None if none has."""
        self._relaxing = True
        sets = self._sets
        relaxed = sets.without(self._kept(self._node(tree).matched, within), matched)
        if self._match is Match.AUTO and not (sets.any(relaxed) or sets.any(matched) or self.at_least):
            self._match = Match.ANY
            relaxed = self._kept(self._node(tree).matched, within)
        return relaxed if sets.any(relaxed) else None

    def _kept(self, found: S, within: S | None) -> S:
        found = self._sets.live(found)
        return found if within is None else self._sets.intersection([found, within])

    def _proximity(self, leaf: Words) -> ProximityClause | None:
        """Return the weights of the syllables, without accents, that any article has; None for a single word."""
        cut = cut_of(leaf)
        if len(cut.words) < 2:
            return None
        analyzed = self._analyzed(leaf.text, leaf.field, cut)
        weights: dict[str, float] = {}
        for syllable, share in zip(analyzed.analysis.tokens.folded, analyzed.shares, strict=False):
            frequency = self._sets.document_frequency(Stream.FOLDED, syllable, leaf.field)
            if frequency:
                weights[syllable] = share * idf(self._sets.articles, frequency) ** self._ranking.idf_power
        if len(weights) < 2:
            return None
        factor = self._ranking.nearness_short if len(weights) <= self._ranking.short_query else 1.0
        return ProximityClause(list(fields_of(leaf.field, Stream.FOLDED)), weights, factor)

    def _in_time(self, nodes: Sequence[Node]) -> list[NodeMatches[S]]:
        """Evaluate the parts of an OR until the deadline; what is excluded has to be known whole."""
        found: list[NodeMatches[S]] = []
        for node in nodes:
            try:
                found.append(self._node(node))
            except SearchTimeoutError:
                if self._excluding or not found:
                    raise
                self.at_least = True
                break
        return found

    def _node(self, node: Node) -> NodeMatches[S]:
        if not isinstance(node, And | Or | Not):
            if self._deadline.must_stop(self._leaves):
                self._deadline.check()
            self._leaves += 1
        match node:
            case Words():
                return self._text(node)
            case Phrase(text, scope):
                analyzed = self._analyzed(text, scope)
                found = self._certain(analyzed, analyzed.plain)
                codes, certain = self._terms.same_code(analyzed.analysis.tokens, scope)
                return replace(found, matched=self._sets.union(codes if certain else [found.matched, *codes]))
            case AccentExact(text, scope):
                analyzed = self._analyzed(text, scope)
                return self._certain(analyzed, (False,) * len(analyzed.plain))
            case Prefix(text, scope):
                return self._prefix(text, scope)
            case FieldFilter(label, value):
                return NodeMatches(with_label(self._sets, label, value))
            case DateRange(first, last):
                return NodeMatches(self._sets.published_between(first, last))
            case Not(inner):
                return NodeMatches(self._sets.without(self._sets.all(), self._excluded(inner)))
            case And(nodes):
                return self._joined(self._sets.intersection, [self._node(child) for child in nodes])
            case Or(nodes):
                return self._joined(self._sets.union, self._in_time(nodes))
            case MatchAll():
                return NodeMatches(self._sets.all())
            case MatchNone():
                return NodeMatches(self._sets.none())

    # --- joining -----------------------------------------------------------------------------------------

    @staticmethod
    def _joined(join: Callable[[Sequence[S]], S], children: Sequence[NodeMatches[S]]) -> NodeMatches[S]:
        clauses = [clause for child in children for clause in child.clauses]
        return NodeMatches(join([child.matched for child in children]), clauses)

    def _excluded(self, node: Node) -> S:
        """Return what ``NOT node`` excludes: articles that have every word of it."""
        outer = self._match, self._relaxing, self._excluding
        self._match, self._relaxing, self._excluding = Match.ALL, False, True
        try:
            return self._node(node).matched
        finally:
            self._match, self._relaxing, self._excluding = outer

    # --- words -------------------------------------------------------------------------------------------

    def _text(self, leaf: Words) -> NodeMatches[S]:
        """Match plain words; the match mode decides how many an article must have."""
        scope, cut = leaf.field, cut_of(leaf)
        analyzed = self._analyzed(leaf.text, scope, cut)
        others = [
            (other, self._terms.spelled(self._analyzed(other.text, scope).analysis, other, scope))
            for other in leaf.alternatives
        ]
        words = self._terms.words(analyzed.analysis, cut, scope)
        wanted = self._terms.syllables(analyzed.analysis, scope) if self._relaxing else words
        covered = [self._terms.covered(concept, others) for concept in wanted]
        most_required = _FEW_SYLLABLES if self._relaxing else self._ranking.most_required
        if self._match is Match.ALL or (self._match is Match.AUTO and len(wanted) <= most_required):
            matched = self._sets.intersection(covered) if covered else self._sets.all()
        elif self._match is Match.ANY:
            matched = self._sets.union([self._sets.none(), *covered])
        else:
            matched = self._with_enough(wanted, covered)
        if self._relaxing or self._excluding:
            return NodeMatches(matched)
        clauses = [ScoreClause([self._weighted_terms(analyzed)]), *self._alternatives(leaf, analyzed, others, words)]
        return NodeMatches(matched, clauses)

    def _with_enough(self, wanted: Sequence[Concept[S]], covered: Sequence[S]) -> S:
        """Return the articles that have enough of the idf that the best article has."""
        ranking, relaxing = self._ranking, self._relaxing

        def least(best: float) -> float:
            return ranking.least_scattered if relaxing else ranking.least_of_words(best)

        return self._sets.with_enough([concept.articles for concept in wanted], covered, least)

    def _alternatives(
        self,
        leaf: Words,
        analyzed: AnalyzedWords,
        others: Sequence[MatchedAlternative[S]],
        words: Sequence[Concept[S]],
    ) -> Iterator[ScoreClause[S]]:
        """Yield a score clause for each alternative, for the articles that lack what it stands for.

        It is scaled to the weight of what was typed, so that a long alternative adds no more than a short one.
        """
        for other, articles in {other.text: (other, articles) for other, articles in others}.values():
            terms = self._weighted_terms(self._analyzed(other.text, leaf.field))
            most = sum([term.weight for term in terms])
            if not most:
                continue
            part = range(other.first, other.end)
            asked = sum([term.weight for term in self._weighted_terms(analyzed, part)]) or most
            factor = self._ranking.other_spelling if other.is_spelling else self._ranking.alternative
            share = factor * asked / most
            scaled = [term._replace(weight=term.weight * share) for term in terms]
            there = self._typed(other, analyzed, words)
            yield ScoreClause([scaled], f"for {other.text}", self._sets.without(articles, there))

    def _typed(self, other: Alternative, analyzed: AnalyzedWords, words: Sequence[Concept[S]]) -> S:
        """Return the articles that have the part of the query which ``other`` stands for, in a row."""
        for word in words:
            if (word.first, word.end) == (other.first, other.end):
                return word.articles
        size = len(analyzed.plain)
        if other.first >= min(other.end, size):
            return self._sets.none()
        row = row_of(analyzed.analysis, analyzed.plain, other.first, min(other.end, size))
        return self._sets.in_a_row(row, analyzed.scope)

    def _certain(self, analyzed: AnalyzedWords, plain: Sequence[bool]) -> NodeMatches[S]:
        """Match a node that needs all of its syllables in a row."""
        row = row_of(analyzed.analysis, plain, 0, len(plain))
        return NodeMatches(self._sets.in_a_row(row, analyzed.scope), [ScoreClause([self._weighted_terms(analyzed)])])

    def _prefix(self, text: str, scope: str | None) -> NodeMatches[S]:
        tokens = tokenize(text)
        stream = Stream.FOLDED if tokens.exact == tokens.folded else Stream.SYLLABLE
        known: Counter[str] = Counter()
        for prefix in unfinished_syllable(text):
            for term, frequency in self._sets.terms_with_prefix(stream, prefix, scope, _MOST_SCANNED):
                known[term] = max(known[term], frequency)
        terms = [term for term, _ in known.most_common(_MOST_EXPANSIONS)]
        found = self._sets.union([self._sets.none(), *(self._sets.with_term(stream, term, scope) for term in terms)])
        groups = [self._weighted(scope, stream, term, 1.0) for term in terms]
        return NodeMatches(found, [ScoreClause(groups, f"prefix {text}")])

    # --- scoring -----------------------------------------------------------------------------------------

    def _analyzed(self, text: str, scope: str | None, cut: Cut | None = None) -> AnalyzedWords:
        """Return a part of the query cut into terms; without a ``cut``, look up which syllables lack their accents."""
        found = self._analyzed_texts.get((text, scope, cut))
        if found is None:
            analysis = typed_analysis(text)
            plain = cut.plain if cut else plain_syllables(analysis.tokens, partial(self._frequency_in, scope))
            found = AnalyzedWords(analysis, scope, plain, self._shares(analysis, plain))
            self._analyzed_texts[text, scope, cut] = found
        return found

    def _frequency_in(self, scope: str | None, stream: Stream, term: str) -> int:
        return self._sets.document_frequency(stream, term, scope)

    def _weighted_terms(self, analyzed: AnalyzedWords, part: range | None = None) -> list[WeightedTerm]:
        """Return the weighted terms of all streams, or of the syllables in ``part``."""
        weights = analyzed.weights(self._ranking, part)
        return [one for entry in weights for one in self._weighted(analyzed.scope, *entry)]

    def _weighted(self, scope: str | None, stream: Stream, term: str, weight: float) -> list[WeightedTerm]:
        """Return the term with its weight times its idf; nothing if no article has it."""
        fields = self._sets.frequencies(stream, term, scope)
        if not fields:
            return []
        weight *= idf(self._sets.articles, max([count for _, count in fields])) ** self._ranking.idf_power
        return [WeightedTerm(stream, term, weight, fields)]

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
