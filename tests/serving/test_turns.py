"""Who is let in and whose turn it is, without a server: how clients are told apart, and what is kept of those gone."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from typing import cast

from web.serving.admission import FairQueue, Job, Lane
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


def test_a_long_job_gives_way_to_a_light_one_beside_it() -> None:
    async def turns() -> None:
        lane = Lane("test", 3, FairQueue(10, 10), 60, spare=True)
        jobs: list[Job[str]] = []
        light_runs, may_end, admitted = threading.Event(), threading.Event(), threading.Event()

        def long() -> str:
            admitted.wait(60)
            while not may_end.is_set():
                lane.give_way(jobs[0])
                if light_runs.is_set():
                    may_end.set()
                light_runs.wait(0.01)
            return "long"

        def light() -> str:
            light_runs.set()
            may_end.wait(60)
            return "light"

        jobs.append(lane.admit("a", "1", long, lambda: None))
        admitted.set()
        jobs.append(lane.admit("b", "2", light, lambda: None))
        assert await asyncio.gather(*(each.answer for each in jobs)) == ["long", "light"]
        assert [each.beside for each in jobs] == [False, True]
        lane.give_way(jobs[1])
        assert jobs[1].gave_way == 0.0
        lane.close()

    asyncio.run(asyncio.wait_for(turns(), 60))


def test_a_heavy_client_is_known_after_it_was_idle() -> None:
    loop = asyncio.new_event_loop()
    queue = FairQueue(10, 10)
    for client, seconds in (("heavy", 1.0), ("light", 0.001)):
        queue.push(job(Peer(), loop, client))
        taken = queue.pop()
        assert taken is not None
        queue.done(taken, seconds)  # nothing waits or runs now
    for client in ("heavy", "light"):
        queue.push(job(Peer(), loop, client))
    found = [queue.pop(light=True), queue.pop(light=True), queue.pop()]
    assert [each and each.client for each in found] == ["light", None, "heavy"]
    loop.close()


def test_a_heavy_client_has_its_turn_while_light_ones_never_pause() -> None:
    async def turns() -> None:
        lane = Lane("test", 3, FairQueue(100, 100), 60, spare=True)
        await lane.admit("heavy", "1", lambda: time.sleep(0.1), lambda: None).answer  # now it is known for heavy
        over = asyncio.Event()

        async def ask(client: str) -> None:
            while not over.is_set():
                await lane.admit(client, client, lambda: time.sleep(0.02), lambda: None).answer

        asking = [asyncio.create_task(ask(f"light {number}")) for number in range(16)]
        await asyncio.sleep(0)
        for _ in range(5):
            await lane.admit("heavy", "1", lambda: time.sleep(0.1), lambda: None).answer
        over.set()
        await asyncio.gather(*asking)
        lane.close()

    asyncio.run(asyncio.wait_for(turns(), 60))
