"""Correct a query by the words of the archive itself: what its reader meant to type.

When a correction is offered:

- only plain words are corrected; operators, quotes, fields, punctuation, codes and numbers stay as they are;
- a query without any accents is not corrected if its letters are right, as its reader leaves the accents out. One with
  some accents is corrected if others are wrong or missing and a phrase of the archive with the right ones is far
  likelier;
- a token is split, decoded as keys or given other letters only if the archive does not know it, or knows it
  incomparably less;
- some article must have every syllable of the correction with exactly these accents, filters aside; if keys were
  decoded or a token split, and no article has all that was typed, the syllables without accents are enough;
- a word is capitalised only if a word of the query was.

The steps are ``readings`` (which syllables were typed, with ``keyboard`` and ``letters``), ``accents`` (which accents
they were meant to have) and a trial search for the result. They look up frequencies. Only the first 32 plain words of a
query are corrected.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.analysis.normalization import fold
from index.analysis.syllables import canonical_syllable
from index.analysis.tokenizer import Tokens, unbroken
from search.deadline import Deadline
from search.engine import Engine, Request
from search.query.parser import parse, plain_words
from search.query.tree import Match, typed_tokens, with_accents_required
from search.spelling.accents import choose_accents
from search.spelling.letters import Neighbour, Token, may_be_wrong
from search.spelling.readings import ReadSyllable, read_tokens
from search.vocabulary import Vocabulary

_MOST_WORDS = 32
_SEVERAL = 5


@dataclass(frozen=True, slots=True)
class _Typed:
    """A plain word of the query: its offsets, its text, and its canonical form with and without accents."""

    start: int
    end: int
    text: str
    exact: str
    folded: str


def correct(engine: Engine, text: str, deadline: Deadline | None = None) -> str | None:
    """Return the query ``text`` as it was meant, or None if nothing better is known.

    Raises SearchTimeoutError if ``deadline`` is over before that is known.
    """
    deadline = deadline or Deadline()
    runs = list(_runs(text))
    if not runs:
        return None
    statistics = engine.statistics()
    corrected, only_made = statistics.together(lambda: _corrected(Vocabulary(statistics), text, runs, deadline))
    if corrected == text:
        return None
    if _finds_all(engine, corrected, deadline, accents=True):
        return corrected
    better = (
        only_made
        and _finds_all(engine, corrected, deadline, accents=False)
        and not _finds_all(engine, text, deadline, accents=False)
    )
    return corrected if better else None


def _corrected(
    vocabulary: Vocabulary, text: str, runs: Sequence[Sequence[_Typed]], deadline: Deadline
) -> tuple[str, bool]:
    """Return the query ``text`` as it was meant, and whether no word changed but what was decoded or split.

    It is ``text`` itself if its words, the ``runs``, are as they were meant.
    """
    words = [word for run in runs for word in run]
    unaccented = all(word.exact == word.folded for word in words)
    if unaccented and not any(_may_be_wrong(vocabulary, run, at) for run in runs for at in range(len(run))):
        return text, False
    replaced: dict[_Typed, str] = {}
    only_made = True
    for run in runs:
        deadline.check()
        if _is_written_so(vocabulary, run):
            continue
        for word, meant, made in _meant(vocabulary, run, unaccented=unaccented):
            if [canonical_syllable(syllable) for syllable in meant] != [word.exact]:
                replaced[word] = " ".join(meant)
                only_made = only_made and made
    return _rewritten(text, words, replaced) if replaced else text, only_made


def _is_written_so(vocabulary: Vocabulary, run: Sequence[_Typed]) -> bool:
    """Tell whether several articles have every two neighbours of a run as they were typed (``có thế mạnh``)."""
    pairs = list(pairwise([word.exact for word in run]))
    return bool(pairs) and all(vocabulary.side_by_side(*pair) >= _SEVERAL for pair in pairs)


def _runs(text: str) -> Iterator[list[_Typed]]:
    """Yield runs of plain words with only spaces between them; codes end a run."""
    run: list[_Typed] = []
    count = 0
    for start, end in plain_words(text):
        word = text[start:end]
        tokens = typed_tokens(word)
        for first, last in unbroken(tokens):
            if count == _MOST_WORDS or _in_code(tokens, first, last):
                continue
            begin, stop = tokens.starts[first], tokens.ends[last - 1]
            exact = tokens.exact[first] if last - first == 1 else canonical_syllable(word[begin:stop])
            typed = _Typed(start + begin, start + stop, word[begin:stop], exact, fold(exact))
            if run and text[run[-1].end : typed.start].strip():
                yield run
                run = []
            run.append(typed)
            count += 1
    if run:
        yield run


def _in_code(tokens: Tokens, first: int, end: int) -> bool:
    """Tell whether syllables are in a code; letters and then figures may be keys (``ho65i``) and are in none."""
    here = [code for code in tokens.codes if code.first < end and first < code.end]
    keys = end - first > 1 and tokens.exact[first][0].isalpha()
    return any(not keys or (code.first, code.end) != (first, end) for code in here)


def _may_be_wrong(vocabulary: Vocabulary, run: Sequence[_Typed], at: int) -> bool:
    """Tell whether the letters of a word of a query without accents may be wrong."""
    before, after = (Neighbour(word.folded, "") for word in (run[at - 1], run[at + 1 - len(run)]))
    place = Token(run[at].folded, before if at else None, after if at + 1 < len(run) else None, bare=True)
    return may_be_wrong(vocabulary, place)


def _meant(
    vocabulary: Vocabulary, run: Sequence[_Typed], *, unaccented: bool
) -> Iterator[tuple[_Typed, list[str], bool]]:
    """Yield (word, the syllables it was meant to be, whether they were decoded or split) for each word of a run."""
    syllables: list[ReadSyllable] = read_tokens(vocabulary, [word.text for word in run], unaccented=unaccented)
    if unaccented and not any(syllable.made for syllable in syllables):
        return
    chosen = choose_accents(vocabulary, syllables)
    for at, word in enumerate(run):
        own = [(syllable.made, text) for syllable, text in zip(syllables, chosen, strict=True) if syllable.token == at]
        yield word, [text for _, text in own], any(made for made, _ in own)


def _rewritten(text: str, words: Sequence[_Typed], replaced: dict[_Typed, str]) -> str:
    """Return ``text`` with words replaced; a query all in capitals becomes lower case, a capitalised word stays so."""
    shouted = all(word.text == word.text.upper() for word in words) and any(len(word.text) > 1 for word in words)
    pieces: list[str] = []
    at = 0
    for word in words:
        meant = replaced.get(word, word.text.lower() if shouted else word.text)
        if word in replaced and word.text[:1].isupper() and word.text[1:] == word.text[1:].lower():
            meant = meant[:1].upper() + meant[1:]
        pieces += [text[at : word.start], meant]
        at = word.end
    return unicodedata.normalize("NFC", "".join([*pieces, text[at:]]))


def _finds_all(engine: Engine, text: str, deadline: Deadline, *, accents: bool) -> bool:
    """Tell whether some article has every syllable of the query ``text``, with exactly its accents if ``accents``."""
    tree = with_accents_required(parse(text)) if accents else parse(text)
    found = engine.retrieve(Request(tree, Match.ALL, size=0, deadline=deadline))
    deadline.check()
    return found.total + found.relaxed_total > 0
