"""The API for people: every operation, in both languages, with examples that run against this very service."""

from __future__ import annotations

import html
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from markupsafe import escape
from playwright.sync_api import expect

from tests.conftest import Server, browser, with_seeds
from web.access import Scope
from web.api.openapi import describe_api
from web.settings import AccessSettings

OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in describe_api()["paths"].items()
    for method, operation in operations.items()
}


def sections(page: str) -> dict[str, str]:
    """Return the part of the page about each operation, by its name."""
    found = re.findall(r'<section class="operation" aria-labelledby="(\w+)">(.*?)</section>', page, re.DOTALL)
    assert len(found) == len(dict(found))
    return dict(found)


def commands(page: str) -> dict[str, list[str]]:
    """Return how the page asks with curl, as the shell would split it, by operation."""
    found = {}
    for name, part in sections(page).items():
        command = re.search(r"<pre[^>]*><code>(.*?)</code></pre>", part, re.DOTALL)
        assert command is not None
        found[name] = shlex.split(html.unescape(command[1]).replace("\\\n", ""))
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_operation_and_parameter_is_there(client: FlaskClient, language: str) -> None:
    page = client.get(f"/docs?lang={language}").text
    found = sections(page)
    assert set(found) == set(OPERATIONS)
    for name, (method, path, operation) in OPERATIONS.items():
        assert f'<b class="{method.lower()}">{method}</b> <code>{path.replace("/", "/<wbr>")}</code>' in found[name]
        named = re.findall(r"<dt><code[^>]*>(.*?)</code></dt>", found[name])
        assert named == [parameter["name"] for parameter in operation["parameters"]]
        assert f'<a href="#{name}">' in page
        assert (operation["summary"] in found[name]) == (language == "en")
        for parameter in operation["parameters"]:
            if what := parameter["schema"].get("description"):
                assert (str(escape(what)) in found[name]) == (language == "en")
    for field in describe_api()["components"]["schemas"]["Article"]["properties"]:
        assert re.search(rf"<dt><code[^>]*>{field}</code></dt>", page)
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))


def test_words_of_the_interface_are_marked_as_english(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert '<html lang="vi">' in page
    codes = re.findall(r"<(?:code|pre)[^>]*>", page.partition("<main")[2])
    bare = [code for code in codes if 'lang="en"' not in code and code != "<code>"]
    assert bare == []
    for code in re.finditer(r"<code>", page.partition("<main")[2]):  # inside an element that is marked
        before = page.partition("<main")[2][: code.start()]
        assert before.rfind('lang="en"') > before.rfind("</p>")


def test_bounds_and_defaults_are_said(client: FlaskClient) -> None:
    part = sections(client.get("/docs?lang=en").text)["search"]
    facts = re.sub(r"<[^>]*>", "", part)
    for said in (
        "from 1 · up to 100 · else 10",
        "more than 0 · up to 36500",
        "written, id text · else relevance",
        "auto · all · any · else auto",
    ):
        assert said in " ".join(facts.split())


def test_examples_name_this_service(client: FlaskClient) -> None:
    for name, command in commands(client.get("/docs", base_url="https://tin.example.vn/tim").text).items():
        addresses = [word for word in command if word.startswith("http")]
        assert len(addresses) == 1
        assert addresses[0].startswith("https://tin.example.vn/tim" + OPERATIONS[name][1].partition("{")[0])
    links = re.findall(
        r'class="link"><a href="([^"]*)"', client.get("/docs", base_url="https://tin.example.vn/tim").text
    )
    assert len(links) >= 8
    assert all(link.startswith("/tim/") for link in links)


def test_examples_and_forms_run_without_a_script(client: FlaskClient) -> None:
    page = client.get("/docs").text
    links = [html.unescape(link) for link in re.findall(r'class="link"><a href="([^"]*)"', page)]
    assert len(links) >= 8
    for link in links:
        assert client.get(link).status_code == 200
    sent = 0
    for name, part in sections(page).items():
        form = re.search(r'<details class="try"(.*?)>.*?<form action="([^"]*)"[^>]*>(.*?)</form>', part, re.DOTALL)
        if OPERATIONS[name][0] != "GET":
            assert form is None
            continue
        assert form is not None
        assert ("hidden" in form[1]) == ("{" in form[2])  # what only a script can send is shown by the script
        if "{" in form[2]:
            continue
        fields = dict(re.findall(r'<input name="(\w+)" value="([^"]*)"', form[3]))
        for select, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form[3], re.DOTALL):
            chosen = re.search(r"<option[^>]*selected>(.*?)</option>", options)
            fields[select] = chosen[1] if chosen else ""
        assert list(fields) or not OPERATIONS[name][2]["parameters"]
        assert client.get(form[2], query_string=fields).status_code == 200, name
        sent += 1
    assert sent >= 7


