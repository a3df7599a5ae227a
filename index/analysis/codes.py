"""Find codes: text with figures, signs or capitals that readers search as a whole.

A code is indexed in parts, as ordinary syllables, and as a whole, under one canonical term for all its spellings:

===========================================  ==============================================================
canonical                                    written
===========================================  ==============================================================
``59nqtw``, also ``nq/59``                   ``59-NQ/TW``, ``Nghị quyết số 59``, ``NQ 59``
``tphcm``, ``gdđt``, ``covid19``             ``TP.HCM``, ``Tp. HCM``, ``GD-ĐT``, ``Covid-19``
``su30mk2``, ``51f12345``, ``hmông``         ``Su-30MK2``, ``51F-123.45``, ``H'Mông``
``an@example.vn``, ``example.vn``            ``an@example.vn``, ``https://www.example.vn/trang-1.html``
===========================================  ==============================================================

Days are in ``days``; numbers, times and units in ``figures``. The kinds of documents and their abbreviations come from
decree 30/2020/NĐ-CP on clerical work (appendix III), from laws, and from the Party.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.analysis.days import COUNTED, MEASURED, MONTHS, day_codes, month_codes
from index.analysis.figures import UNIT_SIGNS, UNIT_WORDS, figure_codes, has_unit, numbers, range_codes, telephone, time
from index.analysis.normalization import fold
from index.analysis.numerals import numeral_codes, roman
from index.analysis.runs import Code, SignRun, Surroundings, WordSet
from index.analysis.scripts import SYLLABLE
from index.analysis.syllables import is_vietnamese_shape
from index.arrays import Ints

_LONGEST = 48
_MOST_REMEMBERED = 4096
_LONGEST_LETTERS = 4
_SHORTEST_AFTER_APOSTROPHE = 3
_SCHEMES = frozenset({"http", "https"})
CODE_SIGNS = "-./,:&@+'"
"""The signs that may join the parts of a code; the hyphen comes first, as in a character class."""
_SEPARATOR = re.compile(f"[{CODE_SIGNS}]")
_LEADING = re.compile(r"\d+(?:[-./,:]\d+)*")
_GLUED_KIND = re.compile(r"([A-ZĐ]{2,4})0*([1-9]\d{0,4})")
_MONTH = re.compile(r"\d{1,2}/\d{4}")
_HOST = re.compile(r"(?:www\.)?((?:[A-Za-z0-9-]+\.)+[a-z]{2,24})(?=[/:]|$)")
_CITY = re.compile(r"[tT][pP](?:\. ?| )((?i:[bcdđghklmnpqrstvx]{2,4}))\b")
_PLATE = re.compile(r"(\d{2}-?[A-ZĐ]{1,2}\d?)(?: ?- ?| )(\d{3}\.?\d{2}|\d{4,5})(?![.,]?\d)")
_SHORTEST_PLATE = 2
_NUMERALS = frozenset(name.title() for name in MONTHS) | {"giêng", "chạp"}
_YEARS = range(1900, 2100)

_DOCUMENTS = {
    "nghị quyết": "nq", "nghị định": "nđ", "quyết định": "qđ", "chỉ thị": "ct", "quy chế": "qc", "quy định": "qyđ",
    "thông cáo": "tc", "thông báo": "tb", "thông tư": "tt", "thông tư liên tịch": "ttlt", "hướng dẫn": "hd",
    "chương trình": "ctr", "kế hoạch": "kh", "phương án": "pa", "đề án": "đa", "dự án": "da", "báo cáo": "bc",
    "biên bản": "bb", "tờ trình": "ttr", "hợp đồng": "hđ", "công văn": "cv", "công điện": "cđ", "kết luận": "kl",
    "pháp lệnh": "pl", "sắc lệnh": "sl", "luật": "luật",
}  # fmt: skip
_KINDS = {tuple(fold(name).split()): fold(short) for name, short in _DOCUMENTS.items()}
_KINDS.update({(short,): short for short in list(_KINDS.values())})
_LONGEST_KIND = max(map(len, _KINDS))
_DISCIPLINE = WordSet("kỷ")
_BEFORE_NUMBERS = frozenset({"so", *(kind[-1] for kind in _KINDS)})
_MONTH_OR_QUARTER = ("thang", "qui")
_WORDS_BEFORE = _BEFORE_NUMBERS | {"luc"}
_WORDS_AFTER = UNIT_WORDS | {"gio", "h", "g"}
_SIGNS_AFTER = UNIT_SIGNS | {":", "-"}
_LONG_NUMBER = 8
_YEAR_FIGURES = 4
_REACH_OF_YEAR = 4


def is_numeral(word: str) -> bool:
    """Tell whether a word may be a Roman numeral, or the number of a month, and is a ``SignRun`` by itself."""
    return word in _NUMERALS or roman(word) > 0


def find_codes(runs: Sequence[SignRun], around: Surroundings, bare: Container[int] = ()) -> list[Code]:
    """Return the codes among ``runs`` and the syllables around them; ``bare`` has the first syllables of some that are
    known to be none.
    """
    numbers = {run.first: run for run in runs if run.text[0].isdecimal()}
    codes: list[Code] = []
    reached = 0
    for run in runs:
        if run.first in bare:
            continue
        first = max(run.first, reached)
        while first < run.end:  # after the first code of a run, the rest of it: 7h-9h, 45.000đ/kg
            rest = run if first == run.first else SignRun(first, run.end, _written(first, run.end, around))
            found = _found(rest, numbers, around)
            codes += found
            first = reached = max((code.end for code in found), default=run.end)
    return codes


def _written(first: int, end: int, around: Surroundings) -> str:
    return around.text[around.starts[first] : around.ends[end - 1]]


def city_codes(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, canonical text) of the cities in ``text`` whose abbreviation has a space: ``TP. HCM``."""
    for match in _CITY.finditer(text):
        yield match.start(), match.end(), f"tp{match.group(1).lower()}"


