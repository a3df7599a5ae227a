"""Turn what the engine found into what is shown: fetch the articles, mark the query's words, cut fragments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby

from index.analysis.tokenizer import tokenize
from index.article import Article
from index.batches import batches
from index.errors import SearchTimeoutError
from search.answer import ArticleSummary, RenderedHit, summary_of
from search.archive import Archive
from search.deadline import Deadline
from search.engine import Hit
from search.explaining import explained
from search.parameters import SearchParameters
from search.query.tree import Node
from search.query.typed import TypedWords
from search.snippets.cuts import cut_sides
from search.snippets.fragments import PRE, fragments_of, render
from search.snippets.highlighter import Highlighter
from search.snippets.reasons import ReasonFinder
from search.snippets.spotter import Span

_LONGEST_PART = 200_000
_MOST_PARTS = 20
_AT_ONCE = 10


def rendered(
    archive: Archive, hits: Sequence[Hit], tree: Node, parameters: SearchParameters, deadline: Deadline
) -> list[RenderedHit]:
    """Fetch the articles of ``hits`` and mark the query's words; skip those deleted since or damaged.

    Once the deadline is over, the rest are not marked.
    """
    articles = archive.store.get_many([id for hit in hits for id in (hit.id, *hit.copy_ids)])
    found = [(articles[hit.id], hit) for hit in hits if hit.id in articles]
    highlighter, reasons = Highlighter(tree, deadline), ReasonFinder(tree, deadline)
    shown: list[RenderedHit] = []
    for some in batches(found, _AT_ONCE):
        try:
            deadline.check()
            shown += _marked(some, highlighter, reasons, parameters, deadline)
        except SearchTimeoutError:
            shown += [_unmarked(article, hit, parameters) for article, hit in some]
    shown = [
        replace(one, copied=summaries(hit.copy_ids, articles)) if hit.copy_ids else one
        for one, (_, hit) in zip(shown, found, strict=True)
    ]
    if parameters.explain == "words":
        shown = [
            replace(one, explained=explained(article, hit.explanation))
            if hit.explanation is not None and not deadline.passed()
            else one
            for one, (article, hit) in zip(shown, found, strict=True)
        ]
    if parameters.highlight:
        shown = [
            replace(one, marked=_whole(article, parameters.highlight, highlighter, scattered=_is_scattered(one)))
            for one, (article, _) in zip(shown, found, strict=True)
        ]
    return shown


def _is_scattered(hit: RenderedHit) -> bool:
    """Tell whether single syllables are marked: in a relaxed hit, and where the words themselves are nowhere."""
    return hit.relaxed or not any(PRE in text for text in (hit.title_html, *hit.body_html))


def _whole(article: Article, fields: Sequence[str], highlighter: Highlighter, *, scattered: bool) -> dict[str, str]:
    """Return whole fields as HTML with marks, which are in the first 200,000 characters; none once the time is over."""
    texts = [getattr(article, name) or "" for name in fields]
    marks: Sequence[Sequence[Span]] = [()] * len(texts)
    with suppress(SearchTimeoutError):
        marks = highlighter.marks_of([text[:_LONGEST_PART] for text in texts], scattered=scattered)
    return {name: render(text, 0, len(text), spans) for name, text, spans in zip(fields, texts, marks, strict=True)}


def rendered_title(article: Article, hit: Hit, words: TypedWords) -> RenderedHit:
    """Return a hit with its title marked where it has the typed ``words``, and no fragments."""
    title = render(article.title, 0, len(article.title), words.marks(tokenize(article.title)))
    return RenderedHit(summary_of(article), hit.score, title, [], copies=hit.copies)


def summaries(ids: Sequence[str], articles: Mapping[str, Article]) -> list[ArticleSummary]:
    """Return what is shown of the articles with these ids; those that are not there are left out."""
    return [summary_of(articles[id]) for id in ids if id in articles]


def marked_article(archive: Archive, article: Article, query: str, deadline: Deadline | None = None) -> tuple[str, str]:
    """Return an article's whole title and body as HTML with the words of ``query`` marked.

    Only the first 200,000 characters of a body have marks; nothing has any if ``deadline`` is over before.
    """
    title: list[Span] = []
    body: list[Span] = []
    with suppress(SearchTimeoutError):
        highlighter = Highlighter(archive.understand(query, deadline).tree, deadline)
        start = article.body[:_LONGEST_PART]
        title, body = highlighter.marks(article.title), highlighter.marks(start)
        if not title and not body:
            title, body = highlighter.marks(article.title, scattered=True), highlighter.marks(start, scattered=True)
    return (
        render(article.title, 0, len(article.title), title),
        render(article.body, 0, len(article.body), body),
    )


def _unmarked(article: Article, hit: Hit, parameters: SearchParameters) -> RenderedHit:
    """Return a hit with its title and the beginning of its body, without marks."""
    opening = article.body[: parameters.fragment_size].strip() if parameters.fragments else ""
    title = render(article.title, 0, len(article.title), ())
    body = [render(opening, 0, len(opening), ())] if opening else []
    start = article.body.find(opening)
    cut = [cut_sides(article.body, start, start + len(opening)) for _ in body]
    return RenderedHit(
        summary_of(article), hit.score, title, body, hit.explanation, hit.copies, hit.relaxed, body_cut=cut
    )


def _marked(
    found: Sequence[tuple[Article, Hit]],
    highlighter: Highlighter,
    reasons: ReasonFinder,
    parameters: SearchParameters,
    deadline: Deadline | None = None,
) -> list[RenderedHit]:
    """Mark the query's words in the titles and best fragments of articles; one batch is faster than single articles.

    Raises SearchTimeoutError once ``deadline`` is over.
    """
    marked: list[_MarkedArticle] = []
    for relaxed, some in groupby(found, lambda entry: entry[1].relaxed):
        marked += _articles_marks([article for article, _ in some], highlighter, scattered=relaxed)
    texts = [(text, marks) for _, text, marks in marked]
    bodies = fragments_of(texts, parameters.fragments, parameters.fragment_size, deadline)
    why = reasons.reasons(
        [
            ([(article.title, title), (text, marks)], hit.relaxed)
            for (article, hit), (title, text, marks) in zip(found, marked, strict=True)
        ]
    )
    return [
        RenderedHit(
            summary_of(article),
            hit.score,
            render(article.title, 0, len(article.title), title),
            [render(text, passage.start, passage.end, passage.marks) for passage in body],
            hit.explanation,
            hit.copies,
            hit.relaxed,
            body_cut=[cut_sides(text, passage.start, passage.end) for passage in body],
            reasons=own_reasons,
        )
        for (article, hit), (title, text, _), body, own_reasons in zip(found, marked, bodies, why, strict=True)
    ]


_MarkedArticle = tuple[list[Span], str, list[Span]]
"""The marks in an article's title, the text to take fragments from, and the marks in that text."""


