"""What the cluster is given of an article is what the analyzer says of it."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.analyzer import Stream, analyze
from index.analysis.near_copies import MOST_DIFFERING, SLOTS, differing
from index.article import Article, searchable_body
from index.cluster.documents import BANDS, LEAST_ALIKE, Written, article_of, bands, documents, sketch_of, version
from index.cluster.mapping import LONGEST_ID, LONGEST_TERM, document_id, indexed_term, indexed_value
from index.errors import RottenArticleError
from index.segments.schema import field_name
from search.engines.opensearch.occurrences import Occurrences
from tests.conftest import SEEDS

PARTS = (
    *("Hội nghị", "59-NQ/TW", "ngày 26/8/2025", "quý II/2025", ". ", "! ", "\n", "7,52%", "TP.HCM", "🙂", "a|b", "C++"),
    *("https://bao.vn/a|b?c=d", "x" * 1200, "Ngoại giao kinh tế (NGKT)", "…", "\u2028", "中文", "|", "~"),
)
TEXTS = st.lists(st.sampled_from(PARTS), max_size=12).map(" ".join)


def entries(*articles: Article) -> list[Written]:
    return [
        Written(article, number, article.content_hash(), "2026-01-01T00:00:00+00:00")
        for number, article in enumerate(articles, 1)
    ]


def tokens(text: str) -> list[tuple[str, int]]:
    """Return (term, position) of a stream, as the cluster's analyzer takes it apart."""
    return [(term, at) for at, token in enumerate(text.split()) if token != "." for term in token.split("|") if term]


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_streams_are_what_the_analyzer_says(texts: Sequence[tuple[str, str]]) -> None:
    articles = [Article(id=f"a{number}", title=title[:2000], body=body) for number, (title, body) in enumerate(texts)]
    for article, document in zip(articles, documents(entries(*articles)), strict=True):
        for field, text in (("title", article.title), ("body", searchable_body(article))):
            analysis = analyze(text)
            for stream in Stream:
                terms = list(analysis.terms(stream))
                given = tokens(document[field_name(field, stream)])
                if stream in (Stream.SYLLABLE, Stream.FOLDED):
                    assert Counter(given) == Counter((indexed_term(term), analysis.positions[at]) for term, at in terms)
                else:
                    assert [term for term, _ in given] == [indexed_term(term) for term, _ in terms]
                assert all(len(term.encode()) <= LONGEST_TERM for term, _ in given)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), st.lists(TEXTS, max_size=2))
@settings(max_examples=100, deadline=None)
def test_terms_occur_in_packed_tokens_where_the_analyzer_says(
    texts: Sequence[tuple[str, str]], others: Sequence[str]
) -> None:
    articles = [Article(id=f"a{number}", title=title[:2000], body=body) for number, (title, body) in enumerate(texts)]
    analyses = [analyze(text) for article in articles for text in (article.title, searchable_body(article))]
    wanted = {
        (stream, term)
        for analysis in (*analyses[1::2], *map(analyze, others))
        for stream in Stream
        for term, _ in analysis.terms(stream)
    }
    packed = [base64.b64decode(document["tokens"]) for document in documents(entries(*articles))]
    occurrences = Occurrences(packed, wanted)
    expected = defaultdict(list)
    for number, analysis in enumerate(analyses):
        for stream in Stream:
            terms = list(analysis.terms(stream))
            assert occurrences.lengths[stream][number] == len(terms)
            for term, at in terms:
                expected[stream, term].append((number, analysis.positions[at]))
    for stream, term in wanted:
        at = occurrences.at(stream, term)
        found = zip(occurrences.texts[at].tolist(), occurrences.positions[at].tolist(), strict=True)
        assert list(found) == sorted(expected[stream, term])


@pytest.mark.parametrize("name", [path.name for path in sorted(SEEDS.glob("*.txt"))])
def test_vocabulary_has_the_terms_of_both_fields(name: str) -> None:
    article = Article(id="a", title="Tin 59-NQ/TW", body=(SEEDS / name).read_text("utf-8"))
    [document] = documents(entries(article))
    for stream in (Stream.SYLLABLE, Stream.FOLDED):
        terms = {term for text in (article.title, article.body) for term, _ in analyze(text).terms(stream)}
        assert document[f"vocabulary_{stream}"] == sorted(terms)


