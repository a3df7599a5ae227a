"""Markdown: the text without its markup, and the metadata of its front matter."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.errors import LeftOutError, UnreadableFileError
from index.markup import markup_text
from index.reading.formats.plaintext import made_title
from index.records import read_cells

_FRONT_MATTER = re.compile(
    r"\s*^(?P<mark>---|\+\+\+)[ \t]*\n(?P<text>.*?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_BARE_FRONT_MATTER = re.compile(
    r"(?P<text>(?:[A-Za-z][\w-]*:(?:[ \t].*)?\n(?:[ \t]+.*\n|- .*\n)*){2,})(?P<mark>---)[ \t]*(?:\n|\Z)"
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_TEMPLATE = re.compile(r"\{\{[<%]\s*/?\s*(?P<name>[\w-]*)(?P<values>[^{}]*?)/?\s*[>%]\}\}|\{\{[^{}]*\}\}|\{%[^{}]*%\}")
_LOOP = re.compile(r"\{%-?\s*for\s+\w+\s+in\s+(?:site|paginator)\.|\{\{-?\s*range\b")
_SHOWN_VALUE = re.compile(r"""\b(?:title|caption)\s*=\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`)""")
_NOTE = re.compile(r"^ {0,3}\[\^[^\]\s]+\]:[ \t]*|\[\^[^\]\s]+\]", re.MULTILINE)
_HTML_HEADING = re.compile(r"\s*<h[1-6]\b", re.IGNORECASE)
_LISTS = {"archives", "archive", "search", "home", "list", "tags", "categories", "terms", "tagcloud"}
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_COLON_IN_VALUE = re.compile(r"^([\w-]+:)[ \t]+([^\s\"'\[{|>&*!].*:.*?)[ \t]*$", re.MULTILINE)
_TAB_AFTER_NAME = re.compile(r"^([\w-]+:)\t+", re.MULTILINE)
_ATTRIBUTES = re.compile(r"^ {0,3}\{:.*\}[ \t]*$")
_LONGEST_FRONT_MATTER = 64 * 1024
_PLAIN = {"text", "code_inline", "image"}
_BLOCKS_OF_CODE = {"fence", "code_block"}


def markdown_fields(text: str) -> dict[str, Any]:
    """Return the fields of an article in Markdown: CommonMark with tables, front matter in YAML, TOML or JSON.

    If the front matter has no title, the first heading is the title. Raises UnreadableFileError for front matter that
    cannot be read, LeftOutError for a draft.
    """
    about, text = _front_matter(text.replace("\r\n", "\n"))
    if about and _LOOP.search(text):
        raise LeftOutError("is a list that its site makes of its articles", "list page")
    text = _without_templates(text, is_site=bool(about))
    parser = MarkdownIt("commonmark").enable("table")
    blocks = list(_blocks(parser.parse(text)))
    if isinstance(about.get("lead"), str):
        about["lead"] = " ".join(words for _, words in _blocks(parser.parse(about["lead"])))
    heading = next((at for at, (tag, _) in enumerate(blocks) if tag == "heading"), None)
    title = about.get("title")
    if heading is not None and (title is None or blocks[heading][1] == title):
        title = blocks.pop(heading)[1]
    paragraphs = [paragraph for _, paragraph in blocks]
    if not paragraphs and (about.get("extra") or {}).get("layout") in _LISTS:
        raise LeftOutError("is a list of articles by its layout", "list page")
    fields = {
        "title": title or made_title(paragraphs),
        "body": "\n\n".join(paragraphs),
        "lead": next((paragraph for tag, paragraph in blocks if tag == "paragraph"), ""),
    }
    return {**fields, **about}


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the fields of the front matter and the text after it."""
    head = text[:_LONGEST_FRONT_MATTER]
    found = _FRONT_MATTER.match(head) or _BARE_FRONT_MATTER.match(head)
    is_json = found is None and head.lstrip().startswith("{\n")
    if not is_json and (
        found is None or (not head.lstrip().startswith(found["mark"]) and "title:" not in found["text"])
    ):
        return {}, text
    values: Any
    try:
        if found is None:
            start = len(text) - len(text.lstrip())
            values, end = json.JSONDecoder(strict=False).raw_decode(text, start)
        elif found["mark"] == "+++":
            values, end = tomllib.loads(found["text"]), found.end()
        else:
            values, end = _yaml(found["text"]), found.end()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if is_json:  # text that begins with a brace
            return {}, text
        where = " ".join(str(error).split())
        raise UnreadableFileError(f"has front matter that cannot be read: {where[:200]}") from None
    if not isinstance(values, Mapping):
        return {}, text  # a text between two horizontal rules
    text = text[end:]
    if _is_draft(values):
        raise LeftOutError("is a draft by its front matter", "draft")
    plain = {str(name): _plain(value) for name, value in values.items()}
    plain |= plain.pop("taxonomies") if isinstance(plain.get("taxonomies"), Mapping) else {}
    plain = {name: value for name, value in plain.items() if name.lower() != "draft"}
    fields = read_cells({**plain, "body": text.strip() or "-"}.items())  # so that a summary is none
    fields.pop("body", None)
    if "id" in fields:  # the id comes from the file's name, as for other documents
        fields["extra"] = {**fields.get("extra", {}), "id": fields.pop("id")}
    if not str(fields.get("url", "http")).startswith("http"):  # the place of the page in its site
        fields["extra"] = {**fields.get("extra", {}), "permalink": fields.pop("url")}
    return fields, text


def _yaml(text: str) -> Any:
    """Return the values of YAML; where it is none, those of its lines with a colon in a value (``title: a: b``)."""
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - gives texts, lists and mappings only
    except yaml.YAMLError:
        text = _TAB_AFTER_NAME.sub(r"\1 ", text)
        quoted = _COLON_IN_VALUE.sub(lambda line: f"{line[1]} {json.dumps(line[2], ensure_ascii=False)}", text)
        return yaml.load(quoted, Loader=_PlainLoader)  # noqa: S506 - as above


def _is_draft(values: Mapping[str, Any]) -> bool:
    plain = {str(name).lower(): str(value).strip().lower() for name, value in values.items()}
    return plain.get("draft") in _TRUE or plain.get("published") in _FALSE or plain.get("status") in {"draft", "nháp"}


def _without_templates(text: str, *, is_site: bool) -> str:
    """Return Markdown without the marks of notes and, in a page of a site, what its generator fills in.

    Of a shortcode, the title and the caption stay; what stands in fenced code is not touched.
    """
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or (line.strip().startswith(fence) and not line.strip().strip(fence[0]))):
            fence = "" if fence else mark[1]
        elif not fence:
            line = _NOTE.sub("", line)
            line = _ATTRIBUTES.sub("", _TEMPLATE.sub(_shown, line)) if is_site and "{" in line else line
        lines.append(line)
    return "\n".join(lines)


def _shown(template: re.Match[str]) -> str:
    shown = [next(filter(None, value), "") for value in _SHOWN_VALUE.findall(template["values"] or "")]
    return "\n\n".join(filter(None, dict.fromkeys(shown)))


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
        elif token.type == "html_block":
            what = "heading" if _HTML_HEADING.match(token.content) else "paragraph"
            yield from (
                (what, words) for part in markup_text(token.content).split("\n\n") if (words := " ".join(part.split()))
            )
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
