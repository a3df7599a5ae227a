"""Whose turn it is, without a server: what a queue keeps of clients and connections that are gone."""

from __future__ import annotations

import asyncio
import weakref

from web.serving.admission import FairQueue, Job


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
