"""The input log on a cluster does what a plain one in memory does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.cluster.connection import Cluster
from index.cluster.inputs import ClusterInputLog
from index.store.input_log import Input, InputLog
from tests.cluster.given import config_of
from tests.engines.memory_store import MemoryInputs

PATHS = ["/a", "/a/b", "/a/b/c", "/ab", "/a b/ư", "-", "/a/dài" + "x" * 3000]
IDS = [f"bài/{number}" for number in range(8)] + ["~", "x" * 2000]


class Both:
    """Does everything in the cluster and in memory; numbers are the plain log's."""

    def __init__(self, cluster: Cluster) -> None:
        self.plain, self.log = MemoryInputs(), ClusterInputLog(cluster)
        self.numbers: dict[int, int] = {}

    def begin(self, paths: list[str]) -> None:
        plain, ours = self.plain.begin(paths), self.log.begin(paths)
        assert set(plain) == set(ours)
        for path, number in plain.items():
            assert self.numbers.setdefault(number, ours[path]) == ours[path]

    def own(self, owners: dict[str, int | None]) -> None:
        for id, number in owners.items():
            self.plain.own(id, number)
        self.log.own({id: None if number is None else self.numbers[number] for id, number in owners.items()})

    def finish(self, read: list[tuple[int, str, int]]) -> None:
        self.plain.finish(read)
        self.log.finish([(self.numbers[number], digest, count) for number, digest, count in read])

    def move(self, moves: list[tuple[int, str]]) -> None:
        self.plain.move(moves)
        self.log.move([(self.numbers[number], path) for number, path in moves])

    def drop(self, ids: list[str]) -> None:
        self.plain.drop(ids)
        self.log.drop(ids)

    def forget(self, numbers: list[int]) -> None:
        self.plain.forget(numbers)
        self.log.forget([self.numbers[number] for number in numbers])

    def known(self) -> list[int]:
        return [input.number for input in self.plain.below("/")]

    def assert_same(self) -> None:
        for path in ("/", *PATHS):
            assert self.seen(self.log.below(path), self.numbers) == self.seen(self.plain.below(path))
            assert self.log.ids(path) == self.plain.ids(path)
            assert self.log.dropped(path) == self.plain.dropped(path)
        for prefix in ("d", "d1", "d12"):
            assert self.seen(self.log.with_digest(prefix), self.numbers) == self.seen(self.plain.with_digest(prefix))
        assert self.log.owners(IDS) == self.plain.owners(IDS)

    @staticmethod
    def seen(inputs: list[Input], numbers: dict[int, int] | None = None) -> set[tuple[int, str, str | None, int]]:
        back = {ours: plain for plain, ours in (numbers or {}).items()}
        return {(back.get(one.number, one.number), one.path, one.digest, one.articles) for one in inputs}


@pytest.fixture
def cluster(each_version: list[str], prefix: str) -> Iterator[Cluster]:
    cluster = Cluster(config_of(each_version, prefix))
    yield cluster
    cluster.close()


@pytest.mark.parametrize("seed", range(3))
def test_log_is_that_in_memory_whatever_is_done(cluster: Cluster, seed: int) -> None:
    draw = random.Random(seed)
    both = Both(cluster)
    both.begin(PATHS[:3])
    for step in range(40):
        known = both.known()

        def some(values: list[str] = IDS) -> list[str]:
            return draw.sample(values, draw.randint(1, 4))

        def number(known: list[int] = known) -> int:
            return draw.choice(known)

        steps: list[Callable[[], None]] = [
            lambda: both.begin(some(PATHS)),
            lambda: both.own({id: draw.choice([None, number()]) for id in some()}),
            lambda: both.own(dict.fromkeys(some(), number())),
            lambda: both.finish([(one, f"d{draw.randint(1, 20)}", draw.randint(0, 3)) for one in {number(), number()}]),
            lambda: both.drop(some()),
            lambda: both.move([(number(), draw.choice(PATHS))]),
        ]
        draw.choice(steps if known else steps[:1])()
        if step % 8 == 7:
            both.assert_same()
    both.forget(both.known())
    both.assert_same()


def test_path_that_two_servers_begin_at_once_has_one_number(cluster: Cluster) -> None:
    paths = [f"/{number}" for number in range(30)]
    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(lambda _: ClusterInputLog(cluster).begin(paths), range(4)))
    assert all(numbers == begun[0] for numbers in begun)
    assert len(set(begun[0].values())) == 30


def test_more_inputs_and_articles_than_one_answer_has(cluster: Cluster) -> None:
    log = ClusterInputLog(cluster)
    numbers = log.begin(f"/folder/{number}" for number in range(1200))
    log.own({f"id{number}": numbers["/folder/7"] for number in range(2300)})
    below = log.below("/folder")
    assert {input.path: input.articles for input in below if input.articles} == {"/folder/7": 2300}
    assert len(below) == 1200
    assert len(log.ids("/folder/7")) == 2300


def test_what_names_stand_for_is_kept_whatever_they_are(cluster: Cluster) -> None:
    logs: list[InputLog] = [ClusterInputLog(cluster), ClusterInputLog(cluster)]
    assert logs[0].names() == {}
    logs[0].keep_names("/a.b", {"": "x", "a..b": "title"})
    logs[1].keep_names("/a.b", {".": "tiêu đề"})
    assert logs[0].names() == {"/a.b": {"": "x", "a..b": "title", ".": "tiêu đề"}}
