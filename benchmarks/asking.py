"""Query engines in turn, each in a process of its own, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import gc
import multiprocessing
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.peers import Ask, Seconds

_WARM = 20
_IN_TURN = 25


@dataclass
class Index:
    """An engine's index: how to open it, the seconds its building took, its bytes on disk, its queries by kind, and the
    processor milliseconds that each took.
    """

    name: str
    folder: Path
    open: Callable[[Path], dict[str, Ask]]
    built: Seconds
    size: int
    queries: Mapping[str, Sequence[str]]
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def ask_in_turn(indexes: Sequence[Index]) -> None:
    """Run the queries of every index: 25 of one kind, then 25 of the next.

    The first kind of each index runs before the others, so that it alone meets terms for the first time. The first
    twenty queries of a kind warm up. Data just built is synced first, so that the system is not busy writing it.
    """
    os.sync()
    context = multiprocessing.get_context("spawn")
    running = []
    for index in indexes:
        ours, theirs = context.Pipe()
        process = context.Process(target=_answer, args=(index.open, index.folder, theirs), daemon=True)
        process.start()
        theirs.close()
        running.append((index, ours, process))
    for rest in (False, True):
        chosen = [
            (connection, kind, queries, index.times[kind])
            for index, connection, _ in running
            for at, (kind, queries) in enumerate(index.queries.items())
            if (at > 0) is rest
        ]
        for connection, kind, queries, _ in chosen:
            _ask(connection, kind, queries[:_WARM])
        for at in range(0, max(len(queries) for _, _, queries, _ in chosen), _IN_TURN):
            for connection, kind, queries, times in chosen:
                times += _ask(connection, kind, queries[at : at + _IN_TURN])
    for _, connection, process in running:
        connection.close()
        process.join()


def spread(times: Sequence[float]) -> str:
    """Return the median and the 95th percentile."""
    return f"{statistics.median(times):.2f} / {tail(times):.2f}"


def tail(times: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def _ask(connection: Connection, kind: str, queries: Sequence[str]) -> list[float]:
    connection.send((kind, list(queries)))
    times: list[float] = connection.recv()
    return times


def _answer(opened: Callable[[Path], dict[str, Ask]], folder: Path, connection: Connection) -> None:
    kinds = opened(folder)
    gc.collect()
    gc.freeze()
    while True:
        try:
            kind, queries = connection.recv()
        except EOFError:
            return
        connection.send([_milliseconds(kinds[kind], query) for query in queries])


def _milliseconds(ask: Ask, query: str) -> float:
    started = time.process_time()
    ask(query)
    return (time.process_time() - started) * 1e3
