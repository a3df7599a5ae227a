"""The house keeps its shape: floors, sizes, no seed text in the code, references that are current."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEEDS

FLOORS = {"index": set(), "search": {"index"}, "web": {"search", "index"}}


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_run_down_the_house(path: Path) -> None:
    floor = path.relative_to(ROOT).parts[0]
    assert imported(path) & set(FLOORS) <= FLOORS[floor] | {floor}


def test_nothing_above_the_engine_knows_whoosh() -> None:
    floor = {"schema", "codec", "readers", "inversion", "commits", "indexer"}
    allowed = {f"index/{room}.py" for room in floor} | {"search/engines/embedded/engine.py"}
    users = {str(path.relative_to(ROOT)) for path in modules() if "whoosh" in imported(path)}
    assert users <= allowed


@pytest.mark.parametrize("path", modules(), ids=str)
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 450


@pytest.mark.parametrize("path", modules(), ids=str)
def test_modules_and_public_functions_say_what_they_are_for(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


@pytest.mark.parametrize("package", [path for path in modules() if path.stem == "__init__"], ids=str)
def test_each_package_lists_its_rooms(package: Path) -> None:
    rooms = ast.get_docstring(ast.parse(package.read_text("utf-8"))) or ""
    named = set(re.findall(r"^``(\w+)``", rooms, re.MULTILINE))
    packages = {path.parent.name for path in package.parent.glob("*/__init__.py")}
    assert named == {path.stem for path in package.parent.glob("*.py")} - {"__init__"} | packages


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {str(path.parent.relative_to(ROOT)).replace("/", ".") for path in modules() if path.stem == "__init__"}
    assert set(listed) == there


def test_code_has_no_text_of_the_seeds() -> None:
    code = "\n".join(path.read_text("utf-8") for path in modules())
    for seed in SEEDS.glob("*.txt"):
        assert seed.stem[4:] not in code
        for line in seed.read_text("utf-8").splitlines():
            stripped = line.strip(" •\t")
            assert len(stripped) < 8 or stripped not in code


def test_dependencies_are_pinned_with_hashes_and_without_addresses() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for name in ("requirements.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text()
        assert "://" not in lock
        assert "--find-links" not in lock
        for requirement in wanted:
            package = re.split(r"[<>=]", requirement)[0]
            assert re.search(rf"^{re.escape(package)}==\S+ \\\n +--hash=sha256:", lock, re.MULTILINE), package


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("[!_]*.py")), ids=lambda path: path.stem)
def test_measurements_can_be_begun(path: Path) -> None:
    importlib.import_module(f"benchmarks.{path.stem}")
