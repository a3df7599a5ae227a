"""Read articles from files and folders into the store and the index, and report what became of each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from index.article import Article, own_id, usable_id
from index.reading.files import Remark, path_from_printable
from index.reading.folder_scan import STANDARD_INPUT, FileEnd, FolderScan, ReadArticle, absolute, is_below
from index.reading.formats.registry import kind_of, without_suffixes
from index.reading.given_names import NOT_A_FIELD, GivenNames
from index.reading.import_run import SILENT, ImportRun, Report, Summary
from index.reading.stability import Stability
from index.store.article_store import ArticleStore, DerivedIndex

_BATCH = 500
_BATCH_CHARACTERS = 20_000_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read: ``source`` is the source of articles that name none.

    With ``prune``, delete articles that were read from these paths before and are no longer there, except those of
    files that could not be read. With ``rebuild``, rebuild the index as well. If another process is writing the index,
    wait for it at the end, ``wait`` seconds at most. An interrupt or a full disk is raised, or ends a ``stoppable``
    run. ``names`` says which field a name stands for; it is kept for later runs with the paths that are read.
    """

    source: str | None = None
    prune: bool = False
    rebuild: bool = False
    wait: float = 10.0
    stoppable: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


DEFAULTS = ImportOptions()


def ingest(
    paths: Sequence[str],
    store: ArticleStore,
    index: DerivedIndex,
    options: ImportOptions = DEFAULTS,
    report: Report = SILENT,
    stability: Stability | None = None,
) -> Summary:
    """Read ``paths`` (files, folders, ``-``) into ``store`` and bring ``index`` in sync with it.

    ``stability`` is that of a watched folder: files still being written are left for later.
    """
    run = ImportRun(store, index, report)
    for path in paths if options.names else ():
        if path != STANDARD_INPUT and os.path.lexists(path):
            store.inputs.keep_names(absolute(path), options.names)
    names = GivenNames(store.inputs.names(), options.names)
    scan = FolderScan(run, store.inputs, options.source, stability, names)
    with run.stoppable("read") if options.stoppable else nullcontext():
        _Importer(paths, store, run, scan, options.prune).read()
        _tell_unused(options.names, run)
        run.apply(wait=options.wait, rebuild=options.rebuild)
    if stability is not None:
        stability.note_failed(scan.failed | scan.left_out)
    return run.end()