def _found(run: SignRun, numbers: dict[int, SignRun], around: Surroundings) -> list[Code]:
    if run.text.isdecimal() and _is_bare(run, around):
        return []
    leading = _LEADING.match(run.text)
    if leading is None:
        if run.text.isalpha():
            return day_codes(run, numbers, around) or [*month_codes(run, numbers, around), *numeral_codes(run, around)]
        return day_codes(run, numbers, around) or [*numeral_codes(run, around)] or _whole_codes(run, around)
    written = leading.group()
    figures = run if written == run.text else SignRun(run.first, run.first + _size(written), written)
    plate = _plate(run, around)
    found = [plate] if plate else _figures(figures, numbers, around)
    if figures is not run and not any(code.end > figures.end for code in found):
        found = [*_whole_codes(run, around), *_implied(figures, found)]
    elif figures is run and not found:
        found = [*_whole_codes(run, around)]
    kind = _kind_before(run, around)
    if kind is not None:
        month = all(_MONTH.fullmatch(code.text) for code in found)  # thông tư 05/2024
        found = [code for code in (_whole_codes(run, around) if month else found) if code.text != kind.text] + [kind]
    return found


PLAIN, OPEN = 1, 2
"""Marks of a number: it may be bare, and whether it is depends on what stands next to its chunk."""
AFTER, BEFORE, OF_MONTH = 1, 2, 4
"""Marks of a syllable: a number before, after or near it may be no bare one."""


def number_marks(chunk: str, start: int, end: int) -> int:
    """Return the marks of a chunk's only run of figures, of one syllable."""
    figures, beside = chunk[start:end], chunk[end : end + 1]
    if not figures.isdecimal() or len(figures) >= _LONG_NUMBER or figures[0] == "0" or chunk[:start].endswith("$"):
        return 0
    return (PLAIN if beside else PLAIN | OPEN) if not may_follow_number(beside) or not beside else 0


def may_follow_number(text: str) -> bool:
    """Tell whether a unit or the like, or what may be before one, begins ``text``."""
    return not text[:1].strip() or text[0] in _SIGNS_AFTER


def syllable_marks(folded: str) -> int:
    """Return the marks of a syllable without accents."""
    after = folded in _WORDS_AFTER or folded[:1].isdecimal()
    return AFTER * after | BEFORE * (folded in _WORDS_BEFORE) | OF_MONTH * (folded in _MONTH_OR_QUARTER)


def bare_numbers(at: Ints, closed: NDArray[np.bool], marks: NDArray[np.uint8]) -> NDArray[np.bool]:
    """Tell which numbers ``_is_bare`` surely finds bare, of the plain ones at ``at`` in the syllables of ``marks``.

    ``closed`` tells whether the characters after each are none that may follow a number.
    """
    padded = np.concatenate([np.zeros(_REACH_OF_YEAR, np.uint8), marks, np.zeros(1, np.uint8)])
    before = [padded[at + step] for step in range(_REACH_OF_YEAR)]
    following = padded[at + _REACH_OF_YEAR + 1]
    near = np.bitwise_or.reduce([*before, following]) & OF_MONTH
    bare: NDArray[np.bool] = closed & ((near | following & AFTER | before[-1] & BEFORE) == 0)
    return bare


