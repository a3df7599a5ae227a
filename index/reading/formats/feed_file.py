"""Saved feeds (RSS, Atom) and WordPress exports (.rss, .atom, .xml): an article an entry.

The file is cut at its entries as it is read, without parsing it, and some entries at a time are parsed in the parser
process. So a file of any size is read in little memory, and of a file that was cut off only the last entry is lost.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from index.batches import sized_batches
from index.errors import LeftOutError, TimtinError, UnreadableFileError
from index.reading.formats.encodings import decode, refuse_foreign
from index.reading.formats.feeds import read_feed
from index.reading.formats.parser_process import parsed_apart
from index.records import NO_NAMES, Record

_ROOT = re.compile(
    rb"(?:\s|\xef\xbb\xbf|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)*+<(?P<name>(?:[\w.-]+:)?\w+)",
    re.DOTALL,
)
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_MARK = re.compile(rb"<!\[CDATA\[|<!--|<(?P<end>/?)(?P<name>item|entry)(?=[\s>/])[^>]*>")
_ENDS = {b"<![CDATA[": b"]]>", b"<!--": b"-->"}
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML may have, and that text pasted from Word has all the same."""
_TAILS = {"rss": "</channel></rss>", "feed": "</feed>", "rdf": "</rdf:RDF>"}
_CHUNK = 256 * 1024
_LARGEST_HEAD = 4 << 20
_LARGEST_ENTRY = 32 << 20
_BATCH_BYTES = 1 << 20
_BATCH = 200


def feed_rows(stream: IO[bytes], _names: Mapping[str, str] = NO_NAMES) -> Iterator[tuple[int, Any]]:
    """Yield the number of each entry of a feed, from 1, and its fields; for one that cannot be read, its error.

    Raises LeftOutError for XML of another kind, UnreadableFileError if nothing can be read.
    """
    scan = _Scan(stream)
    head = scan.head()
    kind = _kind(head)
    read: Any = feed_entries
    if b"wordpress.org/export/" in head:
        from index.reading.formats.wordpress import wordpress_entries

        read = wordpress_entries
    number = 0
    entries = scan.entries()
    for batch in sized_batches(entries, _BATCH, lambda one: len(one) if isinstance(one, str) else 0, _BATCH_BYTES):
        texts = [text for text in batch if isinstance(text, str)]
        try:
            found: list[Any] = parsed_apart(read, scan.head_text, texts, _TAILS[kind]) if texts else []
        except UnreadableFileError:
            found = [_alone(read, scan.head_text, text, _TAILS[kind]) for text in texts]
        rows = iter(found)
        for entry in batch:
            number += 1
            yield number, _record(next(rows)) if isinstance(entry, str) else entry


def _record(fields: Any) -> Any:
    if isinstance(fields, TimtinError):
        return fields
    record = Record(fields)
    record.is_plain = True
    return record


def _alone(read: Any, head: str, text: str, tail: str) -> Any:
    try:
        return parsed_apart(read, head, [text], tail)[0]
    except TimtinError as error:
        return error


def feed_entries(head: str, texts: list[str], tail: str) -> list[Any]:
    """Return the fields of each entry, or its error; ``head`` and ``tail`` stand around all. For the process."""
    found: list[Any] = []
    for text in texts:  # alone, so that a broken one breaks no other
        try:
            entries = read_feed(f"{head}{text}{tail}", "")
        except TimtinError as error:
            found.append(UnreadableFileError(f"cannot be read: {error}"))
            continue
        entry = entries[0] if entries else None
        if entry is None or entry.broken or not (entry.title or entry.text or entry.summary):
            found.append(UnreadableFileError((entry and entry.broken) or "is an entry without a title or a text"))
            continue
        fields = {
            "title": entry.title,
            "body": entry.text or entry.summary,
            "lead": entry.summary,
            "published": entry.published,
            "url": entry.link if entry.link.startswith(("http://", "https://")) else None,
            "author": entry.author,
            "category": entry.category,
            "source": entry.source,
        }
        found.append({name: value for name, value in fields.items() if value})
    return found


def _kind(head: bytes) -> str:
    found = _ROOT.match(head)
    name = found["name"].decode("ascii", "replace").lower().rpartition(":")[2] if found else ""
    if name not in _TAILS:
        what = f"XML ({name[:40]})" if name else "no XML"
        raise LeftOutError(f"is {what}, and neither a feed (RSS, Atom) nor a WordPress export", ".xml")
    return name


class _Scan:
    """A feed being read: what stands before its first entry, then each entry."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._buffer = b""
        self._is_over = False
        self._codec = "utf-8"
        self.head_text = ""

    def head(self) -> bytes:
        """Return what stands before the first entry. Raises UnreadableFileError."""
        self._more()
        refuse_foreign(self._buffer[:_CHUNK])
        at = 0
        while True:
            mark, at = self._mark(at)
            if mark is None or not mark["end"]:
                break
        end = mark.start() if mark else len(self._buffer)
        head, self._buffer = self._buffer[:end], self._buffer[end:]
        if stated := _ENCODING.search(head[:1000]):
            try:
                self._codec = codecs.lookup(stated[1].decode("ascii")).name
            except LookupError:
                raise UnreadableFileError(f"states the encoding {stated[1].decode()!r}, which is not known") from None
        self.head_text = self._text(_ENCODING.sub(lambda found: found[0].replace(found[1], b"utf-8"), head))
        return head

    def entries(self) -> Iterator[str | UnreadableFileError]:
        """Yield the text of each entry; an error for one that is cut off, too large or not in its encoding."""
        while True:
            mark, at = self._mark(0)
            if mark is None:
                return
            if mark["end"]:
                self._buffer = self._buffer[at:]
                continue
            start, name = mark.start(), mark["name"]
            end: re.Match[bytes] | None = mark if mark[0].endswith(b"/>") else None
            while end is None:
                mark, at = self._mark(at)
                if mark is None or at - start > _LARGEST_ENTRY:
                    break
                if mark["name"] == name and mark["end"]:
                    end = mark
            if end is None:
                if self._is_over:
                    yield UnreadableFileError("is cut off: the file ends within this entry")
                    return
                raise UnreadableFileError(
                    f"has an entry larger than {_LARGEST_ENTRY >> 20} MB; no article is that long"
                )
            entry, self._buffer = self._buffer[start:at], self._buffer[at:]
            try:
                yield _NOT_XML.sub(" ", self._text(entry))
            except UnreadableFileError as error:
                yield error

    def _text(self, data: bytes) -> str:
        if self._codec != "utf-8":
            try:
                return data.decode(self._codec)
            except (UnicodeDecodeError, LookupError) as error:
                raise UnreadableFileError(f"is not in the encoding it states: {error}") from None
        return decode(data)

    def _mark(self, at: int) -> tuple[re.Match[bytes] | None, int]:
        """Return the next start or end of an entry from ``at`` and where it ends; None where there is none."""
        while True:
            mark = _MARK.search(self._buffer, at)
            if mark is None:
                if not self._more():
                    return None, at
                at = max(at, len(self._buffer) - _CHUNK - 4096, 0)
                continue
            if mark["name"]:
                return mark, mark.end()
            closing = _ENDS[mark[0]]
            start = mark.end()
            while (end := self._buffer.find(closing, start)) < 0:
                start = max(start, len(self._buffer) - len(closing))
                if not self._more():
                    return None, at
            at = end + len(closing)

    def _more(self) -> bool:
        if len(self._buffer) > _LARGEST_ENTRY + _LARGEST_HEAD:
            return False
        data = self._stream.read(_CHUNK)
        self._buffer += data
        self._is_over = not data
        return bool(data)
