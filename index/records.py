"""Records, the objects and rows that programs write for articles: their names and values to the fields of an article.

JSON, CSV, HTTP bodies and front matter are all read here. What a record says of a field under several names, the name
that counts most says (``field_names``); what no field can use stays in ``extra``, and is named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from index import json_ld
from index.article import LABELS, LONGEST_LABEL, LONGEST_TITLE, Article, usable_id
from index.dates import published_or_none
from index.field_names import (
    BODIES_IF_ALONE,
    IN_A_WRAPPER,
    KEYWORD_RANK,
    WRAPPERS,
    Standing,
    is_of_utc,
    renamed,
    standing_of,
)
from index.field_values import NO_LABELS, READERS, cell_value, keywords_value, label_value, unpacked
from index.record_dates import Candidate, dates_first, in_zone, is_no_date

FIELDS = tuple(name for name in Article.model_fields if name != "extra")

NO_NAMES: Mapping[str, str] = {}
_DEEPEST_WRAPPER = 3
_WEB = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[a-z]{2,10}(?:/|$)", re.IGNORECASE)
_OF_AN_ARTICLE = re.compile(r"/[^/]*(?:-[^/]*-|\d{4})[^/]*$")
"""How the addresses of articles end, and those of sites and sections do not."""
_NAMELESS = re.compile(r"|Unnamed: \d+|@\w+")
"""Names that programs make up for a column of numbers, and what is about the data and not of the article."""
_OWN_NAMES = frozenset((*FIELDS, "date", "content", "text", "description"))
"""Names under which an article must have valid values where reading is strict."""
_LONGEST_LANG = 20
_OPENS = ("[", "{", "(", "/")
_MAY_BE_NO_DATE = re.compile("0001|1970|1900|1899|9999")
_ODD_LABEL = re.compile(r"[&<|]|://|\A\s*\d")
_TEXTS = frozenset(("title", "body", "lead"))
_SUMMARIES = ("summary", "excerpt", "teaser", "lead")
_STATES = frozenset(("status", "poststatus", "draft", "isdraft", "ispublished", "published"))
_PUBLISHED = frozenset(("published", "ispublished"))
_DRAFTS = frozenset(("draft", "auto-draft", "nháp", "bản nháp"))
_NOT_PUBLIC = frozenset(("private", "trash", "inherit", "pending", "future"))
_BESIDE_RANK = 500
_BELOW_WRAPPERS = 400
_OF_THE_RECORD = (
    "name ten created created_at create_date created_date date_created create_time created_time time_created"
)
_WEAK = frozenset(map(standing_of, _OF_THE_RECORD.split()))
"""What may be the name and the date of a record, and not of the article that an object in it is."""
_NOT_PLAIN = frozenset(("extra", "@graph", "_embedded", "yoast_head_json"))
_PLAIN_ID = re.compile(r"[\w-]{1,100}")
_OTHER_TYPES = {"SocialMediaPosting", "DiscussionForumPosting", "CreativeWork"}
"""Types that are articles in what programs write of articles alone."""


class Record(dict[str, Any]):
    """The fields of an article, read from a record, and how.

    ``origins`` has the name that each field was read from, ``unread`` the names that no field was read from, ``doubts``
    what was left out of the fields and why. ``is_misread`` says that the text was read back from a wrong encoding,
    ``is_plain`` that a reader has read the markup of a document.
    ``left_out`` says what it is if it is no article to show, as a draft is none.
    """

    def __init__(self, fields: Mapping[str, Any] = NO_NAMES) -> None:
        super().__init__(fields)
        self.origins: Mapping[str, str] = {}
        self.unread: list[str] = []
        self.doubts: list[str] = []
        self.is_misread = False
        self.is_plain = False
        self.left_out: str | None = None


def read_record(data: Mapping[str, Any], names: Mapping[str, str] = NO_NAMES, *, strict: bool = False) -> Record:
    """Return the fields of an article in a JSON object; ``names`` says what names stand for that no table has.

    If ``strict``, a field under its own name keeps a value that cannot be read or is not valid, so that validation
    refuses it; under another name it is left out, as every such value is otherwise.
    """
    if not names and (plain := _plain(data, strict=strict)) is not None:
        return plain
    if isinstance(data.get("@graph"), list):
        data = _main_node(data["@graph"]) or data
    reader = _Reader(names, strict=strict)
    given = data.get("extra")
    if isinstance(given, Mapping):
        reader.extra.update(given)
    for name, value in data.items():
        if name in ("_embedded", "yoast_head_json") and isinstance(value, Mapping):
            reader.take_beside(name, value)
        elif name != "extra":
            reader.take(name, value)
        elif value is not None and not isinstance(value, Mapping):
            if strict:
                reader.record["extra"] = value
            else:
                reader.leave(name, value)
    return reader.finish()


def read_cells(pairs: Iterable[tuple[str, Any]], names: Mapping[str, str] = NO_NAMES) -> Record:
    """Return the fields of an article in named cells, whose values are texts; empty ones say nothing."""
    reader = _Reader(names, strict=False)
    for name, value in pairs:
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        reader.heed_state(name, value)
        standing = renamed(name, names) if names else standing_of(name)
        if standing is None:
            reader.leave(name, value)
        else:
            read = cell_value(value, standing.field) if isinstance(value, str) else value
            reader.propose(standing, name, read)
    return reader.finish()


_ODD: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_TEXTS, lambda value: "\\" in value),
    **dict.fromkeys(LABELS, lambda value: _ODD_LABEL.search(value) or value.strip() in NO_LABELS),
    "published": _MAY_BE_NO_DATE.search,
    "url": lambda value: not _WEB.match(value),
    "lang": lambda value: len(value) > len("vi"),
}
"""What tells whether a text may not be what its field has, as it stands."""


def _plain(data: Mapping[str, Any], *, strict: bool) -> Record | None:
    """Return the record of an object that names each field once, with a text; None for any other.

    It is what ``_Reader`` makes of it, only sooner.
    """
    record = Record()
    origins: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for name, value in data.items():
        standing = standing_of(name)
        if standing is None:
            if name in _NOT_PLAIN or _squeezed(name) in _STATES or (name in WRAPPERS and isinstance(value, Mapping)):
                return None
            extra[name] = value
            if not _NAMELESS.fullmatch(name):
                record.unread.append(name)
            continue
        if value is None:
            continue
        field, rank = standing
        if type(value) is not str or field in record or rank >= KEYWORD_RANK or value[:1] in _OPENS:
            return None
        if (strict and name not in _OWN_NAMES) or (field in _ODD and _ODD[field](value)):
            return None
        if field == "published" and is_of_utc(name):
            return None
        if field in LABELS:
            value = " ".join(value.split())
        elif (field == "id" and _PLAIN_ID.fullmatch(value) is None) or (
            field == "title" and len(value) > LONGEST_TITLE
        ):
            return None
        if value and not value.isspace():
            record[field] = value
            origins[field] = name
    if "body" not in record:
        return None
    if extra:
        record["extra"] = extra
    record.origins = origins
    return record


class _Reader:
    def __init__(self, names: Mapping[str, str], *, strict: bool) -> None:
        self.record = Record()
        self.extra: dict[str, Any] = {}
        self._names = names
        self._strict = strict
        self._found: dict[str, list[Candidate]] = {}
        self._origins: dict[str, str] = {}
        self.record.origins = self._origins

    def heed_state(self, name: str, value: Any) -> None:
        """Note it if a value says that the article is not to be shown."""
        is_heeded = not self._strict and self._names.get(name) != "extra"
        if is_heeded and (squeezed := _squeezed(name)) in _STATES:
            self.record.left_out = self.record.left_out or _left_out(squeezed, value)

    def take(self, name: str, value: Any, path: str = "", depth: int = 0) -> None:
        """Take a named value: as a field, as an object with fields in it, or as something else to keep."""
        self.heed_state(name, value)
        standing = renamed(path + name, self._names) if self._names else standing_of(name)
        if isinstance(value, Mapping) and name in WRAPPERS and depth < _DEEPEST_WRAPPER and _wraps(name, value):
            kept, self.extra = self.extra, {}
            for inner, inside in value.items():
                self.take(inner, inside, f"{path}{name}.", depth + 1)
            inner_extra, self.extra = self.extra, kept
            if inner_extra:
                self.extra[name] = inner_extra
        elif standing is None:
            self.leave(name, value, path)
        else:
            rank = standing.rank + IN_A_WRAPPER * depth + (_BELOW_WRAPPERS if depth == 0 and standing in _WEAK else 0)
            self.propose(Standing(standing.field, rank), path + name, value)
            inner = value[0] if isinstance(value, list) and len(value) == 1 else value
            for key in _SUMMARIES if standing.field == "body" and isinstance(inner, Mapping) else ():
                if isinstance(inner.get(key), str):
                    self.propose(Standing("lead", _BESIDE_RANK), f"{path}{name}.{key}", inner[key])

    def take_beside(self, name: str, value: Mapping[str, Any]) -> None:
        """Take what WordPress says of the author, the categories and the site beside the article."""
        self.extra[name] = value
        groups: Any = value.get("wp:term")
        terms = [term for group in groups for term in group] if _is_list_of_lists(groups) else []
        found = {
            "author": value.get("author"),
            "source": value.get("og_site_name"),
            "category": [part for part in terms if isinstance(part, Mapping) and part.get("taxonomy") == "category"],
        }
        for field, part in found.items():
            self.propose(Standing(field, _BESIDE_RANK + (name != "_embedded")), f"{name}.{field}", part)

    def propose(self, standing: Standing, name: str, value: Any) -> None:
        """Note that a value may be that of a field, unless it is empty."""
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            return
        self._found.setdefault(standing.field, []).append((standing.rank, name != standing.field, name, value))

    def leave(self, name: str, value: Any, path: str = "") -> None:
        """Keep a value that stands for no field."""
        self.extra[name] = value
        if not _NAMELESS.fullmatch(name) and self._names.get(path + name) != "extra":
            self.record.unread.append(path + name)

    def finish(self) -> Record:
        """Return the record of all that was taken."""
        record = self.record
        for field in FIELDS:
            candidates = self._found.get(field)
            if candidates is not None:
                if len(candidates) > 1:
                    candidates = sorted(candidates, key=lambda candidate: candidate[:2])
                    if field == "published":
                        candidates = dates_first(candidates, strict=self._strict)
                self._choose(field, candidates)
        if not record.get("body") and (record.get("title") or not self._strict) and "lead" in record:
            origin = self._origins["lead"].rpartition(".")[2]
            if any(standing_of(name) == standing_of(origin) for name in BODIES_IF_ALONE):
                record["body"] = record.pop("lead")
                self._origins["body"] = self._origins.pop("lead")
        if not self._strict:
            self._mend()
        if self.extra:
            record.setdefault("extra", self.extra)
        return record

    def _choose(self, field: str, candidates: list[Candidate]) -> None:
        """Read the field from the first candidate that can be read; keep the others."""
        record = self.record
        refused: Candidate | None = None
        for rank, other_name, name, value in candidates:
            if rank >= KEYWORD_RANK:
                self.extra[name] = value
                keywords = None if field in record else keywords_value(value)
                if keywords:
                    record[field], self._origins[field] = keywords, name
                continue
            if field in record:
                self.leave(name, value)
                continue
            is_exact = self._strict and not other_name
            if field in _TEXTS and isinstance(value, str) and not self._strict:
                value = unpacked(value)
            read = value if is_exact and _is_odd(field, value) else READERS[field](value)
            if field == "published" and read is not None:
                read = in_zone(name, read)
                if not self._strict and is_no_date(read):
                    read = None
            if read is None and is_exact:
                refused = rank, other_name, name, value  # unless another name has it: WordPress has numbers here
                continue
            if read is None or (isinstance(read, str) and not read.strip()):
                is_number = isinstance(value, int | float) and math.isfinite(value)
                if is_number or not isinstance(value, float):  # what JSON cannot write is not kept
                    self.extra[name] = value
                record.unread.append(name)
            elif self._strict and name not in _OWN_NAMES and not _fits(field, value, read):
                self.leave(name, value)
            else:
                record[field], self._origins[field] = read, name
        if refused is not None:
            _, _, name, value = refused
            if field in record:
                self.leave(name, value)
            else:
                record[field], self._origins[field] = value, name

    def _mend(self) -> None:
        """Give the article a valid id, if its own is not; leave out a title that is none."""
        record = self.record
        id = record.get("id")
        if isinstance(id, str):
            id = id.strip()
            valid = (
                usable_id(_WEB.sub("", id, count=1).rstrip("/") if _WEB.match(id) else id) if id.isprintable() else id
            )
            if valid != id:
                record.doubts.append(f"id: {id[:80]!r} cannot be an id; the article gets {valid!r}")
            record["id"] = valid
        if isinstance(source := record.get("source"), str) and _WEB.match(source):
            if _OF_AN_ARTICLE.search(source):
                record.setdefault("url", source)
                self._origins.setdefault("url", self._origins["source"])
            record["source"] = _host(source)
        if isinstance(url := record.get("url"), str):
            url = url.strip()
            record["url"] = f"https://{url}" if _DOMAIN.match(url) else url
        title = record.get("title")
        if isinstance(title, str) and len(title) > LONGEST_TITLE:
            record.doubts.append(f"title: is longer than {LONGEST_TITLE:,} characters and is read as text")
            del record["title"]
            record["body"] = f"{title}\n\n{record['body']}" if record.get("body") else title


def _is_odd(field: str, value: Any) -> bool:
    """Tell whether a value is one that a strict reader refuses, though something could be made of it."""
    if field in {"title", "body", "lead", "lang"}:
        return not isinstance(value, str | list | Mapping)
    if isinstance(value, list) and field in {"author", "category"}:
        return not all(part == "" or label_value(field, part) for part in value)
    return False


def _fits(field: str, value: Any, read: Any) -> bool:
    """Tell whether what was read of a value is valid for a field."""
    if field == "published":
        return published_or_none(str(read)) is not None
    if field == "id":
        return bool(usable_id(read) == read)
    if field == "url":
        return _WEB.match(read) is not None
    if field == "lang":
        return len(read) <= _LONGEST_LANG
    return len(read) <= LONGEST_LABEL if field in LABELS else not isinstance(value, int | float)


def _wraps(name: str, value: Mapping[str, Any]) -> bool:
    """Tell whether an object has the fields of an article, and is not the value of one."""
    if name == "_source":
        return True
    fields = {standing.field for key in value if (standing := standing_of(key)) and standing.rank < KEYWORD_RANK}
    return "title" in fields or (standing_of(name) is None and bool(fields)) or len(fields) > 2


def _host(address: str) -> str:
    """Return the site of a web address."""
    return _WEB.sub("", address, count=1).partition("/")[0].partition("?")[0] or address


def _is_list_of_lists(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, list) for part in value)


@lru_cache(maxsize=4096)
def _squeezed(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")


def _left_out(name: str, value: Any) -> str | None:
    """Return what an article is if its state says that it is not to be shown."""
    state = value.strip().lower() if isinstance(value, str) else value
    is_state = name in ("status", "poststatus")
    if name in _PUBLISHED:
        is_none = state in (False, "false") and (isinstance(state, bool | str) or name != "published")
        return "draft" if is_none else None
    if not isinstance(state, str | bool | int):
        return None
    if state in _DRAFTS or (not is_state and state in (True, "true", "1")):
        return "draft"
    is_hidden = is_state and (state == "trash" or (name == "poststatus" and state in _NOT_PUBLIC))
    return "not public" if is_hidden else None


def _main_node(graph: list[Any]) -> dict[str, Any] | None:
    """Return the article of a JSON-LD graph, with what the nodes say that it refers to."""
    nodes: list[json_ld.Node] = [node for node in graph if isinstance(node, dict)]
    known = json_ld.by_id(nodes)
    found = next((node for node in nodes if json_ld.is_article(node) or json_ld.types_of(node) & _OTHER_TYPES), None)
    return None if found is None else {name: json_ld.referred(value, known) for name, value in found.items()}
