"""One label of all articles of a snapshot, cut into values.

A segment keeps the text of a label as it came (``index.labels`` says what it names); it is cut here, each distinct text
once for a snapshot. So the rules can change without a rebuild, and how a value is shown follows what the articles of
all segments write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.analysis.normalization import fold
from index.arrays import Array, spread
from index.labels import label_values

NO_LABEL = -1


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The values of one label that live articles have.

    ``names`` has each value as most articles write it, ``numbers`` its number by its key. The article ``articles[i]``
    (ascending) has the value number ``codes[i]``; one with several values is there several times.
    """

    names: list[str]
    numbers: dict[str, int]
    articles: NDArray[np.int32]
    codes: NDArray[np.int32]


def label_column(label: str, texts: Sequence[str], codes: Array, live: NDArray[np.bool_]) -> LabelColumn:
    """Return the values of ``label``; article ``a`` has the text ``texts[codes[a]]``."""
    articles = np.flatnonzero(live).astype(np.int32)
    codes = codes[articles]
    numbers: dict[str, int] = {}
    written: list[Counter[str]] = []
    named: list[int] = []
    counts = np.zeros(len(texts), np.int64)
    for at, articles_with_it in enumerate(np.bincount(codes, minlength=len(texts)).tolist()):
        values = label_values(label, texts[at]) if articles_with_it else ()
        counts[at] = len(values)
        for value in values:
            number = numbers.setdefault(value.key, len(numbers))
            if number == len(written):
                written.append(Counter())
            written[number][value.written] += articles_with_it
            named.append(number)
    several = counts[codes]
    places = spread((np.cumsum(counts) - counts)[codes], several)
    names = [max(forms, key=lambda form: (forms[form], form)) for forms in written]
    return LabelColumn(names, numbers, articles.repeat(several), np.array(named, np.int32)[places])


@dataclass(frozen=True, slots=True)
class LabelRanks:
    """Where the first value of each article stands in an alphabet: ``ranks[article]`` is its number in ``texts``.

    ``texts`` are sorted; an article without a value has NO_LABEL.
    """

    texts: list[str]
    ranks: NDArray[np.int64]


def label_ranks(column: LabelColumn, size: int) -> tuple[LabelRanks, LabelRanks]:
    """Return the ranks of ``size`` articles by the keys of their values, first without accents, then with them."""
    keys = list(column.numbers)
    return _ranked([fold(key) for key in keys], column, size), _ranked(keys, column, size)


def _ranked(texts: Sequence[str], column: LabelColumn, size: int) -> LabelRanks:
    known = sorted(set(texts))
    places = {text: place for place, text in enumerate(known)}
    own = np.array([places[text] for text in texts], np.int64)
    ranks = np.full(size, len(known), np.int64)
    np.minimum.at(ranks, column.articles, own[column.codes])
    ranks[ranks == len(known)] = NO_LABEL
    return LabelRanks(known, ranks)
