"""What every engine does with words: which articles a query finds, which of them come first, and what is marked."""

from __future__ import annotations

import pytest

from index.article import Article
from search.archive import Archive
from search.engine import FacetCount, Request, Sort
from search.parameters import SearchParameters
from search.query.parser import parse
from search.query.tree import Match
from search.runtime.index_follower import bring_in_sync
from search.service import search
from tests.engines.asking import article, ids, matched


class MatchContract:
    """The tests; a part of ``EngineContract``."""

    def test_article_with_the_words_in_its_title_comes_first(self, archive: Archive) -> None:
        archive.store.put(
            [article("body", "Giá lúa tăng, giá gạo giảm."), Article(id="title", title="Giá lúa", body="x")]
        )
        archive.store.put([article(f"x{n}", "Bóng đá nữ.") for n in range(9)])
        bring_in_sync(archive)
        assert ids(archive, "giá lúa")[:2] == ["title", "body"]

    def test_accents_match_as_typed(self, archive: Archive) -> None:
        archive.store.put([article("road", "đường sắt"), article("sea", "đại dương"), article("other", "gạo")])
        bring_in_sync(archive)
        assert ids(archive, "đường") == ["road"]
        assert ids(archive, "dương") == ["sea"]
        assert set(ids(archive, "đương")) == {"road", "sea"}
        assert matched(archive, "đương") == set()
        assert matched(archive, "duong") == {"road", "sea"}

    def test_a_word_matches_with_its_syllables_in_a_row_in_one_sentence(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("said", "Cô ca sĩ hát hay."),
                article("wrapped", "Một ca\nsĩ trẻ lên sân khấu."),
                article("titled", "Một giọng hát.", title="Ca sĩ trẻ"),
                article("apart", "Ca trực sáng nay có bác sĩ."),
                article("sentences", "Đã hết ca. Sĩ số lớp đông."),
                article("paragraphs", "Lịch ca\n\nSĩ số"),
                article("fields", "Sĩ số lớp.", title="Đổi ca"),
                article("accents", "Quả cà sỉ ở chợ."),
            ]
        )
        bring_in_sync(archive)
        assert matched(archive, "ca sĩ") == matched(archive, '"ca sĩ"') == {"said", "wrapped", "titled"}
        assert matched(archive, "ca si") == {"said", "wrapped", "titled", "accents"}

    def test_words_stand_anywhere_in_any_order(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("row", "Chống ô nhiễm không khí."),
                article("turned", "Không khí ở phố ô nhiễm."),
                article("split", "Ô nhiễm. Không có khí thải."),
                article("one", "Ô nhiễm nguồn nước."),
            ]
        )
        bring_in_sync(archive)
        assert matched(archive, "ô nhiễm không khí") == {"row", "turned"}
        assert matched(archive, "ô nhiễm không khí", match=Match.ALL) == {"row", "turned"}
        assert matched(archive, "ô nhiễm không khí", match=Match.ANY) == {"row", "turned", "split", "one"}
        assert ids(archive, "ô nhiễm không khí")[0] == "row"

    def test_syllables_that_the_archive_writes_together_are_one_word(self, archive: Archive) -> None:
        archive.store.put([article(f"gold{n}", f"Giá vàng tăng phiên {n}.") for n in range(3)])
        archive.store.put([article("apart", "Đánh giá màu vàng."), *(article(f"x{n}", "Bóng đá") for n in range(30))])
        bring_in_sync(archive)
        for query in ("giá vàng", "gia vang"):
            assert matched(archive, query) == {"gold0", "gold1", "gold2"}

    def test_scattered_syllables_follow_where_few_articles_match(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("said", "Cô ca sĩ trẻ hát hay.", source="Báo A", published="2020-01-01"),
                article("apart", "Ca trực sáng nay có bác sĩ trẻ.", source="Báo A", published="2025-01-01"),
                article("half", "Ca trực sáng nay.", source="Báo A"),
            ]
        )
        bring_in_sync(archive)
        for sort in Sort:
            found = archive.engine.retrieve(Request(parse("ca sĩ trẻ"), sort=sort, facets=["source"]))
            assert [(hit.id, hit.relaxed) for hit in found.hits] == [("said", False), ("apart", True)]
            assert (found.total, found.relaxed_total, found.stories) == (1, 1, 2)
            assert list(found.facets["source"]) == [FacetCount("Báo A", 1)]
        assert ids(archive, "ca sĩ") == ["said"]  # a single word that is found
        archive.store.put([article(f"said{n}", "Cô ca sĩ trẻ hát hay.") for n in range(2)])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("ca sĩ trẻ")))
        assert (found.total, found.relaxed_total) == (3, 0)

    def test_a_long_query_matches_articles_with_enough_of_it(self, archive: Archive) -> None:
        headline = "Nông dân miền Tây trúng mùa sầu riêng nhưng giá xuất khẩu giảm mạnh"
        archive.store.put([article("it", headline), article("much", "Sầu riêng miền Tây trúng mùa, xuất khẩu giảm.")])
        archive.store.put([article(f"x{n}", f"Nông dân họp tổ {n}, giá vật tư giảm.") for n in range(40)])
        bring_in_sync(archive)
        assert matched(archive, headline) == {"it", "much"}

    def test_recent_articles_can_be_preferred(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("best", "Lúa lúa lúa gạo.", published="2024-01-01"),
                article("good", "Lúa gạo và ngô khoai.", published="2025-01-01"),
                article("undated", "Lúa gạo và ngô khoai sắn."),
            ]
        )
        bring_in_sync(archive)
        assert ids(archive, "lúa")[0] == "best"
        assert ids(archive, "lúa", recency=30.0) == ["good", "best", "undated"]
        assert ids(archive, "lúa", recency=36500.0) == ids(archive, "lúa")
        [hit] = archive.engine.retrieve(Request(parse("ngô khoai sắn"), recency=366.0, explain=True, size=1)).hits
        assert hit.explanation
        assert sum(hit.explanation.values()) == pytest.approx(hit.score, rel=1e-4)

    def test_rare_words_tell_more_than_common_ones(self, archive: Archive) -> None:
        archive.store.put([article(f"x{n}", "giá cả thị trường") for n in range(20)])
        archive.store.put([article("rare", "sầu riêng lên mùa"), article("common", "giá giá giá")])
        bring_in_sync(archive)
        assert ids(archive, "giá sầu riêng xuất khẩu hôm nay ra sao", match=Match.ANY)[0] == "rare"

    def test_explained_parts_add_up_to_the_score(self, archive: Archive) -> None:
        archive.store.put([article("a", "lúa gạo"), article("b", "lúa mì và ngô")])
        bring_in_sync(archive)
        for hit in archive.engine.retrieve(Request(parse("lúa gạo"), explain=True)).hits:
            assert hit.explanation
            assert sum(hit.explanation.values()) == pytest.approx(hit.score, rel=1e-4)

    def test_marks_are_on_the_words_asked_for(self, archive: Archive) -> None:
        archive.store.put([Article(id="a", title="Hội nhập quốc tế", body="Nước ta hội nhập quốc tế sâu rộng.")])
        bring_in_sync(archive)
        for query in ("hội nhập quốc tế", "hoi nhap quoc te"):
            [hit] = search(archive, SearchParameters(q=query)).hits
            assert hit.title_html == "<mark>Hội nhập quốc tế</mark>"
            assert list(hit.body_html) == ["Nước ta <mark>hội nhập quốc tế</mark> sâu rộng."]
