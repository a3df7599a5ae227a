"""What stands around an article in scraped text and is not its text: menus, players, doubled captions."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BULLET = re.compile(r"[•·▪▫◦‣⁃●○■□➢►*\-–—>»]\s+\S")
_CRUMBS = re.compile(r"\s*[|›»>•·]\s*")
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’)\]]*$")
_PLAYER = re.compile(
    r"(?:(?:xem|nghe|đọc|mời|theo dõi|tải)\s+)?"
    r"(?:(?:video|clip|audio|podcast|thêm|tiếp|ngay|tin|bài|liên quan|tại đây|nhiều nhất|cùng chuyên mục)\b[\s,/]*)+"
    r"(?:tại đây|dưới đây|bên dưới)?\s*[:：.…]*",
    re.IGNORECASE,
)
_BUTTON = re.compile(
    r"(?:chia sẻ|bình luận|in bài|gửi email|lưu bài|trở về|quay lại|share|tweet|facebook|zalo|twitter|copy link|print|"
    r"từ khóa|tags?|chủ đề|quảng cáo|advertisement)\s*[:：]?\s*",
    re.IGNORECASE,
)
_NUMBERED_PICTURE = re.compile(r"(?P<title>.+?)\s*[-–—]\s*(?:ảnh|hình)\s*\d{1,3}\.?", re.IGNORECASE)

_MENU_LINES = 5
_MENU_WORDS = 4
_BULLETS = 3
_BULLET_WORDS = 6
_PROSE_WORDS = 18
_CRUMB_COUNT = 4


def without_menus(lines: Sequence[str]) -> list[str]:
    """Leave out the menus before the first line of prose and after the last one.

    A menu is a run of short bulleted lines, of very short lines, or one line of short parts between signs. Text
    that has no line of prose (a poem, a table) is left as it is.
    """
    prose = [at for at, line in enumerate(lines) if is_prose(line)]
    if not prose:
        return list(lines)
    before = _drop_runs(list(lines[: prose[0]]))
    after = _drop_runs(list(lines[prose[-1] + 1 :]))
    return [*before, *lines[prose[0] : prose[-1] + 1], *after]


def without_repeats(lines: Sequence[str], title: str | None) -> list[str]:
    """Leave out a line that repeats the one before it, and pictures named after the title by number."""
    kept: list[str] = []
    for line in lines:
        picture = _NUMBERED_PICTURE.fullmatch(line)
        if picture and title and picture["title"].casefold() == title.casefold():
            continue
        if not kept or line != kept[-1]:
            kept.append(line)
    return kept


def is_prose(line: str) -> bool:
    """Tell whether a line is running text: many words, or a few that end as a sentence does."""
    words = len(line.split())
    return words >= _PROSE_WORDS or (words > _BULLET_WORDS and bool(_SENTENCE_END.search(line)))


def is_control(line: str) -> bool:
    """Tell whether a line is a label of the page's controls: a player, a link to other articles, a button."""
    return len(line) <= 60 and bool(_PLAYER.fullmatch(line) or _BUTTON.fullmatch(line))


def _drop_runs(lines: list[str]) -> list[str]:
    lines = [line for line in lines if len(_CRUMBS.split(line)) < _CRUMB_COUNT or _SENTENCE_END.search(line)]
    for accept, least in ((_is_bullet, _BULLETS), (_is_entry, _MENU_LINES)):
        kept: list[str] = []
        run: list[str] = []
        for line in [*lines, ""]:
            if line and accept(line):
                run.append(line)
                continue
            kept.extend(run if len(run) < least else ())
            run = []
            if line:
                kept.append(line)
        lines = kept
    return lines


def _is_bullet(line: str) -> bool:
    return bool(_BULLET.match(line)) and len(line.split()) <= _BULLET_WORDS + 1 and not _SENTENCE_END.search(line)


def _is_entry(line: str) -> bool:
    return len(line.split()) <= _MENU_WORDS and not _SENTENCE_END.search(line)
