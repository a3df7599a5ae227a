"""``Client``: a service's articles, searches and tasks."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import chain
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self, Unpack, overload
from urllib.parse import quote
from uuid import uuid4

from timtin.client.bulk import Batch, Write, batches
from timtin.client.decoding import decoded, decoded_list
from timtin.client.errors import (
    AnswerError,
    InvalidRequestError,
    Problem,
    ProblemError,
    TaskFailedError,
    TaskUnfinishedError,
    UnavailableError,
    error_for,
)
from timtin.client.models import Analysis, Answer, Article, Health, Hit, Outcome, Stats, Suggestions, Task, Written
from timtin.client.parameters import (
    FILTERS,
    SEARCH_OPTIONS,
    Filters,
    SearchOptions,
    article_path,
    json_bytes,
    members_of,
    parameters_of,
    record_of,
)
from timtin.client.retrying import Retries
from timtin.client.transport import Call, Transport, json_lines, json_of

_ARTICLES = "/api/v1/articles"
_JSON = "application/json"
_LINES = "application/x-ndjson"
_MERGE_PATCH = "application/merge-patch+json"
_ASKED_AT_ONCE = 1000
_ASKED_BYTES = 60_000
_WAITING = 60.0
"""Seconds that a service may take longer when it is to wait until searches see a write."""
_POLLED = (0.05, 1.0)
"""Seconds between two looks at a task: at first, at most."""


class Client:
    """A service at ``url``, such as ``http://127.0.0.1:8000``.

    Any number of threads may use one client; it keeps its connections until ``close``, or the end of its ``with``.
    ``key`` is needed to write, and to search if the service says so. ``timeout`` is how many seconds the service may be
    silent. ``retries`` bounds how often a request that is safe to repeat is sent again. No proxy of the environment is
    used: give one as ``proxy``. ``verify`` is an SSL context for certificates that the usual authorities have not made.

    Every method raises a ``TimtinError``: ``ProblemError`` if the service answered with an error, ``NoAnswerError`` if
    it did not answer, ``AnswerError`` if what answered is no such service. Raises ValueError for an ``url`` or ``key``
    that cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float | None = 30.0,
        retries: Retries | None = None,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._transport = Transport(url, key, timeout, Retries() if retries is None else retries, proxy, verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._transport.url!r})"

    def close(self) -> None:
        """Close the connections. The client cannot be used after that."""
        self._transport.close()

    def search(self, q: str = "", **options: Unpack[SearchOptions]) -> Answer:
        """Find articles; all of them, if the query is empty."""
        parameters = {"q": q, **parameters_of(options, SEARCH_OPTIONS)}
        answer = decoded(Answer, self._got("/api/v1/search", parameters))
        if "fields" not in options and not all(hit.id for hit in answer.hits):
            raise AnswerError("an entry of 'hits' lacks 'id': is this a timtin service?")
        return answer

    def searches(
        self, searches: Iterable[Mapping[str, Any]], *, timeout_ms: int | None = None
    ) -> list[Answer | ProblemError]:
        """Do up to 20 searches in one request, each a mapping of ``q`` and options; return each one's answer or error.

        ``timeout_ms`` is for all together.
        """
        wanted: dict[str, Any] = {"searches": [members_of(one, SEARCH_OPTIONS | {"q"}) for one in searches]}
        if timeout_ms is not None:
            wanted["timeout_ms"] = timeout_ms
        body = json_bytes(wanted)
        outcomes = decoded_list(_Outcome, self._posted("/api/v1/searches", body, _JSON, safe=True), "answers")
        return [one.answer or error_for(one.problem or Problem(status=one.status, title="")) for one in outcomes]

    def pages(self, q: str = "", **options: Unpack[SearchOptions]) -> Iterator[Answer]:
        """Yield the answers to a search page by page, as far as the service can be paged through.

        What is written meanwhile may move a hit to the page before or after; with ``cursor="*"`` it does not, and pages
        go on to the last hit.
        """
        if options.get("cursor") is not None:
            yield from self._by_cursor(q, options)
            return
        page = options.get("page") or 1
        while True:
            options["page"] = page
            answer = self.search(q, **options)
            yield answer
            if answer.links.next is None:
                return
            page += 1

    def _by_cursor(self, q: str, options: SearchOptions) -> Iterator[Answer]:
        while options.get("cursor") is not None:
            answer = self.search(q, **options)
            yield answer
            options["cursor"] = answer.next_cursor

    def hits(self, q: str = "", **options: Unpack[SearchOptions]) -> Iterator[Hit]:
        """Yield all hits of a search, page by page, 100 at a time unless ``size`` says otherwise."""
        options.setdefault("size", 100)
        for answer in self.pages(q, **options):
            yield from answer.hits

    def suggest(
        self, q: str, *, size: int | None = None, titles: int | None = None, counts: bool | None = None
    ) -> Suggestions:
        """Complete what is typed so far, in ``size`` ways at most; with up to ``titles`` articles that have it.

        With ``counts``, say how many articles each finds.
        """
        options = {"size": size, "titles": titles, "counts": counts}
        parameters = {"q": q, **parameters_of(options, frozenset(options))}
        return decoded(Suggestions, self._got("/api/v1/suggest", parameters))

    def similar(self, id: str, *, size: int | None = None) -> list[Hit]:
        """Return the articles most similar to one, at most ``size``."""
        parameters = parameters_of({"size": size}, frozenset({"size"}))
        return decoded_list(Hit, self._got(article_path(id, "similar"), parameters), "hits")

    def similar_to(self, text: str, *, title: str = "", size: int | None = None) -> list[Hit]:
        """Return the articles most similar to a text, at most ``size``."""
        wanted = {"text": text, "title": title, **({} if size is None else {"size": size})}
        return decoded_list(Hit, self._posted("/api/v1/similar", json_bytes(wanted), _JSON, safe=True), "hits")

    def analyze(self, text: str = "", *, q: str = "") -> Analysis:
        """Return how a text is cut into terms, and how the query ``q`` is understood."""
        return decoded(Analysis, self._got("/api/v1/analyze", {"text": text, "q": q}))

    @overload
    def get(self, id: str) -> Article: ...

    @overload
    def get(self, id: str, *, if_none_match: str | None) -> Article | None: ...

    def get(self, id: str, *, if_none_match: str | None = None) -> Article | None:
        """Return an article; None if it still has the ETag ``if_none_match``. Raises NotFoundError."""
        response = self._transport.request(Call(path=article_path(id), headers=_conditions(None, if_none_match)))
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        return replace(decoded(Article, json_of(response)), etag=response.headers.get("ETag"))

    def put(
        self,
        article: Article | Mapping[str, Any],
        *,
        wait: bool = False,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Written:
        """Create an article or replace the one with its id; one without an id gets one from its content.

        With ``wait``, the answer comes once searches see it. ``if_match`` is the ETag that the article must have,
        ``if_none_match="*"`` demands that there is none: else PreconditionFailedError is raised, nothing is written.
        """
        record = record_of(article)
        id = record.get("id")
        method, path = ("PUT", article_path(id)) if isinstance(id, str) else ("POST", _ARTICLES)
        return self._written(method, path, wait, _conditions(if_match, if_none_match), _JSON, json_bytes(record))

    def patch(
        self,
        id: str,
        changes: Mapping[str, Any],
        *,
        wait: bool = False,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Written:
        """Change the fields of an article that ``changes`` names; None empties one (a merge patch, RFC 7396).

        Raises NotFoundError if there is no such article, PreconditionFailedError as ``put`` does.
        """
        body = json_bytes(changes)
        return self._written("PATCH", article_path(id), wait, _conditions(if_match, if_none_match), _MERGE_PATCH, body)

    def delete(
        self, id: str, *, wait: bool = False, if_match: str | None = None, if_none_match: str | None = None
    ) -> Written:
        """Delete an article. Raises NotFoundError if there is none, PreconditionFailedError as ``put`` does."""
        return self._written("DELETE", article_path(id), wait, _conditions(if_match, if_none_match))

    def bulk(
        self, writes: Iterable[Write], *, wait: bool = False, most_bytes: int = 8_000_000, most_writes: int = 1000
    ) -> Iterator[Outcome]:
        """Yield what became of each of ``writes``, in their order, while they are read, sent and done.

        Any number of articles, ``Create`` and ``Delete`` is sent in requests of at most ``most_writes``, and
        ``most_bytes`` unless one alone has more. So nothing is sent before the outcomes are read, and only what is read
        has certainly been done. One that is refused stops no other. With ``wait``, the outcomes of a request come once
        searches see them.
        """
        for batch in batches(writes, most_bytes, most_writes):
            yield from self._done(batch, wait)

    def get_many(self, ids: Iterable[str]) -> Iterator[tuple[str, Article | None]]:
        """Yield each of ``ids`` with its article, None if there is none; any number of them, in their order."""
        for some in _asked_at_once(ids):
            found: dict[str, Article | None] = {}
            left = list(dict.fromkeys(some))
            while left:
                answer = self._posted("/api/v1/lookup", json_bytes({"ids": left}), _JSON, safe=True)
                found |= {article.id: article for article in decoded_list(Article, answer, "articles")}
                known = {*found, *answer.get("missing", ())}
                if not known & {*left}:
                    raise AnswerError("the service answered no article that was asked for")
                left = [id for id in left if id not in known]
            yield from ((id, found.get(id)) for id in some)

    def export(self, **filters: Unpack[Filters]) -> Iterator[Article]:
        """Yield every article that passes the filters, in the order of their writing, while it is received.

        Raises NoAnswerError if the stream ends before all were sent.
        """
        with self._transport.stream(Call(path="/api/v1/export", params=parameters_of(filters, FILTERS))) as response:
            for line in json_lines(response):
                yield decoded(Article, line, "an article")

    def delete_where(self, **filters: Unpack[Filters]) -> Task:
        """Have every article deleted that passes the filters, of which there is one at least; ``wait`` for the task."""
        body = json_bytes({"filter": parameters_of(filters, FILTERS)})
        return decoded(Task, self._posted("/api/v1/deletions", body, _JSON), "the task")

    def count_where(self, **filters: Unpack[Filters]) -> int:
        """Return how many articles ``delete_where`` would delete."""
        body = json_bytes({"filter": parameters_of(filters, FILTERS), "dry_run": True})
        answer = self._posted("/api/v1/deletions", body, _JSON, safe=True)
        return decoded(_DryRun, answer).matched

    def task(self, id: str) -> Task:
        """Return a task as it is now. Raises NotFoundError."""
        return decoded(Task, self._got(f"/api/v1/tasks/{quote(id, safe='')}"), "the task")

    def tasks(self, *, size: int | None = None, state: str | None = None) -> list[Task]:
        """Return the latest tasks, newest first, at most ``size``; with ``state``, only those in it."""
        options = {"size": size, "state": state}
        parameters = parameters_of(options, frozenset(options))
        return decoded_list(Task, self._got("/api/v1/tasks", parameters), "tasks")

    def wait(self, task: Task | str, timeout: float | None = None) -> Task:
        """Return a task once it is done. Raises TaskFailedError; TaskUnfinishedError after ``timeout`` seconds."""
        deadline = None if timeout is None else monotonic() + timeout
        pause, longest = _POLLED
        while True:
            now = self.task(task if isinstance(task, str) else task.id)
            if now.state == "done":
                return now
            if now.has_ended:
                why = "; ".join(str(error.get("detail", error)) for error in now.errors[:3])
                raise TaskFailedError(f"The task {now.id} ({now.kind}) is {now.state}{f': {why}' if why else '.'}")
            if deadline is not None and monotonic() + pause > deadline:
                raise TaskUnfinishedError(f"The task {now.id} ({now.kind}) is still {now.state} after {timeout} s.")
            sleep(pause)
            pause = min(longest, pause * 2)

    def cancel(self, task: Task | str) -> Task:
        """Cancel a deletion or a rebuild; what was deleted stays so. Raises ConflictError for one that has ended."""
        id = task if isinstance(task, str) else task.id
        return decoded(Task, self._posted(f"/api/v1/tasks/{quote(id, safe='')}/cancel", b"", None), "the task")

    def reindex(self) -> Task:
        """Have the index built anew, while searches go on; ``wait`` for the task that is returned."""
        return decoded(Task, self._posted("/api/v1/reindex", b"", None), "the task")

    def stats(self) -> Stats:
        """Return how many articles there are, and whether searches see every write."""
        return decoded(Stats, self._got("/api/v1/stats"))

    def health(self) -> Health:
        """Return whether the service can do its work. Raises NoAnswerError if nobody answers."""
        try:
            self._transport.request(Call(path="/readyz", once=True))
        except UnavailableError as error:
            return Health(False, error.problem.detail)
        return Health(True)

    def _got(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        return json_of(self._transport.request(Call(path=path, params=parameters)))

    def _done(self, batch: Batch, wait: bool) -> Iterable[Outcome]:
        try:
            answer = self._posted(_ARTICLES, batch.body, _LINES, wait=wait)
        except InvalidRequestError as error:
            if (refused := batch.refusals(error)) is not None:
                return refused
            pieces = batch.pieces()
            if len(pieces) == 1:
                raise
            return chain.from_iterable(self._done(piece, wait) for piece in pieces)
        return batch.outcomes(answer)

    def _posted(self, path: str, body: bytes, kind: str | None, *, wait: bool = False, safe: bool = False) -> Any:
        """Send a POST that is carried out once, however often it is sent, or is ``safe`` to carry out twice."""
        headers = {} if safe else {"Idempotency-Key": str(uuid4())}
        return json_of(self._transport.request(_sending("POST", path, wait, headers, kind, body, safe)))

    def _written(
        self,
        method: str,
        path: str,
        wait: bool,
        conditions: Mapping[str, str],
        kind: str | None = None,
        body: bytes | None = None,
    ) -> Written:
        headers = {**conditions, **({"Idempotency-Key": str(uuid4())} if method == "POST" else {})}
        return decoded(Written, json_of(self._transport.request(_sending(method, path, wait, headers, kind, body))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    status: int
    answer: Answer | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _DryRun:
    matched: int


def _sending(
    method: str,
    path: str,
    wait: bool,
    headers: Mapping[str, str],
    kind: str | None,
    body: bytes | None,
    safe: bool = False,
) -> Call:
    return Call(
        method=method,
        path=path,
        params={"wait": "true"} if wait else None,
        headers={**headers, **({"Content-Type": kind} if kind is not None else {})},
        body=body,
        longer=_WAITING if wait else 0.0,
        safe=safe,
    )


def _asked_at_once(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield ids in lists that one request may ask for."""
    some: list[str] = []
    size = 0
    for id in ids:
        length = len(json_bytes(id)) + 1
        if some and (len(some) == _ASKED_AT_ONCE or size + length > _ASKED_BYTES):
            yield some
            some, size = [], 0
        some.append(id)
        size += length
    if some:
        yield some


def _conditions(if_match: str | None, if_none_match: str | None) -> dict[str, str]:
    named = {"If-Match": if_match, "If-None-Match": if_none_match}
    return {name: value for name, value in named.items() if value is not None}
