"""What a search can ask for over HTTP: filters, orders, cursors, marks, counts, several at once; and its errors."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Key = dict[str, str]
SEARCH = "/api/v1/search"


@pytest.fixture
def filled(client: FlaskClient, key: Key) -> FlaskClient:
    """A client with six short articles beside the seeds."""
    rows: list[dict[str, Any]] = [
        {"source": "Tuổi Trẻ", "category": "Kinh tế", "published": "2025-01-31"},
        {"source": "Báo Mới", "category": "Kinh tế", "author": "An; Bình", "published": "2025-03-01"},
        {"source": "Báo Mới", "category": "Xã hội", "published": "2025-03-02"},
        {"source": "Tuổi Trẻ", "author": "An", "published": "2024-12-31"},
        {"source": "Thanh Niên", "author": "Chi"},
        {"category": "Kinh tế", "published": "2025-03-01", "lead": "Lead về dưa hấu <b>"},
    ]
    articles = [
        {"id": f"x{n}", "title": f"Dưa hấu vụ {n}", "body": f"Nông dân trồng dưa hấu & lúa, vụ {n}.", **row}
        for n, row in enumerate(rows)
    ]
    assert client.post("/api/v1/articles?wait=1", json=articles, headers=key).status_code == 200
    return client


def ids(client: FlaskClient, **parameters: object) -> str:
    """The numbers of the articles that a search finds, in order."""
    answer = client.get(SEARCH, query_string={"q": "dưa hấu", "collapse": 0, **parameters})
    assert answer.status_code == 200, answer.text
    return "".join(hit["id"][1:] for hit in answer.json["hits"])


def test_an_answer_asked_again_is_the_same_and_kept_once(filled: FlaskClient) -> None:
    for more in ("", "&timeout_ms=5000", "", "&timeout_ms=5001"):
        query = f"{SEARCH}?q=%22took_ms%22:1,+dưa{more}"
        first, again = (filled.get(query).get_json() for _ in range(2))
        assert first["links"]["self"].endswith(more)
        assert first | {"took_ms": 0} == again | {"took_ms": 0}
        assert isinstance(again["took_ms"], float)
        assert first["query"]["text"] == '"took_ms":1, dưa'
    answers = filled.application.extensions["timtin"].answers
    assert [answer.written is not None for answer in answers._cached.values()] == [True]


def refused(client: FlaskClient, **parameters: object) -> dict[str, str]:
    """What is wrong with each parameter of a search that is refused."""
    answer = client.get(SEARCH, query_string=parameters)
    assert answer.status_code == 400, answer.text
    return {error["name"]: error["detail"] for error in answer.json["errors"]}


@pytest.mark.parametrize(
    ("filter", "tree", "found"),
    [
        ('source:"Tuổi Trẻ"', {"source": "Tuổi Trẻ"}, "03"),
        ('source IN [tuổi-trẻ, "Thanh  NIÊN"]', {"source": ["tuổi-trẻ", "Thanh Niên"]}, "4"),
        (
            'source:"Báo Mới" AND published>=2025-01-01 AND NOT category:"Xã hội"',
            {"and": [{"source": "Báo Mới"}, {"published": {"gte": "2025-01-01"}}, {"not": {"category": "Xã hội"}}]},
            "1",
        ),
        ("undated OR published<2025", {"or": [{"published": {"exists": False}}, {"published": {"lt": "2025"}}]}, "34"),
        ("author:An", {"author": "an"}, "13"),
        ("author EXISTS AND NOT author:Chi", {"author": {"exists": True}, "not": {"author": ["Chi"]}}, "13"),
        ("published:2025-03", {"published": "2025-03"}, "125"),
    ],
)
def test_filter_is_the_same_as_text_and_as_json(filled: FlaskClient, filter: str, tree: Any, found: str) -> None:
    assert ids(filled, filter=filter, sort="written:asc") == found
    body = {"q": "dưa hấu", "filter": tree, "sort": "written:asc", "collapse": False}
    answer = filled.post(SEARCH, json=body).json
    assert [hit["id"] for hit in answer["hits"]] == [f"x{number}" for number in found]
    again = filled.get(answer["links"]["self"]).json
    assert [hit["id"] for hit in again["hits"]] == [hit["id"] for hit in answer["hits"]]


def test_several_values_of_a_parameter_are_any_of_them(filled: FlaskClient) -> None:
    assert ids(filled, source=["Tuổi Trẻ", "Thanh Niên"], sort="written:asc") == "034"
    assert ids(filled, source=["Tuổi Trẻ", "Thanh Niên"], author="An", sort="written:asc") == "3"
    answer = filled.post(SEARCH, json={"q": "dưa hấu", "source": ["Tuổi Trẻ", "Thanh Niên"], "size": 1}).json
    assert answer["total"] == 3
    assert answer["links"]["next"].count("source=") == 2


def test_facet_leaves_out_its_own_part_of_the_filter(filled: FlaskClient) -> None:
    asked = {"q": "dưa hấu", "facets": "source", "filter": 'source:"Báo Mới" AND category:"Kinh tế"', "collapse": 0}
    counts = filled.get(SEARCH, query_string=asked).json["facets"]["source"]
    assert counts == [{"value": "Báo Mới", "count": 1}]
    counts = filled.get(SEARCH, query_string={**asked, "facet_filters": "others"}).json["facets"]["source"]
    assert counts == [{"value": "Báo Mới", "count": 1}, {"value": "Tuổi Trẻ", "count": 1}]


def test_hits_are_sorted_by_several_keys(filled: FlaskClient) -> None:
    assert ids(filled, sort="published:desc,source:asc") == "215034"
    assert ids(filled, sort="source:desc,published:asc") == "304125"
    assert ids(filled, sort="newest") == ids(filled, sort="published:desc,relevance")
    wrong = refused(filled, sort="publish:desc")["sort"]
    assert "'publish:desc'" in wrong
    assert "published:desc" in wrong
    for sort in ("source", "relevance:asc", "source:up", "source:asc,source:desc", ",", "id:asc," * 5):
        assert "sort" in refused(filled, sort=sort), sort


def test_cursor_leads_through_all_hits_and_no_further(filled: FlaskClient) -> None:
    for sort in ("", "oldest", "source:asc,published:desc", "author:desc", "id:asc"):
        asked = {"q": "dưa hấu", "size": "4", "cursor": "*", "fields": "id", **({"sort": sort} if sort else {})}
        page = filled.get(SEARCH, query_string=asked).json
        assert page["total"] == 6
        found = [hit["id"] for hit in page["hits"]]
        assert dict(parse_qsl(urlsplit(page["links"]["next"]).query))["cursor"] == page["next_cursor"]
        page = filled.get(page["links"]["next"]).json
        assert (page["next_cursor"], page["links"]["next"], page["links"]["prev"]) == (None, None, None)
        found += [hit["id"] for hit in page["hits"]]
        assert sorted(found) == [f"x{number}" for number in range(6)]
        whole = sort.replace("oldest", "published:asc") or "published:desc"
        assert found == [f"x{number}" for number in ids(filled, sort=whole)]
    page = filled.get(SEARCH, query_string={"q": "dưa hấu", "size": 6, "cursor": "*"}).json
    assert filled.get(page["links"]["next"]).json["hits"] == []
    assert filled.get(SEARCH, query_string={"q": "zzz", "cursor": "*"}).json["next_cursor"] is None


def test_cursor_goes_beyond_the_pages(filled: FlaskClient) -> None:
    assert "page" in refused(filled, q="dưa hấu", page=10_001, size=1)
    assert "page" in refused(filled, q="dưa hấu", page=2, cursor="*")


def test_cursor_that_is_none_or_of_another_search_is_refused(filled: FlaskClient) -> None:
    cursor = filled.get(SEARCH, query_string={"q": "dưa hấu", "size": 2, "cursor": "*"}).json["next_cursor"]
    assert filled.get(SEARCH, query_string={"q": "dưa hấu", "size": 3, "cursor": cursor}).status_code == 200
    for other in ({"q": "dưa"}, {"sort": "oldest"}, {"filter": "undated"}, {"source": "A"}, {"match": "any"}):
        wrong = refused(filled, **{"q": "dưa hấu", "cursor": cursor, **other})
        assert "another search" in wrong["cursor"]
    for wrong_cursor in ("x", "**", cursor[:-2], cursor + "A", cursor[1:], "A" * 40, "\u0110", "A" * 100_000):
        assert set(refused(filled, q="dưa hấu", cursor=wrong_cursor)) == {"cursor"}
    for name, value in (("sort", "relevance"), ("sort", "source:asc,relevance"), ("sort", "written:asc"),
                        ("sort", "id:desc"), ("collapse", "1")):  # fmt: skip
        assert set(refused(filled, q="dưa hấu", cursor="*", **{name: value})) == {name}


def test_fields_choose_what_comes_back(filled: FlaskClient) -> None:
    answer = filled.get(SEARCH, query_string={"q": "dưa hấu", "fields": "id, score,id", "copies": 2}).json
    assert [set(hit) for hit in answer["hits"]] == [{"id", "score"}] * len(answer["hits"])
    assert "fields" in refused(filled, fields="id,body")


def test_marks_are_those_asked_for_and_texts_stay_escaped(filled: FlaskClient) -> None:
    asked = {"q": "dưa hấu", "filter": 'category:"Kinh tế" AND NOT source EXISTS', "highlight": "title,lead,body"}
    [hit] = filled.get(SEARCH, query_string=asked).json["hits"]
    assert hit["marked"] == {
        "title": "<mark>Dưa hấu</mark> vụ 5",
        "lead": "Lead về <mark>dưa hấu</mark> &lt;b&gt;",
        "body": "Nông dân trồng <mark>dưa hấu</mark> &amp; lúa, vụ 5.",
    }
    [hit] = filled.get(SEARCH, query_string={**asked, "highlight_pre": "<em>", "highlight_post": "\\1"}).json["hits"]
    assert hit["marked"]["lead"] == "Lead về <em>dưa hấu\\1 &lt;b&gt;"
    assert hit["highlights"]["title"] == "<em>Dưa hấu\\1 vụ 5"
    assert hit["highlights"]["body"] == ["Nông dân trồng <em>dưa hấu\\1 &amp; lúa, vụ 5."]
    assert "highlight_pre" in refused(filled, highlight_pre="x" * 101)
    assert "size" in refused(filled, highlight="body", size=21)


def test_marks_of_a_program_are_in_no_page_and_no_feed(filled: FlaskClient) -> None:
    asked = {"q": "dưa hấu", "highlight_pre": "<script>alert(1)</script>", "highlight_post": "<x>", "highlight": "body"}
    for path in ("/", "/feed.atom"):
        text = filled.get(path, query_string=asked).text
        assert "<script>alert" not in text
        assert "<x>" not in text
    assert "<mark>Dưa hấu</mark>" in filled.get("/", query_string=asked).text


@pytest.mark.parametrize(
    "more",
    [
        {"sort": "published:desc,source:asc"},
        {"filter": 'source:"Báo Mới"'},
        {"cursor": "*", "size": 2},
        {"histogram": "month", "fields": "id", "explain": "words", "boost": "title:2", "accents": "ignore"},
        {"source": ["Báo Mới", "Tuổi Trẻ"]},
    ],
)
def test_page_and_feed_bear_what_programs_ask_for(filled: FlaskClient, more: dict[str, Any]) -> None:
    for path in ("/", "/feed.atom"):
        assert filled.get(path, query_string={"q": "dưa hấu", **more}).status_code == 200


def test_histogram_counts_by_date(filled: FlaskClient) -> None:
    def buckets(**more: object) -> list[tuple[str, int]]:
        answer = filled.get(SEARCH, query_string={"q": "dưa hấu", **more}).json
        return [(one["value"], one["count"]) for one in answer["histogram"]]

    assert buckets(histogram="year") == [("2024", 1), ("2025", 4)]
    assert buckets(histogram="month") == [("2024-12", 1), ("2025-01", 1), ("2025-03", 3)]
    months = [("2024-12", 1), ("2025-01", 1), ("2025-02", 0), ("2025-03", 3)]
    assert buckets(histogram="month", histogram_empty=1) == months
    assert buckets(histogram="week") == [("2025-W01", 1), ("2025-W05", 1), ("2025-W09", 3)]
    days = [("2024-12-31", 1), ("2025-01-31", 1), ("2025-03-01", 2), ("2025-03-02", 1)]
    assert buckets(histogram="day") == days
    first = filled.get(SEARCH, query_string={"q": "dưa hấu", "histogram": "week"}).json["histogram"][0]
    assert first == {"value": "2025-W01", "from": "2024-12-30", "to": "2025-01-05", "count": 1}
    assert "histogram" in refused(filled, histogram="hour")


def test_accents_are_exact_preferred_or_ignored(filled: FlaskClient) -> None:
    found = {
        (accents, query): filled.get(SEARCH, query_string={"q": query, "accents": accents, "typo": "off"}).json["total"]
        for accents in ("exact", "prefer", "ignore")
        for query in ("dưa hấu", "dua hau", "dừa hậu", '"dưa hấu"', '"dua hau"', '"dừa hậu"')
    }
    assert {key for key, total in found.items() if total} == {
        ("exact", "dưa hấu"), ("exact", '"dưa hấu"'),
        ("prefer", "dưa hấu"), ("prefer", "dua hau"), ("prefer", '"dưa hấu"'), ("prefer", '"dua hau"'),
        *(("ignore", query) for accents, query in found if accents == "ignore"),
    }  # fmt: skip
    [first, *_] = filled.get(SEARCH, query_string={"q": "dừa hậu", "accents": "ignore"}).json["hits"]
    assert first["highlights"]["title"].startswith("<mark>Dưa hấu</mark>")


def test_typo_off_corrects_and_relaxes_nothing(filled: FlaskClient) -> None:
    for q in ("dưa nông lúa hội nhập", "duwa haaus"):
        plain = filled.get(SEARCH, query_string={"q": q}).json
        assert plain["relaxed_total"] or plain["query"]["corrected"]
        exact = filled.get(SEARCH, query_string={"q": q, "typo": "off"}).json
        assert (exact["relaxed_total"], exact["query"]["corrected"]) == (0, None)


def test_boosts_change_scores(filled: FlaskClient) -> None:
    def scores(boost: object) -> list[float]:
        answer = filled.post(SEARCH, json={"q": "lúa hội", "match": "any", "boost": boost}).json
        return [hit["score"] for hit in answer["hits"]]

    assert scores("title:9") == scores({"title": 9}) == scores(["title:9"]) != scores({})
    assert scores({"title": 1, "body": 1}) == scores("") == scores({})
    for boost in ("title", "lead:2", "title:x", "title:-1", "title:101", "title:nan"):
        assert "boost" in refused(filled, boost=boost), boost


def test_explanation_in_words(filled: FlaskClient) -> None:
    asked = {"q": "dưa hấu", "explain": "words", "filter": 'author:"Chi"'}
    [hit] = filled.get(SEARCH, query_string=asked).json["hits"]
    assert sum(part["score"] for part in hit["explained"]) == pytest.approx(hit["score"], abs=0.01)
    assert sum(part["share"] for part in hit["explained"]) == pytest.approx(1, abs=0.01)
    pair = next(part for part in hit["explained"] if part["kind"] == "pair")
    assert (pair["text"], pair["counts"]) == ("dưa hấu", {"title": 1, "body": 1})
    assert "“dưa hấu” is there 1 × in the title and 1 × in the body" in pair["sentence"]
    plain = filled.get(SEARCH, query_string={**asked, "explain": 1}).json["hits"][0]
    assert "explained" not in plain
    assert plain["explanation"] == hit["explanation"]


def test_several_searches_have_their_own_answers_and_problems(filled: FlaskClient) -> None:
    searches = [{"q": "dưa hấu", "size": 1}, {"q": "x", "sise": 1}, {"filter": "sorce:A"}, "x", {"page": 20_000}]
    answers = filled.post("/api/v1/searches", json={"searches": searches}).json["answers"]
    assert [one["status"] for one in answers] == [200, 400, 400, 400, 400]
    assert answers[0]["answer"]["total"] == 6
    assert answers[1]["problem"]["errors"] == [{"name": "sise", "detail": "is not known here; did you mean 'size'?"}]
    assert "column 1" in answers[2]["problem"]["errors"][0]["detail"]
    for body in ({"searches": []}, {"searches": [{}] * 21}, {}, [], {"searches": [{}], "x": 1}):
        assert filled.post("/api/v1/searches", json=body).status_code == 400
    [alone] = filled.post("/api/v1/searches", json={"searches": [{"timeout_ms": 5}]}).json["answers"]
    assert alone["problem"]["errors"][0]["name"] == "timeout_ms"


def test_search_as_json_is_the_search_as_an_address(filled: FlaskClient) -> None:
    asked: dict[str, Any] = {
        "q": "dưa hấu", "from": "2025", "facets": ["source", "month"], "size": 3, "collapse": False, "recency": 30,
        "boost": {"title": 2}, "sort": ["relevance", "source:asc"], "fields": ["id", "score"], "histogram": "month",
    }  # fmt: skip
    posted = filled.post(SEARCH, json=asked).json
    got = filled.get(posted["links"]["self"]).json
    assert {**got, "took_ms": 0} == {**posted, "took_ms": 0}
    refusals = filled.post(SEARCH, json={"q": "x", "szie": 1, "filter": {"sorce": "A"}}).json["errors"]
    assert {one["name"] for one in refusals} == {"szie", "filter"}
    assert filled.post(SEARCH, json={"cursor": "*", "page": 2}).json["errors"][0]["name"] == "page"
    assert filled.post(SEARCH, json=[]).status_code == 400
    assert filled.post(f"{SEARCH}?q=x", json={}).status_code == 400


def test_values_of_a_facet_are_searched(filled: FlaskClient) -> None:
    def values(label: str, **more: object) -> list[tuple[str, int]]:
        answer = filled.get(f"/api/v1/facets/{label}", query_string=more).json
        assert answer["facet"] == label
        return [(one["value"], one["count"]) for one in answer["values"]]

    assert values("source", q="t") == [("Tuổi Trẻ", 2), ("Thanh Niên", 1), ("Đồng Tháp", 1)]
    assert values("source", q="tuoi tr", category="Kinh tế") == [("Tuổi Trẻ", 1)]
    assert values("source", q="bao", source="Tuổi Trẻ") == [("Báo Mới", 2)]
    assert values("author", query="vụ 1", q="b") == [("Bình", 1)]
    assert values("source", q="t", size=1, filter="published EXISTS") == [("Tuổi Trẻ", 2)]
    assert filled.get("/api/v1/facets/year?q=2").status_code == 404


def test_articles_like_a_text(filled: FlaskClient) -> None:
    hits = filled.post("/api/v1/similar", json={"text": "Nông dân trồng dưa hấu", "size": 2}).json["hits"]
    assert [hit["id"][0] for hit in hits] == ["x", "x"]
    assert filled.post("/api/v1/similar", json={"title": "Dưa hấu"}).json["hits"]
    for body in ({}, {"text": " "}, {"text": 3}, {"text": "x", "size": 51}):
        assert filled.post("/api/v1/similar", json=body).status_code == 400


def test_completions_have_the_counts_of_their_searches(filled: FlaskClient) -> None:
    answer = filled.get("/api/v1/suggest?q=dưa&counts=1&titles=2").json
    assert answer["suggestions"]
    for text, count in zip(answer["suggestions"], answer["counts"], strict=True):
        assert filled.get(SEARCH, query_string={"q": text}).json["total"] == count
    assert "counts" not in filled.get("/api/v1/suggest?q=dưa").json


def test_analysis_says_where_each_term_is(filled: FlaskClient) -> None:
    text = "Hoà Bình, TP.HCM: nghị quyết 59-NQ/TW 🙂 kinh tê\u0301"
    streams = filled.get("/api/v1/analyze", query_string={"text": text}).json["streams"]
    assert set(streams) == {"syllable", "folded", "word", "bigram", "pair"}
    by_term = {one["term"]: text[one["start"] : one["end"]] for one in streams["syllable"]}
    assert by_term["hòa"] == "Hoà"
    assert by_term["tphcm"] == "TP.HCM"
    assert by_term["59nqtw"] == "59-NQ/TW"
    assert by_term["tế"] == "tê\u0301"
    assert {one["term"]: text[one["start"] : one["end"]] for one in streams["bigram"]}["hòa_bình"] == "Hoà Bình"
    assert {one["term"]: text[one["start"] : one["end"]] for one in streams["word"]}["nghị_quyết"] == "nghị quyết"
    query = filled.get("/api/v1/analyze", query_string={"q": 'dua hau -"lúa" title:x* date:mai'}).json["query"]
    assert query["tree"]["kind"] == "and"
    assert query["tree"]["nodes"][0]["without_accents"] == ["dua", "hau"]
    assert [one["code"] for one in query["notes"]] == ["not_a_date"]
    assert filled.get("/api/v1/analyze").json == {}


def test_deletion_and_export_take_the_filters_of_a_search(filled: FlaskClient, key: Key) -> None:
    def lines(**more: object) -> list[str]:
        text = filled.get("/api/v1/export", query_string=more).text
        return [json.loads(line)["id"] for line in text.splitlines()]

    assert lines(filter='source:"tuổi trẻ" OR (author:Bình AND NOT undated)') == ["x0", "x1", "x3"]
    assert lines(source=["Tuổi Trẻ", "Thanh Niên"]) == ["x0", "x3", "x4"]
    assert filled.get("/api/v1/export?filter=x").status_code == 400
    for chosen, count in (({"source": ["Tuổi Trẻ", "Thanh Niên"]}, 3), ({"filter": "category EXISTS"}, 4)):
        body = {"filter": chosen, "dry_run": True}
        assert filled.post("/api/v1/deletions", json=body, headers=key).json["matched"] == count


@given(
    name=st.sampled_from(
        ("filter", "sort", "cursor", "boost", "fields", "highlight", "histogram", "accents", "source")
    ),
    text=st.one_of(st.text(max_size=40), st.sampled_from(("*", "source:A", "id:asc", "title:1e999", "\ud800", "[]"))),
)
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
def test_no_parameter_breaks_a_search(client: FlaskClient, name: str, text: str) -> None:
    value = text.encode("utf-8", "surrogatepass")
    assert client.get(SEARCH, query_string={name: value}).status_code in {200, 400}
    posted = client.post(SEARCH, data=json.dumps({name: text}), content_type="application/json")
    assert posted.status_code in {200, 400}
