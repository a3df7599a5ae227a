"""Documents of offices, books, subtitles, saved pages, feeds and archives: the right fields, and what is named."""

from __future__ import annotations

import bz2
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from index.errors import LeftOutError, TimtinError, UnreadableFileError
from index.reading.formats.registry import document_fields, kind_of, rows
from index.reading.import_run import Report
from index.reading.ingest import ingest
from search.archive import Archive
from tests.reading.made_documents import SENTENCE, W, book, export, paragraph, pdf, post, word, zipped

PAGES = Path(__file__).parent / "pages"
VIETNAMESE_PDF = Path(__file__).parent / "documents" / "bao-mau.pdf"


def fields(data: bytes | str, name: str) -> dict[str, Any]:
    kind = kind_of(name)
    assert kind is not None
    found = document_fields(data.encode() if isinstance(data, str) else data, kind)
    return {key: value for key, value in found.items() if value}


def entries(data: bytes | str, name: str) -> list[tuple[int | str, Any]]:
    """The rows of a file; for one that has one, its error in words."""
    kind = kind_of(name)
    assert kind is not None
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return [
        (at, f"{type(row).__name__}: {row}" if isinstance(row, TimtinError) else row)
        for at, row in rows(stream, kind, name=name)
    ]


def test_word_document() -> None:
    box = f"<w:txbxContent>{paragraph('Trong khung.')}</w:txbxContent>"
    body = (
        paragraph("Giá lúa tăng", "Tiu")
        + paragraph("Vì sao", "u1")
        + f"<w:p><w:r><w:t>{SENTENCE[:20]}</w:t></w:r><w:ins><w:r><w:t>{SENTENCE[20:]}</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>đã xóa</w:delText></w:r></w:del></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Loại</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Giá</w:t></w:r></w:p></w:tc></w:tr>"
        "</w:tbl>"
        f"<w:sdt><w:sdtContent>{paragraph('Trong ô điền.')}</w:sdtContent></w:sdt>"
        f"<w:p><w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    about = "<dc:title>Document1</dc:title><dc:creator>An Mẫu</dc:creator>"
    about += "<dcterms:created>2025-05-05T20:30:00Z</dcterms:created>"
    assert fields(word(body, about), "a.docx") == {
        "title": "Giá lúa tăng",
        "author": "An Mẫu",
        "published": "2025-05-06T03:30:00+07:00",
        "body": f"Vì sao\n\n{SENTENCE}\n\nLoại | Giá\n\nTrong ô điền.\n\nTrong khung.",
        "lead": SENTENCE,
    }


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"old Word document \(.doc\).*save it as .docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "with a password"),
        (b"{\\rtf1 a}", "rich text"),
        (b"hello", "no Word document"),
        (word(paragraph(SENTENCE))[:-300], "damaged or cut short"),
        (zipped({"xl/workbook.xml": "<a/>"}), "lacks its part word/document.xml"),
        (word(""), "has no text"),
        (word("<w:p>"), "not XML"),
        (word(paragraph("N«ng d©n miÒn T©y phÊn khëi v× gi¸ lóa t¨ng m¹nh. " * 5)), "TCVN3"),
    ],
    ids=["old", "password", "rtf", "text", "cut", "sheet", "empty", "broken", "font"],
)
def test_what_is_called_word_is_named_for_what_it_is(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        fields(data, "a.doc" if data[:1] == b"\xd0" else "a.docx")


def test_xml_of_documents_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("bí mật")
    doctype = (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{tmp_path}/secret"><!ENTITY y "ha"><!ENTITY z "{"&y;" * 1000}">]>'
    )
    data = zipped(
        {
            "word/document.xml": f'{doctype}<w:document xmlns:w="{W}"><w:body>'
            "<w:p><w:r><w:t>Một &x; &z;</w:t></w:r></w:p></w:body></w:document>"
        }
    )
    found = fields(data, "a.docx")
    assert "bí mật" not in found["body"]
    assert len(found["body"]) < 100


def test_package_that_unpacks_to_too_much_is_refused() -> None:
    bomb = word("", more={"word/document.xml": b" " * (80 << 20)})
    assert len(bomb) < 1 << 20
    with pytest.raises(UnreadableFileError, match="unpacks to more"):
        fields(bomb, "a.docx")


def test_book() -> None:
    about = "<dc:date>2020-01-02</dc:date><dc:publisher>Nhà in Mẫu</dc:publisher><dc:subject>Truyện</dc:subject>"
    data = book({"a.xhtml": "<h1>Chương một</h1><p>Bến sông.</p>", "b.xhtml": "<p>Hết &amp; hết.</p>"}, about=about)
    assert fields(data, "a.epub") == {
        "title": "Truyện làng",
        "author": "An Mẫu",
        "published": "2020-01-02",
        "source": "Nhà in Mẫu",
        "category": "Truyện",
        "lang": "vi",
        "body": "Chương một\n\nBến sông.\n\nHết & hết.",
    }


def test_book_loses_only_its_broken_chapter_and_a_locked_one_is_named() -> None:
    kind = kind_of("a.epub")
    assert kind is not None
    chapters = {"a.xhtml": "<p>Một.</p>", "b.xhtml": "<p>Hai.</p>"}
    broken = book(chapters).replace(b"OEBPS/b.xhtml", b"OEBPS/B.xhtml")  # so that it is missing
    found = document_fields(broken, kind)
    assert found["body"] == "Một."
    assert [lost.split(":")[1].strip() for lost in found.doubts] == ["OEBPS/b.xhtml"]
    locked = {"META-INF/encryption.xml": '<e><CipherReference URI="OEBPS/a.xhtml"/></e>'}
    with pytest.raises(UnreadableFileError, match="locked book"):
        fields(book(chapters, locked), "a.epub")


def test_pdf_of_vietnamese_text() -> None:
    found = fields(VIETNAMESE_PDF.read_bytes(), "a.pdf")
    assert found["title"] == "Giá lúa miền Tây tăng mạnh"
    assert found["body"].split("\n\n") == [
        "Nông dân nhiều tỉnh miền Tây phấn khởi vì giá lúa vụ hè thu tăng thêm năm trăm đồng một ký so với tháng trước,"
        " theo các thương lái.",
        "Nhiều hộ cho biết sẽ mở rộng diện tích gieo trồng trong vụ tới nếu giá còn giữ được mức này đến cuối năm, dù"
        " chi phí phân bón vẫn cao.",
        "Triển vọng",
        "Đường xá ướt át, nghĩa là người ở phường Đức Nghĩa gặt sớm.",
        "Trang sau nói tiếp về gạo xuất khẩu.",
    ]


def test_pdf_that_has_no_text_is_named() -> None:
    with pytest.raises(UnreadableFileError, match="PDF of pictures"):
        fields(pdf(["", ""]), "a.pdf")
    with pytest.raises(UnreadableFileError, match="is no PDF document"):
        fields(b"<html>", "a.pdf")


def test_pdf_loses_only_its_broken_part() -> None:
    kind = kind_of("a.pdf")
    assert kind is not None
    texts = [f"Page number {n} has its own text, and it ends here." for n in ("one", "two", "three", "four")]
    found = document_fields(pdf(texts, broken=1), kind)
    assert [text in found["body"] for text in texts] == [True, False, True, True]
    cut = document_fields(pdf(texts)[:-900], kind)
    assert texts[0] in cut["body"]
    assert texts[3] not in cut["body"]
    assert "cut off" in cut.doubts[0]


@pytest.mark.slow
def test_pdf_of_a_thousand_pages() -> None:
    texts = [f"Page with the number {n} has its own text, and it ends here." for n in range(1000)]
    assert all(text in fields(pdf(texts), "a.pdf")["body"] for text in (texts[0], texts[500], texts[999]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "1\n00:00:01,000 --> 00:00:03,000\n<i>Giá lúa</i> tăng\n\n2\n00:00:03,100 --> 00:00:05,000\n{\\an8}mạnh ở\n"
            "miền Tây.\n\n"
            "3\n00:00:20,000 --> 00:00:22,000\nHết bài.\n",
            "a.srt",
        ),
        (
            "WEBVTT\n\nNOTE ghi chú\n\n00:01.000 --> 00:03.000 align:start\nGiá lúa tăng\n\n"
            "00:03.100 --> 00:05.000\n<c.yellow>mạnh</c> ở miền <00:00:04.000>Tây.\n\n"
            "00:20.000 --> 00:22.000\nHết bài.\n",
            "a.vtt",
        ),
    ],
)
def test_subtitles(text: str, name: str) -> None:
    assert fields(text, name)["body"] == "Giá lúa tăng mạnh ở miền Tây.\n\nHết bài."
    assert fields("\ufeff" + text.replace("\n", "\r\n"), name)["body"] == "Giá lúa tăng mạnh ở miền Tây.\n\nHết bài."


