"""The values of a label: where one text names several, and which spellings are one value.

An article has one source, and may have several categories and authors in one text, with ``;`` or ``|`` between them. A
comma or a dash separates nothing: a name may have a title or a place after it, and ``Giả - Thật`` is one category.

Two spellings are one value if they have the same *key*: case, Unicode form, spelling of syllables (``hoà`` and
``hòa``), width of white space and kind of dash or quotes aside. Accents and signs count: ``C++`` is not ``C#``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from index.analysis.normalization import fold, normalize
from index.analysis.syllables import canonical_syllable
from index.article import SEVERAL

_MOST_REMEMBERED = 1 << 16
_SEPARATOR = re.compile("[;|\uff1b\uff5c]")
_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"(?:(?<!\S)\.)?[^\W_]+(?:[+#]+(?![^\W_]))?")  # a sign that makes another word: c++, c#, .net


class LabelValue(NamedTuple):
    """One value of a label, as it is written, and its key."""

    written: str
    key: str


@lru_cache(maxsize=_MOST_REMEMBERED)
def label_values(label: str, text: str) -> tuple[LabelValue, ...]:
    """Return the values that ``text`` names for ``label``, each once; none for an empty text."""
    parts = _SEPARATOR.split(text) if label in SEVERAL else [text]
    values: dict[str, LabelValue] = {}
    for written in (" ".join(part.split()) for part in parts):
        if key := _key(written):
            values.setdefault(key, LabelValue(written, key))
    return tuple(values.values())


def equal_keys(key: str, keys: Collection[str]) -> list[str]:
    """Return ``key`` if it is one of ``keys``, else those that are ``key`` without their accents."""
    return [key] if key in keys else [other for other in keys if fold(other) == key]


def containing_keys(key: str, keys: Collection[str]) -> list[str]:
    """Return those of ``keys`` that have the words of ``key`` side by side; accents count if ``key`` has any."""
    wanted = _spaced(key)
    if wanted == fold(wanted):
        return [other for other in keys if wanted in fold(_spaced(other))]
    return [other for other in keys if wanted in _spaced(other)]


def words_of(key: str) -> list[str]:
    """Return the words of a key, without other signs: what ``containing_keys`` compares."""
    return _WORD.findall(key)


def begun_words(text: str) -> list[str]:
    """Return the words of ``text`` without accents, as ``begun_keys`` looks for them: the last one is a beginning."""
    return fold(_spaced(_key(text))).split()


def begun_keys(text: str, keys: Collection[str]) -> list[str]:
    """Return those of ``keys`` that have the words of ``text`` side by side, accents aside, the last as a beginning.

    A text without words stands for all of them.
    """
    wanted = begun_words(text)
    begun = f" {' '.join(wanted)}"
    return [key for key in keys if begun in fold(_spaced(key))] if wanted else list(keys)


def _key(text: str) -> str:
    normal = normalize(f" {text}").text  # an invisible first character goes with the space
    canonical = _LETTERS.sub(lambda run: canonical_syllable(run.group()), normal)
    return " ".join(canonical.split())


@lru_cache(maxsize=_MOST_REMEMBERED)
def _spaced(key: str) -> str:
    """Return the words of a key with a space around each."""
    return f" {' '.join(words_of(key))} "
