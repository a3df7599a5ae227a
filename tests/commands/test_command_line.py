"""The ``timtin`` command: what it prints, and its exit codes 0, 1 and 2."""

from __future__ import annotations

import gzip
import json
import logging
import lzma
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from docs.generate import command_reference, configuration_reference, http_reference, names_table
from tests.commands.conftest import Run
from tests.conftest import ROOT, SEEDS, Server
from tests.processes import TIMTIN, start
from web.cli import main
from web.commands.base import Command
from web.terminal import LineFormatter


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_search_says_what_it_did_not_understand(timtin: Run) -> None:
    timtin("index", str(SEEDS))
    found = timtin("search", "hội nh*p")
    assert "The star in “nh*p” was left out" in found.stderr
    assert json.loads(timtin("search", "hội nh*p", "--json").stdout)["query"]["notes"][0]["code"] == "star_inside"


def test_index_search_and_check(timtin: Run) -> None:
    done = timtin("index", str(SEEDS))
    assert (done.returncode, done.stdout[:8]) == (0, "5 added,")
    assert "it/s" not in done.stderr
    found = timtin("search", "hoi nhap quoc te", "--size", "2")
    assert found.returncode == 0
    assert "hội nhập quốc tế" in found.stdout
    assert "\x1b" not in found.stdout
    assert json.loads(timtin("search", "covid-19", "--json").stdout)["hits"][0]["id"].startswith("003")
    assert json.loads(timtin("stats", "--json").stdout)["articles"] == 5
    assert timtin("check").returncode == 0
    assert timtin("suggest", "hoi nh").stdout.splitlines()[0] == "hội nhập"


def test_indexing_again_changes_nothing(timtin: Run) -> None:
    timtin("index", str(SEEDS))
    again = summary(timtin("index", str(SEEDS), "--json"))
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 5)


def test_filters_of_the_search_command(timtin: Run) -> None:
    timtin("index", str(SEEDS))
    hits = json.loads(
        timtin("search", "hội nhập", "--from", "2025-08", "--to", "2025", "--sort", "oldest", "--json").stdout
    )["hits"]
    assert [hit["id"][:3] for hit in hits] == ["001", "003"]
    assert json.loads(timtin("search", "hội nhập", "--source", "Ngày Nay", "--json").stdout)["total"] == 1


