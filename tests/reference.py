"""A slow, simple reference: what ``search.matching.evaluator`` must find for a tree."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.analysis.analyzer import Analysis, Stream, analyze
from index.analysis.normalization import fold
from index.analysis.stopwords import PLAIN_QUESTION_SYLLABLES, QUESTION_WORDS
from index.analysis.tokenizer import tokenize, unfinished_syllable
from index.article import TEXT_FIELDS, Article, searchable_body
from index.dates import local_minute
from index.labels import containing_keys, equal_keys, label_values
from search.query.filter_tree import AllOf, AnyOf, FilterNode, HasField, HasLabel, NoneOf, PublishedIn
from search.query.tree import (
    AccentExact,
    Alternative,
    And,
    Cut,
    DateRange,
    FieldFilter,
    Match,
    MatchNone,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Words,
    wanted_words,
)
from search.query.words import cut_of
from search.ranking.scoring import Ranking, idf, query_frequency_weight

Articles = set[str]
Concept = tuple[int, int, Articles, Articles]
_MOST_SYLLABLES = 64


@dataclass
class Found:
    """The result of a node: articles that match, and scores. Of a whole query, ``relaxed`` are those that follow."""

    matched: Articles
    score: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    ceiling: float = 0.0
    relaxed: Articles = field(default_factory=set)


class Reference:
    """Evaluate queries over ``articles``; positions are kept by (text field, stream), term and article."""

    def __init__(self, articles: Sequence[Article], ranking: Ranking) -> None:
        self.articles = {article.id: article for article in articles}
        self.ranking = ranking
        self.relaxing = False
        self.k1 = ranking.k1
        self.places: dict[tuple[str, Stream], dict[str, dict[str, list[int]]]] = {}
        self.lengths: dict[tuple[str, Stream], dict[str, int]] = {}
        for name in TEXT_FIELDS:
            for stream in Stream:
                places = self.places[name, stream] = {}
                lengths = self.lengths[name, stream] = {}
                for article in articles:
                    analysis = analyze(article.title if name == "title" else searchable_body(article))
                    terms = list(analysis.terms(stream))
                    lengths[article.id] = len(terms)
                    for term, at in terms:
                        places.setdefault(term, {}).setdefault(article.id, []).append(analysis.positions[at])

    def run(self, tree: Node, match: Match, within: Articles | None = None, recency: float | None = None) -> Found:
        """Evaluate a whole query."""
        within = set(self.articles) if within is None else within
        size = sum(len(cut_of(leaf).plain) for leaf in wanted_words(tree) if isinstance(leaf, Words))
        self.k1 = self.ranking.k1_long if size > self.ranking.long_text else self.ranking.k1
        found = self.node(tree, match)
        found.matched &= within
        words = sum(len(cut_of(leaf).words) for leaf in wanted_words(tree) if isinstance(leaf, Words))
        if len(found.matched) < (self.ranking.few if words > 1 else 1):
            found.relaxed = self.relaxed(tree, match) & within - found.matched
            if match is Match.AUTO and not found.matched and not found.relaxed:
                found.relaxed = self.relaxed(tree, Match.ANY) & within
        near = dict.fromkeys(self.articles, 0.0)
        for group in (found.matched, found.relaxed):
            best = max((found.score[id] for id in group), default=0.0)
            for leaf in wanted_words(tree) if best else ():
                self.add_nearness(near, group, leaf, best)
        for id, extra in near.items():
            found.score[id] += extra
        if recency is not None:
            for id, days in self.days_before_newest().items():
                found.score[id] *= 2 ** (-days / recency)
        return found

    def relaxed(self, tree: Node, match: Match) -> Articles:
        self.relaxing = True
        matched = self.node(tree, match).matched
        self.relaxing = False
        return matched

    def add_nearness(self, near: dict[str, float], group: Articles, leaf: Node, best: float) -> None:
        ranking = self.ranking
        weights = self.folded_weights(leaf) if isinstance(leaf, Words) else {}
        if not isinstance(leaf, Words) or len(weights) < 2 or len(cut_of(leaf).words) < 2:
            return
        unit = best / sum(weights.values()) * (ranking.nearness_short if len(weights) <= ranking.short_query else 1.0)
        for id in group:
            for width, share in ranking.windows.items():
                near[id] += max(self.window(weights, name, id, width) for name in scoped(leaf.field)) * share * unit
            near[id] += self.beginning(weights, leaf.field, id) * ranking.lead[1] * unit

    def days_before_newest(self) -> dict[str, float]:
        minutes = {id: local_minute(one.published) for id, one in self.articles.items() if one.published is not None}
        days = {id: (max(minutes.values()) - minute) / 1440 for id, minute in minutes.items()}
        return {id: days.get(id, max(days.values(), default=0.0)) for id in self.articles}

    def node(self, node: Node, match: Match) -> Found:
        match node:
            case Words():
                return self.text(node, match)
            case Phrase(text, scope):
                analysis = analyze(text)
                plain = self.plain(analysis, scope)
                return self.certain(self.scored(analysis, scope), self.quoted(analysis, plain, scope))
            case AccentExact(text, scope):
                analysis = analyze(text)
                plain = [False] * len(self.plain(analysis, scope))
                return self.certain(self.scored(analysis, scope), self.row(analysis, plain, 0, len(plain), scope))
            case Prefix(text, scope):
                return self.prefix(text, scope)
            case FieldFilter(label, value):
                wanted = keys(label, value)
                return Found(
                    {
                        id
                        for id, article in self.articles.items()
                        if wanted and all(containing_keys(key, article_keys(article, label)) for key in wanted)
                    }
                )
            case DateRange(first, last):
                days = {id: article.published for id, article in self.articles.items()}
                return Found(
                    {
                        id
                        for id, day in days.items()
                        if day is not None
                        and (first is None or first - 1 <= local_minute(day) // 1440)
                        and (last is None or local_minute(day) // 1440 < last)
                    }
                )
            case Not(inner):
                relaxing, self.relaxing = self.relaxing, False
                left_out = self.node(inner, Match.ALL).matched
                self.relaxing = relaxing
                return Found(set(self.articles) - left_out)
            case And(nodes):
                parts = [self.node(child, match) for child in nodes]
                return joined(parts, set.intersection(*(part.matched for part in parts)))
            case Or(nodes):
                parts = [self.node(child, match) for child in nodes]
                return joined(parts, set.union(*(part.matched for part in parts)))
            case MatchNone():
                return Found(set())
            case _:
                return Found(set(self.articles))

    def text(self, leaf: Words, match: Match) -> Found:
        analysis, scope = analyze(leaf.text), leaf.field
        others = [(other, self.spelled(other, scope)) for other in leaf.alternatives]

        def said(first: int, end: int) -> Articles:
            return set().union(*(ids for other, ids in others if other.first <= first and end <= other.end))

        result = self.scored(analysis, scope, cut_of(leaf).plain)
        words = self.concepts(analysis, scope, cut_of(leaf))
        wanted = self.concepts(analysis, scope, None) if self.relaxing else words
        covered = [articles | loosely | said(first, end) for first, end, articles, loosely in wanted]
        result.matched = self.enough(match, [articles for _, _, articles, _ in wanted], covered)
        for other, ids in {other.text: (other, ids) for other, ids in others}.values():
            part = self.scored(analyze(other.text), scope)
            if not part.ceiling:
                continue
            typed = self.scored(analysis, scope, cut_of(leaf).plain, (other.first, other.end)).ceiling
            factor = self.ranking.other_spelling if other.is_spelling else self.ranking.alternative
            share = factor * (typed / part.ceiling if typed else 1.0)
            result.ceiling += part.ceiling * share
            exact = [got for first, end, got, _ in words if (first, end) == (other.first, other.end)]
            plain = cut_of(leaf).plain
            end = min(other.end, len(plain))
            row = self.row(analysis, plain, other.first, end, scope) if other.first < end else set()
            for id in ids - (exact[0] if exact else row):
                result.score[id] += part.score[id] * share
        return result

    def enough(self, match: Match, typed: Sequence[Articles], covered: Sequence[Articles]) -> Articles:
        """Return the articles that have as many of the words as ``match`` asks for."""
        ranking, few = self.ranking, 2 if self.relaxing else self.ranking.most_required
        if match is Match.ALL or (match is Match.AUTO and len(covered) <= few):
            return {id for id in self.articles if all(id in articles for articles in covered)}
        if match is Match.ANY:
            return set().union(*covered)
        importance = [np.float32(idf(len(self.articles), len(articles))) for articles in typed]
        totals = {}
        for id in self.articles:
            totals[id] = np.float32(0)
            for articles, weight in zip(covered, importance, strict=True):
                totals[id] += weight * np.float32(id in articles)
        best = float(max(totals.values(), default=0.0))
        whole = sum(idf(len(self.articles), len(articles)) for articles in typed)
        share = ranking.least_scattered if self.relaxing else ranking.least_of_words(best / whole)
        least = share * best
        return {id for id, total in totals.items() if total and total >= np.float32(least)}

    def scored(
        self,
        analysis: Analysis,
        scope: str | None,
        plain: Sequence[bool] | None = None,
        part: tuple[int, int] | None = None,
    ) -> Found:
        """Sum BM25F over the streams, of all syllables or those of ``part``."""
        plain = self.plain(analysis, scope) if plain is None else plain
        shares = self.shares(analysis, plain)
        weights: dict[tuple[Stream, str], float] = {}
        counts: Counter[tuple[Stream, str]] = Counter()
        for stream in Stream:
            for term, at in analysis.terms(stream):
                if at >= len(plain) or (all(plain) and stream is Stream.WORD):
                    continue
                bigram = stream in (Stream.BIGRAM, Stream.FOLDED_BIGRAM)
                if part is not None and not part[0] <= at < part[1] - bigram:
                    continue
                bare = any(plain[at : at + 2]) if bigram else plain[at] and stream is not Stream.WORD
                codes = analysis.tokens.codes
                if bigram:
                    together = not any(code.first <= at < code.end - 1 for code in codes)
                else:
                    form = fold if stream is Stream.FOLDED else str
                    together = stream is not Stream.WORD and any(
                        code.first == at and code.end - at > 1 and form(code.text) == term for code in codes
                    )
                    together = together and term not in (analysis.tokens.exact[at], analysis.tokens.folded[at])
                weight = self.ranking.stream_weight(stream, len(plain), plain=bare, together=together)
                if stream in (Stream.SYLLABLE, Stream.FOLDED) and any(
                    code.spare and code.first == at and fold(code.text) == fold(term) for code in codes
                ):
                    weight *= self.ranking.spare
                share = math.sqrt(shares[at] * shares[min(at + 1, len(plain) - 1)]) if bigram else shares[at]
                weights[stream, term] = max(weights.get((stream, term), 0.0), share * weight)
                counts[stream, term] += 1
        result = Found(set())
        for (stream, term), weight in weights.items():
            self.add_term(result, stream, term, weight * query_frequency_weight(counts[stream, term]), scope)
        return result

    def add_term(self, result: Found, stream: Stream, term: str, weight: float, scope: str | None) -> None:
        frequency = self.frequency(stream, term, scope)
        if not frequency or not weight:
            return
        ranking = self.ranking
        importance = weight * idf(len(self.articles), frequency) ** ranking.idf_power
        often: defaultdict[str, float] = defaultdict(float)
        for name in scoped(scope):
            lengths = self.lengths[name, stream]
            average = sum(lengths.values()) / max(1, sum(map(bool, lengths.values())))
            for id, places in self.places[name, stream].get(term, {}).items():
                norm = 1.0 - ranking.b[name] + ranking.b[name] * lengths[id] / max(average, 1e-9)
                often[id] += ranking.fields[name] * len(places) / max(norm, 1e-9)
        result.ceiling += importance * (self.k1 + 1.0)
        for id, frequency in often.items():
            result.score[id] += importance * frequency * (self.k1 + 1.0) / (frequency + self.k1)

    def prefix(self, text: str, scope: str | None) -> Found:
        tokens = tokenize(text)
        stream = Stream.FOLDED if tokens.exact == tokens.folded else Stream.SYLLABLE
        beginnings = tuple(unfinished_syllable(text))
        terms = {term for name in scoped(scope) for term in self.places[name, stream] if term.startswith(beginnings)}
        result = Found(set())
        matched: Articles = set()
        for term in terms:
            one = Found(set())
            self.add_term(one, stream, term, 1.0, scope)
            matched |= self.having(stream, term, scope)
            result.ceiling = max(result.ceiling, one.ceiling)
            for id, score in one.score.items():
                result.score[id] = max(result.score[id], score)
        return self.certain(result, matched)

    @staticmethod
    def certain(result: Found, matched: Articles) -> Found:
        result.matched = set(matched)
        return result

    def concepts(self, analysis: Analysis, scope: str | None, cut: Cut | None) -> list[Concept]:
        """Return (first, end, articles, articles that match loosely) for each distinct code, and word or syllable."""
        tokens = analysis.tokens
        found: dict[object, Concept] = {}
        in_code: set[int] = set()
        asked = [code for code in tokens.codes if not code.implied]
        in_code.update(at for code in tokens.codes if code.implied for at in range(code.first, code.end))
        for first, end in list(dict.fromkeys((code.first, code.end) for code in asked))[:8]:
            codes = [code for code in asked if (code.first, code.end) == (first, end)]
            in_code.update(range(first, end))
            parts = tokens.folded[first:end]
            certain = all(code.certain for code in codes)
            articles = set() if certain else self.row(analysis, [True] * len(tokens), first, end, scope)
            articles |= set().union(*(self.having(Stream.FOLDED, fold(code.text), scope) for code in codes))
            anywhere = [self.having(Stream.FOLDED, part, scope) for part in parts]
            loosely = set.intersection(*anywhere) if any(code.loose for code in codes) else set()
            found[tuple(code.text for code in codes)] = (first, end, articles, loosely)
        spans = [(at, at + 1) for at in range(min(len(tokens), _MOST_SYLLABLES))] if cut is None else cut.words
        plain = [True] * len(tokens) if cut is None else cut.plain
        for first, end in spans:
            syllables = tokens.folded if cut is None else tokens.exact
            key = tuple(zip(syllables[first:end], plain[first:end], strict=False))
            if not in_code.issuperset(range(first, end)) and key not in found:
                found[key] = (first, end, self.row(analysis, plain, first, end, scope), set())
        return list(found.values())

    def spelled(self, other: Alternative, scope: str | None) -> Articles:
        analysis = analyze(other.text)
        tokens = analysis.tokens
        plain = other.is_spelling and list(tokens.exact) == list(tokens.folded)
        found = self.row(analysis, [plain] * len(tokens), 0, len(tokens), scope)
        for code in tokens.codes:
            if (code.first, code.end) == (0, len(tokens)):
                found |= self.having(Stream.FOLDED, fold(code.text), scope)
        return found

    def quoted(self, analysis: Analysis, plain: Sequence[bool], scope: str | None) -> Articles:
        """Return the articles with a phrase; of one that is a code, those that write the code in any way."""
        tokens = analysis.tokens
        whole = [code for code in tokens.codes if (code.first, code.end) == (0, len(tokens))]
        same = [code for code in whole if code.certain or fold(code.text) == "".join(tokens.folded)]
        found: Articles = set().union(*(self.having(Stream.FOLDED, fold(code.text), scope) for code in same))
        if any(code.certain for code in same):
            return found
        return found | self.row(analysis, plain, 0, len(plain), scope)

    def plain(self, analysis: Analysis, scope: str | None) -> Sequence[bool]:
        typed = list(zip(analysis.tokens.exact, analysis.tokens.folded, strict=True))[:_MOST_SYLLABLES]
        if all(exact == folded for exact, folded in typed):
            return [True] * len(typed)
        return [
            exact == folded
            and self.frequency(Stream.SYLLABLE, exact, scope) < 0.05 * self.frequency(Stream.FOLDED, exact, scope)
            for exact, folded in typed
        ]

    def shares(self, analysis: Analysis, plain: Sequence[bool]) -> list[float]:
        shares = [1.0] * len(plain)
        if len(plain) > self.ranking.short_query:
            for word in analysis.words:
                for at in range(word.first, min(word.end, len(plain))):
                    bare = all(plain) and analysis.tokens.folded[at] in PLAIN_QUESTION_SYLLABLES
                    if word.text in QUESTION_WORDS or bare:
                        shares[at] = self.ranking.question_word
        return shares

    def folded_weights(self, leaf: Words) -> dict[str, float]:
        analysis = analyze(leaf.text)
        shares = self.shares(analysis, cut_of(leaf).plain)
        weights = {}
        for syllable, share in zip(analysis.tokens.folded, shares, strict=False):
            frequency = self.frequency(Stream.FOLDED, syllable, leaf.field)
            if frequency:
                weights[syllable] = share * idf(len(self.articles), frequency) ** self.ranking.idf_power
        return weights

    def beginning(self, weights: Mapping[str, float], scope: str | None, id: str) -> float:
        """Return the total weight of the terms among the first syllables of an article's text fields."""
        return sum(
            weight
            for term, weight in weights.items()
            if any(
                place < self.ranking.lead[0]
                for name in scoped(scope)
                for place in self.places[name, Stream.FOLDED].get(term, {}).get(id, [])
            )
        )

    def window(self, weights: Mapping[str, float], name: str, id: str, width: int) -> float:
        """Return the weight of the best window of one article in one text field."""
        places = {term: self.places[name, Stream.FOLDED].get(term, {}).get(id, []) for term in weights}
        return max(
            (
                sum(weights[term] for term, at in places.items() if any(start <= place < start + width for place in at))
                for starts in places.values()
                for start in starts
            ),
            default=0.0,
        )

    def frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        return max(len(self.places[name, stream].get(term, ())) for name in scoped(scope))

    def having(self, stream: Stream, term: str, scope: str | None) -> Articles:
        return set().union(*(self.places[name, stream].get(term, ()) for name in scoped(scope)))

    def row(self, analysis: Analysis, plain: Sequence[bool], first: int, end: int, scope: str | None) -> Articles:
        """Return the articles with syllables ``first`` to ``end`` of a query in a row, in one text field."""
        tokens, positions = analysis.tokens, analysis.positions
        terms = [
            (Stream.FOLDED, tokens.folded[at]) if plain[at] else (Stream.SYLLABLE, tokens.exact[at])
            for at in range(first, min(end, len(plain)))
        ]
        return self.together(terms, [positions[first + n] - positions[first] for n in range(len(terms))], scope)

    def together(self, terms: Sequence[tuple[Stream, str]], steps: Sequence[int], scope: str | None) -> Articles:
        """Return the articles where ``terms`` stand so many positions after the first one, in one text field."""
        found: Articles = set()
        for name in scoped(scope):
            for id in self.articles:
                places = [set(self.places[name, stream].get(term, {}).get(id, ())) for stream, term in terms]
                if any(all(start + step in at for step, at in zip(steps, places, strict=True)) for start in places[0]):
                    found.add(id)
        return found


