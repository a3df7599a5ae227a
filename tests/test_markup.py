"""Articles whose title, body or lead is HTML, as content systems export them, and texts that only look like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import article_from
from index.markup import markup_text, text_if_markup


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Em <strong>đỗ</strong> đại&nbsp;học</p><p>nhận h&#7885;c bổng</p>", "Em đỗ đại học\n\nnhận học bổng"),
        ("Giá l<b>ú</b>a <em>tăng</em>", "Giá lúa tăng"),
        ("Câu một.<br>Câu hai.<BR/>\nCâu ba.<br /><br />Câu bốn.", "Câu một.\nCâu hai.\nCâu ba.\n\nCâu bốn."),
        ("<ul>\n <li>Lúa</li>\n <li>Ngô\n và khoai</li></ul>", "Lúa\n\nNgô và khoai"),
        ("<h2>Giá</h2><div>Lúa</div>Ngô<table><tr><td>Tấn</td></tr></table>", "Giá\n\nLúa\n\nNgô\n\nTấn"),
        ("Đoạn một\n\nĐoạn <i>hai</i>\ndòng hai", "Đoạn một\n\nĐoạn hai\ndòng hai"),
        ("<script>var p = '<p>'</script><p>Lúa<!-- <p>ẩn</p> --></p><style>p {}</style><SCRIPT>x</SCRIPT >", "Lúa"),
        ('<p title="a > b <p>" class=x data-a=\'"\'>Lúa</p>', "Lúa"),
        ('<p class="x>Lúa</p>', "Lúa"),
        ("<script src=a.js /><p>Lúa</p><script>", "Lúa"),
        ("<![CDATA[<p>Lúa</p>]]>", "Lúa"),
        ("<o:p>Lúa</o:p><amp-img src=a></amp-img><p>Nếu a < b, x<y>z và I <3</p>", "Lúa\n\nNếu a < b, x<y>z và I <3"),
        ("<p>Thẻ &lt;br&gt; xuống dòng</p>", "Thẻ <br> xuống dòng"),
        ("&lt;p&gt;N&amp;ocirc;ng d&amp;acirc;n&lt;/p&gt;", "Nông dân"),
        ("h&#7885;c b&#x1ed5;ng\n\n  AT&T", "học bổng\n\n  AT&T"),
        ("N&ocirc;ng dân&nbsp;vui", "Nông dân vui"),
        ("Nghiên cứu &amp; phát triển &quot;lúa&quot;", 'Nghiên cứu & phát triển "lúa"'),
        ("Nếu a &lt; b", "Nếu a < b"),
        ("<img src=a>", ""),
    ],
)
def test_html_becomes_its_text(markup: str, text: str) -> None:
    assert text_if_markup(markup) == text
    assert text_if_markup(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Nếu a < b và b > c thì a & c khác nhau.",
        "nếu a<b và c>d, hoặc a <b và c> d; x<y>z; x<p>y; 5 < 6; I <3 U",
        "AT&T, R&D, f(a)&g(b); &T; &không; dùng &nbsp để cách, ?a=1&copy=2",
        "Dùng thẻ <strong> để in đậm, <em> để in nghiêng; thẻ đóng là </em>.",
        'Thẻ <p> và thẻ đóng </p>; "<p>" hay (<br>), thẻ <br>.',
        "Map<a, b> và List<p>",
        "Ký tự & viết là &amp;, < viết là &lt;",
        "&amp;amp;amp;amp;amp;lt;",
        "  hai  dấu cách\r\n\tvà \u00a0 dòng\n\n\n",
    ],
)
def test_text_that_is_not_html_stays_byte_for_byte(text: str) -> None:
    assert text_if_markup(text) == text


@given(st.text().filter(lambda text: not ("<" in text and ">" in text) and not ("&" in text and ";" in text)))
def test_prose_is_never_changed(text: str) -> None:
    assert text_if_markup(text) == text


PIECES = [
    "<p>",
    "</p>",
    "<b",
    "</b>",
    "<br>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    '<a b="',
    "'",
    '"',
    "<",
    ">",
    "/",
]
PIECES += [
    "&amp;",
    "&lt;",
    "&gt;",
    "&#60;",
    "&ocirc;",
    "amp;",
    "lt;",
    "p",
    "&",
    ";",
    " ",
    "\n",
    "\n\n",
    "lúa",
    ".",
    "]]>",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_reading_twice_is_reading_once(text: str) -> None:
    once = text_if_markup(text)
    assert text_if_markup(once) == once


@pytest.mark.parametrize(
    "markup",
    [
        "<p " + "a=1 " * 60_000 + ">x</p>",
        "<div>" * 100_000 + "x" + "</div>" * 100_000,
        *(
            "<p>x</p>" + piece * (2_000_000 // len(piece))
            for piece in (
                "<",
                "<!--",
                "<script>",
                "<a '",
                "<a \"'\"'",
                "</script ",
                "&#",
                "&lt;p&gt;",
                "amp;",
                " ",
                "<a:",
            )
        ),
        "&" + "amp;" * 1_000_000,
    ],
    ids=lambda markup: markup[8:24],
)
def test_hostile_markup_takes_no_time(markup: str) -> None:
    began = time.process_time()
    text_if_markup(markup)
    markup_text(markup)
    assert time.process_time() - began < 5


def test_title_and_lead_are_read_too_and_a_title_is_one_line() -> None:
    article = article_from(
        {"title": "<h1>Giá<br>lúa</h1> &amp; ngô", "content": "<p>Lúa</p>", "description": "N&ocirc;ng <b>dân</b>"}
    )
    assert (article.title, article.body, article.lead) == ("Giá lúa & ngô", "Lúa", "Nông dân")


def test_id_from_content_is_that_of_the_markup() -> None:
    assert article_from({"body": "<p>Lúa</p>"}).id != article_from({"body": "Lúa"}).id


def test_a_reader_of_markup_decides_what_is_text() -> None:
    assert article_from({"body": "Gõ <p>Lúa</p> vào tệp"}, is_plain=True).body == "Gõ <p>Lúa</p> vào tệp"
