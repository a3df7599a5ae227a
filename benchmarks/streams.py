"""Plain rankers to compare with: BM25 over one stream of terms, and BM25F summed over several.

Only the terms of the queries are counted, so that 50,000 long articles fit in memory.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Analysis, analyze, bigram

K1 = 1.2


def pairs(syllables: Sequence[str]) -> Iterable[str]:
    """Return the pairs of neighbouring syllables, whatever stands between them."""
    return map(bigram, syllables[:-1], syllables[1:])


CUTS: Mapping[str, Callable[[Analysis], Iterable[str]]] = {
    "written": lambda text: [text.tokens.written(at).lower() for at in range(len(text.tokens))],
    "exact": lambda text: text.tokens.exact,
    "words": lambda text: text.word_texts,
    "folded": lambda text: text.tokens.folded,
    "pairs": lambda text: pairs(text.tokens.exact),
    "folded pairs": lambda text: pairs(text.tokens.folded),
}
"""The streams: syllables as a standard analyzer cuts them, the same as timtin spells them, pyvi's words, and so on."""

Array = NDArray[Any]
Columns = tuple["array[int]", "array[int]", "array[int]"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of all articles.

    ``columns`` has for each term of the queries the numbers of the articles with it, and how often it is in the title
    and in the body of each. ``titles`` and ``bodies`` are the lengths of all articles, in terms.
    """

    columns: Mapping[str, Columns]
    titles: Array
    bodies: Array


def as_one_text(stream: Stream, docs: Array, title: Array, body: Array) -> Array:
    """Return the frequencies of BM25 (b 0.75) in title and body together, normalized by length."""
    lengths = stream.titles + stream.bodies
    return (title + body) / (0.25 + 0.75 * lengths[docs] / lengths.mean())


def by_field(stream: Stream, docs: Array, title: Array, body: Array) -> Array:
    """Return the frequencies of BM25F: title with weight 4 and b 0.5, body with b 0.75."""
    titles = stream.titles[docs] / max(1e-9, stream.titles.mean())
    return 4 * title / (0.5 + 0.5 * titles) + body / (0.25 + 0.75 * stream.bodies[docs] / stream.bodies.mean())


@dataclass(frozen=True, slots=True)
class Ranker:
    """A plain ranker: the weights of its streams for queries with accents and without, and how it counts fields."""

    accented: Mapping[str, float]
    bare: Mapping[str, float]
    frequencies: Callable[[Stream, Array, Array, Array], Array] = as_one_text


_HINT = {"exact": 1.0, "words": 1.0, "folded": 1.0, "folded pairs": 2.0}
RANKERS = {
    "syllables": Ranker({"written": 1.0}, {"written": 1.0}),
    "pyvi words": Ranker({"words": 1.0}, {"words": 1.0}),
    "pairs": Ranker({"pairs": 1.0}, {"folded pairs": 1.0}),
    "hint": Ranker(_HINT, _HINT, by_field),
}


class Articles:
    """The streams of ``articles`` (objects with ``body`` and perhaps ``title``), ready to rank them for ``queries``."""

    def __init__(self, articles: Sequence[Mapping[str, Any]], queries: Iterable[str]) -> None:
        self._count = len(articles)
        self._queries = {query: analyze(query) for query in queries}
        self._streams = {
            name: Stream(
                {term: (array("i"), array("i"), array("i")) for query in self._queries.values() for term in cut(query)},
                np.zeros(self._count),
                np.zeros(self._count),
            )
            for name, cut in CUTS.items()
        }
        for number, article in enumerate(articles):
            self._add(number, analyze(article.get("title") or ""), analyze(article["body"]))

    def _add(self, number: int, title: Analysis, body: Analysis) -> None:
        for name, stream in self._streams.items():
            in_title, in_body = list(CUTS[name](title)), list(CUTS[name](body))
            stream.titles[number], stream.bodies[number] = len(in_title), len(in_body)
            titles = Counter(filter(stream.columns.__contains__, in_title))
            bodies = Counter(filter(stream.columns.__contains__, in_body))
            for term in titles.keys() | bodies.keys():
                columns = stream.columns[term]
                columns[0].append(number)
                columns[1].append(titles.get(term, 0))
                columns[2].append(bodies.get(term, 0))

    def best(self, query: str, weights: Mapping[str, float], ranker: Ranker, size: int = 10) -> list[int]:
        """Return the numbers of up to ``size`` articles with a score, the best first; the query is one of those given.

        A term counts as often as it occurs in the query; its idf is that of Lucene.
        """
        scores = np.zeros(self._count)
        for name, weight in weights.items():
            stream = self._streams[name]
            for term, times in Counter(CUTS[name](self._queries[query])).items():
                docs, title, body = (np.array(column) for column in stream.columns[term])
                frequencies = ranker.frequencies(stream, docs, title, body)
                idf = math.log1p((self._count - len(docs) + 0.5) / (len(docs) + 0.5))
                scores[docs] += weight * times * idf * frequencies / (K1 + frequencies)
        found = np.argsort(-scores, kind="stable")[:size].tolist()
        return [number for number in found if scores[number] > 0]
