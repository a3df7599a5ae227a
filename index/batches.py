"""Cut what comes one by one into batches that are worked on at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Yield the items in batches of ``most``; the last one may have fewer."""
    rest = iter(items)
    while batch := list(islice(rest, most)):
        yield batch


def sized_batches(items: Iterable[T], most: int, size: Callable[[T], int], enough: int) -> Iterator[list[T]]:
    """Yield the items in batches that end once they have ``most`` items, or the sum of their sizes is ``enough``."""
    batch: list[T] = []
    total = 0
    for item in items:
        batch.append(item)
        total += size(item)
        if len(batch) >= most or total >= enough:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def bounded_batches(items: Iterable[T], size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Yield the items in batches whose sizes sum to ``most`` at most; a larger item is a batch by itself."""
    batch: list[T] = []
    total = 0
    for item in items:
        total += size(item)
        if batch and total > most:
            yield batch
            batch, total = [], size(item)
        batch.append(item)
    if batch:
        yield batch
