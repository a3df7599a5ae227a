"""What content systems, crawlers and spreadsheets export, as they write it: every article, field and text is read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.errors import LeftOutError, TimtinError
from index.field_names import standing_of
from index.reading.article_reading import Reading, read_article
from index.reading.formats.registry import FileKind, Format, rows

Key = dict[str, str]

TITLE = "Giá lúa tăng"
TEXT = "Nông dân miền Tây phấn khởi."
HTML = "<p>N&ocirc;ng d&acirc;n <b>miền Tây</b> phấn khởi.</p>"
ARTICLE = {"title": TITLE, "content": TEXT}
READ = {"title": TITLE, "body": TEXT}


def found_in(text: str, format: Format) -> list[Reading | TimtinError]:
    """The articles in a text, and the errors."""
    found: list[Reading | TimtinError] = []
    for _, row in rows(io.BytesIO(text.encode()), FileKind(format)):
        try:
            if isinstance(row, TimtinError):
                raise row
            found.append(read_article(row))
        except TimtinError as error:
            found.append(error)
    return found


def stated(reading: Reading | TimtinError) -> dict[str, Any] | str:
    """What an article has; an error in words. An id made of the text is left out."""
    if isinstance(reading, TimtinError):
        return str(reading)
    fields = reading.article.model_dump(exclude={"lang", "extra"})
    return {name: value for name, value in fields.items() if value and (name != "id" or "id" in reading.origins)}


def read(data: Any) -> list[dict[str, Any] | str]:
    """The articles of a JSON file."""
    return [stated(reading) for reading in found_in(json.dumps(data, ensure_ascii=False), Format.JSON)]


def read_one(**more: Any) -> dict[str, Any]:
    """One article of a JSON file, but for its title and text as they are."""
    [fields] = read([{**ARTICLE, **more}])
    assert isinstance(fields, dict)
    return {name: value for name, value in fields.items() if READ.get(name) != value}


RICH_TEXT = {
    "nodeType": "document",
    "content": [
        {"nodeType": "paragraph", "content": [
            {"nodeType": "text", "value": "Nông dân "}, {"nodeType": "hyperlink", "content": [
                {"nodeType": "text", "value": "miền Tây"}]}, {"nodeType": "text", "value": " phấn khởi."}]},
        {"nodeType": "unordered-list", "content": [{"nodeType": "list-item", "content": [
            {"nodeType": "paragraph", "content": [{"nodeType": "text", "value": "Mục một."}]}]}]},
    ],
}  # fmt: skip

EXPORTS: dict[str, tuple[Any, list[dict[str, Any] | str]]] = {
    "WordPress, its answer with what it embeds": (
        [{"id": 12, "date": "2025-05-06T10:58:00", "date_gmt": "2025-05-06T03:58:00", "status": "publish",
          "link": "https://b.vn/gia", "title": {"rendered": "Gi&#225; l&uacute;a tăng"}, "content": {"rendered": HTML},
          "excerpt": {"rendered": "<p>Sapo</p>"}, "author": 3, "categories": [5],
          "yoast_head_json": {"author": "Bình", "og_site_name": "Báo Mẫu"},
          "_embedded": {"author": [{"id": 3, "name": "An Mẫu"}], "wp:term": [
              [{"id": 5, "name": "Kinh tế &amp; Xã hội", "taxonomy": "category"}],
              [{"id": 9, "name": "lúa", "taxonomy": "post_tag"}]]}}],
        [{**READ, "id": "12", "lead": "Sapo", "published": "2025-05-06T10:58", "url": "https://b.vn/gia",
          "source": "Báo Mẫu", "author": "An Mẫu", "category": "Kinh tế & Xã hội"}],
    ),
    "WordPress, its table": (
        [{"type": "header", "version": "5.2"}, {"type": "database", "name": "wp"},
         {"type": "table", "name": "wp_posts", "database": "wp", "data": [
             {"ID": "12", "post_author": "1", "post_date_gmt": "2025-05-06 23:58:00", "post_content": HTML,
              "post_title": TITLE, "post_status": "publish", "post_name": "gia-lua"},
             {"ID": "13", "post_title": "Nháp", "post_content": "x", "post_status": "auto-draft"},
             {"ID": "14", "post_title": "Xoá", "post_content": "x", "post_status": "trash"}]}],
        [{**READ, "id": "12", "published": "2025-05-06T23:58:00+00:00"}, "is a draft", "is not public"],
    ),
    "WordPress, GraphQL": (
        {"data": {"posts": {"nodes": [{"databaseId": 3, "title": TITLE, "content": HTML, "date": "2025-05-06T10:58:00",
                                       "author": {"node": {"name": "An"}},
                                       "categories": {"nodes": [{"name": "Kinh tế"}, {"name": "Lúa"}]}}]}}},
        [{**READ, "id": "3", "published": "2025-05-06T10:58", "author": "An", "category": "Kinh tế; Lúa"}],
    ),
    "Ghost": (
        {"db": [{"meta": {"version": "5"}, "data": {"posts": [
            {"id": "6a", "title": TITLE, "html": HTML, "status": "published", "published_at": "2025-05-06T03:58:00Z",
             "custom_excerpt": "Sapo"}, {"id": "6b", "title": "Nháp", "html": "<p>x</p>", "status": "draft"}],
            "users": [{"id": "1", "name": "An"}], "posts_tags": [{"post_id": "6a", "tag_id": "1"}]}}]},
        [{**READ, "id": "6a", "lead": "Sapo", "published": "2025-05-06T03:58:00+00:00"}, "is a draft"],
    ),
    "Strapi": (
        {"data": [{"id": 1, "attributes": {
            "title": TITLE, "content": TEXT, "author": {"data": {"id": 1, "attributes": {"name": "An"}}},
            "categories": {"data": [{"attributes": {"name": "Kinh tế"}}]}}}], "meta": {"pagination": {"total": 1}}},
        [{**READ, "id": "1", "author": "An", "category": "Kinh tế"}],
    ),
    "Contentful": (
        {"items": [{"sys": {"id": "abc", "createdAt": "2025-05-06T03:58:00Z"}, "fields": {
            "title": {"vi-VN": TITLE, "en-US": "Rice"}, "body": {"vi-VN": RICH_TEXT}}}]},
        [{"title": TITLE, "body": f"{TEXT}\n\nMục một.", "id": "abc", "published": "2025-05-06T03:58:00+00:00"}],
    ),
    "Drupal": (
        [{"nid": [{"value": 7}], "title": [{"value": TITLE}],
          "body": [{"value": HTML, "format": "x", "summary": "Sapo"}], "created": [{"value": "2025-05-06T03:58:00Z"}]}],
        [{**READ, "id": "7", "lead": "Sapo", "published": "2025-05-06T03:58:00+00:00"}],
    ),
    "Joomla": ([{"title": TITLE, "introtext": "<p>Sapo.</p>", "fulltext": HTML, "created": "2025-05-06 10:58:00"},
                {"title": TITLE, "introtext": HTML, "fulltext": ""}],
               [{**READ, "lead": "Sapo.", "published": "2025-05-06T10:58"}, READ]),
    "a feed as JSON": (
        {"rss": {"channel": {"title": "Báo", "item": [
            {"title": TITLE, "description": "Sapo", "content:encoded": HTML, "guid": {"#text": "g1"}}]}}},
        [{**READ, "id": "g1", "lead": "Sapo"}],
    ),
    "trafilatura": (
        {"title": TITLE, "hostname": "b.vn", "source": "https://www.b.vn/gia-lua-tang.html", "text": TEXT},
        [{**READ, "source": "b.vn", "url": "https://www.b.vn/gia-lua-tang.html"}],
    ),
    "rows of a data set": ({"rows": [{"row_idx": 0, "row": {**ARTICLE, "date": "2025-05-06"}}], "num_rows_total": 1},
                           [{**READ, "published": "2025-05-06"}]),
    "lists of all titles and texts": ({"title": [TITLE, "Giá ngô"], "content": [TEXT, "Giảm."]},
                                      [READ, {"title": "Giá ngô", "body": "Giảm."}]),
    "Firestore": (
        {"documents": [{"name": "projects/x/documents/news/a1", "createTime": "2025-05-07T00:00:00Z", "fields": {
            "title": {"stringValue": TITLE}, "content": {"stringValue": TEXT},
            "date": {"timestampValue": "2025-05-06T03:58:00Z"}}}]},
        [{**READ, "published": "2025-05-06T03:58:00+00:00"}],
    ),
    "DynamoDB": (
        {"Items": [{"id": {"S": "a1"}, "title": {"S": TITLE}, "content": {"S": TEXT}, "date": {"N": "1746503880"},
                    "category": {"L": [{"S": "Lúa"}, {"S": "Gạo"}]}}]},
        [{**READ, "id": "a1", "published": "2025-05-06T10:58:00+07:00", "category": "Lúa; Gạo"}],
    ),
    "Solr": (
        {"response": {"docs": [{"id": "1", "title_t": TITLE, "content_txt": TEXT, "date_dt": "2025-05-06T03:58:00Z",
                                "author_s": "An", "cat_ss": ["Lúa"]}]}},
        [{**READ, "id": "1", "published": "2025-05-06T03:58:00+00:00", "author": "An", "category": "Lúa"}],
    ),
    "Airtable": (
        {"records": [{"id": "r1", "createdTime": "2025-05-07T03:58:00.000Z",
                      "fields": {"Tiêu đề": TITLE, "Nội dung": TEXT, "Ngày đăng": "2025-05-06"}}]},
        [{**READ, "id": "r1", "published": "2025-05-06"}],
    ),
    "Django": ([{"model": "news.article", "pk": 5, "fields": {**ARTICLE, "author": 1}}], [{**READ, "id": "5"}]),
    "an API of a paper": (
        {"response": {"docs": [{"headline": {"main": TITLE, "kicker": None}, "byline": {"original": "An", "person": []},
                                "lead_paragraph": TEXT, "web_url": "https://n.vn/1"}]}},
        [{"title": TITLE, "lead": TEXT, "author": "An", "url": "https://n.vn/1"}],
    ),
    "lists of a section, of a source": (
        [{"category": "Kinh tế", "articles": [ARTICLE, {**ARTICLE, "category": "Lúa"}]},
         {"source": "Báo Mẫu", "data": {"items": [ARTICLE, {**ARTICLE, "publisher": "Báo Khác"}]}}],
        [{**READ, "category": "Kinh tế"}, {**READ, "category": "Lúa"}, {**READ, "source": "Báo Mẫu"},
         {**READ, "source": "Báo Khác"}],
    ),
    "a list of a section alone": ({"category": "Kinh tế", "articles": [ARTICLE]}, [{**READ, "category": "Kinh tế"}]),
    "annotations": (
        [{"id": 7, "annotations": [{"id": "x", "value": {"choices": ["Tốt"]}}],
          "data": {"text": "", "meta": {"uri": "https://b.vn/1", "description": TEXT}}}],
        [{"body": TEXT, "id": "7", "url": "https://b.vn/1"}],
    ),
    "NaN": ([{**ARTICLE, "views": float("nan"), "author": float("nan")}], [READ]),
    "an article with comments": (
        {"comments": [{"title": "Hay", "content": "Bình luận."}], "title": TITLE, "description": TEXT,
         "bài viết liên quan": [{"title": "Khác", "content": "Khác."}], "url": "https://b.vn/1"},
        [{**READ, "url": "https://b.vn/1"}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPORTS)
def test_export_of(kind: str) -> None:
    data, expected = EXPORTS[kind]
    assert read(data) == expected


def test_drafts_are_left_out_and_named() -> None:
    drafts: list[dict[str, Any]] = [
        {"status": "draft"}, {"status": "Nháp"}, {"draft": True}, {"is_draft": 1}, {"post_status": "pending"},
        {"published": False}, {"isPublished": 0},
    ]  # fmt: skip
    for state in drafts:
        [error] = found_in(json.dumps([{**ARTICLE, **state}]), Format.JSON)
        assert isinstance(error, LeftOutError), state
    for state in ({"status": "published"}, {"status": "pending"}, {"draft": False}, {"status": 200}, {"status": ["x"]}):
        assert read([{**ARTICLE, **state}]) == [READ], state


def test_table_of_a_content_system_with_its_states() -> None:
    text = (
        "ID,Title,Content,Date,Permalink,Categories,Status,Author Username\n"
        "1,Giá lúa tăng,Tăng.,2025-05-06,https://b.vn/1,Kinh tế|Lúa,publish,an\n"
        "2,Nháp,Chưa xong.,2025-05-06,https://b.vn/2,Kinh tế,draft,an\n"
    )
    assert list(map(stated, found_in(text, Format.CSV))) == [
        {"id": "1", "title": TITLE, "body": "Tăng.", "published": "2025-05-06", "url": "https://b.vn/1",
         "category": "Kinh tế; Lúa"},
        "is a draft",
    ]  # fmt: skip
    found = list(rows(io.BytesIO(text.encode()), FileKind(Format.CSV), {"Status": "extra"}))
    assert [read_article(row).article.title for _, row in found] == [TITLE, "Nháp"]


def test_lines_sent_in_bulk_give_the_articles_their_ids() -> None:
    lines = [
        {"index": {"_index": "news", "_id": "7"}}, ARTICLE, {"index": {"_index": "news"}}, {**ARTICLE, "id": 8},
        {"delete": {"_id": "9"}}, ARTICLE,
    ]  # fmt: skip
    found = found_in("\n".join(json.dumps(line) for line in lines), Format.JSON_LINES)
    assert list(map(stated, found)) == [{**READ, "id": "7"}, {**READ, "id": "8"}, READ]


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ("title_vi tít tựa_đề h1 title_detail tiêu_đề_html", "title"),
        ("content_vi content_encoded content:encoded noi_dung_html thân_bài processed_content markdown", "body"),
        ("introtext lede custom_excerpt chapeau initContent subheading lời_dẫn", "lead"),
        ("publish publishing_date create_at time_posted publicDate released_at release_date pub_time publish_timestamp"
         " published_utc first_published_at isoDate display_date date_of_publication ngày_phát_hành post_date_gmt"
         " DistributionDate posted", "published"),
        ("publisher_name newspaperName paper Báo_điện_tử feed_title", "source"),
        ("originUrl share_url source_link detailUrl current_url response_url", "url"),
        ("author_names author_list primary_author authorFullName author_display_name posted_by", "author"),
        ("cates cate_name categoryNames section_name zone ZoneName topic_name primary_category subcategory Loại_tin"
         " tag_list tag_names hashtag", "category"),
        ("nid databaseId", "id"),
        ("language_code langcode lang_code", "lang"),
    ],
)  # fmt: skip
def test_names_that_crawlers_and_systems_use(names: str, field: str) -> None:
    for name in names.split():
        standing = standing_of(name)
        assert standing is not None, name
        assert standing.field == field, name
        assert standing_of(f"{name} (abc)") == standing


def test_names_that_are_those_of_something_else() -> None:
    names = (
        "full_name post_name first_name file_name source.link.id public release issue_number start_date created_by"
        " comment_content image_name crawl_time modified_gmt"
    )
    for name in names.split():
        assert standing_of(name) is None, name
    assert standing_of("source.link") is None
    assert [standing_of(name) for name in ("Tác giả/Author", "Nguồn/Link")] == [standing_of("Tác giả"), None]


@pytest.mark.parametrize(
    ("given", "published"),
    [
        ({"created": {"date": "2025-05-06 23:58:00.000000", "timezone_type": 3, "timezone": "UTC"}},
         "2025-05-06T23:58:00+00:00"),
        ({"created": {"date": "2025-05-06 10:58:00", "timezone": "+07:00"}}, "2025-05-06T10:58:00+07:00"),
        ({"createdAt": [2025, 5, 6, 10, 58]}, "2025-05-06T10:58"), ({"createdAt": [2025, 5, 6]}, "2025-05-06"),
        ({"date_gmt": "2025-05-06T23:58:00"}, "2025-05-06T23:58:00+00:00"),
        ({"published_utc": "2025-05-06 23:58 +0700"}, "2025-05-06T23:58:00+07:00"),
        ({"date_gmt": "2025-05-06"}, "2025-05-06"),
        ({"published": "0001-01-01T00:00:00Z"}, None), ({"date": "1970-01-01T00:00:00Z"}, None),
        ({"date": "01/01/1900"}, None), ({"date": "9999-12-31"}, None), ({"date": "1970-01-01"}, "1970-01-01"),
        ({"published": "0001-01-01T00:00:00Z", "created_at": "2025-05-06"}, "2025-05-06"),
    ],
)  # fmt: skip
def test_date_of(given: dict[str, Any], published: str | None) -> None:
    assert read_one(**given).get("published") == published


def test_label_is_decoded_before_it_is_split_and_a_number_is_no_author() -> None:
    found = read_one(category="Kinh t&#7871; &amp; Xã hội", author="<a href='/an'>An&nbsp;Mẫu</a>", source="A &amp; B")
    assert found == {"category": "Kinh tế & Xã hội", "author": "An Mẫu", "source": "A & B"}
    assert read_one(author="17", category="null", source="Unknown") == {}
    assert read_one(author=[{"id": 3}, {"profile": {"name": "An"}}]) == {"author": "An"}


def test_addresses() -> None:
    assert read_one(url="www.b.vn/gia") == {"url": "https://www.b.vn/gia"}
    assert read_one(url=" https://b.vn/gia\n") == {"url": "https://b.vn/gia"}
    assert read_one(source="https://b.vn/rss/thoi-su.rss") == {"source": "b.vn"}  # not the address of each article


def test_language_by_its_name() -> None:
    [reading] = found_in(json.dumps([{**ARTICLE, "language": "Tiếng Việt"}]), Format.JSON)
    assert isinstance(reading, Reading)
    assert reading.article.lang == "vi"


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ([{"heading": "Mục một", "text": "Đoạn một."}, {"title": "Mục hai", "paragraphs": ["Đoạn hai.", "Đoạn ba."]}],
         "Mục một\n\nĐoạn một.\n\nMục hai\n\nĐoạn hai.\n\nĐoạn ba."),
        ([{"question": "Hỏi?", "answer": "Đáp."}], "Hỏi?\n\nĐáp."),
        (["Đoạn một.", "https://b.vn/a.png", {"img": "https://b.vn/b.png", "desc": "Chú thích."}],
         "Đoạn một.\n\nChú thích."),
        ([{"type": "core/image", "data": "https://b.vn/a.png"}, {"type": "text", "data": "Đoạn một."}], "Đoạn một."),
        ([{"type": "gallery", "items": [{"image": "a.png", "caption": "Ảnh một."}]}], "Ảnh một."),
        ([{"text": "Đoạn một.", "image": "a.png"}], "Đoạn một."),
        ([{"h2": "Mục một"}, {"p": "Đoạn một."}, {"url": "https://b.vn/1"}], "Mục một\n\nĐoạn một."),
        ({"p1": "Đoạn một.", "p2": "Đoạn hai."}, "Đoạn một.\n\nĐoạn hai."),
        ({"blocks": [{"type": "list", "data": {"items": [{"content": "Mục một", "items": [{"content": "Mục con"}]}]}},
                     {"type": "quote", "data": {"text": "Lời trích.", "caption": "An"}}]},
         "Mục một\n\nMục con\n\nLời trích.\n\nAn"),
        ({"type": "doc", "content": [{"type": "paragraph", "content": [
            {"type": "text", "text": "Đoạn "}, {"type": "text", "text": "một."}, {"type": "hardBreak"},
            {"type": "text", "text": "Dòng hai."}]}]}, "Đoạn một.\nDòng hai."),
        ({"root": {"children": [{"type": "paragraph", "children": [
            {"type": "text", "text": "Đoạn "}, {"type": "link", "children": [{"type": "text", "text": "một."}]}]}]}},
         "Đoạn một."),
        ({"en": "One.", "vi": "Đoạn một."}, "Đoạn một."), ({"vi": "", "en": "One."}, "One."),
        ('["Đoạn một.", "Đoạn hai."]', "Đoạn một.\n\nĐoạn hai."),
        ('{"blocks": [{"type": "paragraph", "data": {"text": "Đoạn một."}}]}', "Đoạn một."),
        ('"Đoạn \\"một\\".\\nĐoạn hai."', 'Đoạn "một".\nĐoạn hai.'),
        ("Gi\\u00e1 l\\u00faa \\ud83d\\ude00", "Giá lúa 😀"),
        ("Đoạn một.\\n\\nĐoạn hai\\r\\nĐoạn ba.", "Đoạn một.\n\nĐoạn hai\nĐoạn ba."),
    ],
)  # fmt: skip
def test_text_in(content: Any, body: str) -> None:
    [found] = read([{"title": TITLE, "content": content}])
    assert found == {"title": TITLE, "body": body}


@pytest.mark.parametrize(
    "text",
    [
        r"Chép vào C:\new và C:\temp\nam.", r'In ra bằng printf("a\n"); rồi xuống dòng.', r"Ký tự \u00e1 là chữ á.",
        '"Giá lúa tăng", ông nói. "Tốt."', "[Video] Giá lúa tăng [ảnh]", "{giá} của lúa {tăng}", "(TTO) Giá lúa (tăng)",
        "Một dòng có \\n\nvà một dòng.",
    ],
)  # fmt: skip
def test_text_that_only_looks_wrapped_stays(text: str) -> None:
    [found] = read([{"title": TITLE, "content": text}])
    assert found == {"title": TITLE, "body": text}


@pytest.mark.parametrize(
    ("cell", "body"),
    [
        ("\"['Đoạn một.' 'Đoạn hai.'\n 'Đoạn ba.']\"", "Đoạn một.\n\nĐoạn hai.\n\nĐoạn ba."),
        ("\"array(['Đoạn một.', 'Đoạn hai.'], dtype=object)\"", "Đoạn một.\n\nĐoạn hai."),
        ("\"('Đoạn một.', None, 'Đoạn hai.')\"", "Đoạn một.\n\nĐoạn hai."), ("[]", None),
        ('"[\'Một\' \'hai\'"', "['Một' 'hai'"),
    ],
)  # fmt: skip
def test_list_that_is_written_out_in_a_cell(cell: str, body: str | None) -> None:
    [found] = found_in(f"title,content,tags\n{TITLE},{cell},[]\n", Format.CSV)
    assert stated(found) == {"title": TITLE, **({"body": body} if body else {})}


def test_table_with_lines_before_its_header_and_remarks_in_it() -> None:
    text = (
        "Tin tháng 5,,\n,,\nSTT,Tiêu đề (bắt buộc),Nội dung*,Ngày đăng (dd/mm/yyyy)\n1,Giá lúa tăng,Tăng.,06/05/2025\n"
    )
    assert list(map(stated, found_in(text, Format.CSV))) == [
        {"title": TITLE, "body": "Tăng.", "published": "2025-05-06"}
    ]
    spaced = 'title, content\n"Giá lúa tăng", "Tăng, mạnh."\n'
    assert list(map(stated, found_in(spaced, Format.CSV))) == [{"title": TITLE, "body": "Tăng, mạnh."}]


def test_what_only_a_file_may_leave_to_be_understood_is_kept_over_http(client: FlaskClient, key: Key) -> None:
    post, _ = EXPORTS["WordPress, its answer with what it embeds"]
    assert client.put("/api/v1/articles/12", json=post[0], headers=key).status_code == 201
    stored = client.get("/api/v1/articles/12").json
    assert [stored[name] for name in ("author", "category", "source")] == ["An Mẫu", "Kinh tế & Xã hội", "Báo Mẫu"]
    sent = {"title": "Nháp", "body": '["Một."]', "status": "draft", "source": "https://b.vn"}
    assert client.put("/api/v1/articles/13", json=sent, headers=key).status_code == 201
    stored = client.get("/api/v1/articles/13").json
    assert [stored[name] for name in ("body", "source")] == ['["Một."]', "https://b.vn"]
