"""The names that fields have in the files of others, in English and Vietnamese, and which field each stands for.

One table serves JSON, CSV, HTTP and front matter. Case, accents, spaces and punctuation do not matter, nor does a word
around the name that says nothing (``post_title``, ``Nội dung chi tiết``, ``og:description``). A dotted name is a path:
``source.name`` is the source, ``author.id`` is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from index.analysis.normalization import fold

NAMES: dict[str, str] = {
    "id": "id _id ma mabai mabaiviet article_id news_id post_id doc_id document_id content_id object_id record_id"
    " uuid guid nid database_id pk",
    "title": "title headline tieude tenbai tenbaiviet tenbaibao tentin tieudetin heading name ten subject tit tua tuade"
    " daude h1 title_detail",
    "body": "body content content_encoded article_body full_text text main_text contents body_html content_html"
    " content_text body_text plain_text noidung noidungbai noidungbaiviet noidungchinh noidungchitiet baiviet vanban"
    " toanvan chitiet detail details paragraphs article story full_content post news message html context raw_content"
    " raw_text document passage txt sections blocks paragraph thanbai noidungtin long_description full_description"
    " description_html content_string markdown content_markdown md selftext",
    "lead": "lead sapo standfirst deck dek teaser summary abstract excerpt description tomtat tomtatnoidung"
    " noidungtomtat mota motangan trichdan trichyeu loidan doandan gioithieu short_description short_content"
    " short_desc desc subtitle sub_title intro introduction snippet brief introtext lede dannhap chapeau"
    " init_content custom_excerpt subhead subheading lead_paragraph trail_text",
    "published": "published published_at publish_date published_date date_published date_publish publication_date"
    " publish_at published_time publish_time publication_time pub_date pubdate published_on date_pub posted_at"
    " posted_on posted post_date date_posted posted_date post_time issued ngaydang ngaydangbai ngaydangtin ngayxuatban"
    " thoigiandang thoigianxuatban ngaygiodang ngaygio thoidiemdang date datetime date_time ngay ngaythang"
    " published_ts ngayviet ngaydangtai thoigian giodang time timestamp created created_at create_date created_date"
    " date_created create_time created_time time_created time_create created_on ngaytao date_gmt"
    " publish iso_date ngayphathanh ngaycongbo ngaythangnam display_date distribution_date date_added"
    " date_of_publication dateline",
    "source": "source source_name publisher newspaper nguon nguontin nguonbao tennguon bao tenbao toasoan coquanbaochi"
    " site site_name website outlet provider source_domain domain hostname host publication trangbao trang kenh"
    " feed_title paper baodientu agency",
    "url": "url link href permalink canonical_url canonical article_url news_url post_url source_url page_url"
    " original_url web_url address uri loc duongdan duonglink lienket diachi main_entity_of_page"
    " source_link link_url origin_url share_url detail_url url_detail link_detail absolute_url external_url target_url"
    " current_url final_url response_url request_url requested_url crawl_url permalink_url",
    "author": "author authors byline author_name creator dc_creator writer writers by reporter journalist tacgia"
    " tentacgia nguoiviet phongvien butdanh tacgiabaiviet nhabao primary_author posted_by pen_name",
    "category": "category categories section article_section sections_name channel chuyenmuc tenchuyenmuc theloai"
    " danhmuc muc tenmuc linhvuc category_name cate cates cat topic topics chude zone genre loaitin nhomtin"
    " primary_category main_category subcategory",
    "lang": "lang language ngonngu in_language langcode locale",
}
"""The names of each field, the one that counts most first; as they are or with ``_`` between their words."""

KEYWORDS: dict[str, str] = {
    "category": "tags tag keywords keyword tukhoa nhan label labels news_keywords hashtags hashtag tag_item",
}
"""Names that stand for a field if no other does; what they name stays in ``extra`` as well."""

BODIES_IF_ALONE = (
    "description", "summary", "excerpt", "abstract", "desc", "tomtat", "mota", "noidungtomtat", "shortcontent",
    "snippet", "introtext",
)  # fmt: skip
"""Names of a lead that are the body of an article that has a title and no body: many feeds have the text there."""

_WRAPPERS = (
    "_source fields attributes article post news doc document data item node record entry metadata meta "
    "properties payload content source_data row sys"
)
WRAPPERS = frozenset(_WRAPPERS.split())
"""Names of objects that hold the fields of an article."""

_INNER = (
    "text name title html value label rendered content body primary main full_name display_name 0 #text _text "
    "$t @value $date $oid iso raw plain href display default date long"
)
INNER = frozenset(_INNER.split())
"""What the value itself is called in an object: ``source.name``, ``content.rendered``."""

_QUALIFYING = (
    "bai viet bao tin tuc chi tiet chinh goc day du cua article articles news post page item web meta og dc "
    "dcterms twitter schema raw text value content clean cleaned original full story entry main the str col "
    "field vi vn vietnamese html string processed normalized tokenized segmented"
    " t s ss txt dt"
)
_QUALIFIERS = frozenset(_QUALIFYING.split())
"""Words around a name that do not change what it stands for."""
_OF_A_DATE = frozenset(
    ("at", "on", "date", "time", "datetime", "timestamp", "utc", "gmt", "iso", "parsed", "first", "day", "ts", "local")
)
_OF_A_LABEL = frozenset(("name", "names", "list", "label", "labels", "display", "full", "ten"))
_QUALIFIERS_OF = {
    "published": _QUALIFIERS | _OF_A_DATE,
    "source": _QUALIFIERS | _OF_A_LABEL,
    "author": _QUALIFIERS | _OF_A_LABEL,
    "category": _QUALIFIERS | _OF_A_LABEL,
    "lang": _QUALIFIERS | {"code", "detected"},
}
_NAMES_OF_ANYTHING = frozenset(("name", "ten"))
_OF_NO_TITLE = frozenset(("full", "day", "du", "post"))
"""Words with which a name is that of a person or of an address: ``full_name``, ``post_name``."""
_DATED = {
    **dict.fromkeys(("publish", "publishing", "pub", "public", "post", "posting", "posted"), "posted_on"),
    **dict.fromkeys(("release", "released", "issue", "publication"), "issued"),
    **dict.fromkeys(("create", "created", "creation"), "created_on"),
}
"""Words that are a date with ``_OF_A_DATE`` beside them, and the name that they count as."""
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)\s*$")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_NAME = 100


class Standing(NamedTuple):
    """Which ``field`` a name stands for, and its ``rank`` among the names of that field, 0 first."""

    field: str
    rank: int


def _squeezed(name: str) -> str:
    return "".join(letter for letter in fold(name).lower() if letter.isalnum())


_TABLE: dict[str, Standing] = {}
for _field, _names in NAMES.items():
    for _rank, _name in enumerate(_names.split()):
        _TABLE.setdefault(_squeezed(_name), Standing(_field, _rank))
KEYWORD_RANK = 1000
_QUALIFIED = 100
IN_A_WRAPPER = 200
"""What is added to the rank of a name for each object around it."""
for _field, _names in KEYWORDS.items():
    for _rank, _name in enumerate(_names.split()):
        _TABLE.setdefault(_squeezed(_name), Standing(_field, KEYWORD_RANK + _rank))


@lru_cache(maxsize=4096)
def standing_of(name: str) -> Standing | None:
    """Return which article field a column, key or metadata name stands for, in English or Vietnamese; None if none."""
    if len(name) > _LONGEST_NAME:
        return None
    if (found := _TABLE.get(_squeezed(name))) and not _is_path(name):
        return found
    if (bare := _IN_BRACKETS.sub("", name)) and bare != name:  # ``Ngày đăng (dd/mm/yyyy)``
        return standing_of(bare)
    parts = [part for part in re.split(r"[./\[\]]", name) if part]
    if len(parts) > 1:
        return _of_path(parts)
    words = _words(name)
    for first in range(len(words)):
        for last in range(len(words), first, -1):
            dropped = [*words[:first], *words[last:]]
            kept = "".join(words[first:last])
            if kept in _NAMES_OF_ANYTHING and not _OF_NO_TITLE.isdisjoint(dropped):
                continue
            found = _TABLE.get(kept)
            if found is not None and dropped and _QUALIFIERS_OF.get(found.field, _QUALIFIERS).issuperset(dropped):
                return Standing(found.field, found.rank + _QUALIFIED)
            if kept in _DATED and dropped and _OF_A_DATE.issuperset(dropped):
                return _TABLE[_squeezed(_DATED[kept])]
    return None


def field_named(name: str) -> str | None:
    """Return the article field that a name stands for, None if none; see ``standing_of``."""
    standing = standing_of(name)
    return None if standing is None else standing.field


@lru_cache(maxsize=4096)
def is_of_utc(name: str) -> bool:
    """Tell whether a name says that the time it is of is in UTC (``post_date_gmt``)."""
    return not {"gmt", "utc"}.isdisjoint(_words(name))


def is_keyword(name: str) -> bool:
    """Tell whether a name is one of ``KEYWORDS``, whose values stay in ``extra`` whether or not a field uses them."""
    standing = standing_of(name)
    return standing is not None and standing.rank >= KEYWORD_RANK


def renamed(name: str, names: Mapping[str, str]) -> Standing | None:
    """Return what a name stands for where a user has said so of some ``names`` (as ``--map``)."""
    field = names.get(name)
    return standing_of(name) if field is None else None if field == "extra" else Standing(field, -1)


def _of_path(parts: list[str]) -> Standing | None:
    """Return what a path stands for: a field in a wrapper (``data.title``) or its value (``source.name``)."""
    standings = [standing_of(part) for part in parts]
    if standings[0] is not None and all(found and found.field == standings[0].field for found in standings):
        return standings[0]  # ``Tác giả/Author``
    inner = standing_of(".".join(parts[1:])) if parts[0] in WRAPPERS else None
    if inner is None or (parts[1] in INNER and parts[1] != "title"):
        outer = standing_of(parts[0])
        if outer is not None and all(part in INNER or part.isdigit() for part in map(str.lower, parts[1:])):
            return Standing(outer.field, outer.rank + 1)
    return None if inner is None else Standing(inner.field, inner.rank + IN_A_WRAPPER)


def _is_path(name: str) -> bool:
    """Tell whether a name is that of a value in a field or in a wrapper: ``source.link`` is no ``source_link``."""
    first, dot, rest = name.partition(".")
    return bool(dot and rest) and (first in WRAPPERS or _squeezed(first) in _TABLE)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(fold(name))]