def test_speaker_and_title_of_subtitles() -> None:
    found = fields("WEBVTT - Bản tin sáng\n\n00:01.000 --> 00:03.000\n<v Lan>Xin chào.\n", "a.vtt")
    assert (found["title"], found["body"]) == ("Bản tin sáng", "Lan: Xin chào.")
    with pytest.raises(UnreadableFileError, match="no subtitles"):
        fields("chỉ là văn bản", "a.srt")


def test_saved_page() -> None:
    page = (PAGES / "json-ld.html").read_text("utf-8").replace('<link rel="canonical"', "<link")
    from email.message import EmailMessage

    message = EmailMessage()
    message["Snapshot-Content-Location"] = "https://baomau.example/x.html"
    message.set_content(page, subtype="html", charset="utf-8", cte="quoted-printable")
    message.add_related(b"\x89PNG", "image", "png", cid="<a>")
    found = fields(message.as_bytes(), "a.mhtml")
    assert (found["title"], found["url"]) == ("Giá lúa miền Tây tăng mạnh", "https://baomau.example/x.html")
    assert "Doanh nghiệp vào cuộc" in found["body"]
    with pytest.raises(UnreadableFileError, match="is no saved page"):
        fields(b"Subject: a\n\nx", "a.mht")


def test_page_as_xhtml() -> None:
    head = '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
    page = f"{head}<head><title>Giá lúa</title></head><body><h1>Giá lúa</h1><p>{SENTENCE}</p></body></html>"
    assert fields(page, "a.xhtml")["title"] == "Giá lúa"


