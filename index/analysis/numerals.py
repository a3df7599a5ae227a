"""Roman numerals up to 39, where a word before them says that they number something: ``thế kỷ XXI``, ``khóa XV``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from index.analysis.runs import Code, SignRun, Surroundings, WordSet

_NUMBERED = WordSet(
    "kỷ thứ khóa khoa kỳ hội hạng lớp cấp loại khu chương nhóm bậc tập phần mục vùng điều quyển hệ đời tháng quý"
)
_CONGRESS = WordSet("đại"), WordSet("hội")  # mạng xã hội X
_ROMAN = re.compile(r"(X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "": 0}
GREATEST_NUMERAL = 39


def numeral_codes(run: SignRun, around: Surroundings) -> Iterator[Code]:
    """Yield the figure of a Roman numeral where a word before it says that it numbers something: ``thế kỷ XXI``."""
    society = around.before(run.first, _CONGRESS[1]) and not around.before(run.first - 1, _CONGRESS[0])
    if not around.before(run.first, _NUMBERED) or society:
        return
    for at, numeral in enumerate(run.text.split("-"), run.first):
        if value := roman(numeral):
            yield Code(at, at + 1, str(value))


@lru_cache(maxsize=256)
def roman(text: str) -> int:
    """Return the value of a Roman numeral up to 39 in capitals; 0 for any other text."""
    match = _ROMAN.fullmatch(text)
    return 10 * len(match.group(1)) + _ROMAN_VALUES[match.group(2)] if match and text else 0


def roman_numeral(value: int) -> str:
    """Return the Roman numeral, in small letters, of a number from 1 to 39."""
    ones = next(numeral for numeral, number in _ROMAN_VALUES.items() if number == value % 10)
    return ("X" * (value // 10) + ones).lower()
