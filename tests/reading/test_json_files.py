"""JSON files of any form: every article is read, one at a time, and what is broken costs itself alone."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import index.reading.formats.json_stream
from index.errors import TimtinError, UnreadableFileError
from index.reading.files import Failure, Remark
from index.reading.formats.registry import kind_of, rows
from index.reading.import_run import Report
from index.reading.ingest import ingest
from search.archive import Archive
from tests.reading.conftest import Index
from tests.reading.test_bad_inputs import peak_memory

A = {"title": "Giá lúa", "content": "Tăng."}
B = {"title": "Giá ngô", "content": "Giảm."}
DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000
BOTH = [{"title": "Giá lúa", "body": "Tăng."}, {"title": "Giá ngô", "body": "Giảm."}]


def found(text: str | bytes, name: str = "a.json") -> list[Any]:
    """The records of a file; for what cannot be read, its error in words."""
    kind = kind_of(name)
    assert kind is not None
    data = text.encode() if isinstance(text, str) else text
    return [str(row) if isinstance(row, TimtinError) else row for _, row in rows(io.BytesIO(data), kind)]


def dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


FORMS = {
    "array": dump([A, B]),
    "array on lines": dump([A, B], 2),
    "array after a mark": "\ufeff" + dump([A, B]),
    "array of arrays": dump([[A], [B]]),
    "arrays one after another": f"{dump([A])}\n{dump([B])}",
    "objects one after another": dump(A) + dump(B),
    "objects on lines": f"{dump(A)}\n{dump(B)}\n",
    "objects on many lines": f"{dump(A, 1)}\n{dump(B, 1)}\n",
    "objects with commas": f"{dump(A)},\n{dump(B)},\n",
    "a text sequence": f"\x1e{dump(A)}\n\x1e{dump(B)}\n",
    "no comma": f"[{dump(A)}{dump(B)}]",
    "a comma at the end": f"[{dump(A)},{dump(B)},]",
    "articles": dump({"status": "ok", "totalResults": 2, "articles": [A, B]}),
    "data": dump({"data": [A, B]}),
    "items in data": dump({"code": 0, "data": {"items": [A, B], "total": 2}}),
    "hits": dump({"hits": {"total": {"value": 2}, "hits": [{"_source": A}, {"_source": B}]}}),
    "docs": dump({"responseHeader": {"status": 0}, "response": {"numFound": 2, "docs": [A, B]}}),
    "edges": dump({"data": {"posts": {"edges": [{"node": A}, {"node": B}]}}}),
    "attributes": dump({"data": [{"attributes": A}, {"attributes": B}], "meta": {"page": 1}}),
    "another name": dump({"bai_moi": [A, B], "tong": 2}),
    "the name of a body": dump({"content": [A, B], "pageable": {"page": 1}}),
    "deep in other names": dump({"props": {"pageProps": {"x": 1, "moi": {"articles": [A, B]}}}}),
    "news": dump({"news": [A, B]}),
    "a feed": dump({"rss": {"channel": {"title": "Báo", "description": "Tin", "item": [A, B]}}}),
    "numbered": dump({"0": A, "1": B}),
    "columns": dump({"title": {"0": "Giá lúa", "1": "Giá ngô"}, "content": {"0": "Tăng.", "1": "Giảm."}}),
    "rows": dump({"columns": ["title", "content"], "index": [0, 1], "data": [list(A.values()), list(B.values())]}),
}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("form", FORMS)
def test_articles_are_found_in(form: str, name: str) -> None:
    assert found(FORMS[form], name) == BOTH


@pytest.mark.parametrize("piece", [1, 7, 64])
@pytest.mark.parametrize("form", FORMS)
def test_articles_are_found_wherever_the_stream_is_cut(form: str, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.reading.formats.json_stream, "_PIECE", piece)
    assert found(FORMS[form]) == BOTH


ONE = {
    "object": dump(A),
    "object on lines": dump(A, 1),
    "wrapped": dump({"article": A}),
    "wrapped twice": dump({"status": 200, "data": {"article": A}}),
    "with other lists": dump({"comments": [{"author": "x", "content": "hay"}], "related": [{"title": "y"}], **A}),
    "linked data": dump({"@context": "https://schema.org", "@type": "NewsArticle", **A}),
}


@pytest.mark.parametrize("form", ONE)
def test_one_article_a_file(form: str) -> None:
    [record] = found(ONE[form])
    assert {name: value for name, value in record.items() if name != "extra"} == BOTH[0]


def test_articles_that_stand_under_their_ids_have_them() -> None:
    assert [record["id"] for record in found(dump({"-Mab": A, "-Mac": B, "x": {**A, "id": "own"}}))] == [
        "-Mab", "-Mac", "own",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", " \n", "[]", "{}", dump({"name": "x", "version": "1", "description": "y", "scripts": {"a": "b"}}),
     dump({"compilerOptions": {"target": "es5"}, "include": ["src"]}), dump({"articles": []})],
)  # fmt: skip
def test_settings_of_programs_are_no_articles(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "left", "why"),
    [
        (f'[{dump(A)},{{"title": "x" "content": "y"}},{dump(B)}]', 2, "is not JSON"),
        (f'[{dump(A)},{{"title": "x, "content": "y"}},{dump(B)}]', 2, "is not JSON"),
        (f'[{dump(A)},{{"title": x}},{dump(B)}]', 2, "is not JSON"),
        (f"{dump(A)}\n{{broken\n{dump(B)}\n", 2, "is not JSON"),
        (f"[{dump(A)},7,8,{dump(B)}]", 2, "is no object"),
        (f"[{dump(A)},{dump(B)}", 2, "is cut off"),
        (f"[{dump(A)},{dump(B)[:-5]}", 1, "is cut off"),
        (f"[{dump(A)},{dump(B)[:12]}", 1, "is cut off"),
        (dump({"articles": [A, B]})[:-9], 1, "is cut off"),
        (dump({"data": {"items": [A, B]}})[:-3], 2, "is cut off"),
        (f"{dump(A)}{dump(B)[:-9]}", 1, "is cut off"),
        (f"[{dump(A)},{DEEP},{dump(B)}]", 2, "nested too deeply"),
        ("<html></html>", 0, "is not JSON"),
        ("7", 0, "is not JSON"),
    ],
)
def test_broken_part_is_named_and_the_rest_is_read(text: str, left: int, why: str) -> None:
    records = found(text)
    assert [record for record in records if isinstance(record, dict)] == BOTH[:left]
    [said] = [record for record in records if isinstance(record, str)]
    assert why in said


def test_data_that_are_no_articles_are_passed_over_until_one_comes() -> None:
    data = [{"lat": n, "lon": n} for n in range(2000)]
    assert found(dump(data)) == []
    assert found(dump({"points": data})) == []
    records = found(dump([*data[:2], A, data[3]]))
    assert records[:3] == ["has neither a title nor a body"] * 2 + [BOTH[0]]
    assert len(records) == 4


@pytest.mark.parametrize("form", ["[%s]", "%s", '{"articles": [%s]}', '{"data": {"items": [%s]}}', '{"bai": [%s]}'])
def test_names_that_were_given_are_heeded_where_articles_are_looked_for(form: str) -> None:
    kind = kind_of("a.json")
    assert kind is not None
    stream = io.BytesIO((form % dump({"x1": "Giá lúa", "x2": "Tăng."})).encode())
    assert list(rows(stream, kind, {"x1": "title", "x2": "body"})) == [(1, BOTH[0])]


def test_line_break_in_a_text_is_taken() -> None:
    assert found('[{"title": "a", "content": "b\nc"}]') == [{"title": "a", "body": "b\nc"}]


def test_article_that_is_not_utf8_is_named() -> None:
    first, said, last = found(f"[{dump(A)},".encode() + b'{"title": "\xff", "content": "x"},' + f"{dump(B)}]".encode())
    assert ([first, last], "UTF-8" in said) == (BOTH, True)
    with pytest.raises(UnreadableFileError, match="UTF-16"):
        found(dump([A]).encode("utf-16"))


@pytest.mark.parametrize("many", ["[]," * 1_000_001, "1," * 5_000_001, '"a' + "x" * 34_000_000])
def test_value_that_would_fill_the_memory_is_refused(many: str) -> None:
    records = found(f'[{dump(A)},{{"title": "x", "more": [{many}1]}},{dump(B)}]')
    assert records[0] == BOTH[0]
    assert isinstance(records[1], str)


def test_large_array_is_read_in_little_memory_and_only_its_end_is_lost_where_it_is_cut(tmp_path: Path) -> None:
    text = "Nông dân đồng bằng thu hoạch lúa. " * 2000
    with (tmp_path / "many.json").open("w", encoding="utf-8") as stream:
        stream.write('{"status": "ok", "articles": [')
        for n in range(2000):
            stream.write(dump({"id": f"a{n}", "title": f"Bài {n}", "content": text[n % 500 :]}, 1) + ",\n")
        stream.write(dump({"id": "cut", "title": "Bài cuối", "content": text})[:-500])
    (tmp_path / "one.json").write_text(dump(A), "utf-8")
    assert (tmp_path / "many.json").stat().st_size > 150_000_000
    code = (
        "import resource, sys; from pathlib import Path; from index.reading.preview import Refusal, read_entries;"
        "found = [isinstance(entry, Refusal) for entry in read_entries(Path(sys.argv[1]), 'a.json')];"
        "print(len(found), sum(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    counts = [measured(code, tmp_path / name) for name in ("one.json", "many.json")]
    assert [count[:2] for count in counts] == [[1, 0], [2001, 1]]
    assert counts[1][2] - counts[0][2] < 64


def measured(code: str, path: Path) -> list[int]:
    """What a program of its own prints of a file: numbers."""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True, text=True)
    return [int(number) for number in done.stdout.split()]


def test_standard_input_may_have_any_form(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    for form, text in FORMS.items():
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
        summary = ingest(["-"], archive.store, archive.engine)
        assert (summary.added + summary.unchanged, summary.failures) == (2, 0), form


def test_json_files_of_a_folder_are_read_again_only_if_they_changed(
    read: Index, folder: Path, archive: Archive, parsed: list[str]
) -> None:
    (folder / "a.json").write_text(dump([{**A, "id": "a"}, {**B, "id": "b"}]), "utf-8")
    (folder / "c.json").write_text(dump({**A, "id": "c"}), "utf-8")
    assert read() == {"added": 3}
    parsed.clear()
    assert read() == {"unchanged": 3}
    assert parsed == []
    (folder / "a.json").write_text(dump([{**A, "id": "a"}]), "utf-8")
    assert read(prune=True) == {"unchanged": 2, "removed": 1}


def test_settings_beside_articles_are_left_out_and_said(archive: Archive, folder: Path) -> None:
    (folder / "a.json").write_text(dump([A]), "utf-8")
    (folder / "package.json").write_text(dump({"name": "x", "description": "y"}), "utf-8")
    failures: list[Failure] = []
    remarks: list[Remark] = []
    report = Report(failures.append, remarks.append)
    summary = ingest([str(folder)], archive.store, archive.engine, report=report)
    assert (summary.added, summary.left_out, failures) == (1, {".json": 1}, [])
    assert [Path(remark.where).name for remark in remarks] == ["package.json"]


def test_index_of_a_large_array_stays_small(tmp_path: Path) -> None:
    article = {"content": "Lúa gạo tăng giá. " * 50, "more": "x" * 60_000}
    rows = [{"id": f"a{n}", "title": f"Bài {n}", **article} for n in range(999)]
    (tmp_path / "one.json").write_text(dump(A), "utf-8")
    (tmp_path / "many.json").write_text(dump(rows), "utf-8")
    baseline, _, _ = peak_memory(tmp_path / "small", tmp_path / "one.json")
    peak, summary, _ = peak_memory(tmp_path / "data", tmp_path / "many.json")
    assert (summary["added"], summary["failures"]) == (999, 0)
    assert peak - baseline < 4 * 64
