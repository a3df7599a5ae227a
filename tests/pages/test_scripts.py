"""The scripts of the pages, as a reader meets them in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.conftest import Server, with_seeds
from tests.pages.browsers import axe_violations, browser_page, layout_shift
from tests.processes import wait_for

pytestmark = pytest.mark.slow

SEED = "004_6a0ef6768151701a"
SUGGEST = re.compile("/api/v1/suggest")
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });"""


@pytest.fixture
def server(serve: Callable[..., Server], tmp_path: Path) -> Server:
    with_seeds(tmp_path / "data")
    return serve()


def box(page: Page) -> Any:
    """The search box, once the scripts of the page have run."""
    return page.get_by_role("combobox")


def options(page: Page, group: str) -> Any:
    return page.get_by_role("listbox").get_by_role("group", name=group, exact=True).get_by_role("option")


def chosen(page: Page) -> str | None:
    """Return the option that a screen reader is told of."""
    return page.evaluate("document.getElementById(q.getAttribute('aria-activedescendant'))?.textContent ?? null")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def has_stayed(page: Page) -> bool:
    """Tell whether the page is still the one that this function was called for last."""
    return bool(page.evaluate("() => { const stayed = window.stayed ?? false; window.stayed = true; return stayed; }"))


def scroll_to(page: Page, top: int) -> None:
    page.evaluate("top => window.scrollTo({ top, behavior: 'instant' })", top)
    page.wait_for_function("top => scrollY === top", arg=top)


