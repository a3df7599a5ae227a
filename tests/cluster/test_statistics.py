"""What a cluster says of terms, titles, copies and similar articles is what the embedded engine says of the same."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest

from index.analysis.analyzer import Stream
from index.analysis.normalization import fold
from index.analysis.tokenizer import tokenize
from index.article import TEXT_FIELDS, Article
from index.cluster import mapping
from index.cluster.connection import Cluster
from index.cluster.documents import Written, documents, tombstone
from index.cluster.mapping import document_id
from index.segments.schema import field_name
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Engine, Request, Retrieved
from search.engines.opensearch.copies import copies
from search.engines.opensearch.frequencies import Dictionaries, FieldTerm
from search.engines.opensearch.lexicon_upkeep import LexiconUpkeep
from search.engines.opensearch.similar import similar
from search.engines.opensearch.statistics import ClusterStatistics, KnownStatistics
from search.engines.opensearch.titles import titled
from search.query.expansion import Expansion
from search.query.parser import parse
from search.query.synonyms import NO_SYNONYMS
from search.query.typed import typed_words
from search.ranking.scoring import Ranking
from search.runtime.index_follower import bring_in_sync
from search.spelling.completions import complete
from search.spelling.corrections import correct
from search.spelling.examples import examples
from tests.cluster.generated import Made, generated
from tests.cluster.given import config_of
from tests.cluster.server import VERSIONS, ask

ARTICLES = 400


@dataclass(frozen=True)
class Both:
    """The same articles in a data folder and in a cluster."""

    made: Sequence[Made]
    archive: Archive
    known: KnownStatistics
    upkeep: LexiconUpkeep

    def far(self) -> ClusterStatistics:
        return ClusterStatistics(self.known)

    def texts(self, count: int, words: range) -> list[str]:
        """Return some words in a row of articles, with and without accents."""
        chance = random.Random(3)
        found = []
        for _ in range(count):
            article = chance.choice(self.made).article
            whole = chance.choice([article.title, *article.body.splitlines()]).split()
            size = chance.choice(words)
            at = chance.randrange(max(1, len(whole) - size))
            text = " ".join(whole[at : at + size])
            found += [text, fold(text.lower())]
        return found


class StatisticsOfCluster:
    """The embedded engine, with the statistics of the cluster."""

    def __init__(self, both: Both) -> None:
        self._both = both

    def statistics(self) -> ClusterStatistics:
        return self._both.far()

    def retrieve(self, request: Request) -> Retrieved:
        return self._both.archive.engine.retrieve(request)


def written(made: Sequence[Made], first: int = 0) -> list[Written]:
    """Return articles as they are written with the numbers from ``first`` on."""
    return [
        Written(
            one.article,
            first + number + 1,
            one.article.content_hash(),
            "2026-01-01T00:00:00+00:00",
            story=one.told_first_by + 1,
            copied=one.told_first_by != first + number,
        )
        for number, one in enumerate(made)
    ]


def write(cluster: Cluster, entries: Sequence[Written]) -> None:
    lines: list[object] = []
    for entry, document in zip(entries, documents(entries), strict=True):
        lines += [{"index": {"_id": document_id(entry.article.id)}}, document]
    assert not cluster.ask("POST", cluster.articles, "_bulk", body=lines)["errors"]


def apply(cluster: Cluster, upkeep: LexiconUpkeep) -> None:
    arrived = upkeep.arrived()
    cluster.ask("POST", cluster.articles, "_refresh")
    upkeep.follow(arrived)


@pytest.fixture(scope="module")
def both(hosts_of: Callable[[str], list[str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The articles in three shards."""
    made = generated(ARTICLES)
    archive = open_archive(ArchiveConfig(tmp_path_factory.mktemp("both") / "data"))
    archive.store.put([one.article for one in made])
    bring_in_sync(archive, wait=120)
    hosts = hosts_of(VERSIONS[0])
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    cluster = Cluster(config_of(hosts, prefix, shards=3, replicas=0))
    cluster.ensure()
    dictionaries = Dictionaries(cluster)
    upkeep = LexiconUpkeep(cluster, dictionaries)
    for first in range(0, ARTICLES, 50):
        write(cluster, written(made[first : first + 50], first))
        if first in (100, 350):
            apply(cluster, upkeep)
    yield Both(made, archive, KnownStatistics(cluster, dictionaries), upkeep)
    archive.close()
    cluster.close()
    ask("DELETE", f"{hosts[0]}/{prefix}*?expand_wildcards=all")


