"""Read large inputs: memory and time of the whole command. ``python -m benchmarks.reading [KIND ...] [--mb N]``

Each input is made from articles of the archive; from the second round on, one word in six is another, so that they are
no near-copies. ``timtin index`` then reads it into an empty data folder. Memory is the highest sum over all processes
of the command, looked at eight times a second; a page that several of them share counts once (``Pss``). *own* is what
they hold themselves, *mapped* are pages of index files.
"""

from __future__ import annotations

import argparse
import csv
import html
import itertools
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.engines import read_articles
from benchmarks.serving import resident
from index.article import Article

_LABELS = ("Thời sự", "Thế giới", "Kinh doanh", "Giải trí", "Thể thao", "Pháp luật", "Giáo dục", "Sức khỏe")
_NAMES = ("An", "Bình", "Cường", "Dũng", "Giang", "Hà", "Khánh", "Lan", "Minh", "Nam", "Oanh", "Phúc")
_OTHER_WORDS = 0.16

Row = dict[str, Any]


def rows() -> Iterator[Row]:
    """Yield articles without end."""
    archive = _archive()
    words = [word for article in archive[:3000] for word in article.body.split()]
    for number, article in ((number, article) for number in itertools.count() for article in archive):
        chance = random.Random(f"{article.id}-{number}")
        title, body = (_changed(text, words, chance) if number else text for text in (article.title, article.body))
        yield {
            "id": f"{article.id}-{number}",
            "title": title,
            "url": f"https://bao.example/{article.id}-{number}.html",
            "author": f"Nguyễn {chance.choice(_NAMES)} {chance.randrange(40)}",
            "category": chance.choice(_LABELS),
            "published": f"{chance.randrange(2012, 2025)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            "body": body,
        }


@cache
def _archive() -> list[Article]:
    return read_articles(20_000)


def _changed(text: str, words: list[str], chance: random.Random) -> str:
    lines = (line.split(" ") for line in text.split("\n"))
    return "\n".join(
        " ".join(chance.choice(words) if chance.random() < _OTHER_WORDS else word for word in line) for line in lines
    )


def written(path: Path, parts: Iterator[str], most: float) -> None:
    """Write ``parts`` to a file until it has ``most`` bytes."""
    with path.open("wb") as file:
        size = 0
        for part in parts:
            size += file.write(part.encode())
            if size > most:
                break


def as_json(row: Row) -> str:
    """Return an article as JSON on one line."""
    return json.dumps(row, ensure_ascii=False)


def array(folder: Path, most: float) -> None:
    """Make an array with indents."""
    parts = (f",\n{json.dumps(row, ensure_ascii=False, indent=1)}" for row in rows())
    _enclosed(folder / "array.json", "[\n", parts, "\n]\n", most)


def line(folder: Path, most: float) -> None:
    """Make an array on one line."""
    _enclosed(folder / "line.json", "[", (f", {as_json(row)}" for row in rows()), "]", most)


def wrapped(folder: Path, most: float) -> None:
    """Make an object that has the list in another object."""
    start = '{"meta": {"pages": 3}, "data": {"articles": [\n'
    _enclosed(folder / "wrapped.json", start, (f",\n{as_json(row)}" for row in rows()), '\n]}, "next": null}\n', most)


def _enclosed(path: Path, start: str, parts: Iterator[str], end: str, most: float) -> None:
    first = next(parts).lstrip(", \n")
    written(path, itertools.chain([start, first], parts), most)
    with path.open("a", encoding="utf-8") as file:
        file.write(end)


def lines(folder: Path, most: float) -> None:
    """Make JSON lines."""
    written(folder / "lines.jsonl", (f"{as_json(row)}\n" for row in rows()), most)


