"""What an archive here answers, as a service would."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from werkzeug.exceptions import Conflict

from index.article import Article
from index.errors import DiskFullError, TimtinError, WriterBusyError
from index.store.article_store import TaskState
from search.archive import Archive
from search.deadline import Deadline
from search.parameters import SearchParameters, TimeParameters, checked
from search.service import completions, search, similar_articles, similar_to_text
from web.api.answers import analysis_json, answer_json, article_json, hit_json
from web.api.parameters import AnalyzeParameters, FilterParameters, SuggestParameters
from web.api.selection import Selection
from web.api.tasks import cancelled, task_json
from web.commands.answers import Json
from web.commands.places import Place, make_searchable, opened_archive
from web.commands.progress import shown_progress

_AT_ONCE = 500
_CHARACTERS_AT_ONCE = 20_000_000
_BUSY_SECONDS = 1.0
_LOOK_SECONDS = 0.05


class LocalAnswers:
    """The answers of ``archive``, as ``web.commands.answers`` says."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._seq = 0

    def search(self, options: Mapping[str, str]) -> Json:
        """Answer a search."""
        parameters = checked(SearchParameters, options)
        milliseconds = checked(TimeParameters, options).timeout_ms
        deadline = Deadline(None if milliseconds is None else milliseconds / 1000)
        return answer_json(search(self._archive, parameters, deadline), parameters)

    def suggest(self, text: str, size: int) -> Json:
        """Complete a text."""
        asked = checked(SuggestParameters, {"q": text, "size": size})
        return {"query": asked.q, "suggestions": completions(self._archive, asked.q, asked.size)}

    def similar(self, id: str, size: int) -> Json | None:
        """Find articles like one."""
        if self._archive.store.get(id) is None:
            return None
        return {"id": id, "hits": [hit_json(hit) for hit in similar_articles(self._archive, id, size)]}

    def similar_to(self, text: str, size: int) -> Json:
        """Find articles like a text."""
        return {"hits": [hit_json(hit) for hit in similar_to_text(self._archive, "", text, size)]}

    def analyze(self, text: str) -> Json:
        """Show how a text is cut and understood."""
        asked = checked(AnalyzeParameters, {"text": text, "q": text})
        return analysis_json(self._archive, asked.text, asked.q)

    def get(self, ids: Sequence[str]) -> Iterator[tuple[str, Json | None]]:
        """Yield articles."""
        for id in ids:
            article = self._archive.store.get(id)
            yield id, None if article is None else article_json(article)

    def put(self, articles: Iterable[Article]) -> Iterator[Json]:
        """Store articles."""
        for some in _batches(articles):
            result = self._archive.store.put(some)
            self._seq = max(self._seq, result.seq)
            became = dict.fromkeys(result.added, "created") | dict.fromkeys(result.updated, "replaced")
            yield from ({"id": one.id, "result": became.get(one.id, "unchanged")} for one in some)

    def delete(self, ids: Sequence[str]) -> Iterator[Json]:
        """Delete articles."""
        for id in ids:
            result = self._archive.store.delete([id])
            self._seq = max(self._seq, result.seq)
            yield {"id": id, "result": "deleted" if result.deleted else "missing"}

    def is_searchable(self, seconds: float) -> bool:
        """Index what was written, or wait for the process that does."""
        end = time.monotonic() + seconds
        try:
            with shown_progress("indexed") as (advance, _):
                self._archive.engine.apply(wait=min(seconds, _BUSY_SECONDS), progress=advance)
        except (WriterBusyError, DiskFullError):
            while not self._archive.in_sync(self._seq) and time.monotonic() < end:
                time.sleep(_LOOK_SECONDS)
        return self._archive.in_sync(self._seq)

    def tasks(self, size: int, state: str | None) -> Json:
        """List the latest tasks."""
        tasks = self._archive.store.tasks.latest(size, None if state is None else TaskState(state))
        return {"tasks": [self._shown(task.id) for task in tasks]}

    def task(self, id: str) -> Json | None:
        """Return one task."""
        return None if self._archive.store.tasks.get(id) is None else self._shown(id)

    def cancel(self, id: str) -> Json | None:
        """Have the process that serves the archive cancel a task."""
        task = self._archive.store.tasks.get(id)
        if task is not None:
            try:
                cancelled(self._archive.store.tasks, task)
            except Conflict as error:
                raise TimtinError(str(error.description)) from None
        return self.task(id)

    def _shown(self, id: str) -> Json:
        task = self._archive.store.tasks.get(id)
        assert task is not None
        return {**task_json(replace(task, errors=()), writer=True), "errors": list(task.errors)}

    def stats(self) -> Json:
        """Count the articles."""
        return {"articles": self._archive.store.count(), "in_sync": self._archive.in_sync(), "last_error": None}

    def export(self, options: Mapping[str, str], damaged: list[str]) -> Iterator[Json]:
        """Yield all articles that pass the filters."""
        filters = checked(FilterParameters, options).filters
        if not filters.conditions():
            yield from map(article_json, self._archive.store.articles(damaged.append))
            return
        for page in Selection(self._archive.store, filters).pages():
            yield from map(article_json, page.articles)


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Yield articles in lists that are stored at once, each with an id once."""
    some: dict[str, Article] = {}
    characters = 0
    for article in articles:
        if article.id in some or len(some) == _AT_ONCE or characters >= _CHARACTERS_AT_ONCE:
            yield list(some.values())
            some, characters = {}, 0
        some[article.id] = article
        characters += len(article.body)
    if some:
        yield list(some.values())


@contextmanager
def opened_answers(place: Place, *, searched: bool, made: bool, options: Mapping[str, str]) -> Iterator[LocalAnswers]:
    """Open an archive, as ``web.commands.answers.answering`` says."""
    checked(SearchParameters, options)
    with opened_archive(place, made=made) as archive:
        if searched:
            make_searchable(archive)
        yield LocalAnswers(archive)