def test_near_copies_are_counted_and_shown_as_one(timtin: Run, tmp_path: Path) -> None:
    seed = next(SEEDS.glob("002*.txt")).read_text("utf-8")
    rows = [{"id": f"copy-{n}", "title": f"Tít {n}", "body": f"{seed}\nTheo báo {n}"} for n in range(2)]
    (tmp_path / "copies.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    timtin("index", str(SEEDS))
    assert summary(timtin("index", str(tmp_path / "copies.jsonl"), "--json"))["copies"] == 2
    assert (
        "2 unchanged, 0 removed, 0 failed, 0 moved, 0 near-copies in"
        in timtin("index", str(tmp_path / "copies.jsonl")).stdout
    )
    found = timtin("search", "hội nhập").stdout
    assert "+2 near-copies\n" in found
    assert "\n7 articles, " in found
    every = timtin("search", "hội nhập", "--all")
    assert "near-cop" not in every.stdout
    assert len(json.loads(timtin("search", "hội nhập", "--all", "--json").stdout)["hits"]) == 7


def test_search_says_what_was_meant(timtin: Run) -> None:
    timtin("index", str(SEEDS))
    assert "Did you mean: hội nhập quốc tế\n" in timtin("search", "hooij nhaapj quoocs tees").stdout
    assert "Did you mean" not in timtin("search", "hội nhập quốc tế").stdout
    assert json.loads(timtin("search", "hoinhapquocte", "--json").stdout)["query"]["corrected"] == "hội nhập quốc tế"


@pytest.mark.parametrize(
    "arguments",
    [
        ("search",),
        ("search", "a", "--from", "hôm qua"),
        ("search", "a", "--size", "1000"),
        ("search", "a", "--sort", "best"),
        ("index",),
        ("index", "seeds", "--wait", "nan"),
        ("index", "seeds", "--wait", "-1"),
        ("unknown",),
        ("serve", "--port", "99999"),
        ("watch", "/no/such/folder"),
    ],
)
def test_wrong_usage_exits_with_2(timtin: Run, arguments: tuple[str, ...]) -> None:
    done = timtin(*arguments)
    assert done.returncode == 2
    assert done.stderr


@pytest.mark.parametrize("arguments", [("search", "a"), ("stats",), ("check",), ("export",), ("suggest", "a")])
def test_missing_data_folder_is_named_and_not_made(timtin: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = timtin(*arguments)
    assert done.returncode == 1
    assert "timtin index" in done.stderr
    assert not (tmp_path / "data").exists()


def test_data_folder_is_closed_to_others(timtin: Run, tmp_path: Path) -> None:
    timtin("index", str(SEEDS))
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_every_format_and_compression(timtin: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    row = json.dumps({"title": "một", "body": "bún bò"}, ensure_ascii=False)
    (folder / "a.jsonl").write_text(row.replace("một", "1") + "\n\n" + row.replace("một", "2"), "utf-8")
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(row.replace("một", "3").encode()))
    (folder / "c.jsonl.xz").write_bytes(lzma.compress(row.replace("một", "4").encode()))
    (folder / "sub" / "d.txt").write_text("Bún bò Huế\n\nMón bún bò ngon nhất là ở Huế, ai cũng nói thế.", "utf-8")
    (folder / "e.txt.gz").write_bytes(gzip.compress("Bún bò Huế\n\nMón bún bò ngon nhất là ở Huế.".encode()))
    paragraphs = "".join(
        f"<p>Món bún bò số {n} rất ngon, ai ăn rồi cũng muốn quay lại lần nữa để ăn thêm.</p>" for n in range(9)
    )
    page = f"<html><title>Bún bò</title><body><nav>Menu</nav><article><h1>Bún bò</h1>{paragraphs}</article></body>"
    (folder / "f.html").write_text(page, "utf-8")
    (folder / "g.xlsx").write_bytes(b"PK")
    (folder / ".hidden.txt").write_text("ẩn", "utf-8")
    done = timtin("index", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    assert summary(done)["added"] == 7
    hits = json.loads(timtin("search", "bun bo", "--size", "20", "--json").stdout)["hits"]
    assert {"sub/d", "e", "f"} <= {hit["id"] for hit in hits}
    assert len(hits) == 7


def test_bad_inputs_are_named_and_the_others_indexed(timtin: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text("Bún bò Huế\n\nMón bún bò ngon nhất là ở Huế.", "utf-8")
    (folder / "empty.txt").write_text("", "utf-8")
    (folder / "binary.txt").write_bytes(b"\x00\x01\x02")
    (folder / "utf16.txt").write_bytes("Bún bò".encode("utf-16"))
    (folder / "legacy.txt").write_bytes(b"B\xfan b\xf2 \xff")
    (folder / "broken.jsonl").write_text(
        '{"id": "x", "body": "bún riêu"}\n{"id":\n{"id": "y", "published": "mai", "body": "z"}\n', "utf-8"
    )
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"body": "a"}' * 1000)[:40])
    (folder / "line\nbreak.txt").write_bytes(b"\xff")
    (folder / "link").symlink_to(folder)
    done = timtin("index", str(folder), str(tmp_path / "missing"), str(ROOT / "Makefile"))
    assert done.returncode == 1
    assert done.stdout.startswith("3 added, 0 updated, 0 unchanged, 0 removed, 9 failed")
    lines = done.stderr.splitlines()
    for name, why in {
        "empty.txt": "no text", "binary.txt": "NUL", "utf16.txt": "UTF-16", "legacy.txt": "iconv",
        "broken.jsonl:2": "JSON", "broken.jsonl:3": "not a date", "cut.jsonl.gz": "", "line break.txt": "UTF-8",
        "missing": "no such", "Makefile": "format",
    }.items():  # fmt: skip
        assert any(f"{name}:" in line and why in line for line in lines), name


def test_same_id_in_two_files_is_a_failure(timtin: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text(f"Bài của {name} nói về bún bò Huế.", "utf-8")
    done = timtin("index", str(tmp_path / "a"), str(tmp_path / "b"))
    assert done.returncode == 1
    assert "has the id 'x'" in done.stderr


def test_prune_removes_what_has_gone_and_not_what_failed(timtin: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"Bài {name} nói về bún bò Huế.", "utf-8")
    (tmp_path / "other.jsonl").write_text('{"id": "other", "body": "bún riêu"}', "utf-8")
    timtin("index", str(folder), str(tmp_path / "other.jsonl"))
    (folder / "a.txt").unlink()
    (folder / "b.txt").write_bytes(b"\xff")
    assert summary(timtin("index", str(folder), "--json"))["removed"] == 0
    assert summary(timtin("index", str(folder), "--prune", "--json"))["removed"] == 1
    hits = json.loads(timtin("search", "bun", "--json").stdout)["hits"]
    assert {hit["id"] for hit in hits} == {"b", "c", "other"}


def test_export_comes_back_as_the_same_articles(timtin: Run, tmp_path: Path) -> None:
    timtin("index", str(SEEDS), "--source", "Báo Mẫu")
    before = timtin("search", "hoi nhap quoc te", "--json").stdout
    exported = timtin("export").stdout
    assert len(exported.splitlines()) == 5
    (tmp_path / "data").rename(tmp_path / "old")
    assert timtin("index", "-", stdin=exported).stdout.startswith("5 added")
    after = timtin("search", "hoi nhap quoc te", "--json").stdout
    assert json.loads(before)["hits"] == json.loads(after)["hits"]
    assert '"Báo Mẫu"' in exported


def test_standard_input_in_utf16_is_refused_in_one_line(timtin: Run) -> None:
    done = timtin("index", "-", stdin=('{"id": "a", "body": "bún bò"}\n' * 3).encode("utf-16"))
    said = [line for line in done.stderr.splitlines() if line.startswith("timtin:")]
    assert (done.returncode, said) == (1, ["timtin: standard input: is UTF-16; save it as UTF-8"])
    assert "1 failed" in done.stdout


def test_rebuild_without_inputs(timtin: Run) -> None:
    timtin("index", str(SEEDS))
    assert timtin("index", "--rebuild").returncode == 0
    assert timtin("check").returncode == 0


def test_text_of_articles_cannot_take_over_the_terminal(timtin: Run, tmp_path: Path) -> None:
    row = {"id": "x\u202ey", "title": "Tiêu\x1b[31m đề\x07", "body": "bún\x1b]0;x\x07 bò"}
    done = timtin("index", "-", stdin=json.dumps(row))
    assert done.returncode == 1
    timtin("index", "-", stdin=json.dumps({**row, "id": "x"}))
    shown = timtin("search", "bun bo").stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_output_into_a_closed_pipe_is_no_error(timtin: Run, tmp_path: Path) -> None:
    timtin("index", str(SEEDS))
    command = f"{sys.executable} -m web.cli export --data {tmp_path / 'data'} | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert done.stderr == b""


def test_evaluate_prints_the_measures(timtin: Run, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [{"id": f"d{n}", "body": body} for n, body in enumerate(["hội nhập quốc tế", "lúa gạo miền Tây", "bóng đá"])]
    (folder / "docs.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    (folder / "queries.jsonl").write_text('{"id": "q1", "text": "hội nhập"}\n{"id": "q2", "text": "lúa"}\n', "utf-8")
    (folder / "qrels.tsv").write_text("q1\td0\t1\nq2\td2\t1\n", "utf-8")
    values = summary(timtin("evaluate", str(folder), "--json"))
    assert (values["articles"], values["queries"]) == (3, 2)
    assert [values[name] for name in ("MRR@10", "nDCG@10", "recall@10", "recall@100")] == [0.5] * 4
    assert summary(timtin("evaluate", str(folder), "--unaccented", "--json"))["MRR@10"] == 0.5
    assert timtin("evaluate", str(SEEDS)).returncode == 1


@pytest.mark.slow
def test_watch_indexes_what_appears(timtin: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Bài đầu nói về bún bò Huế.", "utf-8")
    command = [sys.executable, "-m", "web.cli", "watch", str(folder), "--data", str(tmp_path / "data")]
    start(command, stderr=subprocess.DEVNULL)
    for name, count in (("a", 1), ("b", 2)):
        (folder / f"{name}.txt").write_text(f"Bài {name} nói về bún bò Huế.", "utf-8")
        deadline = time.monotonic() + 120
        while timtin("search", "bún bò Huế", "--json").stdout.count('"id"') != count:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("command", ["watch", "serve"])
def test_names_of_followed_files_cannot_forge_lines_of_the_log(tmp_path: Path, command: str) -> None:
    folder, log = tmp_path / "in", tmp_path / "log"
    folder.mkdir()
    (folder / "a\n2026-11-22 09:00:00,000 INFO in: 999 added\x1b[2J\u2028.txt").write_bytes(b"\xff\xfe\x00")
    options = [str(folder)] if command == "watch" else ["--port", "0", "--watch", str(folder)]
    with log.open("wb") as stream:
        process = start([*TIMTIN, command, *options, "--data", str(tmp_path / "data")], stderr=stream)
    deadline = time.monotonic() + 120
    while b"UTF-16" not in log.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.terminate()
    process.wait()
    written = log.read_text("utf-8")
    assert "\x1b" not in written
    lines = [line for line in written.splitlines() if "999 added" in line]
    said = {line.partition(" WARNING ")[2] for line in lines}  # a slow machine reads the file again meanwhile
    assert len(said) == 2  # one on the name, one on the encoding
    for line in lines:
        assert f" WARNING {folder}/a 2026-11-22 09:00:00,000 INFO in: 999 added [2J .txt: " in line


def test_line_of_the_log_has_its_traceback_indented_below_it() -> None:
    try:
        raise ValueError("wrong\n2026-11-22 ERROR forged \x1b[2J")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 0, "a %s", ("b\nc",), sys.exc_info())
    first, *rest = LineFormatter("%(levelname)s %(message)s").format(record).split("\n")
    assert first == "ERROR a b c"
    assert [line[:4] for line in rest] == ["    "] * len(rest)
    assert rest[0] == "    Traceback (most recent call last):"
    assert rest[-1] == "    2026-11-22 ERROR forged  [2J"


@pytest.mark.slow
def test_server_follows_a_folder_that_goes_away_and_comes_back(serve: Callable[..., Server], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    server = serve(tmp_path / "data", "--watch", str(folder))
    for name in ("a", "b"):
        folder.mkdir(exist_ok=True)
        (folder / "damaged.txt.gz").write_bytes(b"\x1f\x8b\x08" + b"\xff" * 40)
        (folder / f"{name}.txt").write_text(f"Bài {name} nói về bún bò Huế.", "utf-8")
        deadline = time.monotonic() + 40
        while server.request("GET", f"/api/v1/articles/{name}").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        shutil.rmtree(folder)
    assert server.stop() == 0


def test_references_are_current() -> None:
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == command_reference()
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8") == configuration_reference()
    assert (ROOT / "docs" / "http.md").read_text("utf-8") == http_reference()
    assert (ROOT / "docs" / "names.md").read_text("utf-8") == names_table()


def commands(group: click.Group = main) -> dict[str, click.Command]:
    """Return every command by its name; one of a group has two words."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        inner = commands(command) if isinstance(command, click.Group) else {}
        found |= {f"{name} {deeper}": value for deeper, value in inner.items()} or {name: command}
    return found


def test_every_command_fails_as_the_others_do() -> None:
    assert len(commands()) == 23
    assert {type(command) for command in commands().values()} == {Command}


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_option_has_help(name: str) -> None:
    command = commands()[name]
    assert command.help
    for parameter in command.params:
        assert (
            parameter.param_type_name == "argument"
            or parameter.name in {"page", "host", "port", "size", "sort"}
            or parameter.help
        )  # type: ignore[attr-defined]


def test_check_says_that_there_are_no_compiled_kernels(timtin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMTIN_KERNELS", "off")
    assert timtin("index", str(SEEDS)).returncode == 0
    checked = timtin("check")
    assert checked.returncode == 0
    assert "searches take longer without compiled kernels: TIMTIN_KERNELS is off" in checked.stdout


def helps(columns: int, command: click.Command = main, parent: click.Context | None = None) -> list[str]:
    """Return the help of every command and group, as a terminal shows it."""
    context = click.Context(
        command, parent=parent, info_name=command.name, terminal_width=columns, max_content_width=columns
    )
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return [command.get_help(context), *(text for one in inner for text in helps(columns, one, context))]


def test_help_fits_a_terminal_of_80_columns_whole() -> None:
    assert len(helps(80)) == 25
    for narrow, wide in zip(helps(80), helps(1000), strict=True):
        assert max(map(len, narrow.splitlines())) <= 80
        assert narrow.split() == wide.split()  # a word that is cut, or left out for '...', would be another


def test_help_has_no_signs_of_programmers() -> None:
    for text in helps(80):
        assert not re.search(r"<=|>=|[A-Z]+ RANGE|\|", text), text


def test_every_command_that_answers_has_json() -> None:
    without = {name for name, command in commands().items() if all(one.name != "as_json" for one in command.params)}
    assert without == {"watch", "serve", "export", "completion"}


def test_options_mean_the_same_at_every_command() -> None:
    flags: dict[str, set[tuple[str, ...]]] = {}
    for command in commands().values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                for flag in parameter.opts:
                    flags.setdefault(flag, set()).add(tuple(sorted(parameter.opts)))
    assert {flag: spellings for flag, spellings in flags.items() if len(spellings) > 1} == {}
    assert flags["-n"] == {("--size", "-n")}
    sources = [command for command in commands().values() if any(one.name == "server" for one in command.params)]
    assert len(sources) == 10
    for command in sources:
        assert {"key_file", "data", "engine", "hosts"} <= {one.name for one in command.params}
