"""Commands that ask a service: they answer as they do on its archive, and say what goes wrong in one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from search.archive import ArchiveConfig, open_archive
from tests.client.fake import Reply, json_reply, problem_reply, serving
from tests.conftest import Server, with_seeds
from tests.processes import TIMTIN, start
from web.cli import main

Run = Callable[..., Result]
RICE = {"id": "báo/lúa 1", "tiêu đề": "Giá lúa tăng", "content": "Nông dân miền Tây phấn khởi.", "chuyên mục": "Lúa"}
SEED = "001_d3efdf2d08a7cb74"


def run(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
    """Run the command in this process; it never ends with a traceback."""
    done = CliRunner(env={"TIMTIN_SERVER": None, "TIMTIN_KEY_FILE": None, **environment}).invoke(
        main, arguments, input=stdin, prog_name="timtin"
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def steady(text: str) -> str:
    """Return output without what differs from run to run."""
    return re.sub(r'("took_ms": |, )[\d.]+( ms|,)', r"\1#\2", text)


@pytest.fixture
def server(serve: Callable[..., Server], tmp_path: Path) -> Server:
    (tmp_path / "there").mkdir()
    with_seeds(tmp_path / "there" / "data")
    return serve(tmp_path / "there" / "data")


@pytest.fixture
def there(server: Server) -> Run:
    """Run a command on a service."""
    flags = "--server", server.root, "--key-file", str(server.data / "api-key")
    return lambda *arguments, **options: run(*flags, *arguments, **options)


@pytest.fixture
def here(tmp_path: Path) -> Run:
    """Run a command on a data folder with the same articles."""
    data = tmp_path / "here" / "data"
    data.parent.mkdir()
    with_seeds(data)
    return lambda *arguments, **options: run(*arguments, TIMTIN_DATA=str(data), **options)


def test_a_service_and_its_archive_give_the_same_answers(there: Run, here: Run, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Hội nhập quốc tế và ngoại giao kinh tế của Việt Nam trong tình hình mới. " * 2000, "utf-8")
    legacy = tmp_path / "legacy.txt"
    legacy.write_bytes(b"H\xf4i nh\xe2p")
    asked: dict[tuple[str, ...], int] = {
        ("search", "hoi", "nhap", "quoc", "te"): 0,
        ("search", "hội", "nhập", "-n", "1", "--page", "2", "--sort", "oldest", "--all", "--from", "2025-08"): 0,
        ("search", "hội", "nhập", "--sort", "published:desc,source:asc", "--recency", "30", "--timeout", "9"): 0,
        ("search", "--source", "Ngày Nay"): 0,
        ("search", "--filter", 'NOT source:"Ngày Nay" AND published>=2020'): 0,
        ("search", "hooij", "nhaapj", "quoocs", "tees"): 1,
        ("search", "lúa", "--category", "Kinh tế", "--author", "An"): 1,
        ("search", "hội", "nh*p"): 0,
        ("suggest", "ngoai", "gi", "-n", "3"): 0,
        ("suggest", "xyzzyx"): 1,
        ("similar", SEED, "-n", "2"): 0,
        ("similar", "--text", str(text)): 0,
        ("similar", "none"): 1,
        ("similar", ""): 1,
        ("similar", "--text", str(legacy)): 1,
        ("analyze", 'giá lúa "miền Tây" OR', "-ngô", "source:Báo", "2025..", "gạ*"): 2,
        ("analyze", "--", 'giá lúa "miền Tây" OR', "-ngô", "source:Báo", "gạ*", "ĐBSCL"): 0,
        ("get", SEED): 0,
        ("get", SEED, "none"): 1,
        ("export",): 0,
        ("export", "--source", "Ngày Nay", "--to", "2030"): 0,
        ("export", "--source", "Nobody"): 0,
        ("tasks",): 0,
        ("tasks", "none"): 1,
        ("tasks", "../stats?a"): 1,
        ("tasks", "none", "--cancel"): 1,
        ("tasks", "--cancel"): 2,
        ("stats",): 0,
        ("search", "a", "-n", "10", "--page", "5000"): 2,
        ("search", "a", "--from", "hôm qua"): 2,
        ("search", "a", "--sort", "best"): 2,
        ("search", "a", "--recency", "never"): 2,
        ("search", "a", "--filter", "source:"): 2,
        ("export", "--filter", "AND"): 2,
    }
    for arguments, code in asked.items():
        for flags in ((), ("--json",)) if arguments[0] != "export" else ((),):
            name, *others = arguments
            one, other = there(name, *flags, *others), here(name, *flags, *others)
            assert (one.exit_code, other.exit_code) == (code, code), (arguments, one.output, other.output)
            assert other.stdout or code or "Nobody" in arguments, arguments
            if name == "stats":
                continue
            assert steady(one.stdout) == steady(other.stdout), arguments
            assert one.stderr == other.stderr, arguments
    facts = [json.loads(answers("stats", "--json").stdout) for answers in (there, here)]
    assert [fact.pop("data").startswith("http") for fact in facts] == [True, False]
    assert facts[0] == facts[1] == {"articles": 5, "in_sync": True, "last_error": None}


def test_articles_are_put_found_and_deleted_alike(there: Run, here: Run, tmp_path: Path) -> None:
    table = tmp_path / "bảng.csv"
    table.write_text("id,Tiêu đề,Nội dung\nb1,Bưởi,Bưởi da xanh\nb2,Cam,Cam sành\n", "utf-8")
    wrapped = json.dumps({"data": {"items": [RICE, {"id": "empty"}, {"id": "b1", "title": "Bưởi Năm Roi"}]}})
    for flags in ((), ("--json",)):
        for steps in (
            (("put", *flags, str(table)), None, 0),
            (("put", *flags), wrapped, 1),
            (("put", *flags, "-"), json.dumps(RICE) + "\n" + json.dumps(RICE), 0),
            (("search", *flags, "giá", "lúa"), None, 0),
            (("get", *flags, "báo/lúa 1", "b1"), None, 0),
            (("search", *flags, "cam sành"), None, 0),
            (("delete", *flags, "báo/lúa 1", "b2", "none", "b2"), None, 1),
            (("search", *flags, "bưởi", "--category", "Lúa"), None, 1),
            (("delete", *flags, "b1"), None, 0),
        ):
            arguments, stdin, code = steps
            one, other = there(*arguments, stdin=stdin), here(*arguments, stdin=stdin)
            assert (one.exit_code, other.exit_code) == (code, code), (arguments, one.output, other.output)
            assert steady(one.stdout) == steady(other.stdout), arguments
            assert one.stderr == other.stderr, arguments
    why = "article 'empty' refused: body: an article needs a title or a body with some text"
    assert json.loads(here("put", "--json", stdin=wrapped).stdout) == {
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "refused": [{"where": "standard input:2", "detail": why}],
        "outcomes": [{"id": "báo/lúa 1", "result": "created"}, {"id": "b1", "result": "created"}],
        "searchable": True,
    }


def test_what_a_service_did_is_listed(there: Run) -> None:
    assert there("put", stdin=json.dumps(RICE)).exit_code == 0
    (task,) = json.loads(there("tasks", "--json").stdout)["tasks"]
    assert (task["kind"], task["state"], task["counts"]["added"]) == ("articles", "done", 1)
    assert json.loads(there("tasks", task["id"], "--json").stdout) == task
    shown = there("tasks", "--state", "done").stdout
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d  done     {task['id']}  articles written: .*1 added\n", shown
    )
    assert there("tasks", "--state", "failed").stdout == "there are no tasks\n"


def test_a_task_is_cancelled(there: Run, here: Run, tmp_path: Path) -> None:
    assert there("put", stdin=json.dumps(RICE)).exit_code == 0
    (written,) = json.loads(there("tasks", "--json").stdout)["tasks"]
    with closing(open_archive(ArchiveConfig(tmp_path / "here" / "data"))) as archive:
        waiting = archive.store.tasks.request_rebuild()
        other = archive.store.tasks.written(1, {}, [])
    assert said(there("tasks", written["id"], "--cancel")).endswith("Delete the articles instead.")
    assert said(here("tasks", other.id, "--cancel")).endswith("Delete the articles instead.")
    for _ in range(2):
        assert json.loads(here("tasks", waiting.id, "--cancel", "--json").stdout)["state"] == "cancelled"
    assert f"cancelled  {waiting.id}" in here("tasks", "--state", "cancelled").stdout


def said(done: Result, code: int = 1) -> str:
    """Return the one line on standard error of a command that failed."""
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    line = done.stderr.splitlines()[-1]
    assert code == 2 or done.stderr == f"{line}\n"
    assert not re.search(r"Errno|Error\b.*Error|pydantic|Traceback|\{", line)
    return line


def test_a_service_that_is_restarted_is_asked_again(server: Server, there: Run) -> None:
    before = there("search", "hội nhập").stdout
    assert server.stop() == 0
    gone = there("search", "hội nhập")
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert gone.stderr.splitlines()[-1] == (
        f"timtin: nobody answers at {server.root} (connection refused); is 'timtin serve' running there?"
    )
    command = [*TIMTIN, "search", "--server", server.root, "hội nhập"]
    waiting = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert waiting.stderr is not None
    assert "trying again" in waiting.stderr.readline()
    with serving(json_reply({})):
        pass
    waiting.communicate()
    server.start()
    assert steady(there("search", "hội nhập").stdout) == steady(before)


def test_a_key_that_is_missing_wrong_or_too_weak_is_told(server: Server, tmp_path: Path) -> None:
    flags = "--server", server.root
    wants = said(run(*flags, "put", stdin=json.dumps(RICE)))
    assert (
        wants == f"timtin: the service at {server.root} wants a key; give the file that holds it with --key-file FILE"
    )
    for content, why in (("wrong\n", "does not know the key in"), ("", "holds no key"), ("two words", "holds no key")):
        (tmp_path / "key").write_text(content)
        assert why in said(run(*flags, "--key-file", str(tmp_path / "key"), "delete", "a"))
    assert "no such file or directory" in said(run(*flags, "--key-file", str(tmp_path / "none"), "delete", "a"))
    made = run("keys", "add", "reader", "--scope", "search", "--json", "--data", str(server.data))
    reader = json.loads(made.stdout)
    assert (reader["name"], reader["scope"], reader["state"], reader["expires"]) == ("reader", "search", "valid", None)
    (tmp_path / "key").write_text(reader["key"])
    weak = run(*flags, "delete", SEED, TIMTIN_KEY_FILE=str(tmp_path / "key"))
    assert "may not do this" in said(weak)
    assert "'write'" in said(weak)
    assert reader["key"] not in weak.output
    revoked = run("keys", "revoke", "reader", "--json", "--data", str(server.data))
    assert json.loads(revoked.stdout) == {"name": "reader", "state": "revoked"}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(body=b"<html>", headers={"Content-Type": "text/html"}), "is no timtin service; check the address"),
        (json_reply({"hello": 1}), "is no timtin service; check the address"),
        (json_reply([1]), "is no timtin service; check the address"),
        (Reply(301, headers={"Location": "https://tin.example.vn/"}), "https://tin.example.vn/"),
        (Reply(404, b"not found"), "there is no such thing"),
        (Reply(500, b"oops"), "refused"),
        (problem_reply(507, "The disk is full."), "refused: The disk is full."),
        (problem_reply(503, "Busy.", Retry_After="3600"), "refused: Busy."),
        (problem_reply(429, "Too many.", Retry_After="3600"), "refused: Too many."),
        (Reply(broken=True), "broke off its answer"),
    ],
)
def test_what_is_no_answer_is_said_in_one_line(reply: Reply, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timtin.client.transport.sleep", lambda seconds: None)
    with serving(reply) as fake:
        assert why in said(run("search", "lúa", "--server", fake.url))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("search", "a", "--server", "here"), "is no address of a service"),
        (("search", "a", "--server", "http://u:p@localhost"), "is no address of a service"),
        (("search", "a", "--server", "http://localhost", "--data", "x"), "--server and --data"),
        (("--server", "http://localhost", "search", "a", "--engine", "embedded"), "--server and --engine"),
        (("--server", "http://localhost", "check"), "'timtin check' works where the articles are"),
        (("--server", "http://localhost", "keys", "list"), "'timtin keys list' works where the articles are"),
        (("--server", "http://localhost", "serve"), "'timtin serve' works where the articles are"),
        (("search", "a", "--key-file", "x"), "--key-file is for a service"),
        (("similar",), "give the ID"),
        (("search",), "say what to find"),
        (("search", "giá", "-vàng"), "put two dashes before: timtin search -- giá -vàng"),
        (("search", "a", "--size", "1000"), "1000 is not in the range 1 to 100"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(arguments: Sequence[str], why: str) -> None:
    assert why in said(run(*arguments), 2)


def test_a_service_named_by_the_environment_gives_way_to_a_flag(here: Run, tmp_path: Path) -> None:
    with serving(problem_reply(404, "Gone.")) as fake:
        there = {"TIMTIN_SERVER": fake.url}
        assert "Gone." in said(here("search", "hội nhập", **there))
        data = str(tmp_path / "here" / "data")
        assert here("search", "hội nhập", "--data", data, **there).exit_code == 0
        assert here("check", **there).exit_code == 0
        assert here("config", "--json", **there).exit_code == 0


def test_a_command_that_asks_loads_nothing_of_a_service() -> None:
    answer: dict[str, Any] = {
        "hits": [], "total": 0, "stories": 0, "took_ms": 1.0, "page": 1, "size": 10, "partial": False,
        "total_is_lower_bound": False, "query": {"text": "a", "corrected": None, "terms": [], "notes": []},
    }  # fmt: skip
    program = """
