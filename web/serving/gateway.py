"""The ASGI application between a connection and the Flask application.

A request is judged at its head: what it asks for, whether it may, how large it is. Only then is its body received.
When its turn has come, a thread answers it, unless its client is gone by then. ``/healthz`` is answered here, whatever
else goes on.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, TypeVar
from wsgiref.types import WSGIEnvironment

from flask import Flask
from werkzeug.exceptions import (
    HTTPException,
    MisdirectedRequest,
    RequestEntityTooLarge,
    RequestTimeout,
    ServiceUnavailable,
    TooManyRequests,
)

from index.errors import DiskFullError, StoreError, TimtinError
from search.deadline import Deadline
from web.access import KEY_CHECKED, Need, Scope, authorize, need_of
from web.logs import Visit, log_visit
from web.metrics import Metrics
from web.problems import PROBLEM_JSON, problem_body
from web.serving.admission import BusyError, Lane, StuckError
from web.serving.bodies import (
    BodyIncompleteError,
    BodyReader,
    BodyTooLargeError,
    BodyTooSlowError,
    NoRoomError,
    Receive,
    drain,
)
from web.serving.proxies import Origin, Proxies, client_of
from web.serving.rates import Rates
from web.serving.wsgi import PARTS, WholeAnswer, call, environ_of
from web.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[Any], Awaitable[None]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._~+/=:@-]{1,128}")
_IGNORED_BODY = 64 * 1024
_HEALTHY = WholeAnswer(200, [(b"Content-Type", b"application/json"), (b"Content-Length", b"16")], b'{"status":"ok"}\n')
_WITH_BODY = {"PUT", "POST", "PATCH"}
_APART = {"operations.readyz", "metrics"}
_RETRY_SECONDS = 2
_MOST_REFUSALS = 5


@dataclass(frozen=True, slots=True)
class Lanes:
    """Who answers what: readiness and metrics apart, writes apart (some wait), and all else one at a time."""

    reads: Lane
    writes: Lane
    apart: Lane


class Gateway:
    """Answer requests with the application that ``open`` is given; until then they wait."""

    def __init__(
        self, settings: Settings, proxies: Proxies, rates: Rates, lanes: Lanes, bodies: BodyReader, metrics: Metrics
    ) -> None:
        self._opened: asyncio.Future[Flask] = asyncio.get_running_loop().create_future()
        self._settings = settings
        self._proxies = proxies
        self._rates = rates
        self._lanes = lanes
        self._bodies = bodies
        self._metrics = metrics

    def open(self, app: Flask) -> None:
        """Let requests in to ``app``."""
        self._opened.set_result(app)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            known, text = name.decode("latin-1"), value.decode("latin-1").strip()
            headers[known] = f"{headers[known]}, {text}" if known in headers else text
        asked = headers.get("x-request-id", "")
        visit = Visit(
            asked if _REQUEST_ID.fullmatch(asked) else f"{random.getrandbits(128):032x}",
            scope["method"],
            scope["path"],
            scope["query_string"],
            scope["client"][0] if scope["client"] else "",
        )
        exchange = _Exchange(visit, scope, headers, receive)
        try:
            answer = await self._answer(exchange)
            visit.status = answer.status
            await exchange.reply(answer, send)
        except BodyIncompleteError:
            visit.status = 499
        except Exception:
            log.exception("%s %s failed", visit.method, visit.path)
            visit.status = 500
            await exchange.reply(_problem(500, "Something went wrong on the server; see its log.", visit.path), send)
        except asyncio.CancelledError:
            visit.status = 499
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # the process stops, and has waited long enough
                visit.status = 503
                await exchange.reply(_problem(503, "The service stops; send this again.", visit.path), send)
        finally:
            self._metrics.visited(visit, time.perf_counter() - visit.began)
            if self._settings.log.access:
                log_visit(visit, self._settings.log)

    async def _answer(self, exchange: _Exchange) -> WholeAnswer:
        scope, visit = exchange.scope, exchange.visit
        if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"} and not exchange.has_body:
            visit.endpoint = "operations.healthz"
            return _HEALTHY
        origin = self._proxies.origin(visit.address, exchange.headers)
        visit.address = visit.address if origin is None else origin.address
        environ = environ_of(scope, exchange.headers, origin or Origin(visit.address, "http", "localhost"))
        environ["timtin.gateway"] = True
        if not self._opened.done():
            await asyncio.wait([self._opened], timeout=self._settings.limits.waiting_seconds)
            if not self._opened.done():
                return _problem(503, "The archive cannot be opened yet; see the server's log.", visit.path)
        app = self._opened.result()
        need = _look_up(app, environ, visit)
        client = client_of(visit.address)
        body: IO[bytes] = io.BytesIO()
        size = 0
        try:
            self._count(client, self._settings.limits.requests_per_minute)
            if origin is None and visit.endpoint not in _APART:  # these are asked for by address
                raise MisdirectedRequest("This service is not known by this host name; see its setting server.hosts.")
            key = authorize(need, environ, app)
            environ[KEY_CHECKED] = True
            if key is not None:
                client = f"key {key.name}"
                self._count(client, self._settings.limits.requests_per_minute_of_key)
            if exchange.has_body and need.body and scope["method"] in _WITH_BODY:
                body, size = await self._receive(exchange, need.body)
            elif exchange.ends and visit.endpoint is not None and scope["method"] not in _WITH_BODY:
                raise RequestEntityTooLarge("This address takes no body; send the request without one.")
            environ["timtin.client"] = client
            environ["timtin.leaving"] = leaving = _Leaving()
            work = partial(call, app, environ, body, size)
            answer = await self._in_turn(exchange, client, need.scope, work, leaving)
            if (parts := environ.get(PARTS)) is not None:
                exchange.parts = self._parts(exchange, client, need.scope, parts)
            return answer
        except (HTTPException, TimtinError) as refusal:
            body.close()
            environ["timtin.refusal"] = refusal
            return call(app, environ, io.BytesIO(), 0)

    def _count(self, client: str, per_minute: int) -> None:
        if per_minute and (wait := self._rates.wait(client, per_minute)):
            self._metrics.refused("rate")
            detail = f"At most {per_minute} requests a minute are answered; wait {wait:.1f} s."
            raise TooManyRequests(detail, retry_after=int(wait) + 1)

    async def _receive(self, exchange: _Exchange, largest: int) -> tuple[IO[bytes], int]:
        most = min(largest, self._settings.limits.body_mb << 20)
        too_large = RequestEntityTooLarge(
            f"A body may have at most {self._settings.limits.body_mb} MB; send the articles in several requests."
            if most < largest
            else f"The body of this request may have at most {most:,} bytes."
        )
        if exchange.declared > most:
            raise too_large
        try:
            found = await self._bodies.read(exchange.receive, most)
        except BodyTooLargeError:
            raise too_large from None
        except BodyTooSlowError:
            raise RequestTimeout("The body took too long to arrive; send it again.") from None
        except NoRoomError:
            raise DiskFullError("there is no room to receive its body: free some space and send it again") from None
        except OSError as error:
            raise StoreError(f"the data folder cannot take the body: {error.strerror}") from error
        exchange.has_body = False
        return found

    async def _parts(
        self, exchange: _Exchange, client: str, needed: Scope | None, parts: Iterator[bytes]
    ) -> AsyncIterator[bytes]:
        """Yield the parts of an answer, each made in its turn, so that a long answer keeps nobody waiting."""
        make = partial(next, parts, None)
        refusals = 0
        while True:
            try:
                part = await self._in_turn(exchange, client, needed, make, _Leaving())
            except ServiceUnavailable:  # too many others want their turn: better late than cut off
                refusals += 1
                if refusals > _MOST_REFUSALS:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if part is None:
                return
            refusals = 0
            yield part

    async def _in_turn(
        self,
        exchange: _Exchange,
        client: str,
        needed: Scope | None,
        work: Callable[[], T],
        leaving: _Leaving,
    ) -> T:
        """Have a thread do ``work`` in its turn."""
        visit, connection = exchange.visit, exchange.scope["state"]["connection"]
        lane = self._lanes.reads if needed in {None, Scope.SEARCH} else self._lanes.writes
        if visit.endpoint in _APART:
            lane = self._lanes.apart
        if connection.transport.is_closing():
            raise BodyIncompleteError
        job = lane.admit(client, connection, work, leaving.leave)
        leaving.give_way = partial(lane.give_way, job)
        connection.on_lost = lambda: lane.leave(job)
        try:
            return await job.answer
        except BusyError:
            self._metrics.refused("busy")
            raise ServiceUnavailable("The service is busy; try again soon.", retry_after=_RETRY_SECONDS) from None
        except StuckError:
            raise ServiceUnavailable("The request took too long.", retry_after=_RETRY_SECONDS) from None
        finally:
            connection.on_lost = None
            visit.waited = (job.begun or asyncio.get_running_loop().time()) - job.arrived


def _look_up(app: Flask, environ: WSGIEnvironment, visit: Visit) -> Need:
    """Note which view a request is for; return what it needs."""
    if visit.method == "OPTIONS":
        return Need()
    try:
        visit.endpoint, _ = app.url_map.bind_to_environ(environ).match()
    except HTTPException:  # answered by the application
        return Need()
    return need_of(app, visit.endpoint)


class _Name(bytes):
    """The name of a header, sent as it is written: uvicorn would send it in small letters, which some scripts miss."""

    __slots__ = ()

    def lower(self) -> _Name:
        """Return the name unchanged."""
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, bytes) and bytes.lower(self) == other.lower()

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


class _Leaving:
    """Ends the searches of a request once its client leaves; they give way to shorter requests."""

    def __init__(self) -> None:
        self._deadlines: list[Deadline] = []
        self._left = False
        self.give_way: Callable[[], object] | None = None

    def ends(self, deadline: Deadline) -> None:
        """Let the client's leaving end a search; called in the thread that searches."""
        self._deadlines.append(deadline)
        deadline.give_way = self._give_way
        if self._left:
            deadline.cancel()

    def _give_way(self) -> None:
        if self.give_way is not None:
            self.give_way()

    def leave(self) -> None:
        """Note that the client has left."""
        self._left = True
        for deadline in self._deadlines:
            deadline.cancel()


