"""Kernels are used if they were compiled from the sources that are there; else it is said why not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import index.kernels.library
from index.kernels.library import OFF, kernels, missing
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse


@pytest.fixture(autouse=True)
def _looked_for_again() -> Iterator[None]:
    caches = kernels, index.kernels.library._load
    for one in caches:
        one.cache_clear()
    yield
    for one in caches:
        one.cache_clear()


def test_kernels_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OFF, "off")
    assert kernels() is None
    assert OFF in str(missing())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the sources that stands for that of the kernels; nothing is compiled in it."""
    monkeypatch.delenv(OFF, raising=False)
    for path in index.kernels.library._FOLDER.glob("*.[ch]"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(index.kernels.library, "_FOLDER", tmp_path)
    return tmp_path


def test_without_a_compiler_numpy_answers(folder: Path, archive: Archive) -> None:
    assert not list(folder.glob("compiled*"))
    assert kernels() is None
    assert "gcc" in str(missing())
    assert archive.engine.retrieve(Request(parse("lúa"))).total == 0


def test_kernels_of_other_sources_are_not_used(folder: Path) -> None:
    compiled = next(Path(index.kernels.__path__[0]).glob("compiled*"), None)
    if compiled is None:
        pytest.skip("no compiled kernels: apt-get install gcc, then make test")
    shutil.copy(compiled, folder)
    assert kernels() is not None
    assert missing() is None
    (folder / "scoring.c").write_text("// changed\n")
    index.kernels.library._load.cache_clear()
    assert "other sources" in str(missing())


def test_a_broken_library_is_not_used(folder: Path) -> None:
    (folder / "compiled.abi3.so").write_bytes(b"broken")
    assert "cannot be loaded" in str(missing())
