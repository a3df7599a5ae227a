"""What every engine must do; subclass ``EngineContract`` and give an ``engine`` fixture with an empty engine."""

from __future__ import annotations

import threading

from index.article import Article
from index.dates import period_days
from search.engine import Engine, Facet, Filters, Request, Sort
from search.query.parser import parse


def article(id: str, body: str = "lúa gạo", **more: str) -> Article:
    return Article(id=id, body=body, **more)


def ids(engine: Engine, query: str, **more: object) -> list[str]:
    return [hit.id for hit in engine.retrieve(Request(parse(query), **more)).hits]  # type: ignore[arg-type]


class EngineContract:
    """The tests."""

    def test_empty_engine_finds_nothing(self, engine: Engine) -> None:
        found = engine.retrieve(Request(parse("lúa"), facets=[Facet.YEAR]))
        assert (found.total, list(found.hits), found.facets) == (0, [], {Facet.YEAR: []})
        assert engine.suggest("lúa", 5) == []
        assert engine.similar("x", 5) == []
        assert engine.fetch(["x"]) == {}
        assert engine.count() == 0

    def test_added_article_is_kept_at_once_and_found_after_commit(self, engine: Engine) -> None:
        result = engine.add([article("a")])
        assert result.added == ["a"]
        assert engine.fetch(["a"])["a"].body == "lúa gạo"
        assert not engine.searchable(result.seq)
        engine.commit()
        assert engine.searchable(result.seq)
        assert engine.searchable()
        assert ids(engine, "lúa") == ["a"]

    def test_replaced_article_is_found_by_its_new_text_alone(self, engine: Engine) -> None:
        engine.add([article("a", "lúa"), article("b", "lúa")])
        engine.commit()
        assert engine.add([article("a", "ngô")]).updated == ["a"]
        engine.commit()
        assert ids(engine, "lúa") == ["b"]
        assert ids(engine, "ngô") == ["a"]

    def test_same_article_again_changes_nothing(self, engine: Engine) -> None:
        first = engine.add([article("a")])
        second = engine.add([article("a")])
        assert (second.unchanged, second.seq) == (["a"], first.seq)

    def test_id_given_twice_keeps_the_last(self, engine: Engine) -> None:
        engine.add([article("a", "lúa"), article("a", "ngô")])
        engine.commit()
        assert ids(engine, "lúa OR ngô") == ["a"]
        assert ids(engine, "ngô") == ["a"]

    def test_deleted_article_is_gone(self, engine: Engine) -> None:
        engine.add([article("a"), article("b")])
        engine.commit()
        assert engine.delete(["a", "unknown"]).deleted == ["a"]
        engine.commit()
        assert ids(engine, "lúa") == ["b"]
        assert engine.fetch(["a"]) == {}
        engine.add([article("a")])
        engine.commit()
        assert set(ids(engine, "lúa")) == {"a", "b"}

    def test_rebuild_changes_no_answer(self, engine: Engine) -> None:
        engine.add([article(f"a{number}", f"lúa gạo {'ngô ' * number}") for number in range(20)])
        engine.commit()
        engine.delete(["a3"])
        engine.commit()
        before = engine.retrieve(Request(parse("lúa ngô"), size=30))
        engine.rebuild()
        after = engine.retrieve(Request(parse("lúa ngô"), size=30))
        assert [hit.id for hit in before.hits] == [hit.id for hit in after.hits]
        assert before.total == after.total == 18
        assert engine.check() == []

    def test_filters(self, engine: Engine) -> None:
        engine.add(
            [
                article("a", source="Báo A", category="Kinh tế", author="An", published="2025-01-31T23:30"),
                article("b", source="Báo B", category="Kinh tế", author="Bình", published="2025-02-01"),
                article("c"),
            ]
        )
        engine.commit()
        january = period_days("2025-01")
        assert ids(engine, "lúa", filters=Filters(source="Báo A")) == ["a"]
        assert ids(engine, "lúa", filters=Filters(source="Báo")) == []
        assert set(ids(engine, "lúa", filters=Filters(category="Kinh tế"))) == {"a", "b"}
        assert ids(engine, "lúa", filters=Filters(author="An", category="Kinh tế")) == ["a"]
        assert ids(engine, "lúa", filters=Filters(first_day=january[0], last_day=january[1])) == ["a"]

    def test_instant_with_an_offset_counts_for_its_day_in_vietnam(self, engine: Engine) -> None:
        engine.add([article("a", published="2025-01-31T18:00:00+00:00")])
        engine.commit()
        first, last = period_days("2025-02-01")
        assert ids(engine, "lúa", filters=Filters(first_day=first, last_day=last)) == ["a"]

    def test_order_by_date(self, engine: Engine) -> None:
        engine.add([article("old", published="2020-01-01"), article("none"), article("new", published="2025-01-01")])
        engine.commit()
        assert ids(engine, "lúa", sort=Sort.NEWEST) == ["new", "old", "none"]
        assert ids(engine, "lúa", sort=Sort.OLDEST) == ["old", "new", "none"]

    def test_facets_count_all_hits_not_only_those_shown(self, engine: Engine) -> None:
        engine.add([article(f"a{n}", source=f"Báo {n % 2}", published=f"202{n}-03-01") for n in range(5)])
        engine.commit()
        found = engine.retrieve(Request(parse("lúa"), size=1, facets=[Facet.SOURCE, Facet.YEAR, Facet.AUTHOR]))
        assert found.total == 5
        assert [(c.value, c.count) for c in found.facets[Facet.SOURCE]] == [("Báo 0", 3), ("Báo 1", 2)]
        assert [c.value for c in found.facets[Facet.YEAR]] == ["2024", "2023", "2022", "2021", "2020"]
        assert found.facets[Facet.AUTHOR] == []

    def test_start_and_size_cut_the_hits(self, engine: Engine) -> None:
        engine.add([article(f"a{number:02d}", "lúa " * (number + 1)) for number in range(25)])
        engine.commit()
        whole = ids(engine, "lúa", size=100)
        assert len(whole) == 25
        assert [hit for start in (0, 10, 20) for hit in ids(engine, "lúa", start=start, size=10)] == whole
        assert ids(engine, "lúa", start=30) == []

    def test_near_copies_are_one_hit_where_that_is_asked_for(self, engine: Engine) -> None:
        wire = " ".join(f"lúa vụ {number} gạo" for number in range(40))
        engine.add([article(f"a{n}", f"{wire} báo {n}", source=f"Báo {n}") for n in range(3)])
        engine.add([article(f"b{n}") for n in range(3)])
        engine.commit()
        facets = [Facet.SOURCE]
        every = engine.retrieve(Request(parse("gạo"), facets=facets))
        found = engine.retrieve(Request(parse("gạo"), facets=facets, collapse=True))
        assert (every.total, every.stories, {hit.copies for hit in every.hits}) == (6, 6, {0})
        assert (found.total, found.stories, found.facets) == (6, 4, every.facets)
        told = next(hit for hit in every.hits if hit.id.startswith("a")).id
        shown = [hit.id for hit in every.hits if hit.id.startswith("b") or hit.id == told]
        assert [(hit.id, hit.copies) for hit in found.hits] == [(id, 2 if id == told else 0) for id in shown]
        [paged] = engine.retrieve(Request(parse("gạo"), start=3, size=9, collapse=True)).hits
        assert paged.id == shown[3]
        assert {hit.id for hit in engine.similar("a0", 9)} & {"a0", "a1", "a2"} == set()

    def test_suggestions_have_accents_and_begin_with_what_is_typed(self, engine: Engine) -> None:
        engine.add([Article(id="a", title="Hội nhập quốc tế", body="Hội nhập là tất yếu."), article("b", "hội nghị")])
        engine.commit()
        assert "hội nhập" in engine.suggest("hoi nh", 5)
        assert "hội nhập" in engine.suggest("hội nh", 5)
        assert "hội nhập quốc tế" in engine.suggest("hoi nhap q", 5)
        assert all(phrase.startswith("hội ngh") for phrase in engine.suggest("hội ngh", 5))
        assert engine.suggest("hối nh", 5) == []

    def test_query_is_corrected_by_what_the_articles_write(self, engine: Engine) -> None:
        assert engine.correct("lúa gaọ") is None
        engine.add([article(f"a{n}", "Nông dân trồng lúa gạo. Giá lúa gạo tăng.") for n in range(5)])
        engine.commit()
        for typed in ("lúa gáo", "luas gaoj", "lu1a ga5o", "lúagạo"):
            assert engine.correct(typed) == "lúa gạo", typed
        for typed in ("lúa gạo", "lua gao", "", "ngô", "ngô khoai", '"lúa gáo"'):
            assert engine.correct(typed) is None, typed

    def test_correction_finds_an_article_with_all_its_words(self, engine: Engine) -> None:
        engine.add([article("a", "Giá lúa gạo tăng."), article("b", "Bóng đá")])
        engine.commit()
        assert engine.correct("luas gaoj bongs") is None
        assert engine.correct("luas gaoj xyzzy") is None

    def test_similar_articles_share_telling_words(self, engine: Engine) -> None:
        engine.add(
            [
                article("a", "nông dân thu hoạch lúa gạo ở đồng bằng sông Cửu Long"),
                article("b", "giá lúa gạo ở đồng bằng sông Cửu Long tăng"),
                article("c", "đội tuyển bóng đá thắng trận đầu tiên"),
            ]
        )
        engine.commit()
        assert next(hit.id for hit in engine.similar("a", 5)) == "b"

    def test_readers_and_a_writer_do_not_disturb_each_other(self, engine: Engine) -> None:
        engine.add([article(f"a{number}", f"lúa gạo mùa {number}") for number in range(30)])
        engine.commit()
        failures: list[BaseException] = []
        stop = threading.Event()

        def read() -> None:
            try:
                while not stop.is_set():
                    found = engine.retrieve(Request(parse('"lúa gạo" mùa'), size=100, facets=[Facet.YEAR]))
                    assert found.total >= 30
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(12):
            engine.add([article(f"b{number}", "lúa gạo mùa mới"), article("a0", f"lúa gạo mùa {number}")])
            if number == 6:
                engine.rebuild()
            engine.commit()
        stop.set()
        for reader in readers:
            reader.join()
        assert failures == []
        assert engine.check() == []
        assert engine.retrieve(Request(parse("lúa"))).total == 42
