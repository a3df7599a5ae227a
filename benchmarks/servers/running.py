"""Run one candidate's server, and see its processes, memory and connections."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.servers.candidates import COUNTER
from benchmarks.serving import family

_OPEN = {"01", "08"}  # ESTABLISHED, CLOSE_WAIT: the server has not closed it
_SMALLEST_WORKER = 40 * 1024**2


class Running:
    """A server that runs: its port, its process and what it has."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], data: Path, counter: Path) -> None:
        self.port, self.process, self.data, self.counter = port, process, data, counter

    def counted(self) -> int:
        """Return how many marked searches were carried out."""
        return self.counter.stat().st_size if self.counter.exists() else 0

    def memory(self, name: str = "Pss") -> float:
        """Return the megabytes of all processes; pages that several share count once."""
        total = 0
        for member in family(self.process.pid):
            with suppress(OSError):
                for line in Path(f"/proc/{member}/smaps_rollup").read_text("ascii").splitlines():
                    if line.startswith(f"{name}:"):
                        total += int(line.split()[1])
        return total / 1024

    def spooled(self) -> float:
        """Return the megabytes in files that were removed and are still open."""
        total = 0
        for member in family(self.process.pid):
            for name in Path(f"/proc/{member}/fd").glob("*"):
                with suppress(OSError):
                    if str(name.readlink()).endswith("(deleted)") and name.stat().st_blocks:
                        total += name.stat().st_size
        return total / 1024**2

    def processor(self) -> float:
        """Return the seconds of processor that the processes have used."""
        ticks = 0
        for member in family(self.process.pid):
            with suppress(OSError):
                ticks += sum(map(int, Path(f"/proc/{member}/stat").read_text("utf-8").rsplit(")")[-1].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def workers(self) -> list[int]:
        """Return the processes that search: those without children that are not small."""
        found = []
        for member in family(self.process.pid)[1:]:
            with suppress(OSError):
                pages = int(Path(f"/proc/{member}/statm").read_text("ascii").split()[1])
                if family(member) == [member] and pages * os.sysconf("SC_PAGE_SIZE") > _SMALLEST_WORKER:
                    found.append(member)
        return found

    def open_ports(self) -> set[int]:
        """Return the clients' ports of the connections that the server has not closed."""
        here, found = f":{self.port:04X}", set()
        for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
            _, local, remote, state = line.split()[:4]
            if local.endswith(here) and state in _OPEN:
                found.add(int(remote.split(":")[1], 16))
        return found


@contextmanager
def running(name: str, data: Path) -> Iterator[Running]:
    """Serve ``data`` with a candidate until the block ends; then kill what is left of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    counter = data / "searches-counted"
    counter.unlink(missing_ok=True)
    environment = {**os.environ, COUNTER: str(counter), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "benchmarks.servers.candidates", name, str(data), str(port)]
    with Path("/tmp/srv/servers.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        server = Running(port, process, data, counter)
        deadline = time.monotonic() + 30
        while not _answers(port) or len(server.workers()) < 2:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start")
            time.sleep(0.05)
        time.sleep(1.5)  # both processes load what they need
        yield server
    finally:
        members = family(process.pid) if process.poll() is None else []
        for member in members:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGCONT)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session
        for member in members:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(12).endswith(b"200")
    return False


class Peaks:
    """The most memory and spooled megabytes above the beginning, sampled until ``stop``."""

    def __init__(self, server: Running, every: float = 0.1) -> None:
        self._server, self._every = server, every
        self._base = server.memory()
        self.memory = self.disk = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def stop(self) -> str:
        """Stop sampling; say what was seen."""
        self._over.set()
        self._thread.join()
        return f"+{self.memory:.0f} MB" + (f", {self.disk:.0f} MB on disk" if self.disk >= 1 else "")

    def _sample(self) -> None:
        while not self._over.wait(self._every):
            self.memory = max(self.memory, self._server.memory() - self._base)
            self.disk = max(self.disk, self._server.spooled())
