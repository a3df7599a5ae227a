"""Files that were cut off anywhere lose their broken part only, by name; the rest is read."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from index.reading.files import Failure
from search.archive import Archive
from tests.reading.conftest import Index

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COUNT = 40
BODY = 'Giá lúa tăng, nông dân vui. Ông nói: "Được mùa, được giá".\nSáng nay, ở Cần Thơ, {}, trời nắng; chiều có mưa.\n'
ARTICLES = [
    {"id": f"a{number}", "title": f"Bài {number}", "body": BODY.format(number * 7) * (1 + number % 3)}
    for number in range(COUNT)
]
LINES = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in ARTICLES).encode()
WORDPRESS = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Báo</title>'
)


def table() -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", "title", "body"])
    writer.writeheader()
    writer.writerows(ARTICLES)
    return text.getvalue().encode()


def zipped(method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for article in ARTICLES:
            archive.writestr(f"{article['id']}.txt", f"{article['title']}\n\n{article['body']}")
    return file.getvalue()


def wordpress() -> bytes:
    items = "".join(
        f"<item><title>{article['title']}</title><content:encoded><![CDATA[{article['body']}]]></content:encoded>"
        "<wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item>\n"
        for article in ARTICLES
    )
    return f"{WORDPRESS}{items}</channel></rss>".encode()


def by_id() -> bytes:
    return json.dumps({article["id"]: article for article in ARTICLES}, ensure_ascii=False).encode()


WHOLE: dict[str, Callable[[], bytes]] = {
    "a.jsonl": lambda: LINES,
    "a.json": lambda: json.dumps(ARTICLES, ensure_ascii=False, indent=1).encode(),
    "line.json": lambda: json.dumps(ARTICLES, ensure_ascii=False).encode(),
    "wrapped.json": lambda: json.dumps({"meta": {}, "data": {"articles": ARTICLES}}, ensure_ascii=False).encode(),
    "by_id.json": by_id,
    "a.csv": table,
    "stored.zip": lambda: zipped(zipfile.ZIP_STORED),
    "deflated.zip": lambda: zipped(zipfile.ZIP_DEFLATED),
    "wordpress.xml": wordpress,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a.jsonl.gz": gzip.compress, "a.jsonl.bz2": bz2.compress, "a.jsonl.xz": lzma.compress,
    "a.jsonl.zst": zstd.compress,
}  # fmt: skip


@pytest.mark.parametrize("share", [0.12, 0.37, 0.5, 0.77, 0.98])
@pytest.mark.parametrize("name", WHOLE)
def test_file_that_was_cut_off_loses_one_article_by_name(
    name: str, share: float, read: Index, folder: Path, archive: Archive
) -> None:
    data = WHOLE[name]().partition(b"PK\x01\x02")[0]  # without the list of files at the end of a zip
    (folder / name).write_bytes(data[: int(share * len(data))])
    failures: list[Failure] = []
    found = read(failures=failures)
    added = found["added"]
    assert (bodies(archive), found["failures"]) == (BODIES[:added], len(failures))
    assert abs(added - share * COUNT) < 3
    named = [failure.where.removeprefix(str(folder / name)) for failure in failures]
    if name.endswith(".zip"):
        assert named in ([f":a{added}.txt", ""], [""])  # the list of files at its end may be all that is missing
    elif name == "a.csv":
        assert named == [f":{2 + sum(article['body'].count(chr(10)) + 1 for article in ARTICLES[:added])}"]
    else:
        assert named == [f":{added + 1}"]


@pytest.mark.parametrize("share", [0.12, 0.5, 0.98])
@pytest.mark.parametrize("name", PACKED)
def test_compressed_file_that_was_cut_off_gives_what_unpacks(
    name: str, share: float, read: Index, folder: Path, archive: Archive
) -> None:
    data = PACKED[name](LINES)
    (folder / name).write_bytes(data[: int(share * len(data))])
    failures: list[Failure] = []
    found = read(failures=failures)
    assert bodies(archive) == BODIES[: found.get("added", 0)]
    assert found["failures"] == len(failures) <= 2
    assert failures[-1].where == str(folder / name)
    assert "is damaged or cut short" in failures[-1].why


def test_lines_of_a_row_that_is_cut_off_are_no_rows(read: Index, folder: Path, archive: Archive) -> None:
    """Some lines of a text have as many commas as the header."""
    text = 'id,title,body\na,A,"Một."\nb,B,"Hai,\nba, bốn, năm\nsáu.\nbảy.\ntám'
    (folder / "a.csv").write_text(text, "utf-8")
    failures: list[Failure] = []
    assert read(failures=failures) == {"added": 1, "failures": 1}
    assert failures == [Failure(f"{folder / 'a.csv'}:3", "is not a row: unexpected end of data")]


def test_rows_after_a_quote_that_is_not_closed_are_read(read: Index, folder: Path, archive: Archive) -> None:
    (folder / "a.csv").write_text('id,title,body\na,A,"Một.\nb,B,Hai.\nc,C,Ba.\nd,D\ne,E,Năm.', "utf-8")
    failures: list[Failure] = []
    assert read(failures=failures) == {"added": 3, "failures": 2}
    assert [failure.where.rpartition(":")[2] for failure in failures] == ["2", "5"]


def bodies(archive: Archive) -> list[list[str]]:
    """Return the words of the bodies, in the order of the articles."""
    number = {article["title"]: at for at, article in enumerate(ARTICLES)}
    found = sorted(archive.store.articles(), key=lambda article: number[article.title])
    return [article.body.split() for article in found]


BODIES = [article["body"].split() for article in ARTICLES]
