"""Find days, months and quarters: one canonical text for every way to write them.

============================================  =============================================================
canonical                                     written
============================================  =============================================================
``14/1``, ``14/1/2026``, ``1/2026``           ``14-1``, ``14/01``, ``ngày 14 tháng 1``, ``tháng 1 năm 2026``
``19/8``, ``4/2025``                          ``19 tháng Tám``, ``tháng Tư năm 2025``
``14/1`` and ``16/1``                         ``14-16/1``, ``ngày 14-16 tháng 1``
``quý1``, ``quý1/2025``                       ``quý I``, ``quý 1/2025``, ``quý I năm 2025``
============================================  =============================================================

``3-4`` may be a day, a range or a score, ``3/4`` a day or a share. It is a day where the words before it say so, or
where no word beside it speaks against that: a unit, something counted, a rank, a score. If nothing is said, it is both.
"""

from __future__ import annotations

import re
from functools import lru_cache

from index.analysis.figures import has_unit, range_codes
from index.analysis.normalization import fold
from index.analysis.runs import Code, SignRun, Surroundings, WordSet

_LONGEST = 48
_MOST_REMEMBERED = 4096
_DATES = (
    re.compile(r"(?P<day>\d{1,2})([-/.])(?P<month>\d{1,2})\2(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})"),
    re.compile(r"(?P<month>\d{1,2})[-/](?P<year>\d{4})"),
)
_MONTH_AND_YEAR = _DATES[-1]
_DAY = re.compile(r"(?P<day>\d{1,2})([-/.])(?P<month>\d{1,2})")
_DAYS = (
    re.compile(r"(?P<first>\d{1,2})(?P<of>)-(?P<last>\d{1,2})/(?P<month>\d{1,2})(?:[-/](?P<year>\d{4}))?"),
    re.compile(r"(?P<first>\d{1,2})(?P<of>)-(?P<last>\d{1,2})-(?P<month>\d{1,2})-(?P<year>\d{4})"),
    re.compile(r"(?P<first>\d{1,2})/(?P<of>\d{1,2})-(?P<last>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>\d{4}))?"),
)
_TWO_MONTHS = re.compile(r"(\d{1,2})-(\d{1,2})/(\d{4})")
_TWO = re.compile(r"(\d{1,2})-(\d{1,2})")
_YEARS, _YEARS_OF_DAYS = range(1900, 2100), range(1000, 2100)
_CLOSE = 2
_ALWAYS_OPEN = "24/7"
_QUARTERS = re.compile(r"((?:0?[1-4]|IV|I{1,3})(?:-(?:0?[1-4]|IV|I{1,3}))?)(?:[-/](\d{4}))?", re.IGNORECASE | re.ASCII)
_SHORT_QUARTER = re.compile(r"[Qq]([1-4])[-/](\d{4})")
_ROMAN_QUARTERS = ("I", "II", "III", "IV")

