"""A PDF document that was cut off, as one that ends: its whole objects and a new table of them."""

from __future__ import annotations

import re

_OBJECT = re.compile(rb"(?:^|[\r\n ])(\d{1,10}) (\d{1,5}) obj\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_MOST_OBJECTS = 1_000_000


def repaired(data: bytes) -> bytes | None:
    """Return ``data`` with a table of its whole objects and a list of its pages; None if it has no page."""
    places: dict[int, int] = {}
    pages: list[int] = []
    end = 0
    for found in _OBJECT.finditer(data):
        close = data.find(b"endobj", found.end())
        if close < 0 or len(places) > _MOST_OBJECTS:
            break
        if found.start() < end:  # within the stream of the object before
            continue
        number, end = int(found[1]), close + len(b"endobj")
        places[number] = found.start(1)
        if _PAGE.search(data, found.end(), min(close, found.end() + 4096)):
            pages.append(number)
    if not pages:
        return None
    first = max(places) + 1
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    parts = [
        data[:end],
        b"\n%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n" % (first, first + 1),
        b"%d 0 obj\n<< /Type /Pages /Count %d /Kids [%s] >>\nendobj\n" % (first + 1, len(pages), kids),
    ]
    places[first] = end + 1
    places[first + 1] = end + len(parts[1])
    table = end + len(parts[1]) + len(parts[2])
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, at) for number, at in sorted(places.items()))
    trailer = b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (first + 2, first, table)
    return b"".join([*parts, b"xref\n", rows, trailer])
