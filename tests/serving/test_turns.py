"""Who is let in and whose turn it is, without a server: how clients are told apart, and what is kept of those gone."""

from __future__ import annotations

import asyncio
import weakref
from typing import cast

from web.serving.admission import FairQueue, Job
from web.serving.connection import Connection, Door
from web.settings import LimitSettings


class Peer:
    """Stands for a connection."""


def job(connection: Peer, loop: asyncio.AbstractEventLoop, client: str = "a") -> Job[object]:
    return Job(client, connection, lambda: None, lambda: None, 0.0, loop.create_future())


def test_connections_of_a_client_that_is_never_idle_are_let_go_of() -> None:
    loop = asyncio.new_event_loop()
    queue = FairQueue(10, 10)
    known = weakref.WeakSet[Peer]()
    queue.push(job(Peer(), loop))
    running = queue.pop()
    for _ in range(5000):
        peer = Peer()
        known.add(peer)
        queue.push(job(peer, loop))
        following = queue.pop()
        assert running is not None
        queue.done(running, 0.01)
        running = following
    assert len(known) < 2000
    loop.close()


def test_addresses_that_one_client_commands_share_its_connections() -> None:
    refused: list[str] = []
    door = Door(LimitSettings(), 4, 2, lambda address: address == "10.0.0.1", refused.append)

    def enter(address: str) -> str | None:
        return door.enter(cast(Connection, Peer()), address)

    assert [enter(f"2001:db8::{number}") is None for number in range(3)] == [True, True, False]
    assert enter("2001:db8:0:1::1") is None
    assert enter("10.0.0.1") is None
    assert "Too many connections" in (enter("10.0.0.1") or "")
    assert refused == ["connections of an address", "connections"]
    for each in list(door.connections)[:2]:
        door.leave(each, "2001:db8::ffff")
    assert enter("2001:db8::9") is None
