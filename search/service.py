"""One search from text to answer: parse, retrieve, fetch, highlight."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from index.article import Article
from search.archive import Archive
from search.engine import FacetCount, Hit, Sort
from search.parameters import SearchParameters
from search.query.parser import parse
from search.query.tree import MatchAll, Node, alternatives, typed_analysis, wanted_words
from search.snippets.fragments import fragments_of, render
from search.snippets.highlighter import Highlighter
from search.snippets.spotter import Span
from search.spelling.completions import complete
from search.spelling.corrections import correct

_LEAD_LENGTH = 400
_LONGEST_PART = 200_000
_MOST_PARTS = 20


class ArticleSummary(NamedTuple):
    """What is shown of a found article besides its marked text.

    ``lead`` is the beginning of the body if the article has no lead.
    """

    id: str
    title: str
    lead: str
    url: str | None
    source: str | None
    author: str | None
    category: str | None
    published: str | None
    lang: str


@dataclass(frozen=True, slots=True)
class RenderedHit:
    """One hit: the article, its score, and its title and best fragments as HTML with the query's words marked.

    ``copies`` counts its matching near-copies, which are not shown.
    """

    article: ArticleSummary
    score: float
    title_html: str
    body_html: Sequence[str]
    explanation: Mapping[str, float] | None = None
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a search: ``total`` articles match, ``stories`` is the number of hits to page through.

    ``corrected`` is the query as it was probably meant.
    """

    parameters: SearchParameters
    terms: Sequence[str]
    total: int
    stories: int
    hits: Sequence[RenderedHit]
    took_ms: float
    corrected: str | None = None
    expanded: Sequence[str] = ()
    facets: Mapping[str, Sequence[FacetCount]] = field(default_factory=dict)


def search(archive: Archive, parameters: SearchParameters) -> Answer:
    """Answer one search. Every text is valid: one without words matches nothing, an empty one matches everything."""
    started = time.perf_counter()
    tree = archive.expand(parse(parameters.q))
    newest = isinstance(tree, MatchAll) and parameters.sort is Sort.RELEVANCE
    found = archive.engine.retrieve(parameters.request(tree, Sort.NEWEST if newest else parameters.sort))
    hits = _rendered(archive, found.hits, Highlighter(tree), parameters)
    corrected = correct(archive.engine, parameters.q)
    took = (time.perf_counter() - started) * 1000
    return Answer(
        parameters,
        _terms(tree),
        found.total,
        found.stories,
        hits,
        round(took, 2),
        corrected,
        expanded=list(dict.fromkeys(alternatives(tree))),
        facets=found.facets,
    )


def completions(archive: Archive, typed: str, size: int) -> list[str]:
    """Return up to ``size`` completions of the text typed so far, the most frequent first."""
    return complete(archive.engine.statistics(), typed, size)


def similar_articles(archive: Archive, id: str, size: int) -> list[RenderedHit]:
    """Return the articles most like the one with this id; an empty list for an unknown id."""
    article = archive.store.get(id)
    if article is None:
        return []
    return _rendered(archive, archive.engine.similar(article, size), Highlighter(MatchAll()), SearchParameters())


def _rendered(
    archive: Archive, hits: Sequence[Hit], highlighter: Highlighter, parameters: SearchParameters
) -> list[RenderedHit]:
    """Fetch the articles of ``hits`` and mark the query's words; skip articles deleted since the retrieval."""
    articles = archive.store.get_many([hit.id for hit in hits])
    return highlighted([(articles[hit.id], hit) for hit in hits if hit.id in articles], highlighter, parameters)


def highlighted(
    found: Sequence[tuple[Article, Hit]], highlighter: Highlighter, parameters: SearchParameters
) -> list[RenderedHit]:
    """Mark the query's words in the titles and best fragments of articles; one batch is faster than single articles."""
    marked = _articles_marks([article for article, _ in found], highlighter)
    texts = [(text, marks) for _, text, marks in marked]
    bodies = fragments_of(texts, parameters.fragments, parameters.fragment_size)
    return [
        RenderedHit(
            _summary(article),
            hit.score,
            render(article.title, 0, len(article.title), title),
            [render(text, passage.start, passage.end, passage.marks) for passage in body],
            hit.explanation,
            hit.copies,
        )
        for (article, hit), (title, text, _), body in zip(found, marked, bodies, strict=True)
    ]


def _summary(article: Article) -> ArticleSummary:
    lead = article.lead or article.body[:_LEAD_LENGTH].partition("\n")[0]
    return ArticleSummary(**{name: getattr(article, name) for name in ArticleSummary._fields} | {"lead": lead})


def marked_article(archive: Archive, article: Article, query: str) -> tuple[str, str]:
    """Return an article's whole title and body as HTML with the words of ``query`` marked.

    Only the first 200,000 characters of a body have marks.
    """
    highlighter = Highlighter(archive.expand(parse(query)))
    start = article.body[:_LONGEST_PART]
    title, body = highlighter.marks(article.title), highlighter.marks(start)
    if not title and not body:
        title, body = highlighter.marks(article.title, lone=True), highlighter.marks(start, lone=True)
    return (
        render(article.title, 0, len(article.title), title),
        render(article.body, 0, len(article.body), body),
    )


def _articles_marks(articles: Sequence[Article], highlighter: Highlighter) -> list[tuple[list[Span], str, list[Span]]]:
    """Return for each article the marks in its title, the text to take fragments from, and the marks in that text."""
    bodies = [article.body[:_LONGEST_PART] for article in articles]
    marks = highlighter.marks_of([*(article.title for article in articles), *bodies])
    together = zip(articles, marks[: len(articles)], bodies, marks[len(articles) :], strict=True)
    return [
        (title, body, in_body) if in_body else _article_marks(article, highlighter, title)
        for article, title, body, in_body in together
    ]


def _article_marks(article: Article, highlighter: Highlighter, title: list[Span]) -> tuple[list[Span], str, list[Span]]:
    """Return the same for one article that has no marks in the first 200,000 characters of its body."""
    text, marks = _part_with_marks(article.body, highlighter, first=_LONGEST_PART)
    if not title and not marks:
        title = highlighter.marks(article.title, lone=True)
        text, marks = _part_with_marks(article.body, highlighter, lone=True)
    return title, text, marks


def _part_with_marks(
    text: str, highlighter: Highlighter, *, first: int = 0, lone: bool = False
) -> tuple[str, list[Span]]:
    """Return the first part of ``text``, from ``first`` on, that has marks, and these marks.

    A part is 200,000 characters. Without any marks, return the beginning of the text and no marks.
    """
    for start in range(first, min(len(text), _MOST_PARTS * _LONGEST_PART), _LONGEST_PART):
        part = text[start : start + _LONGEST_PART]
        if marks := highlighter.marks(part, lone=lone):
            return part, marks
    return text[:_LONGEST_PART], []


def _terms(tree: Node) -> list[str]:
    """Return the words searched for, as the analyzer cut them, and their alternatives."""
    terms: dict[str, None] = {}
    for leaf in wanted_words(tree):
        for word in typed_analysis(leaf.text).words:
            terms[word.text.replace("_", " ")] = None
    terms.update(dict.fromkeys(alternatives(tree)))
    return list(terms)