class _Exchange:
    """One request and its reply. ``has_body`` tells whether there is a body that nobody has read yet."""

    def __init__(self, visit: Visit, scope: dict[str, Any], headers: dict[str, str], receive: Receive) -> None:
        self.visit = visit
        self.scope = scope
        self.headers = headers
        self.receive = receive
        length = headers.get("content-length", "0")
        self.declared = int(length) if length.isdecimal() and "transfer-encoding" not in headers else -1
        self.has_body = self.declared != 0
        self.parts: AsyncIterator[bytes] | None = None
        self._begun = False

    @property
    def ends(self) -> bool:
        """Whether the connection ends with the reply, because too much of the body was not read."""
        return self.has_body and not 0 <= self.declared <= _IGNORED_BODY

    async def reply(self, answer: WholeAnswer, send: Send) -> None:
        """Send an answer; a body that was not read is dropped, a large one with its connection."""
        if self._begun:  # an answer that ends amid its parts must not look whole
            self.scope["state"]["connection"].abort()
            return
        self._begun = True
        headers = [(_Name(name), value) for name, value in answer.headers]
        headers.append((_Name(b"X-Request-Id"), self.visit.id.encode("ascii")))
        ends = self.ends
        if ends:
            headers.append((_Name(b"Connection"), b"close"))
        with self.scope["state"]["connection"].gathering():
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body, "more_body": ends or self.parts is not None})
        if self.parts is not None:
            async for part in self.parts:
                if part:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": ends})
        if ends:
            if "expect" not in self.headers:  # else the client waits for a leave that it does not get
                await drain(self.receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _problem(status: int, detail: str, path: str) -> WholeAnswer:
    """Return an error answer that does not need the application."""
    body = json.dumps(problem_body(status, detail, path)).encode("ascii")
    length = str(len(body)).encode("ascii")
    headers = [(b"Content-Type", PROBLEM_JSON.encode("ascii")), (b"Content-Length", length), (b"Retry-After", b"5")]
    return WholeAnswer(status, headers, body)
