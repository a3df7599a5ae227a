"""A slow, simple reference for the suggestions of a text: one word and one code after the other."""

from __future__ import annotations

from index.analysis.analyzer import Analysis
from index.analysis.normalization import fold
from index.analysis.suggestions import (
    SuggestedPhrases,
    code_suggestions,
    is_foreign,
    is_suggested,
    suggestion,
    unsure_suggestion,
    with_form,
)
from index.analysis.syllables import canonical_syllable


def phrases(analysis: Analysis, most_words: int) -> SuggestedPhrases:
    """Return the suggestions of a text: its codes, and runs of its words with single spaces between their syllables."""
    tokens, words = analysis.tokens, analysis.words
    found = SuggestedPhrases({}, {})
    within: set[int] = set()
    for code in filter(is_suggested, tokens.codes):
        within.update(range(code.first + 1, code.end))
        written = tokens.canonical[tokens.canonical_starts[code.first] : tokens.canonical_ends[code.end - 1]]
        found.sure.update(code_suggestions(code, tokens.folded[code.first : code.end], written))

    def spaced(at: int) -> bool:
        return (
            0 <= at < len(tokens) - 1
            and tokens.canonical[tokens.canonical_ends[at] : tokens.canonical_starts[at + 1]] == " "
        )

    for size in range(1, most_words + 1):
        named: list[tuple[str, str]] = []
        doubtful: list[tuple[str, str]] = []
        for run in (words[at : at + size] for at in range(len(words) - size + 1)):
            first, end = run[0].first, run[-1].end
            written = [tokens.written(at) for at in range(first, end)]
            lower = [syllable.lower() for syllable in written]
            whole = not within & {first, end}
            if size > 1:
                offered = whole and 2 <= end - first <= 8
            else:
                near = [tokens.written(at).isupper() for at in (first - 1, end) if spaced(min(at, end - 1))]
                acronym = written[0].isupper() and len(written[0]) > 1 and not any(near)
                lone = is_foreign(lower[0], tokens.folded[first]) or acronym
                offered = 2 <= end - first <= 8 or (end - first == 1 and lone and whole)
            if not (offered and all(map(spaced, range(first, end - 1)))):
                continue
            key = suggestion([fold(canonical_syllable(syllable)) for syllable in lower], lower)
            in_capitals = len(written) > 1 and all(map(str.isupper, written))
            if lower == written:
                found.sure[key] = key
            elif first == 0 or not spaced(first - 1) or in_capitals:
                doubtful.append((key, unsure_suggestion(key, " ".join(written), run[0].end - first)))
            else:
                named.append((key, with_form(key, " ".join(written))))
        for key, term in named:
            found.sure.setdefault(key, term)
        for key, term in doubtful:
            if key not in found.sure:
                found.unsure.setdefault(key, term)
    return found
