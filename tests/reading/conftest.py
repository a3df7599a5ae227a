"""A folder that tests read again and again, and what it brings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import index.reading.folder_scan
from index.reading.files import Failure
from index.reading.import_run import Report, Summary
from index.reading.ingest import ImportOptions, ingest
from search.archive import Archive
from tests.archives import check

Index = Callable[..., dict[str, Any]]
COUNTS = ("added", "updated", "unchanged", "removed", "failures", "moved")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def read(archive: Archive, folder: Path) -> Index:
    """Read the folder, or other paths, and return the counts that are not zero."""

    def run(*paths: Path, failures: list[Failure] | None = None, **options: Any) -> dict[str, Any]:
        report = Report(lambda failure: None if failures is None else failures.append(failure))
        named = [str(path) for path in paths or (folder,)]
        found = ingest(named, archive.store, archive.engine, ImportOptions(**options), report)
        assert check(archive) == []
        return counts(found)

    return run


def counts(summary: Summary) -> dict[str, int]:
    return {name: value for name in COUNTS if (value := getattr(summary, name))}


def text(name: str) -> str:
    return f"Bài {name} nói về bún bò Huế, ai ăn rồi cũng muốn quay lại ăn thêm lần nữa."


def write(path: Path, name: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(name or path.stem), "utf-8")
    return path


def stored(archive: Archive) -> dict[str, str]:
    """Return which text each article has, by the name in it."""
    return {article.id: article.body.split()[1] for article in archive.store.articles()}


def rows(*ids: str, word: str = "bún") -> str:
    return "".join(json.dumps({"id": id, "body": f"Bài {word} của {id}"}, ensure_ascii=False) + "\n" for id in ids)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose articles are parsed from here on."""
    names: list[str] = []
    real = index.reading.folder_scan.FolderScan._articles

    def articles(self: Any, file: Any, *more: Any) -> Any:
        names.append(file.name)
        return real(self, file, *more)

    monkeypatch.setattr(index.reading.folder_scan.FolderScan, "_articles", articles)
    return names
