"""Send documents to the cluster: in requests of a few megabytes, with an outcome for each document."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from index.batches import bounded_batches
from index.cluster.connection import Cluster, is_passing, json_line, refusal
from index.cluster.mapping import document_id
from index.errors import ClusterError

_REQUEST_BYTES = 5_000_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_TOO_LARGE = 413


class Document(NamedTuple):
    """The document of article ``id`` as a line of JSON, and its version.

    With ``is_new``, one of the same version is not written over.
    """

    id: str
    version: int
    data: bytes
    is_new: bool = False


def send(
    cluster: Cluster, documents: Sequence[Document], between: Callable[[], object] = lambda: None, index: str = ""
) -> list[bool]:
    """Write documents to the articles (or to ``index``); return for each whether it is there, and not a later version.

    A document is written when every copy of its shard that is there has it. What the cluster cannot take now is sent
    again within its time limit; ``between`` is called before each request. All others have been sent when one is
    refused. Raises ClusterError, DiskFullError.
    """
    written = [True] * len(documents)
    refused: Exception | None = None
    for left in bounded_batches(range(len(documents)), lambda at: len(documents[at].data), _REQUEST_BYTES):
        pause = _FIRST_PAUSE
        deadline = time.monotonic() + cluster.config.timeout
        while left:
            outcomes = _outcomes(cluster, [documents[at] for at in left], between, index or cluster.articles)
            again = []
            for at, outcome in zip(left, outcomes, strict=True):
                status = outcome["status"]
                if status == 409:
                    written[at] = False
                elif status >= 300 and not is_passing(status, outcome):
                    refused = refused or _refusal(documents[at].id, status, outcome, cluster.config.timeout)
                elif status >= 300 or _is_on_one_copy_too_few(outcome):
                    again.append(at)
                    last = outcome
            if again and time.monotonic() + pause > deadline:
                raise refusal(max(last["status"], 503), last, cluster.config.timeout)
            if again:
                time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE)
            left = again
    if refused is not None:
        raise refused
    return written


def _outcomes(
    cluster: Cluster, documents: Sequence[Document], between: Callable[[], object], index: str
) -> list[dict[str, Any]]:
    body = b"".join(part for one in documents for part in (json_line({"index": _target(one)}), one.data))
    params = {
        "require_alias": index == cluster.articles,
        "filter_path": "items.*.status,items.*.error,items.*._shards",
    }
    answer = cluster.ask("POST", index, "_bulk", body=body, params=params, expected={_TOO_LARGE}, between=between)
    if isinstance(answer, dict) and "items" in answer:
        return [next(iter(item.values())) for item in answer["items"]]
    if len(documents) > 1:
        half = len(documents) // 2
        return [
            outcome
            for some in (documents[:half], documents[half:])
            for outcome in _outcomes(cluster, some, between, index)
        ]
    return [{"status": _TOO_LARGE}]


def _target(document: Document) -> dict[str, Any]:
    kind = "external" if document.is_new else "external_gte"
    return {"_id": document_id(document.id), "version": document.version, "version_type": kind}


def _is_on_one_copy_too_few(outcome: dict[str, Any]) -> bool:
    """Tell whether a copy failed, and only the first one has the document; the next time, the failed one is gone."""
    copies = outcome.get("_shards", {})
    return bool(copies.get("failed")) and copies.get("successful", 0) < 2


def _refusal(id: str, status: int, outcome: dict[str, Any], patience: float) -> Exception:
    if status == _TOO_LARGE:
        return ClusterError(
            f"article {id!r} is too large for the cluster: raise http.max_content_length of its nodes,"
            " or divide the article",
            status,
        )
    error = refusal(status, outcome, patience)
    return ClusterError(f"article {id!r}: {error}", status) if isinstance(error, ClusterError) else error