def test_labels_are_there_as_keys_as_words_and_as_written() -> None:
    article = Article(id="a", title="t", category="Kinh tế;  Thế giới - Á; C++", source="BÁO  Mới", author="Hoà")
    [document] = documents(entries(article))
    assert document["category_key"] == ["kinh tế", "thế giới - á", "c++"]
    assert document["category_folded"] == ["kinh te", "the gioi - a", "c++"]
    assert document["category_form"] == ["kinh tế\tKinh tế", "thế giới - á\tThế giới - Á", "c++\tC++"]
    assert document["category_words"] == ["kinh tế", "thế giới á", "c++"]
    assert document["category_words_folded"] == ["kinh te", "the gioi a", "c++"]
    assert document["source_form"] == ["báo mới\tBÁO Mới"]
    assert document["author_key"] == ["hòa"]


def test_dates_are_those_of_vietnam() -> None:
    dated = Article(id="a", title="t", published="2025-01-06T18:24:00+00:00")
    [document, undated] = documents(entries(dated, Article(id="b", title="t")))
    assert (document["year"], document["month"], document["day"]) == ("2025", "2025-01", "2025-01-07")
    assert not {"minutes", "year", "month", "day"} & undated.keys()


def test_article_comes_back_as_it_was() -> None:
    article = Article(id="a", title="t", body="b\u2028", extra={"z": {"": 1.0, "a.b": [1e300, None]}, "*": {}})
    [document] = documents(entries(article))
    assert article_of(document) == article
    assert list(article_of(document).extra) == ["z", "*"]
    for broken in ({"article": document["article"][:-3]}, {"hash": "0" * 32}, {"id": "b"}):
        with pytest.raises(RottenArticleError):
            article_of({**document, **broken})


@pytest.mark.parametrize("id", ["~x", "ế" * 200, "🙂" * 200, "~"])
def test_id_that_the_cluster_cannot_have_becomes_one_that_no_article_has(id: str) -> None:
    assert document_id(id).startswith("~")
    assert len(document_id(id).encode()) <= LONGEST_ID
    assert document_id(document_id(id)) != document_id(id)


def test_id_that_the_cluster_can_have_stays() -> None:
    assert [document_id(id) for id in ("a", "_id", "a/b", "x" * LONGEST_ID)] == ["a", "_id", "a/b", "x" * LONGEST_ID]


def test_long_terms_and_values_stay_apart_when_they_are_cut() -> None:
    for cut, long in ((indexed_term, "ế" * 5000), (indexed_value, "🙂" * 9000)):
        assert cut(long + "a") != cut(long + "b")
        assert cut(long) == cut(long)
        assert cut("ngắn") == "ngắn"


def test_later_writes_have_higher_versions_however_often_an_article_was_changed() -> None:
    assert version(1) < version(1, 1) < version(1, 65535) < version(2)


@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(0, SLOTS - 1), max_size=MOST_DIFFERING),
    st.data(),
)
def test_copies_share_enough_bands_whichever_slots_differ(
    low: int, high: int, slots: list[int], data: st.DataObject
) -> None:
    other = [low, high]
    for slot in slots:
        flip = data.draw(st.integers(1, 3))
        other[0] ^= (flip & 1) << slot
        other[1] ^= (flip >> 1) << slot
    if (low, high) == (0, 0) or other == [0, 0]:
        return
    shared = set(bands((low, high))) & set(bands((other[0], other[1])))
    planes = np.array([[one] for one in other], np.uint64)
    assert differing(np.array([low, high], np.uint64), planes)[0] <= MOST_DIFFERING
    assert len(shared) >= LEAST_ALIKE
    assert len(bands((low, high))) == BANDS


def test_sketch_of_a_document_is_read_back() -> None:
    body = " ".join(f"từ {number} khác" for number in range(100))
    [document] = documents(entries(Article(id="a", title="t", body=body)))
    assert bands(sketch_of(document["sketch"])) == document["bands"]
    assert "sketch" not in documents(entries(Article(id="a", title="t", body="ngắn")))[0]
