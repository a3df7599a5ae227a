"""Load the compiled kernels, once in a process, if they were compiled when timtin was installed."""

from __future__ import annotations

import ctypes
import os
import zlib
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

OFF = "TIMTIN_KERNELS"
_FOLDER = Path(__file__).parent


@cache
def kernels() -> ctypes.CDLL | None:
    """Return the compiled kernels; None if ``missing`` says why there are none."""
    found = _load()
    return None if isinstance(found, str) else found


def missing() -> str | None:
    """Return why searches do without compiled kernels; None if they have them."""
    found = _load()
    return found if isinstance(found, str) else None


@cache
def _load() -> ctypes.CDLL | str:
    if os.environ.get(OFF) == "off":
        return f"{OFF} is off"
    path = next(filter(Path.exists, (_FOLDER / f"compiled{suffix}" for suffix in EXTENSION_SUFFIXES)), None)
    if path is None:
        return "there was no C compiler when timtin was installed; install gcc, then timtin again"
    try:
        library = ctypes.CDLL(str(path))
        checksum = int(ctypes.c_uint32.in_dll(library, "sources_checksum").value)
    except (OSError, ValueError) as error:
        return f"{path} cannot be loaded: {error}"
    sources = sorted(_FOLDER.glob("*.[ch]"))
    if checksum != zlib.crc32(b"".join(source.read_bytes() for source in sources)):
        return f"{path} was compiled from other sources; install timtin again"
    return library
