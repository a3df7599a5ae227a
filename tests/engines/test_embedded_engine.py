"""The embedded engine passes the contract."""

from __future__ import annotations

from tests.engines.contract import EngineContract


class TestEmbeddedEngine(EngineContract):
    """The contract, on the ``archive`` fixture."""
