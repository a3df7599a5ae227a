"""``timtin fetch``: feeds, sitemaps and pages of a site become articles, politely and only when they changed."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import index.reading.formats.feeds
from index.article import article_from
from index.directory.lock import WriterLock
from index.fetching.links import article_id, clean_link
from index.fetching.sitemaps import read_sitemap
from index.reading.files import Failure, Remark
from index.reading.formats.feeds import read_feed
from index.reading.import_run import Report, Summary
from search.archive import Archive
from search.parameters import SearchParameters
from search.service import search
from tests.fetching.conftest import Fetch, articles, why
from tests.site import SENTENCES, Site, item, page, rss, urlset


def test_feed_brings_its_pages_with_what_it_says_of_them(site: Site, archive: Archive, take: Fetch) -> None:
    more = (
        "<title>Giá lúa &amp;amp; gạo</title><description>&lt;p&gt;Lúa &lt;b&gt;tăng&lt;/b&gt; giá.&lt;/p&gt;"
        "&lt;script&gt;alert(1)&lt;/script&gt;</description><pubDate>Wed, 27 Aug 2025 22:24:00 GMT</pubDate>"
        "<category>Kinh tế</category><dc:creator>Văn Dũng</dc:creator>"
    )
    site.answers = {
        "/rss": rss(item("/bai-1.html?utm_source=rss&amp;p=2#top", more)),
        "/bai-1.html?p=2": page("Giá lúa"),
    }
    summary = take("/rss")
    assert (summary.added, summary.failed) == (1, [])
    article = articles(archive)["bai-1.html?p=2"]
    assert article.id == f"127.0.0.1:{site.port}/bai-1.html?p=2"
    assert article.url == f"{site.root}/bai-1.html?p=2"
    assert (article.title, article.lead) == ("Giá lúa", "Lúa tăng giá.")
    assert (article.source, article.author, article.category) == ("Báo Mẫu", "Văn Dũng", "Kinh tế")
    assert article.published == "2025-08-28T05:24:00+07:00"
    assert all(sentence in article.body for sentence in SENTENCES)
    assert search(archive, SearchParameters(q="gia lua")).total == 1
    assert site.requests[-1][1]["user-agent"].startswith("timtin/")


def test_whole_text_in_a_feed_needs_no_page(site: Site, archive: Archive, take: Fetch) -> None:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES * 4) + "<script>alert('x')</script>"
    whole = f"<title>Giá lúa</title><content:encoded><![CDATA[{paragraphs}]]></content:encoded>"
    cut = f"<title>Cắt</title><content:encoded><![CDATA[{paragraphs} [&hellip;]]]></content:encoded>"
    site.answers = {"/rss": rss(item("/bai-1", whole), item("/bai-2", cut)), "/bai-2": page("Cắt")}
    assert take("/rss", source="Nguồn").added == 2
    assert site.paths() == ["/rss", "/bai-2"]
    article = articles(archive)["bai-1"]
    assert article.body == "\n\n".join(SENTENCES * 4)
    assert (article.title, article.lead, article.source) == ("Giá lúa", SENTENCES[0], "Nguồn")


def test_near_copies_are_counted(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {"/a": page("Giá lúa"), "/b": page("Lúa được giá"), "/c": page("Lúa lên giá")}
    assert take("/a", "/b").copies == 1
    assert take("/a", "/c").copies == 1
    assert take("/a").copies == 0


def test_feed_cannot_say_what_another_site_has_written(site: Site, archive: Archive, take: Fetch) -> None:
    whole = f"<content:encoded><![CDATA[<p>{'Tin giả. ' * 200}</p>]]></content:encoded>"
    port = site.port
    links = [f"http://localhost:{port}/a", f"http://localhost:{port}\\@127.0.0.1:{port}/b"]
    links += [f"http://u:p@127.0.0.1:{port}/c", "ftp://127.0.0.1/d"]
    site.answers = {"/rss": rss(*(item(link, whole) for link in links)), "/a": page("Tin thật")}
    summary = take("/rss")
    assert (summary.added, len(summary.failed)) == (1, 3)
    assert [article.title for article in archive.store.articles()] == ["Tin thật"]


def test_atom_feed_with_relative_links_and_markup_in_titles(site: Site, archive: Archive, take: Fetch) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/tin/">'
        '<title type="html">Báo &lt;b&gt;Mẫu&lt;/b&gt;</title>'
        '<entry><title type="html">Lúa &amp;amp; gạo</title><link href="bai%201"/>'
        "<updated>2025-08-27T01:02:03Z</updated><summary>Tóm tắt.</summary></entry></feed>"
    )
    site.answers = {"/atom": feed, "/tin/bai%201": page("").replace("<h1></h1>", "")}
    assert take("/atom").failed == []
    article = articles(archive)["tin/bai-1~" + article_id(f"{site.root}/tin/bai%201").rpartition("~")[2]]
    assert (article.title, article.source) == ("Lúa & gạo", "Báo Mẫu")
    assert article.published == "2025-08-27T08:02:03+07:00"


def test_sitemaps_newest_first_to_the_limit_and_on_from_there(site: Site, archive: Archive, take: Fetch) -> None:
    news = (
        "<url><loc>/tin</loc><n:news xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'><n:publication>"
        "<n:name>Báo Tin</n:name></n:publication><n:publication_date>2025-08-27T10:00+07:00</n:publication_date>"
        "<n:title>Tin &amp; bài</n:title></n:news></url>"
    )
    old = urlset(*(f"<url><loc>{site.root}/cu-{n}</loc><lastmod>2020-01-0{n}</lastmod></url>" for n in (1, 2, 3)))
    site.answers = {
        "/map": "<sitemapindex><sitemap><loc>/old.xml.gz</loc><lastmod>2020-01-03</lastmod></sitemap>"
        "<sitemap><loc>/new.xml</loc><lastmod>2025-08-27</lastmod></sitemap></sitemapindex>",
        "/old.xml.gz": (200, {"Content-Type": "application/x-gzip"}, gzip.compress(old.encode())),
        "/new.xml": urlset(news),
        **{f"/{name}": page(f"Bài {name}") for name in ("tin", "cu-1", "cu-2", "cu-3")},
    }
    assert take("/map", limit=2).added == 2
    assert site.paths() == ["/map", "/new.xml", "/tin", "/old.xml.gz", "/cu-3"]
    assert (articles(archive)["tin"].source, articles(archive)["tin"].published) == (
        "Báo Tin",
        "2025-08-27T10:00:00+07:00",
    )
    site.requests.clear()
    summary = take("/map")
    assert (summary.added, summary.unchanged) == (2, 1)
    assert site.paths() == ["/map", "/old.xml.gz", "/cu-2", "/cu-1"]


def test_only_what_changed_is_fetched_again(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {
        "/rss": (200, {"ETag": '"1"'}, rss(item("/a"), item("/b"))),
        "/a": (200, {"ETag": '"a"'}, page("Bài a")), "/b": page("Bài b"),
    }  # fmt: skip
    assert take("/rss").added == 2
    site.requests.clear()
    assert asdict(take("/rss")) | {"seconds": 0} == asdict(Summary())
    assert (site.paths(), site.requests[-1][1]["if-none-match"]) == (["/rss"], '"1"')
    later = "<pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate>"
    site.answers["/rss"] = (200, {"ETag": '"2"'}, rss(item("/a", later), item("/b"), item("/c")))
    site.answers["/c"] = page("Bài c")
    site.requests.clear()
    summary = take("/rss")
    assert (summary.added, summary.updated, summary.unchanged) == (1, 0, 2)
    assert site.paths() == ["/rss", "/a", "/c"]
    assert [headers.get("if-none-match") for path, headers in site.requests if path == "/a"] == ['"a"']


def test_what_a_clock_fetched_that_was_ahead_is_asked_for_again(site: Site, archive: Archive, take: Fetch) -> None:
    changed = "<pubDate>Fri, 02 Jan 2026 00:00:00 GMT</pubDate>"
    site.answers = {"/rss": rss(item("/a", changed)), "/a": page("Bài a")}
    assert take("/rss").added == 1
    assert take("/rss").unchanged == 1
    with archive.store.database.transaction() as write:
        write.execute("UPDATE fetches SET fetched = '2999-01-01T00:00:00+00:00'")
    site.answers["/a"] = page("Bài a, sửa")
    assert take("/rss").updated == 1


def test_entries_without_a_link_are_named_and_the_others_taken(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {"/rss": rss(item("/a"), item("")), "/a": page("Bài a")}
    summary = take("/rss")
    assert (summary.added, summary.failures) == (1, 1)
    assert "1 entries without a link" in why(summary)


def test_feed_with_a_page_that_failed_is_read_whole_the_next_time(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {
        "/rss": (200, {"ETag": '"1"'}, rss(item("/a"), item("/b"))),
        "/a": page("Bài a"),
        "/b": (500, {}, b""),
    }
    summary = take("/rss")
    assert (summary.added, why(summary)) == (1, f"{site.root}/b: returned HTTP 500")
    site.answers["/b"] = page("Bài b")
    summary = take("/rss")
    assert (summary.added, summary.unchanged, summary.failed) == (1, 1, [])


def test_named_page_is_asked_for_again_and_comes_back_when_deleted(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers["/a"] = (200, {"ETag": '"1"'}, page("Bài a"))
    assert take("/a").added == 1
    assert take("/a").unchanged == 1
    site.answers["/a"] = (200, {"ETag": '"2"'}, page("Bài a sửa"))
    assert take("/a").updated == 1
    archive.store.delete(list(archive.store.get_many([article_id(f"{site.root}/a")])))
    assert take("/a").added == 1
    assert take("/a", "/a#x", "/a").unchanged == 1


def test_failures_are_named_and_the_others_fetched(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {
        "/broken": "<?xml version='1.0'?><urlset><url><loc>/x</loc>", "/json": '{"a": 1}',
        "/pdf": (200, {"Content-Type": "application/pdf"}, b"%PDF"),
        "/empty": "<html><body><script>x</script></body></html>", "/other": "<?xml version='1.0'?><svg/>",
        "/latin": b"<html><body><p>B\xfan b\xf2</p></body></html>",
        "/rss": rss(item("/a"), item("ftp://x.vn/a"), item("http://u:p@x.vn/")),
        "/a": page("Bài a"), "/feedless": "<rss><channel><title>x</title></channel></rss>",
    }  # fmt: skip
    heard: list[Failure] = []
    paths = ("/broken", "/json", "/pdf", "/empty", "/other", "/latin", "/missing", "/feedless", "/rss")
    summary = take(*paths, report=Report(heard.append))
    assert summary.failed == heard
    assert (summary.added, len(heard)) == (1, 9)
    said = why(summary)
    for name, reason in {
        "/broken": "not well-formed XML", "/json": "neither a feed", "/pdf": "is application/pdf",
        "/empty": "no article text", "/other": "neither a feed", "/latin": "not UTF-8",
        "/missing": "returned HTTP 404", "ftp://x.vn/a": "http or https", "http://…@x.vn/": "name or password",
    }.items():  # fmt: skip
        assert any(name in line and reason in line for line in said.splitlines()), name


def test_failures_are_counted_and_so_many_are_named(site: Site, take: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.reading.import_run.MOST_NAMED", 3)
    site.answers["/map.xml"] = urlset(*(f"<url><loc>ftp://example.vn/{number}</loc></url>" for number in range(5)))
    said: list[Failure] = []
    summary = take("/map.xml", report=Report(said.append))
    assert (summary.failures, len(summary.failed), len(said)) == (5, 3, 5)


@pytest.mark.parametrize("markup", ["<html>", "<html><frameset></frameset></html>", "<html>" + "<" * 200_000])
def test_entry_of_odd_markup_leaves_the_others(markup: str) -> None:
    escaped = markup.replace("<", "&lt;")
    found = read_feed(
        rss(item("http://a.vn/1", f"<category>{escaped}</category>"), item("http://a.vn/2")), "http://a.vn/"
    )
    assert [entry.link for entry in found] == ["http://a.vn/1", "http://a.vn/2"]


@pytest.mark.parametrize("form", ["<pubDate>{}</pubDate>", "<dc:date>{}</dc:date>"])
@pytest.mark.parametrize(
    "date",
    ["9999-12-31T23:59-12:00", "9999-12-31T23:59:59Z", "9999-12-31 20:00", "0001-01-01T00:00+14:00"],
)  # fmt: skip
def test_date_at_the_ends_of_time_costs_an_entry_its_date_alone(
    site: Site, archive: Archive, take: Fetch, form: str, date: str
) -> None:
    site.answers = {
        "/rss": rss(item("/a", form.format(date)), item("/b", "<pubDate>Mon, 06 Jan 2025 11:24:00 GMT</pubDate>")),
        "/a": page("Một"), "/b": page("Hai"),
    }  # fmt: skip
    remarks: list[Remark] = []
    summary = take("/rss", report=Report(remark=remarks.append))
    assert (summary.added, summary.failed) == (2, [])
    assert articles(archive)["b"].published == "2025-01-06T18:24:00+07:00"
    assert [(one.where, "ends of time" in one.why) for one in remarks] == [(f"{site.root}/a", True)]


@pytest.mark.parametrize(
    "date",
    [
        "0000-00-00T00:00:00Z",
        "10000000000",
        "9" * 400,
        "-1",
        "Mon, 01 Jan 2025 00:00 +9999",
        "Fri, 31 Dec 9999 23:59:00 -1200",
        "99999-13-45",
        "",
    ],
)
def test_date_of_no_calendar_leaves_a_feed_whole(site: Site, archive: Archive, take: Fetch, date: str) -> None:
    site.answers = {
        "/rss": rss(item("/a", f"<pubDate>{date}</pubDate>"), item("/b")),
        "/a": page("Một"),
        "/b": page("Hai"),
    }
    summary = take("/rss")
    assert (summary.added, summary.failed) == (2, [])


@pytest.mark.parametrize(
    "name", ["links", "tags", "content", "title_detail", "published_parsed", "summary_detail", "id"]
)
@pytest.mark.parametrize("channel", [False, True])
def test_elements_named_as_the_parser_names_its_own_leave_a_feed_whole(name: str, channel: bool) -> None:
    odd = f"<{name}>x</{name}><link>http://b.vn/a</link><{name}>y</{name}><title>t</title><category>c</category>"
    feed = rss(odd if channel else f"<item>{odd}</item>", item("/b"))
    assert [entry.link for entry in read_feed(feed, "http://b.vn/")][-1] == "http://b.vn/b"


def test_entry_that_cannot_be_read_is_named_and_the_others_taken(
    site: Site, archive: Archive, take: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = index.reading.formats.feeds._label

    def label(markup: str | None) -> str | None:
        if markup == "Vỡ":
            raise KeyError("x")
        return real(markup)

    monkeypatch.setattr("index.reading.formats.feeds._label", label)
    monkeypatch.setattr("index.fetching.fetch.parsed_apart", lambda read, *of: read(*of))
    site.answers = {"/rss": rss(item("/a", "<category>Vỡ</category>"), item("/b")), "/b": page("Hai")}
    summary = take("/rss")
    assert summary.added == 1
    assert why(summary) == f"{site.root}/a: is an entry that cannot be read: KeyError: 'x'"


def test_feeds_and_pages_that_take_too_long_are_refused(
    site: Site, archive: Archive, take: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reading.formats.parser_process.PROCESSOR_SECONDS", 1)
    site.answers = {
        "/rss": rss(item("/a", f"<author>{'a' * 2_000_000}</author>")),
        "/page": page("Nặng").replace("</article>", "<p>a</p>" * 95_000),
        "/b": page("Hai"),
    }
    summary = take("/rss", "/page", "/b")
    assert [one.where for one in summary.failed] == [f"{site.root}/rss", f"{site.root}/page"]
    assert all("more than 1 seconds of processor time" in one.why for one in summary.failed)
    assert summary.added == 1


def test_redirect_written_in_utf_8_is_followed(site: Site, archive: Archive, take: Fetch) -> None:
    def moved(handler: Any) -> None:
        handler.wfile.write("HTTP/1.1 301 Moved\r\nLocation: /giá-lúa\r\nContent-Length: 0\r\n\r\n".encode())

    site.answers |= {"/old": moved, "/gi%C3%A1-l%C3%BAa": page("Giá lúa tăng")}
    assert take("/old").added == 1
    assert site.paths() == ["/old", "/gi%C3%A1-l%C3%BAa"]


def test_truncated_feed_gives_the_entries_it_has(site: Site, archive: Archive, take: Fetch) -> None:
    site.answers = {"/rss": rss(item("/a"), item("/b"))[:-20], "/a": page("Bài a"), "/b": page("Bài b")}
    assert take("/rss").added == 2


@pytest.mark.parametrize(
    "header", ["text/xml; charset=iso-8859-1", "text/xml", "application/rss+xml; charset=no-such", ""]
)
def test_vietnamese_feed_is_read_whatever_charset_its_header_claims(
    site: Site, archive: Archive, take: Fetch, header: str
) -> None:
    site.answers = {"/rss": (200, {"Content-Type": header}, rss(item("/a"), title="Báo Đất Việt")), "/a": page("Bài ư")}
    assert take("/rss").added == 1
    assert articles(archive)["a"].source == "Báo Đất Việt"


def test_windows_1258_feed_and_utf_16_page(site: Site, archive: Archive, take: Fetch) -> None:
    feed = rss(item("/a"), title="Ti\u00ea\u0301ng Vi\u00ea\u0323t").replace("utf-8", "windows-1258")
    site.answers = {"/rss": feed.encode("cp1258"), "/a": page("Bài ư").encode("utf-16")}
    assert take("/rss").added == 1
    assert (articles(archive)["a"].source, articles(archive)["a"].title) == ("Tiếng Việt", "Bài ư")


def test_interrupt_keeps_what_was_fetched(site: Site, archive: Archive, take: Fetch) -> None:
    def stop(count: int) -> None:
        raise KeyboardInterrupt

    site.answers = {"/rss": rss(item("/a"), item("/b")), "/a": page("Bài a"), "/b": page("Bài b")}
    summary = take("/rss", report=Report(progress=stop))
    assert (summary.added, summary.failures) == (1, 0)
    assert summary.unfinished is not None
    assert "what was fetched so far is kept" in summary.unfinished
    assert search(archive, SearchParameters(q="bài a")).total == 1
    assert take("/rss").added == 1


def test_all_is_fetched_while_another_process_has_the_index(
    site: Site, archive: Archive, take: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reading.import_run._APPLY_SECONDS", -1)
    monkeypatch.setattr("index.fetching.fetch._BATCH", 1)
    site.answers = {"/rss": rss(item("/a"), item("/b")), "/a": page("Bài a"), "/b": page("Bài b")}
    with WriterLock(tmp_path / "data").held("a long import", 5):
        summary = take("/rss", wait=0.1)
    assert (summary.added, summary.failed, summary.copies) == (2, [], None)
    assert summary.unfinished is not None
    assert "a long import" in summary.unfinished
    assert take("/rss").unfinished is None
    assert search(archive, SearchParameters(q="bài")).total == 2


def test_dates_of_sitemaps_from_the_first_year_to_the_last(site: Site) -> None:
    dates = ["2025-08-27", "9999-12-31", "", "0001-01-01", "hôm qua", "2025-08-27T10:00:00+07:00", "2024"]
    pages = (f"<url><loc>/{n}</loc><lastmod>{date}</lastmod></url>" for n, date in enumerate(dates))
    image = (
        "<url><i:image xmlns:i='i'><i:loc>/i</i:loc><i:title>x</i:title></i:image><loc> /7 </loc><loc>/8</loc></url>"
    )
    read = read_sitemap(urlset(*pages, "<url><lastmod>2025</lastmod></url>", image), "http://b.vn/")
    assert [entry.link.rpartition("/")[2] for entry in read.pages] == ["1", "0", "5", "3", "2", "4", "6", "7"]


def test_sitemap_loops_end(site: Site, take: Fetch) -> None:
    def index_of(*paths: str) -> str:
        return "<sitemapindex>" + "".join(f"<sitemap><loc>{path}</loc></sitemap>" for path in paths) + "</sitemapindex>"

    site.answers = {"/1": index_of("/1", "/2"), "/2": index_of("/1", "/3"), "/3": index_of("/4"), "/4": urlset()}
    assert "nested deeper than 3 levels" in why(take("/1"))
    assert site.paths() == ["/1", "/2", "/3"]


@pytest.mark.parametrize(
    ("url", "id"),
    [
        ("https://www.bao.vn/kinh-te/gia-lua-123.html?utm_source=r&fbclid=x#a", "bao.vn/kinh-te/gia-lua-123.html"),
        ("http://BAO.vn/kinh-te/gia-lua-123.html/", "bao.vn/kinh-te/gia-lua-123.html"),
        ("https://bao.vn/?id=7&cat=3", "bao.vn/?cat=3&id=7"),
        ("https://bao.vn:8443/b%C3%A0i", "bao.vn:8443/bài"),
        ("https://bao.vn/ba\u0300i", "bao.vn/bài"),
        ("https://bao.vn", "bao.vn"),
    ],
)  # fmt: skip
def test_ids_are_readable_and_the_same_for_one_article(url: str, id: str) -> None:
    assert article_id(url) == id


@pytest.mark.parametrize(
    "path",
    [
        "x" * 3000,
        "a//b",
        "a/similar",
        "%0a%00%ff",
        "bài " * 90,
        "%2F%2F",
        "a%2F",
        "%2e%2E/a",
        "?q=http://x//",
        "%F0%9F",
    ],
)
def test_every_link_gives_a_valid_id_of_its_own(path: str) -> None:
    first, second = article_id(f"https://bao.vn/{path}"), article_id(f"https://bao.vn/x{path}")
    assert first != second
    assert article_from({"id": first, "title": "x"}).id.startswith("bao.vn")


def test_links_lose_only_what_tracks() -> None:
    assert clean_link(" http://b.vn/a?id=1&utm_campaign=x&&cid=2&UTM_x=3#f ") == "http://b.vn/a?id=1&cid=2"
    assert clean_link("http://b.vn/a?utm_campaign=x") == "http://b.vn/a"


def test_feed_entities_are_text_and_reach_no_file() -> None:
    head = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname"><!ENTITY lol "ha">' + "".join(
        f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10)
    )
    feed = rss(item("/a", "<title>&e;&lol9;</title>")).replace("?><rss", f"?>{head}]><rss")
    assert len(read_feed(feed, "http://b.vn/")[0].title) < 100


def test_command_prints_what_became_of_it(site: Site, tmp_path: Path) -> None:
    site.answers = {"/rss": rss(item("/a"), item("/b")), "/a": page("Bài a")}
    command = [sys.executable, "-m", "web.cli", "fetch", f"{site.root}/rss", "--delay", "0"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        data = ("--data", str(tmp_path / "data"))
        return subprocess.run([*command, *data, *more], capture_output=True, text=True, check=False)

    done = run("--allow-private", "--json")
    assert (done.returncode, json.loads(done.stdout)["added"]) == (1, 1)
    assert done.stderr.splitlines()[0] == f"timtin: {site.root}/b: returned HTTP 404"
    refused = run()
    assert (refused.returncode, refused.stdout[:8]) == (1, "0 added,")
    assert refused.stderr.startswith(f"timtin: {site.root}/rss: uses port {site.port};")
    site.answers["/b"] = page("Bài b")
    with WriterLock(tmp_path / "data").held("a long import", 5):
        done = run("--allow-private", "--wait", "0.2")
    assert (done.returncode, done.stdout[:46]) == (1, "1 added, 0 updated, 1 unchanged, 0 removed, 0 ")
    assert "(a long import, since " in done.stderr
    done = run("--allow-private")
    assert (done.returncode, done.stdout[:46]) == (0, "0 added, 0 updated, 2 unchanged, 0 removed, 0 ")
