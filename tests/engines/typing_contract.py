"""What every engine does while a query is typed: titles, suggestions and corrections."""

from __future__ import annotations

from index.analysis.analyzer import Stream
from index.article import Article
from search.archive import Archive
from search.deadline import Deadline
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from search.service import completions, search, title_matches
from search.spelling.corrections import correct
from tests.engines.asking import WIRE, article


class TypingContract:
    """The tests; a part of ``EngineContract``."""

    def test_titles_have_the_words_typed_so_far(self, archive: Archive) -> None:
        assert title_matches(archive, "giá v", 5) == []
        titles = {
            "old": "Giá vàng hôm nay",
            "new": "Chốt phiên: giá vàng tăng",
            "apart": "Vì sao giá nhà tăng?",
            "prayer": "Già vẫn vui",
            "kinh": "Kinh tế khởi sắc",
            "exam": "Kỳ thi đầu năm",
            "city": "TP.HCM đón khách",
            "x": "Hội nghị <b>bàn</b> về lúa",
        }
        dates = {"old": "2024-01-01", "new": "2025-01-01", "apart": "2026-01-01", "prayer": "2023-01-01"}
        archive.store.put(
            [Article(id=id, title=title, body="Giá vé", published=dates.get(id)) for id, title in titles.items()]
        )
        bring_in_sync(archive)
        for typed, found in (
            ("giá v", ["new", "old", "apart"]),
            ("gia v", ["new", "old", "prayer", "apart"]),
            ("gia vang", ["new", "old"]),
            ("GIÁ VÀNG ", ["new", "old"]),
            ("giá va ", []),
            ("giá vang", ["new", "old"]),
            ("giá vâng", []),
            ("giả v", []),
            ("tăng giá", ["apart", "new"]),
            ("ky", ["exam"]),
            ("kì th", ["exam"]),
            ("ki", ["kinh", "exam"]),
            ("tphc", ["city"]),
            ("tp hcm", ["city"]),
            ("hooij ngh", ["x"]),
            ('"hội ngh', ["x"]),
            ("vé", []),
            ("", []),
            (" ?", []),
        ):
            assert [hit.article.id for hit in title_matches(archive, typed, 9)] == found, typed
            assert [hit.article.id for hit in title_matches(archive, typed, 1)] == found[:1], typed
        for typed, marked in (
            ("gia va", "Chốt phiên: <mark>giá vàng</mark> tăng"),
            ("tăng giá", "Vì sao <mark>giá</mark> nhà <mark>tăng</mark>?"),
            ("tphc", "<mark>TP.HCM</mark> đón khách"),
            (
                "hội nghị b",
                "<mark>Hội nghị &lt;b</mark>&gt;bàn&lt;/b&gt; về lúa",
            ),
        ):
            assert title_matches(archive, typed, 1)[0].title_html == marked
        assert title_matches(archive, "giá v", 5, Deadline(0)) == []
        archive.store.delete(["new"])
        bring_in_sync(archive)
        assert [hit.article.id for hit in title_matches(archive, "giá vàn", 9)] == ["old"]

    def test_title_of_near_copies_is_found_once(self, archive: Archive) -> None:
        archive.store.put(
            [Article(id=f"a{n}", title="Giá lúa", body=WIRE, published=f"202{n}-01-01") for n in range(3)]
        )
        archive.store.put([Article(id="b", title="Giá lúa mì", body="ngô", published="2020-06-01")])
        bring_in_sync(archive)
        hits = title_matches(archive, "giá l", 5)
        assert [(hit.article.id, hit.copies, list(hit.body_html)) for hit in hits] == [("a2", 2, []), ("b", 0, [])]

    def test_suggestions_have_accents_and_begin_with_what_is_typed(self, archive: Archive) -> None:
        archive.store.put(
            [Article(id="a", title="Hội nhập quốc tế", body="Hội nhập là tất yếu."), article("b", "hội nghị")]
        )
        bring_in_sync(archive)
        assert "hội nhập" in completions(archive, "hoi nh", 5)
        assert "hội nhập" in completions(archive, "hội nh", 5)
        assert "hội nhập quốc tế" in completions(archive, "hoi nhap q", 5)
        assert all(phrase.startswith("hội ngh") for phrase in completions(archive, "hội ngh", 5))
        assert completions(archive, "hối nh", 5) == []

    def test_query_is_corrected_by_what_the_articles_write(self, archive: Archive) -> None:
        assert correct(archive.engine, "lúa gaọ") is None
        archive.store.put([article(f"a{n}", "Nông dân trồng lúa gạo. Giá lúa gạo tăng.") for n in range(5)])
        bring_in_sync(archive)
        for typed in ("lúa gáo", "luas gaoj", "lu1a ga5o", "lúagạo"):
            assert correct(archive.engine, typed) == "lúa gạo", typed
        for typed in ("lúa gạo", "lua gao", "", "ngô", "ngô khoai", '"lúa gáo"'):
            assert correct(archive.engine, typed) is None, typed

    def test_terms_that_begin_alike_are_listed_with_their_frequencies(self, archive: Archive) -> None:
        assert archive.engine.statistics().terms(Stream.FOLDED, "g", 9) == []
        archive.store.put([article("a", "Giá gạo, giá ngô."), article("b", "Giã gạo"), Article(id="c", title="Gà")])
        bring_in_sync(archive)
        statistics = archive.engine.statistics()
        assert statistics.terms(Stream.FOLDED, "g", 9) == [("ga", 1), ("gao", 2), ("gia", 2)]
        assert statistics.terms(Stream.FOLDED, "g", 2) == [("ga", 1), ("gao", 2)]
        assert statistics.terms(Stream.SYLLABLE, "gi", 9) == [("giá", 1), ("giã", 1)]

    def test_beginning_of_any_length_is_no_obstacle(self, archive: Archive) -> None:
        word = "a" * 1900
        archive.store.put([Article(id="a", title=f"Giá {word}", body=f"Giá {word} tăng")])
        bring_in_sync(archive)
        assert archive.engine.statistics().terms(Stream.FOLDED, word[:1500], 9) in ([(word, 1)], [])
        assert title_matches(archive, word[:1500], 5) in ([], title_matches(archive, "giá", 5))
        assert search(archive, SearchParameters(q=f"giá {word[:1500]}*")).total <= 1

    def test_wrong_letter_is_corrected_by_what_the_articles_write(self, archive: Archive) -> None:
        archive.store.put([article("a", "Giá lúa gạo Ukraine tăng.")])
        bring_in_sync(archive)
        for typed, meant in (("lúa gạoo", "lúa gạo"), ("lua gaoo", "lúa gạo"), ("ukrain", "ukraine")):
            assert correct(archive.engine, typed) == meant, typed
        assert correct(archive.engine, "lúa ngô") is None

    def test_correction_finds_an_article_with_all_its_words(self, archive: Archive) -> None:
        archive.store.put([article("a", "Giá lúa gạo tăng."), article("b", "Bóng đá")])
        bring_in_sync(archive)
        assert correct(archive.engine, "luas gaoj bongs") is None
        assert correct(archive.engine, "luas gaoj xyzzy") is None
