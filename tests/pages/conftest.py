"""What the tests of the pages share."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from web.access import Scope
from web.settings import AccessSettings


@pytest.fixture
def guarded(client: FlaskClient) -> FlaskClient:
    """A client of an application whose searches need a key."""
    config = client.application.config
    config["SETTINGS"] = config["SETTINGS"].model_copy(update={"access": AccessSettings(search="key")})
    return client


@pytest.fixture
def reader_key(guarded: FlaskClient) -> str:
    """A key that may search, and no more."""
    return str(guarded.application.config["KEYS"].add("reader", Scope.SEARCH))
