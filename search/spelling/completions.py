"""Complete what is typed, with accents and capitals, from the phrases of the index.

Every completion is in some article, word for word. Syllables typed with accents keep them; those typed without may get
any. The last one may still lack its tone (``index.analysis.syllables.beginnings``). If no phrase begins with all that
is typed, the last words are completed, where an article has the words before them too. If nothing does, what is typed
may be Telex or VNI keys.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from index.analysis.analyzer import Stream
from index.analysis.normalization import fold
from index.analysis.suggestions import is_foreign, is_stop, split_suggestion, suggestion, suggestion_prefix
from index.analysis.syllables import accented_forms, canonical_syllable
from index.analysis.tokenizer import Tokens, tokenize, unbroken, unfinished_syllable
from search.query.typed import LONGEST_TYPED
from search.spelling.keyboard import decode
from search.statistics import TermStatistics

_SCANNED = (250, 5000)
_SCANNED_AFTER_OTHERS = (1000,)
_MOST_LONGER = 20
_MOST_FORMS = 100
_FAR_MORE = 3
_MOST_BEYOND = 3  # syllables of a word on either side of a cut
_MOST_VERIFIED = 12
_OPERATORS = re.compile(r'.*(?:["()~]|\w:(?=\S)|(?<!\S)-(?=\S)|\b(?:AND|OR|NOT)\s)', re.DOTALL)
_SIGNS = re.compile(r"[^\w ]")
_VOWEL = re.compile("[aeiouyw]", re.IGNORECASE)


@dataclass(slots=True)
class _Phrase:
    """A phrase by its canonical syllables.

    ``forms`` says how many articles write it so, as (sure, written); ``uses`` how many have each unaccented form.
    """

    exact: tuple[str, ...]
    forms: Counter[tuple[bool, str]] = field(default_factory=Counter)
    uses: Counter[str] = field(default_factory=Counter)

    @property
    def frequency(self) -> int:
        """How many articles have the phrase; a code has two unaccented forms (``tp hcm``, ``tphcm``)."""
        return max(self.uses.values())

    @property
    def written(self) -> str:
        """The form that most articles use, by those where its capitals mean something if there are any."""
        return max(self.forms, key=lambda form: (form[0], self.forms[form], form[1]))[1]


def complete(statistics: TermStatistics, typed: str, size: int) -> list[str]:
    """Return up to ``size`` completions of ``typed``, most frequent first. Operators before the last words are kept."""
    before = typed[: _last_words(typed)]
    for meant in meanings(typed):
        found = _completions(statistics, meant, size)
        if found:
            return [before + completion for completion in found]
    return []


def meanings(typed: str) -> Iterator[str]:
    """Yield the last words of ``typed``, after any operators, and what they may say if they are Telex or VNI keys."""
    last = typed[_last_words(typed) : LONGEST_TYPED]
    yield last
    yield from (meant for meant in dict.fromkeys(_decoded(last)) if meant != last)


class WholePhrases:
    """The phrases that may be completions, by their canonical syllables."""

    def __init__(self, statistics: TermStatistics) -> None:
        self._statistics = statistics
        self._known: dict[tuple[str, ...], _Phrase | None] = {}

    def frequency(self, exact: tuple[str, ...]) -> int:
        """Return how many articles have a phrase."""
        phrase = self._phrase(exact)
        return 0 if phrase is None else phrase.frequency

    def written(self, exact: tuple[str, ...]) -> str:
        """Return a phrase as most articles write it; in small letters if none has it."""
        phrase = self._phrase(exact)
        return " ".join(exact) if phrase is None else phrase.written

    def is_whole(self, exact: tuple[str, ...]) -> bool:
        """Tell whether a phrase is a completion: more than stop words, and no half of a longer one."""
        phrase = self._phrase(exact)
        return phrase is not None and _is_whole(self._statistics, phrase)

    def _phrase(self, exact: tuple[str, ...]) -> _Phrase | None:
        if exact not in self._known:
            prefix = suggestion([fold(one) for one in exact], [""])
            phrase = _Phrase(exact)
            for term, frequency in self._statistics.phrases(prefix, _MOST_FORMS):
                bare, written, sure = split_suggestion(term)
                if _syllables(written) == exact:
                    phrase.forms[sure, written] += frequency
                    phrase.uses[bare] += frequency
            self._known[exact] = phrase if phrase.forms else None
        return self._known[exact]


def _last_words(typed: str) -> int:
    operators = _OPERATORS.match(typed[:LONGEST_TYPED])
    return operators.end() if operators else 0


def _completions(statistics: TermStatistics, typed: str, size: int) -> list[str]:
    """Return the completions of the longest end of ``typed`` that has any, with the words before it."""
    tokens = tokenize(typed)
    for start in range(len(tokens)):
        if start > 1 and not statistics.document_frequency(
            Stream.FOLDED_BIGRAM, "_".join(tokens.folded[start - 2 : start])
        ):
            break
        found: list[str] = []
        for most in _SCANNED_AFTER_OTHERS if start else _SCANNED:  # the fewest that will do
            found = statistics.together(partial(_completions_from, start, statistics, typed, tokens, most, size))
            if len(found) == size:
                break
        if found:
            return found
    return []


def _completions_from(
    start: int, statistics: TermStatistics, typed: str, tokens: Tokens, most: int, size: int
) -> list[str]:
    """Return completions of ``typed`` from syllable ``start`` on, with the words before it; ``most`` are read."""
    finished = typed[-1:].isspace()
    last = "" if finished else typed[tokens.starts[-1] :]
    phrases = _matching(statistics, tokens.exact[start : None if finished else -1], last, most)
    ranked = sorted(phrases, key=lambda phrase: (-phrase.frequency, len(phrase.exact), phrase.exact))
    return list(islice(_in_articles(statistics, typed, tokens, start, ranked), size))


def _in_articles(
    statistics: TermStatistics, typed: str, tokens: Tokens, start: int, phrases: Iterable[_Phrase]
) -> Iterator[str]:
    """Yield the text before syllable ``start`` with each whole phrase that follows it in some article."""
    if start:
        phrases = islice(
            (
                phrase
                for phrase in phrases
                if statistics.document_frequency(
                    Stream.FOLDED_BIGRAM, f"{tokens.folded[start - 1]}_{fold(phrase.exact[0])}"
                )
            ),
            _MOST_VERIFIED,
        )
    for phrase in phrases:
        before = _before(statistics, tokens.exact[:start], phrase.exact)
        if before is not None and _is_whole(statistics, phrase):
            text = typed[: tokens.starts[start]]
            for at in reversed(range(start)):
                if before[at] != tokens.exact[at]:
                    text = text[: tokens.starts[at]] + before[at] + text[tokens.ends[at] :]
            yield text + phrase.written


def _matching(statistics: TermStatistics, exact: Sequence[str], last: str, most: int) -> Collection[_Phrase]:
    """Return the phrases that begin with the syllables ``exact`` and go on: with ``last``, if it is not empty."""
    found: dict[tuple[str, ...], _Phrase] = {}
    begins = _Beginning(last) if last else None
    for prefix in begins.prefixes if begins else [""]:
        typed = suggestion_prefix([*map(fold, exact), prefix], complete=False)
        for term, frequency in statistics.phrases(typed, most):
            bare, written, sure = split_suggestion(term)
            syllables = _syllables(written)
            # a code without its signs is one syllable
            offered = syllables if " " in bare or len(syllables) == 1 else ("".join(syllables),)
            if all(map(_allows, exact, offered)) and (begins is None or begins(offered, len(exact), written)):
                phrase = found.get(syllables)
                if phrase is None:
                    phrase = found[syllables] = _Phrase(syllables)
                phrase.forms[sure, written] += frequency
                phrase.uses[bare] += frequency
    return found.values()


def _syllables(written: str) -> tuple[str, ...]:
    """Return the canonical syllables of a phrase."""
    if _SIGNS.search(written):
        return tuple(tokenize(written).exact)
    return tuple(map(canonical_syllable, written.lower().split(" ")))


def _allows(typed: str, exact: str) -> bool:
    return typed == exact or typed == fold(exact)


class _Beginning:
    """What syllables may begin with where the last one typed is unfinished; ``prefixes`` are those without accents."""

    def __init__(self, typed: str) -> None:
        beginnings = unfinished_syllable(typed)
        self.prefixes = sorted({fold(beginning) for beginning in beginnings})
        self._bare = fold(typed.lower())
        self._whole = fold(canonical_syllable(self._bare))
        self._accented = None if self._bare in beginnings else tuple(beginnings)

    def __call__(self, syllables: Sequence[str], at: int, written: str) -> bool:
        """Tell whether syllable ``at`` of a phrase with one of the prefixes begins so: ``ky`` begins no ``kinh``."""
        if self._accented is not None and not syllables[at].startswith(self._accented):
            return False
        if self._bare == self._whole or fold(syllables[at]) == self._whole:
            return True
        return fold(written.lower().split(" ")[at]).startswith(self._bare)


def _before(statistics: TermStatistics, typed: Sequence[str], phrase: Sequence[str]) -> list[str] | None:
    """Return the syllables ``typed`` with the accents that an article has before ``phrase``, None if none has both."""
    row = [*typed, *phrase]
    if not typed or statistics.has_phrase(row):
        return list(typed)
    for at in reversed(range(len(typed))):
        forms = [typed[at]]
        if typed[at] == fold(typed[at]):
            others = {form: statistics.document_frequency(Stream.SYLLABLE, form) for form in accented_forms(typed[at])}
            forms += sorted(filter(others.get, others), key=others.__getitem__, reverse=True)
        met = (form for form in forms if statistics.has_phrase([form, *row[at + 1 :]]))
        form = next(met, None)
        if form is None:
            return None
        row[at] = form
    return row[: len(typed)]


def _is_whole(statistics: TermStatistics, phrase: _Phrase) -> bool:
    """Tell whether a phrase is more than stop syllables, and does not cut a word of a longer phrase in half.

    The longer one must be as frequent, and far more so if the phrase is a word, as pyvi cuts names and short sentences
    now so, now so. What it takes for a word is none if it is a longer or foreign word with a stop syllable at an end
    (``Hà Nội tại``).
    """
    only_stops = phrase.written.islower() and all(map(is_stop, phrase.exact))
    if only_stops or _has_stop_at_end(statistics, phrase):
        return False
    end = len(phrase.exact)
    is_word = statistics.document_frequency(Stream.WORD, "_".join(phrase.exact)) > 0
    enough = phrase.frequency * (_FAR_MORE if is_word else 1)
    return not any(
        longer.frequency >= enough
        and longer.exact[:end] == phrase.exact
        and any(
            statistics.document_frequency(Stream.WORD, "_".join(longer.exact[first:last]))
            for first in range(max(0, end - _MOST_BEYOND), end)
            for last in range(end + 1, min(len(longer.exact), end + _MOST_BEYOND) + 1)
        )
        for longer in _matching(statistics, phrase.exact, "", _MOST_LONGER)
    )


def _has_stop_at_end(statistics: TermStatistics, phrase: _Phrase) -> bool:
    """Tell whether a phrase has a stop syllable at an end: one that is no part of a word there (``thống nhất``)."""
    exact = phrase.exact
    for end, pair, rest in ((exact[0], exact[:2], exact[1:]), (exact[-1], exact[-2:], exact[:-1])):
        if not rest or not is_stop(end):
            continue
        together = statistics.document_frequency(Stream.WORD, "_".join(pair))
        name = len(rest) > 1 or is_foreign(rest[0], fold(rest[0]))
        if not together or (name and statistics.document_frequency(Stream.WORD, "_".join(rest)) >= phrase.frequency):
            return True
    return False


def _decoded(typed: str) -> Iterator[str]:
    """Yield what ``typed`` may say if its tokens are Telex or VNI keys; those that are none stay."""
    tokens = tokenize(typed)
    if not len(tokens):
        return
    *before, (start, end) = [(tokens.starts[first], tokens.ends[stop - 1]) for first, stop in unbroken(tokens)]
    text, keys, after = typed[:start], typed[start:end], typed[end:]
    for begin, stop in reversed(before):
        syllable = decode(typed[begin:stop])
        if syllable is not None:
            text = text[:begin] + syllable.text + text[stop:]
    whole = decode(keys)
    yield text + (whole.text if whole is not None else keys) + after
    longer = None if after.isspace() else decode(keys + ("n" if _VOWEL.search(fold(keys)) else "a"))
    if longer is not None:  # most finals and vowels are still to come
        yield text + longer.text[:-1] + after
