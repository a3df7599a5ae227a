"""Filters as texts and as JSON are the same trees, and find what meets them; a wrong one says where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.article import LABELS, Article
from index.dates import period_days
from search.archive import Archive, ArchiveConfig, open_archive
from search.engine import Filters
from search.query.filter_json import filter_as_json, filter_from_json
from search.query.filter_text import (
    LONGEST_FILTER,
    MOST_CONDITIONS,
    MOST_NESTED,
    FilterError,
    filter_text,
    parse_filter,
)
from search.query.filter_tree import (
    AllOf,
    AnyOf,
    FilterNode,
    HasField,
    HasLabel,
    NoneOf,
    PublishedIn,
    all_of,
    any_of,
    conjuncts,
    fields_in,
)
from search.runtime.index_follower import bring_in_sync
from tests.engines.asking import matched
from tests.engines.selection_contract import NAMES, many
from tests.reference import meeting

DAYS = st.one_of(st.none(), st.integers(1, date.max.toordinal()))
BOUNDS = st.tuples(st.one_of(DAYS, st.just(date.max.toordinal() + 1)), st.one_of(DAYS, st.just(0)))


def _leaves(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    several = st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)
    return st.one_of(
        st.builds(HasLabel, st.sampled_from(LABELS), several),
        BOUNDS.map(_published),
        st.builds(HasField, st.sampled_from((*LABELS, "published"))),
    )


def _published(bounds: tuple[int | None, int | None]) -> FilterNode:
    first, last = bounds
    if first is None and last is None:
        return HasField("published")
    if first is not None and last is not None:  # both ends are days there are
        return PublishedIn(min(first, date.max.toordinal()), max(last, 1))
    return PublishedIn(first, last)


def _trees(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(inner.map(NoneOf), several.map(all_of), several.map(any_of))

    return st.recursive(_leaves(values), deeper, max_leaves=8)


TREES = _trees(st.text(min_size=1, max_size=20).filter(str.strip))


@given(TREES)
def test_text_and_json_of_a_tree_are_the_same_tree(tree: FilterNode) -> None:
    assert parse_filter(filter_text(tree)) == tree
    assert filter_from_json(filter_as_json(tree)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("source:A", HasLabel("source", ("A",))),
        (' SOURCE = "Báo A" ', HasLabel("source", ("Báo A",))),
        ('source:"a\\"b\\\\"', HasLabel("source", ('a"b\\',))),
        ("source != A", NoneOf(HasLabel("source", ("A",)))),
        ('source in ["A", B, A]', HasLabel("source", ("A", "B"))),
        ("NOT author NOT IN [A]", NoneOf(NoneOf(HasLabel("author", ("A",))))),
        ("author EXISTS", HasField("author")),
        ("undated", NoneOf(HasField("published"))),
        ("published not exists", NoneOf(HasField("published"))),
        ("published:2025-08", PublishedIn(*period_days("2025-08"))),
        ("published=08/2025", PublishedIn(*period_days("2025-08"))),
        ("published>2025-08", PublishedIn(period_days("2025-08")[1] + 1, None)),
        ("published >= 2025-08", PublishedIn(period_days("2025-08")[0], None)),
        ("published<2025-08-27", PublishedIn(None, period_days("2025-08-27")[0] - 1)),
        ("published<=2025", PublishedIn(None, period_days("2025")[1])),
        ("published!=2025", NoneOf(PublishedIn(*period_days("2025")))),
        ("published:2024..2025-08", PublishedIn(period_days("2024")[0], period_days("2025-08")[1])),
        ("published IN [2024, 2026]", AnyOf((PublishedIn(*period_days("2024")), PublishedIn(*period_days("2026"))))),
        (
            "source:A OR source:B AND NOT author:C",
            AnyOf(
                (
                    HasLabel("source", ("A",)),
                    AllOf((HasLabel("source", ("B",)), NoneOf(HasLabel("author", ("C",))))),
                )
            ),
        ),
        (
            "(source:A OR source:B) AND (author:C AND category:D)",
            AllOf(
                (
                    AnyOf((HasLabel("source", ("A",)), HasLabel("source", ("B",)))),
                    HasLabel("author", ("C",)),
                    HasLabel("category", ("D",)),
                )
            ),
        ),
    ],
)
def test_filter_is_read(text: str, tree: FilterNode) -> None:
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "found the end"),
        ("sorce:A", 1, "source, category, author, published"),
        ("source:", 8, "a value of source"),
        ("source", 7, ":, =, !=, IN"),
        ("source>A", 7, "found '>'"),
        ("source:Tuổi Trẻ", 13, "in quotes"),
        ('source:"A', 8, 'a second "'),
        ("source:A AND", 13, "found the end"),
        ("(source:A", 10, "AND, OR or )"),
        ("source:A)", 9, "the end of the filter"),
        ("source IN A", 11, "a list"),
        ("source IN []", 12, "a value of source"),
        ("source IN [A", 13, "a comma or ]"),
        ("published>=hôm", 12, "a year, a month or a day"),
        ("published:2025..", 11, "a year, a month or a day"),
        ('source:""', 8, "an empty text"),
        (f"source:{'a' * 501}", 8, "at most"),
        ("source IN [A, 'B']", 15, 'expected " as quotes'),
        ("source:“A”", 8, 'expected " as quotes'),
        ("source:A !", 10, "found '!'"),
        ("{}", 1, "found '{}'"),
        (f"{'(' * (MOST_NESTED + 1)}undated", MOST_NESTED + 1, "nested"),
    ],
)
def test_wrong_filter_says_where_and_what_was_expected(text: str, column: int, said: str) -> None:
    with pytest.raises(FilterError, match=f"^column {column}: ") as error:
        parse_filter(text)
    assert said in str(error.value)
    assert error.value.column == column


@pytest.mark.parametrize(
    "text",
    [
        "undated OR " * LONGEST_FILTER,
        " OR ".join(["undated"] * (MOST_CONDITIONS + 1)),
        f"source IN [{', '.join(map(str, range(MOST_CONDITIONS + 1)))}]",
    ],
)
def test_filter_is_bounded(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "filter: expected an object"),
        ([], "filter: expected an object"),
        ({"sorce": "A"}, "did you mean 'source'"),
        ({"and": []}, "filter.and: expected a list"),
        ({"and": [{"not": {"published": {"gt": "x"}}}]}, "filter.and[0].not.published: expected a year"),
        ({"source": 3}, "filter.source: expected a text"),
        ({"source": [None]}, "filter.source: expected a text"),
        ({"source": {"gte": "A"}}, "filter.source: expected a text or a list of texts, or an object with exists"),
        ({"published": {"gte": 3}}, "filter.published: expected a period as a text in 'gte'"),
        ({"source": {"exists": 1}}, "filter.source: expected"),
        ({"source": ["A"] * (MOST_CONDITIONS + 1)}, "more than"),
        ({"or": [{"source": ["A", "B"]}] * (MOST_CONDITIONS // 2 + 1)}, "conditions and values"),
    ],
)
def test_wrong_json_says_where(value: Any, said: str) -> None:
    with pytest.raises(FilterError) as error:
        filter_from_json(value)
    assert said in str(error.value)


def test_json_that_is_nested_too_deep_is_refused() -> None:
    value: Any = {"source": "A"}
    for _ in range(MOST_NESTED + 1):
        value = {"not": value}
    with pytest.raises(FilterError, match="nested"):
        filter_from_json(value)


def test_members_of_one_object_must_all_hold() -> None:
    value = {"source": ["A", "B"], "published": {"gte": "2025", "lt": "2025-08", "gt": "2024"}}
    first, last = period_days("2025")[0], period_days("2025-08")[0] - 1
    assert filter_from_json(value) == AllOf((HasLabel("source", ("A", "B")), PublishedIn(first, last)))


def test_conditions_name_their_fields() -> None:
    tree = parse_filter("source:A AND (author:B OR undated) AND NOT source:C")
    assert [fields_in(part) for part in conjuncts(tree)] == [{"source"}, {"author", "published"}, {"source"}]


@given(st.text(alphabet=st.sampled_from('source:"\\()[],.!<>= ANDORTINEXSpublished2025-08undated\x00đ'), max_size=60))
@settings(max_examples=500)
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        tree = parse_filter(text)
    except FilterError:
        return
    assert parse_filter(filter_text(tree)) == tree


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(("2025", "2025-13"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(("and", "or", "not", *LABELS, "published", "gte", "lt", "exists", "x")), inner, max_size=3
        ),
    ),
    max_leaves=10,
)


@given(JSON)
@settings(max_examples=300)
def test_no_json_breaks_the_reader(value: Any) -> None:
    try:
        tree = filter_from_json(value)
    except FilterError:
        return
    assert filter_from_json(filter_as_json(tree)) == tree


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, list[Article]]]:
    archive = open_archive(ArchiveConfig(tmp_path_factory.mktemp("filters") / "data"))
    articles = many(40, Random(5))
    archive.store.put(articles)
    bring_in_sync(archive)
    yield archive, articles
    archive.close()


@given(tree=_trees(st.sampled_from(NAMES)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_filter_finds_what_each_article_says_it_is(filled: tuple[Archive, list[Article]], tree: FilterNode) -> None:
    archive, articles = filled
    assert matched(archive, "lúa", filters=Filters(tree=tree)) == meeting(articles, tree)
