"""One request to a service: sent again where that is safe and useful, its errors as exceptions."""

from __future__ import annotations

import json
import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from time import sleep
from typing import Any

import httpx

from timtin.client.decoding import decoded
from timtin.client.errors import AnswerError, NoAnswerError, Problem, ProblemError, TimedOutError, error_for
from timtin.client.retrying import (
    BUSY,
    TOO_MANY,
    UNDER_WAY,
    Retries,
    has_idempotency_key,
    is_repeatable,
    retry_after,
)

log = logging.getLogger("timtin.client")

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_MOST_OF_AN_ERROR = 1_000_000
_NUMBER = re.compile(r"\[Errno -?\d+\] ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request: ``longer`` is how many seconds more than usual it may take.

    With ``once``, it is never repeated; with ``safe``, it changes nothing, whatever its method is.
    """

    method: str = "GET"
    path: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    longer: float = 0.0
    once: bool = False
    safe: bool = False


class Transport:
    """Connections to one service, kept open between requests and shared by all threads.

    Raises ValueError for an address or a key that cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        timeout: float | None,
        retries: Retries,
        proxy: str | None,
        verify: ssl.SSLContext | bool,
    ) -> None:
        self.url = _address(url)
        self._retries = retries
        headers = {"Accept": "application/json", "User-Agent": "timtin-client"}
        if key is not None:
            headers["Authorization"] = f"Bearer {_plain_key(key)}"
        # trust_env: no proxy, no netrc and no certificates but those that the program itself names
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=timeout, proxy=proxy, verify=verify, trust_env=False
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def request(self, call: Call) -> httpx.Response:
        """Return the whole answer to a request, a 2xx or 304. Raises TimtinError."""
        return self._answered(self._http_request(call), call, whole=True)

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """Give the answer to a request, its body unread. Raises TimtinError, also while it is read."""
        request = self._http_request(call)
        response = self._answered(request, call, whole=False)
        try:
            yield response
        except httpx.HTTPError as error:
            raise _without_answer(request, error) from error
        finally:
            response.close()

    def _http_request(self, call: Call) -> httpx.Request:
        request = self._http.build_request(
            call.method, call.path, params=call.params, headers=call.headers, content=call.body
        )
        allowed = request.extensions["timeout"]
        if call.longer and allowed["read"] is not None:
            request.extensions["timeout"] = {**allowed, "read": allowed["read"] + call.longer}
        return request

    def _answered(self, request: httpx.Request, call: Call, *, whole: bool) -> httpx.Response:
        repeatable = call.safe or is_repeatable(request.method, request.headers)
        busy = BUSY | {UNDER_WAY} if has_idempotency_key(request.headers) else BUSY
        tried, waited = 0, 0.0
        while True:
            tried += 1
            failure: ProblemError | NoAnswerError
            try:
                return self._once(request, whole)
            except ProblemError as error:
                may_repeat = error.status == TOO_MANY or (repeatable and error.status in busy)
                failure, asked = error, error.retry_after
            except httpx.HTTPError as error:
                may_repeat = repeatable or isinstance(error, _NOT_SENT)
                failure, asked = _without_answer(request, error), None
                failure.__cause__ = error
            pause = self._retries.pause(tried, waited, asked) if may_repeat and not call.once else None
            if pause is None:
                raise failure
            log.info("%s; trying again in %.1f s", failure, pause)
            sleep(pause)
            waited += pause

    def _once(self, request: httpx.Request, whole: bool) -> httpx.Response:
        response = self._http.send(request, stream=True)
        try:
            if response.is_success or response.status_code == HTTPStatus.NOT_MODIFIED:
                if whole:
                    response.read()
                return response
            content = b""
            for piece in response.iter_bytes():
                content += piece
                if len(content) > _MOST_OF_AN_ERROR:
                    break
        except BaseException:
            response.close()
            raise
        response.close()
        wait = retry_after(response.headers.get("Retry-After"))
        raise error_for(_problem(response, content), wait)


def json_of(response: httpx.Response) -> Any:
    """Return the JSON value that a whole answer is. Raises AnswerError."""
    return _json_value(response.content, response)


def json_lines(response: httpx.Response) -> Iterator[Any]:
    """Yield the JSON value in each line of an answer, while it is received. Raises AnswerError."""
    begun: list[bytes] = []
    for piece in response.iter_bytes():
        *ends, rest = piece.split(b"\n")
        for end in ends:
            begun.append(end)
            yield _json_value(b"".join(begun), response)
            begun.clear()
        begun.append(rest)
    if any(begun):
        yield _json_value(b"".join(begun), response)


def _json_value(text: bytes, response: httpx.Response) -> Any:
    """Return the JSON value that a ``text`` of an answer is. Raises AnswerError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        kind = response.headers.get("Content-Type", "nothing")
        asked = f"{response.request.method} {response.url}"
        raise AnswerError(f"{asked} was answered by no JSON ({kind}): is this a timtin service?") from None


def _problem(response: httpx.Response, content: bytes) -> Problem:
    """Return the problem document of an error; one made of its status if it has none, as those of a proxy."""
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/problem+json":
        try:
            sent = decoded(Problem, json.loads(content), "the problem")
        except (ValueError, RecursionError, AnswerError):
            pass
        else:
            return replace(sent, status=response.status_code)
    if response.has_redirect_location:
        detail = f"The service is at {response.headers['Location']}: give its address as it is, without a redirect."
    else:
        detail = f"{response.request.method} {response.url} was refused without a problem document, as by a proxy."
    return Problem(status=response.status_code, title=response.reason_phrase, detail=detail)


def _without_answer(request: httpx.Request, error: httpx.HTTPError) -> NoAnswerError:
    kind = TimedOutError if isinstance(error, httpx.TimeoutException) else NoAnswerError
    why = _NUMBER.sub("", str(error)) or type(error).__name__
    return kind(f"{request.method} {request.url} was not answered: {why}")


def _address(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise ValueError(f"{url!r} is no address: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise ValueError(f"{url!r} is no address of a service: give one like http://127.0.0.1:8000")
    if parts.userinfo or parts.query or parts.fragment:
        raise ValueError("Give the address without a name, a password, '?' and '#'; a key is the argument 'key'.")
    return str(parts).rstrip("/")


def _plain_key(key: str) -> str:
    plain = key.strip()  # as a file with a key ends in a line break
    if not plain or not plain.isascii() or not plain.isprintable() or " " in plain:
        raise ValueError("A key is printable ASCII without spaces.")
    return plain
