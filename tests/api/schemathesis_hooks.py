"""What schemathesis is told beside the description: how lines of JSON are written."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """Write a text as it is."""
    return value.encode("utf-8", "replace") if isinstance(value, str) else str(value).encode()