RSS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Báo Mẫu</title><link>https://baomau.example/</link>'
    "<item><title>Giá lúa</title><link>https://baomau.example/a</link>"
    "<description>&lt;p&gt;Lúa &amp;amp; gạo.&lt;/p&gt;"
    "</description><pubDate>Tue, 06 May 2025 03:30:00 +0700</pubDate><category>Kinh tế</category></item>"
    "<item><title><![CDATA[Về <item> và </item>]]></title><link>https://baomau.example/b</link></item></channel></rss>"
)  # fmt: skip
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Báo Mẫu</title><entry><title>Giá lúa</title>'
    '<link href="https://baomau.example/a"/><author><name>An Mẫu</name></author>'
    '<published>2025-05-05T20:30:00Z</published>'
    '<content type="html">&lt;p&gt;Lúa.&lt;/p&gt;</content></entry></feed>'
)  # fmt: skip


@pytest.mark.parametrize("name", ["a.rss", "a.xml"])
def test_feed(name: str) -> None:
    first, second = entries(RSS, name)
    assert first == (
        1,
        {
            "title": "Giá lúa",
            "body": "Lúa & gạo.",
            "lead": "Lúa & gạo.",
            "published": "2025-05-06T03:30:00+07:00",
            "url": "https://baomau.example/a",
            "category": "Kinh tế",
            "source": "Báo Mẫu",
        },
    )
    assert second[0] == 2
    assert second[1]["url"] == "https://baomau.example/b"


def test_atom_feed() -> None:
    [(number, found)] = entries(ATOM, "a.atom")
    assert (number, found["title"], found["body"], found["author"]) == (1, "Giá lúa", "Lúa.", "An Mẫu")
    assert found["published"] == "2025-05-06T03:30:00+07:00"


