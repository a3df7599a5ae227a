"""A typed client of a service's HTTP API. It needs httpx and nothing of the service.

==============  ================================================================
``client``      ``Client``: a service's articles, searches and tasks
``models``      what a service answers, as dataclasses
``errors``      what can go wrong, an exception for each thing to do about it
``bulk``        many writes in few requests
``parameters``  what a search may be told, and how values are sent
``transport``   one request: connections, retries, errors
``retrying``    which requests are sent again, and when
``decoding``    from JSON values to the classes of ``models``
==============  ================================================================

A released method keeps its name and meaning; members that a service adds to its answers are kept in ``other``.
"""

from timtin.client.bulk import Write
from timtin.client.client import Client
from timtin.client.errors import (
    AnswerError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NoAnswerError,
    NoSpaceError,
    NotFoundError,
    PreconditionFailedError,
    Problem,
    ProblemError,
    ServerError,
    TaskFailedError,
    TaskUnfinishedError,
    TimedOutError,
    TimtinError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from timtin.client.models import (
    Analysis,
    Answer,
    Article,
    Copy,
    Create,
    Delete,
    FacetCount,
    Health,
    Highlights,
    HistogramBucket,
    Hit,
    Links,
    Note,
    Outcome,
    Query,
    Reason,
    ScorePart,
    Stats,
    Suggestions,
    Task,
    TitleMatch,
    Token,
    UnderstoodQuery,
    Written,
)
from timtin.client.parameters import Filters, SearchOptions
from timtin.client.retrying import Retries

__all__ = [
    "Analysis",
    "Answer",
    "AnswerError",
    "Article",
    "Client",
    "ConflictError",
    "Copy",
    "Create",
    "Delete",
    "FacetCount",
    "Filters",
    "ForbiddenError",
    "Health",
    "Highlights",
    "HistogramBucket",
    "Hit",
    "InvalidRequestError",
    "Links",
    "NoAnswerError",
    "NoSpaceError",
    "NotFoundError",
    "Note",
    "Outcome",
    "PreconditionFailedError",
    "Problem",
    "ProblemError",
    "Query",
    "Reason",
    "Retries",
    "ScorePart",
    "SearchOptions",
    "ServerError",
    "Stats",
    "Suggestions",
    "Task",
    "TaskFailedError",
    "TaskUnfinishedError",
    "TimedOutError",
    "TimtinError",
    "TitleMatch",
    "Token",
    "TooLargeError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnavailableError",
    "UnderstoodQuery",
    "Write",
    "Written",
]
