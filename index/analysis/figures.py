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

from index.analysis.normalization import fold
from index.analysis.runs import Code, SignRun, Surroundings

_GROUPED = re.compile(r"(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?|(\d{1,3}(?:,\d{3})+)(?:\.(\d+))?")
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?![\d.,-]*\d)")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_RANGE = re.compile(rf"({_NUMBER.pattern}) ?- ?({_NUMBER.pattern})(?![-/]|[.,]?\d)")
_TIMES = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(\d{1,2}):([0-5]\d)(?![\d:])",
        r"(\d{1,2})(?: ?h ?|g)([0-5]\d)(?!\d|[.,]\d)(?: ?(?:phút|phut|ph|p)(?![^\W_])|(?![^\W_]))",
        r"(\d{1,2})h(\d)(?![^\W_])",
        r"(\d{1,2}) ?(?:giờ|gio) ?(\d{1,2}) ?(?:phút|phut)(?![^\W_])",
        r"(\d{1,2}) ?(?:giờ|gio) ?([0-5]\d)(?![^\W_]|[.,]\d)",
        r"(\d{1,2}) ?(?:h|giờ|gio)()(?![^\W_])",
        r"(?<=lúc )(\d{1,2}) ?g()(?![^\W_])",
        r"(\d{1,2}) ?g()(?= (?:sáng|trưa|chiều|tối|đêm|khuya|ngày|hôm|cùng ngày)(?![^\W_]))",
    )
)
_BEGINS_LIKE_TIME = re.compile(r"\d{1,2}(?::| ?[hHgG])")
_HOURS = range(25)
_GLUED = frozenset("'°")
_HOUR = re.compile(r" ?h(?![^\W_])")
_UNITS = {
    "đ": "đ đồng vnd vnđ dong",
    "usd": "usd đô-la đôla do-la đô-la-mỹ $",
    "km": "km kilomet kilômét ki-lô-mét cây-số",
    "km/h": "km/h kmh km/giờ cây-số/giờ",
    "km2": "km2 km-vuông ki-lô-mét-vuông kilomet-vuông",
    "m": "m mét met",
    "m2": "m2 mét-vuông met-vuong",
    "m3": "m3 mét-khối met-khoi",
    "cm": "cm xăng-ti-mét xentimet centimet",
    "mm": "mm mi-li-mét milimet",
    "ha": "ha hecta hécta héc-ta hec-ta",
    "kg": "kg kilogam ki-lô-gam kilôgam ký kí ký-lô kí-lô",
    "g": "g gam gram gr",
    "mg": "mg miligam mi-li-gam miligram",
    "l": "l lít lit",
    "ml": "ml mililít mi-li-lít mililit",
    "%": "% phần-trăm phan-tram",
    "°c": "°c độ-c do-c oc",
    "độ": "độ °",
    "sao": "sao *",
    "triệu": "triệu tr trieu",
    "tỉ": "tỉ tỷ ty",
    "nghìn": "nghìn ngàn nghin ngan",
    "tấn": "tấn",
    "euro": "euro eur €",
    "m/s": "m/s mét/giây",
    "m3/s": "m3/s",
    "mw": "mw megawatt mê-ga-oát",
    "kwh": "kwh",
}
_CANONICAL_UNIT = {name.replace("-", " "): unit for unit, names in _UNITS.items() for name in names.split()}
UNIT_SIGNS = frozenset(name for name in _CANONICAL_UNIT if not name[-1].isalnum())
"""The units that are signs."""
UNIT_WORDS = frozenset(fold(re.split("[ /0-9]", name.lstrip("°"))[0]) for name in _CANONICAL_UNIT)
"""The first syllables of units, without accents."""
_SAID_OF_OTHERS = r"(?<=đồng) (?:chí|minh|hồ|phạm|lõa|ý|nghiệp|đội|bào|loạt|thời|hành|tác|sáng)(?![^\W_])"
"""After ``đồng``, what makes it another word: ``7 đồng chí``."""
_DEGREES = {"°c": "độ"}
_NO_CAPITALS = frozenset("GLMH")


def _unit_pattern() -> re.Pattern[str]:
    names = sorted(_CANONICAL_UNIT, key=len, reverse=True)
    written = [re.escape(name).replace(r"\ ", "[ -]") for name in names if name[-1].isalnum()]
    signs = "".join(map(re.escape, sorted(UNIT_SIGNS)))
    return re.compile(rf" ?(?:({'|'.join(written)})(?![^\W_])(?!{_SAID_OF_OTHERS})| ?([{signs}]))", re.IGNORECASE)


_UNIT = _unit_pattern()
_APART = r"(?:\) ?|[ .-])"
_PHONE = re.compile(rf"\d{{3,}}(?:{_APART}\d{{2,8}}){{0,5}}|\d{{2}}(?:{_APART}\d{{3,8}}){{1,4}}")
_PHONE_ABROAD = re.compile(rf"\d+(?:{_APART}\d{{2,9}}){{0,5}}")
_COUNTRY = "84"
_OWN_NUMBER = re.compile(r"0[2-9]\d{8,9}|1[89]00\d{4,6}")
_PHONE_HEADS = ("0", _COUNTRY, "1800", "1900")
_FEW_GROUPS = 2
_ISO_DAY = re.compile(r"\d{4}[-./]\d{2}[-./]\d{2}")
_FOREIGN_LENGTHS = range(8, 16)


