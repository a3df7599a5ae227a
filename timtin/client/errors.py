"""What can go wrong between a program and a service: one exception for each thing that a program may do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "AnswerError",
    "ConflictError",
    "ForbiddenError",
    "InvalidRequestError",
    "NoAnswerError",
    "NoSpaceError",
    "NotFoundError",
    "PreconditionFailedError",
    "Problem",
    "ProblemError",
    "ServerError",
    "TaskFailedError",
    "TaskUnfinishedError",
    "TimedOutError",
    "TimtinError",
    "TooLargeError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnavailableError",
    "error_for",
]


class TimtinError(Exception):
    """The base of all errors of the client."""


class NoAnswerError(TimtinError):
    """No answer came: nobody listens there, or the connection broke. A write may have been done all the same."""


class TimedOutError(NoAnswerError):
    """The service was silent for longer than the client's ``timeout``."""


class AnswerError(TimtinError):
    """What answered is no timtin service, or one that this client does not understand."""


class TaskUnfinishedError(TimtinError):
    """A task was not done in the time that the program gave it; it goes on."""


class TaskFailedError(TimtinError):
    """A task ended without being done; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem document (RFC 9457): ``errors`` has a mapping with ``name`` and ``detail`` for each bad part.

    ``other`` has the members that this version of the client does not know.
    """

    status: int
    title: str
    detail: str = ""
    type: str = "about:blank"
    instance: str | None = None
    errors: Sequence[Mapping[str, Any]] = ()
    other: Mapping[str, Any] = field(default_factory=dict)


class ProblemError(TimtinError):
    """The service answered with an error. ``problem`` is its document, ``retry_after`` the seconds that it asks for."""

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(problem, retry_after)
        self.problem = problem
        self.retry_after = retry_after

    def __str__(self) -> str:
        said = f"{self.status} {self.problem.detail or self.problem.title}"
        named = "; ".join(f"{error.get('name')}: {error.get('detail')}" for error in self.problem.errors[:3])
        return f"{said} ({named})" if named else said

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status


class InvalidRequestError(ProblemError):
    """A parameter or an article is not as it should be; ``problem.errors`` names each (400, 422)."""


class UnauthorizedError(ProblemError):
    """A key is needed, or the one given is unknown, expired or revoked (401)."""


class ForbiddenError(ProblemError):
    """The key may not do this (403)."""


class NotFoundError(ProblemError):
    """There is no such article, task or address (404, 410)."""


class ConflictError(ProblemError):
    """This contradicts what the service is doing or has done (409)."""


class PreconditionFailedError(ProblemError):
    """The article is not in the state that ``if_match`` or ``if_none_match`` demands (412)."""


class TooLargeError(ProblemError):
    """The request is larger than the service takes (413, 414, 431)."""


class TooManyRequestsError(ProblemError):
    """The service asks for fewer requests; ``retry_after`` says how long to wait (429)."""


class ServerError(ProblemError):
    """The service, or a proxy before it, failed (5xx)."""


class UnavailableError(ServerError):
    """The service cannot do this now; ``retry_after`` says when to ask again (502, 503, 504)."""


class NoSpaceError(ServerError):
    """The service's disk is full (507)."""


_KINDS: dict[int, type[ProblemError]] = {
    400: InvalidRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    412: PreconditionFailedError,
    413: TooLargeError,
    414: TooLargeError,
    422: InvalidRequestError,
    429: TooManyRequestsError,
    431: TooLargeError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
    507: NoSpaceError,
}


def error_for(problem: Problem, retry_after: float | None = None) -> ProblemError:
    """Return the exception of the kind that fits the status of ``problem``."""
    kind = _KINDS.get(problem.status, ServerError if problem.status >= 500 else ProblemError)
    return kind(problem, retry_after)
