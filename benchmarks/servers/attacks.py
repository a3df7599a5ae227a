"""The attacks: each takes a running server and returns one line on what happened to others and to the attacker."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlencode

from benchmarks.servers.clients import Others, Seen, ask, asking, connect, ms, push
from benchmarks.servers.running import Peaks, Running

WATCH_SECONDS = 12.0
LEAST_SECONDS = 5.0
_BODY = 64 * 1024**2


class Words:
    """Searches that were not asked before, as requests; each word is used once a run."""

    def __init__(self, queries: Sequence[str]) -> None:
        self._queries = itertools.cycle(queries)

    def light(self, closing: bool = False) -> Iterator[bytes]:
        """Yield searches for ten hits."""
        for query in self._queries:
            yield asking("/api/v1/search?" + urlencode({"q": query}), "Connection: close\r\n" if closing else "")

    def heavy(self, **more: object) -> Iterator[bytes]:
        """Yield searches for a hundred hits with long passages: about a megabyte each."""
        shape = {"size": 100, "fragments": 10, "fragment_size": 1000, **more}
        for query in self._queries:
            yield asking("/api/v1/search?" + urlencode({"q": f"người việt nam {query}", **shape}))


def _watched(server: Running, words: Words, attack: Callable[[], list[socket.socket]], each: Callable[[], None]) -> str:
    """Begin an attack, do ``each`` once a second; end when its connections have, or it was watched long enough."""
    peaks = Peaks(server, 0.3)
    others = Others(server.port, words.light(True))
    began = time.monotonic()
    connections = attack()
    ports = {connection.getsockname()[1] for connection in connections}
    ends: list[float] = []
    while (passed := time.monotonic() - began) < WATCH_SECONDS:
        left = len(ports & server.open_ports())
        ends += [passed] * (len(ports) - left - len(ends))
        if not left and passed > LEAST_SECONDS:
            break
        each()
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began - passed)))
    seen = others.stop()
    for connection in connections:
        connection.close()
    ended = f"{ends[0]:.0f} to {ends[-1]:.0f} s" if ends else "none"
    most = f"{len(ends)} of {len(ports)} ended" + (f" ({ended})" if ends else f" in {WATCH_SECONDS:.0f} s")
    after = ask(server.port, asking("/healthz"))
    return f"{seen}; {most}; {peaks.stop()}; after: {after}"


def quiet(server: Running, words: Words) -> str:
    """No attack: what the others feel."""
    others = Others(server.port, words.light(True))
    time.sleep(5)
    return others.stop()


def no_reading(server: Running, words: Words) -> str:
    """16 connections pipeline 100 large searches each and read nothing."""

    def attack() -> list[socket.socket]:
        heavy = words.heavy()
        made = [connect(server.port, small=True) for _ in range(16)]
        for connection in made:
            push(connection, b"".join(itertools.islice(heavy, 100)))
        return made

    return _watched(server, words, attack, lambda: None)


def slow_reading(server: Running, words: Words) -> str:
    """16 connections ask for one large answer each and read 1 KB a second."""
    made: list[socket.socket] = []

    def attack() -> list[socket.socket]:
        heavy = words.heavy()
        made.extend(connect(server.port, small=True) for _ in range(16))
        for connection in made:
            push(connection, next(heavy))
        return made

    def read() -> None:
        for connection in made:
            with suppress(OSError):
                connection.recv(1024)

    return _watched(server, words, attack, read)


def slow_heads(server: Running, words: Words) -> str:
    """500 connections send the head of a request, one byte a second."""
    return _trickle(server, words, 500, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ")


def slow_bodies(server: Running, words: Words) -> str:
    """16 connections without a key send a body, one byte a second."""
    return _trickle(server, words, 16, _posting(1000, ""))


def slow_keyed_bodies(server: Running, words: Words) -> str:
    """16 connections with the key send a body, one byte a second."""
    key = (server.data / "api-key").read_text("utf-8").strip()
    return _trickle(server, words, 16, _posting(1000, f"Authorization: Bearer {key}\r\n"))


def _trickle(server: Running, words: Words, count: int, beginning: bytes) -> str:
    made: list[socket.socket] = []

    def attack() -> list[socket.socket]:
        for _ in range(count):
            with suppress(OSError):
                made.append(connect(server.port))
                push(made[-1], beginning)
        return made

    def send() -> None:
        for connection in made:
            push(connection, b"a")

    return _watched(server, words, attack, send)


def idle(server: Running, words: Words) -> str:
    """1,000 connections send nothing."""

    def attack() -> list[socket.socket]:
        made = []
        for _ in range(1000):
            with suppress(OSError):
                made.append(connect(server.port))
        return made

    return _watched(server, words, attack, lambda: None)


def abandoned(server: Running, words: Words) -> str:
    """100 clients ask for a large search and leave at once."""
    others = Others(server.port, words.light(True))
    heavy = words.heavy(mark=1)
    before = server.processor()
    for _ in range(100):
        with suppress(OSError):
            connection = connect(server.port)
            push(connection, next(heavy))
            connection.close()
    last, still = server.counted(), time.monotonic()
    deadline = time.monotonic() + 30
    while time.monotonic() < min(deadline, max(still + 3, deadline - 25)):
        if (now := server.counted()) != last:
            last, still = now, time.monotonic()
        time.sleep(0.1)
    used = server.processor() - before
    return f"{last} of 100 carried out; {others.stop()}; {used:.1f} s of processor"


def _posting(length: int, headers: str, path: str = "/api/v1/articles", method: str = "POST") -> bytes:
    return asking(path, f"Content-Type: application/x-ndjson\r\nContent-Length: {length}\r\n{headers}", method)


def _send_body(server: Running, head: bytes) -> str:
    peaks = Peaks(server, 0.02)
    sent, answer, began = 0, b"", time.monotonic()
    with connect(server.port) as connection:
        connection.settimeout(10)
        block = b'{"id": "x"}\n' * 5000
        try:
            connection.sendall(head)
            time.sleep(0.3)
            connection.setblocking(False)
            with suppress(BlockingIOError):
                answer = connection.recv(4096)
            early = bool(answer)
            connection.settimeout(10)
            while sent < _BODY and not answer:
                sent += connection.send(block[: _BODY - sent])
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    answer = connection.recv(4096)
                connection.settimeout(10)
            if not answer:
                answer = connection.recv(4096)
            state = answer[9:12].decode() or "closed"
        except OSError as error:
            early, state = False, type(error).__name__
    when = "at the head" if early else f"after {sent / 1024**2:.0f} MB"
    return f"{state} {when}, {time.monotonic() - began:.1f} s, {peaks.stop()}"


def large_body_to_health(server: Running, _words: Words) -> str:
    """A body of 64 MB without a key goes to GET /healthz."""
    return _send_body(server, _posting(_BODY, "", "/healthz", "GET"))


def large_body_to_articles(server: Running, _words: Words) -> str:
    """A body of 64 MB without a key goes to POST /api/v1/articles."""
    return _send_body(server, _posting(_BODY, ""))


def expecting(server: Running, _words: Words) -> str:
    """A request without a key expects 100-continue."""
    with connect(server.port) as connection:
        connection.settimeout(3)
        try:
            connection.sendall(_posting(1000, "Expect: 100-continue\r\n"))
            return connection.recv(4096).split(b"\r\n")[0].decode()
        except OSError as error:
            return f"{type(error).__name__} (no answer)"


def malformed(server: Running, _words: Words) -> str:
    """Requests that no server should accept; the shape of each answer."""
    host = b"Host: localhost\r\n"
    cases = {
        "no HTTP": b"GARBAGE\r\n\r\n",
        "bad length": b"GET /healthz HTTP/1.1\r\n" + host + b"Content-Length: x\r\n\r\n",
        "two lengths": b"POST /healthz HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "length and chunks": b"POST /healthz HTTP/1.1\r\n"
        + host
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "bad chunk": b"POST /api/v1/articles HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
        "space in a name": b"GET /healthz HTTP/1.1\r\n" + host + b"X Y : z\r\n\r\n",
        "100 KB head": b"GET /healthz HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        "100 KB address": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
        "HTTP/9.9": b"GET /healthz HTTP/9.9\r\n" + host + b"\r\n",
    }
    answers: dict[str, list[str]] = {}
    for name, request in cases.items():
        try:
            with connect(server.port) as connection:
                connection.settimeout(2)
                connection.sendall(request)
                received = b""
                with suppress(OSError):
                    while b"\r\n\r\n" not in received and (more := connection.recv(4096)):
                        received += more
        except OSError:
            received = b""
        head = received.split(b"\r\n\r\n")[0].lower()
        kind = head.split(b"content-type:")[-1].split(b"\r\n")[0].strip() if b"content-type:" in head else b"no type"
        text = f"{head[9:12].decode()} {kind.split(b';')[0].decode()}" if head else "closed or silent"
        answers.setdefault(text, []).append(name)
    return "; ".join(f"{text}: {', '.join(names)}" for text, names in answers.items())


def keeping_alive(server: Running, _words: Words) -> str:
    """Three requests on one connection, and three sent at once."""
    answered = Counter[str]()
    for how, times in (("in turn", 1), ("at once", 3)):
        with connect(server.port) as connection:
            connection.settimeout(1)
            for _ in range(3 // times):
                received = b""
                with suppress(OSError):
                    connection.sendall(asking("/healthz") * times)
                    while received.count(b'"ok"') < times and (data := connection.recv(4096)):
                        received += data
                answered[how] += received.count(b"HTTP/1.1 200")
    return f"{answered['in turn']} of 3 in turn, {answered['at once']} of 3 at once"


def stopping(server: Running, _words: Words) -> str:
    """SIGTERM while a request of three seconds is under way, and a connection is idle."""
    answers: list[str] = []
    with connect(server.port) as unused:
        unused.settimeout(2)
        unused.sendall(asking("/healthz"))
        unused.recv(4096)
        thread = threading.Thread(
            target=lambda: answers.append(ask(server.port, asking("/slow?seconds=3"), 10)), name="slow"
        )
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        server.process.terminate()
        try:
            server.process.wait(40)
            exited = f"exit {server.process.returncode} after {time.monotonic() - began:.1f} s"
        except subprocess.TimeoutExpired:
            exited = "no exit in 40 s"
        thread.join()
    return f"answered {answers[0]}; {exited}"


def _crowd(server: Running, words: Words, seconds: float, act: Callable[[], str]) -> str:
    """Eight clients search on new connections while ``act`` happens."""
    seen, others = Seen(), []
    over = threading.Event()
    light = words.light(True)
    lock = threading.Lock()

    def client() -> None:
        while not over.is_set():
            with lock:
                request = next(light)
            began = time.perf_counter()
            state = ask(server.port, request, seconds)
            if state == "200":
                seen.seconds.append(time.perf_counter() - began)
            else:
                seen.errors[f"{state} at {time.perf_counter() - began:.0f} s"] += 1
            time.sleep(0.05)

    others = [threading.Thread(target=client) for _ in range(8)]
    for thread in others:
        thread.start()
    time.sleep(1)
    outcome = act()
    over.set()
    for thread in others:
        thread.join()
    return f"{outcome}; {len(seen.seconds)} answered {seen}, longest {ms(seen, 1)}"


def _replaced(server: Running, before: list[int], victim: int, seconds: float) -> str:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        now = server.workers()
        if victim not in now and len(now) >= len(before):
            time.sleep(2)
            return f"replaced after {time.monotonic() - began - 2:.1f} s"
        if server.process.poll() is not None:
            return "the server ended"
        time.sleep(0.1)
    return f"not replaced in {seconds:.0f} s"


def killed(server: Running, words: Words) -> str:
    """SIGKILL of a worker while eight clients search."""

    def act() -> str:
        before = server.workers()
        os.kill(before[-1], signal.SIGKILL)
        return _replaced(server, before, before[-1], 8)

    return _crowd(server, words, 10, act)


def stopped(server: Running, words: Words) -> str:
    """SIGSTOP of a worker while eight clients search."""

    def act() -> str:
        before = server.workers()
        os.kill(before[-1], signal.SIGSTOP)
        return _replaced(server, before, before[-1], 12)

    return _crowd(server, words, 15, act)


ATTACKS: tuple[Callable[[Running, Words], str], ...] = (
    quiet,
    no_reading,
    slow_reading,
    large_body_to_health,
    large_body_to_articles,
    expecting,
    slow_heads,
    slow_bodies,
    slow_keyed_bodies,
    abandoned,
    idle,
    malformed,
    keeping_alive,
    stopping,
    killed,
    stopped,
)
