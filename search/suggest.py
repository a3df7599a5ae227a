"""Completions of what is typed so far, with accents, from the phrases of the index."""

from __future__ import annotations

from collections import Counter

from index.suggestions import split_suggestion, suggestion_prefix
from index.tokens import tokenize
from search.snapshot import Snapshot

_MOST_SCANNED = 3000
_LONGEST_TYPED = 12


def suggest(snapshot: Snapshot, typed: str, size: int) -> list[str]:
    """Return up to ``size`` completions of ``typed``, the most used first.

    What is typed with accents is completed with these; what is typed without, with any. Where nothing begins
    with all that is typed, its last words are completed and the others kept.
    """
    tokens = tokenize(typed[:200])
    if not len(tokens) or len(tokens.folded[-1]) + len(tokens) < 3:
        return []
    finished = typed[-1:].isspace()
    first = max(0, len(tokens) - _LONGEST_TYPED)
    for start in range(first, len(tokens)):
        found = _complete(snapshot, list(tokens.exact[start:]), list(tokens.folded[start:]), finished=finished)
        if found:
            kept = typed[: tokens.starts[start]]
            return [kept + phrase for phrase in found[:size]]
    return []


def _complete(snapshot: Snapshot, exact: list[str], folded: list[str], *, finished: bool) -> list[str]:
    prefix = suggestion_prefix(folded, complete=finished)
    uses: Counter[str] = Counter()
    for term, frequency in snapshot.terms_with_prefix("suggest", prefix, _MOST_SCANNED):
        _, accented = split_suggestion(term)
        if _agrees(exact, folded, accented, finished=finished):
            uses[accented] += frequency
    ranked = sorted(uses, key=lambda phrase: (-uses[phrase], len(phrase), phrase))
    return _distinct_spellings(ranked)


def _agrees(exact: list[str], folded: list[str], accented: str, *, finished: bool) -> bool:
    """Tell whether every syllable typed with accents has just these in ``accented``."""
    offered = tokenize(accented)
    for at, (typed, bare) in enumerate(zip(exact, folded, strict=True)):
        if typed == bare:
            continue
        if at >= len(offered):
            return False
        is_last = at == len(exact) - 1 and not finished
        if offered.exact[at] != typed and not (is_last and offered.exact[at].startswith(typed)):
            return False
    return True


def _distinct_spellings(phrases: list[str]) -> list[str]:
    """Leave out phrases that differ from an earlier one only in spelling (``hoà``, ``hòa``)."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for phrase in phrases:
        form = tuple(tokenize(phrase).exact)
        if form not in seen:
            seen.add(form)
            kept.append(phrase)
    return kept
