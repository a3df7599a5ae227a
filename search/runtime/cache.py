"""A bounded cache that threads share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Keep the values used last while their sizes add up to no more than ``most``, whatever the unit of ``size``."""

    def __init__(self, most: int, size: Callable[[Value], int]) -> None:
        self._most = most
        self._size = size
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def kept(self, key: Key) -> Value | None:
        """Return the value of ``key``, None where it is not kept."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of ``key``; where it is not kept it is made, outside the lock."""
        found = self.kept(key)
        if found is not None:
            return found
        made = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = made
                self._held += self._size(made)
            while self._held > self._most and self._values:
                self._held -= self._size(self._values.popitem(last=False)[1])
        return made
