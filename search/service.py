"""What an archive answers: a search from text to hits, and what is asked while typing and beside one article."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from index.analysis.abbreviations import may_define, written_definitions
from index.analysis.analyzer import analyze
from index.article import Article
from index.errors import RottenArticleError, SearchTimeoutError
from search.answer import Answer, ArticleSummary, RenderedHit
from search.archive import Archive
from search.cursors import cursor_text
from search.deadline import Deadline
from search.engine import FacetCount, Hit, Request, Sort
from search.histogram import Bucket, histogram
from search.parameters import SearchParameters
from search.query.accents import with_accents
from search.query.notes import Note, NoteCode, distinct, note
from search.query.tree import MatchAll, Node, Words, alternatives, typed_analysis, wanted_words
from search.query.typed import typed_words
from search.query.words import cut_of
from search.rendering import rendered, rendered_title, summaries
from search.spelling.completions import complete, meanings
from search.spelling.corrections import correct
from search.spelling.examples import examples

_TITLES_AN_EXAMPLE = 5
_MOST_DEFINING_LINES = 200


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
    tree = with_accents(tree, parameters.accents)
    newest = isinstance(tree, MatchAll) and parameters.sort is Sort.RELEVANCE
    request = parameters.request(tree, Sort.NEWEST if newest else parameters.order, deadline)
    found = archive.engine.retrieve(request)
    if cut_short and not (found.total or found.relaxed_total):
        deadline.check()
    hits = rendered(archive, found.hits, tree, parameters, deadline)
    notes = distinct([*notes, *_damaged(archive, found.hits, hits)])
    corrected = None
    if parameters.typo == "on":
        with suppress(SearchTimeoutError):
            corrected = correct(archive.engine, parameters.q, deadline)
    dates: Sequence[Bucket] = ()
    if parameters.histogram is not None:
        dates = histogram(found.days, parameters.histogram, empty=parameters.histogram_empty)
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
        histogram=dates,
        next_cursor=None if found.next is None else cursor_text(found.next, parameters.search),
    )


def facet_values(
    archive: Archive, label: str, text: str, parameters: SearchParameters, deadline: Deadline | None = None
) -> Sequence[FacetCount]:
    """Return the values of ``label`` that have the words of ``text``, with their counts under a search's conditions.

    Accents do not count, and the last word may be a beginning (``index.labels.begun_keys``).
    """
    deadline = deadline or Deadline()
    tree = with_accents(archive.understand(parameters.q, deadline).tree, parameters.accents)
    request = parameters.request(tree, Sort.NEWEST, deadline)
    asked = replace(request, size=0, facets=(label,), facet_text=text, count_days=False, cursor=None)
    return archive.engine.retrieve(asked).facets.get(label, ())


def counted(archive: Archive, texts: Sequence[str], deadline: Deadline | None = None) -> list[int | None]:
    """Return how many articles each of the queries ``texts`` finds; None for those after the deadline."""
    counts: list[int | None] = []
    for text in texts:
        try:
            tree = archive.understand(text, deadline).tree
            request = Request(tree, size=0, relax=False, deadline=deadline or Deadline())
            request.deadline.check()
            counts.append(archive.engine.retrieve(request).total)
        except SearchTimeoutError:
            counts.append(None)
    return counts


def similar_to_text(
    archive: Archive, title: str, text: str, size: int, deadline: Deadline | None = None
) -> list[RenderedHit]:
    """Return the articles most like one that is not in the archive."""
    article = Article.model_construct(id="", title=title, body=text)
    found = archive.engine.similar(article, size)
    return rendered(archive, found, MatchAll(), SearchParameters(), deadline or Deadline())


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
            return [rendered_title(articles[hit.id], hit, words) for hit in found if hit.id in articles]
    return []


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
    return rendered(archive, found, MatchAll(), SearchParameters(), deadline)


def copies_of(archive: Archive, id: str, size: int) -> list[ArticleSummary]:
    """Return up to ``size`` near-copies of the article with this id, whatever a query; an empty list for an unknown id.

    Those deleted since or damaged are left out.
    """
    found = [hit.id for hit in archive.engine.copies(id, size)]
    return summaries(found, archive.store.get_many(found))


def _damaged(archive: Archive, hits: Sequence[Hit], shown: Sequence[RenderedHit]) -> Iterator[Note]:
    """Yield a note for each hit that is not shown because its article is damaged."""
    there = {hit.article.id for hit in shown}
    for hit in hits:
        if hit.id not in there:
            try:
                archive.store.get(hit.id)
            except RottenArticleError as error:
                yield note(NoteCode.DAMAGED, error.id)


def _terms(tree: Node) -> list[str]:
    """Return the words searched for, as the query was cut, and their alternatives."""
    terms: dict[str, None] = {}
    for leaf in wanted_words(tree):
        exact = typed_analysis(leaf.text).tokens.exact
        words = cut_of(leaf).words if isinstance(leaf, Words) else [(0, len(exact))]
        terms.update(dict.fromkeys(" ".join(exact[first:end]) for first, end in words))
    terms.update(dict.fromkeys(other.text for other in alternatives(tree)))
    return list(terms)