def _is_bare(run: SignRun, around: Surroundings) -> bool:
    """Tell at a glance that nothing beside a plain number can make it part of a code."""
    end = around.ends[run.first]
    beside = around.text[end : end + 3]  # two spaces at the most, as before a unit
    if len(run.text) >= _LONG_NUMBER or run.text[0] == "0" or beside.strip()[:1] in _SIGNS_AFTER:
        return False
    if _numbers_a_day(run, around):
        return False
    if around.text[max(0, around.starts[run.first] - 1) : around.starts[run.first]] == "$":
        return False
    after = around.folded[run.end] if run.end < len(around.folded) else ""
    if after in _WORDS_AFTER or after[:1].isdecimal():
        return False
    return not run.first or around.folded[run.first - 1] not in _WORDS_BEFORE


def _numbers_a_day(run: SignRun, around: Surroundings) -> bool:
    """Tell at a glance whether a plain number may be part of a day, a month, a quarter or their year."""
    if run.end < len(around.folded) and around.folded[run.end] == "thang":
        return True
    reach = _REACH_OF_YEAR if len(run.text) == _YEAR_FIGURES else 1
    return any(around.folded[at] in _MONTH_OR_QUARTER for at in range(max(0, run.first - reach), run.first))


def _figures(run: SignRun, numbers: dict[int, SignRun], around: Surroundings) -> list[Code]:
    """Return the codes of figures: a telephone number, a day, a time, a range or a number, the first that fits."""
    found = telephone(run, around)
    if not found and (not run.text.isdecimal() or _numbers_a_day(run, around)):
        found = day_codes(run, numbers, around)
    found = found or time(run, around)
    return found or [*range_codes(run, around)] or [*figure_codes(run, around)]


@lru_cache(maxsize=_MOST_REMEMBERED)
def _size(text: str) -> int:
    """Return the number of syllables of a part of a run."""
    return len(SYLLABLE.findall(text))


def _implied(figures: SignRun, found: Sequence[Code]) -> list[Code]:
    """Return the codes of the figures that a longer code begins with, ``12/2020`` of ``12/2020/TT-BTC``."""
    return [code._replace(implied=True) for code in found if code.first == figures.first and code.end == figures.end]


def _whole_codes(run: SignRun, around: Surroundings) -> list[Code]:
    after_scheme = run.first > 0 and around.folded[run.first - 1] in _SCHEMES
    whole = _whole if len(run.text) <= _LONGEST else _whole.__wrapped__
    return [
        Code(run.first + code.first, run.first + code.end, *code[2:])
        for code in whole(run.text, run.end - run.first, after_scheme=after_scheme)
    ]


@lru_cache(maxsize=_MOST_REMEMBERED)
def _whole(written: str, size: int, *, after_scheme: bool) -> Sequence[Code]:
    """Return the codes that a run of ``size`` syllables is as a whole, its first syllable numbered 0.

    A single syllable and words that are merely joined yield none.
    """
    return tuple(_as_a_whole(SignRun(0, size, written), after_scheme=after_scheme)) if size > 1 else ()


def _as_a_whole(run: SignRun, *, after_scheme: bool) -> Iterator[Code]:
    text = run.text
    parts = _SEPARATOR.split(text)
    host = _HOST.match(text) if text.isascii() and "@" not in text else None
    if host is not None:
        yield Code(run.first - after_scheme, run.first + _size(host.group()), host.group(1).lower())
        if host.end() == len(text):
            return
    has_figure = any(map(str.isdecimal, text))
    short = [_is_short(part) for part in parts]
    if len(text) > _LONGEST or not (has_figure or "@" in text or any(short) or _is_joined(text, parts)):
        return
    if "@" in text and _HOST.fullmatch(domain := text.rpartition("@")[2]):
        yield Code(run.end - _size(domain), run.end, domain.lower())
    mixed = not has_figure and "@" not in text and any(short) and not all(short)  # TP.HCM-Cần Thơ
    yield Code(run.first, run.end, _canonical(text, parts), implied=host is not None, loose=mixed)
    if not has_figure:
        return
    if len(parts) > 1:
        yield from _parts_of_code(run, parts)
    elif (glued := _GLUED_KIND.fullmatch(text)) and (kind := _KINDS.get((fold(glued.group(1).lower()),))):
        yield Code(run.first, run.end, f"{kind}/{glued.group(2)}")
    if text[0].isdecimal():
        serial = parts[0].lstrip("0")
        kinds = (_KINDS.get((fold(part.lower()),)) for part in parts[1:])
        kind = next((kind for kind in kinds if kind), None)
        if kind is not None and serial:
            yield Code(run.first, run.end, f"{kind}/{serial}")


