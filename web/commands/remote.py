"""What a service answers, asked with ``timtin.client``; what goes wrong, in words for who typed the command."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx

from index.errors import InvalidInputError, Problem, TimtinError
from timtin import client as api
from web.commands.answers import Json
from web.commands.base import in_words
from web.commands.places import Service

if TYPE_CHECKING:
    from index.article import Article

_RETRIES = api.Retries(most=3, patience=30)
_LONGEST_KEY = 10_000
_ADDRESSES = ("links",)
"""What an answer has that an archive here has not."""


class RemoteAnswers:
    """The answers of a service, as ``web.commands.answers`` says."""

    def __init__(self, client: api.Client) -> None:
        self._client = client
        self._task: str | None = None

    def search(self, options: Mapping[str, str]) -> Json:
        """Answer a search."""
        q, others = options.get("q", ""), _for_client(options)
        others.pop("q", None)
        sent = self._client.search(q, **others).sent
        return {name: value for name, value in sent.items() if name not in _ADDRESSES}

    def suggest(self, text: str, size: int) -> Json:
        """Complete a text."""
        return dict(self._client.suggest(text, size=size).sent)

    def similar(self, id: str, size: int) -> Json | None:
        """Find articles like one."""
        if not id:
            return None
        try:
            return {"id": id, "hits": [hit.sent for hit in self._client.similar(id, size=size)]}
        except api.NotFoundError:
            return None

    def similar_to(self, text: str, size: int) -> Json:
        """Find articles like a text."""
        return {"hits": [hit.sent for hit in self._client.similar_to(text, size=size)]}

    def analyze(self, text: str) -> Json:
        """Show how a text is cut and understood."""
        return dict(self._client.analyze(text, q=text).sent)

    def get(self, ids: Sequence[str]) -> Iterator[tuple[str, Json | None]]:
        """Yield articles."""
        for id, article in self._client.get_many(ids):
            yield id, None if article is None else dict(article.sent)

    def put(self, articles: Iterable[Article]) -> Iterator[Json]:
        """Store articles."""
        return self._written(article.model_dump() for article in articles)

    def delete(self, ids: Sequence[str]) -> Iterator[Json]:
        """Delete articles."""
        return self._written(map(api.Delete, ids))

    def _written(self, writes: Iterable[api.Write]) -> Iterator[Json]:
        try:
            for outcome in self._client.bulk(writes):
                self._task = outcome.task or self._task
                detail = {"detail": outcome.detail} if outcome.result == "refused" else {}
                yield {"id": outcome.id, "result": outcome.result, **detail}
        except api.InvalidRequestError as error:  # what was sent, and no option, is wrong
            raise TimtinError(error.problem.detail) from None

    def is_searchable(self, seconds: float) -> bool:
        """Wait for the last task."""
        try:
            if self._task is not None:
                self._client.wait(self._task, timeout=seconds)
        except api.TaskUnfinishedError:
            return False
        return True

    def tasks(self, size: int, state: str | None) -> Json:
        """List the latest tasks."""
        return {"tasks": [task.sent for task in self._client.tasks(size=size, state=state)]}

    def task(self, id: str) -> Json | None:
        """Return one task."""
        try:
            return dict(self._client.task(id).sent)
        except api.NotFoundError:
            return None

    def cancel(self, id: str) -> Json | None:
        """Cancel a task."""
        try:
            return dict(self._client.cancel(id).sent)
        except api.NotFoundError:
            return None

    def stats(self) -> Json:
        """Count the articles."""
        return dict(self._client.stats().sent)

    def export(self, options: Mapping[str, str], damaged: list[str]) -> Iterator[Json]:  # noqa: ARG002
        """Yield all articles that pass the filters; a service leaves out those that are damaged."""
        return (dict(article.sent) for article in self._client.export(**_for_client(options)))


def _for_client(options: Mapping[str, str]) -> Any:
    """Return parameters by their names in the API as keyword arguments of the client."""
    return {"from_" if name == "from" else name: value for name, value in options.items() if value != ""}


@contextmanager
def asked_service(service: Service) -> Iterator[RemoteAnswers]:
    """Give the answers of a service. Raises TimtinError in words for who typed the command."""
    key = None if service.key_file is None else _key_in(service.key_file)
    try:
        client = api.Client(service.url, key, retries=_RETRIES)
    except ValueError:
        raise click.UsageError(
            f"--server: {service.url!r} is no address of a service; write it like http://127.0.0.1:8000"
        ) from None
    log = logging.getLogger("timtin.client")

    def name_the_service(record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and record.args:  # what failed, and the seconds until the next try
            record.msg = "waiting for the service at %s: trying again in %.1f s"
            record.args = service.url, *record.args[1:]
        return True

    log.addFilter(name_the_service)
    try:
        with client:
            yield RemoteAnswers(client)
    except api.InvalidRequestError as error:
        raise InvalidInputError(error.problem.detail, [*map(_problem, error.problem.errors)]) from None
    except api.TimtinError as error:
        raise TimtinError(_said(error, service)) from None
    finally:
        log.removeFilter(name_the_service)


def _problem(part: Mapping[str, Any]) -> Problem:
    name, what = str(part.get("name")), str(part.get("detail"))
    if name == "timeout_ms":  # in words without the milliseconds that nobody has typed
        what = "is longer than the service lets a search take"
    return Problem(name, what)


def _key_in(file: Path) -> str:
    """Return the key in a file. Raises TimtinError; what is in the file is no part of its message."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST_KEY)
    except OSError as error:
        raise TimtinError(f"the key cannot be read: {in_words(error)}") from None
    key = content.strip()
    if not key or not key.isascii() or not key.decode("ascii", "replace").isprintable() or b" " in key:
        raise TimtinError(f"{file} holds no key; it should hold nothing but the key, as 'timtin keys add' prints it")
    return key.decode("ascii")


def _said(error: api.TimtinError, service: Service) -> str:
    """Return what went wrong and what to do about it."""
    match error:
        case api.TimedOutError():
            return f"the service at {service.url} has not answered in time; try again, or ask for less at once"
        case api.NoAnswerError() if isinstance(error.__cause__, httpx.ConnectError):
            why = str(error).rpartition("was not answered: ")[2]
            return f"nobody answers at {service.url} ({why.lower()}); is 'timtin serve' running there?"
        case api.NoAnswerError():
            return f"the service at {service.url} broke off its answer; run the command again"
        case api.AnswerError():
            return f"what answers at {service.url} is no timtin service; check the address"
        case api.UnauthorizedError() if service.key_file is None:
            return f"the service at {service.url} wants a key; give the file that holds it with --key-file FILE"
        case api.UnauthorizedError():
            return (
                f"the service at {service.url} does not know the key in {service.key_file}, or it has expired;"
                " 'timtin keys add', run where the service is, makes another"
            )
        case api.ForbiddenError():
            return f"the key in {service.key_file} may not do this: {error.problem.detail}"
        case api.ProblemError() if error.status == 404:
            return f"there is no such thing at {service.url}: {error.problem.detail}"
        case api.ProblemError():
            return f"the service at {service.url} refused: {error.problem.detail or error.problem.title}"
        case _:
            return str(error)
