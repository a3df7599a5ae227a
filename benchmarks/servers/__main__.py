"""Attack and measure the candidates: ``python -m benchmarks.servers DATA [--only NAME,...] [attacks|speed]``.

``DATA`` is a data folder with an index that lacks nothing. A server is started anew for each attack. For the speed, all
are measured in turn, in ``--rounds``: medians, and the lowest and highest ratio to ``timtin serve`` in the same round.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import json
import math
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.servers.attacks import ATTACKS, Words
from benchmarks.servers.candidates import CANDIDATES, installed
from benchmarks.servers.clients import Seen, asking, load, quantile
from benchmarks.servers.running import Running, running
from benchmarks.serving import unasked

ROUNDS = 3
SECONDS = 2.0
PATIENCE = 20.0
CROWDS = {1: 40, 16: 96, 64: 128}  # clients: requests
ASKED = ["hội nhập quốc tế", "giá vàng", "bóng đá việt nam", "thời tiết hà nội", "tuyển sinh đại học"]
Rows = dict[str, dict[str, str]]


def attacked(names: list[str], data: Path, words: Words, chosen: list[str], rows: Rows) -> Iterator[None]:
    """Fill ``rows`` with what each attack did to each candidate; yield after each attack."""
    for attack in ATTACKS:
        if chosen and attack.__name__ not in chosen:
            continue
        row = rows.setdefault(inspect.getdoc(attack) or attack.__name__, {})
        for name in names:
            try:
                with running(name, data) as server:
                    row[name] = attack(server, words)
            except (OSError, RuntimeError, IndexError) as error:
                row[name] = f"failed: {error}"
            print(f"{time.strftime('%H:%M:%S')} {attack.__name__} · {name} · {row[name]}", flush=True)
        yield


def measured(names: list[str], data: Path, words: Words, rounds: int, rows: Rows) -> None:
    """Fill ``rows`` with answers a second, milliseconds and memory."""
    figures: dict[str, dict[str, list[float]]] = {}
    for round in range(rounds):
        for name in names if round % 2 == 0 else names[::-1]:
            with running(name, data) as server:
                for what, value in _speed(server, words).items():
                    figures.setdefault(what, {}).setdefault(name, []).append(value)
                seen = {what: round_(of[name][-1]) for what, of in figures.items()}
                _compare(names, figures, rows)
                print(f"{time.strftime('%H:%M:%S')} round {round + 1} · {name} · {seen}", flush=True)


def _compare(names: list[str], figures: dict[str, dict[str, list[float]]], rows: Rows) -> None:
    for what, of in figures.items():
        row = rows.setdefault(what, {})
        for name, values in of.items():
            ratios = sorted(value / (base or math.nan) for value, base in zip(values, of[names[0]], strict=False))
            row[name] = f"{round_(statistics.median(values))} (× {statistics.median(ratios):.2f}"
            row[name] += f", {ratios[0]:.2f} to {ratios[-1]:.2f})"


def round_(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _speed(server: Running, words: Words) -> dict[str, float]:
    found: dict[str, float] = {}
    again = itertools.cycle([asking("/api/v1/search?" + urlencode({"q": query})) for query in ASKED])
    health = itertools.repeat(asking("/healthz"))

    def note(what: str, requests: Iterator[bytes], clients: int, count: int) -> Seen:
        began, before = time.perf_counter(), server.processor()
        seen = load(server.port, itertools.islice(requests, count), clients, PATIENCE)
        answered = len(seen.seconds)
        found[f"{what} a second, {clients} clients"] = answered / (time.perf_counter() - began)
        found[f"{what}, {clients} clients: ms of processor each"] = 1000 * (server.processor() - before) / answered
        return seen

    load(server.port, itertools.islice(words.light(), 60), 16, PATIENCE)  # warm
    for clients, count in CROWDS.items():
        seen = note("fresh answers", words.light(), clients, count)
    found["the p99 of these in ms, 64 clients"] = quantile(seen, 0.99) * 1000
    load(server.port, itertools.islice(again, 60), 16, PATIENCE)
    note("repeated answers", again, 16, 600)
    note("/healthz", health, 16, 1500)
    beside = threading.Thread(target=load, args=(server.port, words.heavy(), 4, SECONDS + 0.5))
    beside.start()
    time.sleep(0.5)
    seen = load(server.port, health, 1, SECONDS)
    beside.join()
    found["/healthz beside 4 heavy clients, p50 in ms"] = quantile(seen, 0.5) * 1000
    found["/healthz beside 4 heavy clients, p99 in ms"] = quantile(seen, 0.99) * 1000
    found["memory of all processes, MB (proportional)"] = server.memory()
    found["of it their own, MB"] = server.memory("Pss_Anon")
    return found


def table(names: list[str], rows: Rows) -> str:
    """Return the rows as a Markdown table, a column a candidate."""
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines += [
        f"| {what.rstrip('.')} | " + " | ".join(row.get(name, "") for name in names) + " |"
        for what, row in rows.items()
    ]
    return "\n".join(lines)


def _keep(file: Path | None, rows: Rows) -> None:
    if file is not None:
        file.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def main() -> None:
    """Run what the arguments name and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("part", nargs="?", choices=["attacks", "speed", "all"], default="all")
    parser.add_argument("--only", default="", help="candidates, comma-separated")
    parser.add_argument("--attack", default="", help="attacks by name, comma-separated")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=Path, help="a file of rows to add to")
    given = parser.parse_args()
    wanted = given.only.split(",") if given.only else list(CANDIDATES)
    names = [name for name in wanted if installed(name)]
    for name in sorted(set(wanted) - set(names)):
        print(f"{name} is left out: it is not installed")
    words = Words(unasked(given.data, ASKED))
    rows: Rows = json.loads(given.rows.read_text("utf-8")) if given.rows and given.rows.exists() else {}
    if given.part in {"attacks", "all"}:
        for _ in attacked(names, given.data, words, given.attack.split(",") if given.attack else [], rows):
            _keep(given.rows, rows)
    if given.part in {"speed", "all"}:
        measured(names, given.data, words, given.rounds, rows)
    _keep(given.rows, rows)
    print(table(names, rows))


if __name__ == "__main__":
    main()
