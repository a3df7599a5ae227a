"""Find codes: text with figures, signs or capitals that readers search as a whole.

A code is indexed in parts, as ordinary syllables, and as a whole, under one canonical term for all its spellings:

===========================================  ==============================================================
canonical                                    written
===========================================  ==============================================================
``14/1``, ``14/1/2026``, ``1/2026``          ``14-1``, ``14/01``, ``ngày 14 tháng 1``, ``tháng 1 năm 2026``
``7,52``, ``1000000``                        ``7,52%``, ``7.52``, ``1.000.000``
``59-nq/tw``, also ``nq/59``                 ``59-NQ/TW``, ``Nghị quyết số 59``, ``NQ 59``
``tphcm``, ``gdđt``, ``covid19``             ``TP.HCM``, ``Tp. HCM``, ``GD-ĐT``, ``Covid-19``
``an@example.vn``, ``example.vn``            ``an@example.vn``, ``https://www.example.vn/trang-1.html``
===========================================  ==============================================================

The kinds of documents and their abbreviations come from decree 30/2020/NĐ-CP on clerical work (appendix III), from
laws, and from the Party.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.analysis.normalization import fold
from index.analysis.syllables import is_vietnamese_shape

_LONGEST = 48
_MOST_REMEMBERED = 4096
_LONGEST_LETTERS = 4
_SCHEMES = frozenset({"http", "https"})
_DATES = (
    re.compile(r"(?P<day>\d{1,2})([-/.])(?P<month>\d{1,2})\2(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})[-/](?P<month>\d{1,2})"),
    re.compile(r"(?P<month>\d{1,2})[-/](?P<year>\d{4})"),
)
_DAY_WITH_POINT = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})")
_DAYS = (
    re.compile(r"(\d{1,2})()-(\d{1,2})[-/](\d{1,2})(?:[-/](\d{4}))?"),
    re.compile(r"(\d{1,2})/(\d{1,2})-(\d{1,2})/(\d{1,2})(?:/(\d{4}))?"),
)
_GROUPED = re.compile(r"(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?|(\d{1,3}(?:,\d{3})+)(?:\.(\d+))?")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_NAMED_NUMBER = re.compile(r"([^\W\d_]+)[-.](\d+)")
CODE_SIGNS = "-./,:&@+'"
"""The signs that may join the parts of a code; the hyphen comes first, as in a character class."""
_SEPARATOR = re.compile(f"[{CODE_SIGNS}]")
_HOST = re.compile(r"(?:www\.)?((?:[A-Za-z0-9-]+\.)+[a-z]{2,24})(?=[/:]|$)")
_CITY = re.compile(r"[tT][pP](?:\. ?| )((?i:[bcdđghklmnpqrstvx]{2,4}))\b")
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
_BEFORE_NUMBERS = frozenset({"thang", "so", *(kind[-1] for kind in _KINDS)})


@dataclass(frozen=True, slots=True)
class Code:
    """A whole code, over the syllables from ``first`` to ``end`` (exclusive).

    An ``implied`` code is indexed, but a query that contains it does not require it: the day in a full date. A
    ``loose`` code is so often a false one that an article with its syllables anywhere matches too.
    """

    first: int
    end: int
    text: str
    implied: bool = False
    loose: bool = False


@dataclass(frozen=True, slots=True)
class SignRun:
    """A number, or letters and figures joined by signs, over the syllables from ``first`` to ``end`` (exclusive)."""

    first: int
    end: int
    text: str


def find_codes(runs: Sequence[SignRun], syllables: Sequence[str], beside: Callable[[int], bool]) -> list[Code]:
    """Return the codes among ``runs`` and the syllables around them.

    ``syllables`` have no accents; ``beside(at)`` tells whether only space separates a syllable from the one before.
    """
    numbers = {run.first: run for run in runs if run.text[0].isdecimal()}
    codes: list[Code] = []
    reached = 0
    for run in runs:
        if run.first < reached or (run.text.isdecimal() and _is_bare(run, syllables)):
            continue
        found = _date(run, numbers, syllables, beside) if run.first in numbers else []
        if not found:
            after_scheme = run.first > 0 and syllables[run.first - 1] in _SCHEMES
            whole = _whole if len(run.text) <= _LONGEST else _whole.__wrapped__
            found = [
                replace(code, first=run.first + code.first, end=run.first + code.end)
                for code in whole(run.text, run.end - run.first, after_scheme=after_scheme)
            ]
            kind = _kind_before(run, syllables, beside) if run.first in numbers else None
            if kind is not None:
                found = [code for code in found if code.text != kind.text] + [kind]
        codes += found
        reached = max((code.end for code in found), default=reached)
    return codes


def city_codes(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, canonical text) of the cities in ``text`` whose abbreviation has a space: ``TP. HCM``."""
    for match in _CITY.finditer(text):
        yield match.start(), match.end(), f"tp{match.group(1).lower()}"


