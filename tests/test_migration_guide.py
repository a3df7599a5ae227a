"""docs/migrating.md: what timtin's client needs for a task runs, and is no longer than what another engine's needs."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ROOT, Server
from tests.test_api_guide import BLOCKS
from timtin.client import Answer, Client, Task

GUIDE = (ROOT / "docs" / "migrating.md").read_text("utf-8")
TASKS = re.findall(
    r"^### \d+\. ([^\n]*)\n\n```python\n(.*?)^```\n\n```python meilisearch\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL
)
OF_NOTHING = {"See what failed"}
"""Tasks whose answer is empty here."""


def test_there_are_twenty() -> None:
    assert len(TASKS) == 20
    assert len(re.findall(r"^### ", GUIDE, re.MULTILINE)) == 20


@pytest.mark.parametrize(("title", "ours", "theirs"), TASKS, ids=[title for title, _, _ in TASKS])
def test_ours_is_no_longer(title: str, ours: str, theirs: str) -> None:
    assert ast.parse(theirs).body
    assert len(ours.splitlines()) <= len(theirs.splitlines())
    assert len("".join(ours.split())) <= len("".join(theirs.split()))


def value_of(code: str, names: dict[str, Any]) -> Any:
    """Run some code; return the value of its last expression, None if it is none."""
    tree = ast.parse(code)
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        exec(code, names)
        return None
    *before, last = tree.body
    exec(compile(ast.Module(before, []), "<example>", "exec"), names)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "<example>", "eval"), names)


def test_ours_does_what_it_says(serve: Callable[..., Server]) -> None:
    server = serve()
    (lines,) = [block for kind, block in BLOCKS if kind == "ndjson"]
    names: dict[str, Any] = {"Client": Client, "articles": [json.loads(line) for line in lines.splitlines()]}
    for title, ours, _ in TASKS:
        code = ours.replace("http://127.0.0.1:8000", server.root).replace('"KEY"', f'"{server.key}"')
        value = value_of(code, names)
        if isinstance(value, Answer):
            assert value.hits, title
        elif isinstance(value, Task):
            names["client"].wait(value)
        elif value is not None:
            assert bool(value) == (title not in OF_NOTHING), title
    with names["client"] as client:
        assert {article.id: article.category for article in client.export()} == {
            "gao-1": "Giá cả",
            "ca-1": "Thủy sản",
        }


def test_links_lead_somewhere() -> None:
    for guide in ("migrating.md", "api.md"):
        text = (ROOT / "docs" / guide).read_text("utf-8")
        for file, heading in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
            target = ROOT / "docs" / (file or guide)
            assert target.is_file(), file
            if heading:
                headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
                assert heading in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