MONTH_NAMES = {
    1: ("giêng", "một"), 2: ("hai",), 3: ("ba",), 4: ("tư", "bốn"), 5: ("năm",), 6: ("sáu",), 7: ("bảy", "bẩy"),
    8: ("tám",), 9: ("chín",), 10: ("mười",), 11: ("mười một",), 12: ("mười hai", "chạp"),
}  # fmt: skip
"""The months in words."""
MONTHS = {name: month for month, names in MONTH_NAMES.items() for name in names if " " not in name}
"""The months in one word."""
_JOINTS_OF_DAYS = WordSet("và đến tới hoặc hay hết ngày rạng sáng trưa chiều tối đêm")
_JOINTS_OF_MONTHS = WordSet("và đến tới hoặc hay hết tháng")
_FROM = WordSet("từ")
_JOINED = frozenset("-/.,:")
_LISTING = frozenset(("", ",", "-"))
_MOST_EARLIER = 4
_DAY_FIGURES = 2
_YEAR_FIGURES = 4
_MONTH_WORDS = [(WordSet(name), month) for name, month in MONTHS.items()]
_SAID_OF_COUNTS = WordSet("một hai ba năm")
_MONTH, _YEAR, _OF_DAY, _QUARTER_WORD = map(WordSet, ("tháng thang", "năm nam", "ngày ngay", "quý quy"))
_EARLY_DAY = WordSet("mùng mồng")
_SAYS_DAY = WordSet("ngày ngay hôm mùng mồng rằm")
_SAYS_TIME = WordSet("sáng trưa chiều tối đêm khuya nay qua mai dịp lễ nhật sớm tết")
_SAYS_POINT = WordSet("từ đến tới và trước sau hạn kỷ")
_ORDINAL, _WEEKDAYS = WordSet("thứ"), WordSet("hai ba tư năm sáu bảy")
_EACH = WordSet("mỗi một mấy vài hằng hàng từng")
MEASURED = WordSet(
    "năm tháng tuần ngày giờ tiếng phút giây lần lượt tuổi tấn tạ yến ký kí cân lạng lượng mét sào mẫu công"
    " dặm độ cấp bậc nghìn ngàn vạn triệu tỉ trăm chục đồng đô rưỡi điểm phần đôla bàn hiệp"
)
COUNTED = WordSet(
    "người trẻ cháu bé con cái chiếc căn cây tầng lầu phòng hộ xã huyện tỉnh nước quốc vụ ca bệnh trường trận"
    " set vòng cửa cổ phiếu suất cuộc bài bộ cuốn tập trang chữ câu món bữa bát chén cốc ly tép thìa muỗng"
    " viên gói hộp chai lon thùng bao lít mũi liều dân số tổng diện khối thế đội đoàn nhóm hãng loại kiểu dạng"
    " mẻ đợt lứa ngón tay chân mặt bên hướng"
)
_RANKED = WordSet(
    "khoảng gấp cấp lớp hạng thứ tỉ tỷ số tuổi động tháng quý mùa tập đoạn câu chương khối loại trí quả ngược"
    " cuộc trận điểm nhịp quần chung thắng thua hòa dẫn gần hơn dưới chiếm mỗi cứ dài rộng sâu cao dày nặng"
    " thêm tầm chừng độ phiếu uống dùng ăn còn mất cỡ bằng vòng điều khoản bậc mức đạt tốp tầng phòng lô ngõ"
    " ngách hẻm kiệt nhà quận phường tổ khu ấp mục bảng hình bài trang tải chỉ trên nhất nhì đội nhóm lệ sạn"
    " tuyến kênh mẫu"
)
_HOUR, _ZONES = WordSet("giờ"), WordSet("địa việt vn mỹ anh pháp nga quốc miền gmt")
_THIS_YEAR = WordSet("nay ngoái trước sau đó ấy này kia tới")
_FUNCTION = WordSet(
    "sắp đến tại đã vừa cho là để của với đưa về theo thì ở trên trong khi sẽ cũng sau khiến ra tới bị và"
    " nhằm được do vì nhưng mà như này đang có rồi hàng hằng mới cùng lúc vào từ nên tức nhân năm không hay"
    " thông diễn tuyên dẫn nói"
)


def day_codes(run: SignRun, numbers: dict[int, SignRun], around: Surroundings) -> list[Code]:
    """Return the codes of the day, the month or the range that starts with ``run``; none if there is none."""
    after_month = around.before(run.first, _MONTH)
    if not after_month and len(run.text) <= _LONGEST and not _may_be_day(run.text):
        return []
    if quarter := _quarter(run, around):
        return quarter
    if of_year := _before_year(run, around):
        return of_year
    day = month = year = ""
    end = run.end
    if run.text.isdecimal() and (spoken := _month_after(run.end, numbers, around)):
        day, (month, year, end) = run.text, spoken
    elif days := _days_of_month(run, numbers, around):
        return days
    elif in_figures := _in_figures(run.text):
        day, month, year = in_figures
        if day and after_month:  # tháng 9-10-2024
            return [code for one in (day, month) for code in _date_codes(run.first - 1, end, "", one, year)]
        if not day and not after_month and around.before(run.first, _RANKED):
            return []
    elif after_month and (months := _TWO_MONTHS.fullmatch(run.text)):  # tháng 5-6/2025
        *both, year = months.groups()
        return [code for one in both for code in _date_codes(run.first - 1, end, "", one, year)]
    elif days := _days(run):
        return days
    elif match := _DAY.fullmatch(run.text):
        year, end = _year_after(end, numbers, around)
        if not year:
            return _perhaps_a_day(run, match, around)
        day, month = match.group("day", "month")
    elif after_month:
        month, _, year = run.text.partition(".")
    if month and not year:
        year, end = _year_after(end, numbers, around)
    first = _first_of_day(run.first, around) if day else run.first - around.before(run.first, _MONTH)
    found = _date_codes(first, end, day, month, year)
    return [*found, *_earlier(first, end, (day, month, year), around)] if found else []


