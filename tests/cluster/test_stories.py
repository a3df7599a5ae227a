"""Near-copies become one story, whoever writes them and however they arrive."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import numpy as np
import pytest

from index.analysis.near_copies import assign, sketch
from index.analysis.tokenizer import tokenize
from index.article import Article
from index.cluster.mapping import KEPT, document_id
from index.cluster.store import ClusterArticleStore
from index.cluster.stories import copies_among, settle, settled

Servers = Callable[[], ClusterArticleStore]


def text(seed: int, changed: int = 0) -> str:
    """Return a text of 300 words, the same for the same ``seed`` but for ``changed`` words."""
    source = random.Random(seed)
    words = [f"từ{source.randrange(10_000)}" for _ in range(300)]
    for at in random.Random(seed * 1000 + changed).sample(range(300), changed):
        words[at] = f"khác{at}x{changed}"
    return " ".join(words)


def settle_all(store: ClusterArticleStore, leads: Callable[[], bool] = lambda: True) -> int:
    upto = store.settled()
    store.cluster.ask("POST", store.cluster.articles, "_refresh")
    return settle(store.cluster, upto, leads)


def told(store: ClusterArticleStore, ids: list[str]) -> list[tuple[int, bool]]:
    """Return the story of each article, and whether it is copied."""
    found = store.cluster.documents(store.cluster.articles, [document_id(id) for id in ids], KEPT)
    sources = [found[document_id(id)]["_source"] for id in ids]
    return [(source["story"], source["copied"]) for source in sources]


def test_stories_are_those_of_the_one_measure(server: Servers) -> None:
    store = server()
    order = random.Random(7)
    bodies = [text(seed, changed) for seed in range(6) for changed in (0, 2, 5, 9, 14, 20, 30)] + ["ngắn", "ngắn"]
    order.shuffle(bodies)
    ids = [f"a{number}" for number in range(len(bodies))]
    done = 0
    for size in (1, 2, 17, len(bodies)):  # in several writes, settled between them
        store.put([Article(id=id, body=body) for id, body in list(zip(ids, bodies, strict=True))[done:size]])
        done = size
        settle_all(store)
    sketches = np.array([sketch(tokenize(body).exact) for body in bodies], np.uint64).T
    numbers = np.arange(1, len(bodies) + 1)
    wanted = assign(sketches, numbers, np.empty((2, 0), np.uint64), np.empty(0, np.int64)).tolist()
    shared = {story for story in wanted if wanted.count(story) > 1}
    assert len(shared) >= 4
    assert told(store, ids) == [(story, story in shared) for story in wanted]
    copies = sum(story != number for number, story in enumerate(wanted, 1))
    assert copies_among(store.cluster, [range(1, 20), range(20, 60)]) == copies
    assert settled(store.cluster) == store.last_seq()
    assert settle_all(store) == 0


def test_settled_articles_are_searchable_at_once_and_otherwise_as_they_were(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body=text(1)), Article(id="b", title="Tin", body=text(1, 3), source="Báo")])
    before = store.stamps(1, 9)
    assert settle_all(store) == 2
    body = {"query": {"term": {"copied": True}}, "docvalue_fields": ["id", "source_key", "vocabulary_folded"]}
    hits = store.cluster.search(store.cluster.live, body)["hits"]["hits"]
    assert sorted(hit["fields"]["id"][0] for hit in hits) == ["a", "b"]
    assert all(len(hit["fields"]["vocabulary_folded"]) > 200 for hit in hits)
    assert store.stamps(1, 9) == before
    assert store.get("b") == Article(id="b", title="Tin", body=text(1, 3), source="Báo")
    for id, place in (("a", "body_syllable"), ("b", "title_word")):
        word = {"query": {"term": {place: "từ" if id == "a" else "tin"}}, "docvalue_fields": ["id"]}
        hits = store.cluster.search(store.cluster.live, word)["hits"]["hits"]
        assert id in {hit["fields"]["id"][0] for hit in hits}


def test_copies_that_arrive_at_two_servers_at_once_become_one_story(server: Servers) -> None:
    servers = [server() for _ in range(2)]
    gate = threading.Barrier(2)

    def write(number: int) -> None:
        gate.wait()
        for seed in range(5):
            servers[number].put([Article(id=f"{number}-{seed}", body=text(seed, number * 3))])

    threads = [threading.Thread(target=write, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settling = [threading.Thread(target=settle_all, args=[store]) for store in servers]
    for thread in settling:
        thread.start()
    for thread in settling:
        thread.join()
    for seed in range(5):
        one, other = told(servers[0], [f"0-{seed}", f"1-{seed}"])
        assert one == other
        assert one[1]


def test_who_no_longer_leads_stops_and_another_server_goes_on(server: Servers) -> None:
    one, other = server(), server()
    one.put([Article(id=f"a{number}", body=text(number // 2, number % 2)) for number in range(6)])
    asked = iter([True, False])
    assert settle_all(one, lambda: next(asked)) == 0
    assert settled(one.cluster) == 0
    assert settle_all(other) == 6
    assert [copied for _, copied in told(one, [f"a{number}" for number in range(6)])] == [True] * 6


def test_article_that_is_written_again_gets_its_story_anew(server: Servers) -> None:
    store = server()
    store.put([Article(id="a", body=text(1)), Article(id="b", body=text(1, 2)), Article(id="c", body=text(2))])
    settle_all(store)
    assert told(store, ["a", "b", "c"]) == [(1, True), (1, True), (3, False)]
    store.put([Article(id="b", body=text(2, 2))])
    assert told(store, ["b"]) == [(4, False)]
    settle_all(store)
    assert told(store, ["b", "c"]) == [(3, True), (3, True)]
    store.delete(["c"])
    store.put([Article(id="d", body=text(2, 3))])
    settle_all(store)
    assert told(store, ["d"]) == [(3, True)]


def test_write_wins_over_a_story_that_is_settled_at_the_same_time(
    server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = server(), server()
    store.put([Article(id="a", body=text(1)), Article(id="b", body=text(1, 2))])
    found = store.cluster.documents

    def found_too_early(*given: object) -> object:
        answer = found(*given)  # type: ignore[arg-type]
        other.put([Article(id="b", body="khác hẳn")])
        return answer

    upto = store.settled()
    store.cluster.ask("POST", store.cluster.articles, "_refresh")
    monkeypatch.setattr(store.cluster, "documents", found_too_early)
    settle(store.cluster, upto)
    article = store.get("b")
    assert article is not None
    assert article.body == "khác hẳn"
    assert told(other, ["b"]) == [(3, False)]
