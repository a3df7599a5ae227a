"""Pages in the markup of Vietnamese papers, portals, blogs and generators: their fields, or why they are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.errors import LeftOutError
from index.reading.formats.html import html_fields

PAGES = Path(__file__).parent / "pages"
TITLE = "Giá lúa miền Tây tăng mạnh"
PROSE = (
    "Nông dân nhiều tỉnh miền Tây phấn khởi vì giá lúa vụ hè thu tăng thêm năm trăm đồng một ký so với tuần trước.",
    "Theo ghi nhận của phóng viên, thương lái đã đến tận ruộng đặt cọc từ đầu tháng, mức giá cao nhất trong ba năm"
    " trở lại đây.",
    "Ông Trần Văn Tám ở huyện Thoại Sơn cho biết gia đình ông có năm hecta lúa sắp thu hoạch và dự kiến lãi hơn một"
    " trăm triệu đồng.",
    "Các chuyên gia nhận định xu hướng này còn kéo dài đến hết quý ba nếu nhu cầu nhập khẩu từ Philippines và Indonesia"
    " không giảm.",
)
TEXT = "".join(f"<p>{line}</p>" for line in PROSE)
HEADS = (
    "Giá gạo xuất khẩu lập đỉnh mới trong năm",
    "Xoài Cát Chu mất giá vì trúng mùa",
    "Cá tra xuất khẩu khởi sắc trong quý hai",
    "Nông dân trồng sầu riêng lãi lớn cuối vụ",
    "Hạn mặn đe dọa vùng ven biển miền Tây",
)
SUMMARY = "Giá đã vượt mọi dự báo của các hiệp hội trong ngành, cao nhất kể từ mười lăm năm qua tại vùng này."
LINKS = "".join(f"<li><a href='/a{at}'>{head}</a></li>" for at, head in enumerate(HEADS))
BOXES = "".join(f"<div><h3><a href='/a{at}'>{head}</a></h3><p>{SUMMARY}</p></div>" for at, head in enumerate(HEADS))
OG = "<meta property='og:type' content='article'>"


def page(body: str, head: str = "", title: str = TITLE, about: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body {about}>{body}</body></html>"


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


SITES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "vnexpress": (
        {
            "published": "2025-05-06T10:58:32+07:00",
            "author": "Ngọc Tài",
            "source": "vnexpress.net",
            "category": "Kinh doanh; Hàng hóa",
        },
        ["Ruộng lúa chín ở An Giang. Ảnh: Ngọc Tài", "Vì sao giá tăng"],
        ["Xem thêm", "lập đỉnh", "Bác nông dân", "Chuyện làng", "bản quyền"],
    ),
    "tuoitre": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "CHÍ QUỐC", "category": "Kinh doanh"},
        ["Thương lái cân lúa tại ruộng - Ảnh: CHÍ QUỐC", "Doanh nghiệp vào cuộc", "Đơn hàng đã kín đến tháng chín."],
        ["Ấn Độ cấm", "Xoài Cát Chu"],
    ),
    "thanhnien": (
        {
            "published": "2025-05-06T10:58:00+07:00",
            "author": "Thanh Duy; Đình Tuyển",
            "source": "thanhnien.vn",
            "category": "Kinh tế",
        },
        ["Đề mục ba", "Câu cuối."],
        [],
    ),
    "dantri": (
        {
            "published": "2025-05-06T10:58:00+07:00",
            "author": "Bảo Kỳ",
            "source": "Báo điện tử Dân trí",
            "category": "Kinh doanh",
        },
        ["Nông dân thu hoạch lúa (Ảnh: Bảo Kỳ)."],
        ["lập đỉnh"],
    ),
    "vietnamnet": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "Tâm An", "category": "Kinh doanh; Thị trường"},
        ["2020 | 5.000", "2025 | 7.000"],
        [],
    ),
    "znews": (
        {
            "published": "2025-05-06T10:58:00+07:00",
            "author": "Minh Khánh",
            "source": "ZNEWS.VN",
            "category": "Kinh doanh",
        },
        ['"Chưa năm nào lúa được giá như năm nay", ông Tám nói.', "Lúa chín vàng. Ảnh: Phương Lâm."],
        ["Ấn Độ cấm"],
    ),
    "vov": (
        {"published": "2025-05-06T10:58", "source": "Báo điện tử Tiếng nói Việt Nam", "category": "Kinh tế"},
        [],
        ["Thứ Ba"],
    ),
    "nhandan": (
        {
            "published": "2025-05-06T10:58:05+07:00",
            "author": "BẢO TRỊ",
            "source": "Báo Nhân Dân điện tử",
            "category": "Kinh tế",
        },
        ["Ruộng lúa ở Cần Thơ."],
        ["lập đỉnh", "Từ khóa"],
    ),
    "cafef": ({"published": "2025-05-06T10:58", "source": "cafef.vn"}, ["Giá lúa tăng."], ["10:58"]),
    "provincial": (
        {"published": "2025-05-06T10:58", "author": "HẠNH CHÂU", "source": "Báo An Giang Online"},
        [],
        ["CÁC TIN KHÁC", "lập đỉnh"],
    ),
    "chinhphu": (
        {"published": "2025-05-06T10:58", "author": "Đỗ Hương", "source": "baochinhphu.vn"},
        ["(Chinhphu.vn) - Thủ tướng yêu cầu bình ổn."],
        ["10:58", "Đỗ Hương"],
    ),
    "blogger": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "An Mẫu"},
        [],
        ["nhận xét", "Lưu trữ", "Người đăng", "Nhật ký quê"],
    ),
    "docusaurus-post": (
        {"published": "2025-05-06T07:00:00+07:00", "source": "Blog Mẫu"},
        ["Mục một", "Câu."],
        ["Thẻ:", "Bài cũ", "phút đọc"],
    ),
    "medium": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "An Mẫu", "source": "Medium"},
        ["Mục một", "Câu."],
        ["Follow", "min read"],
    ),
    "hexo-post": (
        {"published": "2025-05-06T10:58:00+07:00", "category": "Kinh tế", "source": "Blog Mẫu"},
        ["Mục một", "Câu."],
        ["Older", "Share"],
    ),
    "wp-flatsome-vn": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "An Mẫu", "category": "Kinh tế"},
        ["Mục một", "Câu."],
        ["Trả lời", "Email", "Giá gạo", "Posted on", "Kinh tế"],
    ),
    "wp-newspaper-td": (
        {"published": "2025-05-06T17:58:00+07:00", "author": "An Mẫu", "category": "Kinh tế"},
        [],
        ["TAGS", "Bởi", "123"],
    ),
    "amp": ({"published": "2025-05-06T10:58:00+07:00", "url": "https://x.vn/a.html"}, [], ["Trang chủ"]),
    "nukeviet": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "Nguyễn Văn An", "category": "Kinh tế"},
        ["Tóm tắt bài viết.", "Ruộng lúa."],
        ["Từ khóa", "In ra", "mới hơn", "Thứ ba", "Nguồn tin", "Tác giả"],
    ),
    "vnpt-portal": (
        {
            "published": "2025-05-06T10:58",
            "author": "Nguyễn Văn An",
            "source": "Cổng thông tin điện tử tỉnh Mẫu",
        },
        ["Tóm tắt bài."],
        ["lập đỉnh", "Các tin khác", "10:58", "Giấy phép"],
    ),
    "joomla": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "An Mẫu", "category": "Kinh tế"},
        [],
        ["Lượt xem", "Chi tiết", "Chuyên mục"],
    ),
    "drupal": ({"published": "2025-05-06T10:58"}, [], ["Được đăng"]),
    "ghost": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "An Mẫu"},
        ["Tóm tắt bài."],
        ["lập đỉnh", "Read more", "phút đọc"],
    ),
    "substack": (
        {"published": "2025-05-06T10:58:00+07:00", "author": "An Mẫu"},
        ["Phụ đề bài"],
        ["đăng ký nhận", "Share"],
    ),
    "wikipedia": (
        {"title": "Lúa", "published": None},
        ["Lịch sử", "Nghề trồng lúa có từ lâu đời."],
        ["sửa mã nguồn", "Mục lục", "[1]"],
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_page_of_a_site(name: str) -> None:
    fields, lines, not_in = SITES[name]
    found = html_fields((PAGES / f"{name}.html").read_text("utf-8"))
    assert {field: found[field] for field in {"title": TITLE, **fields}} == {"title": TITLE, **fields}
    body = found["body"].split("\n\n")
    assert [line for line in body if line in lines] == lines
    assert [line for line in body if line in PROSE] == list(PROSE)
    assert [words for words in not_in if words in found["body"]] == []
    assert TITLE not in body


@pytest.mark.parametrize(
    "text",
    [
        '{"@type":"NewsArticle","datePublished":"2025-05-06","author":{"@type":"Person","name":"An Mẫu",},}',
        '{"@type":"NewsArticle","headline":"Giá "lúa" tăng","datePublished":"2025-05-06",'
        '"author":{"@type":"Person","name":"An Mẫu"}}',
        '{"@type":"WebSite","name":"Báo Mẫu"}{"@type":"NewsArticle","datePublished":"2025-05-06","author":"An Mẫu"}',
        '{"@type":"WebPage","hasPart":{"@type":"NewsArticle","datePublished":"2025-05-06","author":["An Mẫu"]}}',
        '{"@type":"NewsArticle","datePublished":1746464400,"author":[{"@type":"Person","name":"An Mẫu"}]}',
    ],
)
def test_json_ld_as_sites_write_it(text: str) -> None:
    found = html_fields(page(f"<h1>{TITLE}</h1>{TEXT}", ld(text)))
    assert (found["published"][:10], found["author"]) == ("2025-05-06", "An Mẫu")


def test_broken_json_ld_of_several_articles_dates_none() -> None:
    text = '{"@type":"NewsArticle","datePublished":"2025-05-06","x":"a"b","y":{"datePublished":"2024-01-01"}}'
    assert html_fields(page(f"<h1>{TITLE}</h1>{TEXT}", ld(text)))["published"] is None


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("<span>10:58' - 06/05/2025</span>", "2025-05-06T10:58"),
        ("<p>10h58’, ngày 06/05/2025</p>", "2025-05-06T10:58"),
        ("<p>Tháng Năm 6, 2025</p>", "2025-05-06"),
        ("<p>May 6, 2025</p>", "2025-05-06"),
        ("<p>6 May 2025</p>", "2025-05-06"),
        ("<p>Posted on May 6, 2025 by An Mẫu</p>", "2025-05-06"),
        ("<p><a href='/kt'>Kinh tế</a> 06/05/2025 10:58</p>", "2025-05-06T10:58"),
        ("<p><a href='/kt'>Kinh tế</a><span>06/05/2025 10:58</span></p>", "2025-05-06T10:58"),
        ("<a href='/x' rel='bookmark'><time datetime='2025-05-06T10:58:00+07:00'>6/5</time></a>", "2025-05-06T10:58"),
        ("<time class='updated' datetime='2025-07-01'>x</time><time datetime='2025-05-06'>y</time>", "2025-05-06"),
        ("<ul class='about'><li><time datetime='2025-05-06'>x</time></li></ul>", "2025-05-06"),
    ],
)
@pytest.mark.parametrize("is_before", [False, True])
def test_dateline_beside_the_title(line: str, published: str, is_before: bool) -> None:
    heading = f"<h1>{TITLE}</h1>"
    found = html_fields(page(f"<div>{line}{heading}{TEXT}</div>" if is_before else f"<div>{heading}{line}{TEXT}</div>"))
    assert found["published"].removesuffix(":00+07:00") == published
    assert found["body"].split("\n\n") == list(PROSE)


def test_only_the_dateline_is_taken_from_the_text() -> None:
    days = "<p>06/05/2025</p><p>Giá lúa tăng.</p><p>07/05/2025</p><p>Giá lúa giảm.</p>"
    found = html_fields(page(f"<article><h1>{TITLE}</h1>{days}{TEXT}</article>"))["body"].split("\n\n")
    assert found[:3] == ["Giá lúa tăng.", "07/05/2025", "Giá lúa giảm."]


@pytest.mark.parametrize(
    "body",
    [
        "<div class='top'><span>Thứ Hai, 30/11/2026</span></div><h1>{0}</h1>{1}",
        "<div class='header'><div class='date'>Thứ Hai, 30/11/2026</div></div><h1>{0}</h1>{1}",
        "<div id='page'><div id='clock'>Thứ Hai, 30/11/2026, 10:20</div><div><h1>{0}</h1>{1}</div></div>",
        "<form><p>Thứ Hai, 30/11/2026</p><p>a</p><p>b</p><p>c</p><p>d</p><p>e</p><p>f</p><p>g</p><p>h</p>"
        "<div><h1>{0}</h1>{1}</div></form>",
        "<h1>{0}</h1><p>Thời gian: 06/05/2025</p><p>Địa điểm: Hội trường A</p>{1}",
        "<main><h1>{0}</h1>{1}<section><time datetime='2025-05-06'>x</time></section></main>",
        "<h1>{0}</h1>{1}<p><a href='/x'>Giá gạo xuất khẩu lập đỉnh mới trong năm</a> <i>(06/05/2025)</i></p>",
    ],
)
def test_date_of_something_else_is_none(body: str) -> None:
    assert html_fields(page(body.format(TITLE, TEXT)))["published"] is None


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("<p><b>NGUYỄN VĂN AN</b></p>", "NGUYỄN VĂN AN"),
        ("<p><strong>Nguyễn An (Theo TTXVN)</strong></p>", "Nguyễn An"),
        ("<p><strong>Thu Hà/VOV1</strong></p>", "Thu Hà"),
        ("<p><strong>Nguyễn Thị Hồng (TTXVN/Vietnam+)</strong></p>", "Nguyễn Thị Hồng"),
        ("<p><strong>TS. Nguyễn Văn An</strong></p>", "TS. Nguyễn Văn An"),
        ("<p><strong>Nguyễn Văn An ghi</strong></p>", "Nguyễn Văn An"),
        ("<p class='pAuthor'>Ngọc Tài</p>", "Ngọc Tài"),
        ("<p><strong>(Theo TTXVN)</strong></p>", None),
        ("<p><strong>Hà Nội</strong></p>", None),
        ("<p><strong>Ban Bạn Đọc</strong></p>", None),
        ("<p><strong>Sở Nông Nghiệp An Giang</strong></p>", None),
    ],
)
def test_byline_at_the_foot(line: str, author: str | None) -> None:
    assert html_fields(page(f"<div><h1>{TITLE}</h1>{TEXT}{line}</div>"))["author"] == author


@pytest.mark.parametrize(
    ("body", "head", "title"),
    [
        ("<div class='title'>{0}</div>{1}", "", "Báo An Giang Online - {0}"),
        (
            "<h1>Nhật ký quê</h1><h2>{0}</h2>{1}",
            "<meta property='og:site_name' content='Nhật ký quê'>",
            "{0} - Nhật ký",
        ),
        ("<h1><a href='/kt'>Kinh tế</a></h1><h2>{0}</h2>{1}", "<meta property='og:title' content='{0}'>", "{0} - Báo"),
        ("<div>{1}</div>", "", "{0} - Báo Mẫu"),
        ("<header><h1>BÁO MẪU</h1></header><main><h1>{0}</h1>{1}</main>", "", "{0} - BÁO MẪU"),
        (
            "<h1>{0}</h1>{1}",
            "<meta property='og:title' content='Báo Mẫu'><meta property='og:site_name' content='Báo Mẫu'>",
            "Báo Mẫu",
        ),
    ],
)
def test_title_without_the_site(body: str, head: str, title: str) -> None:
    found = html_fields(page(body.format(TITLE, TEXT), head.format(TITLE), title.format(TITLE)))
    assert found["title"] == TITLE
    assert found["body"].split("\n\n")[-4:] == list(PROSE)


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{PROSE[0]}</div><div class='tinkhac'><ul>{LINKS}</ul></div>",
        f"<p>Sáng 6/5, giá lúa tăng 500 đồng.</p><div><h4>Tin khác</h4><ul>{LINKS}</ul></div>",
        f"<p>06/05/2025 10:58</p><p>{PROSE[0]}</p><div>{BOXES}</div>",
        f"<time datetime='2025-05-06'>6/5</time><p>Giá lúa hôm nay tăng 500 đồng một ký.</p><div>{BOXES}</div>",
    ],
)
def test_short_news_beside_links_to_others_is_read(body: str) -> None:
    found = html_fields(page(f"<div><h1>{TITLE}</h1>{body}</div>"))["body"]
    assert found in {PROSE[0], "Sáng 6/5, giá lúa tăng 500 đồng.", "Giá lúa hôm nay tăng 500 đồng một ký."}


@pytest.mark.parametrize(
    ("body", "head", "about"),
    [
        (TEXT, "<link rel='canonical' href='https://x.vn/the-thao/the/gia-lua.html'>", ""),
        (TEXT, "<link rel='canonical' href='https://x.vn/topics/gia-lua/'>", ""),
        (TEXT, "", "class='blog light'"),
        (TEXT, "", "class='category tin-tuc'"),
        (TEXT, OG + ld('{"@type":"ProfilePage","name":"x"}'), ""),
        (f"{TEXT}<div>{BOXES * 4}</div>", "", ""),
        (f"{''.join(f'<h2>{at}. Món {at}</h2>' for at in range(9))}{TEXT}", "", ""),
    ],
)
def test_article_that_looks_like_a_list_is_read(body: str, head: str, about: str) -> None:
    found = html_fields(page(f"<article><h1>{TITLE}</h1>{body}</article>", head, about=about))
    assert found["body"].split("\n\n")[-4:] == list(PROSE)


def test_links_to_other_sites_and_links_between_paragraphs() -> None:
    sites = "".join(
        f"<h2><a href='https://s{at}.vn'>{at}. Trang học số {at}</a></h2><p>{SUMMARY}</p>" for at in range(6)
    )
    found = html_fields(page(f"<article><h1>{TITLE}</h1>{TEXT}{sites}</article>", OG))["body"].split("\n\n")
    assert [line for line in found if line.endswith("Trang học số 3")] == ["3. Trang học số 3"]
    related = f"<p>&gt;&gt;&gt; Xem thêm: <a href='/x'>{HEADS[0]}</a></p><p><a href='/y'>{HEADS[1]}</a></p>"
    found = html_fields(page(f"<article><h1>{TITLE}</h1>{TEXT}{related}{TEXT}</article>"))["body"].split("\n\n")
    assert found == [*PROSE, *PROSE]


@pytest.mark.parametrize(
    ("title", "body", "what"),
    [
        ("404 Not Found", "<p>Không có gì.</p>", "error page"),
        ("Page not found – Blog X", "<p>Không có gì.</p>", "error page"),
        ("403 Forbidden", "<center>nginx</center>", "error page"),
        ("Just a moment...", "<p>Checking your browser before accessing baomau.example.</p>", "error page"),
        ("Đăng nhập", "<form><label>Mật khẩu</label><input type='password'></form>", "form"),
        ("Tìm kiếm | Báo Mẫu", "<p>Không tìm thấy kết quả nào.</p>", "list page"),
    ],
)
def test_page_that_is_no_article_is_left_out(title: str, body: str, what: str) -> None:
    with pytest.raises(LeftOutError) as refused:
        html_fields(page(f"<h1>{title}</h1>{body}", title=title))
    assert dict(refused.value.counts) == {what: 1}


def test_news_with_the_number_of_an_error_in_its_title_is_read() -> None:
    found = html_fields(page(f"<h1>404 học sinh nhận quà Tết</h1><p>{PROSE[0]}</p>", title="404 học sinh nhận quà Tết"))
    assert (found["title"], found["body"]) == ("404 học sinh nhận quà Tết", PROSE[0])


def test_feed_that_is_called_a_page_is_left_out() -> None:
    with pytest.raises(LeftOutError, match="is a feed, not a page"):
        html_fields("<?xml version='1.0'?>\n<rss version='2.0'><channel><title>x</title></channel></rss>")


def test_names_in_decomposed_letters_are_persons() -> None:
    written = "".join(f"{letter}\u0306" if letter == "a" else letter for letter in "An Vawn")
    head = f"<meta name='author' content='{written}'>"
    assert html_fields(page(f"<h1>{TITLE}</h1>{TEXT}", head))["author"] == "An Văwn"
