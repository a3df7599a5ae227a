"""Records of crawlers, content systems and spreadsheets: every name and value that stands for a field is read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

import index.records
from index.article import Article
from index.errors import TimtinError
from index.field_names import KEYWORDS, NAMES, field_named
from index.reading.article_reading import Reading, read_article
from index.reading.formats.registry import FileKind, Format, document_fields, rows
from index.records import read_record

Key = dict[str, str]


def read(data: dict[str, Any]) -> Reading:
    """One JSON line, read."""
    stream = io.BytesIO(json.dumps(data, ensure_ascii=False).encode())
    [(_, record)] = rows(stream, FileKind(Format.JSON_LINES))
    return read_article(record)


def table(text: str) -> list[Reading | str]:
    """The rows of a table, read; for a row that has one, its error in words."""
    found = rows(io.BytesIO(text.encode()), FileKind(Format.CSV))
    return [str(row) if isinstance(row, TimtinError) else read_article(row) for _, row in found]


def stated(article: Article) -> dict[str, Any]:
    """What an article has, but for the language and what has no field."""
    fields = article.model_dump(exclude={"lang", "extra"})
    return {name: value for name, value in fields.items() if value}


VALUES = {
    "id": "a-1", "title": "Giá lúa tăng", "body": "Nông dân miền Tây phấn khởi.", "lead": "Giá tăng.",
    "published": "2021-07-12", "source": "Báo Mẫu", "url": "https://example.vn/1", "author": "An Mẫu",
    "category": "Kinh tế", "lang": "en",
}  # fmt: skip


def spellings(name: str) -> list[str]:
    """A name as programs and people write it."""
    words = name.split("_")
    camel = words[0] + "".join(word.title() for word in words[1:])
    return [name, name.upper(), "-".join(words), " ".join(words).title(), camel, camel[:1].upper() + camel[1:]]


@pytest.mark.parametrize("field", NAMES)
def test_every_name_of_the_table_is_read_in_any_spelling(field: str) -> None:
    needed = {name: VALUES[name] for name in ("id", "title", "body") if name != field}
    for name in NAMES[field].split():
        for spelling in spellings(name):
            article = read({**needed, spelling: VALUES[field]}).article
            assert getattr(article, field) == VALUES[field], spelling


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("pubDate", "published"), ("PublishedDate", "published"), ("date_publish", "published"),
        ("created_at", "published"), ("time", "published"), ("Ngày giờ", "published"), ("Ngày đăng bài", "published"),
        ("Thời gian xuất bản", "published"), ("sapo", "lead"), ("summary", "lead"), ("excerpt", "lead"),
        ("Tóm tắt nội dung", "lead"), ("og:description", "lead"), ("maintext", "body"), ("articleBody", "body"),
        ("contents", "body"), ("detail", "body"), ("content_html", "body"), ("context", "body"),
        ("Nội dung chi tiết", "body"), ("NỘI DUNG BÀI VIẾT", "body"), ("noi-dung", "body"), ("news_content", "body"),
        ("Tiêu đề bài viết", "title"), ("Tên bài báo", "title"), ("post_title", "title"), ("newsTitle", "title"),
        ("href", "url"), ("article_url", "url"), ("Link bài viết", "url"), ("mainEntityOfPage", "url"),
        ("source.name", "source"), ("publisher", "source"), ("domain", "source"), ("Nguồn báo", "source"),
        ("topic", "category"), ("tags", "category"), ("label", "category"), ("articleSection", "category"),
        ("category.primary", "category"), ("authors.0.name", "author"), ("Tên tác giả", "author"),
        ("content.text", "body"), ("title.rendered", "title"), ("_source.title", "title"), ("data.content", "body"),
        ("author.id", None), ("source.id", None), ("image_url", None), ("author_url", None), ("user_id", None),
        ("crawled_at", None), ("date_download", None), ("dateModified", None), ("Ngày cập nhật", None),
        ("tiêu đề ảnh", None), ("text_length", None), ("views", None), ("STT", None), ("post_type", None),
        ("category_id", None), ("", None), ("x" * 5000, None),
    ],
)  # fmt: skip
def test_name_stands_for(name: str, field: str | None) -> None:
    assert field_named(name) == field


PARAGRAPHS = "Đoạn một nói về lúa.\n\nĐoạn hai nói về ngô."


@pytest.mark.parametrize(
    "body",
    [
        ["Đoạn một nói về lúa.", "Đoạn hai nói về ngô."],
        ["Đoạn một nói về lúa.", None, " ", {"text": "Đoạn hai nói về ngô."}],
        {"html": "<p>Đoạn một nói về lúa.</p><p>Đoạn hai nói về ngô.</p>"},
        {"rendered": "<p>Đoạn một nói về l&uacute;a.</p>\n<p>Đoạn hai nói về ngô.</p>", "protected": False},
        [{"text": "Đoạn một nói về lúa."}, {"image": "a.png"}, {"text": "Đoạn hai nói về ngô."}],
        [{"type": "text", "value": "Đoạn một nói về lúa."}, {"type": "text", "value": "Đoạn hai nói về ngô."}],
        {"blocks": [{"type": "paragraph", "data": {"text": text}} for text in PARAGRAPHS.split("\n\n")]},
        [{"type": "p", "children": [{"text": t[:6]}, {"text": t[6:], "bold": True}]} for t in PARAGRAPHS.split("\n\n")],
        {"ops": [{"insert": "Đoạn một "}, {"insert": "nói về lúa.", "attributes": {}}, {"insert": "\n\nĐoạn hai nói"},
                 {"insert": " về ngô."}]},
        [{"type": "text", "content": "Đoạn một nói về lúa."}, {"type": "image", "content": "https://example.vn/a.png"},
         {"type": "image", "url": "https://example.vn/b.png", "caption": "Đoạn hai nói về ngô."}],
        [{"context": "Đoạn một nói về lúa.", "qas": [{"question": "Gì?"}]}, {"context": "Đoạn hai nói về ngô."}],
    ],
)  # fmt: skip
def test_body_is_read_whatever_holds_its_text(body: Any) -> None:
    for name in ("body", "content", "noi_dung"):
        assert read({"title": "x", name: body}).article.body == PARAGRAPHS


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ({"author": {"@type": "Person", "name": "An Mẫu"}}, {"author": "An Mẫu"}),
        ({"author": ["An Mẫu", "Bình Mẫu"]}, {"author": "An Mẫu; Bình Mẫu"}),
        ({"authors": [{"name": "An Mẫu"}, {"firstName": "Bình", "lastName": "Mẫu"}]}, {"author": "An Mẫu; Mẫu Bình"}),
        ({"authors": "['An Mẫu', 'Bình Mẫu']"}, {"author": "An Mẫu; Bình Mẫu"}),
        ({"author": "  An \t Mẫu "}, {"author": "An Mẫu"}),
        ({"category": ["Kinh tế", {"name": "Lúa", "slug": "lua"}]}, {"category": "Kinh tế; Lúa"}),
        ({"tags": ["lúa", "gạo"]}, {"category": "lúa; gạo"}),
        ({"tags": "lúa, gạo", "category": "Kinh tế"}, {"category": "Kinh tế"}),
        ({"label": 1}, {}),
        ({"source": {"id": "x", "name": "Báo Mẫu"}}, {"source": "Báo Mẫu"}),
        ({"publisher": {"@type": "Organization", "name": "Báo Mẫu", "logo": {"url": "x"}}}, {"source": "Báo Mẫu"}),
        ({"url": {"@id": "https://example.vn/1"}}, {"url": "https://example.vn/1"}),
        ({"url": "//example.vn/1"}, {"url": "https://example.vn/1"}),
        ({"url": ["https://example.vn/1"]}, {"url": "https://example.vn/1"}),
        ({"date": {"$date": "2021-07-12T02:30:00Z"}}, {"published": "2021-07-12T02:30:00+00:00"}),
        ({"date": {"$date": {"$numberLong": "1570090649000"}}}, {"published": "2019-10-03T15:17:29+07:00"}),
        ({"date": {"_seconds": 1570090649, "_nanoseconds": 0}}, {"published": "2019-10-03T15:17:29+07:00"}),
        ({"date": 1570090649}, {"published": "2019-10-03T15:17:29+07:00"}),
        ({"date": 1570090649000}, {"published": "2019-10-03T15:17:29+07:00"}),
        ({"date": 1570090649.5}, {"published": "2019-10-03T15:17:29+07:00"}),
        ({"date": "/Date(1570090649000+0700)/"}, {"published": "2019-10-03T15:17:29+07:00"}),
        ({"date": "Tue, 19 Mar 24 10:58:00 +0700"}, {"published": "2024-03-19T10:58:00+07:00"}),
        ({"date": "12/07/2021", "time": "09:30"}, {"published": "2021-07-12T09:30"}),
        ({"date": "2 giờ trước", "created_at": "2021-07-12T09:30"}, {"published": "2021-07-12T09:30"}),
        ({"time": "5 phút đọc", "published_at": "2021-07-12"}, {"published": "2021-07-12"}),
        ({"date": ""}, {}),
        ({"id": 7}, {"id": "7"}),
        ({"id": 8.0}, {"id": "8"}),
        ({"_id": {"$oid": "5f1a"}}, {"id": "5f1a"}),
        ({"id": "https://www.example.vn/bai-1.html"}, {"id": "example.vn/bai-1.html"}),
        ({"title": 123}, {"title": "123"}),
        ({"title": {"rendered": "Giá &#8220;lúa&#8221;"}}, {"title": "Giá “lúa”"}),
        ({"title": None, "headline": "Giá ngô"}, {"title": "Giá ngô"}),
        ({"body": None, "content": "Nội dung thật."}, {"body": "Nội dung thật."}),
        ({"summary": "Tóm tắt.", "content": "Thân.", "body": ""}, {"lead": "Tóm tắt.", "body": "Thân."}),
        ({"body": "", "description": "Cả bài."}, {"body": "Cả bài."}),
        ({"attributes": {"body": "Trong.", "publishedAt": "2021-07-12"}, "body": None},
         {"body": "Trong.", "published": "2021-07-12"}),
        ({"lang": ["vi", "en"], "body": "x"}, {"body": "x"}),
    ],
)  # fmt: skip
def test_values_of_other_programs_are_read(record: dict[str, Any], fields: dict[str, Any]) -> None:
    given = {"title": "Giá lúa", "body": "Nội dung.", **record}
    found = stated(read(given).article)
    expected = {"title": "Giá lúa", "body": "Nội dung.", **fields}
    assert {name: value for name, value in found.items() if name != "id" or "id" in fields} == expected


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"author": 5}, "author"), ({"author": True}, "author"), ({"source": {"id": 3}}, "source"),
        ({"category": {"x": {}}}, "category"), ({"date": [True]}, "date"), ({"url": 7}, "url"),
        ({"lang": {"x": 1}}, "lang"), ({"lead": {"x": 1}}, "lead"), ({"id": True}, "id"), ({"id": {"x": 1}}, "id"),
        ({"body": float("nan")}, "body"), ({"views": 3}, "views"), ({"data": {"x": 1}}, "data"),
    ],
)  # fmt: skip
def test_odd_value_costs_nothing_but_itself_and_is_named(record: dict[str, Any], named: str) -> None:
    reading = read({"title": "Giá lúa", **record})
    assert reading.article.title == "Giá lúa"
    assert named in reading.unread


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"date": "2 giờ trước"}, "published"), ({"date": "6/1/2025 6:24 PM"}, "published"), ({"url": "/bai-1"}, "url"),
        ({"url": "javascript:void(0)"}, "url"), ({"author": "An " * 300}, "author"), ({"lang": "x" * 30}, "lang"),
        ({"id": "a/../b"}, "id"), ({"id": "a" * 300}, "id"), ({"title": "x" * 3000}, "title"),
    ],
)  # fmt: skip
def test_invalid_value_is_left_out_and_said(record: dict[str, Any], said: str) -> None:
    reading = read({"title": "Giá lúa", "body": "Nội dung.", **record})
    assert "Nội dung." in reading.article.body
    assert [remark.partition(":")[0] for remark in reading.remarks] == [said]


def test_article_of_linked_data() -> None:
    person = {"@type": "Person", "@id": "#an", "name": "An Mẫu"}
    node = {
        "@type": ["NewsArticle"], "headline": "Giá lúa", "articleBody": "Thân.", "datePublished": "2024-01-02",
        "author": {"@id": "#an"}, "publisher": {"@type": "Organization", "name": "Báo Mẫu"}, "inLanguage": "vi",
        "mainEntityOfPage": {"@id": "https://example.vn/1"}, "articleSection": ["Kinh tế"], "keywords": "lúa, gạo",
    }  # fmt: skip
    page = {"@context": "https://schema.org", "@graph": [{"@type": "WebPage", "name": "Trang"}, node, person]}
    for data in (page, {"@context": "https://schema.org", **node, "author": [person]}):
        reading = read(data)
        assert {name: value for name, value in stated(reading.article).items() if name != "id"} == {
            "title": "Giá lúa", "body": "Thân.", "published": "2024-01-02", "source": "Báo Mẫu", "author": "An Mẫu",
            "url": "https://example.vn/1", "category": "Kinh tế",
        }  # fmt: skip
        assert reading.unread == ()


def test_body_of_html_is_read_as_html_and_said() -> None:
    reading = read({"title": "Giá lúa", "content": "<p>N&ocirc;ng d&acirc;n miền T&acirc;y</p><script>x()</script>"})
    assert (reading.article.body, reading.is_html) == ("Nông dân miền Tây", True)
    reading = read({"title": "Giá lúa", "content": "Nếu a < b thì b > a."})
    assert (reading.article.body, reading.is_html) == ("Nếu a < b thì b > a.", False)


def test_names_of_settings_are_no_article_but_description_may_be_its_text() -> None:
    assert read({"title": "Giá lúa", "description": "Cả bài."}).article.body == "Cả bài."
    article = read({"title": "Giá lúa", "lead": "Tóm tắt."}).article
    assert (article.lead, article.body) == ("Tóm tắt.", "")


TABLES: dict[str, tuple[str, list[dict[str, Any] | str]]] = {
    "dotted names": (
        "id,title,source.name,category.primary,content.text\n1,Giá lúa,Báo Mẫu,kinh-te,Phấn khởi.\n",
        [{"id": "1", "title": "Giá lúa", "source": "Báo Mẫu", "category": "kinh-te", "body": "Phấn khởi."}],
    ),
    "Vietnamese names": (
        "STT,Tiêu đề bài viết,Nội dung chi tiết,Ngày giờ\n1,Giá lúa,Phấn khởi,12/7/2021\n",
        [{"title": "Giá lúa", "body": "Phấn khởi", "published": "2021-07-12"}],
    ),
    "a mark, tabs": (
        "\ufeffTiêu đề\tNội dung\tNgày đăng\nGiá ngô\tPhấn khởi\t12/07/2021 09:30\n",
        [{"title": "Giá ngô", "body": "Phấn khởi", "published": "2021-07-12T09:30"}],
    ),
    "lists written out": (
        'tiêu đề,nội dung,ngày đăng,chuyên mục,tác giả\n"[""Giá lúa""]","[\'Một.\', \'Hai.\']",'
        '"[""Thứ hai, 26/10/2020, 22:21 (GMT+7)""]","[""Kinh tế""]","[{\'name\': \'An\'}]"\n',
        [{"title": "Giá lúa", "body": "Một.\n\nHai.", "published": "2020-10-26T22:21", "category": "Kinh tế",
          "author": "An"}],
    ),
    "values of pandas": (
        ",id,title,content,pubDate,tags\n0,6.0,Giá lúa,Một.,1626057000.0,nan\n1,nan,Giá ngô,Hai.,NaT,None\n",
        [{"id": "6", "title": "Giá lúa", "body": "Một.", "published": "2021-07-12T09:30:00+07:00"},
         {"title": "Giá ngô", "body": "Hai."}],
    ),
    "an HTML body": ("title,content_html\nGiá lúa,<p>Một</p>\n", [{"title": "Giá lúa", "body": "Một"}]),
    "a context": ('title,context\nGiá lúa,"Phấn khởi"\n', [{"title": "Giá lúa", "body": "Phấn khởi"}]),
    "dates of feeds": (
        'title,body,pubDate\na,x,"Tue, 19 Mar 24 10:58:00 +0700"\nb,x,1570090649\nc,x,1570090649000\nd,x,hôm qua\n',
        [{"title": "a", "body": "x", "published": "2024-03-19T10:58:00+07:00"},
         {"title": "b", "body": "x", "published": "2019-10-03T15:17:29+07:00"},
         {"title": "c", "body": "x", "published": "2019-10-03T15:17:29+07:00"}, {"title": "d", "body": "x"}],
    ),
    "wrong rows": (
        'id,title,content,link\n1,"Giá lúa","Dòng một.\nDòng ""hai"".",https://example.vn/1\n3,"Thiếu ô"\n4,a,b,c,x\n',
        [{"id": "1", "title": "Giá lúa", "body": 'Dòng một.\nDòng "hai".', "url": "https://example.vn/1"},
         "has 2 cells, but the first line names 4", "has 5 cells, but the first line names 4"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_table_with(kind: str) -> None:
    text, expected = TABLES[kind]
    found = table(text)
    assert len(found) == len(expected)
    for row, fields in zip(found, expected, strict=True):
        if isinstance(row, str):
            assert row == fields
        else:
            assert isinstance(fields, dict)
            assert {n: value for n, value in stated(row.article).items() if n != "id" or "id" in fields} == fields


def test_table_without_a_name_that_is_known_says_how_to_name_one() -> None:
    with pytest.raises(TimtinError, match="--map"):
        table("a,b\n1,2\n")
    found = list(rows(io.BytesIO(b"a,b\n1,2\n"), FileKind(Format.CSV), {"a": "title", "b": "body"}))
    assert found == [(2, {"title": "1", "body": "2"})]


def test_front_matter_is_read_by_the_same_names() -> None:
    front = 'title: "Giá cà phê"\npublishedAt: "12 tháng 7, 2021"\nchuyen_muc: {name: Kinh tế}\nsapo: Tóm tắt.'
    fields = document_fields(f"---\n{front}\n---\nNội dung.\n".encode(), FileKind(Format.MARKDOWN))
    assert stated(read_article({**fields, "id": "a"}).article) == {
        "id": "a", "title": "Giá cà phê", "body": "Nội dung.", "lead": "Tóm tắt.", "published": "2021-07-12",
        "category": "Kinh tế",
    }  # fmt: skip


def test_api_reads_the_same_names_and_values(client: FlaskClient, key: Key) -> None:
    record = {
        "headline": "Giá lúa", "articleBody": ["Đoạn một.", "Đoạn hai."], "pubDate": {"$date": "2021-07-12T02:30:00Z"},
        "authors": [{"name": "An"}, {"name": "Bình"}], "publisher": {"name": "Báo Mẫu"}, "href": "https://example.vn/1",
        "chuyen-muc": ["Kinh tế"], "sapo": "Tóm tắt.", "time": "5 phút đọc", "guid": "https://example.vn/?p=1",
    }  # fmt: skip
    expected = {**stated(read({**record, "id": "a"}).article), "id": "a"}
    assert client.put("/api/v1/articles/a", json=record, headers=key).status_code == 201
    stored = client.get("/api/v1/articles/a").json
    assert {name: stored[name] for name in expected} == expected
    sent = client.post("/api/v1/articles", json=[{**record, "id": "b"}], headers=key)
    assert sent.json["ids"] == ["b"]
    line = json.dumps({**record, "id": "c"}).encode()
    sent = client.post("/api/v1/articles", data=line, content_type="application/x-ndjson", headers=key)
    assert sent.json["ids"] == ["c"]


@pytest.mark.parametrize(
    "wrong",
    [{"title": 7}, {"body": {"x": 1}}, {"author": ["An", 5]}, {"author": 5}, {"date": "hôm qua"}, {"url": "/bai-1"}],
)
def test_api_refuses_an_article_whose_own_fields_are_wrong(
    client: FlaskClient, key: Key, wrong: dict[str, Any]
) -> None:
    answer = client.put("/api/v1/articles/a", json={"title": "x", "body": "y", **wrong}, headers=key)
    assert answer.status_code == 400
    named = {"date": "published"}.get(next(iter(wrong)), next(iter(wrong)))
    assert [error["name"] for error in answer.json["errors"]] == [named]


NAMES_TRIED = [name for names in (*NAMES.values(), *KEYWORDS.values()) for name in names.split()]
RECORDS = st.dictionaries(
    st.sampled_from([*NAMES_TRIED, "x", "Unnamed: 0", "@type"]),
    st.one_of(st.text(max_size=20), st.none(), st.sampled_from(["12/07/2021", "nan", "[1]", "https://example.vn/1"])),
    max_size=6,
)


@given(RECORDS, st.booleans())
def test_quick_way_reads_as_the_slow_way_does(data: dict[str, Any], strict: bool) -> None:
    slow = index.records._Reader({}, strict=strict)
    for name, value in data.items():
        slow.take(name, value)
    expected, found = slow.finish(), read_record(data, strict=strict)
    assert found == expected
    assert (found.origins, found.unread, found.doubts) == (expected.origins, expected.unread, expected.doubts)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "text", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*NAMES_TRIED, "x"]), JSON_VALUES, max_size=5), st.booleans())
def test_no_value_breaks_the_reader(data: dict[str, Any], strict: bool) -> None:
    record = read_record(data, strict=strict)
    assert set(record) <= {*index.records.FIELDS, "extra"}


Index = Callable[..., dict[str, Any]]


def test_rows_without_ids_that_are_alike_are_one_article(read_folder: Index, folder: Any) -> None:
    (folder / "a.csv").write_text("tiêu đề,nội dung\nGiá lúa,Tăng.\nGiá lúa,Tăng.\nGiá ngô,Giảm.\n", "utf-8")
    assert read_folder() == {"added": 2, "unchanged": 1}
    (folder / "b.csv").write_text("tiêu đề,nội dung\nGiá lúa,Tăng.\nGiá mía,Tăng.\n", "utf-8")
    assert read_folder() == {"added": 1, "unchanged": 3}
    (folder / "a.csv").unlink()
    assert read_folder(prune=True)["removed"] == 1  # what both files had stays


def test_rows_with_one_id_and_other_texts_are_refused_by_name(read_folder: Index, folder: Any) -> None:
    (folder / "a.csv").write_text("id,title\n1,Giá lúa\n1,Giá ngô\n", "utf-8")
    assert read_folder() == {"added": 1, "failures": 1}


@pytest.fixture
def read_folder(request: pytest.FixtureRequest) -> Index:
    """The fixture ``read`` of this folder, whose name is that of a function here."""
    return request.getfixturevalue("read")  # type: ignore[no-any-return]
