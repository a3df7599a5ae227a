"""What an archive here and a service elsewhere answer alike: JSON values, as the API has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from web.commands.places import Place

if TYPE_CHECKING:
    from index.article import Article

Json = dict[str, Any]


class Answers(Protocol):
    """Whoever answers. Each method may raise TimtinError, and InvalidInputError for a wrong parameter."""

    def search(self, options: Mapping[str, str]) -> Json:
        """Return the answer to a search, without addresses; the ``options`` have the names of the API."""

    def suggest(self, text: str, size: int) -> Json:
        """Return what completes a text."""

    def similar(self, id: str, size: int) -> Json | None:
        """Return the articles most like one, None if there is none with this id."""

    def similar_to(self, text: str, size: int) -> Json:
        """Return the articles most like a text."""

    def analyze(self, text: str) -> Json:
        """Return how a text is cut into terms, and how it is understood as a query."""

    def get(self, ids: Sequence[str]) -> Iterator[tuple[str, Json | None]]:
        """Yield each id with its article, None if there is none."""

    def put(self, articles: Iterable[Article]) -> Iterator[Json]:
        """Store articles and yield what became of each, in their order: ``id``, ``result``, and ``detail`` if refused.

        Nothing is certainly stored but what was read of the outcomes.
        """

    def delete(self, ids: Sequence[str]) -> Iterator[Json]:
        """Delete articles and yield what became of each, as ``put`` does."""

    def is_searchable(self, seconds: float) -> bool:
        """Wait until searches see what was written, at most so many seconds; return whether they do."""

    def tasks(self, size: int, state: str | None) -> Json:
        """Return the latest tasks."""

    def task(self, id: str) -> Json | None:
        """Return one task, None if there is none with this id."""

    def cancel(self, id: str) -> Json | None:
        """Cancel a task and return it as it is then. Raises TimtinError for one that cannot be cancelled."""

    def stats(self) -> Json:
        """Return how many articles there are, and whether searches see every write."""

    def export(self, options: Mapping[str, str], damaged: list[str]) -> Iterator[Json]:
        """Yield every article that passes the filters; ``damaged`` gets the ids of those that cannot be read."""


@contextmanager
def answering(
    place: Place, *, searched: bool = False, made: bool = False, options: Mapping[str, str] | None = None
) -> Iterator[Answers]:
    """Give whoever answers for a place; an archive here is indexed first if it is to be ``searched``.

    A missing data folder is created if it is to be ``made``. The ``options`` of a search or an export are checked
    before an archive is opened.
    """
    if place.service is not None:
        from web.commands.remote import asked_service

        with asked_service(place.service) as service:
            yield service
        return
    from web.commands.local import opened_answers

    with opened_answers(place, searched=searched, made=made, options=options or {}) as archive:
        yield archive
