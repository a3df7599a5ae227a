"""Every request in docs/searching.md is answered."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import pytest
from flask.testing import FlaskClient

from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "searching.md").read_text("utf-8")
REQUESTS = re.findall(r"```http\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("request_text", REQUESTS)
def test_request_is_answered(client: FlaskClient, request_text: str) -> None:
    head, _, body = request_text.partition("\n\n")
    method, _, address = head.strip().partition(" ")
    path, _, query = address.partition("?")
    values = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    answer = client.open(path, method=method, query_string=dict(values), json=json.loads(body) if body else None)
    assert answer.status_code == 200, answer.text
    if path.endswith("/searches"):
        assert [one["status"] for one in answer.json["answers"]] == [200, 200]


def test_error_is_the_one_shown(client: FlaskClient) -> None:
    [shown] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert client.get("/api/v1/search?filter=sorce:A").json["errors"] == [json.loads(shown)]


def test_requests_of_every_kind_are_there() -> None:
    assert len(REQUESTS) == 13
