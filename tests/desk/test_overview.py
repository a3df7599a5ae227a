"""The overview, the plot, the tasks and the rebuild, the last errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article
from search.runtime.index_follower import bring_in_sync
from tests.conftest import Server
from tests.desk.conftest import Operator
from tests.processes import wait_for
from web import recent_errors
from web.desk import facts
from web.desk.plot import HEIGHT, plot_of
from web.recent_errors import RecentErrors, keep_errors, latest_errors


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[RecentErrors]:
    handler = keep_errors(tmp_path)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_overview_counts_what_there_is(operator: Operator) -> None:
    page = operator.get("/admin").text
    for name, value in {"Articles": "5", "Sources": "3", "Writes not searchable yet": "0"}.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert "5 articles stored in 60 days" in page
    assert page.count("<rect ") == 1
    assert "Memory of process" in page
    assert "kB" in page


def test_overview_shows_what_is_wrong(operator: Operator) -> None:
    here = operator.client.application.extensions["timtin"]
    here.follower.stop()
    here.archive.store.put([Article(id="late", title="<i>Muộn</i>", body="tin muộn")])
    here.follower._notice.set("the disk <b>is full</b>")
    page = operator.get("/admin").text
    assert "<dt>Writes not searchable yet</dt><dd>1</dd>" in page
    assert "the disk &lt;b&gt;is full&lt;/b&gt;" in page
    (here.archive.home / "articles.sqlite").rename(here.archive.home / "away")
    broken = operator.get("/admin")
    assert broken.status_code == 200
    assert "<dt>Articles</dt><dd>?</dd>" in broken.text
    assert "was replaced or removed" in broken.text


def test_title_of_the_newest_article_is_text(operator: Operator) -> None:
    here = operator.client.application.extensions["timtin"]
    blank = Article(id="-", title="x", body="x")
    title = "<script>alert(1)</script>\"'{{7*7}}"
    here.archive.store.put([blank.model_copy(update={"id": "n", "title": title, "published": "2030-01-01"})])
    bring_in_sync(here.archive)
    page = operator.get("/admin").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@given(st.dictionaries(st.dates(date(2025, 1, 1), date(2025, 3, 1)), st.integers(0, 10**9)), st.integers(1, 90))
def test_plot_has_a_bar_for_each_day_in_its_box(counts: dict[date, int], days: int) -> None:
    last = date(2025, 2, 20)
    plot = plot_of({day.isoformat(): count for day, count in counts.items()}, last, days)
    assert [bar.day for bar in plot.bars] == [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    assert plot.total == sum(count for day, count in counts.items() if last - timedelta(days=days) < day <= last)
    for bar in plot.bars:
        assert bar.count == counts.get(bar.day, 0)
        assert 0 <= bar.y <= HEIGHT
        assert 0 <= bar.x < plot.width
        assert bar.y + bar.height == pytest.approx(HEIGHT)
        assert bool(bar.height) is bool(bar.count)
    highest = max(plot.bars, key=lambda bar: bar.count)
    assert highest.count == plot.most
    assert highest.height in {0.0, HEIGHT}


def test_rebuild_is_asked_for_then_done(operator: Operator) -> None:
    tasks = operator.client.application.extensions["timtin"].archive.store.tasks
    page = operator.get("/admin/rebuild").text
    assert "Rebuild the index?" in page
    assert tasks.latest(5) == []
    assert "The index will be rebuilt" in operator.send("/admin/rebuild").text
    wait_for(lambda: tasks.latest(1)[0].finished is not None)
    page = operator.get("/admin/tasks").text
    assert "Rebuild of the index" in page
    assert 'class="state-done"' in page
    assert "data-refresh" not in page


def test_tasks_that_are_not_done_refresh_themselves_and_show_their_errors(operator: Operator) -> None:
    here = operator.client.application.extensions["timtin"]
    here.follower.stop()
    tasks = here.archive.store.tasks
    failed = tasks.request_rebuild()
    tasks.end(failed.id, "<img src=x onerror=alert(1)>")
    tasks.written(999, {"received": 12345, "added": 12345}, [{"index": 0, "detail": "<b>no</b>"}])
    for path in ("/admin", "/admin/tasks"):
        page = operator.get(path).text
        assert 'data-refresh="/admin/tasks"' in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "&lt;b&gt;no&lt;/b&gt;" in page
        assert "received: 12,345 · added: 12,345" in page
        assert 'class="state-failed"' in page


def test_last_errors_are_shown_as_text_each_once(operator: Operator, kept: RecentErrors) -> None:
    log = logging.getLogger("tests.desk")
    for number in range(3):
        log.error("index %s is <b>damaged</b>", "x")
        log.warning("not an error %d", number)
    try:
        raise ValueError("<i>odd</i>")
    except ValueError:
        log.exception("failed")
    page = operator.get("/admin").text
    assert page.count("index x is &lt;b&gt;damaged&lt;/b&gt;") == 1
    assert "failed: ValueError: &lt;i&gt;odd&lt;/i&gt;" in page
    assert "not an error" not in page
    found = latest_errors()
    assert found is not None
    assert [(error.message, error.times) for error in found] == [
        ("failed: ValueError: <i>odd</i>", 1),
        ("index x is <b>damaged</b>", 3),
    ]


def test_errors_kept_are_bounded(kept: RecentErrors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_errors, "_LARGEST", 20_000)
    log = logging.getLogger("tests.desk")
    for number in range(500):
        log.error("%d %s", number, "x" * 3000)
    found = kept.latest()
    assert len(found) == 100
    assert found[0].message.startswith("499 ")
    assert {len(error.message) for error in found} == {1000}
    assert (tmp_path / "errors.jsonl").stat().st_size < 20_000 + 110 * 1100
    with (tmp_path / "errors.jsonl").open("ab") as file:
        file.write(json.dumps([1, 2]).encode() + b"\n{half")
    assert len(kept.latest()) == 98


def test_no_errors_are_kept_where_no_service_runs() -> None:
    assert latest_errors() is None


def test_sizes_are_said_in_words(operator: Operator) -> None:
    with operator.client.application.test_request_context("/admin?lang=en"):
        sizes = {0: "0 B", 999: "999 B", 1000: "1 kB", 3456: "3.5 kB", 12_345_678: "12 MB", 5 * 10**12: "5 TB"}
        assert {size: facts.shown_size(size) for size in sizes} == sizes


@pytest.mark.slow
def test_processes_of_a_service_show_their_errors_and_memory_together(serve: Callable[..., Server]) -> None:
    server = serve(None, "--workers", "2")
    wait_for(lambda: server.request("GET", "/api/v1/stats").status == 200)
    (server.data / "indexes").chmod(0o700)
    from tests.desk.test_bodies import signed_in

    cookie = signed_in(server, server.key)
    (server.data / "keys.json").write_text("{")
    for _ in range(8):
        assert server.request("POST", "/api/v1/reindex", Authorization="Bearer x").status == 503
    (server.data / "keys.json").unlink()
    for _ in range(8):
        page = server.request("GET", "/admin?lang=en", Cookie=cookie).body.decode()
        assert "keys.json cannot be read" in page
        assert page.count("Memory of process") == 3
