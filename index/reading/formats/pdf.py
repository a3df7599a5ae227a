"""PDF documents: the text of their pages as paragraphs, a few pages at a time.

A page is read within the limits of the parser process, so a broken or hostile one is lost alone, and a document of a
thousand pages needs no more memory than one of ten.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from index.errors import UnreadableFileError
from index.reading.formats.page_dates import read_date
from index.reading.formats.page_fields import writers
from index.reading.formats.parser_process import parsed_apart
from index.reading.formats.pdf_repair import repaired
from index.reading.formats.plaintext import made_title

MOST_PAGES = 10_000
_AT_A_TIME = 25
_MOST_LOST = 5
_NO_TITLE = re.compile(
    r"^(?:microsoft word\s*-.*|untitled.*|\(anonymous\)|document\d*|.*\.(?:docx?|pdf|indd|qxd|html?)|\W*)$",
    re.IGNORECASE,
)
_NO_LETTERS = re.compile(r"\(cid:\d+\)|[\x00-\x08\ufffd\ue000-\uf8ff]")
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"^(?:trang|page)?\W*\d{1,4}\W*(?:(?:/|of)\W*\d{1,4}\W*)?$", re.IGNORECASE)
_END = re.compile(r"[.!?…:;][\"'”’)\]]*$")
_BULLET = re.compile(r"^(?:[-–—•▪◦*+]|\d{1,3}[.)]|[a-zđ]\))\s")
_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(?:(Z)|([+-]\d{2})'?(\d{2})?)?")
_TITLE_SIZE = 1.2
_OTHER_SIZE = 1.15
_LEAST_WIDTH = 0.01
_MARGIN_LINES = 2
_LONGEST_MARGIN = 70


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its text, the size of its letters in points, and whether a paragraph begins with it."""

    text: str
    size: float
    begins: bool


Page = list[Line]


def pdf_fields(data: bytes) -> dict[str, Any]:
    """Return the fields of the article in a PDF document. ``lost`` names the pages that could not be read.

    Raises UnreadableFileError if it is locked, scanned, or broken as a whole.
    """
    start = data[:1024].find(b"%PDF-")
    if start < 0:
        raise UnreadableFileError("is no PDF document")
    data = data[start:]
    pages: list[Page] = []
    lost: list[str] = []
    if b"%%EOF" not in data[-2048:] and (whole := parsed_apart(repaired, data)):
        data = whole
        lost.append("its end: the file is cut off")
    with tempfile.NamedTemporaryFile(prefix="timtin-", suffix=".pdf") as file:
        file.write(data)
        file.flush()
        about, count = parsed_apart(describe_pdf, file.name)
        for number, found in _read_pages(file.name, count):
            if isinstance(found, list):
                pages.append(found)
            else:
                lost.append(f"page {number + 1}: {found}")
            if len(lost) >= _MOST_LOST:
                lost.append(f"pages from {number + 2} on")
                break
    lines = _without_margins(pages)
    text = " ".join(line.text for page in lines for line in page)
    if not text.strip():
        raise UnreadableFileError(f"has no text that can be read ({lost[0]})" if lost else _SCANNED)
    if len(_NO_LETTERS.findall(text)) * 10 > len(text.split()):
        raise UnreadableFileError("has fonts that do not say which letters they show; recognize its text (OCR) first")
    paragraphs = _paragraphs(lines)
    title = _title(about.pop("title", ""), lines)
    texts = [one for one in paragraphs if one != title]
    return {
        **about,
        "title": title or made_title(texts),
        "body": "\n\n".join(texts),
        "lead": next((one for one in texts if len(one) > 80), texts[0] if texts else ""),
        **({"lost": lost} if lost else {}),
    }


_SCANNED = "is a PDF of pictures (scanned): it has no text; recognize its text (OCR) first"


