"""A bounded cache for what is looked up again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(dict[K, V]):
    """What ``find`` returns for a key: found once and kept, until there are ``most``; then all are dropped.

    A key whose ``size`` is over ``longest`` is found every time. A lookup costs no more than one in a dict. Threads may
    share it, if they may call ``find`` at once.
    """

    def __init__(
        self, find: Callable[[K], V], most: int, size: Callable[[K], int] = lambda _: 0, longest: int = 0
    ) -> None:
        self._find, self._most, self._size, self._longest = find, most, size, longest

    def __missing__(self, key: K) -> V:
        found = self._find(key)
        if len(self) >= self._most:
            self.clear()
        if self._size(key) <= self._longest:
            self[key] = found
        return found
