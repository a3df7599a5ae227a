"""Completions are phrases that articles have, in their spelling and with their capitals."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.normalization import TONE_MARKS, fold
from index.analysis.syllables import accented_forms, beginnings, canonical_syllable
from index.analysis.tokenizer import tokenize
from index.article import Article, searchable_body
from search.archive import Archive, ArchiveConfig, open_archive
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import completions, search
from tests.engines.memory import memory_archive
from tests.spelling.test_keyboard import LETTERS, TELEX

WORDS = [
    *("Hà Nội", "hà", "nội", "quốc hội", "Quốc hội", "họp", "hôm nay", "nông nghiệp", "và", "của", "Trump", "quý"),
    *("Covid-19", "TP.HCM", "hòa bình", "hoà", "đường sắt", "thủ tướng", "Thủ tướng", "Phạm Minh Chính", "AI"),
    *("tai nạn", "mưa lớn", "kỹ thuật", "kinh tế", "2026", "mua", "ở"),
]
NEWS = {
    "hanoi": ("Hà Nội mưa lớn", "Sáng nay ở Hà Nội trời mưa. Tai nạn xảy ra trên đường Nguyễn Trãi."),
    "assembly": ("Phiên cuối của Quốc hội", "Sáng nay Quốc hội và các đại biểu đến sớm."),
    "farms": ("Nông nghiệp hôm nay", "Nông dân làm nông nghiệp sạch. Một vụ tai nạn nhỏ."),
    "trump": ("Trump và Putin gặp nhau", "Ông Trump nói. Bà con ở TP.HCM phòng dịch Covid-19 trên VTV, nhờ AI."),
    "peace": ("Vì hoà bình", "Ai cũng mong hòa bình. Nền hòa bình bền lâu."),
}


def put(archive: Archive, articles: dict[str, tuple[str, str]]) -> None:
    archive.store.put([Article(id=id, title=title, body=body) for id, (title, body) in articles.items()])
    bring_in_sync(archive)


@pytest.fixture
def news(archive: Archive) -> Archive:
    put(archive, NEWS)
    return archive


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("hà n", "Hà Nội"),
        ("ha no", "Hà Nội"),
        ("hà nô", "Hà Nội"),
        ("hà nộ", "Hà Nội"),
        ("HÀ NỘ", "Hà Nội"),
        ("quốc hô", "Quốc hội"),
        ("quoc ", "Quốc hội"),
        ("tai n", "tai nạn"),
        ("nguyê", "Nguyễn Trãi"),
        ("trum", "Trump"),
        ("covid", "Covid-19"),
        ("covid1", "Covid-19"),
        ("covid-1", "Covid-19"),
        ("tphcm", "TP.HCM"),
        ("tp.h", "TP.HCM"),
        ("vt", "VTV"),
        ("ai", "AI"),
        ("đ", "đại biểu"),
        ("hoà b", "hòa bình"),
        ("haf no", "Hà Nội"),
        ("haf nooi", "Hà Nội"),
        ("ha2 no65", "Hà Nội"),
        ("nguyeex", "Nguyễn Trãi"),
        ("dd", "đại biểu"),
        ("dda", "đại biểu"),
        ("title:hà n", "title:Hà Nội"),
        ("mưa OR -hà n", "mưa OR -Hà Nội"),
        ('"hà n', '"Hà Nội'),
    ],
)
def test_what_is_typed_is_completed(news: Archive, typed: str, first: str) -> None:
    assert completions(news, typed, 5)[0] == first


@pytest.mark.parametrize(
    "typed", ["hà nông", "hà họ", "hỗ", "hà nọ", "quốc hôm", "trump và", "và", "xyz", "", " ", "?"]
)
def test_nothing_is_offered_that_no_article_has_or_that_is_a_half(news: Archive, typed: str) -> None:
    offered = [completion.lower() for completion in completions(news, typed, 10)]
    assert offered in ([], ["trump và putin", "trump và putin gặp"], ["trump và putin"])
    assert bool(offered) == (typed == "trump và")


def test_words_before_are_kept_where_an_article_has_both(news: Archive) -> None:
    assert completions(news, "ở hà n", 5) == ["ở Hà Nội"]
    assert completions(news, "o ha n", 5) == ["ở Hà Nội"]
    assert completions(news, "làm nông ng", 5) == ["làm nông nghiệp"]
    assert completions(news, "phố hà n", 5) == []


def test_phrases_of_deleted_articles_are_not_offered(news: Archive) -> None:
    assert completions(news, "phạm", 5) == []
    put(news, {"more": ("Thủ tướng Phạm Minh Chính", "Thủ tướng đi họp."), "trump": ("Mưa", "Mưa rơi.")})
    assert completions(news, "phạm", 5) == ["Phạm Minh Chính"]
    assert completions(news, "trump", 5) == completions(news, "ông tr", 5) == []
    news.store.delete(["more"])
    bring_in_sync(news)
    assert completions(news, "phạm", 5) == []


def test_frequent_completions_come_first_and_once(archive: Archive) -> None:
    put(archive, {f"a{n}": ("Tin", f"Có hòa bình số {n}.") for n in range(3)})
    put(archive, {f"b{n}": ("Tin", f"Xây nhà hoà bình số {n}, hoà hoãn.") for n in range(4)})
    put(archive, {f"c{n}": ("Tin", f"Nói về Hòa Bình và hoa hồng {n}.") for n in range(5)})
    assert completions(archive, "hoa", 5) == ["Hòa Bình", "hoa hồng", "hoà hoãn"]
    assert completions(archive, "h", 5) == ["Hòa Bình", "hoa hồng", "hoà hoãn"]


def test_capitals_of_a_heading_or_of_the_first_word_do_not_count(archive: Archive) -> None:
    put(archive, {f"a{n}": ("TAI NẠN Ở HÀ NỘI", f"Tai nạn thứ {n}. Quốc hội bàn về giá lúa.") for n in range(5)})
    put(archive, {"b": ("Tin", "Nhiều tai nạn. Sáng nay Quốc hội bàn chuyện Hà Nội.")})
    assert completions(archive, "tai", 5) == ["tai nạn", "tai nạn ở hà nội"]
    assert completions(archive, "ha no", 5) == ["Hà Nội"]
    assert completions(archive, "quoc h", 5)[0] == "Quốc hội"


def test_half_of_a_name_is_not_offered_where_the_whole_is_as_frequent(archive: Archive) -> None:
    put(archive, {f"a{n}": ("Tin", f"Thành phố Hồ Chí Minh đón khách thứ {n}.") for n in range(6)})
    put(archive, {"b": ("Tin", "Ông Hồ Chí và ông Hồ Văn.")})
    assert completions(archive, "hồ c", 5) == ["Hồ Chí Minh"]
    put(archive, {f"c{n}": ("Tin", f"Ông Hồ Chí và ông Hồ Văn thứ {n}.") for n in range(3)})
    assert completions(archive, "hồ c", 5) == ["Hồ Chí Minh", "Hồ Chí"]


def neighbours(archive: Archive) -> list[list[str]]:
    """Return the syllables of all titles and bodies."""
    texts = [text for article in archive.store.articles() for text in (article.title, searchable_body(article))]
    return [list(tokenize(text).exact) for text in texts]


def occurs(completion: str, texts: list[list[str]]) -> bool:
    row = list(tokenize(completion).exact)
    return any(text[at : at + len(row)] == row for text in texts for at in range(len(text) - len(row) + 1))


TEXTS = st.lists(st.sampled_from([*WORDS, "."]), max_size=12).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.lists(TEXTS, min_size=1, max_size=8), st.data())
def test_every_completion_is_in_a_live_article_word_for_word(
    tmp_path_factory: pytest.TempPathFactory, articles: list[tuple[str, str]], queries: list[str], data: st.DataObject
) -> None:
    archive = open_archive(ArchiveConfig(tmp_path_factory.mktemp("home") / "data"))
    memory = memory_archive(Path())
    for one in (archive, memory):
        put(one, {f"a{number}": texts for number, texts in enumerate(articles)})
        one.store.delete(["a0"])
        put(one, {"a1": ("Quốc hội họp", "Hà Nội")})
    texts = neighbours(archive)
    for query in queries:
        cut = query[: data.draw(st.integers(0, len(query)))]
        for typed in (cut, fold(cut), cut.lower(), "".join(TELEX.get(letter, letter) for letter in cut)):
            for one in (archive, memory):
                offered = completions(one, typed, 8)
                assert all(occurs(completion, texts) for completion in offered), typed
                assert len({completion.lower() for completion in offered}) == len(offered)
    archive.close()


@given(st.sampled_from(LETTERS), st.data())
def test_a_syllable_begins_with_its_letters_whatever_its_tone(letters: str, data: st.DataObject) -> None:
    syllable = data.draw(st.sampled_from(accented_forms(letters)))
    decomposed = unicodedata.normalize("NFD", syllable)
    toneless = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONE_MARKS))
    for end in range(1, len(syllable) + 1):
        for begun in (syllable[:end], toneless[:end]):
            accented = syllable if begun != fold(begun) else fold(syllable)
            assert accented.startswith(tuple(beginnings(begun)))


@pytest.mark.parametrize(
    ("typed", "begun", "not_begun"),
    [
        ("nô", "nô nội nộp nổ", "no nó nơi nam"),
        ("nộ", "nộ nội nộp", "nô nối nổ nọ"),
        ("nọ", "nọ", "nội no nói"),
        ("trưo", "trương trường trưởng", "trong trưa trung"),
        ("đo", "đo đó đông đợi", "do dòng đa"),
        ("dâ", "dân dâng dẫn", "đất đâu dan"),
        ("hoà", "hòa hoàn hoàng", "hoa hoan hóa"),
        ("quỳ", "quì quỳnh", "quí quyền"),
    ],
)
def test_marks_that_were_typed_stay(typed: str, begun: str, not_begun: str) -> None:
    prefixes = tuple(beginnings(typed))
    assert [syllable for syllable in begun.split(" ") if not canonical_syllable(syllable).startswith(prefixes)] == []
    assert [syllable for syllable in not_begun.split(" ") if canonical_syllable(syllable).startswith(prefixes)] == []


def test_prefix_of_a_query_has_an_open_tone_too(archive: Archive) -> None:
    put(archive, {"a": ("Hà Nội", ""), "b": ("nông nghiệp", ""), "c": ("nơi ở", ""), "d": ("nộp tiền", "")})
    for query, ids in (("nô*", "abd"), ("nộ*", "ad"), ("no*", "abcd"), ("nơ*", "c")):
        answer = search(archive, SearchParameters(q=query))
        assert sorted(hit.article.id for hit in answer.hits) == list(ids), query
        assert all(hit.title_html is not None and "<mark>n" in hit.title_html.lower() for hit in answer.hits)
