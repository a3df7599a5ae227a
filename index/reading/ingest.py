"""Bring the articles of files and folders into the store and the index, and say what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext

from index.article import Article, own_id, usable_id
from index.reading.files import Failure, Remark
from index.reading.folder_scan import Finished, Item, Read, Reading, Refused, is_below
from index.reading.formats.registry import kind_of, without_suffixes
from index.reading.import_run import Intake, Summary
from index.reading.inputs import Inputs, Place
from index.reading.stability import Looks
from index.store.article_store import Progress
from index.store.articles import SqliteArticleStore
from index.writer.indexer import Indexer

_BATCH = 500
_BATCH_CHARACTERS = 20_000_000


def ingest(
    paths: Sequence[str],
    store: SqliteArticleStore,
    indexer: Indexer,
    *,
    source: str | None = None,
    prune: bool = False,
    rebuild: bool = False,
    wait: float = 10.0,
    stoppable: bool = False,
    on_failure: Callable[[Failure], None] | None = None,
    on_remark: Callable[[Remark], None] | None = None,
    on_file: Callable[[], None] | None = None,
    progress: Progress | None = None,
    looks: Looks | None = None,
) -> Summary:
    """Read ``paths`` (files, folders, ``-``) into ``store`` and bring the index level with it.

    ``on_failure`` and ``on_remark`` are told what was refused and what is worth knowing, ``on_file`` of each file that
    was looked at. ``looks`` are those of a followed folder: files that are still being written are left for later.
    With ``prune`` the articles that came from these paths before and are no longer there are deleted; those of files
    that could not be read stay. Where another process writes the index, all is read, and the index is waited for at the
    end, ``wait`` seconds at most. An interrupt or a full disk is raised or, in a run that is ``stoppable``, ends it.
    """
    intake = Intake(store, indexer, progress, on_failure)
    if looks is not None:
        looks.begin()
    run = _Run(store, intake, on_remark, on_file, source, prune)
    with intake.stoppable("read") if stoppable else nullcontext():
        for path in paths:
            run.read(path, looks)
        run.prune()
        intake.level(wait=wait, rebuild=rebuild)
    return intake.end()


class _Run:
    def __init__(
        self,
        store: SqliteArticleStore,
        intake: Intake,
        on_remark: Callable[[Remark], None] | None,
        on_file: Callable[[], None] | None,
        source: str | None,
        prune: bool,
    ) -> None:
        self.summary = intake.summary
        self._store = store
        self._intake = intake
        self._inputs = Inputs(store.database)
        self._on_remark = on_remark
        self._on_file = on_file
        self._source = source
        self._prune = prune
        self._seen: set[str] = set()
        self._origins: list[str] = []
        self._failed: set[str] = set()
        self._kept: dict[Place, set[str]] = {}
        self._read: list[tuple[str, Reading, bool]] = []

    def read(self, path: str, looks: Looks | None) -> None:
        """Bring what is at ``path`` into the store."""
        reading = Reading(path, self._inputs, self._seen, self._source, looks)
        self._origins.append(reading.origin)
        failures = self.summary.failures
        for batch in _batches(self._noted(reading.items())):
            self._keep(batch, reading)
            self._intake.follow()
        self._move(reading)
        if self._prune:
            self._read.append((path, reading, self.summary.failures == failures))
        if looks is not None:
            looks.failed(self._failed)

    def prune(self) -> None:
        """Delete what has gone, where that was asked for: at the end, when what was moved has been met elsewhere."""
        for path, reading, whole in self._read:
            if Place(reading.origin, "").exists():
                self._remove_gone(path, reading, whole=whole)

    def _noted(self, items: Iterable[Item]) -> Iterator[Read | Finished]:
        """Note what needs no transaction, and yield the rest."""
        for item in items:
            if isinstance(item, Read):
                self._intake.count("articles read")
                yield item
            elif isinstance(item, Refused):
                self._refuse(item.place, item.failure)
            elif isinstance(item, Remark):
                if self._on_remark is not None:
                    self._on_remark(item)
            else:
                self._intake.count("files")
                if self._on_file is not None:
                    self._on_file()
                if isinstance(item, Finished):
                    yield item
                else:
                    self.summary.unchanged += item.unchanged
                    self.summary.moved += item.moved

    def _refuse(self, place: Place | None, failure: Failure) -> None:
        if place is not None:
            self._failed.add(place.path)
        self._intake.refuse(failure)

    def _move(self, reading: Reading) -> None:
        if reading.moves:
            self._inputs.move(reading.moves)
            reading.moves.clear()

    def _keep(self, batch: Sequence[Read | Finished], reading: Reading) -> None:
        """Store the articles of a batch in one transaction, then the digests of the files that end in it."""
        self._move(reading)
        numbers = self._inputs.begin({item.place for item in batch})
        owners = self._inputs.owners([item.article.id for item in batch if isinstance(item, Read)])
        articles: list[Article] = []
        read_from: list[int] = []
        for item in batch:
            if isinstance(item, Read) and (article := self._admitted(item, owners, numbers[item.place])):
                owners[article.id] = (numbers[item.place], item.place)
                self._kept.setdefault(item.place, set()).add(article.id)
                articles.append(article)
                read_from.append(numbers[item.place])
        self._intake.put(articles, read_from)
        ended = [item for item in batch if isinstance(item, Finished)]
        counts = [self._ended(item.place, numbers[item.place], reading) for item in ended]
        whole = [(numbers[item.place], item.digest, count) for item, count in zip(ended, counts, strict=True) if count]
        if whole:
            self._inputs.finish(whole)

    def _ended(self, place: Place, number: int, reading: Reading) -> int:
        """Deal with the articles a file no longer has; return how many it has, 0 where some of it failed."""
        ids = self._kept.pop(place, set())
        if place.path in self._failed:
            return 0
        left = self._inputs.ids(number) - ids if reading.known(place) else set()
        if left and not self._prune:
            self._inputs.set_aside(place, left)
        elif left and ids:
            self.summary.removed += len(self._store.delete(sorted(left)).deleted)
        elif left:
            self._refuse(place, _emptied(place.path, len(left)))
        return len(ids)

    def _admitted(self, item: Read, owners: dict[str, tuple[int, Place]], number: int) -> Article | None:
        """Return the article to store, under an id of its own if need be; None where it would replace another's."""
        article = item.article
        if article.id in self._kept.get(item.place, ()):
            self._refuse(item.place, Failure(item.where, f"has the id {article.id!r}, which an earlier line has too"))
            return None
        if (owner := self._other_owner(article.id, owners, number, item)) is None:
            return article
        if item.digest is not None and _was_moved(owner, article.id):
            own = article.model_copy(update={"id": own_id(article.id, item.digest)})
            if self._other_owner(own.id, owners | self._inputs.owners([own.id]), number, item) is None:
                return own
        if any(is_below(owner.path, origin) for origin in self._origins):
            why = f"has the id {article.id!r}, which {owner.path} has too; rename one or give it another id"
        else:
            why = f"would replace the article {article.id!r} read from {owner.origin}; rename it"
        self._refuse(item.place, Failure(item.where, why))
        return None

    def _other_owner(self, id: str, owners: dict[str, tuple[int, Place]], number: int, item: Read) -> Place | None:
        """Return where the article with this id belongs, if that is elsewhere and still there.

        An article of many in a file may replace one that was read from elsewhere, but not in the same run.
        """
        owner_number, owner = owners.get(id, (number, item.place))
        if owner_number == number or owner.origin == "-":
            return None
        if not owner.is_told_apart and is_below(item.place.path, owner.origin):
            return None
        in_this_run = any(is_below(owner.path, origin) for origin in self._origins)
        return owner if (in_this_run or item.digest is not None) and owner.exists() else None

    def _remove_gone(self, path: str, reading: Reading, *, whole: bool) -> None:
        """Delete the articles whose files are gone; ``whole`` tells that nothing failed."""
        gone = [input for input in reading.gone() if whole or input.place.is_told_apart]
        ids = sorted(id for input in gone for id in self._inputs.ids(input.number))
        if ids and len(ids) == sum(input.articles for input in self._inputs.below(reading.origin)):
            self._refuse(None, _emptied(path, len(ids)))
            return
        self.summary.removed += len(self._store.delete(ids).deleted)
        self._inputs.forget(input.number for input in gone)


def _emptied(where: str, count: int) -> Failure:
    return Failure(where, f"has no article left; its {count} articles were not removed")


def _was_moved(owner: Place, id: str) -> bool:
    """Tell whether an article's file had another name when it got its id."""
    name = owner.name or owner.origin.rpartition("/")[2]
    kind = kind_of(name)
    return kind is not None and kind.is_document and usable_id(without_suffixes(name)) != id


def _batches(items: Iterable[Read | Finished]) -> Iterator[list[Read | Finished]]:
    """Group items so that one batch is one transaction of bounded size."""
    batch: list[Read | Finished] = []
    count = characters = 0
    for item in items:
        batch.append(item)
        if isinstance(item, Read):
            count += 1
            characters += len(item.article.body)
        if count >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, count, characters = [], 0, 0
    if batch:
        yield batch
