"""UTF-8 that was read as another encoding is read back; text that is right is never changed."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reading.article_reading import read_article
from index.reading.formats.mojibake import mended
from index.reading.formats.registry import FileKind, Format, document_fields
from index.records import read_record
from tests.conftest import SEEDS

TEXT = (
    "Cộng hòa xã hội chủ nghĩa Việt Nam. Nông dân đồng bằng sông Cửu Long phấn khởi vì giá lúa tăng mạnh trong tuần"
    " này – nhưng nhiều người vẫn lo ngại: “Thời tiết thất thường”, chi phí vận chuyển ngày càng cao…"
)


def misread(text: str, encoding: str) -> str:
    """As programs show UTF-8 in another encoding; bytes without a character become control characters."""
    characters = []
    for byte in text.encode():
        try:
            characters.append(bytes([byte]).decode(encoding))
        except UnicodeDecodeError:
            characters.append(chr(byte))
    return "".join(characters)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "latin-1", "mac-roman"])
@pytest.mark.parametrize("text", [TEXT, TEXT.upper(), "Giá", "Ví dụ", "Đồng", unicodedata.normalize("NFC", TEXT[:34])])
def test_text_read_in_another_encoding_is_read_back(text: str, encoding: str) -> None:
    found = mended(misread(text, encoding))
    assert found is not None
    assert (found.text, found.lost) == (text, 0)


def test_text_read_wrongly_twice_is_read_back() -> None:
    found = mended(misread(misread(TEXT, "cp1252"), "cp1252"))
    assert found is not None
    assert found.text == TEXT


@pytest.mark.parametrize("text", ["Giá lúa tăng", "Ế ẩm", "Tết Ất Tỵ 2025", "ĐÃ ĐẾN LÚC “ĐỔI MỚI”"])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_title_read_wrongly_twice_shows_no_word_before_it_is_read_back_twice(text: str, encoding: str) -> None:
    found = mended(misread(misread(text, encoding), encoding))
    assert found is not None
    assert found.text == text


def test_text_whose_marks_stand_apart_is_read_back() -> None:
    apart = unicodedata.normalize("NFD", TEXT)
    found = mended(misread(apart, "cp1252"))
    assert found is not None
    assert found.text == apart


def test_no_break_space_in_a_letter_may_have_become_a_space() -> None:
    found = mended(misread("Hà Nội và Đà Lạt là nơi đáng ở", "latin-1").replace("\xa0", " "))
    assert found is not None
    assert (" ".join(found.text.split()), found.lost) == ("Hà Nội và Đà Lạt là nơi đáng ở", 0)


def test_letters_that_were_replaced_are_counted() -> None:
    found = mended("miền Tây phấn khởi, TP.HCM đề xuất".encode().decode("cp1252", "replace"))
    assert found is not None
    assert (found.text, found.lost) == ("miá»\ufffdn Tây phấn khởi, TP.HCM đá»\ufffd xuất", 2)


def test_letters_written_as_entities_after_they_were_misread() -> None:
    encoded = misread("<p>Nông dân phấn khởi</p>", "latin-1").encode("ascii", "xmlcharrefreplace").decode()
    reading = read_article(read_record({"title": "Giá lúa", "content": encoded}))
    assert (reading.article.body, reading.is_mended) == ("Nông dân phấn khởi", True)


def test_lines_are_mended_that_need_it_and_lost_letters_are_counted() -> None:
    found = mended("NÃ´ng dÃ¢n phấn khởi\nNÃ´ng dÃ¢n miá»n TÃ¢y phấn khởi\nGiá lúa tăng")
    assert found is not None
    assert found.text == "Nông dân phấn khởi\nNông dân miá»n Tây phấn khởi\nGiá lúa tăng"
    assert (found.lost, found.encoding) == (1, "Windows-1252")
    assert "1 letter was lost before" in found.remark


@pytest.mark.parametrize(
    "text",
    [
        "LÀNG QUÊ” của ông, “ĐÃ” và CÂ… là chữ hoa trước dấu; 50 Ã²; HỒ GƯƠM° Ý – Ê’ÊÊ»",
        "Chữ bị lỗi như Viá»‡t Nam là do sai bảng mã, hãy mở lại tệp bằng đúng bảng mã rồi lưu ở dạng khác.",
        "Voilà où l'été a été; né à l'étranger, il a dû fêter Noël. São Paulo não é Ã, três irmãos são bons.",
        "CÃ VÃ MÃ", "», «á», º, 5ºC", "Ä Ö Ü", TEXT, TEXT.upper(), unicodedata.normalize("NFD", TEXT),
    ],
)  # fmt: skip
def test_text_that_is_right_stays(text: str) -> None:
    assert mended(text) is None


@given(
    st.lists(st.sampled_from([*TEXT.split(), *TEXT.upper().split(), "“ĐÃ”", "QUÊ”", "BÀ…", "CÂ»", "Ã"])).map(" ".join)
)
def test_no_order_of_right_words_is_changed(text: str) -> None:
    assert mended(text) is None


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    found = mended(text)
    assert found is None or found.text != text


def test_real_texts_are_never_changed_and_come_back_from_every_encoding(shared_data: Path) -> None:
    lines = (shared_data / "tuoitre-1k.jsonl").read_text("utf-8").splitlines()
    texts = [part for line in lines for part in (json.loads(line)["title"], json.loads(line)["body"])]
    texts += [seed.read_text("utf-8") for seed in SEEDS.glob("*.txt")]
    assert not [text for text in texts if mended(text) is not None]
    for text in texts[:60]:
        for encoding in ("cp1252", "cp1258"):
            found = mended(misread(text, encoding))
            assert found is not None
            assert len(found.text) - len(text) < 0.001 * len(text) + 1


def test_articles_are_mended_and_said() -> None:
    title, body = misread("Giá lúa tăng", "cp1252"), misread(TEXT, "cp1252")
    reading = read_article(read_record({"title": title, "content": body, "author": misread("Lê Mẫu", "cp1252")}))
    assert (reading.article.title, reading.article.body, reading.article.author) == ("Giá lúa tăng", TEXT, "Lê Mẫu")
    assert reading.is_mended
    assert "read as Windows-1252" in reading.remarks[0]
    head = f"Tiêu đề: Giá lúa\nTác giả: Lê Mẫu\n\n{TEXT}"
    fields = document_fields(misread(head, "cp1258").encode(), FileKind(Format.TEXT))
    reading = read_article({**fields, "id": "a"})
    assert (reading.article.title, reading.article.author, reading.article.body) == ("Giá lúa", "Lê Mẫu", TEXT)
    fields["id"] = "a"
    assert read_article(fields).is_mended
    assert not read_article(read_record({"title": "Giá lúa", "body": TEXT})).is_mended