def test_sizes(both: Both) -> None:
    near, far = both.archive.engine.statistics(), both.far()
    assert far.articles == near.articles == ARTICLES
    assert far.length == pytest.approx(near.length)


def test_frequencies_of_every_stream(both: Both) -> None:
    near, far = both.archive.engine.statistics(), both.far()
    terms = {(Stream.SYLLABLE, "khôngcó"), (Stream.FOLDED, ""), (Stream.FOLDED, "."), (Stream.WORD, "a b|c")}
    for text in both.texts(40, range(3, 9)):
        tokens = tokenize(text)
        for stream, syllables in ((Stream.SYLLABLE, tokens.exact), (Stream.FOLDED, tokens.folded)):
            terms.update((stream, one) for one in syllables)
        for stream, syllables in ((Stream.BIGRAM, tokens.exact), (Stream.FOLDED_BIGRAM, tokens.folded)):
            terms.update((stream, f"{one}_{other}") for one, other in pairwise(syllables))
        terms.update((Stream.WORD, "_".join(tokens.exact[at : at + 2])) for at in range(len(tokens)))
        terms.update((stream, code.text) for code in tokens.codes for stream in (Stream.SYLLABLE, Stream.FOLDED))
    asked = [FieldTerm(field_name(name, stream), term) for stream, term in terms for name in TEXT_FIELDS]
    far.learn(asked)
    assert far.rounds == 1
    wanted = {one: near.document_frequency(*one) for one in terms}
    assert {one: far.document_frequency(*one) for one in terms} == wanted
    assert far.rounds == 1
    assert sum(map(bool, wanted.values())) > 200


def test_terms_phrases_and_abbreviations_that_begin_alike(both: Both) -> None:
    near, far = both.archive.engine.statistics(), both.far()
    for prefix in ("", "h", "ng", "quo", "2", "59", "xyzzy", "a*b", "t\\"):
        for stream in (Stream.FOLDED, Stream.SYLLABLE):
            assert far.terms(stream, prefix, 1000) == near.terms(stream, prefix, 1000)
            assert far.terms(stream, prefix, 7) == near.terms(stream, prefix, 7)
    for prefix in ("hoi nhap", "hoi nhap quoc te\t", "viet", "viet nam ", "s", "59", "\t", '"'):
        assert far.phrases(prefix, 5000) == near.phrases(prefix, 5000), prefix
        some = far.phrases(prefix, 5)
        assert sorted(count for _, count in some) == sorted(count for _, count in near.phrases(prefix, 5))
        assert some == sorted(some)
        assert set(some) <= set(near.phrases(prefix, 5000))
    for prefix in ("", "who\t", "hnqt\t", "the gioi\t", "xyzzy\t"):
        assert far.abbreviations(prefix, 900) == near.abbreviations(prefix, 900)


def test_syllables_in_a_row(both: Both) -> None:
    near, far = both.archive.engine.statistics(), both.far()
    rows = [tokenize(text).exact for text in both.texts(40, range(1, 7))]
    rows += [tuple(reversed(row)) for row in rows]
    rows += [("hội", "nhập", "quốc", "tề"), (".",), ("hội", ".", "nhập"), ("hội nhập",)]
    answers = far.together(lambda: [far.has_phrase(row) for row in rows])
    assert answers == [near.has_phrase(row) for row in rows]
    assert far.rounds == 1
    assert {True, False} == set(answers)


def test_what_queries_are_expanded_to(both: Both) -> None:
    near = both.archive.engine.statistics()
    for text in [*both.texts(40, range(1, 5)), "WHO", "HNQT", "tổ chức y tế thế giới", "hoi nhap quoc te", "vietnam"]:
        far = both.far()
        assert Expansion(far, NO_SYNONYMS).expand(parse(text)) == Expansion(near, NO_SYNONYMS).expand(parse(text)), text
        assert far.rounds <= 4