def _articles_marks(
    articles: Sequence[Article], highlighter: Highlighter, *, scattered: bool
) -> Iterator[_MarkedArticle]:
    """Yield each article with its marks; with ``scattered``, also those of single syllables."""
    bodies = [article.body[:_LONGEST_PART] for article in articles]
    marks = highlighter.marks_of([*(article.title for article in articles), *bodies], scattered=scattered)
    together = zip(articles, marks[: len(articles)], bodies, marks[len(articles) :], strict=True)
    for article, title, body, in_body in together:
        yield (title, body, in_body) if in_body else _article_marks(article, highlighter, title)


def _article_marks(article: Article, highlighter: Highlighter, title: list[Span]) -> _MarkedArticle:
    """Return the same for one article that has no marks in the first 200,000 characters of its body.

    If it has none at all, mark single syllables: of a query without accents, these may be all that is marked.
    """
    text, marks = _part_with_marks(article.body, highlighter, first=_LONGEST_PART)
    if not title and not marks:
        title = highlighter.marks(article.title, scattered=True)
        text, marks = _part_with_marks(article.body, highlighter, scattered=True)
    return title, text, marks


def _part_with_marks(
    text: str, highlighter: Highlighter, *, first: int = 0, scattered: bool = False
) -> tuple[str, list[Span]]:
    """Return the first part of ``text``, from ``first`` on, that has marks, and these marks.

    A part is 200,000 characters. Without any marks, return the beginning of the text and no marks.
    """
    for start in range(first, min(len(text), _MOST_PARTS * _LONGEST_PART), _LONGEST_PART):
        part = text[start : start + _LONGEST_PART]
        if marks := highlighter.marks(part, scattered=scattered):
            return part, marks
    return text[:_LONGEST_PART], []
