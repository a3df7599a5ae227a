"""The articles of one store are copied to another while the first is written to, in the same order, and compared."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.article import Article
from index.errors import TimtinError
from index.moving import Move
from index.shared_texts import FolderTexts
from index.store.article_store import ArticleStore, WriteResult
from search.archive import Archive, ArchiveConfig, open_archive
from tests.engines.memory_store import MemoryStore


def written(*numbers: int, text: str = "bưởi") -> list[Article]:
    return [Article(id=f"a{number}", body=f"{text} số {number}") for number in numbers]


def exported(store: ArticleStore) -> list[dict[str, object]]:
    return [article.model_dump() for article in store.articles()]


@pytest.fixture
def source(archive: Archive) -> ArticleStore:
    archive.store.put(written(*range(1200)))
    archive.store.delete([f"a{number}" for number in range(0, 1200, 7)])
    archive.store.put(written(3, 5, 900, text="sửa"))
    return archive.store


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Archive]:
    other = open_archive(ArchiveConfig(tmp_path / "other"))
    yield other
    other.close()


def test_copy_has_the_same_articles_in_the_same_order(source: ArticleStore, target: Archive) -> None:
    moved = Move(source, target.store, target.texts).run()
    assert (moved.articles, moved.differences, moved.damaged, moved.is_behind) == (source.count(), [], [], False)
    assert exported(target.store) == exported(source)
    again = Move(source, target.store, target.texts).run()
    assert (again.changes, again.articles) == (0, source.count())


def test_what_is_written_meanwhile_is_copied_too(source: ArticleStore, target: Archive) -> None:
    written_after: list[int] = []

    def write(count: int) -> None:
        if len(written_after) < 5:
            number = len(written_after)
            source.put(written(number, 2000 + number, text=f"lúc {count}"))
            source.delete([f"a{100 + number}"])
            written_after.append(number)

    moved = Move(source, target.store, target.texts).run(write)
    assert (moved.differences, moved.is_behind) == ([], False)
    assert exported(target.store) == exported(source)


def test_numbers_taken_in_vain_are_no_writes_to_wait_for(target: Archive) -> None:
    class Taking(MemoryStore):
        def last_seq(self) -> int:
            return super().last_seq() + 1

    source = Taking()
    source.put(written(1, 2))
    moved = Move(source, target.store, target.texts).run()
    assert (moved.articles, moved.is_behind) == (2, False)


class Breaking:
    """A store that fails in the middle of its writes, having done some of them, in any order."""

    def __init__(self, store: ArticleStore, chance: random.Random) -> None:
        self._store, self._chance = store, chance

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def put(self, articles: Sequence[Article]) -> WriteResult:
        if self._chance.random() < 0.4:
            some = [one for one in articles if self._chance.random() < 0.5]
            self._chance.shuffle(some)
            self._store.put(some)
            raise TimtinError("cut off")
        return self._store.put(articles)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_a_move_that_is_cut_off_resumes_whatever_was_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr("index.moving._AT_ONCE", 7)
    source, target = MemoryStore(), MemoryStore()
    texts = FolderTexts(tmp_path_factory.mktemp("texts"))
    source.put(written(*range(30)))
    for _ in range(200):
        if chance.random() < 0.5:  # back to what it was, too: then only its place changes
            source.put(written(chance.randrange(40), text=chance.choice(["bưởi", "sửa"])))
        if chance.random() < 0.3:
            source.delete([f"a{chance.randrange(40)}"])
        try:
            moved = Move(source, Breaking(target, chance), texts).run()  # type: ignore[arg-type]
        except TimtinError as error:
            assert str(error) == "cut off"  # noqa: PT017 - nothing else may go wrong
            continue
        assert moved.differences == []
        break
    moved = Move(source, target, texts).run()
    assert moved.differences == []
    assert exported(target) == exported(source)


def test_what_others_have_written_is_never_touched(
    source: ArticleStore, target: Archive, archive: Archive, tmp_path: Path
) -> None:
    stranger = MemoryStore()
    stranger.put(written(1))
    with pytest.raises(TimtinError, match="1 articles already"):
        Move(source, stranger, FolderTexts(tmp_path))
    Move(source, target.store, target.texts).run()
    with pytest.raises(TimtinError, match="from another archive"):
        Move(stranger, target.store, target.texts)
    target.store.put([Article(id="của tôi", body="lạ")])
    with pytest.raises(TimtinError, match="'của tôi'"):
        Move(source, target.store, target.texts)
    assert target.store.get("của tôi") is not None


def test_differences_and_damaged_articles_are_named(source: ArticleStore, target: Archive, archive: Archive) -> None:
    database = archive.store.database.connection()  # type: ignore[attr-defined]
    database.execute("UPDATE articles SET body = 'hỏng' WHERE id = 'a8'")
    moved = Move(source, target.store, target.texts).run()
    assert (moved.damaged, moved.differences) == (["a8"], [])
    target.store.delete(["a9"])
    moved = Move(source, target.store, target.texts).run()
    assert moved.differences[0].startswith("article 5: 'a9' (")
    assert len(moved.differences) == 10


def test_a_source_that_is_written_to_all_the_time_is_said(
    source: ArticleStore, target: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare: Callable[[Move], object] = Move._compared

    def compared(move: Move) -> object:
        source.put(written(1, text=str(random.random())))
        return compare(move)

    monkeypatch.setattr(Move, "_compared", compared)
    moved = Move(source, target.store, target.texts).run()
    assert (moved.is_behind, moved.differences) == (True, [])
