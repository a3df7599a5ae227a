"""A browser's part of the desk: it keeps the cookie, and sends forms with the token of the page before."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Operator:
    """Somebody with a browser in English."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()  # not one that keeps the context of its requests: they share what is in it
        self.client.environ_base["wsgi.input_terminated"] = True
        self.page = ""

    def get(self, path: str) -> TestResponse:
        """Load a page."""
        answer = self.client.get(path, headers={**HTML, "Accept-Language": "en"}, follow_redirects=True)
        self.page = answer.text
        return answer

    def send(self, path: str, data: dict[str, Any] | None = None, *, follow: bool = True) -> TestResponse:
        """Send a form of the page that is shown."""
        found = TOKEN.search(self.page)
        token = {"csrf_token": found[1]} if found else {}
        answer = self.client.post(
            path, data={**token, **(data or {})}, headers={**HTML, "Accept-Language": "en"}, follow_redirects=follow
        )
        self.page = answer.text
        return answer

    def sign_in(self, key: str) -> TestResponse:
        """Sign in with a key."""
        self.get("/admin/sign-in")
        return self.send("/admin/sign-in", {"key": key})


@pytest.fixture
def visitor(client: FlaskClient) -> Operator:
    """Somebody who is not signed in."""
    return Operator(client.application)


@pytest.fixture
def operator(visitor: Operator) -> Operator:
    """Somebody who is signed in with the first key."""
    assert visitor.sign_in(visitor.client.application.config["API_KEY"]).status_code == 200
    return visitor
