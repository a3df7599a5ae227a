"""Decode UTF-8; recognise anything else and refuse it by name.

Vietnamese was written in several encodings before Unicode. Windows-1258, TCVN3 (the ABC fonts, ``.VnTime``) and VNI
(``VNI-Times``) are recognised by what their letters spell: a text is in the encoding in which its accented words are
Vietnamese syllables. Text in the two font encodings also occurs as valid UTF-8, copied letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from index.analysis.syllables import is_syllable
from index.errors import UnreadableFileError

_SIGNATURES = {
    b"%PDF-": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"{\\rtf": "an RTF document",
    b"\x1f\x8b": "compressed by gzip",
    b"\xfd7zXZ\x00": "compressed by xz",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
}
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_FOREIGN = (*_SIGNATURES, *(mark for mark, _ in _WIDE_MARKS))
_WIDE_HIGH_BYTES = bytes((0x00, 0x01, 0x03, 0x1E, 0x20))
_SAMPLE = 20_000
_MOSTLY = 0.8

_TCVN3 = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ", 0xB5: "àảãáạ", 0xBB: "ằẳẵắ", 0xC6: "ặầẩẫấậè", 0xCE: "ẻẽéẹềểễếệìỉ", 0xDC: "ĩíịò",
    0xE1: "ỏõóọồổỗốộ", 0xEA: "ờởỡớợù", 0xF1: "ủũúụừửữứựỳỷỹýỵ",
}  # fmt: skip
_FROM_TCVN3 = {start + at: letter for start, letters in _TCVN3.items() for at, letter in enumerate(letters)}
_FROM_VNI = str.maketrans(
    {
        "ø": "\u0300", "ù": "\u0301", "õ": "\u0303", "û": "\u0309", "ï": "\u0323",
        "â": "\u0302", "à": "\u0302\u0300", "á": "\u0302\u0301", "ã": "\u0302\u0303", "å": "\u0302\u0309",
        "ä": "\u0302\u0323", "ê": "\u0306", "è": "\u0306\u0300", "é": "\u0306\u0301", "ü": "\u0306\u0303",
        "ú": "\u0306\u0309", "ë": "\u0306\u0323", "ö": "ư", "ô": "ơ", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ",
    }
)  # fmt: skip
_WORD = re.compile("[A-Za-z\u00a1-\u00ff\u0100-\u01b0\u0300-\u0323\u1ea0-\u1ef9]+")
_LATIN_1 = re.compile("[\u00a1-\u00ff]")
_BEYOND = re.compile(
    "[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u0300-\u0323\u1ea0-\u1ef9]"
)
_FEWEST_LETTERS = 8
_FEWEST_WORDS = 5

_CONVERT_FONT = "convert it to Unicode, for instance with the converter of UniKey (Ctrl+Shift+F6)"


def decode(data: bytes) -> str:
    """Return ``data`` decoded as UTF-8. Raises UnreadableFileError, which names what it is instead."""
    refuse_foreign(data)
    if b"\0" in data:
        raise UnreadableFileError("is not text: it has NUL bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            _not_utf8(data[max(0, error.start - _SAMPLE // 2) :][:_SAMPLE], error.start)
        ) from None
    if font := legacy_font(text):
        raise UnreadableFileError(f"is written for {font} fonts; {_CONVERT_FONT}")
    return text


def refuse_foreign(start: bytes) -> None:
    """Raise UnreadableFileError if ``start``, the start of a file, is UTF-16, UTF-32 or a known format without text."""
    if not start.startswith(_FOREIGN) and b"\0" not in start:  # as almost always
        return
    for mark, name in _WIDE_MARKS:
        if start.startswith(mark):
            raise UnreadableFileError(f"is {name}; save it as UTF-8")
    for signature, name in _SIGNATURES.items():
        if start.startswith(signature):
            raise UnreadableFileError(f"is not text but {name}")
    if b"\0" in start and (wide := _wide_without_mark(start[:_SAMPLE])):
        raise UnreadableFileError(f"is {wide}; save it as UTF-8")


def legacy_font(text: str) -> str | None:
    """Return the font encoding that valid Unicode was copied from letter by letter; None for real text.

    Real Vietnamese has letters that these encodings lack, and words that are syllables as they stand.
    """
    sample = text[:_SAMPLE]
    if len(sample.encode("latin-1", "ignore")) < 0.95 * len(sample):
        return None  # a quick exit for most texts; the checks below agree
    letters = len(_LATIN_1.findall(sample))
    if letters < _FEWEST_LETTERS or len(_BEYOND.findall(sample)) * 4 > letters:
        return None
    words = _accented_words(sample)
    as_they_stand = sum(map(_is_syllable, words))
    for name, read in (("TCVN3 (ABC)", _from_tcvn3), ("VNI-Windows", _from_vni)):
        spelt = sum(not _is_syllable(word) and _is_syllable(read(word)) for word in words)
        if spelt >= _FEWEST_WORDS and spelt >= 2 * as_they_stand and spelt >= 0.6 * len(words):
            return name
    return None


def _wide_without_mark(sample: bytes) -> str | None:
    """Return the name of UTF-16 without a byte order mark, or None; one byte of each pair takes few values."""
    even, odd = sample[0::2], sample[1::2]
    for name, high, low in (("UTF-16 (little-endian)", odd, even), ("UTF-16 (big-endian)", even, odd)):
        common = len(high) - len(high.translate(None, _WIDE_HIGH_BYTES))
        if len(high) >= 4 and common >= 0.95 * len(high) and high.count(0) * 4 >= len(high) > low.count(0) * 4:
            return name
    return None


def _not_utf8(sample: bytes, position: int) -> str:
    """Return the reason to refuse bytes that are not UTF-8: what they probably are, and what to do."""
    readings: tuple[tuple[str, str, str, Callable[[str], str]], ...] = (
        ("Windows-1258", "convert it: iconv -f WINDOWS-1258 -t UTF-8", "cp1258", str),
        ("TCVN3 (ABC)", "convert it: iconv -f TCVN -t UTF-8", "latin-1", _from_tcvn3),
        ("VNI-Windows", _CONVERT_FONT, "latin-1", _from_vni),
    )
    best, share, do = "", _MOSTLY, ""
    for name, advice, encoding, read in readings:
        words = list(map(read, _accented_words(sample.decode(encoding, "replace"))))
        spelt = sum(map(_is_syllable, words)) / len(words) if len(words) > 1 else 0.0
        if spelt > share:
            best, share, do = name, spelt, advice
    text = sample.decode("utf-8", "replace")
    if len(_BEYOND.findall(text)) > 4 * text.count("\ufffd"):
        return f"has an invalid UTF-8 byte at {position}; correct it or save the file again as UTF-8"
    if best:
        return f"is not UTF-8 but {best} (byte {position}); {do}"
    return f"is not UTF-8 (byte {position}); convert it, for instance with: iconv -f WINDOWS-1258 -t UTF-8"


def _accented_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isascii()]


def _is_syllable(word: str) -> bool:
    """Tell whether a word is a Vietnamese syllable with consistent capitals."""
    word = unicodedata.normalize("NFC", word)
    return (word.islower() or word.isupper() or word.istitle()) and is_syllable(word.lower())


def _from_tcvn3(word: str) -> str:
    return word.translate(_FROM_TCVN3).lower()


def _from_vni(word: str) -> str:
    return unicodedata.normalize("NFC", word.lower().translate(_FROM_VNI))
