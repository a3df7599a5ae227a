"""Folders of sites: mirrors, built sites and their sources. Their articles are read, what is none is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.errors import LeftOutError
from index.reading.formats.registry import document_fields, kind_of
from index.reading.import_run import Report, Summary
from index.reading.ingest import ingest
from index.reading.preview import ReadEntry, Refusal, read_entries
from search.archive import Archive
from tests.reading.made_documents import zipped
from tests.reading.test_documents import entries

PAGES = Path(__file__).parent / "pages"
ARTICLE = (PAGES / "dantri.html").read_text("utf-8")
LIST = (PAGES / "list-plain-links.html").read_text("utf-8")


def read(archive: Archive, folder: Path, files: dict[str, str | bytes]) -> tuple[Summary, list[str]]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    remarks: list[str] = []
    report = Report(remark=lambda remark: remarks.append(f"{Path(remark.where).name} {remark.why}"))
    return ingest([str(folder)], archive.store, archive.engine, report=report), remarks


def markdown(text: str, name: str = "a.md") -> dict[str, Any]:
    kind = kind_of(name)
    assert kind is not None
    return dict(document_fields(text.encode(), kind, name))


def test_mirror_gives_its_articles_and_counts_its_lists(archive: Archive, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "index.html": LIST,
        "index.html?page=2": LIST,
        "kinh-te/index.html": LIST,
        "kinh-te/gia-lua.html": ARTICLE,
        "xem.php?id=12": ARTICLE,
        "tin.aspx": ARTICLE,
        "trang.php": "<?php echo 1; ?>",
        "404.html": "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>",
        "cu.html": "<html><head><meta http-equiv='refresh' content='0; url=/'></head></html>",
        "feed/index.html": "<?xml version='1.0'?><rss version='2.0'><channel/></rss>",
        "robots.txt": "User-agent: *\nDisallow: /admin",
        "index.json": '[{"title": "Giá lúa", "content": "Nông dân"}]',
        "sitemap.xml": "<urlset/>",
        "a.css": "a{}",
        "~$nháp.docx": b"\x05An",
    }
    summary, remarks = read(archive, tmp_path / "in", files)
    assert {one.id for one in archive.store.articles()} == {"kinh-te/gia-lua", "xem.php?id=12", "tin"}
    assert summary.failed == []
    assert summary.left_out == {
        "list page": 3, "error page": 1, "redirect": 1, "feed": 1, "other": 1,
        ".txt": 1, ".json": 1, ".xml": 1, ".css": 1,
    }  # fmt: skip
    assert [line for line in remarks if "is a list of articles, not an article" in line] == [
        "index.html is a list of articles, not an article",
        "index.html?page=2 is a list of articles, not an article",
        "index.html is a list of articles, not an article",
    ]


def test_files_beside_no_page_are_articles_whatever_their_names(archive: Archive, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"index.json": '[{"title": "Giá lúa"}]', "security.txt": "An ninh\n\nMạng an toàn."}
    summary, _ = read(archive, tmp_path / "in", files)
    assert (summary.added, summary.left_out) == (2, {})


def test_zip_of_a_site_gives_its_articles() -> None:
    files = {
        "trang/index.html": LIST,
        "trang/index.xml": "<rss version='2.0'><channel><item><title>Giá lúa</title></item></channel></rss>",
        "trang/bai.html": ARTICLE,
        "trang/bai_files/ads.html": ARTICLE,
        "trang/bai_files/a/b.html": ARTICLE,
        "tin/index.xml": "<rss version='2.0'><channel><item><title>Tin riêng</title></item></channel></rss>",
    }
    found = [
        (at, row) if isinstance(row, str) else (at, row["title"]) for at, row in entries(zipped(dict(files)), "a.zip")
    ]
    assert found == [
        ("trang/index.html", "LeftOutError: is a list of articles, not an article"),
        ("trang/bai.html", "Giá lúa miền Tây tăng mạnh"),
        ("tin/index.xml", "Tin riêng"),
        ("", "LeftOutError: left out 3 files of other formats: 2 .html, 1 .xml"),
    ]


def test_upload_and_folder_agree_on_what_is_left_out(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.html": LIST,
        "b.md": "---\ndraft: true\n---\nNháp.",
        "c.zip": zipped({"a.html": LIST, "b.html": ARTICLE, "~$c.docx": b"x", "d.docx": b"x"}),
        "d.html": ARTICLE,
        "e.html": "",
    }
    found: dict[str, list[str]] = {}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        found[name] = [
            "read" if isinstance(entry, ReadEntry) else "left out" if entry.is_left_out else "refused"
            for entry in read_entries(tmp_path / name, name)
        ]
    assert found == {
        "a.html": ["left out"],
        "b.md": ["left out"],
        "c.zip": ["left out", "read", "refused"],
        "d.html": ["read"],
        "e.html": ["refused"],
    }
    assert Refusal(None, "x").is_left_out is False


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            '{\n  "title": "Giá xoài",\n  "date": "2025-05-06",\n  "author": "Chi Mẫu"\n}\n\nNội dung.\n',
            {"title": "Giá xoài", "published": "2025-05-06", "author": "Chi Mẫu", "body": "Nội dung."},
        ),
        (
            "+++\ntitle = 'Giá gạo'\n[taxonomies]\ncategories = ['Kinh tế']\n+++\nNội dung.",
            {"title": "Giá gạo", "category": "Kinh tế", "body": "Nội dung."},
        ),
        (
            "---\ntitle: Giá lúa\nsummary: Giá lúa *tăng* ba tuần.\n---\nNội dung.",
            {"title": "Giá lúa", "lead": "Giá lúa tăng ba tuần.", "body": "Nội dung."},
        ),
        ("---\ntitle:\tGiá: lúa\ndate:\t2025-05-06\n---\nNội dung.", {"title": "Giá: lúa", "published": "2025-05-06"}),
        ("---\ntitle: Giá lúa\n---\nMột.\n\n{: .note}\nHai.", {"body": "Một.\n\nHai."}),
        ("{\nMột ngoặc nhọn mở đầu.\n", {"body": "{ Một ngoặc nhọn mở đầu."}),
    ],
)
def test_front_matter_of_generators(text: str, fields: dict[str, str]) -> None:
    found = markdown(text)
    assert {name: found.get(name) for name in fields} == fields


def test_page_with_front_matter_is_read_as_its_source() -> None:
    found = markdown("---\ntitle: Bài HTML\ndate: 2025-05-06\n---\n<p>Một đoạn.</p><p>Hai đoạn.</p>", "a.html")
    assert (found["title"], found["published"], found["body"]) == ("Bài HTML", "2025-05-06", "Một đoạn.\n\nHai đoạn.")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("---\ntitle: Lưu trữ\nlayout: archives\n---\n", "archives.md"),
        ("---\ntitle: Bài viết\n---\n", "posts/_index.md"),
    ],
)
def test_list_page_of_a_site_that_is_not_built_is_left_out(text: str, name: str) -> None:
    with pytest.raises(LeftOutError) as refused:
        markdown(text, name)
    assert dict(refused.value.counts) == {"list page": 1}
    assert markdown(f"{text}Chào mừng.", name)["body"] == "Chào mừng."


def test_list_that_a_template_makes_is_left_out() -> None:
    loop = "{% for post in site.posts %}\n<li>{{ post.title }}</li>\n{% endfor %}\n"
    with pytest.raises(LeftOutError, match="a list that its site makes"):
        markdown(f"---\ntitle: Tags\n---\n{loop}", "tags.md")
    assert "site.posts" in markdown(f"Trong Jekyll viết:\n\n```\n{loop}```\n")["body"]


def test_entries_with_characters_that_xml_has_not_are_read() -> None:
    start = "<?xml version='1.0'?><rss version='2.0'><channel><title>Báo Mẫu</title>"
    item = "<item><title>Giá \x0blúa</title><description>Nông \x0cdân \x01vui.</description></item>"
    ((_, found),) = entries(f"{start}{item}</channel></rss>", "a.rss")
    assert (found["title"], found["body"]) == ("Giá lúa", "Nông dân vui.")
