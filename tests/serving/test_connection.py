"""How the head and the body of a response are sent."""

from __future__ import annotations

from typing import Any, cast

from web.serving.connection import _WholeWriter


class Sent:
    """A transport that notes what is sent by each call."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def close(self) -> None:
        self.calls.append(b"closed")


def test_a_head_is_sent_with_what_follows_it() -> None:
    sent = Sent()
    writer = _WholeWriter(cast(Any, sent))
    for part in (b"head", b"body", b"more"):
        writer.write(part)
    writer.flush()
    writer.close()
    assert sent.calls == [b"headbody", b"more", b"closed"]


def test_a_head_that_nothing_follows_is_sent_at_the_end() -> None:
    flushed, closed = Sent(), Sent()
    for sent, end in ((flushed, _WholeWriter.flush), (closed, _WholeWriter.close)):
        writer = _WholeWriter(cast(Any, sent))
        writer.write(b"head")
        assert sent.calls == []
        end(writer)
    assert flushed.calls == [b"head"]
    assert closed.calls == [b"head", b"closed"]
