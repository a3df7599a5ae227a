"""HTML in a field of an article, as content systems and crawlers export it: whether it is HTML, and its text.

A text is HTML if it has an element that timtin knows, with its start and its end tag (``<p>...</p>``), or a ``<br>``,
``<hr>`` or ``<img>``, and the tag does not stand alone as a word of a sentence does (``thẻ <strong> làm chữ đậm``).
Another text is encoded, and only its entities are read, if one is a number or no ASCII sign (``&#7885;``, ``&ocirc;``,
``&nbsp;``), or if all its ``&`` are those of entities and it has no ``<``: who writes ``&amp;`` beside a plain ``&``
writes about it. What comes out is judged again, as texts are escaped twice; what is escaped more often, or has more
tags and entities than an article can have, stays as it is. Any other text stays byte for byte.

Everything is one pass over the text by expressions that never go back, so no text is slow, however nested or broken.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

_PARAGRAPHS, HIDDEN, _VOID, _INLINE = (
    frozenset(names.split())
    for names in (
        "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer"
        " form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot th"
        " thead tr ul",
        "button head iframe noscript object script select style svg template",
        "br hr img",
        "a abbr acronym audio b bdi bdo big cite code col colgroup data del dfn em embed font i input ins kbd label"
        " link mark math meta meter nobr param picture progress q rp rt ruby s samp small source span strike strong"
        " sub sup textarea time track tt u var video wbr",
    )
)
LINES = _PARAGRAPHS | {"br"}
"""The elements that begin and end a line of text; of those in ``HIDDEN``, no text is shown."""
_KNOWN = _PARAGRAPHS | HIDDEN | _VOID | _INLINE

# Possessive, and quoted values hide the signs in them, so that each character is passed a few times at most.
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+(?:[:-][\w:.-]*+)?)"
    r"(?:(?:[\s/](?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)?+>|[\s/][^<>]*+>)"
)
_TOKEN = re.compile(rf"<!--|<!\[CDATA\[|\]\]>|<[!?][^<>]*+>|{_TAG.pattern}")
_COMMENT_END = re.compile("-->")
_HIDDEN_END = {name: re.compile(rf"</{name}\b[^<>]*+>", re.IGNORECASE) for name in HIDDEN}
_ENTITY = re.compile(r"&(?:#[0-9]{1,10}|#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_SPACE = re.compile(r"\s+")
_BEFORE_A_WORD = frozenset(" \"'“‘([`")
_AFTER_A_WORD = frozenset(" \"'”’)]`.,;:!?…\n")
_MOST_TAGS = 300_000
_MOST_ENTITIES = 2_000_000
_MOST_ROUNDS = 3


def text_if_markup(text: str) -> str:
    """Return the text of a ``text`` that is HTML or encoded, any other unchanged; applied twice is applied once."""
    if "<" not in text and "&" not in text:
        return text
    if text.count("<") > _MOST_TAGS or text.count("&") > _MOST_ENTITIES:
        return text
    read = text
    for _ in range(_MOST_ROUNDS + 1):
        before = read
        if "<" in read and _is_markup(read):
            read = markup_text(read)
        elif "&" in read and _is_encoded(read):
            read = _decoded(read)
        if read == before:
            return read
    return text


def markup_text(markup: str) -> str:
    """Return the text of a piece of HTML: paragraphs apart by blank lines, no scripts, styles or comments."""
    has_lines = any(_name(tag) in LINES for tag in _TAG.finditer(markup))
    markup = _SPACE.sub(lambda run: _source_space(run[0], has_lines), markup)
    parts: list[str] = []
    at, endless = 0, set[str]()
    while found := _TOKEN.search(markup, at):
        name = _name(found) if found["name"] else found[0][:4]
        parts += [_decoded(markup[at : found.start()]), _instead_of(found, name)]
        at = found.end()
        closing = _COMMENT_END if name == "<!--" else _HIDDEN_END.get(name)
        if closing is not None and not found["end"] and not found[0].endswith("/>") and name not in endless:
            end = closing.search(markup, at)
            if end is None:
                endless.add(name)
            else:
                at = end.end()
    parts.append(_decoded(markup[at:]))
    return _SPACE.sub(lambda run: _space(run[0]), "".join(parts)).strip()


def _is_markup(text: str) -> bool:
    started: dict[str, bool] = {}
    for tag in _TAG.finditer(text):
        name = _name(tag)
        if name not in _KNOWN:
            continue
        is_markup = not _is_word(text, tag)
        if name in _VOID or tag["end"]:
            if started.get(name) or (is_markup and (name in _VOID or name in started)):
                return True
        else:
            started[name] = started.get(name, False) or is_markup
    return False


def _is_word(text: str, tag: re.Match[str]) -> bool:
    """Tell whether a tag stands alone as a word of a sentence does."""
    before, after = text[tag.start() - 1 : tag.start()], text[tag.end() : tag.end() + 1]
    return before in _BEFORE_A_WORD and (not after or after in _AFTER_A_WORD)


def _is_encoded(text: str) -> bool:
    signs = 0
    for entity in _ENTITY.finditer(text):
        character = _character(entity)
        if not character.isascii() or entity[0][1] == "#" or entity[0] == "&nbsp;":
            return True
        signs += character != entity[0]
    return signs == text.count("&") and "<" not in text


def _decoded(text: str) -> str:
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    """Return what an entity stands for, a no-break space as a space; unknown ones stay."""
    name = entity[0]
    return (unescape(name) if name[1] == "#" else html5.get(name[1:], name)).replace("\xa0", " ")


def _name(tag: re.Match[str]) -> str:
    return tag["name"].lower()


def _instead_of(token: re.Match[str], name: str) -> str:
    if name in _PARAGRAPHS:
        return "\n\n"
    if name == "br":
        return "\n"
    is_text = token["name"] and name not in _KNOWN and ":" not in name and "-" not in name
    return _decoded(token[0]) if is_text else ""


def _source_space(run: str, has_lines: bool) -> str:
    """Return the white space for that of a source, in which a line break is one only if no tag makes lines."""
    return " " if has_lines and run.count("\n") < 2 else _space(run)


def _space(run: str) -> str:
    return "\n\n" if run.count("\n") > 1 else "\n" if "\n" in run else " "
