"""Find the suggestions of many texts at once (``index.analysis.suggestions``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.batch import AnalyzedBatch
from index.analysis.suggestions import (
    SUGGESTED_SYLLABLES,
    SuggestedPhrases,
    code_suggestions,
    is_suggested,
    unsure_suggestion,
    with_form,
)
from index.arrays import Ints


def suggested_phrases(batch: AnalyzedBatch, most_words: int) -> list[SuggestedPhrases]:
    """Return for each text of ``batch`` the suggestions from its codes, and from runs of 1 to ``most_words`` words."""
    found = [SuggestedPhrases({}, {}) for _ in batch.normals]
    within = np.zeros(len(batch.syllables) + 1, bool)  # places where a code would be cut
    for text, own in enumerate(found):
        for code in filter(is_suggested, batch.codes[text]):
            before = int(batch.bounds[text])
            first, end = before + code.first, before + code.end
            within[first + 1 : end] = True
            bare = [batch.tables.syllables.folded[one] for one in batch.syllables.numbers[first:end].tolist()]
            start, stop = int(batch.syllables.starts[first]), int(batch.syllables.ends[end - 1])
            own.sure.update(code_suggestions(code, bare, batch.normals[text].text[start:stop]))
    for ahead in range(most_words):
        _add_runs(batch, ahead, within, found)
    return found


def _add_runs(batch: AnalyzedBatch, ahead: int, within: NDArray[np.bool_], found: Sequence[SuggestedPhrases]) -> None:
    """Add the suggestions of the runs of ``ahead + 1`` words to those of each text."""
    syllables, words = batch.syllables, batch.words
    runs = _suggested_runs(batch, ahead, within)
    firsts, stops = words.firsts[runs], words.stops[runs + ahead]
    keys = _by_syllables(batch, firsts, stops) if ahead else _by_words(batch, runs)
    before = _count_before(syllables.capitals)
    capitals = before[stops] - before[firsts]
    opens = (firsts == 0) | ~syllables.spaced[firsts - 1]
    in_capitals = (capitals == 2 * (stops - firsts)) & (stops - firsts > 1)
    unsure = (capitals > 0) & (opens | in_capitals)

    def by_text(chosen: NDArray[np.bool_]) -> Iterator[list[str]]:
        at = np.flatnonzero(chosen)
        own = list(map(keys.__getitem__, at.tolist()))
        for first, end in pairwise(runs[at].searchsorted(batch.word_bounds).tolist()):
            yield own[first:end]

    def places(chosen: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
        first_words = words.stops[runs[chosen]] - firsts[chosen]
        columns = syllables.starts[firsts[chosen]], syllables.ends[stops[chosen] - 1], first_words
        return zip(*(column.tolist() for column in columns), strict=True)

    sure = (capitals > 0) & ~unsure
    sure_places, unsure_places = places(sure), places(unsure)
    columns = by_text(capitals == 0), by_text(sure), by_text(unsure)
    for normal, own, plain, named, doubtful in zip(batch.normals, found, *columns, strict=True):
        text = normal.text
        own.sure.update(zip(plain, plain, strict=True))
        own.sure[""] = own.unsure[""] = ""  # of runs that form no suggestion
        for key, (start, end, _) in zip(named, sure_places):  # noqa: B905 -- the places of this text alone
            if key not in own.sure:
                own.sure[key] = with_form(key, text[start:end])
        for key, (start, end, first_word) in zip(doubtful, unsure_places):  # noqa: B905 -- likewise
            if key not in own.sure and key not in own.unsure:
                own.unsure[key] = unsure_suggestion(key, text[start:end], first_word)
        del own.sure[""], own.unsure[""]


def _suggested_runs(batch: AnalyzedBatch, ahead: int, within: NDArray[np.bool_]) -> Ints:
    """Return the first word of each run of ``ahead + 1`` words to suggest."""
    syllables, known, words = batch.syllables, batch.tables.syllables, batch.words
    end = max(0, len(words.firsts) - ahead)
    firsts, stops = words.firsts[:end], words.stops[ahead:]
    sizes = stops - firsts
    offered = (sizes >= SUGGESTED_SYLLABLES.start) & (sizes < SUGGESTED_SYLLABLES.stop)
    uncut = ~(within[firsts] | within[stops])
    if ahead:
        offered &= uncut
    else:
        in_capitals = syllables.capitals == 2
        beside = np.concatenate([[False], in_capitals[:-1] & in_capitals[1:] & syllables.spaced[:-1], [False]])
        acronym = in_capitals[firsts] & ~(beside[firsts] | beside[stops])
        acronym &= syllables.ends[firsts] - syllables.starts[firsts] > 1
        foreign = np.asarray(known.foreign)[syllables.numbers[firsts]] == 1
        offered |= (sizes == 1) & uncut & (foreign | acronym)
    gaps = _count_before(~syllables.spaced)
    return np.flatnonzero(offered & (gaps[stops - 1] == gaps[firsts]))


def _by_words(batch: AnalyzedBatch, words: Ints) -> list[str]:
    """Return the lower-case suggestions of single words."""
    numbers, single = batch.words.numbers[words], batch.tables.syllables.single
    lone = np.flatnonzero(numbers < 0)
    keys = list(map([*batch.tables.words.suggestions, ""].__getitem__, numbers.tolist()))
    syllables = batch.syllables.numbers[batch.words.firsts[words[lone]]]
    for at, syllable in zip(lone.tolist(), syllables.tolist(), strict=True):
        keys[at] = single[syllable]
    return keys


def _by_syllables(batch: AnalyzedBatch, firsts: Ints, stops: Ints) -> list[str]:
    """Return the lower-case suggestions of the syllables from ``firsts`` to ``stops`` (exclusive)."""
    listed = batch.syllables.numbers.tolist()
    spans = zip(firsts.tolist(), stops.tolist(), strict=True)
    return [batch.tables.syllables.suggestion(listed[first:stop]) for first, stop in spans]


def _count_before(flags: NDArray[Any]) -> Ints:
    """Return for each place, and for the end, how many flags before it are set."""
    return np.concatenate([[0], np.cumsum(flags)])
