"""Subtitles (.srt, .vtt): what is said, as running text; a pause begins a paragraph."""

from __future__ import annotations

import re
from typing import Any

from index.errors import UnreadableFileError
from index.markup import markup_text
from index.reading.formats.plaintext import made_title

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}.*$")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_STYLE = re.compile(r"\{\\[^}]*\}|</?(?:c|v|lang|ruby|rt)\b[^>]*>|<\d[\d:.]*>|<(?=\d)")
_NOTE = re.compile(r"^(?:NOTE|STYLE|REGION)\b")
_END = re.compile(r"[.!?…][\"'”’)\]]*$")
_PAUSE = 3.0
_LONG = 600


def subtitles_fields(text: str) -> dict[str, Any]:
    """Return the fields of the article that subtitles are. Raises UnreadableFileError if there are none."""
    head = text.lstrip("\ufeff").split("\n", 1)[0].strip()
    paragraphs: list[str] = []
    until, words = 0.0, ""
    for start, end, said in _cues(text.replace("\r\n", "\n").replace("\r", "\n")):
        ends = bool(_END.search(words))
        if words and (start - until > _PAUSE or (ends and len(words) > _LONG)):
            paragraphs.append(words)
            words = ""
        if said and not words.endswith(said):  # a caption that scrolls repeats the line before
            words = f"{words} {said}".strip()
        until = end
    if words:
        paragraphs.append(words)
    if not paragraphs:
        raise UnreadableFileError(
            "has no subtitles: no line with times as 00:01:02,000 --> 00:01:04,000 and text below"
        )
    named = head.removeprefix("WEBVTT").strip(" -–:\t") if head.startswith("WEBVTT") else ""
    return {"title": named or made_title(paragraphs), "body": "\n\n".join(paragraphs), "lead": paragraphs[0]}


def _cues(text: str) -> list[tuple[float, float, str]]:
    """Return (start, end, text) of each cue, times in seconds."""
    cues: list[tuple[float, float, str]] = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        found = [(at, cue.groups()) for at, line in enumerate(lines[:3]) if (cue := _CUE.match(line))]
        if not found or _NOTE.match(lines[0]):
            continue
        at, times = found[0]
        said = markup_text(_STYLE.sub("", _SPEAKER.sub(r"\1: ", " ".join(lines[at + 1 :]))))
        cues.append((_seconds(times[:4]), _seconds(times[4:]), " ".join(said.split())))
    return cues


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, part = (int(one or 0) for one in parts)
    return hours * 3600 + minutes * 60 + seconds + part / 1000