def _read_pages(path: str, count: int) -> Iterator[tuple[int, Page | UnreadableFileError]]:
    """Yield each page and its number; a page that cannot be read as its error."""
    for first in range(0, count, _AT_A_TIME):
        numbers = list(range(first, min(first + _AT_A_TIME, count)))
        try:
            yield from zip(numbers, parsed_apart(read_pages, path, numbers), strict=True)
            continue
        except (UnreadableFileError, ValueError):
            pass
        for number in numbers:
            try:
                yield number, parsed_apart(read_pages, path, [number])[0]
            except (UnreadableFileError, IndexError) as error:
                yield number, UnreadableFileError(str(error))


def describe_pdf(path: str) -> tuple[dict[str, Any], int]:
    """Return what a PDF says of itself, and the number of its pages. Raises UnreadableFileError. For the process."""
    from pdfminer.psexceptions import PSException

    try:
        document, pages = _opened(path)
        info: dict[str, Any] = {}
        for entry in reversed(document.info):
            info.update(entry)
    except UnreadableFileError:
        raise
    except (PSException, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise UnreadableFileError(f"is damaged or cut short: {type(error).__name__}") from None
    if not pages:
        raise UnreadableFileError("is damaged or cut short: it has no pages")
    author = "; ".join(writers(_value(info.get("Author"))))
    found = {"title": _value(info.get("Title")), "author": author, "published": _date(_value(info.get("CreationDate")))}
    return {name: value for name, value in found.items() if value}, len(pages)


def read_pages(path: str, numbers: Sequence[int]) -> list[Page]:
    """Return pages by their numbers, from 0. Raises UnreadableFileError. For the process."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager

    pages: list[Page] = []
    try:
        manager = PDFResourceManager()
        device = _with_accents(PDFPageAggregator)(manager, laparams=LAParams(all_texts=False))
        interpreter = PDFPageInterpreter(manager, device)
        _, all_pages = _opened(path)
        for number in numbers:
            interpreter.process_page(all_pages[number])
            pages.append(_lines(device.get_result()))
    except (UnreadableFileError, MemoryError):
        raise
    except Exception as error:  # a page may break the parser in any way
        raise UnreadableFileError(f"is damaged: {type(error).__name__}") from error
    return pages


@lru_cache(maxsize=1)
def _with_accents(device: Any) -> Any:
    """Return a class of ``device`` that keeps accents with the letters they stand on, where they have no width."""

    class Device(device):  # type: ignore[misc]
        def render_char(self, *arguments: Any) -> float:
            advance: float = super().render_char(*arguments)
            char = self.cur_item._objs[-1]
            if char.width <= 0:
                char.set_bbox((char.x0, char.y0, char.x0 + _LEAST_WIDTH, char.y1))
            return advance

    return Device


@lru_cache(maxsize=1)
def _opened(path: str) -> tuple[Any, list[Any]]:
    """Return a document and its pages; kept from one call to the next."""
    from pdfminer.pdfpage import PDFPage

    document = _document(open(path, "rb"))  # noqa: PTH123, SIM115 - read as long as the document is
    return document, list(islice(PDFPage.create_pages(document), MOST_PAGES))


def _document(stream: Any) -> Any:
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect, PDFTextExtractionNotAllowed
    from pdfminer.pdfparser import PDFParser

    try:
        return PDFDocument(PDFParser(stream), caching=False)
    except (PDFPasswordIncorrect, PDFEncryptionError, PDFTextExtractionNotAllowed):
        raise UnreadableFileError("is a PDF with a password; save it without one") from None


def _lines(layout: Any) -> Page:
    """Return the lines of a page, in the order of its boxes of text."""
    from pdfminer.layout import LTChar, LTTextBox

    lines: Page = []
    for box in layout:
        if not isinstance(box, LTTextBox):
            continue
        before: Any = None
        size_before = 0.0
        for line in box:
            text = unicodedata.normalize("NFC", " ".join(line.get_text().split()))
            if not text:
                continue
            sizes = sorted(char.size for char in line if isinstance(char, LTChar))
            size = sizes[len(sizes) // 2] if sizes else 0.0  # the first letter may be a large one
            short = before is not None and before.x1 < box.x1 - 0.08 * box.width
            indented = before is not None and line.x0 > box.x0 + size and before.x0 <= box.x0 + size
            apart = before is not None and before.y0 - line.y1 > 0.8 * size
            ended = before is not None and bool(_END.search(before.get_text().strip()))
            is_other = before is not None and not 1 / _OTHER_SIZE < size / max(size_before, 0.1) < _OTHER_SIZE
            begins = before is None or is_other or apart or (ended and (short or indented)) or bool(_BULLET.match(text))
            lines.append(Line(text, round(size, 1), begins))
            before, size_before = line, size
    return lines


def _without_margins(pages: list[Page]) -> list[Page]:
    """Return the pages without numbers of pages, and without the lines at their ends that most pages have."""
    ends = Counter(
        _NUMBER.sub("#", line.text)
        for page in pages
        for line in {*page[:_MARGIN_LINES], *page[-_MARGIN_LINES:]}
        if len(line.text) <= _LONGEST_MARGIN
    )
    common = {text for text, count in ends.items() if count > 2 and count > 0.5 * len(pages)}
    kept: list[Page] = []
    for page in pages:
        inner = range(_MARGIN_LINES, len(page) - _MARGIN_LINES)
        rest = [
            line
            for at, line in enumerate(page)
            if at in inner or not (_NUMBER.sub("#", line.text) in common or _PAGE_NUMBER.match(line.text))
        ]
        kept.append(rest or page)  # a page of such lines only
    return kept


def _paragraphs(pages: list[Page]) -> list[str]:
    """Return the paragraphs; one that goes on at the top of the next page is one."""
    paragraphs: list[str] = []
    for page in pages:
        for at, line in enumerate(page):
            goes_on = at == 0 and paragraphs and not _END.search(paragraphs[-1]) and line.text[0].islower()
            if paragraphs and (goes_on or not line.begins):
                paragraphs[-1] = _joined(paragraphs[-1], line.text)
            else:
                paragraphs.append(line.text)
    return paragraphs


def _joined(text: str, line: str) -> str:
    """Return a text and the line after it; a word that was divided between them is whole again.

    Vietnamese words are not divided, so a hyphen beside a letter with accents is one of the text.
    """
    last = text.rpartition(" ")[2]
    if text.endswith("\xad"):
        return text[:-1] + line
    if len(last) > 1 and last[-1] == "-" and last[-2].isalpha() and line[0].isalpha():
        is_divided = last.isascii() and line[0].islower() and line.partition(" ")[0].isascii()
        return (text[:-1] if is_divided else text) + line
    return f"{text} {line}"


def _title(stated: str, pages: list[Page]) -> str:
    """Return the title that the document states if that is one, else its largest lines on the first page."""
    first = next((page for page in pages if page), [])
    shown = " ".join(line.text for line in first)
    stated = "" if _NO_TITLE.match(stated) else stated
    if stated and stated.casefold() in shown.casefold():
        return stated
    sizes = [line.size for line in first]
    if sizes and max(sizes) > _TITLE_SIZE * statistics.median(sizes):
        largest = [at for at, line in enumerate(first) if line.size >= 0.95 * max(sizes)]
        run = [at for number, at in enumerate(largest) if at == largest[0] + number]
        return " ".join(first[at].text for at in run[:4])
    return stated


def _value(value: Any) -> str:
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    value = resolve1(value)
    try:
        text = decode_text(value) if isinstance(value, bytes) else value if isinstance(value, str) else ""
    except ValueError:
        return ""
    return unicodedata.normalize("NFC", " ".join(text.replace("\0", "").split()))[:1000]


def _date(text: str) -> str | None:
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, utc, hours, minutes = found.groups()
    clock = f"T{hour}:{minute}:{second or '00'}" if hour else ""
    zone = "Z" if utc else f"{hours}:{minutes or '00'}" if hours else ""
    return read_date(f"{year}-{month}-{day}{clock}{zone if clock else ''}")
