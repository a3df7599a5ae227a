"""What every engine does with filters, orders, cursors, and counts of values and days."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from random import Random

import pytest

from index.article import LABELS, Article
from index.dates import local_minute, period_days
from search.archive import Archive
from search.engine import Cursor, FacetCount, Filters, Order, Request, Sort, SortKey
from search.query.filter_tree import AnyOf, FilterNode, HasField, HasLabel, NoneOf, PublishedIn, all_of, any_of
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from tests.engines.asking import article, ids, matched
from tests.reference import meeting

NAMES = ("Báo A", "Bao A", "BÁO  A", "Báo Á", "Tuổi Trẻ", "Tuoi Tre", "C++", "C", ";", "An; Bình", "Bình", "ánh")
DATES = (None, "2024-12-31", "2025-01-01", "2025-01-31T23:30", "2025-01-31T18:00:00+00:00", "2025-02-14", "2025-08-27")
PERIODS = ("2024", "2025", "2025-01", "2025-01-31", "2025-02-01", "2025-08-27")
BY_DATE = (SortKey("published", descending=True),)
FIXED: Sequence[Order] = (
    BY_DATE,
    (SortKey("published"),),
    (SortKey("source"), SortKey("published", descending=True)),
    (SortKey("author", descending=True), SortKey("category")),
    (SortKey("id"),),
    (),
)


def many(size: int, random: Random) -> list[Article]:
    """Return articles with all kinds of labels and dates."""
    return [
        article(
            f"b{number}" if number % 3 else f"Ă{number:03}",
            f"lúa gạo {'ngô ' * random.randrange(4)} {number}",
            published=random.choice(DATES),  # type: ignore[arg-type]
            **{label: value for label in LABELS if (value := random.choice((None, *NAMES)))},
        )
        for number in range(size)
    ]


def condition(random: Random, depth: int = 3) -> FilterNode:
    """Return a random filter."""
    kind = random.randrange(6) if depth else random.randrange(3)
    if kind == 0:
        return HasLabel(random.choice(LABELS), tuple(random.sample(NAMES, random.randint(1, 3))))
    if kind == 1:
        first, last = (random.choice((None, *PERIODS)) for _ in range(2))
        return PublishedIn(period_days(first)[0] if first else None, period_days(last)[1] if last else None)
    if kind == 2:
        return HasField(random.choice((*LABELS, "published")))
    if kind == 3:
        return NoneOf(condition(random, depth - 1))
    return (all_of if kind == 4 else any_of)([condition(random, depth - 1) for _ in range(random.randint(2, 3))])


def paged(archive: Archive, order: Sort | Order, size: int, query: str = "lúa") -> list[str]:
    """Return the ids of all pages that follow one another by cursors."""
    found: list[str] = []
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        page = archive.engine.retrieve(Request(parse(query), sort=order, size=size, cursor=cursor))
        assert len(page.hits) == size or page.next is None
        found += [hit.id for hit in page.hits]
        cursor = page.next
    return found


class SelectionContract:
    """The tests; a part of ``EngineContract``."""

    def test_filter_finds_what_meets_it(self, archive: Archive) -> None:
        random = Random(1)
        articles = many(60, random)
        archive.store.put(articles)
        bring_in_sync(archive)
        archive.store.delete([articles.pop().id])
        bring_in_sync(archive)
        found = 0
        for _ in range(150):
            tree = condition(random)
            expected = meeting(articles, tree)
            assert matched(archive, "lúa", filters=Filters(tree=tree)) == expected, tree
            found += 0 < len(expected) < len(articles)
        assert found > 50

    def test_several_values_of_a_parameter_are_any_of_them(self, archive: Archive) -> None:
        archive.store.put([article("a", source="A", author="An"), article("b", source="B"), article("c", source="C")])
        bring_in_sync(archive)
        both = (("source", "A"), ("source", "B"))
        assert matched(archive, "lúa", filters=Filters(both)) == {"a", "b"}
        assert matched(archive, "lúa", filters=Filters((*both, ("author", "An")))) == {"a"}
        without = NoneOf(HasLabel("source", ("B",)))
        assert matched(archive, "lúa", filters=Filters(both, tree=without)) == {"a"}

    def test_facet_leaves_out_the_conditions_on_its_label_alone(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("a", source="A", category="x"),
                article("b", source="B", category="x"),
                article("c", source="B", category="y"),
                article("d", source="C", author="An"),
            ]
        )
        bring_in_sync(archive)
        source, category = HasLabel("source", ("A",)), HasLabel("category", ("x",))
        mixed = AnyOf((HasLabel("source", ("A", "B")), HasLabel("author", ("An",))))

        def counts(tree: FilterNode, facet: str) -> dict[str, int]:
            request = Request(parse("lúa"), filters=Filters(tree=tree), facets=[facet], other_filters=True)
            return {one.value: one.count for one in archive.engine.retrieve(request).facets[facet]}

        assert counts(all_of([source, category]), "source") == {"A": 1, "B": 1}
        assert counts(all_of([source, category]), "category") == {"x": 1}
        assert counts(all_of([NoneOf(source), category]), "source") == {"A": 1, "B": 1}
        assert counts(all_of([mixed, source]), "source") == {"A": 1, "B": 2, "C": 1}
        assert counts(any_of([source, category]), "source") == {"A": 1, "B": 1}

    def test_facet_has_as_many_values_as_asked_for_with_the_words_asked_for(self, archive: Archive) -> None:
        names = ("Báo Bắc", "Ba Báo", "Bà Rịa", "Tuổi Trẻ", "Tuổi trẻ Thủ đô", "Thủ đô", "C++")
        archive.store.put([article(f"a{n}-{m}", source=name) for n, name in enumerate(names) for m in range(n + 1)])
        bring_in_sync(archive)

        def values(**more: object) -> list[str]:
            request = Request(parse("lúa"), facets=["source"], **more)  # type: ignore[arg-type]
            return [one.value for one in archive.engine.retrieve(request).facets["source"]]

        assert values(facet_size=2) == ["C++", "Thủ đô"]
        assert values(facet_text="ba") == ["Bà Rịa", "Ba Báo", "Báo Bắc"]
        assert values(facet_text="BÁ", facet_size=1) == ["Bà Rịa"]
        assert values(facet_text="tuoi t") == ["Tuổi trẻ Thủ đô", "Tuổi Trẻ"]
        assert values(facet_text="thu do") == ["Thủ đô", "Tuổi trẻ Thủ đô"]
        assert values(facet_text="c+") == ["C++"]
        assert values(facet_text="uổi") == []
        assert values(facet_text=" ") == values()

    def test_days_are_counted(self, archive: Archive) -> None:
        dates = ("2025-01-31T18:00:00+00:00", "2025-02-01", "2025-02-03T08:00", None)
        archive.store.put([article(f"a{n}", published=day) for n, day in enumerate(dates)])  # type: ignore[arg-type]
        archive.store.put([article("b", "ngô", published="2025-02-02")])
        bring_in_sync(archive)
        first = period_days("2025-02-01")[0]
        assert dict(archive.engine.retrieve(Request(parse("lúa"), count_days=True)).days) == {first: 2, first + 2: 1}
        assert dict(archive.engine.retrieve(Request(parse("lúa"))).days) == {}

    def test_hits_are_sorted_by_several_keys(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("1", source="Tuổi Trẻ", published="2025-01-01", author="Bình; An"),
                article("2", source="ánh", published="2025-01-02"),
                article("3", source="Anh", published="2025-01-01"),
                article("4", published="2025-01-02", author="Chi"),
                article("5", "lúa lúa lúa", source="tuoi tre", author="an"),
                article("6", source="Đà", published="2025-01-01"),
            ]
        )
        bring_in_sync(archive)
        down = {"descending": True}
        for order, found in (
            ([SortKey("source")], "326514"),
            ([SortKey("source", **down)], "156234"),
            ([SortKey("published", **down), SortKey("source")], "243615"),
            ([SortKey("author")], "154236"),
            ([SortKey("author", **down)], "415236"),
            ([SortKey("written", **down)], "654321"),
            ([SortKey("id", **down)], "654321"),
            ([SortKey("published"), SortKey("relevance", **down), SortKey("id", **down)], "631425"),
            ([], "123456"),
        ):
            assert "".join(ids(archive, "lúa", sort=tuple(order))) == found, order
            several = [ids(archive, "lúa", sort=tuple(order), start=start, size=2) for start in (0, 2, 4)]
            assert "".join(id for page in several for id in page) == found, order
        assert ids(archive, "lúa", sort=(SortKey("relevance", **down), SortKey("source")))[0] == "5"

    @pytest.mark.parametrize("order", FIXED, ids=str)
    def test_cursor_goes_through_all_hits_in_order(self, archive: Archive, order: Order) -> None:
        articles = many(50, Random(2))
        archive.store.put(articles)
        bring_in_sync(archive)
        archive.store.put([articles[7].model_copy(update={"body": "lúa mới"})])
        archive.store.delete([articles[9].id])
        bring_in_sync(archive)
        whole = paged(archive, order, 100)
        assert sorted(whole) == sorted(one.id for one in articles if one is not articles[9])
        assert whole == ids(archive, "lúa", sort=(*order, SortKey("id")), size=100)
        for size in (1, 7, 49):
            assert paged(archive, order, size) == whole

    def test_cursor_is_right_while_articles_arrive(self, archive: Archive) -> None:
        random = Random(3)
        numbers = count()
        for order in FIXED:
            archive.store.put(kept := many(30, random))
            bring_in_sync(archive)
            seen: list[str] = []
            cursor: Cursor | None = Cursor()
            added = 0
            while cursor is not None:
                page = archive.engine.retrieve(Request(parse("lúa"), sort=order, size=7, cursor=cursor))
                seen += [hit.id for hit in page.hits]
                cursor = page.next
                if added < 15:
                    again = random.choice(kept)
                    archive.store.put([again.model_copy(update={"body": f"lúa {added}"})])
                    arriving = many(2, random)
                    new = [one.model_copy(update={"id": f"{one.id}-{next(numbers)}"}) for one in arriving]
                    archive.store.put(new)
                    bring_in_sync(archive)
                    added += 1
            assert len(seen) == len(set(seen))
            assert {one.id for one in kept} <= set(seen)

    def test_cursor_goes_on_where_its_article_and_values_are_gone(self, archive: Archive) -> None:
        archive.store.put([article(str(n), source=f"Báo {n}", published=f"2025-01-0{n}") for n in range(1, 6)])
        bring_in_sync(archive)
        for order in ((SortKey("source"),), (SortKey("published"),)):
            page = archive.engine.retrieve(Request(parse("lúa"), sort=order, size=3, cursor=Cursor()))
            assert [hit.id for hit in page.hits] == ["1", "2", "3"]
            assert page.next is not None
            value = ("bao 3", "báo 3") if order[0].field == "source" else (local_minute("2025-01-03"),)
            assert page.next == Cursor(value, "3")
            archive.store.delete(["3"])
            bring_in_sync(archive)
            rest = archive.engine.retrieve(Request(parse("lúa"), sort=order, size=3, cursor=page.next))
            assert [hit.id for hit in rest.hits] == ["4", "5"]
            assert (rest.total, rest.next) == (4, None)
            archive.store.put([article("3", source="Báo 3", published="2025-01-03")])
            bring_in_sync(archive)

    def test_cursor_goes_through_near_copies_and_no_relaxed_hits(self, archive: Archive) -> None:
        wire = " ".join(f"lúa vụ {number} gạo" for number in range(40))
        archive.store.put([article(f"a{n}", f"{wire} báo {n}") for n in range(3)])
        archive.store.put([article("apart", "Ca trực sáng nay có bác sĩ trẻ.")])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("gạo"), cursor=Cursor(), collapse=True))
        assert ([hit.id for hit in found.hits], {hit.copies for hit in found.hits}) == (["a0", "a1", "a2"], {0})
        assert archive.engine.retrieve(Request(parse("ca sĩ trẻ"))).relaxed_total == 1
        for request in (Request(parse("ca sĩ trẻ"), cursor=Cursor()), Request(parse("ca sĩ trẻ"), relax=False)):
            found = archive.engine.retrieve(request)
            assert (found.total, found.relaxed_total, list(found.hits)) == (0, 0, [])

    def test_boost_counts_a_field_for_more(self, archive: Archive) -> None:
        archive.store.put(
            [Article(id="title", title="Giá lúa", body="x y z"), article("body", "Lúa lúa lúa.", title="Tin mới")]
        )
        archive.store.put([article(f"x{n}", "Bóng đá nữ.") for n in range(9)])
        bring_in_sync(archive)
        assert ids(archive, "lúa", boosts={"title": 5.0}) == ["title", "body"]
        assert ids(archive, "lúa", boosts={"title": 0.01}) == ["body", "title"]
        assert ids(archive, "lúa", boosts={"title": 0.0, "body": 0.0}) == ["title", "body"]
        plain = archive.engine.retrieve(Request(parse("lúa"))).hits
        assert archive.engine.retrieve(Request(parse("lúa"), boosts={"title": 1.0})).hits == plain
        [hit] = archive.engine.retrieve(Request(parse("giá"), boosts={"title": 9.0}, explain=True)).hits
        assert hit.explanation
        assert sum(hit.explanation.values()) == pytest.approx(hit.score, rel=1e-4)

    def test_label_of_a_value_that_no_article_has_counts_nothing(self, archive: Archive) -> None:
        archive.store.put([article("a", source="A")])
        bring_in_sync(archive)
        request = Request(parse("lúa"), facets=["source"], facet_text="a")
        assert archive.engine.retrieve(request).facets == {"source": [FacetCount("A", 1)]}
        assert matched(archive, "lúa", filters=Filters(tree=HasLabel("source", ("B", ";")))) == set()
