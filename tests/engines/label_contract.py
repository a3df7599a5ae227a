"""What every engine does with labels: which of them a query and a filter find, and what facets count."""

from __future__ import annotations

from dataclasses import astuple, replace

from index.article import LABELS
from index.dates import period_days
from search.archive import Archive
from search.engine import FACETS, PERIODS, FacetCount, Filters, Request
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.engines.asking import article, matched


class LabelContract:
    """The tests; a part of ``EngineContract``."""

    def test_label_is_found_with_the_accents_and_signs_it_has(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("a", author="Lê Dung", category="C++"),
                article("b", author="Lê Dũng", category="C#"),
                article("c", author="Lê Dụng", category="Thời sự"),
                article("d", author="LÊ DU\u0303NG", category="Thời  Sự quốc tế"),
                article("e", author="Kỹ Hoà", category=".NET"),
                article("f", category="Net - C"),
            ]
        )
        bring_in_sync(archive)
        for label, value, found in (
            ("author", "lê dũng", "bd"),
            ("author", "Lê Dung", "a"),
            ("author", "le dung", "abcd"),
            ("author", "Lê Dúng", ""),
            ("author", "kĩ hòa", "e"),
            ("author", "Dũng", ""),
            ("category", "c++", "a"),
            ("category", "C#", "b"),
            ("category", ".net", "e"),
            ("category", "C", ""),
            ("category", "thoi su", "c"),
            ("category", "Net \u2013 C", "f"),
            ("category", ";", ""),
        ):
            assert matched(archive, "lúa", filters=Filters(((label, value),))) == set(found), value
        for query, found in (
            ('author:"Lê Dũng"', "bd"),
            ('author:"le dung"', "abcd"),
            ("author:dung", "abcd"),
            ("author:dụng", "c"),
            ("author:kĩ", "e"),
            ('category:"thời sự"', "cd"),
            ('category:"thơi sự"', ""),
            ('category:"C++"', "a"),
            ("category:c#", "b"),
            ('category:".NET"', "e"),
            ("category:C", "f"),
            ('category:"net c"', "f"),
        ):
            assert matched(archive, query) == set(found), query

    def test_label_without_accents_is_a_value_of_its_own(self, archive: Archive) -> None:
        archive.store.put([article("a", author="Le Dung"), article("b", author="Lê Dung")])
        bring_in_sync(archive)
        asked = Filters((("author", "le dung"),))
        assert matched(archive, "lúa", filters=asked) == {"a"}
        assert matched(archive, 'author:"le dung"') == {"a", "b"}
        archive.store.delete(["a"])
        bring_in_sync(archive)
        assert matched(archive, "lúa", filters=asked) == {"b"}

    def test_several_authors_and_categories_are_several_values(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("a", author="An;Bình", source="Tin mới | Báo A"),
                article("b", author="BÌNH | An; an"),
                article("c", author="An", category="Giả - Thật; Xe"),
                article("d", author="Chi, Phan An"),
            ]
        )
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("lúa"), facets=LABELS))
        assert found.facets == {
            "source": [FacetCount("Tin mới | Báo A", 1)],
            "category": [FacetCount("Giả - Thật", 1), FacetCount("Xe", 1)],
            "author": [FacetCount("An", 3), FacetCount("Bình", 2), FacetCount("Chi, Phan An", 1)],
        }
        assert matched(archive, "lúa", filters=Filters((("author", "An"),))) == {"a", "b", "c"}
        assert matched(archive, "lúa", filters=Filters((("author", "Bình; An"),))) == {"a", "b"}
        assert matched(archive, "author:an") == {"a", "b", "c", "d"}
        assert matched(archive, 'author:"an bình"') == set()
        assert matched(archive, "lúa -author:bình") == {"c", "d"}

    def test_value_is_shown_as_most_articles_write_it(self, archive: Archive) -> None:
        archive.store.put([article(f"a{n}", category="Thời Sự") for n in range(2)])
        archive.store.put([article("b", category="THỜI SỰ"), article("c", category="thời sự", source="Báo")])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("source:báo"), facets=["category"]))
        assert found.facets["category"] == [FacetCount("Thời Sự", 1)]
        archive.store.delete(["a0", "a1"])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("lúa"), facets=["category"]))
        assert found.facets["category"] == [FacetCount("thời sự", 2)]

    def test_every_facet_counts_what_its_filter_finds(self, archive: Archive) -> None:
        names = ["Thời sự", "Thời Sự", "thời sự", "Thời Sự", "C++", "C#", "Le Dung", "Lê Dung", "Lê Dũng", "lê dũng;C#"]
        wire = " ".join(f"lúa vụ {number} gạo" for number in range(40))
        for part in range(3):
            archive.store.put(
                [
                    article(
                        f"{part}{n}",
                        wire if n < 4 else f"lúa {'gạo' * (n % 2)} {part}",
                        source=names[-n - part - 1],
                        category=names[n],
                        author=f"{names[n - part]}; {names[n - 3]}",
                        published=f"202{n % 3}-0{n % 7 + 1}-01",
                    )
                    for n in range(10 - part)
                ]
            )
            bring_in_sync(archive)
        archive.store.delete(["00", "11", "22"])
        bring_in_sync(archive)
        for query in ("", "lúa gạo"):
            every = archive.engine.retrieve(Request(parse(query), facets=FACETS, collapse=True)).facets
            assert {count.value for count in every["category"]} >= {"Thời Sự", "Lê Dũng"}
            for facet, counts in every.items():
                for value, count in map(astuple, counts):
                    first, last = period_days(value) if facet in PERIODS else (None, None)
                    only = Filters(() if facet in PERIODS else ((facet, value),), first, last)
                    assert archive.engine.retrieve(Request(parse(query), filters=only)).total == count, (facet, value)

    def test_facet_of_a_label_can_count_what_its_own_filter_hides(self, archive: Archive) -> None:
        archive.store.put(
            [
                article(f"a{n}", source=f"Báo {n % 3}", category=f"Mục {n % 2}", published=f"2024-0{n % 4 + 1}-15")
                for n in range(12)
            ]
        )
        archive.store.put([article("other", "ngô", source="Báo 9"), article("gone", source="Báo 9")])
        bring_in_sync(archive)
        archive.store.delete(["gone"])
        bring_in_sync(archive)
        first, last = period_days("2024-01")[0], period_days("2024-03")[1]
        filters = Filters((("source", "báo 1"), ("category", "Mục 1")), first, last)
        asked = Request(parse("lúa"), filters=filters, facets=FACETS)
        every, others = (archive.engine.retrieve(replace(asked, other_filters=own)) for own in (False, True))
        assert (every.total, every.hits) == (others.total, others.hits)
        for facet in FACETS:
            left = tuple(pair for pair in filters.labels if pair[0] != facet)
            known = archive.engine.retrieve(replace(asked, filters=replace(filters, labels=left))).facets[facet]
            assert list(others.facets[facet]) == list(known), facet
        assert {count.value for count in others.facets["source"]} == {"Báo 0", "Báo 1", "Báo 2"}
        assert {count.value for count in every.facets["source"]} == {"Báo 1"}

    def test_days_are_counted_newest_first(self, archive: Archive) -> None:
        days = ["2024-02-29", "2024-03-01T23:59:00+07:00", "2024-03-01T17:00:00Z", "2024-03-01"]
        archive.store.put([article(f"a{n}", published=day) for n, day in enumerate(days)])
        archive.store.put([article("undated")])
        bring_in_sync(archive)
        counted = archive.engine.retrieve(Request(parse("lúa"), facets=["day"])).facets["day"]
        assert list(map(astuple, counted)) == [("2024-03-02", 1), ("2024-03-01", 2), ("2024-02-29", 1)]
