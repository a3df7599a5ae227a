"""Bodies as they arrive: whole, too large, too slow, cut off, or with no room for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from web.serving import bodies
from web.serving.bodies import (
    BodyIncompleteError,
    BodyReader,
    BodyTooLargeError,
    BodyTooSlowError,
    NoRoomError,
    Receive,
    drain,
)

MB = 1024**2
FOREVER = 1000.0


class Client:
    """Sends ``parts``; then the body ends, the client goes, or is silent."""

    def __init__(self, parts: Sequence[bytes], then: str = "end", pause: float = 0.0) -> None:
        self.parts = list(parts)
        self.taken = 0
        self._then = then
        self._pause = pause

    async def receive(self) -> Any:
        if self._pause:
            await asyncio.sleep(self._pause)
        if self.taken < len(self.parts):
            self.taken += 1
            last = self.taken == len(self.parts) and self._then == "end"
            return {"type": "http.request", "body": self.parts[self.taken - 1], "more_body": not last}
        if self._then == "silent":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}


def read(folder: Path, client: Client, most: int = 100 * MB, pause: float = FOREVER, free: int = 0) -> bytes:
    async def run() -> bytes:
        body, size = await BodyReader(folder, free, pause).read(client.receive, most)
        with body:
            content = body.read()
        assert len(content) == size
        return content

    before = open_files(folder)
    try:
        return asyncio.run(run())
    finally:
        assert list(folder.iterdir()) == []
        assert open_files(folder) == before


def open_files(folder: Path) -> list[str]:
    links = Path("/proc/self/fd")
    if not links.exists():
        return []
    found = []
    for each in links.iterdir():
        try:
            target = os.readlink(each)  # noqa: PTH115 - what is deleted is no path
        except OSError:
            continue
        if target.startswith(str(folder)):
            found.append(target)
    return found


@pytest.mark.parametrize("parts", [[b""], [b"a"], [b"a", b"", b"b"], [b"x" * 700_000] * 5])
def test_a_body_arrives_whole(tmp_path: Path, parts: list[bytes]) -> None:
    assert read(tmp_path, Client(parts)) == b"".join(parts)


def test_a_body_may_be_as_large_as_allowed(tmp_path: Path) -> None:
    client = Client([b"x" * 1000] * 100)
    assert len(read(tmp_path, client, most=100_000)) == 100_000
    for then in ("end", "silent"):
        client = Client([b"x" * 1000] * 100, then)
        with pytest.raises(BodyTooLargeError):
            read(tmp_path, client, most=50_000)
        assert client.taken == 51, "what is more is not read"


@pytest.mark.parametrize("parts", [[], [b"a"], [b"x" * 700_000] * 3])
def test_a_body_that_is_cut_off_is_none(tmp_path: Path, parts: list[bytes]) -> None:
    with pytest.raises(BodyIncompleteError):
        read(tmp_path, Client(parts, "gone"))


@pytest.mark.parametrize("parts", [[], [b"a"], [b"x" * 700_000] * 3])
def test_a_body_that_pauses_is_too_slow(tmp_path: Path, parts: list[bytes]) -> None:
    with pytest.raises(BodyTooSlowError):
        read(tmp_path, Client(parts, "silent"), pause=0.05)


def test_a_body_that_trickles_is_too_slow(tmp_path: Path) -> None:
    """However short each pause is."""
    client = Client([b"x"] * 100_000, pause=0.001)
    with pytest.raises(BodyTooSlowError):
        read(tmp_path, client, pause=0.2)
    assert client.taken < 100_000


def test_a_body_that_is_large_has_more_time(tmp_path: Path) -> None:
    """As many pauses as it has parts of 16 KB: here all of it takes longer than one part may."""
    client = Client([b"x" * 16_384] * 40, pause=0.05)
    assert len(read(tmp_path, client, pause=1.5)) == 40 * 16_384


class Usage(NamedTuple):
    free: int


@pytest.mark.parametrize("size", [1, 3 * MB])
def test_a_body_leaves_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(bodies.shutil, "disk_usage", lambda folder: Usage(10 * MB))
    parts = [b"x" * min(size, 64_000)] * -(-size // 64_000)
    assert read(tmp_path, Client(parts), free=10 * MB - 64_000)
    client = Client(parts)
    with pytest.raises(NoRoomError):
        read(tmp_path, client, free=10 * MB)
    assert client.taken == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_is_full_after_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("r+b", 0)  # noqa: SIM115 - closed by what is tested
    monkeypatch.setattr(bodies.tempfile, "SpooledTemporaryFile", lambda *_, **__: full)
    with pytest.raises(NoRoomError):
        read(tmp_path, Client([b"x" * 100]))


def drained(receive: Receive) -> None:
    asyncio.run(asyncio.wait_for(drain(receive), 60))


@pytest.mark.parametrize("then", ["end", "gone", "silent"])
def test_a_refused_body_is_dropped_for_a_moment(then: str) -> None:
    client = Client([b"x" * MB] * 10, then)
    drained(client.receive)
    assert client.taken == 10


def test_a_refused_body_that_does_not_end_is_not_followed() -> None:
    client = Client([b"x" * MB] * 1000)
    drained(client.receive)
    assert client.taken < 200
    trickling = Client([b"x"] * 1_000_000, pause=0.01)
    drained(trickling.receive)
    assert trickling.taken < 1_000_000
