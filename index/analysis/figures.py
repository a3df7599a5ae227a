"""Find numbers with their units, times and telephone numbers: one canonical text for every way to write them.

=====================  ===============================================================
canonical              written
=====================  ===============================================================
``1000000``, ``7,52``  ``1.000.000``, ``1,000,000``, ``1 000 000``; ``7.52``
``50km``, ``45000đ``   ``50 km``, ``50 ki-lô-mét``; ``45.000 đồng``, ``45.000 VND``
``7,52%``, ``37°c``    ``7.52 %``, ``7,52 phần trăm``; ``37 độ C``, ``37 ℃``
``18h30``, ``7h``      ``18:30``, ``18 giờ 30 phút``; ``7 giờ``
``0912345678``         ``0912.345.678``, ``+84 912 345 678``
=====================  ===============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.analysis.runs import Code, SignRun, Surroundings

_GROUPED = re.compile(r"(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?|(\d{1,3}(?:,\d{3})+)(?:\.(\d+))?")
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?![\d.,-]*\d)")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_RANGE = re.compile(rf"({_NUMBER.pattern}) ?- ?({_NUMBER.pattern})(?![-/]|[.,]?\d)")
_TIMES = (
    re.compile(r"(\d{1,2}):([0-5]\d)(?![\d:])"),
    re.compile(r"(\d{1,2})(?: ?h ?|g)([0-5]\d)(?!\d|[.,]\d)(?: ?(?:phút|phut|p)(?![^\W_])|(?![^\W_]))"),
    re.compile(r"(\d{1,2}) ?(?:giờ|gio) (\d{1,2}) (?:phút|phut)(?![^\W_])"),
    re.compile(r"(\d{1,2}) ?(?:giờ|gio) ([0-5]\d)(?![^\W_]|[.,]\d)"),
    re.compile(r"(\d{1,2}) ?(?:h|giờ|gio)()(?![^\W_])"),
)
_HOURS = range(25)
_UNITS = {
    "đ": "đ đồng vnd vnđ dong",
    "usd": "usd đô-la do-la đô-la-mỹ $",
    "km": "km kilomet kilômét ki-lô-mét cây-số",
    "km/h": "km/h kmh km/giờ",
    "km2": "km2 ki-lô-mét-vuông kilomet-vuông",
    "m": "m mét met",
    "m2": "m2 mét-vuông met-vuong",
    "m3": "m3 mét-khối met-khoi",
    "cm": "cm xăng-ti-mét xentimet centimet",
    "mm": "mm mi-li-mét milimet",
    "ha": "ha hecta héc-ta hec-ta",
    "kg": "kg kilogam ki-lô-gam kilôgam",
    "g": "g gam gram gr",
    "mg": "mg miligam mi-li-gam miligram",
    "l": "l lít lit",
    "ml": "ml mililít mi-li-lít mililit",
    "%": "% phần-trăm phan-tram",
    "°c": "°c độ-c do-c oc",
    "sao": "sao *",
    "triệu": "triệu tr trieu",
    "nghìn": "nghìn ngàn nghin ngan",
}
_CANONICAL_UNIT = {name.replace("-", " "): unit for unit, names in _UNITS.items() for name in names.split()}


def _unit_pattern() -> re.Pattern[str]:
    names = sorted(_CANONICAL_UNIT, key=len, reverse=True)
    written = [re.escape(name).replace(r"\ ", "[ -]") for name in names if name[-1].isalnum()]
    signs = "".join(re.escape(name) for name in names if not name[-1].isalnum())
    return re.compile(rf" ?(?:({'|'.join(written)})(?![^\W_])| ?([{signs}]))", re.IGNORECASE)


_UNIT = _unit_pattern()
_APART = r"(?:\) ?|[ .-])"
_PHONE = re.compile(rf"\d{{3,}}(?:{_APART}\d{{2,8}}){{0,5}}|\d{{2}}(?:{_APART}\d{{3,8}}){{1,4}}")
_PHONE_ABROAD = re.compile(rf"\d+(?:{_APART}\d{{2,8}}){{0,5}}")
_COUNTRY = "84"
_OWN_NUMBER = re.compile(r"0[2-9]\d{8,9}|1[89]00\d{4,6}")
_PHONE_HEADS = ("0", _COUNTRY, "1800", "1900")
_FOREIGN_LENGTHS = range(8, 16)


def number(text: str) -> str | None:
    """Return the canonical text of a grouped or decimal number, None for any other text."""
    if match := _GROUPED.fullmatch(text):
        whole, fraction = match.group(1) or match.group(3), match.group(2) or match.group(4)
        digits = re.sub(r"[.,]", "", whole)
        return f"{digits},{fraction}" if fraction else digits
    if match := _DECIMAL.fullmatch(text):
        return f"{match.group(1)},{match.group(2)}"
    return None


def figure_codes(run: SignRun, around: Surroundings) -> Iterator[Code]:
    """Yield the codes of the number that ``run`` begins with: itself, with its unit, a time, a telephone number."""
    at = around.starts[run.first]
    if phone := _phone(run, around, at):
        yield phone
        return
    if time := _time(run, around, at):
        yield time
        if ":" not in run.text:
            return
    spaced = _SPACED.match(around.text, at) if run.text.isdecimal() and not _continues(around, at) else None
    match = spaced or _NUMBER.match(around.text, at)
    if match is None:
        return
    end = around.end_at(match.end())
    if end is None:
        return
    written = match.group().replace(" ", ".") if spaced else match.group()
    canonical = number(written) or written
    unit = _UNIT.match(around.text, match.end())
    unit_end = _unit_end(unit, around, end) if unit else None
    plain = canonical.isdecimal() and not spaced and end - run.first == 1
    loose = spaced is not None and end - run.first == 2
    if not plain and number(written):
        yield Code(run.first, end, canonical, implied=unit_end is not None, loose=loose, certain=True)
    if unit and unit_end is not None:
        name = _CANONICAL_UNIT[(unit.group(1) or unit.group(2)).lower().replace("-", " ")]
        yield Code(run.first, unit_end, f"{canonical}{name}", loose=loose, certain=True)


def range_codes(run: SignRun, around: Surroundings) -> Iterator[Code]:
    """Yield the codes of a range or score in figures, ``3-4`` or ``2 - 1``, and of its last number with its unit."""
    match = _RANGE.match(around.text, around.starts[run.first])
    end = around.end_at(match.end()) if match else None
    if match is None or end is None:
        return
    one, other = (number(figures) or figures.lstrip("0") or "0" for figures in match.groups())
    yield Code(run.first, end, f"{one}-{other}", certain=True)
    unit = _UNIT.match(around.text, match.end())
    unit_end = _unit_end(unit, around, end) if unit else None
    if unit and unit_end is not None:
        name = _CANONICAL_UNIT[(unit.group(1) or unit.group(2)).lower().replace("-", " ")]
        first = around.end_at(match.end(1)) or run.first
        yield Code(first, unit_end, f"{other}{name}", implied=True, certain=True)


def has_unit(around: Surroundings, end: int) -> bool:
    """Tell whether a unit follows the figures that end before syllable ``end``."""
    return _UNIT.match(around.text, around.ends[end - 1]) is not None


def _unit_end(unit: re.Match[str], around: Surroundings, end: int) -> int | None:
    return around.end_at(unit.end()) if unit.group(1) else end


def _continues(around: Surroundings, at: int) -> bool:
    """Tell whether figures precede the offset ``at``, so that a group of figures there continues a number."""
    before = around.text[max(0, at - 2) : at]
    return any(map(str.isdecimal, before))


def _time(run: SignRun, around: Surroundings, at: int) -> Code | None:
    match = next(filter(None, (form.match(around.text, at) for form in _TIMES)), None)
    if match is None or int(match.group(1)) not in _HOURS:
        return None
    end = around.end_at(match.end())
    if end is None:
        return None
    minutes = int(match.group(2) or 0)
    return Code(
        run.first, end, f"{int(match.group(1))}h{minutes:02}" if minutes else f"{int(match.group(1))}h", certain=True
    )


def _phone(run: SignRun, around: Surroundings, at: int) -> Code | None:
    """Return the code of a telephone number: its figures, with 0 for the country's own prefix."""
    abroad = around.text[max(0, at - 1) : at] == "+"
    if not (abroad or run.text.startswith(_PHONE_HEADS)) or _continues(around, at):
        return None
    match = (_PHONE_ABROAD if abroad else _PHONE).match(around.text, at)
    if match is None:
        return None
    for place in range(at + 1, match.end() + 1):
        if place < match.end() and around.text[place].isdecimal():
            continue
        figures = "".join(filter(str.isdecimal, around.text[at:place]))
        own, end = _own_number(figures, abroad=abroad), around.end_at(place)
        if own is not None and end is not None:
            written_so = end - run.first == 1 and own == figures
            return None if written_so else Code(run.first, end, own, certain=True)
    return None


def _own_number(figures: str, *, abroad: bool) -> str | None:
    """Return a telephone number as it is dialled in Vietnam, None if the figures are none."""
    national = figures.removeprefix("00")
    if national.startswith(_COUNTRY) and (abroad or national != figures or len(figures) > len(_COUNTRY) + 8):
        national = "0" + national[len(_COUNTRY) :].lstrip("0")
        return national if _OWN_NUMBER.fullmatch(national) else None
    if abroad:
        return figures if len(figures) in _FOREIGN_LENGTHS else None
    return figures if _OWN_NUMBER.fullmatch(figures) else None
