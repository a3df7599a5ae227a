"""What a write has to do: which of its articles are new, and which of them are sent together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from index.article import Article
from index.batches import sized_batches
from index.cluster.documents import Written
from index.errors import ChangedError
from index.store.article_store import Condition

_CHUNK_ARTICLES = 64
_CHUNK_CHARACTERS = 250_000


class New(NamedTuple):
    """An article to write, the place of its number among those of its write, and its hash."""

    article: Article
    place: int
    hash: str


@dataclass(slots=True)
class Plan:
    """What a write does: the ids as ``WriteResult`` has them, and the last article of each with its place.

    ``count`` is how many numbers it needs; ``owners`` are the inputs that articles belong to from now on.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    new: dict[str, New] = field(default_factory=dict)
    count: int = 0
    owners: dict[str, int | None] = field(default_factory=dict)


def planned(
    articles: Sequence[Article],
    numbers: Sequence[int | None],
    known: dict[str, str],
    rotten: Collection[str],
    only_if: Condition | None,
) -> Plan:
    """Return what to write, of the ``known`` hashes by id, which become those after the write.

    ``numbers`` are those of the articles' inputs, and ``rotten`` the ids of damaged articles. Raises ChangedError if
    ``only_if`` does not hold for one.
    """
    plan = Plan()
    for article, number in zip(articles, numbers, strict=True):
        digest = article.content_hash()
        before = known.get(article.id)
        if only_if is not None and not only_if(before):
            raise ChangedError(article.id)
        if before == digest and (article.id in plan.new or article.id not in rotten):
            plan.unchanged.append(article.id)
            if number is not None:
                plan.owners[article.id] = number
            continue
        (plan.added if before is None else plan.updated).append(article.id)
        if number is not None or before is not None:
            plan.owners[article.id] = number
        known[article.id] = digest
        plan.new.pop(article.id, None)
        plan.new[article.id] = New(article, plan.count, digest)
        plan.count += 1
    return plan


def chunks(written: Iterable[Written]) -> Iterator[list[Written]]:
    """Yield what is analysed together, and sent in one request."""
    return sized_batches(written, _CHUNK_ARTICLES, lambda one: len(one.article.body), _CHUNK_CHARACTERS)
