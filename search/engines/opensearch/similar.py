"""Find similar articles in a cluster: it chooses candidates by telling words, our own formula scores them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from index.analysis.analyzer import Stream, analyze
from index.article import TEXT_FIELDS, Article, searchable_body
from index.segments.schema import field_name
from search.deadline import Deadline
from search.engine import Hit
from search.engines.opensearch.candidates import CandidateArticles, candidate_of
from search.engines.opensearch.copies import story_of
from search.engines.opensearch.frequencies import FieldTerm
from search.engines.opensearch.hits import LISTED, TOKENS
from search.engines.opensearch.ordering import order
from search.engines.opensearch.query_sets import Query, term_query
from search.engines.opensearch.statistics import ClusterStatistics
from search.ranking.clauses import Matches, ScoreClause, WeightedTerm
from search.ranking.impacts import TermImpacts
from search.ranking.scoring import Ranking, idf

_TERMS = 30
_READ = 20_000
_CANDIDATES = 50
_FIELDS = [field_name(name, Stream.WORD) for name in TEXT_FIELDS]
_BODY = field_name("body", Stream.WORD)


def similar(statistics: ClusterStatistics, ranking: Ranking, article: Article, size: int) -> list[Hit]:
    """Return up to ``size`` articles of other stories, most like ``article`` first."""
    terms = _telling(statistics, article)
    if not terms or size < 1:
        return []
    among: Query = {
        "bool": {
            "should": [term_query(field, term.term) for term in terms for field, _ in term.fields],
            "minimum_should_match": 1,
        }
    }
    if (story := story_of(statistics, article.id)) is not None:
        among = {"bool": {"filter": [among], "must_not": [{"term": {"story": story}}]}}
    found = Matches(among, among, None, [ScoreClause([terms])], [], ranking.k1)
    body: dict[str, Any] = {
        "size": max(_CANDIDATES, 3 * size),
        "query": order(found, among, statistics, ranking, None),
        "sort": [{"_score": "desc"}, {"seq": "asc"}],
        "track_total_hits": False,
        "_source": False,
        "docvalue_fields": [*LISTED, TOKENS],
    }
    candidates = [candidate_of(hit) for hit in statistics.search_live(body)["hits"]["hits"]]
    if not candidates:
        return []
    articles = CandidateArticles(candidates, {(Stream.WORD, term.term) for term in terms}, statistics)
    scores = TermImpacts(articles, ranking).sums(terms, np.arange(articles.size), ranking.k1, Deadline())
    best = np.lexsort((articles.sequence, -scores))[:size].tolist()
    return [Hit(candidates[number].id, float(scores[number])) for number in best if scores[number] > 0]


def _telling(statistics: ClusterStatistics, article: Article) -> list[WeightedTerm]:
    """Return the words that tell most of an article: those frequent in it and rare elsewhere, but not in it alone."""
    text = analyze(f"{article.title}\n{searchable_body(article)}"[:_READ])
    counts = Counter(word.text for word in text.words if not word.text.isdigit())
    statistics.learn([FieldTerm(field, term) for term in counts for field in _FIELDS])
    importance = {}
    for term, count in counts.items():
        frequency = statistics.frequency_in(_BODY, term)
        if frequency > 1:
            importance[term] = idf(statistics.articles, frequency) * count / (count + 1.0)
    telling = sorted(importance, key=lambda term: (-importance[term], term))[:_TERMS]
    return [
        WeightedTerm(
            Stream.WORD,
            term,
            importance[term],
            [(field, often) for field in _FIELDS if (often := statistics.frequency_in(field, term))],
        )
        for term in telling
    ]
