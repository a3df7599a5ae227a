"""Notes on a search: what of the query was not understood, what was left out, and what was done instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

_MOST_NOTES = 10
_LONGEST_TEXT = 80


class NoteCode(StrEnum):
    """What a note is about."""

    STAR = "star_inside"
    DATE = "not_a_date"
    FIELD = "unknown_field"
    VALUE = "field_without_value"
    MODIFIER = "unknown_modifier"
    COSTLY = "too_many_exact_parts"
    CHARACTERS = "too_long"
    SYLLABLES = "too_many_syllables"
    NESTING = "nested_too_deep"
    ALTERNATIVES = "too_many_alternatives"
    CLAUSES = "too_many_clauses"
    DAMAGED = "damaged_article"


MESSAGES: Mapping[NoteCode, str] = {
    NoteCode.STAR: "The star in “{text}” was left out: put it at the end of a single syllable, outside quotes.",
    NoteCode.DATE: "“{text}” was searched as words: write a date as 2025, 2025-08, 2025-08-27 or 2025-01..2025-08.",
    NoteCode.FIELD: "“{text}” was searched as a word: there is no such field. The fields are {allowed}.",
    NoteCode.VALUE: "“{text}” was searched as a word: put one word, or a phrase in quotes, right after the colon.",
    NoteCode.MODIFIER: "“{text}” was searched without its last sign: words have no weights and no distances.",
    NoteCode.COSTLY: "From “{text}” on, phrases, prefixes and exact words were searched as plain words: "
    "a query may have {allowed} of them.",
    NoteCode.CHARACTERS: "Only the first {allowed} characters were searched. Make the query shorter.",
    NoteCode.SYLLABLES: "From “{text}” on, words were left out: {allowed} syllables in a row are searched. "
    "Make the query shorter.",
    NoteCode.NESTING: "Brackets nested more than {allowed} deep were left out. Nest them less.",
    NoteCode.ALTERNATIVES: "Only the first {allowed} synonyms were searched. Use fewer words, "
    "or shorter lines in synonyms.txt.",
    NoteCode.CLAUSES: "Only the first {allowed} parts of the query were searched. Use fewer operators.",
    NoteCode.DAMAGED: "The article “{text}” was found and is not shown: it is damaged in the store. "
    "Send it again, or restore it from a backup.",
}
"""The sentence of each note; ``{text}`` is a part of the query or an id, ``{allowed}`` what would be understood."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note: its code, the part of the query or the article it is about, and what would have been understood."""

    code: NoteCode
    text: str = ""
    allowed: str = ""

    @property
    def message(self) -> str:
        """Return what was done, and what to do, as an English sentence."""
        return MESSAGES[self.code].format(text=self.text, allowed=self.allowed)


def note(code: NoteCode, text: str = "", allowed: object = "") -> Note:
    """Return a note on ``text``, shortened to 80 characters."""
    text = text.strip()
    return Note(code, text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…", str(allowed))


def distinct(notes: Iterable[Note]) -> list[Note]:
    """Return the first ten of ``notes``, each once."""
    return list(dict.fromkeys(notes))[:_MOST_NOTES]
