"""The page for people, without JavaScript; once in a real browser."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from index.article import Article
from search.runtime.index_follower import bring_in_sync
from tests.conftest import Server, browser, with_seeds
from web.services import Services

SEED = "004_6a0ef6768151701a"


def test_page_speaks_vietnamese_and_english_at_a_switch(client: FlaskClient) -> None:
    page = client.get("/?q=hội nhập").text
    assert '<html lang="vi">' in page
    assert "Liên quan nhất" in page
    assert "lang=en" in page
    english = client.get("/?q=hội nhập&lang=en").text
    assert '<html lang="en">' in english
    assert "Most relevant" in english
    assert "Most relevant" in client.get("/?q=hội nhập").text  # remembered
    assert "Liên quan nhất" in client.get("/?q=hội nhập&lang=vi").text


def test_results_are_marked_and_link_to_marked_articles(client: FlaskClient) -> None:
    page = client.get("/?q=hoi nhap quoc te").text
    assert "<mark>hội nhập quốc tế</mark>" in page
    assert "Không rõ ngày" in page
    assert "27/08/2025" in page
    article = client.get(f"/articles/{SEED}?q=ngoai giao").text
    assert "<mark>ngoại giao</mark>" in article
    assert "18:24 06/01/2025" in article
    assert "Bài viết tương tự" in article
    assert "<mark>" not in client.get(f"/articles/{SEED}").text


def test_nothing_found_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/?q=xyzzy").text
    assert "Không tìm thấy" in page
    assert "Hãy thử" in page


def test_page_asks_whether_something_else_was_meant(client: FlaskClient) -> None:
    page = client.get("/?q=hội nhập quốc tê&match=any&sort=newest").text
    link = re.search(r'Có phải bạn tìm: <a href="([^"]*)">hội nhập quốc tế</a>', page)
    assert link is not None
    assert page.count('class="hit"') == 5
    meant = client.get(html.unescape(link.group(1))).text
    assert "Có phải bạn tìm" not in meant
    assert '<option value="newest" selected>' in meant
    assert "Did you mean: <a" in client.get("/?q=hội nhập quốc tê&match=any&lang=en").text


def test_page_shows_what_was_meant_where_nothing_else_is_found(client: FlaskClient) -> None:
    page = client.get("/?q=hooij nhaapj quoocs tees&size=2").text
    assert "Không có bài viết nào cho “hooij nhaapj quoocs tees”" in page
    assert ">hội nhập quốc tế</a>" in page
    assert page.count('class="hit"') == 2
    assert "<mark>hội nhập quốc tế</mark>" in page
    assert 'value="hooij nhaapj quoocs tees"' in page
    following = re.search(r'rel="next" href="([^"]*)"', page)
    assert following is not None
    assert client.get(html.unescape(following.group(1))).text.count('class="hit"') == 2
    answer = client.get("/api/v1/search?q=hooij nhaapj quoocs tees").json
    assert (answer["total"], answer["query"]["corrected"]) == (0, "hội nhập quốc tế")


def test_correction_that_a_filter_leaves_without_hits_is_still_offered(client: FlaskClient) -> None:
    page = client.get("/?q=hooij nhaapj&source=Không có").text
    assert "Không tìm thấy" in page
    assert "Có phải bạn tìm: <a" in page


def test_correction_is_shown_as_text(client: FlaskClient) -> None:
    page = client.get("/?q=" + quote('hooij nhaapj <b>quoocs</b> "&lt;" {t}')).text
    assert "<b>quoocs" not in page
    page = client.get("/?q=" + quote('hooij nhaapj -"<i>{0}</i>"')).text
    assert "hội nhập -&#34;&lt;i&gt;{0}&lt;/i&gt;&#34;</a>" in page
    assert "<i>" not in page


def test_first_page_shows_the_newest_articles(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Bài viết mới nhất" in page
    assert page.index("10/01/2026") < page.index("16/09/2025")


def test_filters_and_pages_keep_the_query(client: FlaskClient) -> None:
    page = client.get("/?q=hội nhập&size=2&sort=newest&source=").text
    assert 'rel="next"' in page
    assert "sort=newest" in page
    assert client.get("/?q=hội nhập&source=Ngày Nay").text.count('class="hit"') == 1


def test_filters_count_what_they_give(client: FlaskClient) -> None:
    page = client.get("/?q=hội nghị").text
    assert '<option value="2025">2025 (4)</option>' in page
    assert client.get("/?q=hội nghị&from=2025").text.count('class="hit"') == 4


def test_parameters_the_page_has_no_field_for_are_kept(client: FlaskClient) -> None:
    page = client.get("/?q=hội&size=2&match=any&to=2025").text
    for name, value in {"size": "2", "match": "any", "to": "2025"}.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page


@pytest.mark.parametrize("query", ["_method=FOO", "endpoint=x", "id=zzz", "_external=1&_anchor=x"])
def test_odd_parameters_change_no_link(client: FlaskClient, query: str) -> None:
    for path in ("/", f"/articles/{SEED}"):
        page = client.get(f"{path}?{query}")
        assert page.status_code == 200
        assert f'class="language" href="{path}?' in page.text


def test_unknown_address_is_a_page_for_people(client: FlaskClient) -> None:
    answer = client.get("/articles/none", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "Trang tìm kiếm" in answer.text


@pytest.mark.slow
def test_a_reader_searches_and_reads_in_a_browser(serve: Callable[..., Server], tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    server = serve()
    with browser() as page:
        failures: list[str] = []
        page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
        page.goto(server.root)
        page.get_by_role("searchbox").fill("hoi nhap quoc te")
        page.get_by_role("button", name="Tìm").click()
        expect(page.locator(".hit")).to_have_count(5)
        marks = page.locator(".hit mark").all_inner_texts()
        assert "hội nhập quốc tế" in [mark.lower() for mark in marks]
        page.get_by_label("Sắp xếp").select_option("newest")
        page.get_by_role("button", name="Lọc").click()
        expect(page.locator(".hit").first).to_contain_text("10/01/2026")
        page.locator(".hit a").first.click()
        expect(page.locator("article h1")).to_have_text(re.compile("Thủ tướng Chính phủ chủ trì.*"))
        assert page.locator("article mark").count() > 0
        page.get_by_role("link", name="Về kết quả").click()
        expect(page.get_by_role("searchbox")).to_have_value("hoi nhap quoc te")
        page.get_by_role("searchbox").fill("hoinhap quocte")
        page.get_by_role("button", name="Tìm").click()
        expect(page.locator(".correction")).to_have_count(1)
        expect(page.locator(".hit")).to_have_count(5)
        page.get_by_role("link", name="hội nhập quốc tế", exact=True).click()
        expect(page.get_by_role("searchbox")).to_have_value("hội nhập quốc tế")
        assert page.locator(".correction").count() == 0
        page.set_viewport_size({"width": 360, "height": 700})
        box = page.locator("main").bounding_box()
        assert box is not None
        assert box["width"] <= 360
        assert failures == []


def test_what_else_was_searched_for_is_said(client: FlaskClient) -> None:
    assert "Đã tìm cả: hội nhập quốc tế" in client.get("/?q=HNQT").text
    assert "Đã tìm cả" not in client.get("/?q=ngoại giao").text


def test_dates_at_the_ends_of_time_break_no_answer(client: FlaskClient) -> None:
    """Earlier versions stored them."""
    here: Services = client.application.extensions["timtin"]
    dates = {"a": "9999-12-31T23:59:00-12:00", "b": "0001-01-01T00:00:00+14:00", "c": "9999-12-31", "d": "0001-01-01"}
    blank = Article(id="-", title="sầu riêng", body="sầu riêng")
    here.archive.store.put([blank.model_copy(update={"id": id, "published": date}) for id, date in dates.items()])
    bring_in_sync(here.archive)
    for sort in ("relevance", "newest", "oldest"):
        asked = {"q": "sầu riêng", "sort": sort, "collapse": "false"}
        for more in ({}, {"recency": "0.5"}, {"facets": "year,month"}, {"from": "9999"}, {"to": "0001"}):
            answer = client.get("/api/v1/search", query_string={**asked, **more})
            assert answer.status_code == 200
            wanted = {"c", "a"} if "from" in more else {"b", "d"} if "to" in more else set(dates)
            assert {hit["id"] for hit in answer.get_json()["hits"]} == wanted
        assert client.get("/", query_string=asked).status_code == 200
        feed = client.get("/feed.atom", query_string=asked)
        assert feed.status_code == 200
        assert {"9999-12-31T23:59:00-12:00", "0001-01-01T00:00:00+14:00"} <= set(
            re.findall("<updated>(.*?)</updated>", feed.text)
        )
    for id in dates:
        assert client.get(f"/articles/{id}", headers={"Accept": "text/html"}).status_code == 200
        assert client.get(f"/api/v1/articles/{id}/similar").status_code == 200