def test_what_needs_a_key_depends_on_the_settings(client: FlaskClient) -> None:
    def needed() -> dict[str, str]:
        found = {}
        for name, part in sections(client.get("/docs?lang=en").text).items():
            scope = re.search(r"Needs a key with the scope <code[^>]*>(\w+)</code>", part)
            found[name] = scope[1] if scope else ""
        return found

    writes = dict.fromkeys(("add", "put", "patch", "delete", "deleteByFilter", "cancel"), "write") | {
        "reindex": "admin"
    }
    assert {name: scope for name, scope in needed().items() if scope} == writes
    settings = client.application.config["SETTINGS"]
    closed = AccessSettings(search="key", metrics="key")
    client.application.config["SETTINGS"] = settings.model_copy(update={"access": closed})
    asked = needed()
    assert asked["search"] == asked["feed"] == asked["tasks"] == "search"
    assert (asked["metrics"], asked["healthz"], asked["readyz"]) == ("admin", "", "")
    page = client.get("/docs").text
    assert "001_d3efdf2d08a7cb74" not in page  # which articles there are is told to nobody without a key


def test_curl_examples_work_as_they_are(serve: Callable[..., Server], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    with_seeds(tmp_path / "data")
    server = serve()
    (tmp_path / "articles.ndjson").write_text('{"id": "a", "body": "bún bò"}\n{"id": "b", "body": "bún chả"}\n')
    wanted = dict.fromkeys(OPERATIONS, "200") | {"add": "200", "reindex": "202", "put": "200"}
    wanted |= dict.fromkeys(("task", "cancel"), "404")
    order = sorted(
        commands(server.request("GET", "/docs").body.decode()).items(), key=lambda entry: entry[0] == "delete"
    )
    for name, command in order:
        with_key = [word.replace("KEY", server.key) for word in command]
        quiet = [with_key[0], "-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", *with_key[1:]]
        done = subprocess.run(quiet, capture_output=True, text=True, cwd=tmp_path, check=True, timeout=120)
        assert done.stdout == wanted[name], name
    assert Scope.WRITE.label == "write"


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 1440])
def test_a_programmer_tries_it_in_a_browser(serve: Callable[..., Server], tmp_path: Path, width: int) -> None:
    with_seeds(tmp_path / "data")
    server = serve()
    with browser() as plain:
        page = plain.context.browser.new_context(locale="vi-VN", viewport={"width": width, "height": 800}).new_page()
        failures: list[str] = []
        page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{server.root}/docs")
        section = page.locator("section.operation", has=page.locator("#search"))
        section.get_by_text("Dùng thử").click()
        section.get_by_label("q", exact=True).fill("hội nhập")
        section.get_by_label("sort").fill("newest")
        section.get_by_role("button", name="Gửi").click()
        expect(section.get_by_role("status")).to_contain_text("200 OK · /api/v1/search?q=hội+nhập&size=3&sort=newest")
        expect(section.locator("[data-answer] pre")).to_contain_text('"text": "hội nhập"')
        section.get_by_label("size", exact=True).fill("0")
        section.get_by_role("button", name="Gửi").click()
        expect(section.get_by_role("status")).to_contain_text("400")
        similar = page.locator("section.operation", has=page.locator("#similar"))
        similar.get_by_text("Dùng thử").click()
        similar.get_by_role("button", name="Gửi").click()
        expect(similar.get_by_role("status")).to_contain_text("200 OK")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert Axe().run(page).violations_count == 0
        small = page.evaluate(
            "[...document.querySelectorAll('.docs input, .docs select, .docs button')]"
            ".filter((each) => each.getBoundingClientRect().height < 44).length"
        )
        assert small == 0
        assert [failure for failure in failures if "400" not in failure] == []
        plain.goto(f"{server.root}/docs")
        assert plain.locator("[data-key]").is_hidden()
        plain.get_by_role("link", name="Mở ví dụ").first.click()
        assert plain.url.startswith(f"{server.root}/api/v1/search?q=")
