"""``timtin.js``, the client for scripts, on a page of another site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.client.fake import Reply, serving
from tests.conftest import Server, with_seeds
from tests.pages.browsers import browser_page

pytestmark = pytest.mark.slow


@pytest.fixture
def server(serve: Callable[..., Server], tmp_path: Path) -> Server:
    with_seeds(tmp_path / "data")
    (tmp_path / "data" / "timtin.toml").write_text('[server]\ncors_origins = ["*"]\n')
    return serve()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The origin of another site, with one page."""
    with serving(
        Reply(body=b"<!doctype html><link rel=icon href='data:,'>", headers={"Content-Type": "text/html"})
    ) as site:
        yield site.url


@contextmanager
def page_of_another_site(elsewhere: str, *expected: str) -> Iterator[Page]:
    with browser_page(expected=expected) as page:
        page.goto(elsewhere)
        yield page


def run(page: Page, server: Server, body: str) -> Any:
    """Return what ``body`` returns, a function of the module ``it``, a ``client``, its ``root`` and ``key``."""
    function = f"""async ([root, key]) => {{
        const it = await import(`${{root}}/timtin.js`);
        const client = new it.Timtin(root, {{ key }});
        {body}
    }}"""
    return page.evaluate(function, [server.root, server.key])


def test_a_script_of_another_site_searches_and_writes(server: Server, elsewhere: str) -> None:
    with page_of_another_site(elsewhere) as page:
        id = "báo/lúa 1?#%"
        written = run(
            page, server, f"return client.put({{ id: {id!r}, title: 'Giá lúa' }}, {{ query: {{ wait: true }} }})"
        )
        assert (written["id"], written["result"], written["searchable"]) == (id, "created", True)
        assert [hit["id"] for hit in run(page, server, "return client.search('gia lua')")["hits"]] == [id]
        assert run(page, server, f"return client.get({id!r})")["title"] == "Giá lúa"
        assert run(page, server, f"return client.delete({id!r}, {{ query: {{ wait: true }} }})")["result"] == "deleted"
        found = run(
            page, server, "return client.search({ q: 'hội', facets: ['source', 'year'], size: 2, source: null })"
        )
        assert (found["size"], sorted(found["facets"])) == (2, ["source", "year"])
        all_hits = (
            "const found = []; for await (const answer of client.pages({ size: 2 })) found.push(answer.hits.length);"
        )
        assert run(page, server, f"{all_hits} return found") == [2, 2, 1]
        assert run(page, server, "return client.suggest('ngoai gi')")["suggestions"][0] == "ngoại giao"
        similar = "const { hits } = await client.search('hội'); return client.similar(hits[0].id, { size: 1 })"
        assert len(run(page, server, similar)["hits"]) == 1
        rebuild = "const task = await (await client.request('POST', 'reindex')).json(); return client.wait(task.id)"
        assert run(page, server, rebuild)["state"] == "done"


CAUGHT = "const [name, status, detail] = await %s.catch((error) => [error.name, error.status, error.problem?.detail]);"


def test_errors_have_their_problem_document(server: Server, elsewhere: str) -> None:
    with page_of_another_site(elsewhere, "404", "401", "400") as page:
        missing = (
            "return client.get('none').catch((error) => [error instanceof it.ProblemError, `${error}`, error.problem])"
        )
        ours, said, problem = run(page, server, missing)
        assert ours
        assert said == "ProblemError: 404 There is no article with this id."
        assert (problem["status"], problem["instance"]) == (404, "/api/v1/articles/none")
        bad = "return client.search({ q: 'a', size: 0 }).catch((error) => error.problem.errors[0].name)"
        assert run(page, server, bad) == "size"
        stranger = "return new it.Timtin(root).put({ id: 'a', title: 'b' }).catch((error) => error.status)"
        assert run(page, server, stranger) == 401
        assert (
            run(page, server, "return client.get('').catch((error) => error.message)")
            == "An article's id is not empty."
        )
        left = """const leaving = new AbortController();
            const answer = client.search("hội", { signal: leaving.signal }).catch((error) => error.name);
            leaving.abort();
            return answer"""
        assert run(page, server, left) == "AbortError"


