"""How the articles of a file would be read, and reading them into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from index.article import Article
from index.reading.preview import ReadEntry, Refusal, format_of, read_entries
from index.store.article_store import ArticleStore
from web.settings import LimitSettings

MOST_TITLES = 5
MOST_REFUSALS = 20
"""How many titles, and refused or doubtful entries, are named of a file."""
_BATCH = 500
_BATCH_CHARACTERS = 20_000_000
_FIELDS = ("title", "body", "lead", "published", "source", "url", "author", "category")


@dataclass(slots=True)
class Outcome:
    """What became, or would become, of one file.

    ``fields`` counts the articles that have each field, ``left_out`` what is rightly none, which ``others`` names.
    ``known`` are those whose ids the store has: they are replaced unless they are the same. ``stopped`` says why the
    rest was not read.
    """

    name: str
    size: int
    format: str | None
    articles: int = 0
    refused: int = 0
    left_out: int = 0
    known: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    titles: list[str] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    others: list[Refusal] = field(default_factory=list)
    remarks: list[Refusal] = field(default_factory=list)
    stopped: bool = False


def look(path: Path, name: str, size: int, store: ArticleStore, limits: LimitSettings) -> Outcome:
    """Return how the file ``path``, which came as ``name``, would be read; nothing is stored."""
    outcome = Outcome(name, size, format_of(name))
    for batch in _batches(path, outcome, limits):
        outcome.known += len(store.get_many([article.id for article in batch]))
    return outcome


def bring_in(path: Path, name: str, size: int, store: ArticleStore, limits: LimitSettings) -> tuple[Outcome, int]:
    """Store the articles of a file; return what became of it, and the number of its last write, 0 if there is none."""
    outcome = Outcome(name, size, format_of(name))
    seq = 0
    for batch in _batches(path, outcome, limits):
        result = store.put(batch)
        seq = result.seq
        outcome.added += len(result.added)
        outcome.updated += len(result.updated)
        outcome.unchanged += len(result.unchanged)
    return outcome, seq


def _batches(path: Path, outcome: Outcome, limits: LimitSettings) -> Iterator[list[Article]]:
    """Yield the articles of a file, each id once a batch, and note in ``outcome`` what is read and refused."""
    batch: dict[str, Article] = {}
    characters = 0
    for entry in read_entries(path, outcome.name):
        if isinstance(entry, Refusal) and entry.is_left_out:
            outcome.left_out += 1
            if len(outcome.others) < MOST_REFUSALS:
                outcome.others.append(entry)
        elif isinstance(entry, Refusal):
            outcome.refused += 1
            if len(outcome.refusals) < MOST_REFUSALS:
                outcome.refusals.append(entry)
        else:
            _note(entry, outcome)
            article = entry.reading.article
            batch[article.id] = article
            characters += len(article.body)
        lines = outcome.articles + outcome.refused + outcome.left_out
        if outcome.refused > limits.refused_of_body or lines >= limits.lines_of_body:
            outcome.stopped = True
            break
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield list(batch.values())
            batch, characters = {}, 0
    if batch:
        yield list(batch.values())


def _note(entry: ReadEntry, outcome: Outcome) -> None:
    article = entry.reading.article
    outcome.articles += 1
    if len(outcome.titles) < MOST_TITLES:
        outcome.titles.append(article.title or article.body[:80])
    outcome.fields.update(name for name in _FIELDS if getattr(article, name))
    remarks = entry.reading.remarks[: MOST_REFUSALS - len(outcome.remarks)]
    outcome.remarks += [Refusal(entry.line, why) for why in remarks]
