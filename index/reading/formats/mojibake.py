"""UTF-8 that was read as Windows-1252, Windows-1258 or Mac Roman on its way, and what it was: ``Viá»‡t`` is ``Việt``.

A line is mended if its words become Vietnamese syllables by that and are none as they stand; then every letter that can
be read back is. Letters that were lost on the way (``miá»n``) cannot be, and are counted. Text that is right has no
such words, so it is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from index.analysis.syllables import is_syllable

_FEWEST = 0.3
"""The least share of the words with letters beyond ASCII that a line mends by being read back."""
_MUCH = 3
"""How many times more words must be mended than are right as they stand, for those to be mended as well."""
_CLOSING = frozenset("”’»…–—\u00a0°²³™®ªº›•")
"""Signs that stand right after a word, though they may have been a part of a letter."""
_READ_BACK = re.compile("[\u0080-\u024f\u02c6\u02dc\u20ac\u0300-\u0323\u1ea0-\u1ef9\u2010-\u206f\u20ab\u2122]")
"""Letters of Latin scripts and signs; other letters come from right text: ``QUÊ”`` would be a glottal stop."""


def _bytes_of(encoding: str) -> dict[int, int]:
    """Return which byte each character beyond ASCII was; bytes without a character may be control characters."""
    found = {byte: byte for byte in range(0x80, 0xA0)}
    for byte in range(0x80, 0x100):
        with suppress(UnicodeDecodeError):
            found[ord(bytes([byte]).decode(encoding))] = byte
    return found


_ENCODINGS = {
    "Windows-1252": _bytes_of("cp1252"), "Windows-1258": _bytes_of("cp1258"), "Mac Roman": _bytes_of("mac_roman"),
}  # fmt: skip


def _run(lead: bytes, table: dict[int, int]) -> str:
    characters = "".join(chr(code) for code, byte in table.items() if byte in lead)
    return f"[{re.escape(characters)}]"


def _sequences(table: dict[int, int]) -> re.Pattern[str]:
    """Return what finds characters that were the bytes of one letter beyond ASCII in UTF-8."""
    two, three = _run(bytes(range(0xC2, 0xE0)), table), _run(bytes(range(0xE0, 0xF0)), table)
    rest = _run(bytes(range(0x80, 0xC0)), table)
    return re.compile(f"{three}{rest}{{2}}|{two}{rest}")


_SEQUENCES = {name: _sequences(table) for name, table in _ENCODINGS.items()}
_MAYBE = re.compile(
    "[\u00c2-\u00c6\u00cc\u00e1\u0102\u00e2][\u0080-\u00bf\u0152-\u0192\u2013-\u2122\u02c6\u02dc\u20ac\u20ab]"
    "|[\u221a\u0192\u2206]\\S|\u00b7[\u222b\u00aa]"
)
_LOST = re.compile(
    "\u00e1[\u00ba\u00bb](?=\\w|[\u0080-\u00bf\ufffd\\s]|$)|\u00c3[\u0080-\u00bf\ufffd]|\u00c4(?=[\\w\ufffd])|\u00c6\ufffd"
)
_MAYBE_TWICE = re.compile("\u00c3[\u0192\u201e\u2020\u00a1\u0083\u0084\u0086]\u00c2?|\u00c3\u00a2\u00e2")
_NO_BREAK_LOST = re.compile("\u00c3(?=[.,;:!?\u201d\"')\\]]*$)")
"""The first half of ``à``, the second of which, a no-break space, was taken for white space."""
_WORD = re.compile(r"[^\W\d_]+")
_PIECE = re.compile(r"[^ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Mended:
    """A text read back: the ``encoding`` it had been read in, and how many letters were ``lost`` before."""

    text: str
    encoding: str
    lost: int

    @property
    def remark(self) -> str:
        """What to say of it."""
        letters = "1 letter was" if self.lost == 1 else f"{self.lost} letters were"
        more = f"; {letters} lost before, take it from its source again" if self.lost else ""
        return f"was UTF-8 that had been read as {self.encoding}, and was read back{more}"


def mended(text: str) -> Mended | None:
    """Return what a text was before UTF-8 was read as another encoding; None for a text that is as it should be."""
    if text.isascii() or _has_no_sign(text) or not _MAYBE.search(text):
        return None
    first: str | None = None
    for _ in range(2):  # it may have happened twice
        best, name = _mended_once(text)
        if name is None:
            break
        text, first = best, first or name
    if first is None:
        text, first = _mended_twice(text)
    return None if first is None else Mended(text, first, len(_LOST.findall(text)))


def _mended_once(text: str) -> tuple[str, str | None]:
    """Return what the text was, and the encoding; the text and None if it is none of these."""
    best, name = text, None
    for encoding in _ENCODINGS:
        read = "\n".join(_mended_line(line, encoding) for line in text.split("\n"))
        if len(read) < len(best):  # each letter that is read back shortens the text
            best, name = read, encoding
        if name is not None and not _MAYBE.search(best):
            break
    return best, name


def _mended_twice(text: str) -> tuple[str, str | None]:
    """Return what a text was that shows no Vietnamese word before it is read back twice."""
    if not _MAYBE_TWICE.search(text):
        return text, None
    for encoding in _ENCODINGS:
        once = _PIECE.sub(lambda piece, encoding=encoding: _read_back(piece[0], encoding)[0], text)  # type: ignore[misc]
        read, name = _mended_once(once) if once != text else (text, None)
        if name is not None:
            return read, encoding
    return text, None


def _has_no_sign(text: str) -> bool:
    """Tell, fast, that a text has no first byte of a Vietnamese letter in UTF-8, read as another encoding."""
    return (
        "\u00c3" not in text
        and "\u00cc" not in text
        and "\u221a" not in text
        and "\u222b" not in text
        and "\u00aa" not in text
        and "\u0192" not in text
        and "\u00c4" not in text
        and "\u00c6" not in text
        and "\u0102" not in text
        and "\u00ba" not in text
        and "\u00bb" not in text
    )


def _mended_line(line: str, encoding: str) -> str:
    if line.isascii() or not _SEQUENCES[encoding].search(line):
        return line
    good = bad = other = 0
    for piece in _PIECE.findall(line):
        if not piece.isascii():
            read, is_right = _read_back(piece, encoding)
            if read == piece:
                other += 1
            elif is_right:
                bad += 1
            elif not read.isascii():
                good += _is_right(read)
    if good == 0 or good < bad or good < _FEWEST * (good + other):
        return line
    trusted = good >= _MUCH * bad

    def mended_piece(piece: re.Match[str]) -> str:
        read, is_right = _read_back(piece[0], encoding)
        return piece[0] if is_right and not trusted else read

    return _PIECE.sub(mended_piece, line)


@lru_cache(maxsize=1 << 15)
def _read_back(piece: str, encoding: str) -> tuple[str, bool]:
    """Return a piece of a line read back, and whether it is right as it stands."""
    pattern, table = _SEQUENCES[encoding], _ENCODINGS[encoding]
    given, piece = piece, _NO_BREAK_LOST.sub("\u00c3\u00a0", piece)
    is_broken = False

    def letter(found: re.Match[str]) -> str:
        nonlocal is_broken
        read = bytes(table[ord(character)] for character in found[0]).decode("utf-8", "replace")
        if not _READ_BACK.fullmatch(read):
            return found[0]
        follows = piece[found.end() : found.end() + 1]
        is_broken = is_broken or len(found[0]) > 2 or found[0][1] not in _CLOSING or follows.isalpha()
        return read

    read = pattern.sub(letter, piece)
    return read, not is_broken and _is_right(given)


@lru_cache(maxsize=1 << 15)
def _is_right(piece: str) -> bool:
    """Tell whether all words of a piece with letters beyond ASCII are Vietnamese syllables with consistent capitals."""
    words = [word for word in _WORD.findall(unicodedata.normalize("NFC", piece)) if not word.isascii()]
    return bool(words) and all(
        (word.islower() or word.isupper() or word.istitle()) and is_syllable(word.lower()) for word in words
    )