def test_feed_in_another_encoding_and_one_that_is_cut_off() -> None:
    text = RSS.replace('version="1.0"?', 'version="1.0" encoding="windows-1258"?').replace("Giá", "Gi\u00e1")
    old = text.replace("Báo Mẫu", "Bao Mau").replace("Kinh tế", "Kinh te").replace("Lúa", "L\u00faa")
    plain = old.replace("gạo", "gao").replace("Về", "Ve").replace("và", "va")
    assert entries(plain.encode("cp1258"), "a.rss")[0][1]["title"] == "Gi\u00e1 l\u00faa"
    cut = entries(RSS[:-60], "a.rss")
    assert cut[0][1]["title"] == "Giá lúa"
    assert cut[1] == (2, "UnreadableFileError: is cut off: the file ends within this entry")


@pytest.mark.parametrize("text", ["<urlset/>", "<?xml version='1.0'?><svg/>", "văn bản"])
def test_other_xml_is_left_out_by_name(text: str) -> None:
    with pytest.raises(LeftOutError, match="neither a feed"):
        entries(text, "a.xml")


def test_wordpress_export() -> None:
    body = (
        f"<!-- wp:paragraph -->\n<p>{SENTENCE}</p>\n<!-- /wp:paragraph -->\n\n"
        '[caption id="attachment_5" width="300"]<img src="a.jpg" /> Cánh đồng lúa.[/caption]\n\n'
        'Hết [1] bài [gallery ids="1,2"].'
    )
    found = entries(
        export(post(1, body), post(2, status="draft"), post(3, type="attachment"), post(4, type="page")), "a.xml"
    )
    assert found[0] == (
        1,
        {
            "title": "Giá lúa 1",
            "body": f"{SENTENCE}\n\nCánh đồng lúa.\n\nHết [1] bài .",
            "published": "2025-05-06T03:30:00+07:00",
            "url": "https://dongque.example/gia-lua-1/",
            "author": "An Mẫu",
            "category": "Kinh tế",
            "source": "Blog Đồng Quê",
        },
    )
    assert [row for _, row in found[1:3]] == ["LeftOutError: is a draft", "LeftOutError: is no article but attachment"]
    assert found[3][1]["title"] == "Giá lúa 4"


def test_feed_of_many_entries_in_batches() -> None:
    found = entries(export(*map(post, range(1000))), "a.xml")
    assert [row["title"] for _, row in found] == [f"Giá lúa {n}" for n in range(1000)]


def test_other_compressions() -> None:
    from index.reading.formats.compressed import zstd

    assert fields(zstd.compress(SENTENCE.encode()), "a.txt.zst") == fields(SENTENCE, "a.txt")
    assert fields(bz2.compress(SENTENCE.encode()), "a.txt.bz2") == fields(SENTENCE, "a.txt")
    for packed, name in (
        (zstd.compress(b" " * (64 << 20)), "a.txt.zst"),
        (bz2.compress(b" " * (64 << 20)), "a.txt.bz2"),
    ):
        with pytest.raises(UnreadableFileError, match="more than 100 times"):
            fields(packed, name)
    with pytest.raises(EOFError):
        fields(zstd.compress(SENTENCE.encode() * 50)[:-20], "a.txt.zst")


FILES: dict[str, str | bytes] = {
    "bài/a.html": (PAGES / "json-ld.html").read_bytes(),
    "b.jsonl": '{"id": "j1", "title": "Một"}\n{"id": "j2", "title": "Hai"}\nhỏng\n',
    "c.txt": SENTENCE,
    "ảnh/d.png": b"\x89PNG",
    "__MACOSX/c.txt": "rác",
    ".hidden.txt": "rác",
    "../../e.md": "# Lên trên\n\nVăn bản.",
    "f.docx": word(paragraph(SENTENCE)),
}


def test_zip_of_articles() -> None:
    found = entries(zipped(FILES), "báo.zip")
    ids = {at: row["id"] for at, row in found if isinstance(row, dict)}
    assert ids.pop("../../e.md").startswith("báo/")
    assert ids == {"bài/a.html": "báo/bài/a", "b.jsonl": "j1", "b.jsonl:2": "j2", "c.txt": "báo/c", "f.docx": "báo/f"}
    others = [(at, row) for at, row in found if isinstance(row, str)]
    assert [at for at, _ in others] == ["b.jsonl:3", ""]
    assert others[1][1] == "LeftOutError: left out 1 files of other formats: 1 .png"