def test_completions(both: Both) -> None:
    near = both.archive.engine.statistics()
    for text in both.texts(60, range(1, 4)):
        typed = text[: max(2, len(text) - len(text) % 5)]
        # no more than the most frequent are read, so that chance decides among those of one article
        assert complete(both.far(), typed, 5)[:3] == complete(near, typed, 5)[:3], typed
    titles = [one.article.title for one in both.made[:20]]
    assert examples(both.far(), titles, 6) == examples(near, titles, 6) != []


def test_corrections(both: Both) -> None:
    chance = random.Random(11)
    changed = 0
    for text in both.texts(60, range(1, 5)):
        at = chance.randrange(len(text))
        letter = chance.choice("aeghnot")
        for typed in (text[:at] + text[at + 1 :], text[:at] + letter + text[at:], text.replace(" ", "")):
            meant = correct(both.archive.engine, typed)
            assert correct(cast(Engine, StatisticsOfCluster(both)), typed) == meant, typed
            changed += meant is not None
    assert changed > 20


def test_titles(both: Both) -> None:
    found = 0
    for text in [*both.texts(40, range(1, 5)), *(one.article.title[:9] for one in both.made[:40]), "h", "59", "tp hc"]:
        words = typed_words(text)
        if words is not None:
            for size in (1, 8):
                hits = both.archive.engine.titled(words, size)
                assert titled(both.far(), words, size) == hits, text
            found += any(hit.copies for hit in hits)
    assert found > 5
    assert titled(both.far(), words, 0) == []


def test_copies(both: Both) -> None:
    listed = 0
    for one in both.made[:150]:
        near = both.archive.engine.copies(one.article.id, 3)
        assert copies(both.far(), one.article.id, 3) == near
        listed += len(near)
    assert listed > 20
    assert copies(both.far(), "unknown", 3) == copies(both.far(), "~a1", 3) == copies(both.far(), "a1", 0) == []


def test_similar_articles(both: Both) -> None:
    for one in [*both.made[:30], Made(Article(id="new", title="Hội nhập quốc tế", body="Nghị quyết 59"), 0)]:
        near = both.archive.engine.similar(one.article, ARTICLES)
        scores = {hit.id: hit.score for hit in near}
        far = similar(both.far(), Ranking(), one.article, 5)
        assert [hit.score for hit in far] == pytest.approx([scores[hit.id] for hit in far], rel=1e-4)
        assert [hit.score for hit in far] == sorted((hit.score for hit in far), reverse=True)
        # all are made of the same sentences, so that the cluster's candidates may lack one that is nearly as good
        assert [hit.score for hit in far] == pytest.approx([hit.score for hit in near[:5]], rel=0.05)
        assert len(far) == 5
    assert similar(both.far(), Ranking(), Article(id="x", body="xyzzy"), 5) == []


def test_what_was_asked_before_is_not_asked_again(both: Both) -> None:
    def work(far: ClusterStatistics) -> object:
        row = far.has_phrase(["hội", "nhập"]), far.document_frequency(Stream.FOLDED, "nhap")
        return *row, far.phrases("hoi nhap", 9), far.abbreviations("who\t", 9), far.terms(Stream.FOLDED, "nh", 9)

    first, second = both.far(), both.far()
    assert first.together(lambda: work(first)) == second.together(lambda: work(second))
    assert second.rounds == 0


@pytest.fixture
def few(each_version: list[str], prefix: str) -> Iterator[tuple[Cluster, LexiconUpkeep]]:
    cluster = Cluster(config_of(each_version, prefix, shards=2, replicas=0))
    cluster.ensure()
    yield cluster, LexiconUpkeep(cluster, Dictionaries(cluster))
    cluster.close()


def newest(cluster: Cluster) -> ClusterStatistics:
    return ClusterStatistics(KnownStatistics(cluster, Dictionaries(cluster)))


def one(number: int, body: str) -> Made:
    return Made(Article(id=f"a{number}", title="", body=body), number)


