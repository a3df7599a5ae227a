"""Markdown, CSV and HTML: the text without its markup, the metadata in the fields they mean."""

from __future__ import annotations

import io
from typing import Any

import pytest

import index.reading.formats.csv_table
from index.article import article_from
from index.errors import LeftOutError, TimtinError, UnreadableFileError
from index.reading.formats.html import html_fields
from index.reading.formats.registry import FileKind, Format, document_fields, kind_of, rows, without_suffixes


def markdown(text: str) -> dict[str, Any]:
    return document_fields(text.encode(), FileKind(Format.MARKDOWN))


def table(text: str | bytes) -> list[tuple[int, Any]]:
    """The rows of a CSV text; for a row that has one, its error in words."""
    data = text.encode() if isinstance(text, str) else text
    found = rows(io.BytesIO(data), FileKind(Format.CSV))
    return [(number, str(row) if isinstance(row, TimtinError) else row) for number, row in found]


@pytest.mark.parametrize(
    ("name", "kind", "id"),
    [
        ("a.txt", FileKind(Format.TEXT), "a"),
        ("sub/a.HTML.GZ", FileKind(Format.HTML, ".gz"), "sub/a"),
        ("a.md", FileKind(Format.MARKDOWN), "a"),
        ("a.b.jsonl.xz", FileKind(Format.JSON_LINES, ".xz"), "a.b.jsonl"),
        ("a.csv", FileKind(Format.CSV), "a.csv"),
        ("a.pdf", FileKind(Format.PDF), "a"),
        ("a.b.docx.zst", FileKind(Format.WORD, ".zst"), "a.b"),
        ("a.zip", FileKind(Format.ZIP), "a.zip"),
        ("a.zip.gz", None, "a.zip"),
        ("a.xlsx", None, "a.xlsx"),
        ("txt", None, "txt"),
        ("a.gz", None, "a"),
    ],
)
def test_name_tells_the_format(name: str, kind: FileKind | None, id: str) -> None:
    assert kind_of(name) == kind
    assert without_suffixes(name) == id


def test_markdown_without_its_markup() -> None:
    fields = markdown(
        "# Giá *lúa* tăng\n\nNông dân **đồng bằng** rất\n[phấn khởi](https://example.vn/x).\n\n## Vì sao\n\n"
        "- Xuất khẩu `tăng`\n- Kho trống\n\n> Ông Ba nói.\n\n| Loại | Giá |\n|---|---|\n| IR50404 | 7.000 |\n\n"
        "![Cánh đồng lúa](a.png)\n\n<script>alert(1)</script>\n\n```\nmã nguồn\n```\n"
    )
    assert fields["title"] == "Giá lúa tăng"
    assert fields["lead"] == "Nông dân đồng bằng rất phấn khởi."
    assert fields["body"].split("\n\n") == [
        "Nông dân đồng bằng rất phấn khởi.", "Vì sao", "Xuất khẩu tăng", "Kho trống", "Ông Ba nói.", "Loại | Giá",
        "IR50404 | 7.000", "Cánh đồng lúa", "mã nguồn",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "front",
    [
        "---\ntitle: Giá lúa\ndate: 2025-01-06\ntác giả: [Lan, Hà]\nCategories:\n  - Kinh tế\ntags: [lúa, gạo]\n---\n",
        '+++\ntitle = "Giá lúa"\ndate = 2025-01-06\nauthor = ["Lan", "Hà"]\n'
        '"chuyên mục" = "Kinh tế"\ntags = ["lúa", "gạo"]\n+++\n',
    ],
)
def test_front_matter_is_metadata(front: str) -> None:
    fields = markdown(front + "\n# Giá lúa\n\nNông dân phấn khởi.\n")
    assert fields["title"] == "Giá lúa"
    assert fields["published"] == "2025-01-06"
    article = article_from(fields, id="a")
    assert (article.author, article.category) == ("Lan; Hà", "Kinh tế")
    assert fields["extra"] == {"tags": ["lúa", "gạo"]}
    assert fields["body"] == "Nông dân phấn khởi."


