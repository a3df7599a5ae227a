"""Markdown: the text without its markup, and the metadata of its front matter."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.errors import UnreadableFileError
from index.reading.formats.csv_table import named_fields
from index.reading.formats.plaintext import made_title

_FRONT_MATTER = re.compile(
    r"\s*^(?P<mark>---|\+\+\+)[ \t]*\n(?P<text>.*?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_LONGEST_FRONT_MATTER = 64 * 1024
_PLAIN = {"text", "code_inline", "image"}
_BLOCKS_OF_CODE = {"fence", "code_block"}


def markdown_fields(text: str) -> dict[str, Any]:
    """Return the fields of an article in Markdown: CommonMark with tables, front matter in YAML or TOML.

    If the front matter has no title, the first heading is the title. Raises UnreadableFileError for front matter that
    cannot be read.
    """
    about, text = _front_matter(text.replace("\r\n", "\n"))
    blocks = list(_blocks(MarkdownIt("commonmark").enable("table").parse(text)))
    heading = next((at for at, (tag, _) in enumerate(blocks) if tag == "heading"), None)
    title = about.get("title")
    if heading is not None and (title is None or blocks[heading][1] == title):
        title = blocks.pop(heading)[1]
    paragraphs = [paragraph for _, paragraph in blocks]
    fields = {
        "title": title or made_title(paragraphs),
        "body": "\n\n".join(paragraphs),
        "lead": next((paragraph for tag, paragraph in blocks if tag == "paragraph"), ""),
    }
    return {**fields, **about}


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the fields of the front matter and the text after it."""
    found = _FRONT_MATTER.match(text[:_LONGEST_FRONT_MATTER])
    if found is None:
        return {}, text
    try:
        if found["mark"] == "+++":
            values: Any = tomllib.loads(found["text"])
        else:
            values = yaml.load(found["text"], Loader=_PlainLoader)  # noqa: S506 - gives texts, lists and mappings only
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        where = " ".join(str(error).split())
        raise UnreadableFileError(f"has front matter that cannot be read: {where[:200]}") from None
    if not isinstance(values, Mapping):
        return {}, text  # a text between two horizontal rules
    plain = {str(name): _plain(value) for name, value in values.items()}
    fields = named_fields(plain)
    if "id" in fields:  # the id comes from the file's name, as for other documents
        fields["extra"] = {**fields.get("extra", {}), "id": fields.pop("id")}
    return fields, text[found.end() :]


class _PlainLoader(yaml.BaseLoader):
    """YAML in which every scalar is text as written, and aliases are refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias (*name); write the value out")
        return super().compose_node(parent, index)


def _plain(value: Any) -> Any:
    """Return TOML's dates as text, other values unchanged."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, str | int | float | bool | None) else value.isoformat()


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of each block; the kind is heading, paragraph, row (of a table) or code."""
    row: list[str] | None = None
    kind = "paragraph"
    for token in tokens:
        if token.type == "heading_open":
            kind = "heading"
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield "row", " | ".join(row)
            row = None
        elif token.type in _BLOCKS_OF_CODE and token.content.strip():
            yield "code", token.content.rstrip("\n")
        elif token.type == "inline":
            words = _words(token)
            if row is not None:
                row.append(words)
            elif words:
                yield kind, words
            kind = "paragraph"


def _words(inline: Token) -> str:
    parts = []
    for child in inline.children or ():
        if child.type in _PLAIN:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"} or (child.type == "html_inline" and _BREAK.match(child.content)):
            parts.append(" ")
    return " ".join("".join(parts).split())
