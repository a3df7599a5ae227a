"""Word documents and books: zip files with XML in them, read within limits and without what their XML refers to.

A library for each would know many more kinds of content than text: a few lines over zipfile and lxml are enough, and
leave nothing out that the libraries skip (text that was inserted with changes tracked, text boxes).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from lxml import etree

from index.errors import UnreadableFileError

LARGEST_PART = 64 << 20
"""Bytes of one unpacked part; a book of a thousand pages has three."""
LARGEST_PACKAGE = 256 << 20
"""Bytes of all parts that are read of one package."""


class Package:
    """The parts of a zip file. Raises UnreadableFileError if it is none."""

    def __init__(self, data: bytes, what: str) -> None:
        self._what = what
        self._left = LARGEST_PACKAGE
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise UnreadableFileError(f"is damaged or cut short, or no {what}: {error}") from None
        self.names = frozenset(self._zip.namelist())

    def part(self, name: str) -> bytes:
        """Return the bytes of a part. Raises UnreadableFileError if it is missing, damaged or too large."""
        try:
            with self._zip.open(name) as stream:
                found = stream.read(min(LARGEST_PART, self._left) + 1)
        except KeyError:
            raise UnreadableFileError(f"is no whole {self._what}: it lacks its part {name[:100]}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise UnreadableFileError(f"has a part that is damaged, {name[:100]}: {error}") from None
        self._left -= len(found)
        if len(found) > LARGEST_PART or self._left < 0:
            raise UnreadableFileError("unpacks to more than a document has; it was not read")
        return found

    def xml(self, name: str) -> Any:
        """Return the root element of an XML part, without external entities. Raises as ``part``."""
        try:
            return parsed_xml(self.part(name))
        except etree.XMLSyntaxError as error:
            raise UnreadableFileError(f"has a part that is not XML, {name[:100]}: {error}") from None


def parsed_xml(data: bytes) -> Any:
    """Return the root element of XML; nothing it refers to is loaded. Raises XMLSyntaxError."""
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def texts_named(root: Any, name: str) -> list[str]:
    """Return the texts of the elements below ``root`` with a name, whatever their namespace."""
    found = (" ".join("".join(one.itertext()).split()) for one in root.iter(f"{{*}}{name}"))
    return [text for text in found if text]
