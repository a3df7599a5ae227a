"""Say in words what the parts of a score are: which word an article has, in which field, how much it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from index.analysis.analyzer import Stream, analyze
from index.article import TEXT_FIELDS, Article, searchable_body

_READ = 50_000


class PartKind(StrEnum):
    """What a part of a score is for."""

    WORD = "word"
    SYLLABLE = "syllable"
    PAIR = "pair"
    ALTERNATIVE = "alternative"
    BEGINNING_OF_WORD = "prefix"
    NEARNESS = "nearness"
    OPENING = "opening"
    OTHER = "other"


_KINDS = {
    Stream.WORD: (PartKind.WORD, "the word"),
    Stream.SYLLABLE: (PartKind.SYLLABLE, "the syllable"),
    Stream.FOLDED: (PartKind.SYLLABLE, "the syllable, accents aside,"),
    Stream.BIGRAM: (PartKind.PAIR, "the syllables side by side"),
    Stream.FOLDED_BIGRAM: (PartKind.PAIR, "the syllables side by side, accents aside,"),
}
_NAMED = {
    "nearness": (PartKind.NEARNESS, "The words of the query stand near each other"),
    "beginning": (PartKind.OPENING, "The words of the query stand at the beginning"),
}


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """One part of a score: what for, how often each text field has it, and how much of the score it is.

    ``counts`` is empty for what is no single term. ``share`` is from 0 to 1; ``sentence`` says the same in English.
    """

    kind: PartKind
    text: str
    counts: Mapping[str, int]
    score: float
    share: float
    sentence: str


def explained(article: Article, explanation: Mapping[str, float]) -> list[ExplainedPart]:
    """Return the parts of a hit's score, largest first; of a long text, the first 50,000 characters are counted."""
    whole = sum(explanation.values()) or 1.0
    texts = {"title": article.title, "body": searchable_body(article)[:_READ]}
    analyses = {name: analyze(texts[name]) for name in TEXT_FIELDS}
    terms = {
        (stream, name): Counter(term for term, _ in analyses[name].terms(stream))
        for stream in {Stream(name.partition(" ")[0]) for name in explanation if _is_term(name)}
        for name in TEXT_FIELDS
    }
    found = []
    for name, score in explanation.items():
        start, _, rest = name.partition(" ")
        counts: dict[str, int] = {}
        if _is_term(name):
            kind, said = _KINDS[Stream(start)]
            text = rest.replace("_", " ")
            counts = {field: terms[Stream(start), field][rest] for field in TEXT_FIELDS}
            where = " and ".join(f"{count:,} × in the {field}" for field, count in counts.items() if count)
            sentence = f"{said[0].upper()}{said[1:]} “{text}” is there {where or 'further on'}"
        elif start == "for" and rest:
            kind, text, sentence = PartKind.ALTERNATIVE, rest, f"It has “{rest}”, which is searched as well"
        elif start == "prefix" and rest:
            kind, text, sentence = PartKind.BEGINNING_OF_WORD, rest, f"It has a word that begins with “{rest}”"
        else:
            kind, sentence = _NAMED.get(name, (PartKind.OTHER, name))
            text = ""
        share = score / whole
        sentence += f": {score:.2f} points, {share:.0%} of the score."
        found.append(ExplainedPart(kind, text, counts, score, share, sentence))
    return found


def _is_term(name: str) -> bool:
    return " " in name and name.partition(" ")[0] in set(Stream)