def month_codes(run: SignRun, numbers: dict[int, SignRun], around: Surroundings) -> list[Code]:
    """Return the codes of a month in words, ``run``: with the year that follows, else its number at its place."""
    if not around.before(run.first, _MONTH):
        return []
    found = _month_in_words(run.first, around)
    if found is None:
        return []
    month, end = found
    if around.after(end, _YEAR) and around.beside(end + 1):
        end += 1
    following = numbers.get(end) if around.beside(end) else None
    if following is not None and (whole := _date_codes(run.first - 1, following.end, "", str(month), following.text)):
        return whole
    return [Code(run.first, found[1], str(month))]


def _earlier(first: int, end: int, date: tuple[str, str, str], around: Surroundings) -> list[Code]:
    """Return the codes of the days, or months, that share the end of a date: ``ngày 17 và 18-11``, ``từ 3 đến 5/4``.

    The first of them follows ``ngày``, a time of day or ``từ``; a month follows ``tháng``.
    """
    day, month, year = date
    found: list[Code] = []
    at = first
    for _ in range(_MOST_EARLIER):
        joint = at
        while joint > 0 and around.before(joint, _JOINTS_OF_DAYS if day else _JOINTS_OF_MONTHS):
            joint -= 1
        number = around.written(joint - 1)
        between = around.text[around.ends[joint - 1] : around.starts[joint]] if joint else ""
        if not (number.isdecimal() and len(number) <= _DAY_FIGURES and between.strip() in _LISTING):
            return []
        if joint == at and not between.strip():
            return []
        at = joint - 1
        before = around.text[max(0, around.starts[at] - 3) : around.starts[at]]
        if before[-1:] in _JOINED:  # ngày 11-9 đến 11-11-2024
            other = before[:-1].lstrip()
            whole = day and year and other.isdecimal()
            return _date_codes(at - 1, end, other, number, year) if whole else []
        found += _date_codes(at, end, number if day else "", month if day else number, year)
        begun = (_SAYS_DAY, _SAYS_TIME, _FROM) if day else (_MONTH,)
        if any(around.before(at, words) for words in begun):
            return found
    return []


def _year_after(end: int, numbers: dict[int, SignRun], around: Surroundings) -> tuple[str, int]:
    """Return the year that ``năm`` at syllable ``end`` announces, and its end; nothing, and ``end``, if none is."""
    following = numbers.get(end + 1) if around.after(end, _YEAR) and around.beside(end + 1) else None
    if following is None or not following.text.isdecimal() or len(following.text) != _YEAR_FIGURES:
        return "", end
    return following.text, following.end


def _before_year(run: SignRun, around: Surroundings) -> list[Code]:
    """Return the code of the month or quarter in small words before the year ``run``: ``tháng bảy năm 2019``."""
    if len(run.text) != _YEAR_FIGURES or not run.text.isdecimal():
        return []
    end = run.first - around.before(run.first, _YEAR)
    for size in (1, 2):
        if around.before(end - size, _MONTH) and around.beside(end):
            month, stop = _month_in_words(end - size, around) or (0, 0)
            return _date_codes(end - size - 1, run.end, "", str(month), run.text) if stop == end else []
    if around.before(end - 1, _QUARTER_WORD) and around.beside(end):
        number = next((number for words, number in _MONTH_WORDS if around.says(end - 1, words)), 0)
        if 0 < number <= len(_ROMAN_QUARTERS):
            whole = Code(end - 2, run.end, f"quý{number}/{run.text}", certain=True)
            return [whole, Code(end - 2, end, f"quý{number}", implied=True, certain=True)]
    return []


def _first_of_day(first: int, around: Surroundings) -> int:
    """Return the first syllable of a day whose figures begin at syllable ``first``: that of ``ngày mùng 2``."""
    first -= around.before(first, _EARLY_DAY)
    return first - around.before(first, _OF_DAY)