import sys
from click.testing import CliRunner
import web.cli
heavy = {"pydantic", "numpy", "flask", "search", "tqdm"}
print(sorted({*heavy, "httpx"} & set(sys.modules)))
done = CliRunner().invoke(web.cli.main, ["search", "a", "--server", sys.argv[1]])
print(done.exit_code, sorted(heavy & set(sys.modules)))
"""
    with serving(json_reply(answer)) as fake:
        command = [sys.executable, "-c", program, fake.url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.splitlines() == ["[]", "1 []"]


def test_a_pipe_that_is_closed_ends_a_command_quietly(server: Server) -> None:
    for arguments in ("export", "search hội nhập --json", "get --json " + SEED):
        command = f"{sys.executable} -m web.cli {arguments} --server {server.root} | head -c 10"
        done = subprocess.run(command, shell=True, capture_output=True, check=False)
        assert (len(done.stdout), done.stderr) == (10, b"")


def test_a_terminal_of_another_encoding_shows_letters_without_accents(server: Server) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    command = [*TIMTIN, "search", "hội nhập", "--source", "Ngày Nay", "--server", server.root]
    shown = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert "Thủ tướng yêu cầu".encode() not in shown.stdout
    assert "Thu tuong yêu cau" in shown.stdout.decode("latin-1")
    for arguments in (["get", SEED, "--json"], ["export", "--source", "Ngày Nay"]):
        command = [*TIMTIN, *arguments, "--server", server.root]
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
        assert json.loads(done.stdout)["title"].startswith("Thủ tướng")


def test_words_that_are_no_text_are_refused() -> None:
    done = subprocess.run([*TIMTIN, "search", b"\xff"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"is not text in UTF-8" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_a_shell_takes(shell: str) -> None:
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"_TIMTIN_COMPLETE={shell}_complete" in done.stdout
    if (program := shutil.which(shell)) is not None:
        subprocess.run([program, "-n"], input=done.stdout, text=True, check=True)


def test_commands_and_options_are_completed() -> None:
    def completed(*words: str) -> list[str]:
        environment = {
            "_TIMTIN_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        command = ["timtin"]
        program = f"import sys; sys.argv = {command}; from web.cli import main; main(prog_name='timtin')"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False,
            env={**os.environ, **environment},
        )  # fmt: skip
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("timtin", "se") == ["search", "serve"]
    assert completed("timtin", "search", "--s") == ["--size", "--sort", "--source", "--server"]
    assert completed("timtin", "completion", "") == ["bash", "zsh", "fish"]
