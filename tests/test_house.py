"""The code keeps its architecture: imports, sizes, docstrings, no seed text, locked dependencies."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEEDS

FLOORS = {"index": set(), "search": {"index"}, "timtin": set(), "web": {"search", "index", "timtin"}}


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Return the dotted names of the modules that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found = {name for name in inner if (ROOT / name.replace(".", "/")).with_suffix(".py").exists()}
            names |= found or {node.module}
    return names


def room(module: str) -> str:
    """Return the package of a module; a module directly in ``index``, ``search`` or ``web`` stands for itself."""
    if (ROOT / module.replace(".", "/")).is_dir():
        return module
    parent = module.rpartition(".")[0]
    return module if parent in FLOORS else parent


def dotted(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_down_the_house(path: Path) -> None:
    floor = path.relative_to(ROOT).parts[0]
    assert {name.partition(".")[0] for name in imported(path)} & set(FLOORS) <= FLOORS[floor] | {floor}


def test_no_rooms_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules():
        ours = {name for name in imported(path) if name.partition(".")[0] in FLOORS}
        graph.setdefault(room(dotted(path)), set()).update(map(room, ours))
    for name, below in graph.items():
        below.discard(name)
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the cycle


BEHIND_THE_BOUNDARY = (
    "sqlite3", "whoosh", "index.store.articles", "index.store.database", "index.store.fetches", "index.store.inputs",
    "index.store.tasks", "index.cluster", "index.directory", "index.segments", "index.whoosh_codec", "index.writer",
    "search.engines", "search.matching", "search.ranking",
)  # fmt: skip
BELOW_IT = (
    "index/store/", "index/cluster/", "index/directory/", "index/segments/", "index/whoosh_codec/", "index/writer/",
    "search/engines/", "search/kernels/", "search/matching/", "search/ranking/", "search/archive.py",
)  # fmt: skip
NAMES_BEHIND_IT = re.compile(r"sqlite|whoosh|embedded", re.IGNORECASE)


def above_the_boundary() -> list[Path]:
    """Return the modules that are handed a store and an engine, and must not know which."""
    protocols = {"index/store/__init__.py", "index/store/article_store.py", "index/store/input_log.py"}
    paths = [(path, str(path.relative_to(ROOT))) for path in modules()]
    return [path for path, name in paths if name in protocols or not name.startswith(BELOW_IT)]


@pytest.mark.parametrize("path", above_the_boundary(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_above_the_archive_knows_which_store_and_engine_there_are(path: Path) -> None:
    known = {name for name in imported(path) if name.startswith(BEHIND_THE_BOUNDARY)}
    assert not known
    names = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    assert not [name for name in names if NAMES_BEHIND_IT.search(name)]


def test_only_the_codec_and_the_commits_know_whoosh() -> None:
    users = {
        str(path.relative_to(ROOT)) for path in modules() if any(n.split(".")[0] == "whoosh" for n in imported(path))
    }
    assert users <= {f"index/whoosh_codec/{module}.py" for module in ("codec", "readers", "contents")}


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
    for name in ("requirements.lock", "requirements-opensearch.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text()
        assert "://" not in lock
        assert "--find-links" not in lock
        for requirement in wanted:
            needed, _, condition = requirement.partition("; ")
            package = re.split(r"[<>=]", needed)[0]
            pinned = rf"{re.escape(package)}==\S+{re.escape(f' ; {condition}' if condition else '')}"
            assert re.search(rf"^{pinned} \\\n +--hash=sha256:", lock, re.MULTILINE), package


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("[!_]*.py")), ids=lambda path: path.stem)
def test_measurements_can_be_begun(path: Path) -> None:
    importlib.import_module(f"benchmarks.{path.stem}")
