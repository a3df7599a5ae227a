"""Small files that are whole or not there: synced before they get their name, sealed with a checksum.

The seal is the last line: ``crc32`` and, in eight hexadecimal digits, the CRC-32 of everything before it.
"""

from __future__ import annotations

import os
import re
import threading
import zlib
from contextlib import suppress
from pathlib import Path

_SEAL = re.compile(rb"\ncrc32 ([0-9a-f]{8})\n\Z")
_SEAL_LENGTH = 16
_UNFINISHED = ".new"
_making = threading.Lock()


def write_sealed(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write ``data`` and its checksum to ``path`` as ``write_whole`` does."""
    write_whole(path, data + b"\ncrc32 %08x\n" % zlib.crc32(data), mode)


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write ``data`` to ``path`` and fsync it; if writing fails, the previous file stays.

    The new file has the permissions ``mode``, less those of the umask.
    """
    fresh = path.with_name(path.name + _UNFINISHED)
    try:
        with open(fresh, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync(path.parent)


def make_private(path: Path) -> None:
    """Make an empty file that its owner alone may read, unless there is one.

    One that is there is not even opened: closing it would end the locks that SQLite has on it in this process.
    """
    with _making, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def read_sealed(path: Path) -> bytes:
    """Return what ``write_sealed`` wrote. Raises OSError, or ValueError if bytes have changed since.

    A file without a seal, such as Whoosh's own writer makes, is returned as it is.
    """
    whole = path.read_bytes()
    seal = _SEAL.search(whole, max(len(whole) - _SEAL_LENGTH, 0))
    if seal is None:
        return whole
    data = whole[: seal.start()]
    if zlib.crc32(data) != int(seal[1], 16):
        raise ValueError(f"the bytes of {path} have changed since they were written")
    return data


def remove_unfinished(folder: Path) -> list[str]:
    """Delete files that killed processes left unfinished; return their names. Only the writer may call this."""
    unfinished = [path for path in folder.glob(f"*{_UNFINISHED}") if path.is_file()]
    for path in unfinished:
        path.unlink(missing_ok=True)
    return sorted(path.name for path in unfinished)


def sync(path: Path) -> None:
    """Fsync a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
