"""Pages that would take minutes or gigabytes are refused by name; whatever reads beside them goes on."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import UnreadableFileError
from index.reading.files import Failure
from index.reading.formats import parser_process
from index.reading.formats.html import MOST_ATTRIBUTES, MOST_ELEMENTS, html_fields
from index.reading.formats.json_lines import MOST_CONTAINERS
from index.reading.formats.parser_process import parsed_apart
from index.reading.ingest import ImportOptions, ingest
from search.archive import Archive
from tests.archives import check
from tests.conftest import Server
from tests.processes import timtin
from tests.reading.parsed import die, fail_strangely, fill_memory, largest_memory, own_process, wait_for_ever

SENTENCE = "Thành phố bàn cách chống ngập trong mùa mưa, người dân mong chờ một kết quả tốt hơn năm ngoái. "
ARTICLE = "<article><h1>Chống ngập</h1>" + f"<p>{SENTENCE * 4}</p>" * 3 + "</article>"


def page(more: str = "", head: str = "") -> str:
    return f"<html><head><title>Chống ngập</title>{head}</head><body>{ARTICLE}{more}</body></html>"


def inside(more: str) -> str:
    """Return a page that has ``more`` in its article, so that it is not cut off with what surrounds it."""
    return page().replace("</article>", f"{more}</article>")


def names(count: int) -> str:
    return " ".join(f"a{number}=1" for number in range(count))


REFUSED = {
    "attributes.html": (page(f"<p {names(60_000)}>x</p>"), f"more than {MOST_ATTRIBUTES} attributes"),
    "attributes-of-body.html": (f"<body {names(60_000)}>{ARTICLE}", f"more than {MOST_ATTRIBUTES} attributes"),
    "quoted-attributes.html": (
        page(f"<p {names(60_000).replace('=1', chr(61) + chr(34) + '>' + chr(34))}>"),
        f"more than {MOST_ATTRIBUTES} attributes",
    ),
    "slashed-attributes.html": (page(f"<p/{names(60_000).replace('=1 ', '/')}>"), f"more than {MOST_ATTRIBUTES} attr"),
    "unclosed-tag.html": (page(f"<p {names(60_000)}"), f"more than {MOST_ATTRIBUTES} attributes"),
    "after-script.html": (page(f"<script>'<p>'</script><p {names(60_000)}>"), f"more than {MOST_ATTRIBUTES} attr"),
    "elements.html": (page("<p>" * 900_000), f"more than {MOST_ELEMENTS:,} elements"),
    "cells.html": (page("<table><tr>" + "<td>a" * 200_000), f"more than {MOST_ELEMENTS:,} elements"),
}
SLOW = {
    "paragraphs.html": inside("<p>a</p>" * 95_000),
    "cells.html": inside("<table><tr>" + "<td>a" * 90_000 + "</table>"),
    "unclosed.html": inside("<p><b>a" * 45_000),
}
READ = {
    "deep.html": page("<div>" * 90_000),
    "comments.html": page("<!--a-->" * 100_000),
    "open-comments.html": page("<!--" * 200_000),
    "entities.html": page("<p>" + "&amp;" * 100_000),
    "doctype.html": "<!DOCTYPE html [" + '<!ENTITY a "&a;&a;">' * 20_000 + "]>" + page("&a;"),
    "text.html": page("<p>" + SENTENCE * 5_000),
    "cdata.html": page("<![CDATA[a]]>" * 50_000),
    "value.html": page(f'<p title="{"a " * 400_000}">x</p>'),
    "same-attribute.html": page("<p " + "a=1 " * 400 + ">x</p>"),
    "script.html": page(head=f"<script>for (i = 0; i<n; i++) {{ {'a = b; ' * 20_000} }}</script>"),
    "data.html": page(f"""<p data-x='{json.dumps({f"key {n}": n for n in range(20_000)})}'>x</p>"""),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_process, "PROCESSOR_SECONDS", 1)


def write(folder: Path, pages: dict[str, str]) -> None:
    for name, text in pages.items():
        (folder / name).write_text(text, "utf-8")


def read(archive: Archive, folder: Path) -> tuple[dict[str, str], set[str]]:
    """Return why each file was refused, by its name, and the ids of the articles that were read."""
    summary = ingest([str(folder)], archive.store, archive.engine, ImportOptions())
    assert check(archive) == []
    assert summary.failures == len(summary.failed)
    return {Path(one.where).name: one.why for one in summary.failed}, {one.id for one in archive.store.articles()}


def test_pages_with_too_many_parts_are_refused_before_they_are_parsed(archive: Archive, folder: Path) -> None:
    write(folder, {name: text for name, (text, _) in REFUSED.items()} | {"a-good.html": page(), "z-good.html": page()})
    refused, articles = read(archive, folder)
    assert refused.keys() == REFUSED.keys()
    for name, (_, why) in REFUSED.items():
        assert why in refused[name]
    assert articles == {"a-good", "z-good"}


def test_pages_that_take_too_long_are_refused_and_the_rest_is_read(
    archive: Archive, folder: Path, little_time: None
) -> None:
    write(folder, SLOW | {"a-good.html": page(), "m-good.html": page(), "z-good.html": page()})
    refused, articles = read(archive, folder)
    assert refused.keys() == SLOW.keys()
    assert all("more than 1 seconds of processor time" in why for why in refused.values())
    assert articles == {"a-good", "m-good", "z-good"}


def test_large_pages_that_only_look_hostile_are_read_as_ever(archive: Archive, folder: Path) -> None:
    write(folder, READ)
    refused, articles = read(archive, folder)
    assert refused == {}
    assert {f"{id}.html" for id in articles} == READ.keys()
    for article in archive.store.articles():
        alone = html_fields((folder / f"{article.id}.html").read_text("utf-8"))
        assert (article.title, article.body) == (alone["title"], alone["body"])


@pytest.mark.parametrize(
    "text",
    ["- a\n" * 400_000, "|a|b|\n|-|-|\n" + "|a|b|\n" * 250_000, "![" * 1_000_000, "a\n\n" * 500_000, "**a**" * 400_000],
    ids=["list", "table", "pictures", "paragraphs", "strong"],
)
def test_markdown_is_read_within_the_limits_too(
    archive: Archive, folder: Path, text: str, little_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_process, "LARGEST_MEMORY", 300 << 20)
    write(folder, {"hostile.md": text, "xanh.md": f"# Chống ngập\n\n{SENTENCE}"})
    refused, articles = read(archive, folder)
    assert refused.keys() == {"hostile.md"}
    assert "of memory" in refused["hostile.md"] or "of processor time" in refused["hostile.md"]
    assert articles == {"xanh"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds memory and tells its size: make test on Linux")
def test_memory_is_bounded_and_returns() -> None:
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    most = 2 * parser_process.LARGEST_MEMORY
    assert 0 < parsed_apart(largest_memory) < most
    with pytest.raises(UnreadableFileError, match="more than 1024 MB of memory"):
        parsed_apart(fill_memory, 1100)
    assert parsed_apart(fill_memory, 700) == 700 << 20
    assert parsed_apart(largest_memory) < most  # what a text left is not added to what the next may have
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - here < 100 << 10


def test_process_is_kept_and_replaced_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    first = parsed_apart(own_process)
    assert first not in {os.getpid(), 0}
    with pytest.raises(ZeroDivisionError):
        parsed_apart(divmod, 1, 0)
    with pytest.raises(UnreadableFileError, match="StrangeError"):
        parsed_apart(fail_strangely)
    assert parsed_apart(own_process) == first
    with pytest.raises(UnreadableFileError, match=r"broke the process that read it \(signal 11\)"):
        parsed_apart(die, signal.SIGSEGV)
    second = parsed_apart(own_process)
    os.kill(second, signal.SIGKILL)  # while nothing is asked of it
    os.waitid(os.P_PID, second, os.WEXITED | os.WNOWAIT)
    third = parsed_apart(own_process)
    monkeypatch.setattr(parser_process, "LONGEST_SECONDS", 0.3)
    with pytest.raises(UnreadableFileError, match=r"takes longer than 0\.3 seconds"):
        parsed_apart(wait_for_ever)
    monkeypatch.undo()
    assert parsed_apart(own_process) not in {first, second, third}


def test_process_ends_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import os, signal; from tests.reading.parsed import own_process\n"
        "from index.reading.formats.parser_process import parsed_apart\n"
        "print(parsed_apart(own_process), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    while Path(f"/proc/{int(ended.stdout)}/stat").exists():  # the test hangs if it stays
        if Path(f"/proc/{int(ended.stdout)}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)


def test_summary_of_the_command_names_the_page(folder: Path, tmp_path: Path) -> None:
    write(folder, {"attributes.html": REFUSED["attributes.html"][0], "good.html": page()})
    ended = timtin("index", str(folder), "--data", str(tmp_path / "data"))
    assert ended.returncode == 1
    assert "1 added, 0 updated, 0 unchanged, 0 removed, 1 failed" in ended.stdout
    assert f"attributes.html: has an element with more than {MOST_ATTRIBUTES} attributes" in ended.stderr


@pytest.mark.slow
def test_server_answers_and_indexes_beside_hostile_pages(
    folder: Path, tmp_path: Path, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a slow machine 20 seconds of processor time take longer than the two minutes that any page may take.
    impatient = "import index.reading.formats.parser_process as it, web.cli; it.PROCESSOR_SECONDS = 5; web.cli.main()"
    monkeypatch.setattr(Server, "program", (sys.executable, "-c", impatient))
    write(folder, {"0.html": SLOW["cells.html"], "1.html": REFUSED["attributes.html"][0], "good.html": page()})
    server = serve(None, "--watch", str(folder))
    while not server.search("chống ngập")["total"]:  # every answer comes, or the request ends the test
        time.sleep(0.05)
    assert [hit["id"] for hit in server.search("chống ngập")["hits"]] == ["good"]
    log = (tmp_path / "server.log").read_text()
    assert "0.html: takes more than 5 seconds of processor time to read" in log
    assert "1.html: has an element with more than" in log
    write(folder, {"later.html": page().replace("Chống ngập", "Bưởi da xanh")})
    while not server.search("bưởi da xanh")["total"]:
        time.sleep(0.05)
    assert server.stop() == 0


def test_lines_of_json_that_become_many_times_larger_are_refused(archive: Archive, folder: Path) -> None:
    large = '{"title": "a", "x": [' + "[]," * (MOST_CONTAINERS + 1) + "[]]}\n"
    write(folder, {"a.jsonl": large + '{"id": "1", "title": "Chống ngập"}\n'})
    failures: list[Failure] = ingest([str(folder)], archive.store, archive.engine).failed
    assert [one.where.rpartition(":")[2] for one in failures] == ["1"]
    assert f"at most {MOST_CONTAINERS:,} lists and objects" in failures[0].why
    assert [one.id for one in archive.store.articles()] == ["1"]
