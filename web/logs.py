"""What a service says: log lines for people or programs, a line for each request, repeated warnings once."""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

from web.settings import LogSettings
from web.terminal import LineFormatter

access = logging.getLogger("timtin.access")

_REPEAT_SECONDS = 60.0
_MOST_KNOWN = 1000
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029]")
"""Signs that JSON leaves as they are and a terminal may not."""


@dataclass(slots=True)
class Visit:
    """One request, as it is counted and logged; ``waited`` is the time until its turn came, in seconds."""

    id: str
    method: str
    path: str
    query: bytes
    address: str
    endpoint: str | None = None
    status: int = 0
    waited: float = 0.0
    began: float = field(default_factory=time.perf_counter)


def log_visit(visit: Visit, settings: LogSettings) -> None:
    """Write the line of a request that was answered; with the text of its query only if the settings ask for it."""
    took = (time.perf_counter() - visit.began) * 1000
    asked = parse_qs(visit.query.decode("utf-8", "replace")).get("q", [""])[0] if settings.queries else ""
    facts = {
        "id": visit.id,
        "client": visit.address,
        "method": visit.method,
        "path": visit.path,
        "endpoint": visit.endpoint,
        "status": visit.status,
        "ms": round(took, 2),
        "waited_ms": round(visit.waited * 1000, 2),
        **({"q": asked} if asked else {}),
    }
    shown = f" {json.dumps(asked, ensure_ascii=False)}" if asked else ""
    access.info(
        "%s %s %s%s %d %.1f ms (waited %.1f) %s",
        visit.address, visit.method, visit.path, shown, visit.status, took, visit.waited * 1000, visit.id,
        extra={"facts": facts},
    )  # fmt: skip


class JsonFormatter(logging.Formatter):
    """Format each record as one JSON object; a request's with its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        facts = getattr(record, "facts", None)
        line |= {"message": record.getMessage()} if facts is None else facts
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(line, ensure_ascii=False))


class Repeats(logging.Filter):
    """Let the same warning through once a minute, then with how often it was held back.

    Warnings are the same if they have one ``kind`` (``extra={"kind": ...}``), or one text.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write a record."""
        if record.levelno < logging.WARNING:
            return True
        what = record.name, str(getattr(record, "kind", None) or record.getMessage())
        since, count = self._held.get(what, (float("-inf"), 0))
        if record.created - since < _REPEAT_SECONDS:
            self._held[what] = since, count + 1
            return False
        if len(self._held) >= _MOST_KNOWN:
            self._held.clear()
        self._held[what] = record.created, 0
        if count:
            record.msg, record.args = f"{record.getMessage()} ({count} more times)", None
        return True


def set_up(settings: LogSettings) -> None:
    """Have the process's log handler, made by ``web.cli``, write in the format of the settings."""
    formatter = JsonFormatter() if settings.format == "json" else LineFormatter("%(asctime)s %(levelname)s %(message)s")
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)
        handler.addFilter(Repeats())
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