def meeting(articles: Sequence[Article], condition: FilterNode) -> Articles:
    """Return the articles that meet a condition of a filter, looking at each."""
    match condition:
        case HasLabel(label, values):
            known = set().union(*(article_keys(article, label) for article in articles))
            wanted = [[set(equal_keys(key, known)) for key in keys(label, value)] for value in values]
            return {
                article.id
                for article in articles
                if any(each and all(some & article_keys(article, label) for some in each) for each in wanted)
            }
        case PublishedIn(first, last):
            days = {one.id: local_minute(one.published) // 1440 + 1 for one in articles if one.published is not None}
            return {id for id, day in days.items() if (first is None or first <= day) and (last is None or day <= last)}
        case HasField(field):
            has = {one.id for one in articles if field == "published" and one.published is not None}
            return has or {one.id for one in articles if field != "published" and article_keys(one, field)}
        case NoneOf(part):
            return {article.id for article in articles} - meeting(articles, part)
        case AllOf(parts):
            return set.intersection(*(meeting(articles, part) for part in parts))
        case AnyOf(parts):
            return set.union(*(meeting(articles, part) for part in parts))


def joined(parts: Sequence[Found], matched: Articles) -> Found:
    result = Found(matched)
    for part in parts:
        for id, score in part.score.items():
            result.score[id] += score
    result.ceiling = sum(part.ceiling for part in parts)
    return result


def scoped(scope: str | None) -> Sequence[str]:
    return TEXT_FIELDS if scope is None else (scope,)


def keys(label: str, text: str | None) -> set[str]:
    return {value.key for value in label_values(label, text or "")}


def article_keys(article: Article, label: str) -> set[str]:
    return keys(label, getattr(article, label))
