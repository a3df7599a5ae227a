"""What ``timtin index`` says of how it read a source, before and after; nothing is lost without a word."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from index.reading.import_run import Summary
from index.reading.watching import watch_folder
from search.archive import Archive
from tests.commands.conftest import Run
from web.commands.reading_shown import has_read_nothing, what_to_know

SILENT: dict[str, Any] = {"left_out": {}, "undated": 0, "textless": 0, "html": 0, "mended": 0, "unread": {}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


LIST = f"<h1>Kinh tế</h1>{''.join(f'<h2><a href=/{at}>Giá lúa miền Tây tăng lần {at}</a></h2>' for at in range(4))}"
DATED = {"title": "Giá lúa", "content": "Tăng.", "date": "2021-07-12"}


@pytest.mark.parametrize(
    ("files", "said", "counts"),
    [
        ({"a.jsonl": lines(DATED)}, [], {}),
        (
            {"a.jsonl": lines(DATED), **{f"{n}.xlsx": "x" for n in range(3)}, "b.PPTX": "x", "c": "x"},
            ["left out 5 files: 3 .xlsx, 1 .pptx, 1 no suffix"],
            {"left_out": {".pptx": 1, ".xlsx": 3, "no suffix": 1}},
        ),
        ({"a.jsonl": lines(DATED), ".hidden.xlsx": "x"}, [], {}),
        (
            {"a.jsonl": lines(DATED), "b.html": LIST, "c.html": LIST, "d.md": "---\ndraft: true\n---\nx"},
            ["left out 3 files: 2 list pages, 1 draft"],
            {"left_out": {"draft": 1, "list page": 2}},
        ),
        (
            {"a.csv": "title,body,crawlTime,views\na,x,12/7/2021,3\nb,y,,\n"},
            ["no date in 2 of 2", "unread fields: crawlTime (1), views (1)"],
            {"undated": 2, "unread": {"crawlTime": 1, "views": 1}},
        ),
        (
            {"a.json": json.dumps([{**DATED, "content": ""}, {**DATED, "title": "b", "author": 5}])},
            ["no text in 1 of 2", "unread fields: author (1)"],
            {"textless": 1, "unread": {"author": 1}},
        ),
        (
            {"a.jsonl": lines({**DATED, "content": "<p>N&ocirc;ng</p>"})},
            ["HTML bodies read as HTML: 1 of 1"],
            {"html": 1},
        ),
        (
            {"a.jsonl": lines({**DATED, "content": "NÃ´ng dÃ¢n miá»n TÃ¢y pháº¥n khá»Ÿi."})},
            ["mojibake mended in 1 of 1 (UTF-8 that was read as another encoding)"],
            {"mended": 1},
        ),
        (
            {"a.jsonl": lines(DATED), "b.txt": "Ngày đăng: 12/7/2021\nLượt xem: 7\nTiêu đề: Giá\n\nNông dân vui."},
            ["unread fields: Lượt xem (1)"],
            {"unread": {"Lượt xem": 1}},
        ),
        (
            {"a.jsonl": lines(DATED, {**DATED, "title": "b", "date": "hôm qua"})},
            ["no date in 1 of 2"],
            {"undated": 1},
        ),
    ],
)
def test_summary_says(
    timtin: Run, folder: Path, files: dict[str, str], said: list[str], counts: dict[str, Any]
) -> None:
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    done = timtin("index", str(folder))
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, said)
    (folder.parent / "data").rename(folder.parent / "old")
    summary = json.loads(timtin("index", str(folder), "--json").stdout)
    assert {name: summary[name] for name in SILENT} == {**SILENT, **counts}


def test_long_lists_are_cut_and_their_rest_is_counted() -> None:
    summary = Summary(read=1, unread={f"f{n:02}": 100 - n for n in range(13)}, left_out={".xlsx": 1200})
    assert list(what_to_know(summary)) == [
        "left out 1,200 files: 1,200 .xlsx",
        "unread fields: " + ", ".join(f"f{n:02} ({100 - n})" for n in range(10)) + ", others (267)",
    ]


@pytest.mark.parametrize(
    "files",
    [{"a.xlsx": "x"}, {"a.json": "{}"}, {"a.json": '{"name": "x", "description": "y"}'}, {"a.jsonl": ""},
     {"a.csv": "title,body\n"}],
)  # fmt: skip
def test_run_that_read_nothing_fails(timtin: Run, folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    done = timtin("index", str(folder))
    assert done.returncode == 1
    assert "nothing was read" in done.stderr


def test_run_with_no_files_or_with_known_ones_does_not_fail(timtin: Run, folder: Path) -> None:
    assert timtin("index", str(folder)).returncode == 0
    (folder / "a.jsonl").write_text(lines(DATED), "utf-8")
    (folder / "a.xlsx").write_text("x", "utf-8")
    for _ in range(2):
        assert timtin("index", str(folder)).returncode == 0
    assert has_read_nothing(Summary(files=1))
    assert not has_read_nothing(Summary(files=1, unchanged=1))
    assert not has_read_nothing(Summary())


def test_dry_run_shows_what_each_field_was_read_from_and_stores_nothing(timtin: Run, folder: Path) -> None:
    row = {"tieu_de": "Giá \x1b[31mlúa", "content": {"html": "<p>Tăng.</p>"}, "pubtime": "2021-07-12", "url": "/1"}
    (folder / "a.jsonl").write_text(lines(row, {"id": "x"}, {**row, "tieu_de": "c"}), "utf-8")
    (folder / "b.txt").write_text("Giá ngô\n\nNông dân vui.", "utf-8")
    (folder / "c.xlsx").write_text("x", "utf-8")
    done = timtin("index", str(folder), "--dry-run", "3")
    shown = done.stdout.splitlines()
    assert (done.returncode, "\x1b" in done.stdout) == (0, False)
    assert shown[0] == f"{folder}/a.jsonl:1"
    for line in ("  body (from content): Tăng.", "  published: -", "  unread: pubtime"):
        assert line in shown
    assert any(line.startswith("  title (from tieu_de): Giá ") for line in shown)
    assert any(line.startswith("  warning: url: must be") for line in shown)
    assert any(line.startswith(f"{folder}/a.jsonl:2: ") and "needs a title or a body" in line for line in shown)
    assert f"{folder}/a.jsonl:3" in shown
    assert not any("b.txt" in line for line in shown)
    assert not (folder.parent / "data").exists()
    piped = timtin("index", "-", "--dry-run", "2", stdin=json.dumps([row, row], ensure_ascii=False)).stdout
    assert [line for line in piped.splitlines() if not line.startswith(" ")] == ["standard input:1", "standard input:2"]
    nothing = timtin("index", "-", "--dry-run", "1", stdin="")
    assert (nothing.returncode, "nothing was read" in nothing.stderr) == (1, True)
    found = json.loads(timtin("index", str(folder), "--dry-run", "9", "--json").stdout)
    assert [entry["line"] for entry in found] == [1, 2, 3, None]
    assert found[0]["read_from"] == {"title": "tieu_de", "body": "content", "url": "url"}
    assert (found[0]["unread"], found[3]["article"]["title"]) == (["pubtime"], "Giá ngô")


def test_name_given_by_hand_is_kept_with_its_source(timtin: Run, folder: Path) -> None:
    (folder / "a.jsonl").write_text(
        lines({"id": "a", "title": "Giá lúa", "pubtime": "2021-07-12", "tag": "x"}), "utf-8"
    )
    (folder.parent / "b.jsonl").write_text(lines({"id": "b", "title": "Giá ngô", "pubtime": "2021-07-12"}), "utf-8")

    def published(id: str) -> Any:
        exported = map(json.loads, timtin("export").stdout.splitlines())
        return {article["id"]: article.get("published") for article in exported}[id]

    assert "no date in 1 of 1" in timtin("index", str(folder)).stdout
    done = timtin("index", str(folder), "--map", "pubtime=published", "--map", "tag=extra")
    assert done.stdout.startswith("0 added, 1 updated")
    assert published("a") == "2021-07-12"
    assert "0 added, 0 updated, 1 unchanged" in timtin("index", str(folder)).stdout
    shown = timtin("index", str(folder / "a.jsonl"), "--dry-run", "1").stdout
    assert "  published (from pubtime): 2021-07-12" in shown
    assert "  category: -" in shown
    timtin("index", str(folder.parent / "b.jsonl"))
    assert published("b") is None  # it is of another source
    (folder / "c.jsonl").write_text(lines({"id": "c", "title": "Giá mía", "pubtime": "2021-07-13"}), "utf-8")
    timtin("index", str(folder))
    assert published("c") == "2021-07-13"


@pytest.mark.parametrize("given", ["pubtime", "=published", "pubtime=", "pubtime=day", "pubtime=published_at"])
def test_name_given_for_no_field_is_wrong_usage(timtin: Run, folder: Path, given: str) -> None:
    done = timtin("index", str(folder), "--map", given)
    assert (done.returncode, "write NAME=FIELD" in done.stderr) == (2, True)


def test_drafts_alone_are_drafts_and_no_file_without_articles(timtin: Run, folder: Path) -> None:
    (folder / "a.json").write_text('[{"title": "Nháp", "content": "Chưa xong.", "status": "draft"}]', "utf-8")
    done = timtin("index", str(folder))
    assert (done.returncode, "left out 1 file: 1 draft" in done.stdout) == (1, True)
    assert "is a draft" in done.stderr
    assert "has no article:" not in done.stderr


def test_name_that_no_record_has_is_said(timtin: Run, folder: Path) -> None:
    (folder / "a.jsonl").write_text(lines({"id": "a", "title": "Giá lúa", "pubtime": "2021-07-12"}), "utf-8")
    done = timtin("index", str(folder), "--map", "pubtme=published", "--map", "x=extra")
    assert "--map pubtme=published: no published was read from 'pubtme'" in done.stderr
    assert "x=extra" not in done.stderr
    assert "--map" not in timtin("index", str(folder), "--map", "pubtime=published").stderr


def test_names_given_for_a_folder_count_where_it_is_watched(archive: Archive, folder: Path) -> None:
    archive.store.inputs.keep_names(str(folder.resolve()), {"pubtime": "published"})
    archive.store.inputs.keep_names(str(folder.resolve()), {"x": "extra"})
    assert archive.store.inputs.names() == {str(folder.resolve()): {"pubtime": "published", "x": "extra"}}
    (folder / "a.jsonl").write_text(lines({"id": "a", "title": "Giá lúa", "pubtime": "2021-07-12"}), "utf-8")
    stop = threading.Event()
    watcher = threading.Thread(target=watch_folder, args=(folder, archive.store, archive.engine, stop))
    watcher.start()
    deadline = time.monotonic() + 120
    while (article := archive.store.get("a")) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stop.set()
    watcher.join()
    assert article.published == "2021-07-12"
