"""What the tests of the client share."""

from __future__ import annotations

import pytest


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited between tries; it does not wait."""
    waited: list[float] = []
    monkeypatch.setattr("timtin.client.transport.sleep", waited.append)
    return waited