def test_markdown_without_a_heading_has_a_title() -> None:
    assert markdown("Nông dân phấn khởi. Giá lúa tăng.")["title"] == "Nông dân phấn khởi"


def test_rule_across_the_page_is_no_front_matter() -> None:
    assert "Một đoạn văn" in markdown("---\n\nMột đoạn văn.\n\n---\n\nĐoạn nữa.\n")["body"]


@pytest.mark.parametrize(
    "front",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "title: [",
        "x: " + "[" * 2000,
        "!!python/object/apply:os.system ['true']: x",
    ],
)
def test_front_matter_that_cannot_be_read_is_refused(front: str) -> None:
    with pytest.raises(UnreadableFileError, match="front matter"):
        markdown(f"---\n{front}\n---\nVăn bản.\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_table_with_vietnamese_names(delimiter: str, mark: str) -> None:
    cells = [
        ["Mã", "Tiêu đề", "Nội dung", "Ngày đăng", "Tác giả", "Nguồn", "Chuyên mục", "Lượt xem"],
        ["1", "Giá lúa", '"Dòng một\nDòng ""hai"", ba; bốn"', "6/1/2025", "Lan", "Báo Mẫu", "Kinh tế", "12"],
        ["2", "Giá gạo", "thân", "", "", "", "", ""],
    ]
    found = table(mark + "\r\n".join(delimiter.join(row) for row in cells) + "\r\n")
    assert found == [
        (
            2,
            {
                "id": "1", "title": "Giá lúa", "body": 'Dòng một\nDòng "hai", ba; bốn', "published": "6/1/2025",
                "author": "Lan", "source": "Báo Mẫu", "category": "Kinh tế", "extra": {"Lượt xem": "12"},
            },
        ),
        (4, {"id": "2", "title": "Giá gạo", "body": "thân"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"2,only", "2 cells"),
        (b"2,x,y,z", "4 cells"),
        (b'2,"x" y,z', "not a row"),
        (b"2,x,\xff\xfe", "UTF-8"),
        (b'2,"opened,z', "not a row"),
        (b"2,x\0y,z", "NUL"),
    ],
)
def test_bad_row_is_named_by_its_line_and_the_rest_goes_on(bad: bytes, why: str) -> None:
    text = b"id,title,body\n1,a,b\n" + bad + b"\n3,c,d\n4,e,f\n"
    found = table(text)
    assert [number for number, row in found] == [2, 3, 4, 5]
    assert [row["id"] for _, row in found if isinstance(row, dict)] == ["1", "3", "4"]
    assert why in found[1][1]


def test_blank_lines_before_the_header_are_passed_over() -> None:
    assert table("\n  \r\n\ntitle,body\na,b\n") == [(5, {"title": "a", "body": "b"})]
    assert table("\nsep=;\n\ntitle;body\na;b\n") == [(5, {"title": "a", "body": "b"})]


def test_lone_carriage_returns_are_named() -> None:
    with pytest.raises(UnreadableFileError, match="old Mac"):
        table("title,body\ra,b\rc,d\r")
    assert table("title,body\na,b\rc\n") == [(2, "is not a row: new-line character seen in unquoted field")]


def test_table_whose_header_names_no_text_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="first line"):
        table("a,b,c\n1,2,3\n")
    with pytest.raises(UnreadableFileError, match="first line"):
        table("")
    with pytest.raises(UnreadableFileError, match="header line"):
        table("title," + "x" * 20_000_001 + "\n1,2\n")
    with pytest.raises(UnreadableFileError, match="UTF-16"):
        table("title,body\n1,2\n".encode("utf-16"))


def test_table_written_by_excel() -> None:
    assert table("sep=;\r\nTieu de;Noi dung\r\nGiá lúa;thân bài\r\n") == [(3, {"title": "Giá lúa", "body": "thân bài"})]


