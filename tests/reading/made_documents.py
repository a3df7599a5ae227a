"""Documents that tests read, made as the programs make them that write such files."""

from __future__ import annotations

import io
import zipfile

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SENTENCE = "Nông dân nhiều tỉnh miền Tây phấn khởi vì giá lúa vụ hè thu tăng thêm năm trăm đồng một ký."


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word(body: str, about: str = "", more: dict[str, str | bytes] | None = None) -> bytes:
    """Return a .docx with ``body`` in its document; the styles have the ids of a Vietnamese Word."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/></w:style>'
        for id, name in (("Tiu", "Title"), ("u1", "heading 1"))
    )
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"{about}</cp:coreProperties>"
    )
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{W}"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<w:body>{body}</w:body></w:document>"
    )
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": document,
            "word/styles.xml": f'<w:styles xmlns:w="{W}">{styles}</w:styles>',
            "docProps/core.xml": core,
            **(more or {}),
        }
    )


def paragraph(text: str, style: str = "") -> str:
    about = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{about}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def book(chapters: dict[str, str], more: dict[str, str | bytes] | None = None, about: str = "") -> bytes:
    """Return an .epub; ``chapters`` are the bodies of its parts by their names."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>Truyện làng</dc:title><dc:creator>An Mẫu</dc:creator><dc:language>vi</dc:language>"
        f"{about}</metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    pages: dict[str, str | bytes] = {
        f"OEBPS/{name}": f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>x</title></head><body>{text}</body></html>"
        for name, text in chapters.items()
    }
    container = '<container><rootfiles><rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    return zipped({"META-INF/container.xml": container, "OEBPS/content.opf": opf, **pages, **(more or {})})


def pdf(pages: list[str], broken: int | None = None) -> bytes:
    """Return a PDF with a line of ASCII text a page; page number ``broken`` has contents that are damaged."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode() if text else b""
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (5 + 2 * number)
        )
        filter = b" /Filter /NoSuchFilter" if number == broken else b""
        objects.append(b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(drawn), filter, drawn))
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            count,
            table,
            count,
            len(data),
        )
    )


def export(*items: str) -> str:
    """Return a WordPress export with these entries."""
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Blog Đồng Quê</title>'
        "<wp:author><wp:author_login><![CDATA[an]]></wp:author_login>"
        "<wp:author_display_name><![CDATA[An Mẫu]]></wp:author_display_name></wp:author>"
        f"{''.join(items)}</channel></rss>"
    )


def post(number: int, body: str = SENTENCE, status: str = "publish", type: str = "post") -> str:
    return (
        f"<item><title><![CDATA[Giá lúa {number}]]></title><link>https://dongque.example/gia-lua-{number}/</link>"
        "<dc:creator><![CDATA[an]]></dc:creator>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded>"
        "<excerpt:encoded><![CDATA[]]></excerpt:encoded>"
        "<wp:post_date>2025-05-06 03:30:00</wp:post_date><wp:post_date_gmt>2025-05-05 20:30:00</wp:post_date_gmt>"
        f"<wp:status>{status}</wp:status><wp:post_type>{type}</wp:post_type>"
        '<category domain="category" nicename="kinh-te"><![CDATA[Kinh tế]]></category>'
        '<category domain="post_tag" nicename="lua"><![CDATA[lúa]]></category></item>'
    )
