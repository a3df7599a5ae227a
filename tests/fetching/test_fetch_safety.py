"""Fetching is no way into the network, and no server can hold it up or fill its memory."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.fetching.addresses import FetchError, RefusedError, is_public, target_of
from index.fetching.download import Downloader, decoded
from index.fetching.fetch import LARGEST_PAGE, FetchOptions, fetch
from index.fetching.links import article_id
from index.fetching.politeness import MOST_REDIRECTS, PoliteClient
from search.archive import Archive
from tests.site import Site, item, page, rss, running_site, urlset

PUBLIC = "93.184.216.34"


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """A name server: the answers each name gives, one after another; the last one stays."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *more: Any, **named: Any) -> Any:
        if host not in known:
            return real(host, port, *more, **named)
        answers = known[host]
        numbers = answers.pop(0) if len(answers) > 1 else answers[0]
        return [answer for number in numbers for answer in real(number, port, *more, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses sockets were to be connected to; none is."""
    addresses: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        addresses.append(address)
        raise OSError("no connection in this test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "0x7f.1", "localhost",
        "LOCALHOST.", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "169.254.169.254",
        "100.64.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "[fc00::1]", "[fe80::1]", "[fec0::1]",
        "224.0.0.1", "[ff02::1]",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020.0.1",
    ],
)  # fmt: skip
def test_no_form_of_an_address_that_is_not_public_is_connected_to(host: str, dialled: list[Any]) -> None:
    with pytest.raises(FetchError):
        Downloader().get(f"http://{host}/", {}, 100)
    assert dialled == []


@pytest.mark.parametrize("number", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses_are(number: str, dialled: list[Any]) -> None:
    assert is_public(number)
    with pytest.raises(FetchError, match="no connection in this test"):
        Downloader().get(f"http://{f'[{number}]' if ':' in number else number}/", {}, 100)
    assert len(dialled) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "http or https"), ("ftp://x.vn/a", "http or https"), ("gopher://x.vn/", "http or https"),
        ("/etc/passwd", "http or https"), ("//x.vn/a", "http or https"), ("", "http or https"),
        ("http://user:secret@x.vn/", "name or password"), ("http://user@x.vn/", "name or password"),
        ("http://x.vn:22/", "port 22"), ("http://x.vn:6379/", "port 6379"), ("http://x.vn:0/", "port 0"),
        ("http:///a", "host"), ("http://[fe80::1%25eth0]/", "host"), ("http://x.vn:99999/", "web address"),
        ("http://[::1/", "web address"), ("http://x.vn/" + "a" * 3000, "longer than"),
        ("http://127.0.0.1\\@x.vn/", "web address"), ("http://x .vn/", "web address"),
    ],
)  # fmt: skip
def test_what_is_no_plain_address_of_the_web_is_refused(url: str, reason: str, dialled: list[Any]) -> None:
    with pytest.raises(RefusedError, match=reason) as refused:
        Downloader().get(url, {}, 100)
    assert "secret" not in str(refused.value)
    assert dialled == []


def test_ports_of_an_intranet_are_allowed_with_its_addresses() -> None:
    assert target_of("http://x.vn:8000/", allow_private=True).port == 8000
    for allow_private in (False, True):
        with pytest.raises(RefusedError, match="8443, and 1024 and above with --allow-private"):
            target_of("http://x.vn:25/", allow_private=allow_private)


def test_names_of_private_addresses_are_refused_before_a_byte_is_sent(
    site: Site, archive: Archive, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.fetching.addresses._PUBLIC_PORTS", frozenset({site.port}))
    names.update({"tin.vn": [["127.0.0.1"]], "both.vn": [[PUBLIC, "127.0.0.1"]]})
    for host in ("tin.vn", "both.vn", "127.0.0.1", "localhost"):
        summary = fetch([f"http://{host}:{site.port}/"], archive.store, archive.engine, FetchOptions(delay=0))
        assert "which is not public; use --allow-private" in summary.failed[0].why
    assert site.connections == 0
    assert fetch([f"{site.root}/"], archive.store, archive.engine, FetchOptions(delay=0, allow_private=True)).failed
    assert site.connections > 0


def test_name_that_changes_its_address_is_connected_to_as_checked(
    names: dict[str, list[list[str]]], dialled: list[Any]
) -> None:
    names["tin.vn"] = [[PUBLIC], ["127.0.0.1"]]
    with pytest.raises(FetchError, match="no connection in this test"):
        Downloader().get("http://tin.vn/", {}, 100)
    assert dialled == [(PUBLIC, 80)]
    with pytest.raises(RefusedError):
        Downloader().get("http://tin.vn/", {}, 100)
    assert dialled == [(PUBLIC, 80)]


def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, site.root)
    with pytest.raises(FetchError):
        Downloader().get(f"http://{PUBLIC}/", {}, 100)
    assert dialled == [(PUBLIC, 80)]


def test_redirect_to_an_address_that_is_not_public_is_refused(
    site: Site, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the site stands for a public one: its own address passes, any other of this machine does not
    monkeypatch.setattr("index.fetching.addresses.is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr("index.fetching.addresses._PUBLIC_PORTS", frozenset({site.port}))
    names["inside.vn"] = [["127.0.0.2"]]
    for target in (f"http://inside.vn:{site.port}/", f"http://127.0.0.3:{site.port}/", f"//2130706434:{site.port}/"):
        site.answers["/go"] = (302, {"Location": target}, b"")
        with pytest.raises(RefusedError, match="not public"):
            PoliteClient(Downloader(), delay=0).get(f"{site.root}/go", largest=100)
    for target, reason in {"file:///etc/passwd": "http or https", "http://a:b@x.vn/": "password"}.items():
        site.answers["/go"] = (302, {"Location": target}, b"")
        with pytest.raises(RefusedError, match=reason):
            PoliteClient(Downloader(), delay=0).get(f"{site.root}/go", largest=100)
    assert set(site.paths()) == {"/go"}


@pytest.fixture
def public_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, which stands for one on the internet: its own address passes, any other of this machine does not."""
    monkeypatch.setattr(
        "index.fetching.addresses.is_public", lambda address: address in {"127.0.0.1", PUBLIC} or is_public(address)
    )
    monkeypatch.setattr("index.fetching.addresses._PUBLIC_PORTS", frozenset({site.port}))
    return site


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that sockets were connected to."""
    addresses: list[str] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        addresses.append(address[0])
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2", "127.2", "2130706434", "0x7f000002", "0177.0.0.2", "017700000002", "0x7f.2", "0x7F.0.0.2.",
        "[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::127.0.0.2]", "[64:ff9b::7f00:2]", "[64:ff9b::127.0.0.2]",
        "[64:ff9b:1::7f00:2]", "[2002:7f00:2::]", "[2001:0:7f00:2::]", "[::1]", "[::]", "[fe80::1]", "[fd00::1]",
        "0.0.0.0", "0", "100.64.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.31.0.1", "localhost.tin.vn",
        "INSIDE.vn", "inside.vn.", "127\u30020\u30020\u30022", "127.0.0.2\uff0e", "\u2460\u2461\u2466.0.0.2",
        "127.0.0.1@127.0.0.2", "127.0.0.1%40127.0.0.2", "127.0.0.1#@127.0.0.2", "127.0.0.1\\@127.0.0.2",
        "a:b@inside.vn", "[fe80::1%25lo]", "both.vn",
    ],
)  # fmt: skip
def test_no_hop_leads_inward(
    public_site: Site, names: dict[str, list[list[str]]], connected: list[str], host: str
) -> None:
    names |= {"inside.vn": [["127.0.0.2"]], "localhost.tin.vn": [["127.0.0.2"]]}
    names["both.vn"] = [["127.0.0.1", "127.0.0.2"]]
    site = public_site
    site.answers["/go"] = (301, {"Location": "/on"}, b"")
    site.answers["/on"] = (302, {"Location": f"http://{host}:{site.port}/in".encode().decode("latin-1")}, b"")
    site.answers["/in"] = "bí mật"
    with pytest.raises(FetchError):
        PoliteClient(Downloader(), delay=0).get(f"{site.root}/go", largest=100)
    assert "/in" not in site.paths()
    assert set(connected) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "location",
    ["", " ", "#", "?", "//", "///", "http:", "http://", "http:///in", "https:in", "http:/[", "javascript:alert(1)",
     "data:text/html,x", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "\\\\127.0.0.2\\in",
     "http://" + "a." * 3000, "x" * 60_000, "http://tin.vn:22/", "http://tin.vn:99999/", "http://tin.vn:-1/",
     "\xff\xfe"],
)  # fmt: skip
def test_location_that_leads_nowhere_is_a_failure(public_site: Site, connected: list[str], location: str) -> None:
    public_site.answers["/go"] = (302, {"Location": location}, b"")
    with pytest.raises(FetchError):
        PoliteClient(Downloader(), delay=0).get(f"{public_site.root}/go", largest=100)
    assert set(connected) <= {"127.0.0.1"}
    assert len(public_site.paths()) <= MOST_REDIRECTS + 1


def test_name_that_answers_public_first_and_inward_second_is_refused_the_second_time(
    public_site: Site, archive: Archive, names: dict[str, list[list[str]]], connected: list[str]
) -> None:
    """The first answer is that for robots.txt; each request asks again, and goes where its own answer was checked."""
    site = public_site
    site.answers = {
        "/rss": rss(item(f"http://lat.vn:{site.port}/a"), item("/b")),
        "/b": page("Bưởi"),
        "/a": page("Mật"),
    }
    site.answers["/go"] = (302, {"Location": f"http://lat2.vn:{site.port}/a"}, b"")
    names |= {"lat.vn": [["127.0.0.1"], ["127.0.0.2"]], "lat2.vn": [["127.0.0.1"], ["127.0.0.1", "::1"]]}
    options = FetchOptions(delay=0)
    summary = fetch([f"{site.root}/rss", f"{site.root}/go"], archive.store, archive.engine, options)
    assert [failure.where for failure in summary.failed] == [f"http://lat.vn:{site.port}/a", f"{site.root}/go"]
    assert all("which is not public" in failure.why for failure in summary.failed)
    assert summary.added == 1
    assert "/a" not in site.paths()
    assert set(connected) == {"127.0.0.1"}
    assert names["lat.vn"] == [["127.0.0.2"]]


def test_sitemaps_and_robots_lead_inward_no_more_than_pages(
    public_site: Site, archive: Archive, names: dict[str, list[list[str]]], connected: list[str]
) -> None:
    site = public_site
    names |= {"inside.vn": [["127.0.0.2"]], "tin.vn": [["127.0.0.1"]]}
    inward = f"http://inside.vn:{site.port}"
    site.answers = {
        "/map": f"<sitemapindex><sitemap><loc>{inward}/map</loc></sitemap></sitemapindex>",
        "/robots.txt": (302, {"Location": f"{inward}/robots.txt"}, b""),
    }
    summary = fetch([f"http://tin.vn:{site.port}/map"], archive.store, archive.engine, FetchOptions(delay=0))
    assert "inside.vn (127.0.0.2), which is not public" in summary.failed[0].why
    assert site.paths() == []  # who sends robots.txt inward is not visited
    del site.answers["/robots.txt"]
    summary = fetch([f"http://tin.vn:{site.port}/map"], archive.store, archive.engine, FetchOptions(delay=0))
    assert "inside.vn (127.0.0.2), which is not public" in summary.failed[0].why
    assert site.paths() == ["/map"]
    assert set(connected) == {"127.0.0.1"}


def test_redirects_are_followed_so_far(site: Site) -> None:
    visitor = PoliteClient(Downloader(allow_private=True), delay=0)
    for n in range(1, 8):
        site.answers[f"/{n}"] = (301 if n % 2 else 307, {"Location": str(n - 1)}, b"")
    site.answers["/0"] = "tới nơi"
    assert visitor.get(f"{site.root}/{MOST_REDIRECTS}", largest=100).body.decode() == "tới nơi"
    for path in (f"/{MOST_REDIRECTS + 1}", "/loop"):
        site.answers["/loop"] = (302, {"Location": "/loop"}, b"")
        with pytest.raises(FetchError, match="more than 5 times"):
            visitor.get(site.root + path, largest=100)
    assert site.paths().count("/loop") == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"", mtime=0)[:10],
            b"\x00\x00\x00\xff\xff",
        ),
    ],
)
def test_answer_that_trickles_without_end_is_ended(site: Site, head: bytes, piece: bytes) -> None:
    site.answers["/a"] = lambda handler: site.trickle(handler, head, piece)
    with pytest.raises(FetchError) as ended:
        Downloader(allow_private=True, seconds=0.5).get(f"{site.root}/a", {}, 1 << 20)
    assert "took longer than 0.5 seconds" in str(ended.value) or "got more than 100 headers" in str(ended.value)
    assert ended.value.temporary


def test_handshake_that_never_comes_is_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(FetchError, match="took longer"):
            Downloader(allow_private=True, seconds=0.3).get(url, {}, 100)


def test_endless_and_exploding_answers_are_cut_off(site: Site) -> None:
    def endless(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not site.stopped.is_set():
            handler.wfile.write(bytes(1 << 16))

    bomb = zlib.compress(bytes(20 << 20))
    twice = gzip.compress(gzip.compress(bytes(5 << 20)))
    site.answers = {
        "/endless": endless,
        "/gzip": (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(20 << 20))),
        "/deflate": (200, {"Content-Encoding": "deflate"}, bomb),
        "/twice": (200, {"Content-Encoding": "gzip, gzip"}, twice),
        "/br": (200, {"Content-Encoding": "br"}, b"x"),
        "/damaged": (200, {"Content-Encoding": "gzip"}, b"x" * 100),
    }
    downloader = Downloader(allow_private=True)
    for path, reason in {
        "/endless": "larger than 1 MB", "/gzip": "larger than 1 MB", "/deflate": "larger than 1 MB",
        "/twice": "not requested", "/br": "not requested", "/damaged": "no answer that can be read",
    }.items():  # fmt: skip
        with pytest.raises(FetchError, match=reason):
            downloader.get(site.root + path, {}, 1 << 20)


def test_packed_sitemap_that_explodes_and_pages_too_large_are_refused(site: Site, archive: Archive) -> None:
    entry = "<url><loc>&b;</loc></url>"
    site.answers = {
        "/bomb.gz": gzip.compress(b"<urlset>" + bytes(60 << 20)), "/cut.gz": gzip.compress(bytes(1 << 20))[:500],
        "/page": page("x") + " " * LARGEST_PAGE, "/rss": rss() + " " * LARGEST_PAGE, "/feed": rss(item("/page")),
        "/bomb": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>' + urlset(entry),
        "/xxe": '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/hostname">]>' + urlset(entry),
    }  # fmt: skip
    urls = [site.root + path for path in ("/bomb.gz", "/cut.gz", "/page", "/rss", "/feed", "/bomb", "/xxe")]
    summary = fetch(urls, archive.store, archive.engine, FetchOptions(delay=0, allow_private=True))
    reasons = ["larger than 50 MB", "damaged gzip", "larger than 4 MB", "larger than 4 MB", "larger than 4 MB"]
    for failure, reason in zip(summary.failed, [*reasons, "DOCTYPE", "DOCTYPE"], strict=True):
        assert reason in failure.why
    assert archive.store.count() == 0


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n"],
)  # fmt: skip
def test_broken_answers_are_failures_of_one_line(site: Site, archive: Archive, answer: bytes) -> None:
    site.answers["/a"] = lambda handler: handler.wfile.write(answer)
    summary = fetch([f"{site.root}/a"], archive.store, archive.engine, FetchOptions(delay=0, allow_private=True))
    assert len(summary.failed) == 1
    assert "Traceback" not in summary.failed[0].why


def test_hostile_pages_and_feeds_end_neither_the_run_nor_the_process(site: Site, archive: Archive) -> None:
    site.answers = {
        "/deep": "<html><body>" + "<div>" * 100_000, "/rss": rss("<a>" * 2000), "/open": "<html" + "<" * 10_000,
        "/nul": b"<html><body><p>" + b"\0" * 1000, "/title": rss(item("/good", f"<title>{'dài ' * 9000}</title>")),
        "/good": page(""),
        "/links": rss(item("http://[::1"), item("http://x:y:z/"), item("javascript:alert(1)"), item("  ")),
    }  # fmt: skip
    urls = [site.root + path for path in site.answers]
    summary = fetch(urls, archive.store, archive.engine, FetchOptions(delay=0, allow_private=True))
    assert article_id(f"{site.root}/good") in archive.store.get_many([article_id(f"{site.root}/good")])
    assert all(len(failure.why) < 400 for failure in summary.failed)


@pytest.mark.parametrize("name", ["punycode", "zlib_codec", "unicode_escape", "idna", "no-such", "undefined"])
def test_codecs_that_are_no_text_encodings_are_not_used(name: str) -> None:
    with pytest.raises(FetchError, match="nor in the encoding it declares"):
        decoded(b"\xff\xe1", f"text/html; charset={name}")


def test_run_ends_at_a_limit_of_requests_whatever_becomes_of_them(site: Site, archive: Archive) -> None:
    site.answers["/map"] = urlset(*(f"<url><loc>{site.root}/{n}</loc></url>" for n in range(50)))
    summary = fetch(
        [f"{site.root}/map"], archive.store, archive.engine, FetchOptions(delay=0, allow_private=True, limit=5)
    )
    assert len(summary.failed) == 5
    assert len(site.paths()) == 6


def test_certificate_must_be_trusted_and_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "made.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(made), "-out", "-"]
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate: apt-get install openssl, then make test")
    certificate = subprocess.run([*command, *names], capture_output=True, check=True).stdout
    made.write_bytes(made.read_bytes() + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)
    with running_site() as site:
        site.server.socket = context.wrap_socket(site.server.socket, server_side=True, do_handshake_on_connect=False)
        site.answers["/a"] = "tin"
        url = f"https://localhost:{site.port}/a"
        with pytest.raises(FetchError, match="certificate that cannot be trusted"):
            Downloader(allow_private=True).get(url, {}, 100)
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
        assert Downloader(allow_private=True).get(url, {}, 100).body == b"tin"
        with pytest.raises(FetchError, match=r"certificate that cannot be trusted.*127\.0\.0\.1"):
            Downloader(allow_private=True).get(url.replace("localhost", "127.0.0.1"), {}, 100)
    assert len(site.requests) == 1
