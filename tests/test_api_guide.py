"""Every example of docs/api.md runs, in a shell, in Python and in a browser, and prints what is shown.

A block of output belongs to the last example of each language before it in its section, if that has none yet; ``…``
in it stands for any text.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT, Server
from tests.pages.browsers import browser_page

GUIDE = (ROOT / "docs" / "api.md").read_text("utf-8")
PARTS = re.findall(r"^(?:(##) [^\n]*|```(\w+)\n(.*?)^```)$", GUIDE, re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, block) for heading, kind, block in PARTS if not heading]
SERVICE = "http://127.0.0.1:8000"
LANGUAGES = ("sh", "python", "js")
OUTPUTS = ("json", "text")
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module" src="script.js"></script>"""
END = "--- end of an example ---"


def examples(language: str) -> list[tuple[str, str]]:
    """Return the examples in a language, each with the output shown for it; "" if none is."""
    found: list[tuple[str, str]] = []
    waits = False
    for heading, kind, block in PARTS:
        if heading:
            waits = False
        elif kind == language:
            found.append((block, ""))
            waits = True
        elif kind in OUTPUTS and waits:
            found[-1] = found[-1][0], block
            waits = False
    return found


def is_like(output: str, shown: str) -> bool:
    """Tell whether ``output`` is what is ``shown``, where ``…`` stands for any text."""
    first, *rest = shown.split("…")
    if not rest or not output.startswith(first):
        return output == shown
    at = len(first)
    for part in rest[:-1]:
        if (found := output.find(part, at)) < 0:
            return False
        at = found + len(part)
    return output[at:].endswith(rest[-1])


def test_output_is_compared_with_what_is_shown() -> None:
    for output, shown in (("ab", "ab"), ("ab", "…"), ("axb", "a…b"), ("ab", "a…b"), ("aab", "a…ab"), ("xaby", "…a…b…")):
        assert is_like(output, shown)
    for output, shown in (("ab", "a"), ("ab", "b"), ("aba", "a…b"), ("ab", "a…b…b"), ("a", "a…a"), ("ba", "…a…b…")):
        assert not is_like(output, shown)


def compare(language: str, printed: str) -> None:
    outputs = [output.lstrip("\n") for output in printed.split(END)]
    assert len(outputs) == len(examples(language)) + 1
    wrong = []
    for (example, shown), output in zip(examples(language), outputs, strict=False):
        if not is_like(output.rstrip("\n"), shown.rstrip("\n")):
            wrong.append(f"{example}\nprinted\n{output}\ninstead of\n{shown}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def service(serve: Callable[..., Server], tmp_path: Path) -> Server:
    data = tmp_path / "data"
    data.mkdir()
    (data / "timtin.toml").write_text('[server]\ncors_origins = ["*"]\n')
    (articles,) = [block for kind, block in BLOCKS if kind == "ndjson"]
    (tmp_path / "articles.ndjson").write_text(articles, "utf-8")
    return serve(data)


def run(command: list[str], script: str, service: Server, folder: Path) -> str:
    done = subprocess.run(
        command,
        input=script.replace(SERVICE, service.root),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_in_a_shell(service: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl for the examples: apt-get install curl, then make test")
    script = "".join(f"{example}\necho; echo '{END}'\n" for example, _ in examples("sh"))
    compare("sh", run(["sh", "-eu"], script, service, tmp_path))


def test_in_python(service: Server, tmp_path: Path) -> None:
    script = "".join(f"{example}\nprint({END!r})\n" for example, _ in examples("python"))
    compare("python", run([sys.executable, "-"], script, service, tmp_path))


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The address of another site, with the files of a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_in_a_browser(service: Server, tmp_path: Path) -> None:
    first, *others = (example for example, _ in examples("js"))
    end = f"\nconsole.log({END!r});\n"
    script = first + end + "".join(f"{{\n{example}}}{end}" for example in others)
    folder = tmp_path / "site"
    folder.mkdir()
    shutil.copy(tmp_path / "articles.ndjson", folder)
    script = script.replace(SERVICE, service.root).replace('"KEY"', f'"{service.key}"')
    (folder / "script.js").write_text(script, "utf-8")
    (folder / "index.html").write_text(PAGE, "utf-8")
    printed: list[str] = []
    with site(folder) as address, browser_page(expected=("status of 4",)) as page:
        page.on("console", lambda said: printed.append(said.text) if said.type == "log" else None)
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(address)
        while printed.count(END) <= len(others):
            assert not failures, failures
            page.wait_for_timeout(50)
    compare("js", "".join(f"{text}\n" for text in printed))


def test_every_thing_is_shown_in_each_language() -> None:
    sections = re.split(r"^## ", GUIDE, flags=re.MULTILINE)[1:]
    for section in sections:
        kinds = set(re.findall(r"^```(\w+)$", section, re.MULTILINE))
        assert not kinds & set(LANGUAGES) or kinds >= set(LANGUAGES), section.partition("\n")[0]
    assert {kind for kind, _ in BLOCKS} == {*LANGUAGES, *OUTPUTS, "ndjson"}
    assert len(examples("js")) >= 15
