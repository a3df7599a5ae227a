"""Synonyms at the desk: previewed without saving, saved whole, and never over somebody else's change."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.desk.conftest import Operator
from web.desk.synonyms import LARGEST


def file_of(operator: Operator) -> Path:
    home = operator.client.application.extensions["timtin"].archive.home
    assert isinstance(home, Path)
    return home / "synonyms.txt"


def digest_on(page: str) -> str:
    found = re.search(r'name="digest" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def text_on(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_preview_shows_what_a_query_finds_before_and_after_and_saves_nothing(operator: Operator) -> None:
    digest = digest_on(operator.get("/admin/synonyms").text)
    rule = "xyzzy => hội nhập quốc tế"
    page = operator.send("/admin/synonyms", {"text": rule, "q": "xyzzy", "digest": digest, "do": "preview"}).text
    before, after = page.split("<h2>Now</h2>")[1].split("<h2>With these rules</h2>")
    assert "Nothing is found." in before
    assert after.count("<li>") == 4
    assert after.count('class="new"') == 4
    assert "Every line is understood." in page
    assert not file_of(operator).exists()
    assert operator.client.get("/api/v1/search?q=xyzzy").json["total"] == 0
    assert text_on(page) == f"{rule}\n"


def test_saved_synonyms_apply_at_once(operator: Operator) -> None:
    digest = digest_on(operator.get("/admin/synonyms").text)
    page = operator.send(
        "/admin/synonyms", {"text": "xyzzy => hội nhập quốc tế\r\n# ghi chú\r\n", "digest": digest, "do": "save"}
    )
    assert "The synonyms are saved" in page.text
    assert file_of(operator).read_bytes() == "xyzzy => hội nhập quốc tế\n# ghi chú\n".encode()
    assert file_of(operator).stat().st_mode & 0o777 == 0o600
    assert operator.client.get("/api/v1/search?q=xyzzy").json["total"] == 4
    assert text_on(operator.get("/admin/synonyms").text) == "xyzzy => hội nhập quốc tế\n# ghi chú\n"


def test_change_of_somebody_else_is_not_overwritten(operator: Operator) -> None:
    file_of(operator).write_text("a, b\n", "utf-8")
    file_of(operator).chmod(0o640)
    digest = digest_on(operator.get("/admin/synonyms").text)
    file_of(operator).write_text("c, d\n", "utf-8")
    refused = operator.send("/admin/synonyms", {"text": "e, f", "digest": digest, "do": "save"})
    assert refused.status_code == 409
    assert "have changed meanwhile" in refused.text
    assert text_on(refused.text) == "e, f\n"
    assert file_of(operator).read_text("utf-8") == "c, d\n"
    assert operator.send("/admin/synonyms", {"text": "e, f", "digest": digest, "do": "save"}).status_code == 409
    digest = digest_on(operator.get("/admin/synonyms").text)
    assert operator.send("/admin/synonyms", {"text": "e, f", "digest": digest, "do": "save"}).status_code == 200
    assert file_of(operator).read_text("utf-8") == "e, f\n"
    assert file_of(operator).stat().st_mode & 0o777 == 0o640


def test_lines_that_are_not_understood_are_named_as_text(operator: Operator) -> None:
    digest = digest_on(operator.get("/admin/synonyms").text)
    evil = "a, b\n<script>alert(1)</script>\n!places <b>\nx => y => z\n</textarea><img src=x onerror=alert(1)>"
    data = {"text": evil, "q": '"><script>alert(2)</script>', "digest": digest, "do": "preview"}
    page = operator.send("/admin/synonyms", data).text
    assert "4 lines to look at" in page
    assert "Line 2: expected “a, b” or “a =&gt; b”, found" in page
    assert "Line 3: expected “!places off”, found “!places &lt;b&gt;”" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert text_on(page) == f"{evil}\n"


def test_text_that_is_too_large_or_no_text_is_not_edited_here(operator: Operator) -> None:
    digest = digest_on(operator.get("/admin/synonyms").text)
    data = {"text": "a, b\n" * (LARGEST // 5 + 1), "digest": digest, "do": "save"}
    assert operator.send("/admin/synonyms", data).status_code == 413
    assert not file_of(operator).exists()
    file_of(operator).write_bytes(b"\xff\xfe")
    page = operator.get("/admin/synonyms").text
    assert "is not UTF-8" in page
    assert (
        operator.send("/admin/synonyms", {"text": "a, b", "digest": digest_on(page), "do": "save"}).status_code == 409
    )
    assert file_of(operator).read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize("query", ["", " ", "*", '"', "a" * 5000, "\x00\ud800".encode("utf-8", "replace").decode()])
def test_any_query_can_be_tried(operator: Operator, query: str) -> None:
    digest = digest_on(operator.get("/admin/synonyms").text)
    data = {"text": "a, b", "q": query, "digest": digest, "do": "preview"}
    assert operator.send("/admin/synonyms", data).status_code == 200
