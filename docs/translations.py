"""Bring the catalogues of the pages' texts up to date, and compile them: ``make translations``.

Texts that are new are added without a translation and listed; those that nothing uses any more are dropped.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from search.query.notes import MESSAGES
from web.languages import ROOMS
from web.pages.docs_page import described_texts

WEB = Path(__file__).parent.parent / "web"
_METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.atom", "jinja2"), ("**.xml", "jinja2")]
_KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2)}
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_HEADER = "# The Vietnamese texts of the pages in web/{room}.\n#"

Message = str | tuple[str, ...]


def catalogue(room: str) -> Path:
    """Return where the catalogue of a room is."""
    return WEB / room / "translations" / "vi" / "LC_MESSAGES" / f"{room}.po"


def texts(room: str) -> dict[Message, None]:
    """Return the texts that the code and the templates of a room use; a tuple has singular and plural."""
    found: dict[Message, None] = {}
    for folder in [WEB / room, *([WEB] if room == ROOMS[0] else [])]:
        for name, _, message, _, _ in extract_from_dir(folder, _METHODS, keywords=_KEYWORDS):
            if folder != WEB or "/" not in name:  # the modules beside the rooms speak through the first one
                found[message] = None
    if room == ROOMS[0]:
        found |= dict.fromkeys(_made_elsewhere())
    return found


def read(room: str) -> Catalog:
    """Return the catalogue of a room, an empty one if it has none."""
    path = catalogue(room)
    return read_po(io.BytesIO(path.read_bytes()), locale="vi") if path.exists() else Catalog(locale="vi")


def updated(room: str) -> Catalog:
    """Return the catalogue of a room with just the texts that are used."""
    old = read(room)
    new = Catalog(locale="vi", header_comment=_HEADER.format(room=room), fuzzy=False)
    for message in texts(room):
        known = old.get(message[0] if isinstance(message, tuple) else message)
        new.add(
            message,
            known.string if known is not None and isinstance(known.id, str) is isinstance(message, str) else None,
        )
    return new


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue in the form that the service reads."""
    catalog.creation_date = catalog.revision_date = _ANY_DAY
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Return the texts that have no translation."""
    return [
        str(message.id) for message in catalog if message.id and not (message.string and all(_forms(message.string)))
    ]


def _forms(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def _made_elsewhere() -> Iterator[str]:
    """Yield texts that are translated by the pages and written in other rooms."""
    yield from MESSAGES.values()
    yield from described_texts()


def _written(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, width=120, sort_output=True, omit_header=False)
    lines = out.getvalue().decode("utf-8")
    kept = (
        r'^"(Project-Id-Version|Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated-By).*\n'
    )
    return re.sub(kept, "", lines, flags=re.MULTILINE).encode("utf-8")


def main() -> None:
    """Update and compile every catalogue; exit 1 if a text has no translation."""
    lacking = 0
    for room in ROOMS:
        catalog = updated(room)
        path = catalogue(room)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_written(catalog))
        path.with_suffix(".mo").write_bytes(compiled(read(room)))
        for text in untranslated(catalog):
            print(f"{room}: {text!r} has no translation")
            lacking += 1
    sys.exit(1 if lacking else 0)


if __name__ == "__main__":
    main()
