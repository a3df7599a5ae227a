"""The embedded engine passes the contract."""

from __future__ import annotations

from tests.engines.contract import EngineContract


class TestWhooshEngine(EngineContract):
    """The contract, on the ``engine`` fixture."""
