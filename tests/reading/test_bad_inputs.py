"""What cannot be read is refused by name, and the rest is taken, in bounded memory."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import index.reading.folder_scan
from index.reading.files import Failure, Remark
from index.reading.formats.compressed import unpacked
from index.reading.import_run import Report, Summary
from index.reading.ingest import ImportOptions, ingest
from search.archive import Archive
from tests.processes import TIMTIN, bound_by_permissions, start

MB = 1024 * 1024
GOOD = "Bún bò Huế\n\nMón bún bò ngon nhất là ở Huế, ai cũng nói thế."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good file, whose name is the last."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "zz.txt").write_text(GOOD, "utf-8")
    return tmp_path / "in"


class Said:
    """What an import said, by the name of the file."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}
        self.remarks: dict[str, str] = {}
        self.summary = Summary()

    def failed(self, failure: Failure) -> None:
        self.failures[Path(failure.where).name] = failure.why

    def remarked(self, remark: Remark) -> None:
        self.remarks[Path(remark.where).name] = remark.why


@pytest.fixture
def read(archive: Archive, folder: Path) -> Callable[[], Said]:
    def run() -> Said:
        said = Said()
        said.summary = ingest([str(folder)], archive.store, archive.engine, report=Report(said.failed, said.remarked))
        assert archive.store.get("zz") is not None
        assert said.summary.failures == len(said.failures)
        return said

    return run