def _parts_of_code(run: SignRun, parts: Sequence[str]) -> Iterator[Code]:
    """Yield the parts of a code that mix letters and figures, and the beginnings of figures in three or more groups."""
    first = run.first
    for number_of_part, part in enumerate(parts):
        end = first + _size(part)
        if end - first > 1:
            yield Code(first, end, part.lower(), implied=True)
        beginning = ".".join(parts[: number_of_part + 1])
        if 0 < number_of_part < len(parts) - 1 and run.text.startswith(beginning) and numbers(beginning):
            yield Code(run.first, end, numbers(beginning)[0], implied=True, certain=True)
        first = end


def _canonical(text: str, parts: Sequence[str]) -> str:
    joined = "".join(parts).lower()
    if joined.isdecimal():
        return text.replace("/", ":")  # no day
    if "@" in text or is_vietnamese_shape(joined):
        return text.lower()
    has_figure = any(map(str.isdecimal, joined))
    return joined if has_figure or "/" not in text else text.lower()


def _is_joined(text: str, parts: Sequence[str]) -> bool:
    """Tell whether ``parts`` form one name: capitals, letters that form no syllable (``gd-đt``), or ``H'Mông``."""
    if "/" in text or "@" in text or not all(map(str.isalpha, parts)):
        return False
    capitals = all(part.isupper() or part == "Tp" for part in parts)
    letters = "'" not in text and all(
        len(part) <= _LONGEST_LETTERS and not is_vietnamese_shape(part.lower()) for part in parts
    )
    return capitals or letters or _is_name(text, parts)


def _is_name(text: str, parts: Sequence[str]) -> bool:
    """Tell whether apostrophes alone join ``parts`` to a name, ``O'Neal``; not ``Google's``."""
    if "".join(filter(_SEPARATOR.match, text)).strip("'") or len(parts[-1]) < _SHORTEST_AFTER_APOSTROPHE:
        return False
    return not is_vietnamese_shape("".join(parts).lower())


def _is_short(part: str) -> bool:
    """Tell whether a part is an abbreviation: two or more capitals only."""
    return len(part) > 1 and part.isalpha() and part.isupper()


def _plate(run: SignRun, around: Surroundings) -> Code | None:
    """Return the code of a number plate whose parts a space or a dash separates: ``51F 123.45``."""
    match = _PLATE.match(around.text, around.starts[run.first]) if len(run.text) > _SHORTEST_PLATE else None
    end = around.end_at(match.end()) if match else None
    if match is None or end is None:
        return None
    return Code(run.first, end, "".join(filter(str.isalnum, match.group())).lower())


# --- documents ---------------------------------------------------------------------------------------------


def _kind_before(run: SignRun, around: Surroundings) -> Code | None:
    """Return the document reference formed by the number ``run`` and a kind of document before it; None if none is."""
    at = run.first
    if not at or around.folded[at - 1] not in _BEFORE_NUMBERS or not around.beside(at):
        return None
    if has_unit(around, run.end) or around.after(run.end, MEASURED) or around.after(run.end, COUNTED):
        return None  # hợp đồng 1 năm
    serial = _SEPARATOR.split(run.text)[0].lstrip("0")
    if not serial.isdecimal() or len(serial) > 5 or (run.text.isdecimal() and int(serial) in _YEARS):
        return None
    at -= around.folded[at - 1] == "so"
    for length in range(min(_LONGEST_KIND, at), 0, -1):
        kind = _KINDS.get(tuple(around.folded[one] for one in range(at - length, at)))
        if kind is None or not all(map(around.beside, range(at - length + 1, at + 1))):
            continue
        if length > 1 or not _is_another_word(at - 1, around):
            return Code(at - length, run.end, f"{kind}/{serial}", loose=True)
    return None


def _is_another_word(at: int, around: Surroundings) -> bool:
    """Tell whether what may name a kind of document is a word like others: ``tối đa 50``, ``kỷ luật 14 cá nhân``."""
    written = around.written(at)
    if around.folded[at] == "luat":
        return around.before(at, _DISCIPLINE)
    return is_vietnamese_shape(around.exact[at]) and not written.isupper()