def test_empty_rows_and_cells_that_spreadsheets_add_are_left_out() -> None:
    found = table("Tieu de;Noi dung;Muc\r\n;;\r\nGiá lúa;thân bài;Kinh tế;;\r\n ; ;\r\n;;;;\r\nb;c;;d\r\n")
    assert found[0] == (3, {"title": "Giá lúa", "body": "thân bài", "category": "Kinh tế"})
    assert [number for number, _ in found] == [3, 6]
    assert "4 cells" in found[1][1]


def test_table_of_quotes_that_are_never_closed_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.reading.formats.csv_table, "_MOST_READ_AGAIN", 10_000_000)
    with pytest.raises(UnreadableFileError, match="unclosed quotes in line"):
        table("title,body\n1,2\n" + 'a","b\n' * 20_000)


def test_row_without_end_is_not_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.reading.formats.csv_table, "_LARGEST_ROW", 100)
    found = table("title,body\n" + 'a","b\n' * 100 + "1,2\n")
    assert len(found) == 101
    assert "row of more than" in found[0][1]
    assert found[-1] == (102, {"title": "1", "body": "2"})


def test_long_cell_is_taken() -> None:
    assert len(table("title,body\nx," + "y" * 1_000_000)[0][1]["body"]) == 1_000_000


def test_page_with_scripts_and_entities() -> None:
    paragraphs = "".join(f"<p>Món bún bò số {n} rất ngon, ai ăn rồi cũng muốn quay lại lần nữa.</p>" for n in range(9))
    page = (
        '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
        "<html><head><title>Bún bò</title><script>var bom = 'kịch bản';</script><style>p {}</style></head>"
        f"<body><article><h1>Bún bò</h1><script>alert('kịch bản')</script>{paragraphs}&c;"
        "<p onclick='x()'>Hết bài ở đây, hẹn gặp lại các bạn lần sau.</p></article></body></html>"
    )
    fields = html_fields(page, "https://example.vn/bun-bo")
    assert fields["title"] == "Bún bò"
    assert "Món bún bò số 8" in fields["body"]
    assert "kịch bản" not in fields["body"]
    assert "a" * 20 not in fields["body"]
    assert fields["url"] == "https://example.vn/bun-bo"


@pytest.mark.parametrize(
    "page", ["<html></html>", "<div>" * 20_000, "<?xml version='1.0' encoding='utf-16'?><a/>", "&&&<<<"]
)
def test_page_without_an_article_is_refused(page: str) -> None:
    with pytest.raises(UnreadableFileError):
        html_fields(page)


def test_markdown_with_html_blocks_notes_and_templates() -> None:
    fields = markdown(
        '---\ntitle: Giá lúa: tăng\n---\n<div class="note">\nKý hợp đồng <b>trước</b> vụ.\n</div>\n\n'
        '{{< figure src="a.jpg" title="Ruộng ngô" >}}\n\n'
        "Xem [bài trước]({{ site.baseurl }}{% post_url 2020-01-01-bai %})[^1].\n\n"
        "```\n{{ giữ }}\n```\n\n<!--more-->\n\n[^1]: Ghi chú về vụ lúa.\n"
    )
    assert fields["title"] == "Giá lúa: tăng"
    assert fields["body"].split("\n\n") == [
        "Ký hợp đồng trước vụ.", "Ruộng ngô", "Xem bài trước.", "{{ giữ }}", "Ghi chú về vụ lúa.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "front",
    [
        "---\ndraft: true\n---\n",
        "+++\ndraft = true\n+++\n",
        "---\npublished: false\n---\n",
        "---\nstatus: Draft\n---\n",
    ],
)
def test_draft_is_left_out(front: str) -> None:
    with pytest.raises(LeftOutError, match="is a draft"):
        markdown(f"{front}Văn bản.")


def test_front_matter_without_its_first_mark() -> None:
    fields = markdown("title: Giá sắn tăng\ndate: 2019-03-04 10:00:00\ntags:\n- sắn\n---\nNội dung.")
    assert (fields["title"], fields["published"], fields["body"]) == (
        "Giá sắn tăng",
        "2019-03-04 10:00:00",
        "Nội dung.",
    )
    assert markdown("Chú ý: một\n---\nNội dung.")["title"] == "Chú ý: một"
