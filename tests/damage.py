"""Archives to damage, and ways to damage them."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from index.article import Article
from index.directory.data_folder import DataFolder
from index.directory.generations import current_generation
from index.segments.array_file import ArrayFile
from search.archive import Archive
from search.engine import Request
from search.query.parser import parse


def articles(count: int, prefix: str = "a") -> list[Article]:
    return [Article(id=f"{prefix}{number}", body=f"bưởi da xanh số {number}") for number in range(count)]


def found(archive: Archive, text: str = "bưởi") -> set[str]:
    return {hit.id for hit in archive.engine.retrieve(Request(parse(text), size=1000)).hits}


def generation(folder: DataFolder) -> Path:
    path = current_generation(folder.indexes)
    assert path is not None
    return path


def flip(path: Path, at: int) -> None:
    """Flip one bit of a file, written as a new file, so that mappings of the old one are unaffected."""
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1 << random.randrange(8)
    path.unlink()
    path.write_bytes(whole)


def untouched(path: Path) -> int:
    """Return an offset in a segment file that opening the segment does not read."""
    arrays = ArrayFile(path)._arrays
    return arrays["body_folded/positions" if path.suffix == ".inv" else "seq/numbers"][1]


def damage_postings(folder: DataFolder) -> Path:
    """Flip a bit that opening a segment does not read."""
    path = max(folder.indexes.rglob("*.inv"), key=lambda path: path.stat().st_size)
    flip(path, untouched(path))
    return path


def flip_in_place(path: Path, at: int) -> None:
    """Flip one bit of a file as a disk does: for every process that has it open."""
    with path.open("r+b") as file:
        file.seek(at)
        [byte] = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << random.randrange(8)]))


def damage_store(path: Path) -> None:
    """Overwrite the start of the table of articles."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [(page, size)] = connection.execute(
        "SELECT (SELECT rootpage FROM sqlite_schema WHERE name = 'articles'), page_size FROM pragma_page_size"
    ).fetchall()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes([255]) * 64)


def checkpointed(path: Path) -> None:
    """Bring all of a store into its one file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def overwrite(path: Path, old: bytes, new: bytes) -> None:
    """Overwrite the only place where a store has ``old``, in place, as a disk does."""
    checkpointed(path)
    whole = path.read_bytes()
    assert whole.count(old) == 1
    with path.open("r+b") as file:
        file.seek(whole.index(old))
        file.write(new)


def cut_overflow_chain(path: Path, text: bytes) -> None:
    """Overwrite the number of the page where a long row that has ``text`` in its second page goes on."""
    checkpointed(path)
    whole = path.read_bytes()
    assert whole.count(text) == 1
    with path.open("r+b") as file:
        file.seek(whole.index(text) // 4096 * 4096)
        file.write(bytes([255]) * 4)


def erase_value(path: Path, id: str, column: str) -> None:
    """Put NULL into a column that must have a value, as a changed byte in the head of a row does."""
    checkpointed(path)
    connection = sqlite3.connect(path, isolation_level=None)
    [(sql,)] = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'articles'").fetchall()
    for text, change in ((sql.replace(f"{column} TEXT NOT NULL", f"{column} TEXT"), True), (sql, False)):
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'articles'", (text,))
        connection.execute("PRAGMA writable_schema = RESET")
        if change:
            connection.execute(f"UPDATE articles SET {column} = NULL WHERE id = ?", (id,))
    connection.close()