def peak_memory(data: Path, *paths: Path) -> tuple[int, dict[str, Any], str]:
    """Index ``paths`` in a process of its own; return its largest resident size in MB, its summary, its errors."""
    command = [sys.executable, "-m", "web.cli", "index", *map(str, paths), "--json", "--data", str(data)]
    out, err = data.with_suffix(".out"), data.with_suffix(".err")
    with out.open("wb") as output, err.open("wb") as errors:
        process = start(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert b"Traceback" not in err.read_bytes(), err.read_text()
    return usage.ru_maxrss // 1024, json.loads(out.read_text("utf-8")), err.read_text("utf-8")


def test_endless_line_is_skipped_and_the_lines_after_it_are_taken(folder: Path, tmp_path: Path) -> None:
    with (folder / "a.jsonl").open("wb") as stream:
        stream.write(b'{"id": "first", "body": "x"}\n{"id": "long", "body": "')
        for _ in range(200):
            stream.write(b"x" * MB)
        stream.write(b'"}\n{"id": "after", "body": "y"}\n')
    (folder / "b.csv").write_bytes(b"id,body\nc1,x\nlong," + b"x" * (80 * MB) + b"\nc2,y\n")
    (folder / "c.txt").write_bytes(b"x" * (65 * MB))
    with (folder / "d.jsonl").open("wb") as stream:
        stream.write('{"id": "wide", "body": "'.encode("utf-16"))
        for _ in range(200):
            stream.write(b"x\0" * (MB // 2))
    baseline, _, _ = peak_memory(tmp_path / "small", folder / "zz.txt")
    peak, summary, errors = peak_memory(tmp_path / "data", folder)
    assert (summary["added"], summary["failures"]) == (5, 4)
    for where in ("a.jsonl:2: is a line longer than 64 MB", "b.csv:3: is a line longer", "c.txt: is larger than 64 MB"):
        assert where in errors
    assert "d.jsonl: is UTF-16; save it as UTF-8" in errors
    assert peak - baseline < 4 * 64


PACKERS = {
    ".gz": lambda data: gzip.compress(data, 1),
    ".xz": lambda data: lzma.compress(data, preset=0),
}


def test_bombs_are_refused_in_bounded_memory(folder: Path, tmp_path: Path) -> None:
    """Each unpacks to 2 GB."""
    row = b"t," + b"a" * 4000 + b"\n"
    for suffix, pack in PACKERS.items():
        zeros = pack(bytes(32 * MB)) * 64
        (folder / f"document.txt{suffix}").write_bytes(zeros)
        (folder / f"lines.jsonl{suffix}").write_bytes(zeros)
        (folder / f"rows.csv{suffix}").write_bytes(pack(b"title,body\n") + pack(row * (32 * MB // len(row))) * 64)
    baseline, _, _ = peak_memory(tmp_path / "small", folder / "zz.txt")
    peak, summary, errors = peak_memory(tmp_path / "data", folder)
    refused = re.findall(r"/in/(\S+): unpacks to more than 100 times its size", errors)
    assert sorted(refused) == sorted(
        f"{name}{s}" for name in ("document.txt", "lines.jsonl", "rows.csv") for s in PACKERS
    )
    assert summary["added"] == 2
    assert peak - baseline < 4 * 64


@pytest.mark.parametrize("suffix", ["", *PACKERS])
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"), ("utf-32", "UTF-32"),
        ("utf-16-le", "UTF-16 (little-endian)"), ("utf-16-be", "UTF-16 (big-endian)"),
    ],
)  # fmt: skip
def test_files_of_many_in_other_unicode_are_refused_once_as_documents_are(
    read: Callable[[], Said], folder: Path, encoding: str, name: str, suffix: str
) -> None:
    rows = [{"id": f"a{number}", "body": f"bún bò Huế số {number}"} for number in range(300)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    table = "\n".join(["id,body", *(",".join(row.values()) for row in rows)])
    texts = {"a.jsonl": lines, "b.ndjson": lines, "c.csv": table, "d.tsv": table.replace(",", "\t"), "e.txt": GOOD}
    for file, text in texts.items():
        data = text.encode(encoding)
        (folder / (file + suffix)).write_bytes(PACKERS[suffix](data) if suffix else data)
    assert read().failures == dict.fromkeys((file + suffix for file in texts), f"is {name}; save it as UTF-8")


def test_known_file_that_comes_in_utf16_keeps_its_articles(
    read: Callable[[], Said], folder: Path, archive: Archive
) -> None:
    line = '{"id": "a", "body": "bún bò"}\n'
    (folder / "a.jsonl").write_text(line, "utf-8")
    read()
    (folder / "a.jsonl").write_text(line.replace("bò", "riêu"), "utf-16")
    assert read().failures.keys() == {"a.jsonl"}
    kept = archive.store.get("a")
    assert kept is not None
    assert kept.body == "bún bò"


@pytest.mark.parametrize("suffix", PACKERS)
def test_large_archives_of_text_pass(suffix: str) -> None:
    words = random.Random(7)
    vocabulary = ["".join(words.choices("abcdeghiklmnopqrstuvxy", k=words.randint(1, 6))) for _ in range(200)]
    text = " ".join(words.choices(vocabulary, k=200_000)).encode()
    packed = PACKERS[suffix](text)
    assert 2 < len(text) / len(packed) < 10
    stream = unpacked(io.BytesIO(packed * 50), suffix)
    assert sum(map(len, iter(lambda: stream.read(MB), b""))) == 50 * len(text) > 2 * 16 * MB


def test_truncated_archives_give_what_they_have(read: Callable[[], Said], folder: Path, archive: Archive) -> None:
    numbers = random.Random(7)
    lines = b"".join(b'{"id": "%d", "body": "x%d"}\n' % (n, numbers.getrandbits(64)) for n in range(3_000))
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-5_000])
    (folder / "b.txt.xz").write_bytes(lzma.compress(GOOD.encode())[:-10])
    (folder / "c.txt.gz").write_bytes(gzip.compress(GOOD.encode())[:-10])
    (folder / "d.txt.gz").write_bytes(b"\x1f\x8b\x08" + b"\xff" * 40)
    (folder / "e.txt.gz").write_bytes(GOOD.encode())
    (folder / "f.txt.xz").write_bytes(b"")
    said = read()
    assert said.failures.keys() == {"a.jsonl.gz", "b.txt.xz", "c.txt.gz", "d.txt.gz", "e.txt.gz", "f.txt.xz"}
    assert "damaged or cut short" in said.failures["a.jsonl.gz"]
    assert 500 < archive.store.count() < 3_000


def test_links_are_followed_inside_the_folder_only(
    read: Callable[[], Said], folder: Path, tmp_path: Path, archive: Archive
) -> None:
    (tmp_path / "secret.txt").write_text(GOOD + " Mật.", "utf-8")
    (folder / "..data").mkdir()
    (folder / "..data" / "mounted.txt").write_text(GOOD + " Gắn vào.", "utf-8")
    (folder / "mounted.txt").symlink_to("..data/mounted.txt")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "twice.txt").symlink_to("zz.txt")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "nowhere.txt").symlink_to("missing.txt")
    (folder / "nowhere.xlsx").symlink_to("missing.pdf")
    (folder / "round").symlink_to(folder)
    (folder / "away").symlink_to(tmp_path)
    said = read()
    assert said.failures.keys() == {"out.txt", "loop.txt", "nowhere.txt"}
    assert "out of the folder" in said.failures["out.txt"]
    assert said.remarks.keys() == {"twice.txt", "round", "away"}
    assert {article.id for article in archive.store.articles()} == {"zz", "mounted"}


def test_what_is_no_regular_file_is_never_waited_for(read: Callable[[], Said], folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / "pipe.jsonl.gz")
    (folder / "folder.txt").mkdir()
    said = read()
    assert said.failures == dict.fromkeys(("pipe.txt", "pipe.jsonl.gz"), "is not a regular file")


def test_named_paths_that_lead_nowhere_cost_the_others_nothing(
    archive: Archive, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, said = tmp_path / "loop", Said()
    loop.symlink_to(loop)
    monkeypatch.setattr(sys, "stdin", None)
    paths = [str(loop), "x" * 300, str(tmp_path / "none"), str(folder / "zz.txt" / "a.txt"), "-", str(folder)]
    summary = ingest(paths, archive.store, archive.engine, ImportOptions(prune=True), Report(said.failed))
    assert (summary.added, summary.failures) == (1, 5)
    assert "symbolic links" in said.failures["loop"]
    assert "too long" in said.failures["x" * 300]
    assert "no such file" in said.failures["none"]
    assert "no such file" in said.failures["a.txt"]
    assert "closed" in said.failures["standard input"]


def test_file_that_must_not_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").write_text(GOOD, "utf-8")
    (folder / "a.txt").chmod(0)
    command = [*bound_by_permissions(), *TIMTIN, "index", str(folder), "--data", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:8]) == (1, "1 added,")
    assert done.stderr.splitlines()[0] == f"timtin: {folder / 'a.txt'}: Permission denied"


def test_file_that_goes_away_while_the_folder_is_read(
    read: Callable[[], Said], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = index.reading.folder_scan.read_document

    def vanishing(path: Path) -> bytes:
        if path.name == "a.txt":
            path.unlink()
        return real(path)

    monkeypatch.setattr(index.reading.folder_scan, "read_document", vanishing)
    (folder / "a.txt").write_text(GOOD, "utf-8")
    assert read().failures == {"a.txt": "there is no such file or folder"}


def test_names_that_cannot_be_ids_are_taken_under_others(
    read: Callable[[], Said], folder: Path, archive: Archive
) -> None:
    names = [b"line\nbreak.txt", b"caf\xe9.txt", b" space.txt", b"x" * 240 + b".txt", "a\ufffd.txt".encode()]
    for name in names:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(GOOD + name.hex(), "utf-8")
    said = read()
    assert said.failures == {}
    assert len(said.remarks) == len(names)
    assert all("cannot be an id" in why for why in said.remarks.values())
    ids = {article.id for article in archive.store.articles()}
    assert len(ids) == len(names) + 1
    again = read()
    assert (again.summary.unchanged, again.remarks) == (len(ids), {})


def test_nested_and_odd_json_is_named_by_line(read: Callable[[], Said], folder: Path, archive: Archive) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    rows = [
        '{"id": "a", "body": "x"}', deep, '{"id": "b", "body": "x", "extra": ' + '{"a":' * 900 + "1" + "}" * 900 + "}",
        '{"id": "c", "body": ' + "9" * 5000 + "}", '{"id": "d", "body": "\\ud800"}', "[]", "null",
        '{"id": "e", "body": "x", "n": NaN}', '{"id": "f", "body": "x"}',
    ]  # fmt: skip
    (folder / "a.jsonl").write_text("\n".join(rows), "utf-8")
    said = read()
    assert said.failures.keys() == {f"a.jsonl:{number}" for number in range(2, 9)}
    assert {article.id for article in archive.store.articles()} == {"a", "f", "zz"}


def test_wrong_date_costs_a_warning_and_not_the_article(
    read: Callable[[], Said], folder: Path, archive: Archive
) -> None:
    (folder / "a.jsonl").write_text('{"id": "a", "body": "x", "published": "31/02/2025"}', "utf-8")
    (folder / "b.csv").write_text("Mã,Nội dung,Ngày đăng\nb,x,6/1/25\nc,y,6/1/2025\n", "utf-8")
    (folder / "d.md").write_text("---\ndate: mai\n---\n# Bún bò\n\nNgon.\n", "utf-8")
    said = read()
    assert said.failures == {}
    assert said.remarks.keys() == {"a.jsonl:1", "b.csv:2", "d.md"}
    found = {article.id: (article.published, article.extra) for article in archive.store.articles()}
    assert found["a"] == (None, {"published": "31/02/2025"})
    assert found["c"] == ("2025-01-06", {})
    assert found["d"] == (None, {"published": "mai"})


def test_very_deep_folders_are_read(read: Callable[[], Said], folder: Path, archive: Archive) -> None:
    deep = folder.joinpath(*["d"] * 90)
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text(GOOD + " Sâu.", "utf-8")
    assert read().summary.added == 2


def test_many_failures_are_counted_and_the_first_are_named(read: Callable[[], Said], folder: Path) -> None:
    (folder / "a.jsonl").write_text("{broken\n" * 1500, "utf-8")
    summary = read().summary
    assert (summary.failures, len(summary.failed)) == (1500, 1000)