def _is_bare(number: SignRun, syllables: Sequence[str]) -> bool:
    """Tell whether no neighbour makes a plain number part of a code."""
    before = number.first and syllables[number.first - 1] in _BEFORE_NUMBERS
    return not before and syllables[number.end : number.end + 1] != ["thang"]


@lru_cache(maxsize=_MOST_REMEMBERED)
def _whole(written: str, size: int, *, after_scheme: bool) -> Sequence[Code]:
    """Return the codes that a run of ``size`` syllables is as a whole, its first syllable numbered 0.

    A single syllable and words that are merely joined yield none.
    """
    return tuple(_as_a_whole(SignRun(0, size, written), after_scheme=after_scheme))


def _as_a_whole(run: SignRun, *, after_scheme: bool) -> Iterator[Code]:
    text = run.text.removesuffix("%")
    parts = _SEPARATOR.split(text)
    if len(parts) < 2:
        return
    host = _HOST.match(text) if text.isascii() and "@" not in text else None
    if host is not None:
        labels = len(_SEPARATOR.split(host.group()))
        yield Code(run.first - after_scheme, run.first + labels, host.group(1).lower())
        if host.end() == len(text):
            return
    has_figure = any(map(str.isdecimal, text))
    short = [_is_short(part) for part in parts]
    if len(text) > _LONGEST or not (has_figure or "@" in text or any(short) or _is_joined(text, parts)):
        return
    if "@" in text and _HOST.fullmatch(domain := text.rpartition("@")[2]):
        yield Code(run.end - len(_SEPARATOR.split(domain)), run.end, domain.lower())
    mixed = not has_figure and "@" not in text and any(short) and not all(short)  # TP.HCM-Cần Thơ
    yield Code(run.first, run.end, _canonical(text, parts), implied=host is not None, loose=mixed)
    if has_figure and text[0].isdecimal():
        number = parts[0].lstrip("0")
        kinds = (_KINDS.get((fold(part.lower()),)) for part in parts[1:])
        kind = next((kind for kind in kinds if kind), None)
        if kind is not None and number:
            yield Code(run.first, run.end, f"{kind}/{number}")


def _canonical(text: str, parts: Sequence[str]) -> str:
    if match := _GROUPED.fullmatch(text):
        whole, fraction = match.group(1) or match.group(3), match.group(2) or match.group(4)
        digits = re.sub(r"[.,]", "", whole)
        return f"{digits},{fraction}" if fraction else digits
    if match := _DECIMAL.fullmatch(text):
        return f"{match.group(1)},{match.group(2)}"
    if match := _NAMED_NUMBER.fullmatch(text):
        return "".join(match.groups()).lower()
    joined = "".join(parts).lower()
    return joined if _is_joined(text, parts) and not is_vietnamese_shape(joined) else text.lower()


def _is_joined(text: str, parts: Sequence[str]) -> bool:
    """Tell whether ``parts`` form one abbreviation: capitals, or letters that form no syllable (``gd-đt``)."""
    if "/" in text or "@" in text or not all(map(str.isalpha, parts)):
        return False
    capitals = all(part.isupper() or part == "Tp" for part in parts)
    return capitals or all(len(part) <= _LONGEST_LETTERS and not is_vietnamese_shape(part.lower()) for part in parts)


def _is_short(part: str) -> bool:
    """Tell whether a part is an abbreviation: two or more capitals only."""
    return len(part) > 1 and part.isalpha() and part.isupper()


# --- dates -------------------------------------------------------------------------------------------------