def _perhaps_a_day(run: SignRun, match: re.Match[str], around: Surroundings) -> list[Code]:
    """Return the codes of ``3-4``, ``3/4`` or ``3.4``: a day, a range or a share, or both."""
    day, sign, month = match.groups()
    day_first = _first_of_day(run.first, around)
    found = _date_codes(day_first, run.end, day, month, "")
    earlier = _earlier(day_first, run.end, (day, month, ""), around) if found else []
    says_day = around.before(run.first, _SAYS_DAY) and not _counts_by_day(run, around)
    if says_day or earlier:
        return [*found, *earlier]
    if sign == ".":
        return []
    as_written = list(range_codes(run, around)) if sign == "-" else [_share(run, day, month)]
    if not found or run.text == _ALWAYS_OPEN or _speaks_against(run, int(day), int(month), sign, around):
        return as_written
    if any(around.before(run.first, words) for words in (_SAYS_TIME, _SAYS_POINT)) or _is_weekday(run.first, around):
        return found
    return [*found, *(code._replace(spare=True) for code in as_written)]


def _speaks_against(run: SignRun, day: int, month: int, sign: str, around: Surroundings) -> bool:
    """Tell whether a word beside ``day`` and ``month`` says that they are no day."""
    if _is_measured(run.end, around):
        return True
    if around.before(run.first, _SAYS_TIME) or _is_weekday(run.first, around):
        return False
    if around.after(run.end, COUNTED) or around.before(run.first, _RANKED):
        return True
    about = 0 < month - day <= (_CLOSE if sign == "-" else month)
    noun = around.beside(run.end) and around.written(run.end).islower() and not around.says(run.end, _FUNCTION)
    return about and noun


def _counts_by_day(run: SignRun, around: Surroundings) -> bool:
    """Tell whether ``ngày`` before figures says how often: ``mỗi ngày 3-4 lần``."""
    return _is_measured(run.end, around) or around.before(run.first - 1, _EACH)


def _is_measured(end: int, around: Surroundings) -> bool:
    """Tell whether a unit follows the figures that end before syllable ``end``."""
    return has_unit(around, end) or (around.after(end, MEASURED) and not _names_a_year_or_zone(end, around))


def _is_weekday(at: int, around: Surroundings) -> bool:
    """Tell whether a day of the week precedes syllable ``at``."""
    return around.before(at, _WEEKDAYS) and around.before(at - 1, _ORDINAL)


def _names_a_year_or_zone(at: int, around: Surroundings) -> bool:
    """Tell whether syllable ``at`` begins a year (``năm 2025``, ``năm nay``) or a time zone (``giờ Việt Nam``)."""
    if not around.beside(at + 1):
        return False
    if around.says(at, _HOUR):
        return around.says(at + 1, _ZONES)
    return around.says(at, _YEAR) and (around.says(at + 1, _THIS_YEAR) or around.written(at + 1)[:4].isdecimal())


def _share(run: SignRun, one: str, other: str) -> Code:
    return Code(run.first, run.end, f"{int(one)}:{int(other)}", certain=True)


def _month_after(at: int, numbers: dict[int, SignRun], around: Surroundings) -> tuple[str, str, int] | None:
    """Return (month, year or nothing, end) of a month that ``tháng`` at syllable ``at`` announces."""
    if not around.after(at, _MONTH) or not around.beside(at + 1):
        return None
    spoken = numbers.get(at + 1)
    if spoken is not None:
        match = _MONTH_AND_YEAR.fullmatch(spoken.text)
        month, year = match.group("month", "year") if match else (spoken.text, "")
        return month, year, spoken.end
    found = _month_in_words(at + 1, around)
    if found is None:
        return None
    month_number, end = found
    capital = around.written(at + 1)[:1].isupper()
    counted = around.after(end, COUNTED) or around.after(end, MEASURED) or around.says(at + 1, _SAID_OF_COUNTS)
    if counted and not capital and not around.before(at - 1, _SAYS_DAY):
        return None
    return str(month_number), "", end


def _month_in_words(at: int, around: Surroundings) -> tuple[int, int] | None:
    """Return (month, end) of a month in words at syllable ``at``, None if there is none."""
    month = next((number for words, number in _MONTH_WORDS if around.says(at, words)), None)
    if month == 10 and around.beside(at + 1):
        further = next((number for words, number in _MONTH_WORDS[1:3] if around.says(at + 1, words)), None)
        if further is not None:
            return month + further, at + 2
    return None if month is None else (month, at + 1)


