"""``SignRun``, a candidate for a code, ``Code``, a code found, and ``Surroundings``, the text around them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from index.analysis.normalization import fold
from index.analysis.syllables import canonical_syllable

_WIDEST_SPACE = 4


class SignRun(NamedTuple):  # like Code, made so often that a frozen dataclass takes too long to create
    """A number, letters and figures joined by signs or by nothing, or a numeral in letters.

    It is over the syllables from ``first`` to ``end`` (exclusive).
    """

    first: int
    end: int
    text: str


class Code(NamedTuple):
    """A whole code, over the syllables from ``first`` to ``end`` (exclusive).

    An ``implied`` code is indexed, but a query that contains it does not require it: the day in a full date. A
    ``loose`` code is so often a false one that an article with its syllables anywhere matches too. A ``certain`` code
    is indexed under this text however it is written, so its mere syllables in a row are something else. A ``spare`` one
    is what the text may mean as well, or says besides: the range beside a day, the month of a full date.
    """

    first: int
    end: int
    text: str
    implied: bool = False
    loose: bool = False
    certain: bool = False
    spare: bool = False


class Syllables(Protocol):
    """Syllables by their number."""

    def __getitem__(self, at: int, /) -> str: ...

    def __len__(self) -> int: ...


class WordSet:
    """A set of syllables, with and without their accents."""

    def __init__(self, words: str) -> None:
        self.exact = frozenset(map(canonical_syllable, words.split()))
        self.folded = frozenset(map(fold, self.exact))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A canonical text and its syllables: with and without accents, with their offsets."""

    text: str
    exact: Syllables
    folded: Syllables
    starts: Sequence[int]
    ends: Sequence[int]

    def beside(self, at: int) -> bool:
        """Tell whether syllable ``at`` exists and only space separates it from the one before."""
        if not 0 < at < len(self.starts):
            return False
        end, start = self.ends[at - 1], self.starts[at]
        if start - end == 1 and self.text[end] == " ":  # as almost always
            return True
        between = self.text[end:start]
        return len(between) < _WIDEST_SPACE and between.isspace() and "\n" not in between

    def says(self, at: int, words: WordSet) -> bool:
        """Tell whether syllable ``at`` exists and is one of ``words``; accents count unless the text has none."""
        if not 0 <= at < len(self.starts):
            return False
        return self.folded[at] in words.folded if self.text.isascii() else self.exact[at] in words.exact

    def before(self, at: int, words: WordSet) -> bool:
        """Tell whether one of ``words`` stands right before syllable ``at``."""
        return self.says(at - 1, words) and self.beside(at)

    def after(self, end: int, words: WordSet) -> bool:
        """Tell whether one of ``words`` is syllable ``end`` and stands right after the one before."""
        return self.says(end, words) and self.beside(end)

    def written(self, at: int) -> str:
        """Return syllable ``at`` as it stands in the text; nothing if there is none."""
        return self.text[self.starts[at] : self.ends[at]] if 0 <= at < len(self.starts) else ""

    def end_at(self, offset: int) -> int | None:
        """Return the number of the syllable after the one that ends at ``offset``; None if none ends there."""
        at = bisect_left(self.ends, offset)
        return at + 1 if at < len(self.ends) and self.ends[at] == offset else None
