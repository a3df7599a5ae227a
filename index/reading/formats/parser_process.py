"""A process of its own that parses untrusted text, within limits of time and memory.

The libraries that parse HTML, Markdown and feeds take time that grows with the square of what some texts hold, and
memory hundreds of times their size. So they run in a process that is kept for many texts, and replaced when a text
brings it to an end: that text is refused, and the rest goes on. It ends by itself when nothing was asked of it for a
while, when a text left it large, and when its parent ends.
"""

from __future__ import annotations

import atexit
import logging
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, TypeVar

from index.errors import UnreadableFileError
from index.processes import uninterrupted

PROCESSOR_SECONDS = 20
"""Processor time for one text. A page of an article takes a tenth of a second, one of 14 MB of text takes ten."""
LONGEST_SECONDS = 120.0
"""Time for one text, whatever else the machine is doing."""
LARGEST_MEMORY = 1 << 30
"""Bytes of memory for one text, beyond what the process had before. A page of text takes forty times its size."""

_LARGEST_KEPT = 256 << 20
_IDLE_SECONDS = 30.0
_STATUS = Path("/proc/self/statm")

_T = TypeVar("_T")
_Limits = tuple[int, int]


def parsed_apart(read: Callable[..., _T], *arguments: Any) -> _T:
    """Return ``read(*arguments)``, computed in the parser process; ``read`` is a function of a module.

    Raises what ``read`` raises, and UnreadableFileError if that exceeds a limit or ends the process.
    """
    found: _T = _parser.ask(read, arguments)
    return found


class _EndedError(Exception):
    """The process ended by itself before it was asked."""


class _Parser:
    """The process, started when it is first needed and again after each end; one text at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[Any, Any] | None = None
        self._owner = 0

    def ask(self, read: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        with self._lock:
            while True:
                try:
                    is_value, found = self._answer(read, arguments)
                    break
                except _EndedError:
                    self.end()
                except BaseException:  # an interrupt too: what it is still parsing is the answer to no other question
                    self.end()
                    raise
        if is_value:
            return found
        raise found

    def _answer(self, read: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        process, connection, is_new = self._running()
        try:
            connection.send(((PROCESSOR_SECONDS, LARGEST_MEMORY), read, arguments))
            if not connection.poll(LONGEST_SECONDS):
                raise UnreadableFileError(f"takes longer than {LONGEST_SECONDS:g} seconds to read; it was given up")
            answer: tuple[bool, Any] = connection.recv()
            return answer
        except (EOFError, OSError):
            status = process.wait()
            if status == 0 and not is_new:
                raise _EndedError from None
            raise UnreadableFileError(_end_of(status)) from None

    def _running(self) -> tuple[subprocess.Popen[bytes], Connection[Any, Any], bool]:
        """Return the process, the connection to it, and whether it was started just now."""
        if self._owner != os.getpid():  # forked: the process is the parent's
            self._process = self._connection = None
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is not None and self._connection is not None:
            return self._process, self._connection, False
        here, there = Pipe()
        with there:
            command = f"from index.reading.formats.parser_process import serve; serve({there.fileno()})"
            try:
                with uninterrupted():
                    process = subprocess.Popen(  # noqa: S603 - runs this program only
                        [sys.executable, "-P", "-c", command],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        pass_fds=[there.fileno()],
                        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
                    )
            except OSError as error:
                here.close()
                raise UnreadableFileError(f"was not read: no process can be started ({error.strerror})") from None
        if self._owner != os.getpid():
            atexit.register(self.end)
        self._process, self._connection, self._owner = process, here, os.getpid()
        return process, here, True

    def end(self) -> None:
        """End the process, if there is one; the next text gets another."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is not None and connection is not None and self._owner == os.getpid():
            process.kill()
            process.wait()
            connection.close()


_parser = _Parser()


def _end_of(status: int) -> str:
    if status == -signal.SIGXCPU:
        return f"takes more than {PROCESSOR_SECONDS} seconds of processor time to read; no article takes that long"
    how = f"signal {-status}" if status < 0 else f"status {status}"
    return f"cannot be read: it broke the process that read it ({how})"


def serve(descriptor: int) -> None:
    """Parse what is asked for through the socket ``descriptor`` until nothing is; this is all the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    logging.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with_parent, args=(descriptor,), name="watch parent", daemon=True).start()
    connection: Connection[Any, Any] = Connection(descriptor)
    size = None
    with suppress(EOFError, OSError):
        while connection.poll(_IDLE_SECONDS):
            limits, read, arguments = connection.recv()  # imports the module of the function, so before the limits
            before = _limit(limits)
            size = size or before
            answer = _answer_of(read, arguments, limits[1])
            try:
                connection.send(answer)
            except Exception as error:  # an exception that cannot be sent
                if isinstance(error, OSError):
                    raise
                connection.send((False, UnreadableFileError(f"cannot be read: {type(answer[1]).__name__}")))
            if _size() - size > _LARGEST_KEPT:
                return


def _answer_of(read: Callable[..., Any], arguments: tuple[Any, ...], memory: int) -> tuple[bool, Any]:
    try:
        return True, read(*arguments)
    except MemoryError:
        return False, UnreadableFileError(f"takes more than {memory >> 20} MB of memory to read; no article takes that")
    except Exception as error:
        return False, error.with_traceback(None)


def _limit(limits: _Limits) -> int:
    """Set the limits for one text, as far as the system has them; return the size of this process in bytes."""
    seconds, memory = limits
    size = _size()
    for kind, most in (
        (resource.RLIMIT_CPU, int(time.process_time()) + 1 + seconds),
        (resource.RLIMIT_AS, size + memory),
    ):
        with suppress(OSError, ValueError):  # a lower limit that was set from outside stays
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    return size


def _size() -> int:
    """Return the size of this process's address space in bytes; 0 where the system does not tell."""
    try:
        return int(_STATUS.read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _end_with_parent(descriptor: int) -> None:
    hangup = select.poll()
    hangup.register(descriptor, 0)
    hangup.poll()
    os._exit(0)
