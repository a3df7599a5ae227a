"""The page for people, without JavaScript; once in a real browser."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from index.article import Article
from index.errors import SearchTimeoutError
from search.answer import Answer
from search.parameters import SearchParameters
from search.runtime.index_follower import bring_in_sync
from tests.conftest import SEEDS, Server, browser, with_seeds
from web.pages import front_page, search_page
from web.services import Services, timed_search

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


@pytest.mark.parametrize(
    ("asked", "switched"),
    [
        ("/articles/a%3Fb%23c%25d", "/articles/a%3Fb%23c%25d?lang=en"),
        ("/%5Cevil.example", "/%5Cevil.example?lang=en"),  # browsers take a backslash for a slash
        ("/?q=a%26b%3Dc", "/?q=a%26b%3Dc&lang=en"),
    ],
)
def test_switch_stays_on_this_site_and_page(client: FlaskClient, asked: str, switched: str) -> None:
    page = client.get(asked, headers={"Accept": "text/html", "Accept-Language": "vi"}).text
    assert f'class="language" href="{html.escape(switched)}"' in page


def test_results_are_marked_and_link_to_marked_articles(client: FlaskClient) -> None:
    page = client.get("/?q=hoi nhap quoc te").text
    assert "<mark>hội nhập quốc tế</mark>" in page
    assert "27 tháng 8, 2025" in page
    assert page.count("<time ") == 4  # one is undated, and says nothing of it
    article = client.get(f"/articles/{SEED}?q=ngoai giao").text
    assert re.search(r'<mark id="m\d+">ngoại giao</mark>', article)
    assert "18:24, 6 tháng 1, 2025" in article
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
    assert 'aria-current="true">Mới nhất</a>' in meant
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
    assert page.index("10 tháng 1, 2026") < page.index("16 tháng 9, 2025")


def test_filters_and_pages_keep_the_query(client: FlaskClient) -> None:
    page = client.get("/?q=hội nhập&size=2&sort=newest&source=", follow_redirects=True).text
    assert 'rel="next"' in page
    assert "sort=newest" in page
    assert client.get("/?q=hội nhập&source=Ngày Nay").text.count('class="hit"') == 1


def test_filters_count_what_they_give(client: FlaskClient) -> None:
    page = client.get("/?q=hội nghị").text
    months = re.findall(
        r'<a href="([^"]*)"><span class="value">tháng[^<]*</span> <span class="count">(\d)</span></a>', page
    )
    assert sum(int(count) for _, count in months) == 4
    for address, count in months:
        assert client.get(html.unescape(address)).text.count('class="hit"') == int(count)


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
        page.get_by_role("link", name="Mới nhất").click()
        expect(page.locator(".hit").first).to_contain_text("10 tháng 1, 2026")
        page.locator(".hit a").first.click()
        expect(page.locator("article h1")).to_have_text(re.compile("Thủ tướng Chính phủ chủ trì.*"))
        assert page.locator("article mark").count() > 0
        page.get_by_role("link", name="Về kết quả").click()
        expect(page).to_have_url(f"{server.root}/?sort=newest&q=hoi+nhap+quoc+te")
        expect(page.get_by_role("searchbox")).to_have_value("hoi nhap quoc te")
        page.get_by_role("searchbox").fill("hoinhap quocte")
        page.get_by_role("button", name="Tìm").click()
        expect(page.locator(".correction")).to_have_count(1)
        expect(page.locator(".hit")).to_have_count(5)
        page.get_by_role("link", name="hội nhập quốc tế", exact=True).click()
        expect(page.get_by_role("searchbox")).to_have_value("hội nhập quốc tế")
        expect(page.locator(".correction")).to_have_count(0)
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


def test_addresses_have_no_empty_parameters(client: FlaskClient) -> None:
    answer = client.get("/?q=hội&source=&from=&to=&sort=newest&_method=x")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?q=h%E1%BB%99i&sort=newest&_method=x")
    assert client.get("/?q=&from=").headers["Location"] == "/"
    assert client.get("/?q=").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("source=Ngày Nay", 'Nguồn: <b dir="auto">Ngày Nay</b>'),
        ("category=Chính trị", 'Chuyên mục: <b dir="auto">Chính trị</b>'),
        ("author=A <i>", 'Tác giả: <b dir="auto">A &lt;i&gt;</b>'),
        ("from=2025&to=2025", 'Ngày đăng: <b dir="auto">2025</b>'),
        ("from=2025-08-01&to=2025-08-31", '<b dir="auto">tháng 8 năm 2025</b>'),
        ("from=2025-08-27&to=2025-08-27", '<b dir="auto">27 tháng 8, 2025</b>'),
        ("from=2025-01-01&to=2025-12-31", '<b dir="auto">2025</b>'),
        ("from=2025-08", '<b dir="auto">từ tháng 8 năm 2025</b>'),
        ("to=2025", '<b dir="auto">đến 2025</b>'),
        ("from=2024-12-31&to=2025-08", '<b dir="auto">31 tháng 12, 2024 – tháng 8 năm 2025</b>'),
        ("match=any", 'Từ: <b dir="auto">chỉ cần một</b>'),
        ("recency=30", 'Thứ tự: <b dir="auto">ưu tiên bài mới</b>'),
        ("collapse=false", 'Bản sao: <b dir="auto">liệt kê riêng từng bài</b>'),
    ],
)
def test_each_filter_is_a_chip_that_a_click_removes(client: FlaskClient, filters: str, said: str) -> None:
    page = client.get(f"/?q=hội&sort=oldest&{filters}").text
    chips = re.findall(r'<li><a href="([^"]*)" title="Bỏ bộ lọc này">(.*?)</a></li>', page)
    assert len(chips) == 1
    address, shown = chips[0]
    assert said in shown
    without = client.get(html.unescape(address))
    assert without.status_code == 200
    assert "Bỏ bộ lọc này" not in without.text
    assert 'value="hội"' in without.text
    assert 'aria-current="true">Cũ nhất' in without.text


def test_what_is_found_elsewhere_is_offered(client: FlaskClient) -> None:
    page = client.get("/?q=hội nghị&source=Ngày Nay&from=1999&to=1999").text
    assert "Không tìm thấy bài viết nào." in page
    offers = re.findall(r'<li><a class="button" href="([^"]*)">([^<]*)</a></li>', page)
    assert [text.rpartition(" (")[0] for _, text in offers][-1] == "Tìm ở mọi nơi"
    for address, text in offers:
        found = client.get(html.unescape(address)).text
        total = text.rpartition("(")[2].rstrip(")")
        assert f'<span role="status">{total} bài' in found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("/?q=hội nghị&source=Ngày Nay&from=1999&to=1999", "Không tìm thấy bài viết nào."),
        ("/?q=hooij nhaapj quoocs tees", "Có phải bạn tìm:"),
    ],
)
def test_results_are_shown_if_no_time_is_left_to_search_elsewhere(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, query: str, said: str
) -> None:
    asked: list[SearchParameters] = []

    def only_the_first(parameters: SearchParameters) -> Answer:
        asked.append(parameters)
        if len(asked) > 1:
            raise SearchTimeoutError
        return timed_search(parameters)

    monkeypatch.setattr(search_page, "timed_search", only_the_first)
    page = client.get(query)
    assert (page.status_code, said in page.text) == (200, True)
    assert len(asked) > 1


def test_front_page_is_shown_if_no_time_is_left_to_count(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_page, "timed_search", lambda asked: replace(timed_search(asked), facets={}))
    page = client.get("/")
    assert (page.status_code, page.text.count("<time ")) == (200, 4)


def test_a_page_that_is_not_there_leads_to_the_last_one(client: FlaskClient) -> None:
    for number in ("99", "99999"):
        page = client.get(f"/?q=hội&size=2&page={number}").text
        assert "Không tìm thấy" not in page
        assert "5 bài</span></h1>" in page
        last = re.search(r'<a class="button" href="([^"]*)">Đến trang cuối, trang 3</a>', page)
        assert last is not None
        assert client.get(html.unescape(last.group(1))).text.count('class="hit"') == 1


def test_bad_parameters_keep_the_box_and_the_rest(client: FlaskClient) -> None:
    answer = client.get("/?q=hội nghị&from=abc&page=0&sort=newest")
    assert answer.status_code == 400
    assert 'value="hội nghị"' in answer.text
    assert "<code>from</code>" in answer.text
    assert "<code>page</code>" in answer.text
    without = re.search(r'<a class="button" href="([^"]*)">', answer.text)
    assert without is not None
    rest = client.get(html.unescape(without.group(1)))
    assert rest.status_code == 200
    assert 'aria-current="true">Mới nhất' in rest.text


def test_an_article_leads_back_to_the_results_as_they_were(client: FlaskClient) -> None:
    results = "/?size=1&sort=oldest&from=2025&q=h%E1%BB%99i+ngh%E1%BB%8B&page=2"
    page = client.get(results).text
    hit = re.search(r'<h2 dir="auto"[^>]*><a href="([^"]*)">', page)
    assert hit is not None
    article = client.get(html.unescape(hit.group(1))).text
    back = re.search(r'<a id="back" href="([^"]*)">', article)
    assert back is not None
    assert client.get(html.unescape(back.group(1))).text == page
    similar = re.findall(r'<a href="(/articles/[^"]*)" dir="auto"', article)
    assert similar
    assert "<mark " in "".join(client.get(html.unescape(address)).text for address in similar)
    assert 'id="back"' not in client.get(f"/articles/{SEED}").text


def test_marks_can_be_left_out(client: FlaskClient) -> None:
    article = client.get(f"/articles/{SEED}?q=ngoai giao").text
    count = article.count("<mark id=")
    assert [f'id="m{number}"' in article for number in range(count + 2)] == [False, *[True] * count, False]
    assert f">{count} chỗ được đánh dấu</a>" in article
    without = re.search(r'<a id="unmarked" href="([^"]*)">', article)
    assert without is not None
    plain = client.get(html.unescape(without.group(1))).text
    assert "<mark" not in plain
    again = re.search(r'<p class="marks"><a href="([^"]*)">', plain)
    assert again is not None
    assert client.get(html.unescape(again.group(1))).text == article


def test_near_copies_are_folded_and_opened_in_place(client: FlaskClient, key: dict[str, str]) -> None:
    body = f"Sầu riêng xuất khẩu.\n{next(SEEDS.glob('*.txt')).read_text('utf-8')}"
    articles = [{"id": f"copy{number}", "title": f"Sầu riêng <{number}>", "body": body} for number in range(8)]
    assert client.post("/api/v1/articles?wait=true", json=articles, headers=key).status_code == 200
    page = client.get("/?q=sầu riêng xuất khẩu").text
    assert page.count('class="hit"') == 1
    assert "<summary>7 bản sao của bài này</summary>" in page
    copies = re.findall(r'<li><a href="(/articles/copy\d[^"]*)" dir="auto"', page)
    assert len(set(copies)) == 5
    every = re.search(r'<li><a href="([^"]*#copies)">Xem mọi bản sao</a></li>', page)
    assert every is not None
    article = client.get(html.unescape(every.group(1)))
    assert article.text.count('<a href="/articles/copy') == 7
    assert 'id="copies"' in article.text


def test_a_timeline_narrows_the_search(client: FlaskClient) -> None:
    page = client.get("/?q=hội nghị").text
    bars = re.findall(r'<a href="([^"]*)" tabindex="-1"><title>([^:]*): (\d+) bài</title>', page)
    assert sum(int(count) for _, _, count in bars) == 4  # one is undated
    address, _, count = bars[-1]
    assert client.get(html.unescape(address)).text.count('class="hit"') == int(count)


def put(client: FlaskClient, key: dict[str, str], *articles: dict[str, str]) -> None:
    assert client.post("/api/v1/articles?wait=true", json=list(articles), headers=key).status_code == 200


def test_language_switch_leads_to_the_same_page(client: FlaskClient, key: dict[str, str]) -> None:
    put(client, key, {"id": "a/b c?d#e%f+g", "title": "Sầu riêng", "body": "Sầu riêng"})
    page = client.get(f"/articles/{quote('a/b c?d#e%f+g')}?q=rieng").text
    switch = re.search(r'<a class="language" href="([^"]*)"', page)
    assert switch is not None
    english = client.get(html.unescape(switch.group(1)))
    assert english.status_code == 200
    assert '<html lang="en">' in english.text
    assert "<h1" in english.text
    assert "riêng</mark>" in english.text


def test_chosen_value_is_shown_however_it_was_written(client: FlaskClient, key: dict[str, str]) -> None:
    body = "Sầu riêng xuất khẩu"
    put(client, key, {"id": "1", "body": body, "category": "Kinh tế; Xã hội, Đời sống", "author": "An;Bình"})
    for written in ("kinh te", "KINH  TẾ", "Kinh tế;Xã hội, đời sống"):
        page = client.get("/", query_string={"q": "sầu riêng", "category": written}).text
        chosen = re.findall(r'<a href="([^"]*)" aria-current="true"><span class="value" dir="auto">([^<]*)<', page)
        assert [value for _, value in chosen] == ["Kinh tế", "Xã hội, Đời sống"][: 1 + (";" in written)]
        assert all("category=" not in address for address, _ in chosen)
    article = client.get("/articles/1").text
    assert ">Kinh tế, Xã hội, Đời sống</span>" in article
    assert ">Tác giả An, Bình</span>" in article


def test_articles_that_only_come_close_are_counted_as_such(client: FlaskClient) -> None:
    page = client.get("/?q=nông sản").text
    assert '<span role="status">1 bài gần đúng</span>' in page
    assert '<p class="reason">Có các tiếng của “nông sản” nhưng khác dấu</p>' in page  # nothing is marked
    assert '<span role="status">1 article that comes close</span>' in client.get("/?q=nông sản&lang=en").text


def test_case_and_signs_are_no_reason_nor_another_search(client: FlaskClient, key: dict[str, str]) -> None:
    put(client, key, {"id": "1", "body": "Cà phê ở TP.HCM"}, {"id": "2", "body": "Cà phê ở Thành phố Hồ Chí Minh"})
    page = client.get("/?q=cà phê tphcm").text
    assert page.count('class="hit"') == 2
    assert page.count('class="reason"') == 1
    assert "“Thành phố Hồ Chí Minh”" in page
    also = re.search(r'<p class="expanded">Đã tìm cả: (.*?)</p>', page)
    assert also is not None
    names = ["".join(filter(str.isalnum, name)).lower() for name in also.group(1).split(" · ")]
    assert "tphcm" not in names
    assert len(set(names)) == len(names)


def test_no_passage_only_repeats_the_title(client: FlaskClient, key: dict[str, str]) -> None:
    title = "Sầu riêng & chôm chôm được giá"
    put(
        client,
        key,
        {"id": "1", "title": title, "body": f"{title}.\nNgười trồng phấn khởi vì được mùa sầu riêng."},
        {"id": "2", "title": "Măng cụt", "body": "Măng cụt."},
    )
    page = client.get("/?q=sầu riêng").text
    passages = re.findall(r'<p class="passage"[^>]*>(.*?)</p>', page)
    assert passages == ["Người trồng phấn khởi vì được mùa <mark>sầu riêng</mark>."]
    assert '<p class="passage"' not in client.get("/?q=măng cụt").text


def test_chosen_value_stays_among_the_most_frequent_ones(client: FlaskClient, key: dict[str, str]) -> None:
    put(client, key, *({"id": f"{n}", "body": f"Sầu riêng số {n}", "author": f"Tác giả {n:02}"} for n in range(40)))
    page = client.get("/?q=sầu riêng").text
    listed = re.findall(r'<span class="value" dir="auto">(Tác giả \d\d)<', page)
    assert len(listed) == 24
    rare = f"Tác giả {min(set(range(40)) - {int(name[-2:]) for name in listed}):02}"
    page = client.get("/", query_string={"q": "sầu riêng", "author": rare}).text
    listed = re.findall(r'<span class="value" dir="auto">(Tác giả \d\d)<', page)
    assert listed[0] == rare
    assert len(listed) == 24


def test_front_page_says_what_there_is_and_offers_queries_that_find_something(
    client: FlaskClient, key: dict[str, str]
) -> None:
    page = client.get("/").text
    assert "5 bài từ 3 nguồn · mới nhất: 10 tháng 1, 2026" in " ".join(page.split())
    offered = re.search(r"<h2>Thử tìm</h2>\s*<ul class=\"chips\">(.*?)</ul>", page, re.DOTALL)
    assert offered is not None
    queries = re.findall(r'<a href="([^"]*)"', offered[1])
    assert queries
    for address in queries:
        assert 'class="hit"' in client.get(html.unescape(address)).text
    articles = [
        {"id": f"new{day}", "title": "Sầu riêng Đắk Lắk", "body": f"Tin {day}.", "published": f"2026-02-0{day}"}
        for day in range(1, 5)
    ]
    assert client.post("/api/v1/articles?wait=true", json=articles, headers=key).status_code == 200
    again = client.get("/").text
    assert "9 bài từ 3 nguồn · mới nhất: 4 tháng 2, 2026" in " ".join(again.split())
    assert re.search('dir="auto">sầu riêng Đắk Lắk</a>', again)
