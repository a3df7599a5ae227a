"""Many writes in few requests: lines of JSON, cut by their number and size, and what became of each line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from timtin.client.decoding import decoded
from timtin.client.errors import AnswerError, ProblemError
from timtin.client.models import Article, Create, Delete, Outcome
from timtin.client.parameters import json_bytes, record_of

__all__ = ["Batch", "Write", "batches"]

Write = Article | Mapping[str, Any] | Create | Delete
"""An article to store, whether or not there is one with its id; or something else to do."""

_IDS = frozenset({"id", "_id", "_index", "_type", "routing"})
"""The members of a line that would be taken for one of two, with its article in the next."""
_MOST_NAMED = 100
"""How many lines that are refused the service names if it refuses all."""
_NAME = re.compile(r"articles\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    index: int
    detail: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Became:
    id: str | None = None
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    outcomes: list[_Became]
    refused: list[_Refusal] = field(default_factory=list)
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The lines of one request, and the ids in them; None where the service gives one."""

    ids: list[str | None]
    lines: list[bytes]

    @property
    def body(self) -> bytes:
        """The lines as one body."""
        return b"".join(self.lines)

    def outcomes(self, answer: Any) -> Iterator[Outcome]:
        """Yield what became of each line, as the service answers. Raises AnswerError."""
        report = decoded(_Report, answer)
        if len(report.outcomes) != len(self.ids):
            raise AnswerError(f"{len(self.ids)} writes were sent, {len(report.outcomes)} answered")
        refused = {refusal.index: refusal for refusal in report.refused}
        for index, (id, became) in enumerate(zip(self.ids, report.outcomes, strict=True)):
            refusal = refused.get(index) if became.result == "refused" else None
            yield Outcome(
                id=id if became.id is None else became.id,
                result=became.result,
                detail=refusal.detail if refusal else "",
                errors=refusal.errors if refusal else (),
                task=report.task,
            )

    def refusals(self, error: ProblemError) -> list[Outcome] | None:
        """Return that each line was refused, if that is what an ``error`` says; None if it does not name each line."""
        details: dict[int, str] = {}
        for each in error.problem.errors:
            if (named := _NAME.fullmatch(str(each.get("name")))) is not None:
                details[int(named[1])] = str(each.get("detail", ""))
        if details.keys() != {*range(len(self.ids))}:
            return None
        return [Outcome(id=id, result="refused", detail=details[index]) for index, id in enumerate(self.ids)]

    def pieces(self) -> list[Batch]:
        """Return the same lines in smaller batches, each of whose lines an error would name."""
        starts = range(0, len(self.ids), _MOST_NAMED)
        return [Batch(self.ids[at : at + _MOST_NAMED], self.lines[at : at + _MOST_NAMED]) for at in starts]


def batches(writes: Iterable[Write], most_bytes: int, most_writes: int) -> Iterator[Batch]:
    """Yield the lines for ``writes``, at most so many a batch, and of so many bytes unless a line alone has more.

    What ``writes`` raises, and ValueError or TypeError for what has no JSON, is raised after those before were yielded.
    """
    if most_bytes < 1 or most_writes < 1:
        raise ValueError("A request has at least one byte and one write.")
    ids: list[str | None] = []
    lines: list[bytes] = []
    size = 0
    failure: Exception | None = None
    numbered = enumerate(writes)
    while failure is None:
        try:
            number, write = next(numbered)
            id, line = _line(write, number)
        except StopIteration:
            break
        except Exception as error:
            failure = error
            break
        if lines and (size + len(line) > most_bytes or len(lines) == most_writes):
            yield Batch(ids, lines)
            ids, lines, size = [], [], 0
        ids.append(id)
        lines.append(line)
        size += len(line)
    if lines:
        yield Batch(ids, lines)
    if failure is not None:
        raise failure


def _line(write: Write, number: int) -> tuple[str | None, bytes]:
    if isinstance(write, Delete):
        return write.id, json_bytes({"delete": {"id": write.id}}) + b"\n"
    action, article = ("create", write.article) if isinstance(write, Create) else ("index", write)
    try:
        record = record_of(article)
        if record.keys() <= _IDS:
            record["title"] = ""  # refused, instead of taking the next line for its article
        line = json_bytes({action: record}) + b"\n"
    except (TypeError, ValueError) as error:
        raise type(error)(f"Write {number} cannot be sent: {error}") from error
    id = record.get("id")
    return id if isinstance(id, str) else None, line
