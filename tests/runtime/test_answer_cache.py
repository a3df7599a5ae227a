"""Answers are remembered only while they are what a new search would answer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from index.article import Article
from index.errors import DamagedIndexError
from search.answer import Answer, WrittenAnswer
from search.archive import Archive
from search.parameters import SearchParameters
from search.runtime.answer_cache import AnswerCache, Writing
from search.runtime.index_follower import bring_in_sync
from search.service import search

RICE = SearchParameters(q="lúa gạo", facets=("source",))


@pytest.fixture
def answers(archive: Archive, tmp_path: Path) -> AnswerCache:
    articles = [Article(id=f"a{at}", title=f"Lúa gạo {at}", body="Giá lúa tăng. " * 20, source="s") for at in range(8)]
    archive.store.put(articles)
    bring_in_sync(archive)
    return AnswerCache(partial(search, archive), archive.version, most_bytes=30_000)


def test_a_search_asked_again_is_answered_from_memory(answers: AnswerCache, archive: Archive) -> None:
    first, again = answers.search(RICE), answers.search(RICE)
    assert again.hits is first.hits
    fresh = search(archive, RICE)
    assert replace(again, took_ms=0) == replace(fresh, took_ms=0)
    other = answers.search(RICE.model_copy(update={"size": 3}))
    assert len(other.hits) == 3


def test_of_a_written_answer_only_what_was_written_is_kept(answers: AnswerCache) -> None:
    def writing(form: str) -> Writing:
        def write(answer: Answer) -> WrittenAnswer:
            written.append(form)
            return WrittenAnswer(form, f"{len(answer.hits)} hits, took ".encode(), f" of {answer.total}".encode())

        return Writing(form, write)

    written: list[str] = []
    first = answers.search(RICE, writing=writing("a"))
    assert first.written == ("a", b"8 hits, took ", b" of 8")
    assert (first.hits, first.facets, first.total) == ((), {}, 8)
    assert answers.search(RICE, writing=writing("a")).written is first.written
    for form in ("b", "b", "a"):
        assert answers.search(RICE, writing=writing(form)).written == first.written._replace(form=form)
    assert written == ["a", "b", "a"]
    assert len(answers.search(RICE).hits) == 8
    assert answers.search(RICE).written is None
    assert len(answers._cached) == 1


def test_every_change_is_seen_at_once(answers: AnswerCache, archive: Archive, tmp_path: Path) -> None:
    def found(text: str = "lúa gạo") -> set[str]:
        return {hit.article.id for hit in answers.search(SearchParameters(q=text)).hits}

    assert len(found()) == 8
    archive.store.delete(["a1"])
    assert found() == {hit.article.id for hit in search(archive, SearchParameters(q="lúa gạo")).hits}
    assert "a1" not in found()
    archive.store.put([Article(id="new", title="Lúa gạo mới", body="Lúa.")])
    assert "new" not in found()
    bring_in_sync(archive)
    assert "new" in found()
    archive.store.put([Article(id="a2", title="Lúa gạo", body="Đã sửa, lúa.")])
    shown = {hit.article.id: hit.article.lead for hit in answers.search(SearchParameters(q="lúa gạo")).hits}
    assert shown["a2"] == "Đã sửa, lúa."
    assert not found("thóc")
    (tmp_path / "data" / "synonyms.txt").write_text("thóc, lúa\n", "utf-8")
    assert found("thóc")
    archive.engine.rebuild()
    assert found() == {"a0", "a2", "a3", "a4", "a5", "a6", "a7", "new"}


def test_what_was_asked_for_longest_ago_is_forgotten(answers: AnswerCache) -> None:
    first = answers.search(RICE)
    for page in range(1, 4):
        assert answers.search(RICE).hits is first.hits
        answers.search(SearchParameters(q="lúa", size=page))
    for size in range(1, 9):
        answers.search(SearchParameters(q="giá lúa tăng", size=size))
    assert answers.search(RICE).hits is not first.hits


def test_long_queries_that_find_nothing_are_forgotten_too(answers: AnswerCache) -> None:
    first = answers.search(RICE)
    for number in range(10):
        assert answers.search(SearchParameters(q=f"không{number} " * 500)).total == 0
    assert answers.search(RICE).hits is not first.hits


def test_threads_that_ask_the_same_at_a_time_share_one_answer(archive: Archive) -> None:
    made, all_asked = [], threading.Event()

    def answer(wanted: SearchParameters) -> Answer:
        made.append(wanted)
        assert all_asked.wait(30)
        return search(archive, wanted)

    answers = AnswerCache(answer, lambda: 0)
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(answers.search, RICE) for _ in range(8)]
        while sum(future.running() for future in found) < 8:
            time.sleep(0.01)
        all_asked.set()
        assert all(future.result().hits is found[0].result().hits for future in found)
    assert len(made) == 1


def test_threads_that_ask_the_same_at_a_time_share_one_failure() -> None:
    made, all_asked = [], threading.Event()

    def answer(wanted: SearchParameters) -> Answer:
        made.append(wanted)
        assert all_asked.wait(30)
        raise DamagedIndexError("damaged")

    answers = AnswerCache(answer, lambda: 0)
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(answers.search, RICE) for _ in range(8)]
        while sum(future.running() for future in found) < 8:
            time.sleep(0.01)
        time.sleep(0.1)  # until the others wait for the first
        all_asked.set()
        assert {type(future.exception()) for future in found} == {DamagedIndexError}
    assert len(made) == 1


def test_answers_of_an_earlier_version_take_no_memory(archive: Archive) -> None:
    version = 0
    answers = AnswerCache(partial(search, archive), lambda: version)
    for version in range(5):  # noqa: B007
        answers.search(RICE)
        answers.search(SearchParameters(q="lúa"))
    assert len(answers._cached) == 2


def test_an_answer_that_failed_is_tried_again(archive: Archive) -> None:
    failures = [DamagedIndexError("damaged")]

    def answer(wanted: SearchParameters) -> Answer:
        if failures:
            raise failures.pop()
        return search(archive, wanted)

    answers = AnswerCache(answer, lambda: 0)
    with pytest.raises(DamagedIndexError, match="damaged"):
        answers.search(RICE)
    assert answers.search(RICE).total == 0
