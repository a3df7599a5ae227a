"""Find similar articles: those that share an article's characteristic words, frequent in it and rare elsewhere."""

from __future__ import annotations

from collections import Counter

import numpy as np

from index.analysis.analyzer import Stream, analyze
from index.article import Article, searchable_body
from index.directory.snapshot import Snapshot
from index.segments.schema import field_name
from search.deadline import Deadline
from search.engine import Hit
from search.matching.article_sets import fields_of
from search.ranking.clauses import WeightedTerm
from search.ranking.impacts import TermImpacts
from search.ranking.scoring import idf
from search.ranking.top_k import largest

_TERMS = 30
_READ = 20_000


def similar(impacts: TermImpacts[Snapshot], article: Article, size: int) -> list[Hit]:
    """Return up to ``size`` articles of other stories, most like ``article`` first."""
    snapshot = impacts.snapshot
    text = analyze(f"{article.title}\n{searchable_body(article)}"[:_READ])
    importance = {}
    for term, count in Counter(word.text for word in text.words if not word.text.isdigit()).items():
        frequency = snapshot.term_postings(field_name("body", Stream.WORD), term).count
        if frequency > 1:
            importance[term] = idf(snapshot.count, frequency) * count / (count + 1.0)
    telling = sorted(importance, key=lambda term: (-importance[term], term))[:_TERMS]
    fields = fields_of(None, Stream.WORD)
    terms = [WeightedTerm(Stream.WORD, term, importance[term], impacts.frequencies(fields, term)) for term in telling]
    alike = np.zeros(snapshot.size, bool)
    for term in telling:
        alike |= impacts.docs_with_term(fields, term)
    own = snapshot.article_number(article.id)
    if own is not None:
        alike &= snapshot.stories != snapshot.stories[own]
    articles = np.flatnonzero(alike)
    scores = impacts.sums(terms, articles, impacts.ranking.k1, Deadline())
    near = largest(scores, size)
    best = near[np.argsort(-scores[near], kind="stable")[:size]]
    return [Hit(snapshot.article_id(int(articles[n])), float(scores[n])) for n in best if scores[n] > 0]