def _date(
    run: SignRun, numbers: Mapping[int, SignRun], syllables: Sequence[str], beside: Callable[[int], bool]
) -> list[Code]:
    """Return the codes of the date that starts with ``run``, in figures or in words; none if there is no date."""

    def number_after(word: str, at: int) -> SignRun | None:
        if at + 1 < len(syllables) and syllables[at] == word and beside(at) and beside(at + 1):
            return numbers.get(at + 1)
        return None

    day = month = year = ""
    end = run.end
    spoken = number_after("thang", run.end) if run.text.isdecimal() else None
    in_figures = None
    if run.end - run.first > 1 and len(run.text) <= _LONGEST:
        after_day = run.first > 0 and beside(run.first) and syllables[run.first - 1] == "ngay"
        in_figures = _in_figures(run.text, after_day=bool(after_day))
        if in_figures is None and (days := _days(run)):
            return days
    after_month = run.first and beside(run.first) and syllables[run.first - 1] == "thang"
    if spoken is not None:
        day, end = run.text, spoken.end
        match = _DATES[-1].fullmatch(spoken.text)
        month, year = match.group("month", "year") if match else (spoken.text, "")
    elif in_figures is not None:
        day, month, year = in_figures
    elif after_month:
        month = run.text
    if month and not year and (following := number_after("nam", end)) is not None and len(following.text) == 4:
        year, end = following.text, following.end
    first = run.first
    if first and beside(first) and syllables[first - 1] == ("ngay" if day else "thang"):
        first -= 1
    return _date_codes(first, end, day, month, year)


def _days(run: SignRun) -> list[Code]:
    """Return the codes of the first and the last day of a range in figures: ``14-16/1``, ``30/4-1/5``."""
    parts = _days_in_figures(run.text)
    if parts is None:
        return []
    first_day, first_month, last_day, last_month, year = parts
    first = _date_codes(run.first, run.end, first_day, first_month or last_month, year)
    last = _date_codes(run.first, run.end, last_day, last_month, year)
    return [*first, *last] if first and last else []


@lru_cache(maxsize=_MOST_REMEMBERED)
def _in_figures(text: str, *, after_day: bool) -> tuple[str, str, str] | None:
    """Return (day, month, year) of a date in figures, missing parts empty; None if it is no date."""
    forms = (*_DATES, _DAY_WITH_POINT) if after_day else _DATES
    match = next(filter(None, (form.fullmatch(text) for form in forms)), None)
    known = match.groupdict() if match else {}
    return (known.get("day", ""), known["month"], known.get("year", "")) if known else None


@lru_cache(maxsize=_MOST_REMEMBERED)
def _days_in_figures(text: str) -> Sequence[str] | None:
    match = next(filter(None, (form.fullmatch(text) for form in _DAYS)), None)
    return match.groups("") if match else None


def _date_codes(first: int, end: int, day: str, month: str, year: str) -> list[Code]:
    if not month.isdecimal() or not 1 <= int(month) <= 12 or not (year or day):
        return []
    if year and (not year.isdecimal() or int(year) not in _YEARS):
        return []
    if not day:
        return [Code(first, end, f"{int(month)}/{year}")]
    if not 1 <= int(day) <= 31:
        return []
    short = f"{int(day)}/{int(month)}"
    if not year:
        return [Code(first, end, short)]
    return [Code(first, end, f"{short}/{year}"), Code(first, end, short, implied=True)]


# --- documents ---------------------------------------------------------------------------------------------


def _kind_before(run: SignRun, syllables: Sequence[str], beside: Callable[[int], bool]) -> Code | None:
    """Return the document reference formed by the number ``run`` and a kind of document before it; None if none is."""
    number = _SEPARATOR.split(run.text)[0].lstrip("0")
    if not number.isdecimal() or len(number) > 5 or (run.text.isdecimal() and int(number) in _YEARS):
        return None
    at = run.first
    if at and beside(at) and syllables[at - 1] == "so":
        at -= 1
    for length in range(min(_LONGEST_KIND, at), 0, -1):
        kind = _KINDS.get(tuple(syllables[at - length : at]))
        if kind is not None and all(map(beside, range(at - length + 1, at + 1))):
            return Code(at - length, run.end, f"{kind}/{number}", loose=True)
    return None
