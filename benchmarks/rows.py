"""How many articles plain rules find for a query: those that have it in a row, its syllables, its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from index.analysis.analyzer import analyze
from index.analysis.tokenizer import Tokens, tokenize


def searchable(article: Mapping[str, Any]) -> str:
    """Return the syllables of an article with one space around each; a bar stands where more than space parts them."""
    return " | ".join(["", *(_spaced(tokenize(article.get(field) or "")) for field in ("title", "body")), ""])


def _spaced(tokens: Tokens) -> str:
    pieces = []
    end = 0
    for start, stop, syllable in zip(tokens.canonical_starts, tokens.canonical_ends, tokens.exact, strict=True):
        pieces.append(syllable if tokens.canonical[end:start].isspace() else f"| {syllable}")
        end = stop
    return " ".join(pieces)


def found_by_rules(texts: Sequence[str], query: str) -> tuple[int, int, int]:
    """Return how many of the ``searchable`` texts have the query in a row, each syllable, each of pyvi's words.

    The syllables of a word are in a row. Accents count, case does not.
    """
    analysis = analyze(query)
    syllables = analysis.tokens.exact
    words = [word.replace("_", " ") for word in analysis.word_texts]
    return _having(texts, [" ".join(syllables)]), _having(texts, syllables), _having(texts, words)


def _having(texts: Sequence[str], parts: Sequence[str]) -> int:
    for part in parts:
        texts = [text for text in texts if f" {part} " in text]
    return len(texts)
