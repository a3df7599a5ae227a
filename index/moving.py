"""Copy the articles of one store to another, which may be of another kind, while the first is written to.

Changes are repeated in the order of their numbers, so both have the same articles in the same order at the end. How far
this has come is kept with the copy, after each batch. What follows a kill is repeated: an article that is there already
is deleted and written again, so that it takes the place that it has in the source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from index.errors import StoreError, TimtinError
from index.shared_texts import SharedTexts
from index.store.article_store import ArticleStore, Progress

_NAME = "move.json"
_AT_ONCE = 500
_ROUNDS = 3
_MOST_DIFFERENCES = 10


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a move: how many changes it copied now, how many articles both have, and what differs.

    ``damaged`` are the ids of articles that the source cannot read. ``is_behind`` if the source was written to so often
    that both could not be compared; nothing is wrong then.
    """

    changes: int
    articles: int = 0
    differences: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    is_behind: bool = False


class Move:
    """The move of ``source`` to ``target``, among whose ``texts`` its state is kept.

    Raises TimtinError if the target has articles that no move of this source brought there.
    """

    def __init__(self, source: ArticleStore, target: ArticleStore, texts: SharedTexts) -> None:
        self._source, self._target, self._texts = source, target, texts
        self._identity = source.identity()
        kept = texts.read(_NAME)
        self._version = None if kept is None else kept.version
        said = {} if kept is None else json.loads(kept.data)
        if kept is None and (there := target.count()):
            raise TimtinError(f"there are {there:,} articles already where these should go; move into an empty archive")
        if kept is not None and said["source"] != self._identity:
            raise TimtinError("the articles there come from another archive; move into an empty one")
        self._copied = int(said.get("copied", 0))
        if kept is None:
            self._note()  # so that what comes first is known to come from here
        elif (stranger := self._stranger(int(said["target"]))) is not None:
            raise TimtinError(
                f"the archive there was written to by others since it was copied to, the article {stranger!r} for"
                " instance; move into an empty one"
            )

    def run(self, progress: Progress | None = None) -> Moved:
        """Copy all changes and those that come meanwhile, and compare both. A killed one resumes where it was."""
        changes = 0
        for _ in range(_ROUNDS):
            while count := self._copy_some():
                changes += count
                if progress is not None:
                    progress(count)
            articles, differences, damaged = self._compared()
            if not self._source.changes_after(self._copied, 1):  # the last numbers may have been taken in vain
                return Moved(changes, articles, differences, damaged)
        return Moved(changes, is_behind=True)

    def _copy_some(self) -> int:
        """Copy the next changes; return how many these were."""
        changes = self._source.changes_after(self._copied, _AT_ONCE)
        if not changes:
            return 0
        if there := self._target.stored_at([change.id for change in changes]):
            self._target.delete(there)
        if articles := [change.article for change in changes if change.article is not None]:
            self._target.put(articles)
        self._copied = changes[-1].seq
        self._note()
        return len(changes)

    def _note(self) -> None:
        state = {"source": self._identity, "copied": self._copied, "target": self._target.last_seq()}
        if not self._texts.write(_NAME, json.dumps(state).encode("ascii"), self._version):
            raise StoreError("another process is moving articles there, too; let one of them end")
        self._version = self._texts.version(_NAME)

    def _stranger(self, known: int) -> str | None:
        """Return an article written to the target after number ``known`` that is no change of the source's, if any."""
        unexplained = {stamp.id for stamp in self._target.stamps(known + 1, self._target.last_seq())}
        seq = self._copied
        while unexplained and (changes := self._source.changes_after(seq, _AT_ONCE)):
            unexplained -= {change.id for change in changes}
            seq = changes[-1].seq
        return min(unexplained, default=None)

    def _compared(self) -> tuple[int, list[str], list[str]]:
        """Return how many articles are the same in the same places, up to ten that are not, and the damaged ones."""
        damaged: list[str] = []
        differences: list[str] = []
        same = 0
        here = _hashes(self._source, damaged)
        there = _hashes(self._target, damaged)
        for number, (one, other) in enumerate(zip_longest(here, there), 1):
            if one == other:
                same += 1
                continue
            differences.append(f"article {number}: {_named(one)} here, {_named(other)} there")
            if len(differences) == _MOST_DIFFERENCES:
                break
        return same, differences, damaged


def _hashes(store: ArticleStore, damaged: list[str]) -> Iterator[tuple[str, str]]:
    for article in store.articles(damaged.append):
        yield article.id, article.content_hash()


def _named(article: tuple[str, str] | None) -> str:
    return "none" if article is None else f"{article[0]!r} ({article[1][:8]})"
