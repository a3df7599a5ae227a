"""How the pages look in a real browser: on phones and desks, light and dark, with odd articles; axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from index.article import Article
from search.archive import ArchiveConfig, open_archive
from search.runtime.index_follower import bring_in_sync
from tests.conftest import SEEDS, Server, with_seeds
from tests.pages.browsers import axe_violations, browser_page, layout_shift

pytestmark = pytest.mark.slow

LONG = (
    "Nông sản Việt Nam và những cơ hội chưa từng có trong bối cảnh chuỗi cung ứng toàn cầu đứt gãy kéo dài, nhìn từ câu"
    " chuyện của những người nông dân và https://example.com/motdiachirratdaikhongcochonaodengatdongcahetdongnay"
)
ODD = [
    Article(
        id="arabic",
        title="أخبار الاقتصاد في فيتنام اليوم مع nông sản",
        body="ارتفعت أسعار الأرز. nông sản xuất khẩu tăng mạnh.",
        source="وكالة الأنباء",
        category="اقتصاد",
        published="2024-11-20",
    ),
    Article(
        id="khmer",
        title="សេដ្ឋកិច្ចវៀតណាម nông sản",
        body="តម្លៃអង្ករបានកើនឡើង។ nông sản xuất khẩu.",
        source="ភ្នាក់ងារព័ត៌មាន",
        published="2024-11-21T08:00:00+07:00",
    ),
    Article(
        id="long",
        title=LONG,
        body="Nông sản (NS) là thế mạnh. " * 30,
        source="Cơ quan ngôn luận của Liên hiệp các Hội Khoa học và Kỹ thuật Việt Nam tại đồng bằng sông Cửu Long",
        category="Kinh tế nông nghiệp và phát triển nông thôn bền vững trong thời kỳ hội nhập",
        author="Nguyễn Văn A; Trần Thị B",
        published="2024-11-22",
    ),
    Article(id="bare", body="Nông sản không tiêu đề, không ngày, không nguồn."),
    *(
        Article(
            id=f"copy{number}",
            title="Bản tin nông sản",
            body="Nông sản.\n" + next(SEEDS.glob("*.txt")).read_text("utf-8"),
            source=f"Báo số {number}",
            published=f"2025-0{number + 1}-03",
        )
        for number in range(7)
    ),
]
STATES = {
    "front": "/",
    "results": "/?q=n%C3%B4ng+s%E1%BA%A3n",
    "copies": "/?q=b%E1%BA%A3n+tin+n%C3%B4ng+s%E1%BA%A3n",
    "filters": "/?q=nong+san&from=2024&to=2025#filters",
    "narrowed": "/?q=nong+san&source=B%C3%A1o+s%E1%BB%91+1&match=any&sort=oldest",
    "empty": "/?q=nong+san&source=kh%C3%B4ng+c%C3%B3&from=1999",
    "nothing": "/?q=xyzzyq",
    "beyond": "/?q=nong+san&page=99",
    "bad": "/?q=nong+san&from=abc",
    "article": "/articles/long?q=nong+san",
    "no article": "/articles/none",
    "docs": "/docs",
}
REFUSED = {"bad", "no article"}
WIDTHS = {320: 640, 375: 667, 768: 1024, 1440: 900}


@pytest.fixture
def odd(serve: Callable[..., Server], tmp_path: Path) -> Iterator[Server]:
    with_seeds(tmp_path / "data")
    archive = open_archive(ArchiveConfig(tmp_path / "data"))
    archive.store.put(ODD)
    bring_in_sync(archive)
    archive.close()
    return serve()


def opened(page: Page, server: Server, state: str) -> None:
    """Show one state as readers meet it, with every fold open."""
    page.goto(server.root + STATES[state])
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    page.evaluate("document.fonts.ready")


def too_small(page: Page) -> list[str]:
    """The visible links, buttons and fields that a finger may miss: less than 44 px high and not within a sentence."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), summary, select, textarea')]
             .filter((one) => one.checkVisibility() && !one.closest('svg, .unseen, .skip, p:not(.about), pre, td'))
             .filter((one) => one.getBoundingClientRect().height < 43.9)
             .map((one) => one.outerHTML)"""
    )
    return found


def test_pages_fit_and_can_be_used_at_every_width(odd: Server) -> None:
    with browser_page(expected=("status of 400", "status of 404")) as page:
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for state in STATES:
                opened(page, odd, state)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (state, width)
                if width <= 375:
                    assert too_small(page) == [], (state, width)
                for scheme in ("light", "dark") if width in {375, 1440} else ():
                    page.emulate_media(color_scheme=scheme)
                    assert axe_violations(page) == [], (state, width, scheme)


def test_first_hit_shows_without_scrolling_and_nothing_moves(odd: Server) -> None:
    with browser_page(width=375, height=667) as page:
        for state in ("results", "narrowed"):
            page.goto(odd.root + STATES[state])
            box = page.locator(".hit h2").first.bounding_box()
            assert box is not None
            assert box["y"] + min(box["height"], 60) < 667
            assert layout_shift(page) == 0
        for state in ("front", "article"):
            page.goto(odd.root + STATES[state])
            page.wait_for_load_state("networkidle")
            assert layout_shift(page) == 0


def test_contrast_and_forced_colours_keep_all(odd: Server) -> None:
    with browser_page(width=375, height=667, contrast="more") as page:
        for state in ("front", "results", "filters", "article"):
            opened(page, odd, state)
            assert axe_violations(page) == []
    with browser_page(forced_colors="active", reduced_motion="reduce") as page:
        opened(page, odd, "results")
        assert page.locator(".hit mark").first.is_visible()
        assert axe_violations(page) == []


def test_without_scripts_filters_open_over_the_results_and_close(odd: Server) -> None:
    with browser_page(javascript=False, width=375, height=667) as page:
        results, filters = odd.root + STATES["results"], page.locator("#filters")
        page.goto(results)
        expect(filters).not_to_be_visible()
        page.get_by_role("link", name="Bộ lọc").click()
        expect(filters).to_be_visible()
        page.get_by_role("link", name="Đóng").click()
        expect(filters).not_to_be_visible()
        page.get_by_role("link", name="Bộ lọc").click()
        page.get_by_label("Từ ngày").fill("2025-02-01")
        page.get_by_label("Đến ngày").fill("2025-03-31")
        page.get_by_role("button", name="Lọc").click()
        expect(page).to_have_url(f"{results}&from=2025-02-01&to=2025-03-31")
        expect(page.locator(".hit")).to_have_count(1)
        page.get_by_role("link", name="Bỏ bộ lọc này").click()
        expect(page).to_have_url(results)
        page.locator(".copies summary").click()
        expect(page.locator(".copies li a")).to_have_count(6)
        page.locator(".copies li a").first.click()
        expect(page.locator("article h1")).to_have_text("Bản tin nông sản")
        page.get_by_role("link", name="Bỏ đánh dấu").click()
        expect(page.get_by_role("link", name="Đánh dấu từ đã tìm")).to_be_visible()
        expect(page.locator("article mark")).to_have_count(0)
        page.get_by_role("link", name="Đánh dấu từ đã tìm").click()
        expect(page.locator("article mark").first).to_be_visible()
        page.get_by_role("link", name="Về kết quả").click()
        expect(page).to_have_url(results)


def test_pages_are_light_and_load_from_here_alone(odd: Server) -> None:
    with browser_page() as page:  # it fails for a request to another host
        for state in ("front", "results", "article"):
            page.context.clear_cookies()
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.setCacheDisabled", {"cacheDisabled": True})
            sizes: list[float] = []
            session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
            page.goto(odd.root + STATES[state], wait_until="networkidle")
            assert 10_000 < sum(sizes) < 60_000, (state, sum(sizes))
            session.detach()
