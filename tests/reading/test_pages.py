"""Pages as Vietnamese papers, portals, WordPress, Hugo and Jekyll build them: the right fields, or none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from index.errors import UnreadableFileError
from index.reading.formats.html import html_fields

PAGES = Path(__file__).parent / "pages"
TITLE = "Giá lúa miền Tây tăng mạnh"


@dataclass(frozen=True)
class Expected:
    """The fields of a page; ``lines`` stand in its body in this order, each a line of its own; ``not_in`` does not."""

    title: str = TITLE
    published: str | None = None
    author: str | None = None
    source: str | None = None
    category: str | None = None
    url: str | None = None
    lines: tuple[str, ...] = ()
    not_in: tuple[str, ...] = (
        "Tin liên quan",
        "Bình luận",
        "Bản quyền",
        "Đọc nhiều",
        "Chuyện làng",
        "lập đỉnh",
        "2025,",
    )


ARTICLES = {
    "nested-boxes": Expected(
        published="2025-05-06T10:58",
        author="An Mẫu",
        source="Báo Mẫu",
        category="Kinh tế; Nông nghiệp",
        url="https://baomau.example/gia-lua-4567890.html",
        lines=("Vì sao giá tăng", "Ruộng lúa chín ở Cần Thơ. Ảnh: An Mẫu", "Triển vọng cuối năm"),
    ),
    "json-ld": Expected(
        published="2025-05-06T03:30:00+07:00",
        author="Trần Thị Mẫu",
        source="Báo Mẫu",
        category="Kinh tế",
        url="https://baomau.example/kinh-te/gia-lua-1.htm",
        lines=("Thương lái cân lúa tại ruộng ở Đồng Tháp - Ảnh: BÌNH MẪU", "Doanh nghiệp vào cuộc"),
    ),
    "table-caption": Expected(
        published="2025-05-06T10:58",
        author="Lê Văn Mẫu",
        source="baomau.example",
        category="Kinh tế",
        lines=("Máy gặt chạy hết công suất ở An Giang.", "Loại | Giá (đồng)", "IR50404 | 7.000", "OM18 | 7.500"),
    ),
    "wordpress": Expected(
        published="2025-05-06T03:30:00+07:00",
        author="Hoàng Mẫu",
        source="Blog Đồng Quê",
        category="Kinh tế; Nông nghiệp",
        url="https://dongque.example/2025/05/gia-lua/",
        lines=("Vì sao giá tăng", "Cánh đồng lúa sau nhà.", "Kho lúa của hợp tác xã."),
    ),
    "hugo": Expected(
        published="2021-07-12T09:30:00+07:00",
        author="Vũ Mẫu",
        source="Sổ tay đồng ruộng",
        url="https://sotay.example/posts/gia-lua/",
        lines=("Vì sao giá tăng", "Ruộng ngô bên đường."),
        not_in=("Mục lục", "Next", "#", "July"),
    ),
    "jekyll": Expected(
        published="2020-02-29T16:19:00+07:00",
        author="An Mẫu",
        source="Nhật ký quê",
        url="https://nhatky.example/kinh-te/2020/02/29/gia-lua.html",
        lines=("Vì sao",),
    ),
    "portal": Expected(
        title="Công văn 123/UBND-KT về giá lúa",
        published="2025-05-06T10:58",
        category="Tin tức",
        not_in=("Cập nhật lúc", "Bản quyền", "Giấy phép"),
    ),
    "author-box": Expected(
        published="2025-05-06T10:58",
        author="Đỗ Mẫu; Bùi Thị Mẫu",
        source="Báo Mẫu",
        category="Kinh tế",
    ),
    "story-date": Expected(
        title="Ngày giỗ của làng",
        source="Báo Mẫu",
        lines=("Sự kiện diễn ra ngày 5/3/2019", "Ảnh chụp ngày 1/2/2018"),
    ),
    "site-name-everywhere": Expected(title="Giá lúa tăng"),
}


@pytest.mark.parametrize("name", ARTICLES)
def test_page_of_an_article(name: str) -> None:
    expected, found = ARTICLES[name], html_fields((PAGES / f"{name}.html").read_text("utf-8"))
    assert {field: found[field] for field in ("title", "published", "author", "source", "category", "url")} == {
        "title": expected.title,
        "published": expected.published,
        "author": expected.author,
        "source": expected.source,
        "category": expected.category,
        "url": expected.url,
    }
    lines = found["body"].split("\n\n")
    assert [line for line in lines if line in expected.lines] == list(expected.lines)
    assert expected.title not in lines
    assert [words for words in expected.not_in if words in found["body"]] == []
    assert "Nông dân nhiều tỉnh miền Tây" in found["body"] or "Hợp tác xã Bình Mẫu" in found["body"]


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("list-*.html")))
def test_list_of_articles_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnreadableFileError, match="is a list of articles, not an article"):
        html_fields((PAGES / f"{name}.html").read_text("utf-8"))


def test_pages_that_are_no_article_are_refused_by_name() -> None:
    leads_on = (
        '<html><head><meta http-equiv="refresh" content="0; url=/a/"><link rel="canonical" href="/a/"></head></html>'
    )
    with pytest.raises(UnreadableFileError, match="only leads on to another page"):
        html_fields(f"<!DOCTYPE html>{leads_on}")
    missing = "<html><head><title>404 Page not found</title></head><body><h1>404</h1><p>Không có gì.</p></body></html>"
    with pytest.raises(UnreadableFileError, match="was not found"):
        html_fields(missing)


PROSE = "".join(
    f"<p>Nông dân vùng {n} phấn khởi vì giá lúa vụ hè thu tăng thêm năm trăm đồng một ký, theo các thương lái.</p>"
    for n in "abcd"
)


def dated(after_title: str = "", head: str = "", after: str = "") -> str | None:
    body = f"<div><h1>Giá lúa</h1>{after_title}{PROSE}{after}</div>"
    page = f"<html><head><title>Giá lúa</title>{head}</head><body>{body}</body></html>"
    found: str | None = html_fields(page)["published"]
    return found


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("<div>Thứ ba, 06/05/2025, 10:58 (GMT+7)</div>", "2025-05-06T10:58"),
        ("<p>Thứ Ba, ngày 06/05/2025 10:58</p>", "2025-05-06T10:58"),
        ("<span>10:58 06/05/2025</span>", "2025-05-06T10:58"),
        ("<span>06/05/2025 | 10:58</span>", "2025-05-06T10:58"),
        ("<span>06-05-2025 - 10:58 AM</span><span>|</span><span>Kinh tế</span>", None),
        ("<span>Đăng ngày 06-05-2025 - 08:58 PM</span>", "2025-05-06T20:58"),
        ("<div>Ngày đăng: 06/05/2025</div>", "2025-05-06"),
        ("<div>6 tháng 5, 2025</div>", "2025-05-06"),
        ("<div>An Mẫu - 10h58 ngày 6.5.2025</div>", "2025-05-06T10:58"),
        ("<div>T3, 06/05/2025 - 10:58</div>", "2025-05-06T10:58"),
        ("<time datetime='2025-05-05T20:00:00Z'>hôm qua</time>", "2025-05-06T03:00:00+07:00"),
        ("<time>06/05/2025 10:58</time>", "2025-05-06T10:58"),
        ("<span title='2021-07-12 09:30:00 +0700 +07'>July 12, 2021</span>", "2021-07-12T09:30:00+07:00"),
        ("<p>Nghị định số 5 ngày 06/05/2025</p>", None),
        ("<p>Hà Nội, ngày 05 tháng 03 năm 2019</p>", None),
        ("<p>Khai mạc ngày 06/05/2025</p>", None),
        ("<p>Hạn nộp: 06/05/2025</p>", None),
        ("<p>Ông Ba kể rằng ngày 06/05/2025 trời mưa to.</p>", None),
        ("<nav>06/05/2025</nav>", None),
        ("<aside><time datetime='2025-05-06'>x</time></aside>", None),
        ("<ul class='related'><li><a href='/x'>Bài khác</a> <time datetime='2025-05-06'>x</time></li></ul>", None),
        ("<img src='/2025/05/06/a.png'>", None),
    ],
)
def test_date_near_the_title(line: str, published: str | None) -> None:
    assert dated(line) == published


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ("<meta property='article:published_time' content='2025-05-05T23:30:00Z'>", "2025-05-06T06:30:00+07:00"),
        ("<meta name='pubdate' content='2025-05-06T10:58:00+07:00'>", "2025-05-06T10:58:00+07:00"),
        ("<meta itemprop='datePublished' content='06/05/2025 10:58'>", "2025-05-06T10:58"),
        ("<meta name='DC.date.issued' content='2025-05-06'>", "2025-05-06"),
        ("<meta property='article:modified_time' content='2025-05-06T10:58:00+07:00'>", None),
        ("<meta name='date' content='0001-01-01T00:00:00'>", None),
        ("<meta name='date' content='1970-01-01'>", None),
        ("<meta name='copyright' content='2023'>", None),
        (
            '<script type="application/ld+json">{"@type":["NewsArticle"],'
            '"datePublished":"2025-05-06T10:58:00+0700"}</script>',
            "2025-05-06T10:58:00+07:00",
        ),
        (
            '<script type="application/ld+json">{"@type":"ItemList","itemListElement":[{"@type":"NewsArticle",'
            '"datePublished":"2024-01-01"}]}</script>',
            None,
        ),
        ('<script type="application/ld+json">{"@type":"NewsArticle","datePublished":</script>', None),
    ],
)
def test_date_in_the_metadata(head: str, published: str | None) -> None:
    assert dated(head=head) == published


def test_date_of_the_page_around_is_none() -> None:
    assert dated(after="<footer>Giấy phép số 12/GP ngày 5/3/2019. © 2023</footer>") is None
    assert dated(after="<div class='comments'><time datetime='2025-05-06'>x</time></div>") is None


@pytest.mark.parametrize(
    ("stated", "author"),
    [
        ("An Mẫu", "An Mẫu"),
        ("Tác giả: An Mẫu", "An Mẫu"),
        ("Bài, ảnh: An Mẫu - Bình Mẫu", "An Mẫu; Bình Mẫu"),
        ("An Mẫu, Bình Mẫu và Chi Mẫu", "An Mẫu; Bình Mẫu; Chi Mẫu"),
        ("An Mẫu (TP.HCM)", "An Mẫu"),
        ("Báo Mẫu", None),
        ("BAOMAU.VN", None),
        ("https://facebook.com/baomau", None),
        ("admin", None),
        ("Ban Biên tập", None),
        ("toasoan@baomau.example", None),
    ],
)
def test_author_is_a_person(stated: str, author: str | None) -> None:
    head = f"<meta property='og:site_name' content='Báo Mẫu'><meta name='author' content='{stated}'>"
    page = f"<html><head><title>Giá lúa</title>{head}</head><body><h1>Giá lúa</h1>{PROSE}</body></html>"
    assert html_fields(page)["author"] == author


def body_of(content: str, title: str = "Giá lúa") -> list[str]:
    lines: list[str] = html_fields(f"<html><head><title>{title}</title></head><body>{content}</body></html>")[
        "body"
    ].split("\n\n")
    return lines


LINES = [line.removesuffix("</p>") for line in PROSE.split("<p>") if line]
LINKS = "".join(
    f"<div><h3><a href='/b{n}'>Giá gạo lập đỉnh mới lần thứ {n}</a></h3><p>{LINES[0]}</p></div>" for n in range(9)
)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (f"<aside><h1>Giá lúa</h1>{PROSE}</aside>", LINES),
        (f"<h1>Giá lúa</h1><div>{'<br><br>'.join(LINES)}</div>", LINES),
        (
            f"<form><div id='header'><h1><a href='/'>Báo Mẫu</a></h1></div><div><h3>Giá lúa tăng</h3>"
            f"<span>Thứ ba, 06/05/2025 - 10:58</span><div>{LINES[0]}</div>"
            f"<div>{LINES[1]}<br><b>Đề mục đậm</b><br>{LINES[2]}</div></div></form>",
            [LINES[0], LINES[1], "Đề mục đậm", LINES[2]],
        ),
        (
            "<article><h1>Giá lúa</h1>"
            + "".join(
                f"<figure><img src='{n}.jpg'><figcaption>Ảnh {n}: Ghe xuồng.</figcaption></figure>" for n in "abc"
            )
            + "</article>",
            ["Ảnh a: Ghe xuồng.", "Ảnh b: Ghe xuồng.", "Ảnh c: Ghe xuồng."],
        ),
        (f"<main><h1>Giá lúa</h1>{PROSE}<div>{LINKS}</div></main>", LINES),
        (
            "<article><h1>Bến quê</h1><p>Chiều về bến cũ<br>Con đò sang ngang</p><p>Sông trôi lặng lẽ</p></article>",
            ["Chiều về bến cũ", "Con đò sang ngang", "Sông trôi lặng lẽ"],
        ),
    ],
    ids=["aside", "breaks", "form", "photos", "related", "poem"],
)
def test_text_of_pages_of_odd_build(content: str, lines: list[str]) -> None:
    assert body_of(content, "Giá lúa tăng") == lines


@pytest.mark.parametrize(
    "content",
    [
        LINKS,
        LINKS.replace("<div>", "").replace("</div>", ""),
        LINKS.replace("<h3><a href='/b1'>", "<a href='/b1'><h3>").replace("</a></h3>", "</h3></a>"),
    ],
    ids=["boxes", "flat", "wrapped"],
)
def test_lists_of_odd_build_are_refused(content: str) -> None:
    with pytest.raises(UnreadableFileError, match="is a list of articles"):
        body_of(f"<main><h1>Kinh tế</h1>{content}</main>", "Kinh tế")


def test_microdata_and_a_title_that_has_the_name_of_its_site() -> None:
    about = (
        "<span itemprop='author' itemscope><span itemprop='name'>An Mẫu</span></span>"
        "<span itemprop='articleSection'>Kinh tế</span><meta itemprop='datePublished' content='2025-05-06T10:58+07:00'>"
    )
    page = f"<article><h1 itemprop='headline'>Giá lúa</h1>{about}<div itemprop='articleBody'>{PROSE}</div></article>"
    found = html_fields(f"<html><head><title>x</title></head><body>{page}</body></html>")
    assert (found["author"], found["category"], found["published"]) == (
        "An Mẫu",
        "Kinh tế",
        "2025-05-06T10:58:00+07:00",
    )
    assert found["body"].split("\n\n") == LINES
    nameless = html_fields(
        f"<html><head><title>Thái Lan - Lào: 2-1 | Báo Mẫu</title></head><body>{PROSE}</body></html>"
    )
    assert (nameless["title"], nameless["source"]) == ("Thái Lan - Lào: 2-1", "Báo Mẫu")
