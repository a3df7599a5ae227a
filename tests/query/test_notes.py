"""What of a query is not understood is searched as words, and said."""

from __future__ import annotations

import html

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search.query.notes import MESSAGES, Note, NoteCode
from search.query.parser import parse_noting
from search.query.synonyms import MOST_SYNONYMS
from web.languages import LANGUAGES
from web.pages.routes import said


def notes(query: str) -> list[tuple[str, str]]:
    return [(note.code.value, note.text) for note in parse_noting(query).notes]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ng*n", [("star_inside", "ng*n")]),
        ("*guyễn", [("star_inside", "*guyễn")]),
        ('"hội nh*"', [("star_inside", "hội nh*")]),
        ("source:Tuổ*", [("star_inside", "Tuổ*")]),
        ("date:abc", [("not_a_date", "date:abc")]),
        ("date:2025-13", [("not_a_date", "date:2025-13")]),
        ("tag:lúa gạo", [("unknown_field", "tag:")]),
        ('intitle:"lúa gạo"', [("unknown_field", "intitle:")]),
        ("title: lúa", [("field_without_value", "title:")]),
        ("source:(Tuổi Trẻ)", [("field_without_value", "source:")]),
        ("lúa^3", [("unknown_modifier", "lúa^3")]),
        ("lúa~", [("unknown_modifier", "lúa~")]),
        (" ".join(f'"{letter}"' for letter in "abcdefghij"), [("too_many_exact_parts", "i")]),
        ("a" * 2001, [("too_long", "")]),
        ("( " * 21 + "lúa" + " )" * 21, [("nested_too_deep", "")]),
        (" ".join(map(str, range(100, 166))), [("too_many_syllables", "164 165")]),
        ("*a *a *b", [("star_inside", "*a"), ("star_inside", "*b")]),
    ],
)
def test_what_is_not_understood_is_noted(query: str, expected: list[tuple[str, str]]) -> None:
    assert notes(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hội nhập quốc tế",
        "khách sạn 5*",
        "khách sạn 4*-5*",
        "ngh*",
        "2*3",
        "nhiệt độ -5 độ",
        "lúc 12:30",
        "https://example.vn/a",
        "Thủ tướng: mở cửa",
        "TP.HCM: mưa lớn",
        "Ảnh:Internet",
        "lúa AND",
        '"chưa đóng (',
        "10^6 km^2",
        "date:2025-01..2025-08",
    ],
)
def test_what_is_understood_or_merely_prose_is_not(query: str) -> None:
    assert notes(query) == []


@given(st.text(max_size=200) | st.text(alphabet='ab "()-~^*:59date tag:', max_size=80))
def test_notes_are_few_and_short(query: str) -> None:
    found = parse_noting(query).notes
    assert len(found) <= 10
    assert all(len(note.text) <= 80 and note.message for note in found)


def test_an_answer_has_its_notes_and_an_understood_query_none(client: FlaskClient) -> None:
    [note] = client.get("/api/v1/search", query_string={"q": "hội nh*p"}).json["query"]["notes"]
    assert (note["code"], note["text"]) == ("star_inside", "nh*p")
    assert "nh*p" in note["message"]
    assert client.get("/api/v1/search", query_string={"q": "hội nhập"}).json["query"]["notes"] == []


def test_the_page_says_them_in_its_language_and_never_as_markup(client: FlaskClient) -> None:
    page = client.get("/", query_string={"q": "<b>{text}x*y"}).text
    assert "Đã bỏ dấu sao trong “&lt;b&gt;{text}x*y”" in page
    assert "The star in “hội*n”" in client.get("/", query_string={"q": "hội*n", "lang": "en"}).text


@pytest.mark.parametrize("code", NoteCode)
def test_every_note_is_a_sentence_in_both_languages(client: FlaskClient, code: NoteCode) -> None:
    shown = []
    for language in LANGUAGES:
        with client.application.test_request_context(f"/?lang={language}"):
            shown.append(said(Note(code, "<a>", "8")))
    vietnamese, english = shown
    assert vietnamese != english == MESSAGES[code].format(text="<a>", allowed="8")
    assert html.unescape(vietnamese) == vietnamese


def test_a_query_of_too_many_synonyms_is_noted(client: FlaskClient) -> None:
    path = client.application.extensions["timtin"].archive.home / "synonyms.txt"
    path.write_text("lúa => " + ", ".join(f"thóc {number}" for number in range(MOST_SYNONYMS + 1)), "utf-8")
    query = client.get("/api/v1/search", query_string={"q": "lúa"}).json["query"]
    assert [note["code"] for note in query["notes"]] == ["too_many_alternatives"]
    assert "thóc 63" in query["terms"]
    assert "thóc 64" not in query["terms"]
