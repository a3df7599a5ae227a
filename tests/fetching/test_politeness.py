"""A site is asked as often as it allows, and for what it allows."""

from __future__ import annotations

import pytest

from index.fetching.download import Downloader
from index.fetching.politeness import PoliteClient
from search.archive import Archive
from tests.fetching.conftest import Fetch, why
from tests.site import Site, item, page, rss


def test_robots_txt_is_obeyed(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {
        "/robots.txt": "User-agent: *\nDisallow: /\n\nUser-agent: timtin\nDisallow: /khoa/\nDisallow: /*.php$\n",
        "/rss": rss(item("/khoa/a"), item("/b.php"), item("/c")), "/khoa/a": page("a"), "/b.php": page("b"),
        "/c": page("c"), "/go": (302, {"Location": "/khoa/a"}, b""),
    }  # fmt: skip
    summary = take("/rss", "/go")
    assert (summary.added, len(summary.failed)) == (1, 3)
    assert why(summary).count("is disallowed by robots.txt") == 3
    assert site.paths() == ["/rss", "/c", "/go"]
    assert [path for path, _ in site.requests].count("/robots.txt") == 1


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_robots_txt_of_very_many_agents_and_rules_is_read(site: Site, archive: Archive, take: Fetch, end: str) -> None:
    agents = [f"User-agent: b{number}" for number in range(14_000)]
    rules = [f"Disallow: /{number}" for number in range(14_000)]
    own = ["User-Agent: *  # all", "Disallow: /a", "useragent TimTin", "Disallow: /b", "User-agent: c", "Disallow: /"]
    site.answers["/robots.txt"] = end.join([*agents, *rules, *own])
    site.answers |= {"/a": page("Giá lúa tăng"), "/b": page("Giá lúa giảm"), "/1": page("Giá gạo tăng")}
    summary = take("/a", "/b", "/1")
    assert summary.added == 2
    assert "/b: is disallowed by robots.txt" in why(summary)


def test_robots_txt_that_cannot_be_read_forbids(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {"/robots.txt": (500, {}, b""), "/a": page("a")}
    assert "robots.txt could not be read: returned HTTP 500" in why(take("/a"))
    assert site.paths() == []
    assert len(take("/a", "/b", "/c").failed) == 2
    site.answers["/robots.txt"] = (403, {}, b"")
    assert take("/a").added == 1


def test_host_that_answers_nothing_several_times_is_left_alone(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {
        "/rss": rss(*(item(f"/{n}") for n in range(9))),
        **{f"/{n}": lambda handler: None for n in range(9)},
    }
    lines = why(take("/rss")).splitlines()
    assert site.paths() == ["/rss", "/0", "/1", "/2"]
    assert [line.partition(": ")[0] for line in lines] == [*(f"{site.root}/{n}" for n in range(3)), "127.0.0.1"]
    assert "6 more of its pages" in lines[-1]


@pytest.mark.parametrize("status", [429, 503])
def test_busy_host_is_left_alone(site: Site, archive: Archive, take: Fetch, status: int) -> None:
    busy = (status, {"Retry-After": "120"}, b"")
    site.answers = {"/rss": rss(*(item(f"/{n}") for n in range(5))), "/0": page("Không"), "/1": busy}
    summary = take("/rss", "/2")
    assert site.paths() == ["/rss", "/0", "/1"]
    assert summary.added == 1
    lines = why(summary).splitlines()
    assert lines[0].startswith(f"{site.root}/1: 127.0.0.1 answered {status} and asks to retry after 120 s;")
    assert lines[1:] == ["127.0.0.1: 4 more of its pages were not fetched; run again later"]


def test_pause_between_requests_to_a_host_is_the_longer_of_the_two_wanted(site: Site) -> None:
    pauses: list[float] = []
    visitor = PoliteClient(Downloader(allow_private=True), delay=5.0, sleep=pauses.append)
    site.answers = {"/robots.txt": "User-agent: *\nCrawl-delay: 20\n", "/a": "x", "/b": "x"}
    for path in ("/a", "/b"):
        visitor.get(site.root + path, largest=100)
    assert [0 < pause <= 5 for pause in pauses] == [True, False]
    assert 5 < pauses[1] <= 20
    site.answers["/robots.txt"] = "User-agent: *\nCrawl-delay: 86400\n"
    patient = PoliteClient(Downloader(allow_private=True), delay=0.0, sleep=pauses.append)
    for path in ("/a", "/b"):
        patient.get(site.root + path, largest=100)
    assert 20 < pauses[-1] <= 30
