"""What surrounds an article in scraped text and is not its text: menus, players, repeated captions."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BULLET = re.compile(r"[•·▪▫◦‣⁃●○■□➢►*\-–—>»]\s+\S")
_FIGURE = re.compile(r"\d")
_CRUMBS = re.compile(r"\s*[|›»>•·]\s*")
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’)\]]*$")
_PLAYER = re.compile(
    r"(?:(?:xem|nghe|đọc|mời|theo dõi|tải)\s+)?"
    r"(?:(?:video|clip|audio|podcast|thêm|tiếp|ngay|tin|bài|liên quan|tại đây|nhiều nhất|cùng chuyên mục)\b[\s,/]*)+"
    r"(?:tại đây|dưới đây|bên dưới)?\s*[:：.…]*",
    re.IGNORECASE,
)
_BUTTON = re.compile(
    r"(?:(?:chia sẻ|bình luận|in bài|gửi email|lưu bài|trở về|quay lại|share|tweet|facebook|zalo|twitter|copy link"
    r"|print|từ khóa|tags?|chủ đề|quảng cáo|advertisement)\b[\s,/|]*)+(?:\(\d{1,6}\))?\s*[:：]?\s*",
    re.IGNORECASE,
)
_LETTER_SIZES = re.compile(r"A[-+]?(?:\s+A[-+]?){1,3}(?:\s.{0,20})?")
_ADVICE = re.compile(r"(?=.*\bquảng cáo\b)(?=.*\b(?:tắt|nhấn|bấm|chặn)\b).*[^.]", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:xem thêm|đọc thêm|(?:tin|bài) (?:liên quan|cùng chuyên mục))\s*[:：]\s*\S.*", re.IGNORECASE
)
_TRAIL_START = re.compile(r"[»›]\s*\S")
_NUMBERED_PICTURE = re.compile(r"(?P<title>.+?)\s*[-–—]\s*(?:ảnh|hình)\s*\d{1,3}\.?", re.IGNORECASE)

_HEAD_MENU = (3, 5)
_FOOT_MENU = (8, 0)
_BULLET_WORDS = 6
_ENTRY_WORDS = 3
_PROSE_WORDS = 18
_CRUMB_COUNT = 4
_LONGEST_LABEL = 300
_LONGEST_ELSEWHERE = 150


def without_menus(lines: Sequence[str]) -> list[str]:
    """Remove the menus before the first line of prose and after the last one.

    Before it, a menu is a run of three short bulleted lines, a run of five lines of up to three words, or a breadcrumb
    trail: one line of short parts between separators, or one that begins with one (``» Bóng đá``). After it, where
    lists and verses may end an article, a menu is a run of eight bulleted lines. Lines with digits are no menu, nor is
    a list that a colon introduces. Text without a line of prose (a poem, a table) is left as it is.
    """
    prose = [at for at, line in enumerate(lines) if is_prose(line)]
    if not prose:
        return list(lines)
    head = [line for line in lines[: prose[0]] if not _is_trail(line)]
    body = list(lines[prose[0] : prose[-1] + 1])
    return [*_drop_runs(head, *_HEAD_MENU), *body, *_drop_runs(lines[prose[-1] + 1 :], *_FOOT_MENU, before=body[-1])]


def without_repeats(lines: Sequence[str], title: str | None) -> list[str]:
    """Remove lines that repeat the one before, and numbered picture captions that repeat the title."""
    kept: list[str] = []
    for line in lines:
        picture = _NUMBERED_PICTURE.fullmatch(line) if len(line) <= _LONGEST_LABEL else None
        if picture and title and picture["title"].casefold() == title.casefold():
            continue
        if not kept or line != kept[-1]:
            kept.append(line)
    return kept


def is_prose(line: str) -> bool:
    """Tell whether a line is running text: many words, or a few that end like a sentence."""
    words = len(line.split())
    return words >= _PROSE_WORDS or (words > _BULLET_WORDS and bool(_SENTENCE_END.search(line[-12:])))


def is_control(line: str) -> bool:
    """Tell whether a line is the label of a page control: a player, a link to other articles, a button."""
    if len(line) <= _LONGEST_ELSEWHERE and _ELSEWHERE.fullmatch(line):
        return True
    controls = (_PLAYER, _BUTTON, _LETTER_SIZES, _ADVICE)
    return len(line) <= 60 and any(control.fullmatch(line) for control in controls)


def _drop_runs(lines: Sequence[str], bullets: int, entries: int, before: str = "") -> list[str]:
    """Remove runs of at least ``bullets`` bulleted lines or ``entries`` short lines (0: never)."""
    kept = list(lines)
    for accept, least in ((_is_bullet, bullets), (_is_entry, entries)):
        if not least:
            continue
        result: list[str] = []
        run: list[str] = []
        for line in [*kept, ""]:
            if line and accept(line):
                run.append(line)
                continue
            introduced = (result[-1] if result else before).endswith(":")
            if len(run) < least or introduced:
                result.extend(run)
            run = []
            if line:
                result.append(line)
        kept = result
    return kept


def _is_trail(line: str) -> bool:
    """Tell whether a line is a breadcrumb trail: short parts between separators."""
    if len(line) > _LONGEST_LABEL:
        return False
    if _TRAIL_START.match(line) and len(line.split()) <= _BULLET_WORDS:
        return True
    parts = _CRUMBS.split(line)
    return len(parts) >= _CRUMB_COUNT and not _SENTENCE_END.search(line[-12:]) and not _FIGURE.search(line)


def _is_bullet(line: str) -> bool:
    return bool(_BULLET.match(line)) and len(line.split()) <= _BULLET_WORDS + 1 and not _is_content(line)


def _is_entry(line: str) -> bool:
    return len(line.split()) <= _ENTRY_WORDS and not _is_content(line)


def _is_content(line: str) -> bool:
    return bool(_SENTENCE_END.search(line[-12:]) or _FIGURE.search(line))
