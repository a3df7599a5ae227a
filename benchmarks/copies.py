"""Near-copies: what the sketches find, compared with exact similarity. ``python -m benchmarks.copies [ARTICLES]``

*Pairs of the archive*: the exact Jaccard similarity of the sets of three adjacent syllables, of all pairs whose MinHash
with another seed agrees in some band of three of 255 slots, and of all pairs the sketches find. The former misses 1 in
250 pairs at 0.4 and a tenth of those at 0.3. *Edits*: articles changed in a known way, compared with the originals.
Times are processor time.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from benchmarks.engines import read_articles
from index.analysis.near_copies import MOST_DIFFERING, SLOTS, assign, differing, sketch
from index.analysis.tokenizer import tokenize
from index.article import searchable_body

CLASSES = (0.95, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
LIMITS = (17, 19, 21, 23, 25)
EDITED = 1500
AT_SIZE = 1000
_CANDIDATE_SLOTS, _BAND = 255, 3
_SIMILARITY = 1 - MOST_DIFFERING / (SLOTS * 0.75)

Pairs = NDArray[np.int64]
"""Pairs of article numbers, shape (2, n), the lower number first."""


def shingles(syllables: Sequence[str]) -> set[str]:
    """Return the set of runs of three adjacent syllables."""
    return set(map(" ".join, zip(syllables, syllables[1:], syllables[2:], strict=False)))


def likely(digests: NDArray[np.uint32]) -> Pairs:
    """Return the pairs that agree in some band of ``digests``, shape (articles, slots)."""
    found = [np.empty(0, np.int64)]
    count = len(digests)
    for first in range(0, digests.shape[1], _BAND):
        _, bands = np.unique(digests[:, first : first + _BAND], axis=0, return_inverse=True)
        order = np.argsort(bands, kind="stable")
        gap = 1
        while (same := np.flatnonzero(bands[order[gap:]] == bands[order[:-gap]])).size:
            found.append(order[same] * count + order[same + gap])
            gap += 1
    return np.stack(np.divmod(np.unique(np.concatenate(found)), count))


def alike(planes: NDArray[np.uint64]) -> Pairs:
    """Return the pairs whose sketches differ in at most ``LIMITS[-1]`` slots."""
    found = [
        np.stack((near, np.full_like(near, at)))
        for at in range(1, planes.shape[1])
        if (near := np.flatnonzero(differing(planes[:, at], planes[:, :at]) <= LIMITS[-1])).size
    ]
    return np.concatenate([np.empty((2, 0), np.int64), *found], axis=1)


def jaccard(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Return the Jaccard similarity of two sets, given as arrays without duplicates."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / (len(one) + len(other) - both)


def measure_pairs(texts: Sequence[Sequence[str]], planes: NDArray[np.uint64]) -> None:
    """Print how many pairs exist and are found, by similarity, then precision and recall by limit.

    The last column of the first table is the share of articles with another at least this similar.
    """
    sets, digests = [], np.empty((len(texts), _CANDIDATE_SLOTS), np.uint32)
    for number, syllables in enumerate(texts):
        parts = shingles(syllables)
        sets.append(np.unique(np.fromiter(map(hash, parts), np.int64, len(parts))))
        minima = RMinHash(num_perm=_CANDIDATE_SLOTS, seed=2)
        minima.update(parts)
        digests[number] = minima.digest()
    pairs = np.unique(np.concatenate((likely(digests), alike(planes)), axis=1), axis=1)
    similarity = np.array([jaccard(sets[one], sets[other]) for one, other in pairs.T])
    slots = np.bitwise_count(np.bitwise_or.reduce(planes[:, pairs[0]] ^ planes[:, pairs[1]], axis=0))
    print(f"{'Jaccard':>12}{'pairs':>10}{'found':>10}{'articles so alike':>20}")
    for low, high in zip((*CLASSES, 0.0), (1.01, *CLASSES), strict=True):
        inside = (low <= similarity) & (similarity < high)
        found = np.count_nonzero(slots[inside] <= MOST_DIFFERING)
        line = f"{f'{low:.2f} - {min(high, 1):.2f}':>12}{np.count_nonzero(inside) if low else '':>10}{found:>10}"
        share = len(np.unique(pairs[:, similarity >= low])) / len(texts)
        print(f"{line}{share:>20.1%}" if low else line)
    truth = similarity >= _SIMILARITY
    print(f"\n{f'of J >= {_SIMILARITY:.2f}':>12}{'pairs':>10}{'precision':>11}{'recall':>10}")
    for limit in LIMITS if truth.any() else ():
        found = slots <= limit
        hits = np.count_nonzero(found & truth)
        print(
            f"{f'<= {limit} differ':>12}{found.sum():>10}{hits / max(1, found.sum()):>11.3f}{hits / truth.sum():>10.3f}"
        )


def edits(body: Sequence[str], other: Sequence[str], chance: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Yield the edits that newspapers make to a text, given as lines; ``other`` has lines of another text."""

    def cut(share: float) -> int:
        return max(1, round(len(body) * (1 - share)))

    for percent in (20, 30, 40, 50):
        yield f"the last {percent} % cut", list(body[: cut(percent / 100)])
    for percent in (10, 20):
        yield (
            f"{percent} % of lines replaced",
            [other[at % len(other)] if chance.random() < percent / 100 else line for at, line in enumerate(body)],
        )
    yield "another lead and byline, 20 % cut", [other[0], *body[1 : cut(0.2)], "Theo Hà An"]
    yield "another lead, 30 % cut", [other[0], *body[1 : cut(0.3)]]


def measure_edits(bodies: Sequence[str], planes: NDArray[np.uint64]) -> None:
    """Print how often an edited article still counts as a copy, by edit."""
    chance = random.Random(3)
    found: dict[str, list[bool]] = {}
    for number in chance.sample(range(len(bodies)), min(EDITED, len(bodies))):
        for name, lines in edits(bodies[number].split("\n"), chance.choice(bodies).split("\n"), chance):
            changed = np.array(sketch(tokenize("\n".join(lines)).exact), np.uint64)
            copy = changed.any() and differing(changed, planes[:, number : number + 1])[0] <= MOST_DIFFERING
            found.setdefault(name, []).append(bool(copy))
    print(f"\n{'edit':36}{'still a copy':>12}")
    for name, copies in found.items():
        print(f"{name:36}{np.mean(copies):>12.1%}")


def main() -> None:
    """Print the tables."""
    bodies = [searchable_body(article) for article in read_articles(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)]
    texts = [tokenize(body).exact for body in bodies]
    count = len(texts)
    numbers = np.arange(count)
    started = time.process_time()
    planes = np.ascontiguousarray(np.array([sketch(syllables) for syllables in texts], np.uint64).T)
    sketched = time.process_time()
    stories = assign(planes, numbers, planes[:, :0], numbers[:0])
    known = count - min(AT_SIZE, count)
    assigned = time.process_time()
    again = assign(planes[:, known:], numbers[known:], planes[:, :known], stories[:known])
    ended = time.process_time()
    assert (again == stories[known:]).all()
    measure_pairs(texts, planes)
    measure_edits(bodies, planes)
    _, sizes = np.unique(stories, return_counts=True)
    print(f"\n{sizes[sizes > 1].sum() / count:.1%} of {count:,} articles are in stories of two or more")
    print(f"sketching {(sketched - started) / count * 1e3:.3f} ms an article")
    print(f"assigning {(ended - assigned) / (count - known) * 1e3:.3f} ms an article beside {known:,}")


if __name__ == "__main__":
    main()
