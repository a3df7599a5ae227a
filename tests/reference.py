"""A slow, simple reference: how an article is indexed, and what ``search.matching.evaluator`` must find for a tree."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.analysis.analyzer import Analysis, Stream, analyze
from index.analysis.normalization import fold
from index.analysis.stopwords import PLAIN_QUESTION_SYLLABLES, QUESTION_WORDS
from index.analysis.suggestions import (
    SuggestedPhrases,
    code_suggestions,
    is_foreign,
    is_suggested,
    suggestion,
    unsure_suggestion,
    with_form,
)
from index.analysis.syllables import canonical_syllable
from index.analysis.tokenizer import tokenize, unfinished_syllable
from index.article import TEXT_FIELDS, Article, searchable_body
from index.dates import local_minute
from search.query.tree import (
    AccentExact,
    And,
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
from search.ranking.scoring import Ranking, idf, query_frequency_weight

Articles = set[str]
Covering = Callable[[int, int], Articles]
_MOST_SYLLABLES = 64


def phrases(analysis: Analysis, most_words: int) -> SuggestedPhrases:
    """Return the suggestions of a text: its codes, and runs of its words with single spaces between their syllables."""
    tokens, words = analysis.tokens, analysis.words
    found = SuggestedPhrases({}, {})
    within: set[int] = set()
    for code in filter(is_suggested, tokens.codes):
        within.update(range(code.first + 1, code.end))
        written = tokens.canonical[tokens.canonical_starts[code.first] : tokens.canonical_ends[code.end - 1]]
        found.sure.update(code_suggestions(code, tokens.folded[code.first : code.end], written))

    def spaced(at: int) -> bool:
        return (
            0 <= at < len(tokens) - 1
            and tokens.canonical[tokens.canonical_ends[at] : tokens.canonical_starts[at + 1]] == " "
        )

    for size in range(1, most_words + 1):
        named: list[tuple[str, str]] = []
        doubtful: list[tuple[str, str]] = []
        for run in (words[at : at + size] for at in range(len(words) - size + 1)):
            first, end = run[0].first, run[-1].end
            written = [tokens.written(at) for at in range(first, end)]
            lower = [syllable.lower() for syllable in written]
            whole = not within & {first, end}
            if size > 1:
                offered = whole and 2 <= end - first <= 8
            else:
                near = [tokens.written(at).isupper() for at in (first - 1, end) if spaced(min(at, end - 1))]
                acronym = written[0].isupper() and len(written[0]) > 1 and not any(near)
                lone = is_foreign(lower[0], tokens.folded[first]) or acronym
                offered = 2 <= end - first <= 8 or (end - first == 1 and lone and whole)
            if not (offered and all(map(spaced, range(first, end - 1)))):
                continue
            key = suggestion([fold(canonical_syllable(syllable)) for syllable in lower], lower)
            in_capitals = len(written) > 1 and all(map(str.isupper, written))
            if lower == written:
                found.sure[key] = key
            elif first == 0 or not spaced(first - 1) or in_capitals:
                doubtful.append((key, unsure_suggestion(key, " ".join(written), run[0].end - first)))
            else:
                named.append((key, with_form(key, " ".join(written))))
        for key, term in named:
            found.sure.setdefault(key, term)
        for key, term in doubtful:
            if key not in found.sure:
                found.unsure.setdefault(key, term)
    return found


@dataclass
class Found:
    """The result of a node: articles that match, that have every word, that have the accents typed; and scores."""

    matched: Articles
    every: Articles
    exact: Articles
    score: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    ceiling: float = 0.0
    short: bool = True
    accents: bool = False


class Reference:
    """Evaluate queries over ``articles``; positions are kept by (text field, stream), term and article."""

    def __init__(self, articles: Sequence[Article], ranking: Ranking) -> None:
        self.articles = {article.id: article for article in articles}
        self.ranking = ranking
        self.places: dict[tuple[str, Stream], dict[str, dict[str, list[int]]]] = {}
        self.lengths: dict[tuple[str, Stream], dict[str, int]] = {}
        for name in TEXT_FIELDS:
            for stream in Stream:
                places = self.places[name, stream] = {}
                lengths = self.lengths[name, stream] = {}
                for article in articles:
                    text = article.title if name == "title" else searchable_body(article)
                    terms = list(analyze(text).terms(stream))
                    lengths[article.id] = len(terms)
                    for term, at in terms:
                        places.setdefault(term, {}).setdefault(article.id, []).append(at)

    def run(self, tree: Node, match: Match) -> Found:
        """Evaluate a whole query."""
        found = self.node(tree, match)
        if match is Match.AUTO and not found.matched:
            match = Match.ANY
            found = self.node(tree, match)
        ranking = self.ranking
        best = max((found.score[id] for id in found.matched), default=0.0)
        if best and match is not Match.ANY:
            first = (1.0 + sum(ranking.windows.values()) + ranking.lead[1]) * found.ceiling
            for id in found.matched & found.every:
                found.score[id] += first * (1.0 if found.short else ranking.every_word)
                if found.short and found.accents and id in found.exact:
                    found.score[id] += first
        for leaf in wanted_words(tree) if best else ():
            weights = self.folded_weights(leaf) if isinstance(leaf, Words) else {}
            if len(weights) > ranking.short_query:
                unit = best / sum(weights.values())
                for id in found.matched:
                    for width, share in ranking.windows.items():
                        nearest = max(self.window(weights, name, id, width) for name in scoped(leaf.field))
                        found.score[id] += nearest * share * unit
                    found.score[id] += self.beginning(weights, leaf.field, id) * ranking.lead[1] * unit
        return found

    def node(self, node: Node, match: Match) -> Found:
        match node:
            case Words():
                return self.text(node, match)
            case Phrase(text, scope):
                analysis = analyze(text)
                plain = self.plain(analysis, scope)
                streams = [Stream.FOLDED if bare else Stream.SYLLABLE for bare in plain]
                terms = list(zip(streams, analysis.tokens.exact, strict=False))
                return self.certain(self.scored(analysis, scope), self.row(terms, scope))
            case AccentExact(text, scope):
                analysis = analyze(text)
                terms = [(Stream.SYLLABLE, syllable) for syllable in analysis.tokens.exact[:_MOST_SYLLABLES]]
                return self.certain(self.scored(analysis, scope), self.row(terms, scope))
            case Prefix(text, scope):
                return self.prefix(text, scope)
            case FieldFilter(label, value):
                wanted = f" {plainly(value)} "
                values = {id: getattr(article, label) or "" for id, article in self.articles.items()}
                return constant({id for id, text in values.items() if text and wanted in f" {plainly(text)} "})
            case DateRange(first, last):
                days = {id: article.published for id, article in self.articles.items()}
                return constant(
                    {
                        id
                        for id, day in days.items()
                        if day is not None
                        and (first is None or first - 1 <= local_minute(day) // 1440)
                        and (last is None or local_minute(day) // 1440 < last)
                    }
                )
            case Not(inner):
                left_out = self.node(inner, Match.ALL)
                return constant(set(self.articles) - (left_out.matched & left_out.exact))
            case And(nodes):
                parts = [self.node(child, match) for child in nodes]
                return joined(
                    parts,
                    set.intersection(*(part.matched for part in parts)),
                    set.intersection(*(part.every for part in parts)),
                    set.intersection(*(part.exact for part in parts)),
                )
            case Or(nodes):
                parts = [self.node(child, match) for child in nodes]
                return joined(
                    parts,
                    set.union(*(part.matched for part in parts)),
                    set.union(*(part.every for part in parts)),
                    set.union(*(part.every & part.exact for part in parts)) if len(parts) > 1 else parts[0].exact,
                )
            case MatchNone():
                return constant(set())
            case _:
                return constant(set(self.articles))

    def text(self, leaf: Words, match: Match) -> Found:
        analysis, scope, ranking = analyze(leaf.text), leaf.field, self.ranking
        others = [(other, self.spelled(other.text, scope)) for other in leaf.alternatives]

        def said(first: int, end: int) -> Articles:
            return set().union(*(ids for other, ids in others if other.first <= first and end <= other.end))

        result = self.scored(analysis, scope, said)
        concepts = self.concepts(analysis, scope)
        typed = [articles for _, _, articles, _ in concepts]
        covered = [articles | loosely | said(first, end) for first, end, articles, loosely in concepts]
        importance = [idf(len(self.articles), len(articles)) for articles in typed]
        result.every = {id for id in self.articles if all(id in articles for articles in typed)}
        result.short = len(concepts) <= ranking.short_query
        least = ranking.least_matched_short if result.short else ranking.least_matched
        for id in self.articles:
            has = [id in articles for articles in covered]
            if match is Match.ALL or (match is Match.AUTO and len(concepts) <= 2):
                matched = all(has)
            elif match is Match.ANY:
                matched = any(has)
            else:
                total = np.float32(0)
                for present, weight in zip(has, importance, strict=True):
                    total += np.float32(weight) * np.float32(present)
                matched = any(has) and bool(total >= np.float32(least * sum(importance)))
            if matched:
                result.matched.add(id)
        for other, ids in {other.text: (other, ids) for other, ids in others}.values():
            part = self.scored(analyze(other.text), scope)
            if not part.ceiling:
                continue
            starts = analysis.tokens.starts[other.first : other.end]
            ends = analysis.tokens.ends[other.first : other.end]
            typed = self.scored(analyze(leaf.text[starts[0] : ends[-1]] if starts else ""), scope).ceiling
            share = ranking.alternative * (typed / part.ceiling if typed else 1.0)
            result.ceiling += part.ceiling * share
            for id in ids - result.every:
                result.score[id] += part.score[id] * share
        return result

    def scored(self, analysis: Analysis, scope: str | None, said: Covering = lambda first, end: set()) -> Found:
        """Sum BM25 over the streams; articles that have an alternative (``said``) need no accents."""
        ranking, tokens = self.ranking, analysis.tokens
        plain = self.plain(analysis, scope)
        shares = self.shares(analysis, plain)
        weights: dict[tuple[Stream, str], float] = {}
        counts: Counter[tuple[Stream, str]] = Counter()
        for stream in Stream:
            for term, at in analysis.terms(stream):
                if at >= len(plain) or (all(plain) and stream is Stream.WORD):
                    continue
                bare = plain[at] and stream is not Stream.WORD
                weight = (ranking.streams_plain if bare else ranking.streams_accented).get(stream, 0.0)
                after = shares[min(at + 1, len(plain) - 1)]
                share = math.sqrt(shares[at] * after) if stream is Stream.BIGRAM else shares[at]
                weights[stream, term] = max(weights.get((stream, term), 0.0), share * weight)
                counts[stream, term] += 1
        result = constant(set())
        for (stream, term), weight in weights.items():
            self.add_term(result, stream, term, weight * query_frequency_weight(counts[stream, term]), scope)
        in_code = {at for code in tokens.codes for at in range(code.first, code.end)}
        accented: dict[str, Articles] = {}
        for at in range(len(plain)):
            syllable = tokens.exact[at]
            if syllable != tokens.folded[at] and at not in in_code and syllable not in accented:
                accented[syllable] = self.having(Stream.SYLLABLE, syllable, scope) | said(at, at + 1)
        result.accents = bool(accented)
        result.exact = {id for id in self.articles if all(id in articles for articles in accented.values())}
        return result

    def add_term(self, result: Found, stream: Stream, term: str, weight: float, scope: str | None) -> None:
        frequency = self.frequency(stream, term, scope)
        if not frequency or not weight:
            return
        ranking = self.ranking
        importance = weight * idf(len(self.articles), frequency) ** ranking.idf_power
        for name in scoped(scope):
            postings = self.places[name, stream].get(term, {})
            if not postings:
                continue
            lengths = self.lengths[name, stream]
            average = sum(lengths.values()) / len(lengths)
            boost = importance * ranking.fields[name]
            result.ceiling += boost * (ranking.k1 + 1.0)
            for id, places in postings.items():
                norm = ranking.k1 * (1.0 - ranking.b[name] + ranking.b[name] * lengths[id] / average)
                result.score[id] += boost * len(places) * (ranking.k1 + 1.0) / (len(places) + norm)

    def prefix(self, text: str, scope: str | None) -> Found:
        tokens = tokenize(text)
        stream = Stream.FOLDED if tokens.exact == tokens.folded else Stream.SYLLABLE
        beginnings = tuple(unfinished_syllable(text))
        terms = {term for name in scoped(scope) for term in self.places[name, stream] if term.startswith(beginnings)}
        result = constant(set())
        matched: Articles = set()
        for term in terms:
            one = constant(set())
            self.add_term(one, stream, term, 1.0, scope)
            matched |= self.having(stream, term, scope)
            result.ceiling = max(result.ceiling, one.ceiling)
            for id, score in one.score.items():
                result.score[id] = max(result.score[id], score)
        return self.certain(result, matched)

    @staticmethod
    def certain(result: Found, matched: Articles) -> Found:
        result.matched, result.every, result.exact = set(matched), set(matched), set(matched)
        return result

    def concepts(self, analysis: Analysis, scope: str | None) -> list[tuple[int, int, Articles, Articles]]:
        """Return (first, end, articles, articles that match loosely) for each distinct code and syllable."""
        tokens = analysis.tokens
        found: dict[object, tuple[int, int, Articles, Articles]] = {}
        in_code: set[int] = set()
        asked = [code for code in tokens.codes if not code.implied]
        in_code.update(at for code in tokens.codes if code.implied for at in range(code.first, code.end))
        for first, end in list(dict.fromkeys((code.first, code.end) for code in asked))[:8]:
            codes = [code for code in asked if (code.first, code.end) == (first, end)]
            in_code.update(range(first, end))
            parts = tokens.folded[first:end]
            articles = self.row([(Stream.FOLDED, part) for part in parts], scope)
            articles |= set().union(*(self.having(Stream.FOLDED, fold(code.text), scope) for code in codes))
            anywhere = [self.having(Stream.FOLDED, part, scope) for part in parts]
            loosely = set.intersection(*anywhere) if any(code.loose for code in codes) else set()
            found[tuple(code.text for code in codes)] = (first, end, articles, loosely)
        for at, syllable in enumerate(tokens.folded[:_MOST_SYLLABLES]):
            if at not in in_code and syllable not in found:
                found[syllable] = (at, at + 1, self.having(Stream.FOLDED, syllable, scope), set())
        return list(found.values())

    def spelled(self, text: str, scope: str | None) -> Articles:
        tokens = tokenize(text)
        found = self.row([(Stream.FOLDED, syllable) for syllable in tokens.folded], scope)
        for code in tokens.codes:
            if (code.first, code.end) == (0, len(tokens)):
                found |= self.having(Stream.FOLDED, fold(code.text), scope)
        return found

    def plain(self, analysis: Analysis, scope: str | None) -> list[bool]:
        typed = list(zip(analysis.tokens.exact, analysis.tokens.folded, strict=True))[:_MOST_SYLLABLES]
        if all(exact == folded for exact, folded in typed):
            return [True] * len(typed)
        return [
            exact == folded
            and self.frequency(Stream.SYLLABLE, exact, scope)
            < self.ranking.unaccented_share * self.frequency(Stream.FOLDED, exact, scope)
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
        shares = self.shares(analysis, self.plain(analysis, leaf.field))
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

    def row(self, terms: Sequence[tuple[Stream, str]], scope: str | None) -> Articles:
        """Return the articles where ``terms`` are adjacent, in this order, in one text field."""
        found: Articles = set()
        for name in scoped(scope):
            for id in self.articles:
                places = [set(self.places[name, stream].get(term, {}).get(id, ())) for stream, term in terms]
                if any(all(start + n in at for n, at in enumerate(places)) for start in places[0]):
                    found.add(id)
        return found


def constant(matched: Articles) -> Found:
    return Found(set(matched), set(matched), set(matched))


def joined(parts: Sequence[Found], matched: Articles, every: Articles, exact: Articles) -> Found:
    result = Found(matched, every, exact)
    for part in parts:
        for id, score in part.score.items():
            result.score[id] += score
    result.ceiling = sum(part.ceiling for part in parts)
    result.short = all(part.short for part in parts)
    result.accents = any(part.accents for part in parts)
    return result


def scoped(scope: str | None) -> Sequence[str]:
    return TEXT_FIELDS if scope is None else (scope,)


def plainly(text: str) -> str:
    return " ".join(tokenize(text).folded)