class _Importer:
    """Store what a scan finds."""

    def __init__(
        self, paths: Sequence[str], store: ArticleStore, run: ImportRun, scan: FolderScan, prune: bool
    ) -> None:
        self._paths, self._store, self._inputs = paths, store, store.inputs
        self._run, self._scan, self._prune = run, scan, prune
        self._roots = {path: absolute(path) for path in paths if path != STANDARD_INPUT}
        self._kept: dict[str, dict[str, int]] = {}
        self._shared: set[str] = set()
        """The files of which another one has an article: they are read again, so that it stays if that file goes."""

    def read(self) -> None:
        """Store what is new; with ``prune``, then delete what is gone."""
        for batch in _batches(self._scan.items(self._paths)):
            self._keep(batch)
            self._run.apply_if_due()
        for path, root in self._roots.items() if self._prune else ():
            if os.path.lexists(path_from_printable(root)):
                self._remove_gone(path, root)

    def _keep(self, batch: Sequence[ReadArticle | FileEnd]) -> None:
        """Store the articles of a batch in one transaction, then the digests of the files that end in it."""
        numbers = self._inputs.begin({item.path for item in batch} - {STANDARD_INPUT})
        owners = self._inputs.owners([item.article.id for item in batch if isinstance(item, ReadArticle)])
        articles: list[Article] = []
        inputs: list[int | None] = []
        for item in batch:
            if isinstance(item, ReadArticle) and (article := self._article_to_store(item, owners)):
                owners[article.id] = item.path
                self._kept.setdefault(item.path, {})[article.id] = _text_of(article)
                articles.append(article)
                inputs.append(numbers.get(item.path))
        self._run.put(articles, inputs)
        ended = [item for item in batch if isinstance(item, FileEnd)]
        counts = [(numbers[item.path], item.digest, self._count_kept(item.path)) for item in ended]
        if whole := [row for row in counts if row[2]]:
            self._inputs.finish(whole)

    def _count_kept(self, path: str) -> int:
        """Drop or delete the articles a file no longer has; return how many it has, 0 if it must be read again."""
        ids = set(self._kept.pop(path, ()))
        if path in self._scan.failed or path in self._shared:
            return 0
        left = self._inputs.ids(path) - ids
        if left and not self._prune:
            self._inputs.drop(left)
        elif left and (ids or path in self._scan.left_out):
            self._run.summary.removed += len(self._store.delete(sorted(left)).deleted)
        elif left:
            self._scan.refuse(path, path, _nothing_left_message(len(left)))
        return len(ids)

    def _article_to_store(self, item: ReadArticle, owners: dict[str, str]) -> Article | None:
        """Return the article to store, under a new id if necessary; None if it would replace another file's."""
        article = item.article
        kept = self._kept.get(item.path, {})
        if article.id in kept and kept[article.id] == _text_of(article):
            self._run.summary.unchanged += 1
            return None
        if article.id in kept:
            self._scan.refuse(item.path, item.where, f"has the id {article.id!r}, which an earlier line has too")
            return None
        owner = self._other_owner(article.id, item, owners)
        if owner is not None and item.digest is not None and self._was_moved(owner, article.id):
            article = article.model_copy(update={"id": own_id(article.id, item.digest)})
            owner = self._other_owner(article.id, item, owners | self._inputs.owners([article.id]))
        if owner is None:
            return article
        if item.digest is None and self._has_text(owner, article):
            self._shared.add(item.path)
            self._run.summary.unchanged += 1
            return None
        why = f"has the id {article.id!r}, which {owner} has too; rename one or give it another id"
        self._scan.refuse(item.path, item.where, why)
        return None

    def _other_owner(self, id: str, item: ReadArticle, owners: dict[str, str]) -> str | None:
        """Return the path of the other file that owns the article with this id, if ``item`` may not replace it.

        A line of a file may replace an article that was read from elsewhere, but not in the same run.
        """
        owner = owners.get(id, item.path)
        if is_below(item.path, owner) or not os.path.lexists(path_from_printable(owner)):
            return None  # an old store may have one input for all files of a folder
        in_this_run = any(is_below(owner, root) for root in self._roots.values())
        return owner if in_this_run or item.digest is not None else None

    def _has_text(self, owner: str, article: Article) -> bool:
        """Tell whether the article that ``owner`` has under this id is the same text."""
        here = self._kept.get(owner, {}).get(article.id)
        if here is not None:
            return here == _text_of(article)
        stored = self._store.get(article.id)
        return stored is not None and _text_of(stored) == _text_of(article)

    def _was_moved(self, owner: str, id: str) -> bool:
        """Tell whether ``owner``, a single-article file of this run, got its article's id under another name."""
        kind = kind_of(owner)
        if kind is None or not kind.is_document:
            return False
        roots = [root.rstrip("/") for root in self._roots.values() if is_below(owner, root)]
        names = [owner[len(root) + 1 :] or owner.rpartition("/")[2] for root in roots]
        return bool(names) and id not in {usable_id(without_suffixes(name)) for name in names}

    def _remove_gone(self, path: str, root: str) -> None:
        """Delete the articles below ``root`` whose files, or whose lines in them, are gone."""
        gone = self._scan.gone(root)
        dropped = self._inputs.dropped(root).difference(*map(self._inputs.dropped, self._scan.unlisted))
        ids = dropped.union(*(self._inputs.ids(input.path) for input in gone))
        if ids and len(ids) == len(dropped) + sum(input.articles for input in self._inputs.below(root)):
            self._scan.refuse(None, path, _nothing_left_message(len(ids)))
            return
        self._run.summary.removed += len(self._store.delete(sorted(ids)).deleted)
        self._inputs.forget(input.number for input in gone)


def _tell_unused(names: Mapping[str, str], run: ImportRun) -> None:
    """Say which names were given that no field was read from, as they may be misspelt."""
    for name, meant in names.items() if run.summary.read else ():
        if meant != NOT_A_FIELD and name not in run.origins:
            run.report.remark(Remark(f"--map {name}={meant}", f"no {meant} was read from {name!r}; is it misspelt?"))


def _text_of(article: Article) -> int:
    """Return a number that articles of the same title and text share, within this process."""
    return hash((article.title, article.body))


def _nothing_left_message(count: int) -> str:
    what = f"holds none of the {count} articles read from it before, so none was removed"
    return f"{what}; to remove them, delete them over HTTP"


def _batches(items: Iterable[ReadArticle | FileEnd]) -> Iterator[list[ReadArticle | FileEnd]]:
    """Group items into batches of bounded size; each batch is one transaction."""
    batch: list[ReadArticle | FileEnd] = []
    count = characters = 0
    for item in items:
        batch.append(item)
        if isinstance(item, ReadArticle):
            count += 1
            characters += len(item.article.body)
        if count >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, count, characters = [], 0, 0
    if batch:
        yield batch