def _days_of_month(run: SignRun, numbers: dict[int, SignRun], around: Surroundings) -> list[Code]:
    """Return the first and the last day of ``14-16 tháng 1``."""
    match = _TWO.fullmatch(run.text)
    spoken = _month_after(run.end, numbers, around) if match else None
    if match is None or spoken is None:
        return []
    month, year, end = spoken
    days = [_date_codes(run.first, end, day, month, year) for day in match.groups()]
    return [*days[0], *days[1]] if all(days) else []


def _days(run: SignRun) -> list[Code]:
    """Return the codes of the first and the last day of a range in figures: ``14-16/1``, ``30/4-1/5``."""
    parts = _days_in_figures(run.text)
    if parts is None:
        return []
    first_day, first_month, last_day, last_month, year = parts
    first = _date_codes(run.first, run.end, first_day, first_month or last_month, year or "")
    last = _date_codes(run.first, run.end, last_day, last_month, year or "")
    return [*first, *last] if first and last else []


@lru_cache(maxsize=_MOST_REMEMBERED)
def _in_figures(text: str) -> tuple[str, str, str] | None:
    """Return (day, month, year) of a date in figures with a year, the day may be empty; None if it is no date."""
    match = next(filter(None, (form.fullmatch(text) for form in _DATES)), None) if len(text) <= _LONGEST else None
    known = match.groupdict() if match else {}
    return (known.get("day", ""), known["month"], known["year"]) if known else None


@lru_cache(maxsize=_MOST_REMEMBERED)
def _days_in_figures(text: str) -> tuple[str, str, str, str, str | None] | None:
    match = next(filter(None, (form.fullmatch(text) for form in _DAYS)), None)
    if match is None:
        return None
    first, first_month, last, month, year = match.group("first", "of", "last", "month", "year")
    return first, first_month, last, month, year


@lru_cache(maxsize=_MOST_REMEMBERED)
def _may_be_day(text: str) -> bool:
    """Tell whether figures may be a day, a month, a quarter or a range of these without ``tháng`` before them."""
    known = text.isdecimal() or _in_figures(text) or _days_in_figures(text)
    return bool(known) or any(form.fullmatch(text) for form in (_DAY, _TWO, _QUARTERS, _SHORT_QUARTER))


def _quarter(run: SignRun, around: Surroundings) -> list[Code]:
    """Return the codes of the quarters that ``run`` numbers, with their year; none if nothing says ``quý``."""
    short = _SHORT_QUARTER.fullmatch(run.text)
    match = short or (_QUARTERS.fullmatch(run.text) if around.before(run.first, _QUARTER_WORD) else None)
    if match is None:
        return []
    first, end = run.first - (short is None), run.end
    quarters, year = match.groups()
    if year is None:
        at = end + 1 if around.after(end, _YEAR) else end
        written = around.written(at) if around.beside(at) else ""
        if written.isdecimal() and len(written) == _YEAR_FIGURES:
            year, end = written, at + 1
    found = []
    for quarter in quarters.upper().split("-"):
        number = quarter if quarter.isdecimal() else str(_ROMAN_QUARTERS.index(quarter) + 1)
        found.append(Code(first, run.end, f"quý{int(number)}", implied=year is not None, certain=True))
        if year:
            found.append(Code(first, end, f"quý{int(number)}/{year}", certain=True))
    return found


def _date_codes(first: int, end: int, day: str, month: str, year: str) -> list[Code]:
    if max(map(len, (day, month, year))) > _LONGEST:  # int() refuses thousands of figures
        return []
    if not month.isdecimal() or not 1 <= int(month) <= 12 or not (year or day):
        return []
    if year and (not year.isdecimal() or int(year) not in (_YEARS_OF_DAYS if day else _YEARS)):
        return []
    if not day:
        return [Code(first, end, f"{int(month)}/{year}", certain=True)]
    if not 1 <= int(day) <= 31:
        return []
    short = f"{int(day)}/{int(month)}"
    if not year:
        return [Code(first, end, short, certain=True)]
    whole = Code(first, end, f"{short}/{year}", certain=True)
    in_month = Code(first, end, f"{int(month)}/{year}", implied=True, certain=True, spare=True)
    return [whole, Code(first, end, short, implied=True, certain=True), in_month]


def month_names(month: int) -> list[str]:
    """Return the names of a month in words, without accents; none for other numbers."""
    return [fold(name) for name in MONTH_NAMES.get(month, ())]
