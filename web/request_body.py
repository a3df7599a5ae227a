"""Receive request bodies: waitress keeps a body in a file until it is complete; a full disk is answered as an error."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from http import HTTPStatus

from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

from index.errors import is_disk_full
from web.problems import PROBLEM_JSON, problem_body

log = logging.getLogger(__name__)


class _RefusalError(Error):  # type: ignore[misc]
    """An error response in the shape that all endpoints share (``web.problems``)."""

    def __init__(self, status: HTTPStatus, path: str, detail: str) -> None:
        self._status = status
        self._body = problem_body(status, detail, path)

    def to_response(self, _ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and body."""
        body = json.dumps(self._body, ensure_ascii=False).encode("utf-8")
        return f"{self._status.value} {self._status.phrase}", [("Content-Type", PROBLEM_JSON)], body


class _Body(OverflowableBuffer):  # type: ignore[misc]
    """A request body, dropped once the disk is full; the client sends all of it before it reads a response."""

    failure: OSError | None = None

    def append(self, data: bytes) -> None:
        if self.failure is None:
            try:
                super().append(data)
            except OSError as error:
                if not is_disk_full(error):
                    raise
                self.failure = error
                with suppress(OSError):  # closing a file flushes it
                    self.close()
                self.buf, self.strbuf = None, b""


class _RequestParser(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head of a request, and receive its body into a ``_Body``."""
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            self.body_rcv.buf = _Body(self.adj.inbuf_overflow)

    def received(self, data: bytes) -> int:
        """Take the next ``data`` of a request; return how many bytes of it belong to the request."""
        taken: int = super().received(data)
        if self.error is not None and self.error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            most = self.adj.max_request_body_size >> 20
            detail = f"A body may have at most {most} MB; send the articles in several requests."
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        elif self.completed and self.error is None and self.body_rcv is not None and self.body_rcv.buf.failure:
            failure = self.body_rcv.buf.failure
            log.error("%s %s was refused: there is no room to receive its body (%s)", self.command, self.path, failure)
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, "The disk is full. Free some space and send this again.")
        return taken

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        self.error = _RefusalError(status, self.path, detail)
        self.expect_continue = False
        self.completed = True


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that answers a request without room for its body with a problem that says so."""

    parser_class = _RequestParser
