"""The desk in a real browser, as somebody who runs the service uses it: with JavaScript and without, and by axe."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from index.store.search_log import SearchLog
from tests.conftest import Server, with_seeds
from tests.pages.browsers import axe_violations, browser_page
from tests.processes import wait_for

pytestmark = pytest.mark.slow

PICTURES = os.environ.get("PICTURES_OF_TESTS")
SIZES = (320, 375, 1440)
PAGES = ("", "/tasks", "/rebuild", "/upload", "/synonyms", "/searches", "/searches/clear", "/keys", "/keys/old/revoke")
DROP = """
([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const form = document.querySelector("[data-drop]");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    form.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}
"""


@pytest.fixture
def server(serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("TIMTIN_LOG_SEARCHES", "true")
    with_seeds(tmp_path / "data")
    return serve()


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.root}/admin")
    page.get_by_label("Admin key").fill(server.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def room(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="The desk").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


@pytest.mark.parametrize("scripts", [True, False])
def test_operator_runs_the_service(server: Server, tmp_path: Path, scripts: bool) -> None:
    with browser_page(javascript=scripts, locale="en-US", expected=["status of 403"]) as page:
        page.goto(f"{server.root}/admin/keys")
        page.get_by_label("Admin key").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("unknown, expired or revoked")
        sign_in(page, server)
        expect(page.locator(".plot rect")).to_have_count(1)

        room(page, "Keys")
        page.get_by_label("Name").fill("importer")
        page.get_by_label("May").select_option("write")
        page.get_by_role("button", name="Make a key").click()
        made = page.get_by_label("New key").input_value()
        body = b'{"title": "T", "body": "B"}'
        given = {"Authorization": f"Bearer {made}", "Content_Type": "application/json"}
        assert server.request("PUT", "/api/v1/articles/x", body, **given).status == 201
        page.get_by_role("link", name="Revoke… importer").click()
        page.get_by_role("button", name="Revoke", exact=True).click()
        expect(page.locator(".done[role=status]")).to_contain_text("is revoked")
        assert server.request("PUT", "/api/v1/articles/x", body, **given).status == 401

        room(page, "Synonyms")
        page.get_by_label("Rules").fill("xyzzy => hội nhập quốc tế\nodd line")
        page.get_by_label("Try them with a query").fill("xyzzy")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator(".wrong li")).to_have_count(1)
        expect(page.locator(".sides .new").first).to_be_visible()
        page.get_by_label("Rules").fill("xyzzy => hội nhập quốc tế")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".done[role=status]")).to_contain_text("are saved")
        assert server.search("xyzzy")["total"] == 4

        room(page, "Send files in")
        name = "<img src=x onerror=alert(1)>.txt"
        if scripts:
            page.wait_for_load_state("load")  # then the script of the page has run
            page.evaluate(DROP, [name, "Kéo thả\n\nNội dung được kéo vào."])
        else:
            (tmp_path / name).write_text("Kéo thả\n\nNội dung được kéo vào.", "utf-8")
            page.get_by_label("Files").set_input_files(tmp_path / name)
        page.get_by_role("button", name="Look at them").click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        page.get_by_role("button", name="Index this 1 article").click()
        expect(page.locator(".file")).to_contain_text("1 added")

        room(page, "Tasks")
        page.get_by_role("link", name="Rebuild the index…").click()
        page.get_by_role("button", name="Rebuild").click()
        expect(page.locator(".done[role=status]")).to_contain_text("will be rebuilt")
        if scripts:  # by itself
            expect(page.locator("#tasks tbody tr").first).to_contain_text("done")
        else:
            while "done" not in page.locator("#tasks tbody tr").first.inner_text():
                page.get_by_role("link", name="Load again").click()
        assert page.locator("#tasks[data-refresh]").count() == 0

        noted = SearchLog(server.data / "searches.sqlite")
        wait_for(lambda: "xyzzy" in [one.query for one in noted.frequent(10)])  # whichever process found it
        room(page, "Searches")
        expect(page.get_by_role("link", name="xyzzy").first).to_be_visible()
        page.get_by_role("link", name="Forget all searches…").click()
        page.get_by_role("button", name="Forget all searches").click()
        expect(page.locator(".done[role=status]")).to_contain_text("are forgotten")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Admin key")).to_be_visible()
        page.go_back()
        page.goto(f"{server.root}/admin")
        expect(page.get_by_label("Admin key")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit(server: Server, scheme: str) -> None:
    server.search("giá vàng")
    server.search("xyzzy plugh")
    with browser_page(locale="en-US", scheme=scheme) as page:
        page.goto(f"{server.root}/admin/sign-in")
        assert axe_violations(page) == []
        sign_in(page, server)
        page.goto(f"{server.root}/admin/keys")
        page.get_by_label("Name").fill("old")
        page.get_by_role("button", name="Make a key").click()
        assert axe_violations(page) == []
        page.goto(f"{server.root}/admin/upload")
        page.evaluate(DROP, ["bài rất dài " * 12 + ".jsonl", '{"title": "Tin", "body": "x"}\n{}\n'])
        page.get_by_role("button", name="Look at them").click()
        expect(page.locator(".file")).to_have_count(1)
        uploaded = page.url.removeprefix(f"{server.root}/admin")
        for path in (*PAGES, uploaded):
            page.goto(f"{server.root}/admin{path}")
            assert axe_violations(page) == [], path
            for width in SIZES:
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                small = page.locator(".desk :is(button, .button, .rooms a, input:not([type=hidden]), select, summary)")
                for each in small.all():
                    box = each.bounding_box()
                    assert box is None or box["height"] >= 44, (path, each.inner_text())
                if PICTURES:
                    name = re.sub(r"[0-9a-f]{32}", "files", path).strip("/").replace("/", "-") or "overview"
                    page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)