def test_what_is_safe_to_repeat_is_sent_again(server: Server, elsewhere: str) -> None:
    sent: list[str] = []
    failures: list[dict[str, Any] | None] = []

    def answer(route: Route) -> None:
        if route.request.method == "OPTIONS":
            route.fallback()
            return
        sent.append(route.request.method)
        failure = failures.pop(0)
        if failure is None:
            route.abort()
            return
        cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
        route.fulfill(headers={**cors, **failure.pop("headers", {})}, **failure)

    busy: dict[str, Any] = {"status": 503, "body": "<html>"}
    done: dict[str, Any] = {"json": {"state": "done"}}
    with page_of_another_site(elsewhere, "503", "429", "ERR_FAILED") as page:
        page.clock.install()
        page.route("**/api/v1/**", answer)

        def tried(call: str, *replies: dict[str, Any] | None) -> Any:
            sent.clear()
            failures[:] = [dict(reply) if reply is not None else None for reply in replies]
            page.evaluate("window.told = undefined")
            patient = "const patient = new it.Timtin(root, { retries: 2 });"
            end = (
                "then((answer) => (window.told = answer.state), (error) => (window.told = error.status ?? error.name))"
            )
            run(page, server, f"{patient} {call}.{end}; return null")
            while page.evaluate("window.told === undefined"):
                page.clock.run_for(1000)
            return page.evaluate("window.told"), len(sent)

        assert tried("patient.search('a')", busy, busy, done) == ("done", 3)
        assert tried("patient.search('a')", busy, busy, busy) == (503, 3)
        assert tried("patient.delete('a')", None, done) == ("done", 2)
        assert tried("client.search('a')", busy) == (503, 1)
        write = "patient.put({ id: 'a' }, { headers: { 'If-Match': '\"x\"' } })"
        assert tried(write, busy) == (503, 1)
        assert tried(write, None) == ("TypeError", 1)
        refused = {"status": 429, "headers": {"Retry-After": "3600"}, "body": "{}"}
        assert tried("patient.request('POST', 'reindex').then((answer) => answer.json())", refused, done) == ("done", 2)
        assert page.evaluate("Date.now()") > 3_600_000


def test_half_an_export_is_no_export(server: Server, elsewhere: str) -> None:
    begun = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n"
    half = begun + b'11\r\n{"id":"a"}\n{"id":\r\n'
    with serving(Reply(raw=half, held=True), Reply()) as broken, page_of_another_site(elsewhere, "ERR_") as page:
        reading = f"""const found = [];
            try {{
              for await (const {{ id }} of new it.Timtin("{broken.url}").export()) {{
                found.push(id);
                await fetch("{broken.url}/read", {{ mode: "no-cors" }});
              }}
            }} catch (error) {{
              found.push(error.name);
            }}
            return found"""
        assert run(page, server, reading) == ["a", "TypeError"]
        first = "for await (const { id } of client.export()) return id"
        assert run(page, server, first) in [hit["id"] for hit in run(page, server, "return client.search('')")["hits"]]


def test_only_sites_that_are_named_may_load_it(serve: Callable[..., Server], elsewhere: str, tmp_path: Path) -> None:
    with_seeds(tmp_path / "data")
    server = serve()
    module = server.request("GET", "/timtin.js", Origin=elsewhere)
    assert "Access-Control-Allow-Origin" not in module.headers
    assert module.headers["Content-Type"] == "text/javascript; charset=utf-8"
    unchanged = server.request("GET", "/timtin.js", If_None_Match=module.headers["ETag"])
    assert unchanged.status == 304
    (tmp_path / "data" / "timtin.toml").write_text(f'[server]\ncors_origins = ["{elsewhere}"]\n')
    server.stop()
    server.process = server.start()
    module = server.request("GET", "/timtin.js", Origin=elsewhere)
    assert module.headers["Access-Control-Allow-Origin"] == elsewhere
    other = server.request("GET", "/timtin.js", Origin="https://other.example")
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Origin" in other.headers["Vary"]