def test_terms_of_articles_are_known_as_soon_as_they_are_applied(few: tuple[Cluster, LexiconUpkeep]) -> None:
    cluster, upkeep = few
    empty = newest(cluster)
    assert (empty.articles, empty.length, empty.phrases("", 9), empty.terms(Stream.FOLDED, "", 9)) == (0, 0.0, [], [])
    assert not empty.has_phrase(["lúa"])
    words = typed_words("lúa")
    assert words is not None
    assert titled(empty, words, 5) == copies(empty, "a0", 5) == []
    for number in range(6):
        write(cluster, written([one(number, "Nông dân trồng lúa gạo.")], number))
        apply(cluster, upkeep)
        found = newest(cluster)
        assert found.articles == number + 1
        assert found.phrases("nong dan\t", 9) == [("nong dan\tnông dân\t", number + 1)]
        assert ("lua", number + 1) in found.terms(Stream.FOLDED, "l", 9)
    other = LexiconUpkeep(cluster, Dictionaries(cluster))  # of a server that starts later
    write(cluster, written([one(9, "Tổ chức Y tế thế giới (WHO)")], 9))
    apply(cluster, other)
    assert ("who\t#", 1) in newest(cluster).abbreviations("who", 9)
    apply(cluster, other)
    apply(cluster, upkeep)
    assert newest(cluster).phrases("nong dan\t", 9) == [("nong dan\tnông dân\t", 6)]


@pytest.mark.parametrize("before", [0, 1])
def test_articles_that_arrive_after_the_others_were_counted(few: tuple[Cluster, LexiconUpkeep], before: int) -> None:
    cluster, upkeep = few
    for number in range(before):
        write(cluster, written([one(number, "Nông dân trồng lúa gạo.")], number))
    apply(cluster, upkeep)
    counted = newest(cluster)
    assert counted.articles == before
    write(cluster, written([one(9 + number, "Nông dân trồng lúa gạo.") for number in range(5)], 9))
    apply(cluster, upkeep)
    assert {counted.document_frequency(stream, "lua") for stream in (Stream.FOLDED, Stream.SYLLABLE)} == {0, before}
    assert counted.terms(Stream.FOLDED, "nong", 9) == [("nong", 1)] * before
    assert counted.phrases("nong dan\t", 9) == [("nong dan\tnông dân\t", 1)] * before
    engine = SimpleNamespace(statistics=lambda: counted, retrieve=lambda _: Retrieved(0, 0, [], {}))
    for text in ("nogn dan", "nông dna", "trồng luá"):
        assert correct(cast(Engine, engine), text) is None


def test_terms_of_deleted_articles_are_gone(few: tuple[Cluster, LexiconUpkeep]) -> None:
    cluster, upkeep = few
    made = [one(0, "Nông dân. Thủ tướng."), *(one(number, "Nông dân. Bóng đá.") for number in range(1, 9))]
    write(cluster, written(made))
    apply(cluster, upkeep)
    assert newest(cluster).phrases("thu tuong\t", 9) == [("thu tuong\tthủ tướng\t", 1)]
    dead: list[object] = [{"index": {"_id": "a0"}}, tombstone("a0", 99)]
    cluster.ask("POST", cluster.articles, "_bulk", body=dead)
    apply(cluster, upkeep)
    found = newest(cluster)
    assert found.articles == 8
    assert not found.has_phrase(["thủ", "tướng"])
    assert found.has_phrase(["bóng", "đá"])
    assert found.phrases("thu tuong", 9) == []
    assert found.phrases("bong da\t", 9) == [("bong da\tbóng đá\t", 8)]


def test_terms_of_a_rebuilt_index_are_added(few: tuple[Cluster, LexiconUpkeep]) -> None:
    cluster, upkeep = few
    write(cluster, written([one(0, "Nông dân.")]))
    apply(cluster, upkeep)
    old, new = cluster.articles_index(1), cluster.articles_index(2)
    cluster.ask("PUT", new, body=mapping.articles(3, mapping.copies(0)))
    aliases: list[dict[str, object]] = [{"remove": {"index": old, "alias": "*"}}]
    aliases += [
        {"add": {"index": new, "alias": cluster.articles, "is_write_index": True}},
        {"add": {"index": new, "alias": cluster.live, "filter": mapping.LIVE}},
    ]
    cluster.ask("POST", "_aliases", body={"actions": aliases})
    write(cluster, written([one(0, "Nông dân."), one(1, "Bóng đá nữ.")]))
    apply(cluster, upkeep)
    upkeep.add_all()
    write(cluster, written([one(2, "Thủ tướng.")], 2))
    apply(cluster, upkeep)
    for phrase in ("nông dân", "bóng đá", "thủ tướng"):
        assert newest(cluster).phrases(f"{fold(phrase)}\t", 9) == [(f"{fold(phrase)}\t{phrase}\t", 1)]
