"""Small documents that several servers change: read, and written only if nobody has written them since.

A request to the cluster may be sent twice, since the answer to the first may be lost. So each write carries a mark of
its own, by which a refused one is known for the repetition of one that succeeded.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.cluster.connection import Cluster, is_passing, refusal

Version = tuple[int, int]
"""A version of a document: its sequence number in the shard, and the term of the primary that gave it."""
Action = tuple[Mapping[str, Any], ...]
"""What to do, as the cluster's bulk requests say it, and the document if it is to be written."""
_MARK = "written_by"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.1
_LONGEST_BULK_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A document and its version."""

    value: Mapping[str, Any]
    version: Version


def read(cluster: Cluster, index: str, id: str) -> Entry | None:
    """Return the document as it is now, searchable or not; None if there is none. Raises ClusterError."""
    answer = cluster.ask("GET", index, "_doc", id, expected={404})
    return _entry(answer) if answer.get("found") else None


def read_many(cluster: Cluster, index: str, ids: list[str]) -> dict[str, Entry]:
    """Return those of these documents that there are, by their ids. Raises ClusterError."""
    if not ids:
        return {}
    answer = cluster.ask("POST", index, "_mget", body={"ids": ids})
    return {found["_id"]: _entry(found) for found in answer["docs"] if found.get("found")}


def write(
    cluster: Cluster, index: str, id: str, value: Mapping[str, Any], before: Version | None, *, visible: bool = False
) -> Version | None:
    """Write a document whose version is ``before`` (None: there is none yet); return its new version.

    Return None, and write nothing, if it is another version by now. With ``visible``, searches see it at once. Raises
    ClusterError.
    """
    mark = uuid.uuid4().hex
    params: dict[str, Any] = {"refresh": visible}
    if before is None:
        params["op_type"] = "create"
    else:
        params |= {"if_seq_no": before[0], "if_primary_term": before[1]}
    body = {**value, _MARK: mark}
    answer = cluster.ask("PUT", index, "_doc", id, body=body, params=params, expected={409})
    if answer.get("status") != 409:
        return answer["_seq_no"], answer["_primary_term"]
    now = read(cluster, index, id)
    return now.version if now is not None and now.value.get(_MARK) == mark else None


def change(
    cluster: Cluster,
    index: str,
    id: str,
    changed: Callable[[Mapping[str, Any] | None], Mapping[str, Any] | None],
    *,
    visible: bool = False,
    known: Entry | None = None,
) -> tuple[Entry | None, bool]:
    """Write what ``changed`` makes of the document (None: there is none), as often as others come first.

    It begins with the document as it is ``known``, if it is. If ``changed`` returns None, nothing is written. Return
    the document as it is then, and whether it was written. Raises ClusterError.
    """
    pause = _FIRST_PAUSE
    now = known or read(cluster, index, id)
    while (value := changed(now.value if now else None)) is not None:
        version = write(cluster, index, id, value, now.version if now else None, visible=visible)
        if version is not None:
            return Entry(value, version), True
        time.sleep(random.uniform(0, pause))  # noqa: S311
        pause = min(2 * pause, _LONGEST_PAUSE)
        now = read(cluster, index, id)
    return now, False


def number(cluster: Cluster, id: str) -> int:
    """Return the number that ``raise_number`` keeps under ``id``; 0 if there is none. Raises ClusterError."""
    kept = read(cluster, cluster.state, id)
    return 0 if kept is None else int(kept.value["seq"])


def raise_number(cluster: Cluster, id: str, seq: int) -> None:
    """Keep the number ``seq`` under ``id``, unless a higher one is there. Raises ClusterError."""
    change(cluster, cluster.state, id, lambda now: None if now is not None and now["seq"] >= seq else {"seq": seq})


def bulk(cluster: Cluster, index: str, actions: Sequence[Action], *, visible: bool = False) -> list[int]:
    """Carry out actions that may be repeated; return the status of each: 409 for one that came too late, 404 if gone.

    Those that the cluster cannot do now are tried again until its time limit. Raises ClusterError, DiskFullError.
    """
    statuses = [0] * len(actions)
    left = list(range(len(actions)))
    deadline = time.monotonic() + cluster.config.timeout
    pause = _LONGEST_PAUSE
    while left:
        lines = [line for at in left for line in actions[at]]
        params = {"refresh": visible, "filter_path": "items.*.status,items.*.error"}
        answer = cluster.ask("POST", index, "_bulk", body=lines, params=params)
        again = []
        for at, item in zip(left, answer["items"], strict=True):
            [result] = item.values()
            statuses[at] = result["status"]
            if result["status"] < 300 or result["status"] in {404, 409}:
                continue
            if not is_passing(result["status"], result) or time.monotonic() + pause > deadline:
                raise refusal(result["status"], result, cluster.config.timeout)
            again.append(at)
        if again:
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_BULK_PAUSE)
        left = again
    return statuses


def next_numbers(cluster: Cluster, name: str, count: int = 1) -> int:
    """Take ``count`` numbers in a row of a counter that starts at 1; return the first. Raises ClusterError."""
    raised, _ = change(
        cluster, cluster.state, f"counter-{name}", lambda now: {"last": (now["last"] if now else 0) + count}
    )
    assert raised is not None
    return int(raised.value["last"]) - count + 1


def _entry(found: Mapping[str, Any]) -> Entry:
    return Entry(found["_source"], (found["_seq_no"], found["_primary_term"]))
