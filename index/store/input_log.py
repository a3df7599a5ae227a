"""The ``InputLog`` protocol: which files the stored articles were read from."""

from __future__ import annotations

from typing import Protocol


class InputLog(Protocol):
    """The inputs that articles were read from."""
