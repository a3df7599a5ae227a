"""What is not UTF-8 is refused by its name; real UTF-8 never is."""

from __future__ import annotations

import json
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UnreadableFileError
from index.reading.formats.encodings import _FROM_TCVN3, _FROM_VNI, decode, legacy_font
from tests.conftest import SEEDS

TEXT = (
    "Cộng hòa xã hội chủ nghĩa Việt Nam. Nông dân đồng bằng sông Cửu Long phấn khởi vì giá lúa tăng mạnh trong tuần"
    " này, nhưng nhiều người vẫn lo ngại về thời tiết thất thường và chi phí vận chuyển ngày càng cao."
)
TO_TCVN3 = {ord(letter): chr(code) for code, letter in _FROM_TCVN3.items()}


def tcvn3(text: str) -> str:
    """As typed with an ABC font: capitals with accents have a font of their own."""
    return "".join(letter.translate(TO_TCVN3) if letter.islower() else letter for letter in text)


def vni(text: str) -> str:
    """As typed with a VNI font: a letter, then the sign for all its marks."""
    ligatures = {letter: chr(code) for code, letter in _FROM_VNI.items() if len(letter) == 1 and letter.isalpha()}
    signs = {marks: chr(code) for code, marks in _FROM_VNI.items() if marks not in ligatures}
    written = []
    for letter in text:
        lower = letter.lower()
        parts = unicodedata.normalize("NFD", lower)
        toned = {"\u031b"} & set(parts) and parts.replace("\u031b", "")
        if lower in ligatures:
            sign = ligatures[lower]
        elif toned and len(toned) > 1:
            sign = ligatures[unicodedata.normalize("NFC", parts[0] + "\u031b")] + signs[toned[1:]]
        elif len(parts) > 1 and lower not in "íì":
            marks = "".join(sorted(parts[1:], key=lambda mark: mark not in "\u0302\u0306"))
            sign = parts[0] + signs[marks] if marks in signs else lower
        else:
            sign = lower
        written.append(sign.upper() if letter.isupper() else sign)
    return "".join(written)


def test_what_the_helpers_write_is_known_to_be_right() -> None:
    assert tcvn3("Việt Nam, xã hội chủ nghĩa") == "ViÖt Nam, x· héi chñ nghÜa"
    assert vni("Việt Nam, xã hội chủ nghĩa") == "Vieät Nam, xaõ hoäi chuû nghóa"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (TEXT.encode("utf-16"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        ("\ufeff".encode("utf-16-be") + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-32"), "UTF-32"),
        (unicodedata.normalize("NFC", TEXT).encode("cp1258", "ignore"), "Windows-1258"),
        (tcvn3(TEXT).encode("latin-1", "ignore"), "TCVN3"),
        (vni(TEXT).encode("latin-1"), "VNI-Windows"),
        (tcvn3(TEXT).encode("utf-8"), "TCVN3"),
        (vni(TEXT).encode("utf-8"), "VNI-Windows"),
        (TEXT.encode() + b"\xff", "invalid UTF-8 byte"),
        (b"\0\x07\x93" * 50, "NUL"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04...", "office"),
        ("Le café où l'été".encode("latin-1"), "not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf8_are_named(data: bytes, name: str) -> None:
    with pytest.raises(UnreadableFileError, match=name):
        decode(data)


def decomposed_1258(text: str) -> bytes:
    """As Windows writes it: tones as signs of their own, other marks with their letters."""
    written = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tones = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
        base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        written.append(base + tones)
    return "".join(written).encode("cp1258", "ignore")


def test_windows_1258_is_named_with_the_way_to_convert_it() -> None:
    with pytest.raises(UnreadableFileError, match="iconv -f WINDOWS-1258"):
        decode(decomposed_1258(TEXT))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        unicodedata.normalize("NFD", TEXT),
        TEXT.upper(),
        "\ufeff" + TEXT,
        "Cà và dưa là món ăn có từ lâu. Bà ấy có ý chê, còn tôi thì không hề chê gì cả, là thế, và có thế thôi.",
        "Voilà où l'été a été; né à l'étranger, il a dû fêter Noël, créé près de la forêt, ça mène à côté du château.",
        "Über Äpfel, Öl und Straßen; Mädchen können schön grüßen, später größer, für Brücken über Flüsse, früh müde.",
        "El niño comió piñón y jamón; mañana será otro día, así que él está aquí, allá, más allá, también según dirá.",
        "Chữ trong tài liệu cũ: «ViÖt Nam, x· héi chñ nghÜa, céng hßa, ®éc lËp, h¹nh phóc» nay phải đổi sang Unicode.",
        "São Paulo, Brasília, não é, três irmãos são também bons, então há pão, coração, maçã, avô, avó, você, até já.",
        "",
        "plain words",
    ],
)
def test_real_text_is_taken(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


def test_real_articles_are_taken_and_recognised_in_every_other_encoding(shared_data: Path) -> None:
    lines = (shared_data / "tuoitre-1k.jsonl").read_bytes().splitlines()
    texts = [json.loads(line)["body"] for line in lines[:80]] + [
        seed.read_text("utf-8") for seed in SEEDS.glob("*.txt")
    ]
    assert all(decode(line) for line in lines)
    others = {"TCVN3 (ABC)": tcvn3, "VNI-Windows": vni}
    for text in texts:
        clean = unicodedata.normalize("NFC", text)
        assert legacy_font(text) is None
        if len(clean) > 500:
            for name, write in others.items():
                assert legacy_font(write(clean)) == name
            with pytest.raises(UnreadableFileError, match="Windows-1258"):
                decode(decomposed_1258(clean))


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    with suppress(UnreadableFileError):
        assert isinstance(decode(data), str)
