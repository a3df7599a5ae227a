"""Word files and PDF as newsrooms write them: titles without styles, signatures, notes, divided words, accents."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reading.made_documents import SENTENCE, W, paragraph, pdf, word
from tests.reading.test_documents import fields

DECOMPOSED_PDF = Path(__file__).parent / "documents" / "decomposed.pdf"
BOLD = "<w:rPr><w:b/></w:rPr>"


def apart(text: str, about: str = BOLD, place: str = "") -> str:
    at = f'<w:pPr><w:jc w:val="{place}"/></w:pPr>' if place else ""
    return f"<w:p>{at}<w:r>{about}<w:t>{text}</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("before", "title"),
    [
        (apart("GIÁ LÚA TĂNG"), "GIÁ LÚA TĂNG"),
        (apart("Giá lúa tăng", "", "center"), "Giá lúa tăng"),
        (
            apart("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM") + apart("Độc lập - Tự do - Hạnh phúc") + apart("BÁO CÁO"),
            "BÁO CÁO",
        ),
        (apart("Giá lúa", '<w:rPr><w:b w:val="0"/></w:rPr>'), SENTENCE.rstrip(".")),
    ],
)
def test_title_of_a_document_without_styles(before: str, title: str) -> None:
    found = fields(word(before + paragraph(SENTENCE)), "a.docx")
    assert found["title"] == title
    assert SENTENCE in found["body"]


def test_signature_and_notes_of_a_document() -> None:
    note = f'<w:footnotes xmlns:w="{W}"><w:footnote w:type="separator" w:id="0">{paragraph("-")}</w:footnote>'
    note += f'<w:footnote w:id="2">{paragraph("Theo Bộ Nông nghiệp.")}</w:footnote></w:footnotes>'
    body = apart("Giá lúa tăng") + paragraph(SENTENCE) + apart("Nguyễn Văn An", place="right")
    found = fields(word(body, more={"word/footnotes.xml": note}), "a.docx")
    assert (found["title"], found["author"]) == ("Giá lúa tăng", "Nguyễn Văn An")
    assert found["body"].split("\n\n") == [SENTENCE, "Theo Bộ Nông nghiệp."]
    known = fields(word(body, "<dc:creator>Trần Mẫu</dc:creator>"), "a.docx")
    assert (known["author"], known["body"].split("\n\n")[-1]) == ("Trần Mẫu", "Nguyễn Văn An")
    assert "author" not in fields(word(body.replace("Nguyễn Văn An", "Xem tiếp kỳ sau")), "a.docx")


def test_size_of_letters_parts_the_title_from_the_text_and_divided_words_are_whole() -> None:
    page = (
        ") Tj /F1 24 Tf (Rice prices rise) Tj /F1 12 Tf 0 -22 Td (Farmers in the delta region are con-) Tj"
        " 0 -14 Td (tent with the prices of this week, as wholesale and re-) Tj 0 -14 Td (tail buyers say in An-) Tj"
        " 0 -14 Td (Giang and elsewhere."
    )
    found = fields(pdf([page]), "a.pdf")
    assert found["title"] == "Rice prices rise"
    assert found["body"] == (
        "Farmers in the delta region are content with the prices of this week, as wholesale and retail buyers say in"
        " An-Giang and elsewhere."
    )


def test_pdf_after_what_a_server_put_before_it() -> None:
    data = b"\r\nHTTP junk\n" + pdf(["Rice prices rise in the delta."])
    assert fields(data, "a.pdf")["body"] == "Rice prices rise in the delta."


def test_accents_of_a_pdf_stay_with_their_letters() -> None:
    assert fields(DECOMPOSED_PDF.read_bytes(), "a.pdf")["body"].split("\n\n") == [
        "Nông dân nhiều tỉnh miền Tây phấn khởi vì giá lúa vụ hè thu tăng thêm năm trăm đồng một ký so với tuần trước.",
        "Theo ghi nhận của phóng viên, thương lái đã đến tận ruộng đặt cọc từ đầu tháng, mức giá cao nhất trong ba năm"
        " trở lại đây.",
        "Ông Trần Văn Tám ở huyện Thoại Sơn cho biết gia đình ông có năm hecta lúa sắp thu hoạch và dự kiến lãi hơn một"
        " trăm triệu đồng.",
    ]