def long(folder: Path, _most: float) -> None:
    """Make an array of 2,000 articles, one of which has a body of 60 MB."""
    some = list(itertools.islice(rows(), 2000))
    some[1000]["body"] = "Giá lúa tăng ở đồng bằng. " * (60_000_000 // 33)
    (folder / "long.json").write_text(json.dumps(some, ensure_ascii=False), "utf-8")


def table(folder: Path, most: float) -> None:
    """Make a CSV file."""
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        every = rows()
        first = next(every)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        for row in itertools.chain([first], every):
            writer.writerow(row)
            if file.tell() > most:
                break


def wordpress(folder: Path, most: float) -> None:
    """Make a WordPress export of a quarter of the size."""
    spaces = "".join(
        f' xmlns:{name}="http://{address}/"'
        for name, address in (
            ("content", "purl.org/rss/1.0/modules/content"),
            ("dc", "purl.org/dc/elements/1.1"),
            ("wp", "wordpress.org/export/1.2"),
        )
    )
    items = (
        f"<item><title>{html.escape(row['title'])}</title><link>{row['url']}</link>"
        f"<dc:creator><![CDATA[{row['author']}]]></dc:creator><content:encoded><![CDATA[{_paragraphs(row)}]]>"
        f"</content:encoded><wp:post_date>{row['published']} 10:58:00</wp:post_date><wp:status>publish</wp:status>"
        f'<wp:post_type>post</wp:post_type><category domain="category">{row["category"]}</category></item>\n'
        for row in rows()
    )
    start = f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"{spaces}><channel><title>Báo</title>'
    _enclosed(folder / "export.xml", start, items, "</channel></rss>", most / 4)


def zipped(folder: Path, _most: float) -> None:
    """Make a zip file of 10,000 text files."""
    with zipfile.ZipFile(folder / "texts.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for row in itertools.islice(rows(), 10_000):
            file.writestr(f"{row['category']}/{row['id']}.txt", f"{row['title']}\n\n{row['body']}")


def pages(folder: Path, _most: float) -> None:
    """Make 1,000 web pages with the markup of a newspaper's site."""
    every = list(itertools.islice(rows(), 1000))
    for number, row in enumerate(every):
        related = [every[(number * 7 + at) % len(every)] for at in range(24)]
        (folder / f"{row['id']}.html").write_text(_page(row, related), "utf-8")


def _page(row: Row, related: list[Row]) -> str:
    title, lead = html.escape(row["title"]), html.escape(row["body"].split("\n")[0][:300])
    about = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": row["title"],
        "datePublished": f"{row['published']}T10:58:00+07:00", "author": {"@type": "Person", "name": row["author"]},
        "publisher": {"@type": "Organization", "name": "Báo"}, "mainEntityOfPage": row["url"],
    }  # fmt: skip
    menu = "".join(f'<li class="menu-item"><a href="/{at}">{name}</a></li>' for at, name in enumerate(_LABELS))
    cards = "".join(
        f'<article class="card"><a class="thumb" href="{one["url"]}"><img loading="lazy" src="/i/{at}.jpg" alt=""></a>'
        f'<h3><a href="{one["url"]}">{html.escape(one["title"])}</a></h3><time>{one["published"]}</time></article>'
        for at, one in enumerate(related)
    )
    scripts = f"<script>window.dataLayer=[];{'function f(a){return a+1};' * 250}</script>"
    styles = f"<style>{'.card .thumb{display:block;margin:0 auto}' * 150}</style>"
    figure = f'<figure><img src="/i/{row["id"]}.jpg" alt=""><figcaption>Ảnh: {row["author"]}</figcaption></figure>'
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{title} - Báo</title>{styles}'
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{lead}">'
        f'<meta property="og:url" content="{row["url"]}"><link rel="canonical" href="{row["url"]}">'
        f'<script type="application/ld+json">{as_json(about)}</script>{scripts}</head><body>'
        f'<header class="site-header"><nav><ul class="menu">{menu}</ul></nav></header>'
        f'<div class="breadcrumb"><a href="/">Trang chủ</a> <a href="/x">{row["category"]}</a></div>'
        f'<div class="container"><div class="main"><h1 class="title-detail">{title}</h1>'
        f'<div class="meta"><span class="date">Thứ ba, 06/05/2025, 10:58 (GMT+7)</span></div>'
        f'<p class="description">{lead}</p><div class="fck_detail">{_paragraphs(row, figure)}</div>'
        f'<p class="author">{row["author"]}</p><div class="tags"><a href="/t/1">{row["category"]}</a></div></div>'
        f'<aside class="sidebar">{cards}</aside></div><section class="comments"><div class="c">Hay quá!</div></section>'
        f"<footer><ul>{menu}</ul><p>© 2025 Báo. Giấy phép số 12/GP.</p></footer>{scripts}</body></html>"
    )


def _paragraphs(row: Row, between: str = "") -> str:
    found = [f"<p>{html.escape(paragraph)}</p>" for paragraph in row["body"].split("\n") if paragraph.strip()]
    return "\n".join([*found[:2], between, *found[2:]])


def document(folder: Path, _most: float) -> None:
    """Make a PDF of 1,000 pages."""
    from tests.reading.made_documents import pdf

    texts = [") Tj 0 -14 Td (".join(_short_lines(row["body"])[:40]) for row in itertools.islice(rows(), 1000)]
    (folder / "book.pdf").write_bytes(pdf(texts))


def _short_lines(text: str) -> list[str]:
    """Return lines of twelve words without accents, which a PDF needs no font for."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d")).encode("ascii", "ignore").decode()
    words = re.sub(r"[()\\]", "", plain).split()
    return [" ".join(words[at : at + 12]) for at in range(0, len(words), 12)]


KINDS: dict[str, Callable[[Path, float], None]] = {
    "array": array, "line": line, "wrapped": wrapped, "lines": lines, "long": long, "table": table,
    "wordpress": wordpress, "zipped": zipped, "pages": pages, "document": document,
}  # fmt: skip


def measured(folder: Path, data: Path) -> str:
    """Index what is in ``folder``; return the figures."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [sys.executable, "-m", "web.cli", "index", "--json", "--data", str(data), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        peak = {"own": 0, "mapped": 0}
        while process.poll() is None:
            peak = max(peak, resident(process), key=lambda held: sum(held.values()))
            time.sleep(0.125)
        assert process.stdout is not None
        summary = json.loads(process.stdout.read())
    took, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return (
        f"{size:6.0f} {summary['added']:9} {sum(peak.values()):8} {peak['own']:6} {peak['mapped']:7}"
        f" {took:8.1f} {spent:10.1f} {summary['failures']:7}"
    )


def main() -> None:
    """Print a line for each kind."""
    options = argparse.ArgumentParser()
    options.add_argument("kinds", nargs="*", choices=[[], *KINDS], metavar="KIND", help=" ".join(KINDS))
    options.add_argument("--mb", type=float, default=500, help="size of the larger inputs in megabytes")
    given = options.parse_args()
    print("                MB  articles   memory    own  mapped  seconds  processor  failed")
    for kind in given.kinds or KINDS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "in")
            folder.mkdir()
            KINDS[kind](folder, given.mb * 1e6)
            print(f"{kind:11} {measured(folder, Path(name, 'data'))}", flush=True)


if __name__ == "__main__":
    main()
