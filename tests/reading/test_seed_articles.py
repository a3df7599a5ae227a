"""What the reader finds in the five seed articles."""

from __future__ import annotations

import pytest

from index.reading.formats.plaintext import PlainText, read_plain_text
from tests.conftest import SEEDS


def seed(number: str) -> PlainText:
    return read_plain_text(next(SEEDS.glob(f"{number}_*.txt")).read_text("utf-8"))


@pytest.mark.parametrize(
    ("number", "title", "published", "source", "author"),
    [
        ("000", "Công tác hội nhập quốc tế có nhiều chuyển biến tích cực", None, "Đồng Tháp", "MỸ XUYÊN"),
        (
            "001",
            "Thủ tướng yêu cầu thời gian tới cần tiếp tục đẩy mạnh triển khai Nghị quyết 59, nhất là các nội dung về tư"
            " duy mới, cách tiếp cận mới và phương cách triển khai hội nhập quốc tế trong tình hình mới",
            "2025-08-27",
            "Ngày Nay",
            None,
        ),
        (
            "002",
            "Thủ tướng Chính phủ chủ trì hội nghị tổng kết công tác ngoại giao kinh tế năm 2025",
            "2026-01-10",
            None,
            None,
        ),
        (
            "003",
            "Tại hội nghị toàn quốc quán triệt, triển khai thực hiện 4 nghị quyết do Bộ Chính trị, Ban Bí thư tổ chức"
            " sáng nay, Quyền Bộ trưởng Ngoại giao Lê Hoài Trung trình bày một số nội dung chính của Nghị quyết số 59"
            " và chương trình hành động của Chính phủ",
            "2025-09-16",
            None,
            None,
        ),
        (
            "004",
            "Đối ngoại tiếp tục được nâng tầm, là điểm sáng trong năm 2024",
            "2025-01-06T18:24",
            "Chinhphu.vn",
            "Thùy Dung - Tuấn Dũng",
        ),
    ],
)
def test_reader_finds_what_is_said_about_the_article(
    number: str, title: str, published: str | None, source: str | None, author: str | None
) -> None:
    article = seed(number)
    assert article.title == title
    assert (article.published, article.source, article.author) == (published, source, author)


def test_source_line_gives_the_address() -> None:
    assert seed("000").url == (
        "https://baodongthap.vn/cong-tac-hoi-nhap-quoc-te-co-nhieu-chuyen-bien-tich-cuc-a235389.html"
    )


def test_repeated_captions_appear_once() -> None:
    body = seed("000").body
    assert body.count("Quang cảnh hội nghị tại điểm cầu tỉnh Đồng Tháp.") == 1
    assert body.count("(Ảnh chụp qua màn hình)") == 1


def test_what_is_not_text_is_left_out() -> None:
    assert "Nguồn" not in seed("000").body
    assert "MỸ XUYÊN" not in seed("000").body
    for number in ("001", "002", "003"):
        assert "date 202" not in seed(number).body
    assert "video" not in seed("003").body
    assert "An Giang" not in seed("004").body
    assert "•" not in seed("004").body
    assert "Thùy Dung" not in seed("004").body


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_every_paragraph_is_the_files_own(number: str) -> None:
    text = next(SEEDS.glob(f"{number}_*.txt")).read_text("utf-8")
    paragraphs = seed(number).body.split("\n\n")
    assert len(paragraphs) > 12
    assert all(paragraph in text for paragraph in paragraphs)
    assert seed(number).lead == paragraphs[0]
