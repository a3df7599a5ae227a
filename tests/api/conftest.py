"""Every answer that a test of the API gets is held against the description of the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from tests.api.conformance import check
from tests.conftest import Reply, Server


@pytest.fixture(autouse=True)
def answers_are_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, requested = FlaskClient.open, Server.request

    def open(self: FlaskClient, *arguments: Any, **more: Any) -> Any:
        answer = opened(self, *arguments, **more)
        body = answer.get_data() if "Content-Encoding" not in answer.headers else None
        if body is not None:
            check(answer.request.method, answer.request.path, answer.status_code, answer.content_type or "", body)
        return answer

    def request(self: Server, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        reply = requested(self, method, path, body, **headers)
        kind = reply.headers.get("Content-Type", "")
        if "Content-Encoding" not in reply.headers:
            check(method, unquote(path.partition("?")[0]), reply.status, kind, reply.body)
        return reply

    monkeypatch.setattr(FlaskClient, "open", open)
    monkeypatch.setattr(Server, "request", request)
