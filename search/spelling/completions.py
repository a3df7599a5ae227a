"""Complete what is typed, with accents, from the phrases of the index."""

from __future__ import annotations

from collections import Counter

from index.analysis.normalization import fold
from index.analysis.suggestions import split_suggestion, suggestion_prefix
from index.analysis.tokenizer import tokenize, unfinished_syllable
from search.statistics import TermStatistics

_MOST_SCANNED = 3000
_LONGEST_TYPED = 12


def complete(statistics: TermStatistics, typed: str, size: int) -> list[str]:
    """Return up to ``size`` completions of ``typed``, most frequent first.

    Syllables typed with accents keep them; those typed without may get any. If no phrase begins with all that is typed,
    the last words are completed and the others kept.
    """
    tokens = tokenize(typed[:200])
    if not len(tokens) or len(tokens.folded[-1]) + len(tokens) < 3:
        return []
    finished = typed[-1:].isspace()
    first = max(0, len(tokens) - _LONGEST_TYPED)
    for start in range(first, len(tokens)):
        last = [tokens.exact[-1]] if finished else unfinished_syllable(typed[:200])
        found = _complete(statistics, list(tokens.exact[start:-1]), last, finished=finished)
        if found:
            kept = typed[: tokens.starts[start]]
            return [kept + phrase for phrase in found[:size]]
    return []


def _complete(statistics: TermStatistics, exact: list[str], last: list[str], *, finished: bool) -> list[str]:
    """Return the phrases that begin with ``exact`` and then one of the beginnings ``last``, most frequent first."""
    uses: Counter[str] = Counter()
    for prefix in sorted({fold(beginning) for beginning in last}):
        typed = suggestion_prefix([*(fold(syllable) for syllable in exact), prefix], complete=finished)
        for term, frequency in statistics.phrases(typed, _MOST_SCANNED):
            _, accented = split_suggestion(term)
            if accented not in uses and _agrees(exact, last, accented):
                uses[accented] = frequency
    ranked = sorted(uses, key=lambda phrase: (-uses[phrase], len(phrase), phrase))
    return _distinct_spellings(ranked)


def _agrees(exact: list[str], last: list[str], accented: str) -> bool:
    """Tell whether ``accented`` has every syllable that was typed with accents exactly so."""
    offered = tokenize(accented)
    if len(offered) <= len(exact):
        return False
    if any(typed not in {offered.exact[at], offered.folded[at]} for at, typed in enumerate(exact)):
        return False
    ending = offered.exact[len(exact)]
    return any(ending.startswith(typed) or (typed == fold(typed) and fold(ending).startswith(typed)) for typed in last)


def _distinct_spellings(phrases: list[str]) -> list[str]:
    """Drop phrases that differ from an earlier one only in spelling (``hoà``, ``hòa``)."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for phrase in phrases:
        form = tuple(tokenize(phrase).exact)
        if form not in seen:
            seen.add(form)
            kept.append(phrase)
    return kept
