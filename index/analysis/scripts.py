"""Tell which characters form one syllable, in any script.

A syllable is a run of letters of one script with their marks, or of figures: ``50km``, ``iPhone16`` and Latin letters
beside Thai ones are cut where the kind of character changes. Scripts without spaces have a syllable for each letter
with its marks, so that what stands inside a run is found by its letters in a row. A sign is part of a syllable where it
is part of a name: ``C++``, ``C#``, ``K+``, ``.NET``. An emoji is a syllable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

_LATIN = (
    "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1d00-\u1d25\u1d6b-\u1d77\u1d79-\u1d9a"
    "\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua788\ua78b-\ua7ff\uab30-\uab5a\uab60-\uab64"
)
_GREEK = "\u0370-\u0373\u0376-\u037d\u037f-\u0386\u0388-\u03ff\u1f00-\u1fff"
_CYRILLIC = "\u0400-\u0481\u048a-\u052f\u1c80-\u1c8a\ua640-\ua66e\ua67f-\ua69d"
# Thai, Lao, Tibetan, Burmese, Khmer, kana, Han, Tai scripts, Javanese, Balinese; Hangul, which joins words
_WITHOUT_SPACES = (
    "\u0e00-\u0eff\u0f00-\u0fbc\u1000-\u109f\u1780-\u17d3\u17d7\u17dc\u1950-\u19df\u1a20-\u1aad\u1b00-\u1b4c"
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff\ua980-\ua9c0\ua9e0-\ua9fe"
    "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3\uaa60-\uaadf\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_EMOJI = (
    "\u231a\u231b\u23e9-\u23f3\u2600-\u26ff\u2705\u270a-\u270d\u2714\u2716\u2728\u274c\u2753-\u2757\u2763\u2764\u27a1"
    "\u2b50\u2b55\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
)
_LATIN_MARKS = "\u0300-\u036f"


def _ranges(characters: Iterable[int]) -> Iterator[str]:
    """Yield the runs of consecutive code points, as parts of a character class."""
    known = sorted(characters)
    starts = [known[0], *(other for one, other in pairwise(known) if other - one > 1)]
    ends = [*(one for one, other in pairwise(known) if other - one > 1), known[-1]]
    return (f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


def _marks() -> tuple[str, str]:
    """Return the marks of all scripts but emoji: those of the basic plane, and the others, which are tested last."""
    marks = [
        code
        for code in (*range(0x300, 0xFE00), *range(0xFE20, 0xFE30), *range(0x10A00, 0x16FFF), *range(0x1E000, 0x1E94B))
        if unicodedata.category(chr(code))[0] == "M"
    ]
    basic = [code for code in marks if code < 0x10000]
    return "".join(_ranges(basic)), "".join(_ranges(code for code in marks if code > 0xFFFF))


_BASIC_MARKS, _OTHER_MARKS = _marks()
_MARK = rf"(?:[{_BASIC_MARKS}]|[{_OTHER_MARKS}])"
_WORD_OR_FIGURES = rf"(?:[{_LATIN}](?:[{_LATIN}]|[{_LATIN_MARKS}])*|\d(?:\d|[{_LATIN_MARKS}])*)"
_NAMED_BY_SIGNS = r"(?:(?<![\w.])(?i:\.net)(?![\w+#])|(?<!\w)[A-Za-z](?:\+\+(?=\d)|(?:\+\+?|\#)(?![\w+#])))"
SYLLABLE = re.compile(
    rf"""{_NAMED_BY_SIGNS} | {_WORD_OR_FIGURES}
      | [{_WITHOUT_SPACES}]{_MARK}*
      | (?:[{_GREEK}]{_MARK}*)+ | (?:[{_CYRILLIC}]{_MARK}*)+
      | (?:(?![{_LATIN}{_GREEK}{_CYRILLIC}{_WITHOUT_SPACES}\d])[^\W_]{_MARK}*)+
      | [\U0001f1e6-\U0001f1ff]{{2}} | [{_EMOJI}]""",
    re.VERBOSE,
)
"""Matches a syllable of canonical text."""

DOT_NET = ".net"
_SIMPLE = re.compile(rf"[{_LATIN}]+|\d+")
_CODED = re.compile(_WORD_OR_FIGURES)


def is_simple(chunk: str) -> bool:
    """Tell whether a text is one syllable of Latin letters or one of figures, with no sign and no mark."""
    return _SIMPLE.fullmatch(chunk) is not None


def is_coded(syllable: str) -> bool:
    """Tell whether a syllable may be part of a code: Latin letters, or figures."""
    return _CODED.fullmatch(syllable) is not None


def is_without_spaces(syllable: str) -> bool:
    """Tell whether a syllable is of a script that is written without spaces."""
    return re.match(f"[{_WITHOUT_SPACES}]", syllable) is not None
