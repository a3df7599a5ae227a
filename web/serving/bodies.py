"""Receive the body of a request that was let through at its head: in memory, or in a file of the data folder.

Only a client with a key that may write, or a body of at most 64 kilobytes, gets here, so what nobody vouches for never
touches the disk: a body that may have 1 MB at most stays in memory.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from index.errors import is_disk_full

Receive = Callable[[], Awaitable[Any]]

_IN_MEMORY = 1024**2
_LEAST = 16 * 1024
_LONGEST_DRAIN = 64 * 1024**2
_DRAIN_SECONDS = 3.0
_DRAIN_PAUSE = 0.005


class BodyTooLargeError(Exception):
    """The body has more bytes than allowed."""


class BodyTooSlowError(Exception):
    """The client sends too little in too long."""


class BodyIncompleteError(Exception):
    """The client went away amid the body."""


class NoRoomError(Exception):
    """The disk has no room for the body."""


class BodyReader:
    """Receive bodies into files in ``folder``, on whose disk at least ``free`` bytes stay free.

    ``pause`` is the longest time a client may take for 16 KB, or for a whole body that is smaller, in seconds.
    """

    def __init__(self, folder: Path, free: int, pause: float) -> None:
        self._folder = folder
        self._free = free
        self._pause = pause

    async def read(self, receive: Receive, most: int) -> tuple[IO[bytes], int]:
        """Return a file with the body, at its beginning, and its size. Raises the exceptions of this module."""
        body = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder))  # noqa: SIM115 - returned open
        size = renewed = 0
        clock = asyncio.get_running_loop()
        due = clock.time() + self._pause
        try:
            while True:
                try:
                    async with asyncio.timeout_at(due):
                        message = await receive()
                except TimeoutError:
                    raise BodyTooSlowError from None
                if message["type"] != "http.request":
                    raise BodyIncompleteError
                part = message["body"]
                size += len(part)
                if size - renewed >= _LEAST:
                    renewed, due = size, clock.time() + self._pause
                if size > most:
                    raise BodyTooLargeError
                if most > _IN_MEMORY and shutil.disk_usage(self._folder).free < self._free + len(part):
                    raise NoRoomError
                if size > _IN_MEMORY:  # a slow disk must not keep the other connections waiting
                    await asyncio.to_thread(body.write, part)
                else:
                    body.write(part)
                if not message.get("more_body"):
                    body.seek(0)
                    return body, size
        except BaseException as error:
            with suppress(OSError):  # closing a file flushes it
                body.close()
            if isinstance(error, OSError) and is_disk_full(error):
                raise NoRoomError from error
            raise


async def drain(receive: Receive) -> None:
    """Read and drop what is left of a body that was refused, for a moment: a client reads no answer while it sends."""
    left = _LONGEST_DRAIN
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                await asyncio.sleep(_DRAIN_PAUSE)  # it is worth little of the processor