def test_a_reader_completes_queries_with_the_keyboard_alone(server: Server) -> None:
    with browser_page() as page:
        page.goto(f"{server.root}/docs")
        page.keyboard.press("/")
        page.goto(server.root)
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("/")
        assert focused(page) == "q"
        expect(box(page)).to_have_attribute("aria-expanded", "false")  # nothing covers the page before it is asked for

        page.keyboard.type("hội/nh")
        expect(box(page)).to_have_value("hội/nh")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(box(page)).to_have_value("")
        page.keyboard.type("hoi nh")
        first = options(page, "Gợi ý từ").first
        expect(first.locator("b")).to_have_text("ập")  # once all is typed
        expect(first).to_have_text("hội nhập")
        assert first.inner_html() == "hội nh<b>ập</b>"
        expect(options(page, "Bài viết").first.locator("mark").first).to_be_visible()
        expect(box(page)).to_have_attribute("aria-expanded", "true")
        count = page.get_by_role("option").count()
        expect(page.locator("body > [role=status]")).to_have_text(f"{count} gợi ý")
        assert axe_violations(page) == []

        texts = page.get_by_role("option").all_inner_texts()
        assert chosen(page) is None
        for key, place in {"ArrowDown": 0, "End": -1, "ArrowUp": -2, "Home": 0}.items():
            page.keyboard.press(key)
            assert chosen(page) == texts[place]
        expect(box(page)).to_have_value("hoi nh")
        page.keyboard.press("ArrowUp")
        assert chosen(page) is None
        page.keyboard.press("ArrowUp")
        assert chosen(page) == texts[-1]
        page.keyboard.press("ArrowLeft")
        assert chosen(page) is None
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("listbox")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("listbox")).to_be_hidden()
        page.keyboard.press("Shift+Tab")

        page.keyboard.press("ArrowDown")
        expect(first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/\?q=h%E1%BB%99i\+nh%E1%BA%ADp$"))
        expect(page.get_by_role("listbox")).to_be_hidden()
        expect(box(page)).to_have_value("hội nhập")
        expect(page.locator(".hit").first).to_be_visible()
        assert layout_shift(page) == 0

        page.keyboard.press("/")
        page.keyboard.type("hoi ngh")  # in place of what is selected
        expect(options(page, "Bài viết").first).to_have_attribute("href", re.compile("q=hoi.ngh$"))
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/articles/.*\?q=hoi\+ngh"))
        expect(page.locator("article mark").first).to_be_visible()


def test_recent_queries_are_kept_in_this_browser_and_can_be_forgotten(server: Server) -> None:
    with browser_page(width=320, height=568, scheme="dark", has_touch=True, is_mobile=True) as page:
        page.goto(f"{server.root}/articles/{SEED}")
        for query in ("hội nhập", "Ngoại Giao", "ngoại giao", "bão <b>lũ</b>"):
            box(page).fill(query)
            page.keyboard.press("Enter")
            expect(page).to_have_title(re.compile(f"^{re.escape(query)} – "))
            expect(box(page)).to_be_visible()
        box(page).fill("")
        recent = options(page, "Tìm gần đây")
        expect(recent).to_have_text(["bão <b>lũ</b>×", "ngoại giao×", "hội nhập×", "Xóa các tìm kiếm gần đây"])
        assert axe_violations(page) == []
        for option in recent.all():
            size = option.bounding_box()
            assert size is not None
            assert size["height"] >= 44
        page.reload()
        box(page).fill("")
        recent.nth(1).locator(".forget").tap()
        expect(recent).to_have_text(["bão <b>lũ</b>×", "hội nhập×", "Xóa các tìm kiếm gần đây"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Delete")
        expect(recent).to_have_text(["hội nhập×", "Xóa các tìm kiếm gần đây"])
        page.keyboard.type("nhap")
        expect(recent).to_have_text(["hội nhập×"])
        box(page).fill("")
        recent.first.tap()
        expect(page).to_have_title(re.compile("^hội nhập – "))
        box(page).fill("")
        recent.last.tap()
        expect(page.get_by_role("listbox")).to_be_hidden()
        page.goto(server.root)
        box(page).tap()
        box(page).fill("hoi")
        expect(options(page, "Gợi ý từ").first).to_be_visible()
        expect(recent).to_have_count(0)


def test_a_browser_that_keeps_nothing_searches_and_reads(server: Server) -> None:
    with browser_page() as page:
        page.add_init_script(NO_STORAGE)
        page.goto(f"{server.root}/?q=hoi+nhap")
        box(page).fill("ngoai giao")
        page.keyboard.press("Enter")
        expect(page).to_have_title(re.compile("^ngoai giao"))
        box(page).fill("")
        box(page).click()
        expect(page.get_by_role("listbox")).to_be_hidden()
        page.locator(".hit h2 a").first.click()
        expect(page.locator("#marks").get_by_role("status")).to_be_visible()
        page.keyboard.press("n")
        expect(page.locator("mark.here")).to_have_count(1)


def test_suggestions_never_wait_for_the_server_nor_become_markup(server: Server) -> None:
    held: list[Route] = []

    def asked() -> list[str]:
        return [parse_qs(urlsplit(route.request.url).query)["q"][0] for route in held]

    def wait_for_request(number: int) -> Route:
        wait_for(lambda: page.evaluate("true") and len(held) >= number)  # a call of the browser brings its requests
        return held[number - 1]

    hostile = "<img src=x onerror=alert(1)>"
    escaped = "&lt;img src=x onerror=alert(1)&gt; &amp;lt; &#x27;"
    with browser_page(expected=("429", "ERR_FAILED")) as page:
        page.clock.install(time=0)
        page.route(SUGGEST, lambda route: held.append(route))
        page.goto(server.root)
        page.clock.pause_at(60_000)

        box(page).press_sequentially("a")
        title = {"id": "a/b?c", "highlights": {"title": f"<mark>a</mark> {escaped} <b>"}}
        wait_for_request(1).fulfill(json={"suggestions": ["abc", hostile], "titles": [title]})
        expect(options(page, "Gợi ý từ")).to_have_text(["abc", hostile])
        article = options(page, "Bài viết")
        expect(article).to_have_text(["a <img src=x onerror=alert(1)> &lt; ' <b>"])
        assert article.locator("mark").all_inner_texts() == ["a"]
        assert article.get_attribute("href") == f"{server.root}/articles/a/b%3Fc?q=a"
        assert page.locator("#suggestions img").count() == 0

        with page.expect_event("requestfailed") as given_up:  # the older request is aborted
            box(page).press_sequentially("b")
            wait_for_request(2)
            box(page).press_sequentially("c")
        assert "q=ab&" in given_up.value.url
        expect(box(page)).to_have_value("abc")
        expect(options(page, "Gợi ý từ")).to_have_text(["abc", hostile])  # kept until the next answer
        wait_for_request(3).fulfill(json={"suggestions": ["abcd"]})
        expect(page.get_by_role("option")).to_have_text(["abcd"])
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        expect(page.get_by_role("option")).to_have_count(3)  # remembered
        assert asked() == ["a", "ab", "abc", "ab"]

        for number, answer in enumerate(({"status": 429}, {"body": "not JSON"}), 5):
            box(page).fill(f"số {number}")
            wait_for_request(number).fulfill(**answer)
            expect(page.get_by_role("listbox")).to_be_hidden()
        box(page).fill("xa")
        wait_for_request(7).abort()
        expect(page.get_by_role("listbox")).to_be_hidden()
        box(page).fill("xe")
        wait_for_request(8)
        with page.expect_event("requestfailed"):  # nothing pops up over a box that was cleared
            page.keyboard.press("Escape")
        expect(box(page)).to_have_value("")

        keyboard = page.context.new_cdp_session(page)
        for composed in ("h", "ho", "hoo"):
            keyboard.send("Input.imeSetComposition", {"text": composed, "selectionStart": 0, "selectionEnd": 3})
        keyboard.send("Input.insertText", {"text": "hô"})
        wait_for_request(9).fulfill(json={"suggestions": ["hôm"]})
        expect(page.get_by_role("option")).to_have_text(["hôm"])
        keyboard.send("Input.imeSetComposition", {"text": "mm", "selectionStart": 2, "selectionEnd": 2})
        page.clock.run_for(1000)  # the reader stopped: on phones each word is composed to its end
        wait_for_request(10).fulfill(json={"suggestions": []})
        assert asked()[8:] == ["hô", "hômm"]


def test_results_are_replaced_in_place_and_history_is_kept(server: Server) -> None:
    with browser_page(height=400) as page:
        page.goto(f"{server.root}/?q=hoi+nhap")
        assert not has_stayed(page)
        relevance = page.locator(".hit h2").all_inner_texts()
        scroll_to(page, 40)
        page.get_by_role("link", name="Mới nhất", exact=True).click()
        expect(page).to_have_url(re.compile("sort=newest"))
        expect(page.locator(".hit").first).to_contain_text("10 tháng 1, 2026")
        newest = page.locator(".hit h2").all_inner_texts()
        assert newest != relevance
        assert page.evaluate("scrollY") == 0
        assert page.evaluate("document.activeElement.tagName") == "H1"
        expect(page.locator("body > [role=status]")).to_have_text("5 bài")
        canonical = page.locator("link[rel=canonical]")
        expect(canonical).to_have_count(1)
        expect(canonical).to_have_attribute("href", re.compile("sort=newest"))
        expect(page.locator(".language")).to_have_attribute("href", re.compile("sort=newest"))
        expect(page.locator("#kept input[name=sort]")).to_have_value("newest")
        assert layout_shift(page) == 0

        box(page).fill("ngoai giao")
        page.keyboard.press("Enter")
        expect(page).to_have_title(re.compile("^ngoai giao"))
        page.get_by_label("Từ ngày").fill("2025-08-01")
        page.get_by_role("button", name="Lọc").click()
        expect(page).to_have_url(re.compile("from=2025-08-01"))
        query = parse_qs(urlsplit(page.url).query, keep_blank_values=True)
        assert query == {"q": ["ngoai giao"], "sort": ["newest"], "from": ["2025-08-01"]}
        page.get_by_role("link", name=re.compile("Bỏ bộ lọc này: .*2025")).first.click()
        expect(page).not_to_have_url(re.compile("from="))
        box(page).fill("")
        page.locator("#searchbox button").click()
        expect(page).to_have_title(re.compile("^timtin"))

        for _ in range(4):
            page.go_back()
        expect(page.locator(".hit h2")).to_have_text(newest)
        expect(box(page)).to_have_value("hoi nhap")
        page.go_back()
        expect(page.locator(".hit h2")).to_have_text(relevance)
        page.wait_for_function("() => scrollY === 40")
        assert page.evaluate("document.activeElement.textContent") == "Mới nhất"
        expect(page.locator("#kept input[name=sort]")).to_have_count(0)
        page.go_forward()
        expect(page.locator(".hit h2")).to_have_text(newest)
        assert has_stayed(page)

        scroll_to(page, 60)
        page.locator(".hit h2 a").first.click()
        expect(page.locator("article h1")).to_be_visible()
        assert not has_stayed(page)
        length = page.evaluate("history.length")
        page.get_by_role("link", name="Về kết quả").click()
        expect(page.locator(".hit h2")).to_have_text(newest)
        expect(box(page)).to_be_visible()
        page.wait_for_function("() => scrollY === 60")
        assert page.evaluate("history.length") == length
        assert not has_stayed(page)
        page.go_back()  # to a page that this document never had
        expect(page.locator(".hit h2")).to_have_text(relevance)
        page.wait_for_function("() => scrollY === 40")
        assert has_stayed(page)

        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Mới nhất", exact=True).click(modifiers=["Control"])
        opened.value.close()
        page.locator(".language").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert not has_stayed(page)


def test_a_page_that_does_not_come_is_loaded_by_the_browser(server: Server) -> None:
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.resource_type != "fetch":
            route.continue_()
        elif "sort=newest" in route.request.url:
            route.abort()
        else:
            held.append(route)

    with browser_page(expected=("ERR_FAILED",)) as page:
        page.clock.install(time=0)
        page.goto(f"{server.root}/?q=hoi+nhap")
        page.clock.pause_at(3_600_000)
        page.route(re.compile(r"/\?"), answer)
        has_stayed(page)
        page.get_by_role("link", name="Mới nhất", exact=True).click()
        expect(page).to_have_url(re.compile("sort=newest"))
        expect(page.locator(".hit")).to_have_count(5)
        assert not has_stayed(page)

        expect(box(page)).to_be_visible()
        busy = page.locator("main[aria-busy=true]")
        page.get_by_role("link", name="Cũ nhất", exact=True).click()
        expect(busy).to_be_visible()
        box(page).fill("gõ tiếp")
        wait_for(lambda: page.evaluate("true") and len(held) == 1)
        held[0].continue_()
        expect(page).to_have_url(re.compile("sort=oldest"))
        expect(busy).to_have_count(0)
        expect(box(page)).to_have_value("gõ tiếp")  # who types on is not disturbed
        assert focused(page) == "q"
        assert has_stayed(page)

        page.get_by_role("link", name="Liên quan nhất", exact=True).click()
        expect(busy).to_be_visible()
        page.clock.run_for(10_000)
        expect(page).not_to_have_url(re.compile("sort="))
        expect(busy).to_have_count(0)
        assert not has_stayed(page)


def test_a_reader_steps_through_the_marks_of_an_article(server: Server) -> None:
    with browser_page(width=375, height=667, reduced_motion="reduce") as page:
        page.goto(f"{server.root}/articles/{SEED}?q=ngoai+giao")
        marks, here = page.locator("article mark"), page.locator("mark.here")
        bar = page.get_by_role("group", name="Từ được đánh dấu")
        total = marks.count()
        assert total > 2
        expect(bar.get_by_role("status")).to_have_text(f"0 / {total}")
        assert layout_shift(page) == 0
        page.keyboard.press("p")
        expect(bar.get_by_role("status")).to_have_text(f"{total} / {total}")
        expect(here).to_be_in_viewport()
        page.keyboard.press("n")
        expect(bar.get_by_role("status")).to_have_text(f"1 / {total}")
        bar.get_by_role("button", name="Chỗ đánh dấu sau").click()
        expect(bar.get_by_role("status")).to_have_text(f"2 / {total}")
        expect(here).to_have_count(1)
        assert axe_violations(page) == []
        for button in bar.get_by_role("button").all():
            size = button.bounding_box()
            assert size is not None
            assert min(size["width"], size["height"]) >= 44

        plain = "article => getComputedStyle(article.querySelector('mark')).backgroundColor"
        coloured = page.locator("article").evaluate(plain)
        page.keyboard.press("m")
        expect(bar.get_by_role("button", name="Đánh dấu", exact=True)).to_have_attribute("aria-pressed", "false")
        assert page.locator("article").evaluate(plain) == "rgba(0, 0, 0, 0)"
        page.reload()  # remembered
        assert page.locator("article").evaluate(plain) == "rgba(0, 0, 0, 0)"
        box(page).press_sequentially("nm")
        assert page.locator("article").evaluate(plain) == "rgba(0, 0, 0, 0)"
        bar.get_by_role("button", name="Đánh dấu", exact=True).click()
        assert page.locator("article").evaluate(plain) == coloured


def test_filters_on_a_phone_close_and_stay_closed(server: Server) -> None:
    with browser_page(width=375, height=667) as page:
        page.goto(f"{server.root}/?q=hoi+nhap")
        for close in (
            lambda: page.keyboard.press("Escape"),
            lambda: page.get_by_role("link", name="Đóng").click(),
        ):
            page.get_by_role("link", name="Bộ lọc").click()
            expect(page.locator("#filters")).to_be_visible()
            expect(page.locator("header, .results, footer").locator("visible=true")).to_have_count(0)
            assert axe_violations(page) == []
            close()
            expect(page.locator("#filters")).to_be_hidden()
            expect(page.locator("header")).to_be_visible()
            page.go_back()
            expect(page).to_have_url(re.compile("hoi.nhap$"))
            expect(page.locator("#filters")).to_be_hidden()
        page.get_by_role("link", name="Bộ lọc").click()
        page.locator("#filters .periods a").first.click()
        expect(page.locator(".chips a")).to_have_count(1)
        expect(page.locator("#filters")).to_be_hidden()
        expect(page.locator(".hit").first).to_be_visible()


def test_single_keys_can_be_turned_off(server: Server) -> None:
    with browser_page(width=320, height=568) as page:
        page.goto(f"{server.root}/articles/{SEED}?q=ngoai+giao")
        page.get_by_role("button", name="Tắt phím tắt").click()
        page.reload()  # remembered
        on = page.get_by_role("button", name="Bật phím tắt")
        expect(on).to_be_visible()
        for key in "npm/":
            page.keyboard.press(key)
        expect(page.locator("mark.here")).to_have_count(0)
        expect(page.locator("article.unmarked")).to_have_count(0)
        assert focused(page) != "q"
        on.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("n")
        expect(page.locator("mark.here")).to_have_count(1)
        page.keyboard.press("/")
        assert focused(page) == "q"


def test_results_never_mix_languages(server: Server) -> None:
    with browser_page() as page:
        page.goto(f"{server.root}/?q=hoi+nhap&lang=vi")
        page.context.add_cookies([{"name": "lang", "value": "en", "url": server.root}])  # as another tab does
        page.get_by_role("link", name="Mới nhất", exact=True).click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("link", name="Newest", exact=True)).to_have_attribute("aria-current", "true")


def test_an_article_is_printed_without_marks(server: Server) -> None:
    with browser_page(scheme="dark") as page:
        page.goto(f"{server.root}/articles/{SEED}?q=ngoai+giao")
        page.keyboard.press("n")
        expect(page.locator("mark.here")).to_have_count(1)
        page.emulate_media(media="print")
        looks = "mark => { const style = getComputedStyle(mark); return [style.backgroundColor, style.outlineStyle]; }"
        for mark in (page.locator("mark.here"), page.locator("mark:not(.here)").first):
            assert mark.evaluate(looks) == ["rgba(0, 0, 0, 0)", "none"]
        for shown in ("header", "footer", "#marks"):
            expect(page.locator(shown)).to_be_hidden()


def test_pages_are_whole_without_scripts(server: Server) -> None:
    with browser_page(javascript=False) as page:
        page.goto(server.root)
        page.get_by_role("searchbox").fill("ngoai giao")
        page.keyboard.press("Enter")
        expect(page.locator(".hit").first).to_be_visible()
        page.locator("details.tips summary").click()
        expect(page.locator(".keys")).to_be_hidden()
        expect(page.locator("#keys")).to_be_hidden()
        page.locator(".hit h2 a").first.click()
        expect(page.locator("#marks").get_by_role("link")).to_have_count(2)


def test_what_a_reader_does_not_see_fails_a_test(server: Server) -> None:
    def visit() -> None:
        with browser_page() as page:
            page.goto(f"http://localhost:{server.port}/")
            page.evaluate("document.body.setAttribute('style', 'color: red')")
            page.evaluate("reportError(new Error('no such thing'))")

    with pytest.raises(AssertionError) as failure:
        visit()
    for seen in ("asked http://localhost", "Content Security Policy", "no such thing"):
        assert seen in str(failure.value)
