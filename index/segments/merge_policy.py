"""Decide which segments to merge.

Segments are merged by size, as Lucene's log-structured policy does: a tier spans a factor of four in articles, and a
tier with more than four segments is merged. So each article is copied once per tier, adding one never rewrites the
index, and the number of segments grows with the logarithm of its size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

MOST_ARTICLES = 65_536
"""The most articles a merged segment may have, so that a doc id takes two bytes."""
_MOST_BYTES = 1 << 30
_FACTOR = 4
_SMALLEST = 64
_MOST_IN_A_TIER = 4


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """The size of a segment: live articles, deleted articles, bytes on disk."""

    live: int
    deleted: int
    bytes: int


def next_merge(segments: Sequence[SegmentSize]) -> list[int]:
    """Return the numbers of the segments to merge into one now; empty if no merge is due.

    A segment with more deleted than live articles is rewritten by itself.
    """
    tiers: defaultdict[int, list[int]] = defaultdict(list)
    for number, size in enumerate(segments):
        if size.deleted > size.live:
            return [number]
        tiers[_tier(size.live)].append(number)
    for _, members in sorted(tiers.items()):
        if len(members) > _MOST_IN_A_TIER:
            chosen = _fitting(sorted(members, key=lambda number: _fullness(segments[number])), segments)
            if len(chosen) > 1:
                return sorted(chosen)
    return []


def _tier(articles: int) -> int:
    tier = 0
    while articles > _SMALLEST:
        articles = -(-articles // _FACTOR)
        tier += 1
    return tier


def _fullness(size: SegmentSize) -> float:
    """Return the share of a segment's limit that is used, of articles or bytes, whichever is higher."""
    return max(size.live / MOST_ARTICLES, size.bytes / _MOST_BYTES)


def _fitting(numbers: Sequence[int], segments: Sequence[SegmentSize]) -> list[int]:
    chosen: list[int] = []
    articles = size = 0
    for number in numbers:
        articles += segments[number].live
        size += segments[number].bytes
        if articles > MOST_ARTICLES or size > _MOST_BYTES:
            break
        chosen.append(number)
    return chosen