def test_zip_that_is_cut_off_loses_only_its_end() -> None:
    data = zipped({f"{n}.txt": f"{SENTENCE} Bài số {n}." for n in range(50)})
    found = entries(data[: len(data) // 3], "a.zip")
    read = [row["id"] for _, row in found if isinstance(row, dict)]
    assert 5 < len(read) < 50
    assert read == [f"a/{n}" for n in range(len(read))]
    assert "cut off" in found[-1][1]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zipped({"a.txt": b" " * (100 << 20)}), "unpacks to more than 100 times"),
        (zipped({"a.zip": zipped({"a.txt": "a"})}), "zip file in a zip file"),
        (zipped({"a.txt": b"\xff\xfe"}), "UTF-16"),
    ],
    ids=["bomb", "nested", "encoding"],
)
def test_bad_entry_is_named(data: bytes, why: str) -> None:
    [(_, row)] = entries(data, "a.zip")
    assert why in row


def test_many_small_bombs_are_one() -> None:
    found = entries(zipped({f"{n}.txt": b"a " * (4 << 20) for n in range(12)}), "a.zip")
    assert "unpacks to more than 100 times" in str(found[-1][1])


def test_what_is_no_zip_is_named() -> None:
    with pytest.raises(UnreadableFileError, match="is no zip file"):
        entries(b"hello", "a.zip")


def test_folder_of_documents(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.docx").write_bytes(word(paragraph(SENTENCE)))
    (folder / "b.pdf").write_bytes(VIETNAMESE_PDF.read_bytes())
    (folder / "c.zip").write_bytes(zipped(FILES))
    (folder / "d.md").write_text("---\ntitle: Nháp\ndraft: true\n---\nChưa đăng.")
    (folder / "e.xml").write_text(export(post(1), post(2, status="draft")))
    (folder / "f.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    remarks: list[str] = []
    report = Report(remark=lambda remark: remarks.append(f"{Path(remark.where).name} {remark.why}"))
    summary = ingest([str(folder)], archive.store, archive.engine, report=report)
    assert (summary.added, summary.left_out) == (9, {"draft": 2, ".png": 1})
    assert {Path(one.where).name: one.why.partition(";")[0] for one in summary.failed}.keys() == {
        "f.doc",
        "c.zip:b.jsonl:3",
    }
    assert "d.md is a draft by its front matter" in remarks
    assert "e.xml:2 is a draft" in remarks
    assert "c.zip left out 1 files of other formats: 1 .png" in remarks
    again = ingest([str(folder)], archive.store, archive.engine)
    assert (again.added, again.updated) == (0, 0)


def test_saved_pages_and_built_sites(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    page = (PAGES / "hugo.html").read_text("utf-8")
    files = {
        "Giá lúa.html": page,
        "Giá lúa_files/ads.html": page,
        "site/index.html": (PAGES / "list-home.html").read_text("utf-8"),
        "site/index.xml": RSS,
        "site/sitemap.xml": "<urlset/>",
        "site/posts/a/index.html": page.replace("Giá lúa", "Giá ngô"),
        "posts/2020-02-29-bai.md": "---\ntitle: Bài cũ\npermalink: /bai-cu/\n---\nVăn bản.",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    remarks: list[str] = []
    report = Report(remark=lambda remark: remarks.append(f"{Path(remark.where).name} {remark.why}"))
    summary = ingest([str(folder)], archive.store, archive.engine, report=report)
    assert {one.id for one in archive.store.articles()} == {"Giá lúa", "site/posts/a/index", "posts/2020-02-29-bai"}
    assert summary.failed == []
    assert summary.left_out == {".xml": 2, "list page": 1}
    assert remarks == [
        "Giá lúa_files has the parts of the saved page beside it",
        "index.html is a list of articles, not an article",
    ]
    dated = archive.store.get("posts/2020-02-29-bai")
    assert dated is not None
    assert (dated.published, dated.url, dated.extra) == ("2020-02-29", None, {"permalink": "/bai-cu/"})


def test_zip_with_a_stored_entry_and_names_of_other_systems() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", SENTENCE)
    data = buffer.getvalue()
    assert entries(data, "x.zip")[0][1]["id"] == "x/a"
    assert entries(data[:-30], "x.zip")[0][1]["id"] == "x/a"