def numbers(text: str) -> tuple[str, ...]:
    """Return the canonical texts of a grouped or decimal number, none for any other text.

    ``2,577`` may be two thousand or two and a half: it is both.
    """
    if match := _GROUPED.fullmatch(text):
        whole, fraction = match.group(1) or match.group(3), match.group(2) or match.group(4)
        digits = re.sub(r"[.,]", "", whole)
        if fraction:
            return (f"{digits},{fraction}",)
        if "." in whole or whole.count(",") > 1:
            return (digits,)
        decimal = whole if whole.endswith("000") else whole.rstrip("0")
        return (decimal,) if whole.startswith("0") else (digits, decimal)
    if match := _DECIMAL.fullmatch(text):
        whole, fraction = match.groups()
        return (f"{whole},{fraction.rstrip('0') or fraction}",)
    return ()


def telephone(run: SignRun, around: Surroundings) -> list[Code]:
    """Return the code of the telephone number that ``run`` begins with: as it is dialled in Vietnam; none if none."""
    found = _phone(run, around, around.starts[run.first])
    return [found] if found else []


def time(run: SignRun, around: Surroundings) -> list[Code]:
    """Return the code of the time that ``run`` begins with; none if there is none."""
    found = _time(run.first, around, around.starts[run.first])
    return [found] if found else []


def figure_codes(run: SignRun, around: Surroundings) -> Iterator[Code]:
    """Yield the codes of the number that ``run`` begins with: itself, and with its unit."""
    at = around.starts[run.first]
    spaced = _SPACED.match(around.text, at) if run.text.isdecimal() and not _continues(around, at) else None
    match = spaced or _NUMBER.match(around.text, at)
    end = around.end_at(match.end()) if match else None
    if match is None or end is None:
        return
    written = match.group().replace(" ", ".") if spaced else match.group()
    unit = _unit_after(match.end(), end, around)
    if unit is None and around.text[max(0, at - 1) : at] == "$":
        unit = ("usd", end)
    loose = spaced is not None and end - run.first == _FEW_GROUPS and not written.endswith("000")
    for canonical in numbers(written):
        yield Code(run.first, end, canonical, implied=unit is not None, loose=loose, certain=True)
    if unit is not None:
        for canonical in numbers(written) or (written,):
            yield from _with_unit(Code(run.first, unit[1], canonical, loose=loose, certain=True), unit[0])


def range_codes(run: SignRun, around: Surroundings) -> Iterator[Code]:
    """Yield the codes of a range or score in figures, ``3-4`` or ``2 - 1``, and of its last number with its unit."""
    match = _RANGE.match(around.text, around.starts[run.first])
    end = around.end_at(match.end()) if match else None
    second = around.end_at(match.end(1)) if match else None
    if match is None or end is None or second is None:
        return
    one, other = (numbers(figures) or (figures.lstrip("0") or "0",) for figures in match.groups())
    spaced = " " in match.group()
    yield Code(run.first, end, f"{one[0]}-{other[0]}", loose=spaced, certain=True)
    for first, last, texts in ((run.first, second, one), (second, end, other)):
        if last - first > 1:
            yield from (Code(first, last, text, implied=True, certain=True) for text in texts)
    unit = _unit_after(match.end(), end, around)
    if unit is not None:
        for text in other:
            yield from _with_unit(Code(second, unit[1], text, implied=True, certain=True), unit[0])
    elif hour := _time(second, around, around.starts[second]):
        yield hour._replace(implied=True)


def _with_unit(number: Code, unit: str) -> Iterator[Code]:
    yield number._replace(text=f"{number.text}{unit}")
    if unit in _DEGREES:
        yield number._replace(text=f"{number.text}{_DEGREES[unit]}", implied=True)


def _unit_after(offset: int, end: int, around: Surroundings) -> tuple[str, int] | None:
    """Return (the canonical unit, its end) after figures that end at ``offset``, before syllable ``end``."""
    match = _UNIT.match(around.text, offset)
    if match is None:
        return None
    name = match.group(1) or match.group(2)
    stop = around.end_at(match.end()) if match.group(1) else end
    unit = _CANONICAL_UNIT.get(name.lower().replace("-", " "))  # Turkish i meets ours but for lower()
    return None if unit is None or name in _NO_CAPITALS or stop is None else (unit, stop)


def has_unit(around: Surroundings, end: int) -> bool:
    """Tell whether a unit, a letter or a sign of degrees follows the figures that end before syllable ``end``."""
    offset = around.ends[end - 1]
    beside = around.text[offset : offset + 1]
    if beside.isalnum() or beside in _GLUED:
        return bool(beside)
    return _unit_after(offset, end, around) is not None or _HOUR.match(around.text, offset) is not None


def _continues(around: Surroundings, at: int) -> bool:
    """Tell whether figures precede the offset ``at``, so that a group of figures there continues a number."""
    before = around.text[max(0, at - 2) : at]
    return any(map(str.isdecimal, before))


def _time(first: int, around: Surroundings, at: int) -> Code | None:
    if _BEGINS_LIKE_TIME.match(around.text, at) is None:
        return None
    match = next(filter(None, (form.match(around.text, at) for form in _TIMES)), None)
    if match is None or int(match.group(1)) not in _HOURS:
        return None
    end = around.end_at(match.end())
    if end is None:
        return None
    hours, minutes = int(match.group(1)), int(match.group(2) or 0)
    return Code(first, end, f"{hours}h{minutes:02}" if minutes else f"{hours}h", certain=True)


def _phone(run: SignRun, around: Surroundings, at: int) -> Code | None:
    before = around.text[max(0, at - 1) : at]
    abroad = before == "+" or (before == "(" and run.text.startswith(_COUNTRY))
    headed = run.text.startswith(_PHONE_HEADS) and not _ISO_DAY.fullmatch(run.text)
    if not (abroad or headed) or _continues(around, at):
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
