"""One search from text to answer: parse, retrieve, fetch, highlight."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import NamedTuple

from index.analysis.abbreviations import may_define, written_definitions
from index.analysis.analyzer import analyze
from index.analysis.tokenizer import tokenize
from index.article import Article
from index.errors import RottenArticleError, SearchTimeoutError
from search.archive import Archive
from search.deadline import Deadline
from search.engine import FacetCount, Hit, Request, Sort
from search.parameters import SearchParameters
from search.query.notes import Note, NoteCode, distinct, note
from search.query.tree import MatchAll, Node, Words, alternatives, typed_analysis, wanted_words
from search.query.typed import TypedWords, typed_words
from search.query.words import cut_of
from search.snippets.cuts import cut_sides
from search.snippets.fragments import fragments_of, render
from search.snippets.highlighter import Highlighter
from search.snippets.reasons import Reason, ReasonFinder
from search.snippets.spotter import Span
from search.spelling.completions import complete, meanings
from search.spelling.corrections import correct
from search.spelling.examples import examples

_LEAD_LENGTH = 400
_LONGEST_PART = 200_000
_MOST_PARTS = 20
_AT_ONCE = 10
_TITLES_AN_EXAMPLE = 5
_MOST_DEFINING_LINES = 200


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

    ``body_cut`` says of each fragment whether text of its first sentence is left out before it, and of its last one
    after it. ``copies`` counts its near-copies that are not shown; ``copied`` are the first of them, as many as were
    asked for. A ``relaxed`` hit only has the syllables of words scattered. ``reasons`` say why it was found, where it
    lacks the words as typed.
    """

    article: ArticleSummary
    score: float
    title_html: str
    body_html: Sequence[str]
    explanation: Mapping[str, float] | None = None
    copies: int = 0
    relaxed: bool = False
    copied: Sequence[ArticleSummary] = ()
    body_cut: Sequence[tuple[bool, bool]] = ()
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a search: ``total`` articles match, ``stories`` is the number of hits to page through.

    If few match, ``relaxed_total`` others follow them. ``corrected`` is the query as it was probably meant,
    ``notes`` say what of it was not understood.

    A ``partial`` answer lacks something for want of time: marks, facets, a correction, the exact order, or hits. If
    ``at_least``, the counts are lower bounds.
    """

    parameters: SearchParameters
    terms: Sequence[str]
    total: int
    stories: int
    relaxed_total: int
    hits: Sequence[RenderedHit]
    took_ms: float
    corrected: str | None = None
    expanded: Sequence[str] = ()
    facets: Mapping[str, Sequence[FacetCount]] = field(default_factory=dict)
    notes: Sequence[Note] = ()
    partial: bool = False
    at_least: bool = False


def search(archive: Archive, parameters: SearchParameters, deadline: Deadline | None = None) -> Answer:
    """Answer one search. Every text is valid: one without words matches nothing, an empty one matches everything.

    Once ``deadline`` is over, what can be left out is left out. A hit whose article is damaged in the store counts and
    keeps its place, but is left out; a note names it. Raises SearchTimeoutError if nothing certain was found by then,
    SearchCancelledError if it was cancelled, InvalidInputError for a page beyond the archive's limits.
    """
    started = time.perf_counter()
    archive.limits.check(parameters)
    deadline = deadline or Deadline()
    tree, notes, cut_short = archive.understand(parameters.q, deadline)
    newest = isinstance(tree, MatchAll) and parameters.sort is Sort.RELEVANCE
    found = archive.engine.retrieve(parameters.request(tree, Sort.NEWEST if newest else parameters.sort, deadline))
    if cut_short and not (found.total or found.relaxed_total):
        deadline.check()
    hits = _rendered(archive, found.hits, tree, parameters, deadline)
    notes = distinct([*notes, *_damaged(archive, found.hits, hits)])
    corrected = None
    with suppress(SearchTimeoutError):
        corrected = correct(archive.engine, parameters.q, deadline)
    partial = deadline.passed() or found.partial or cut_short
    took = (time.perf_counter() - started) * 1000
    return Answer(
        parameters,
        _terms(tree),
        found.total,
        found.stories,
        found.relaxed_total,
        hits,
        round(took, 2),
        corrected,
        expanded=list(dict.fromkeys(other.text for other in alternatives(tree))),
        facets=found.facets,
        notes=notes,
        partial=partial,
        at_least=found.at_least or cut_short,
    )


def completions(archive: Archive, typed: str, size: int) -> list[str]:
    """Return up to ``size`` completions of the text typed so far, the most frequent first."""
    return complete(archive.engine.statistics(), typed, size)


def title_matches(archive: Archive, typed: str, size: int, deadline: Deadline | None = None) -> list[RenderedHit]:
    """Return up to ``size`` articles whose titles have the words ``typed`` so far, the last one as a beginning.

    Words typed without accents stand for any, and the last one may lack its tone. Titles that have the words side by
    side come first, then the newest; near-copies are one. There are no fragments. If no title has the words, they may
    be Telex or VNI keys. Nothing is returned once the deadline is over.
    """
    for meant in meanings(typed):
        words = typed_words(meant)
        if words is None or (deadline is not None and deadline.passed()):
            return []
        found = archive.engine.titled(words, size)
        if found:
            articles = archive.store.get_many([hit.id for hit in found])
            return [_titled(articles[hit.id], hit, words) for hit in found if hit.id in articles]
    return []


def _titled(article: Article, hit: Hit, words: TypedWords) -> RenderedHit:
    title = render(article.title, 0, len(article.title), words.marks(tokenize(article.title)))
    return RenderedHit(_summary(article), hit.score, title, [], copies=hit.copies)


def example_queries(archive: Archive, size: int) -> list[str]:
    """Return up to ``size`` queries that find something: phrases of the newest titles, as the articles write them.

    They are the same as long as the archive does not change; an empty archive has none.
    """
    newest = archive.engine.retrieve(Request(sort=Sort.NEWEST, size=_TITLES_AN_EXAMPLE * size, collapse=True))
    ids = [hit.id for hit in newest.hits]
    articles = archive.store.get_many(ids)
    return examples(archive.engine.statistics(), [articles[id].title for id in ids if id in articles], size)


def abbreviations_in(article: Article) -> list[tuple[str, str]]:
    """Return the (short form, long form) that an article defines for certain in brackets, as it writes them.

    Each short form has the first long one; so ``hội nhập quốc tế (HNQT)`` is ("HNQT", "hội nhập quốc tế").
    """
    lines = (line for line in f"{article.title}\n{article.body}".splitlines() if may_define(line))
    found: dict[str, tuple[str, str]] = {}
    for line in islice(lines, _MOST_DEFINING_LINES):
        for short, long in written_definitions(analyze(line)):
            found.setdefault(short.lower(), (short, long))
    return list(found.values())


def similar_articles(archive: Archive, id: str, size: int, deadline: Deadline | None = None) -> list[RenderedHit]:
    """Return the articles most like the one with this id; an empty list for an unknown id."""
    deadline = deadline or Deadline()
    article = archive.store.get(id)
    if article is None:
        return []
    found = archive.engine.similar(article, size)
    return _rendered(archive, found, MatchAll(), SearchParameters(), deadline)


def copies_of(archive: Archive, id: str, size: int) -> list[ArticleSummary]:
    """Return up to ``size`` near-copies of the article with this id, whatever a query; an empty list for an unknown id.

    Those deleted since or damaged are left out.
    """
    found = [hit.id for hit in archive.engine.copies(id, size)]
    return _summaries(found, archive.store.get_many(found))


def _summaries(ids: Sequence[str], articles: Mapping[str, Article]) -> list[ArticleSummary]:
    return [_summary(articles[id]) for id in ids if id in articles]


def _rendered(
    archive: Archive, hits: Sequence[Hit], tree: Node, parameters: SearchParameters, deadline: Deadline
) -> list[RenderedHit]:
    """Fetch the articles of ``hits`` and mark the query's words; skip those deleted since or damaged.

    Once the deadline is over, the rest are not marked.
    """
    articles = archive.store.get_many([id for hit in hits for id in (hit.id, *hit.copy_ids)])
    found = [(articles[hit.id], hit) for hit in hits if hit.id in articles]
    highlighter, reasons = Highlighter(tree, deadline), ReasonFinder(tree, deadline)
    rendered: list[RenderedHit] = []
    for first in range(0, len(found), _AT_ONCE):
        some = found[first : first + _AT_ONCE]
        try:
            deadline.check()
            rendered += highlighted(some, highlighter, reasons, parameters, deadline)
        except SearchTimeoutError:
            rendered += [_unmarked(article, hit, parameters) for article, hit in some]
    return [
        replace(shown, copied=_summaries(hit.copy_ids, articles)) if hit.copy_ids else shown
        for shown, (_, hit) in zip(rendered, found, strict=True)
    ]


def _unmarked(article: Article, hit: Hit, parameters: SearchParameters) -> RenderedHit:
    """Return a hit with its title and the beginning of its body, without marks."""
    opening = article.body[: parameters.fragment_size].strip() if parameters.fragments else ""
    title = render(article.title, 0, len(article.title), ())
    body = [render(opening, 0, len(opening), ())] if opening else []
    start = article.body.find(opening)
    cut = [cut_sides(article.body, start, start + len(opening)) for _ in body]
    return RenderedHit(
        _summary(article), hit.score, title, body, hit.explanation, hit.copies, hit.relaxed, body_cut=cut
    )


def _damaged(archive: Archive, hits: Sequence[Hit], shown: Sequence[RenderedHit]) -> Iterator[Note]:
    """Yield a note for each hit that is not shown because its article is damaged."""
    there = {hit.article.id for hit in shown}
    for hit in hits:
        if hit.id not in there:
            try:
                archive.store.get(hit.id)
            except RottenArticleError as error:
                yield note(NoteCode.DAMAGED, error.id)


def highlighted(
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
    return [
        RenderedHit(
            _summary(article),
            hit.score,
            render(article.title, 0, len(article.title), title),
            [render(text, passage.start, passage.end, passage.marks) for passage in body],
            hit.explanation,
            hit.copies,
            hit.relaxed,
            body_cut=[cut_sides(text, passage.start, passage.end) for passage in body],
            reasons=reasons.reasons([(article.title, title), (text, marks)], relaxed=hit.relaxed),
        )
        for (article, hit), (title, text, marks), body in zip(found, marked, bodies, strict=True)
    ]


def _summary(article: Article) -> ArticleSummary:
    lead = article.lead or article.body[:_LEAD_LENGTH].partition("\n")[0]
    return ArticleSummary(**{name: getattr(article, name) for name in ArticleSummary._fields} | {"lead": lead})


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


def _terms(tree: Node) -> list[str]:
    """Return the words searched for, as the query was cut, and their alternatives."""
    terms: dict[str, None] = {}
    for leaf in wanted_words(tree):
        exact = typed_analysis(leaf.text).tokens.exact
        words = cut_of(leaf).words if isinstance(leaf, Words) else [(0, len(exact))]
        terms.update(dict.fromkeys(" ".join(exact[first:end]) for first, end in words))
    terms.update(dict.fromkeys(other.text for other in alternatives(tree)))
    return list(terms)
