"""Read typed tokens as syllables: as they are, decoded from keys, or split where several are written without spaces.

A token that the archive knows is read as it is. Another is decoded from Telex or VNI keys if these give a known
syllable: always if two or more keys were marks (``hooij``); if only one was (``vangf``, but also ``been``), only if the
syllable stands beside its neighbour in the archive too, the token is next to one of two marks, or two other tokens are
keys. If a third of the tokens are keys, tokens that the archive knows are decoded too, where it knows the result far
better (``max``).

What the archive still does not know may be a term with one wrong letter (``letters``), or several known syllables each
pair of which are neighbours in some article; where it may be both, the neighbours that more articles have decide. A
token that is short (``Bana``) or the only one, and is split in two or three, needs several articles, as chance makes
some neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.analysis.normalization import fold
from index.analysis.syllables import LONGEST_FOLDED, canonical_syllable, is_vietnamese_shape, parts_of
from search.spelling.keyboard import LONGEST_TYPED, Decoded, decode
from search.spelling.letters import Neighbour, Token, may_be_wrong, mend
from search.vocabulary import Vocabulary

_INCOMPARABLY = 100
_COMMONER = 5
_LONGEST_CUT = 40
_MOST_CUT = 80
_MOST_TRIED = 8
_CUTS_KEPT = 4
_FEWEST_LETTERS = 2.2  # least average letters per syllable of a token split in three or more
_SHORT = 5
_FEW_SYLLABLES = 3
_SEVERAL = 5
_ARTICLES_FOR_ONE_MORE = 100
_SURE_KEYS = 2
_SURE_TOKENS = 2


@dataclass(frozen=True, slots=True)
class ReadSyllable:
    """One syllable that was meant: without accents, with those typed, and the number of its token.

    ``made`` means that it was decoded or split off; ``bare`` that its accents were left out, so that it may have any.
    """

    folded: str
    exact: str
    token: int
    made: bool = False
    bare: bool = False


def read_tokens(vocabulary: Vocabulary, typed: Sequence[str], *, unaccented: bool) -> list[ReadSyllable]:
    """Return the syllables that the tokens ``typed`` stand for, in order.

    ``unaccented`` means that no token of the query has accents, so that plain tokens may lack theirs.
    """
    lower = [token.lower() for token in typed]
    decoded = _decoded_tokens(vocabulary, lower)
    bare = unaccented and not any(decoded)
    shouted = all(token.isupper() for token in typed)
    fewest = min(_SEVERAL, 1 + vocabulary.articles // _ARTICLES_FOR_ONE_MORE)
    syllables: list[ReadSyllable] = []
    room, tries = _MOST_CUT, _MOST_TRIED
    for at, token in enumerate(lower):
        key = decoded[at]
        if key is not None:
            syllables.append(ReadSyllable(fold(key.text), key.text, at, made=True))
            continue
        chancy = len(lower) == 1 or (len(token) <= _SHORT and token.isascii())
        cut = _cut_token(vocabulary, token, fewest if chancy else 1) if len(token) <= room else []
        exact = canonical_syllable(token)
        before = _before(vocabulary, syllables)
        after = _after(vocabulary, lower, decoded, at, bare=bare)
        misspelt = Token(exact, before, after, bare=bare, capital=typed[at][0].isupper() and not shouted)
        acronym = misspelt.capital and typed[at].isupper() and len(token) <= _SHORT
        meant = None
        if tries and not acronym and may_be_wrong(vocabulary, misspelt):
            tries -= 1
            meant = mend(vocabulary, misspelt, fewest)
        if meant is not None and cut:
            pieces = [folded for folded, _ in cut]
            if _weakest(vocabulary, [meant.folded], misspelt) <= _weakest(vocabulary, pieces, misspelt):
                meant = None
        if meant is not None:
            any_accents = misspelt.plain and parts_of(meant.folded) is not None
            syllables.append(ReadSyllable(meant.folded, meant.exact, at, made=True, bare=any_accents))
        elif cut:
            room -= len(token)
            any_accents = all(not exact for _, exact in cut)
            made = (ReadSyllable(folded, exact or folded, at, made=True, bare=any_accents) for folded, exact in cut)
            syllables.extend(made)
        else:
            syllables.append(ReadSyllable(fold(exact), exact, at, bare=bare and parts_of(fold(exact)) is not None))
    return syllables


def _before(vocabulary: Vocabulary, syllables: Sequence[ReadSyllable]) -> Neighbour | None:
    """Return the last of the syllables read, None if the archive does not know it."""
    if not syllables or not vocabulary.folded(syllables[-1].folded):
        return None
    return Neighbour(syllables[-1].folded, "" if syllables[-1].bare else syllables[-1].exact)


def _after(
    vocabulary: Vocabulary, typed: Sequence[str], decoded: Sequence[Decoded | None], at: int, *, bare: bool
) -> Neighbour | None:
    """Return what stands after token ``at``, None if the archive does not know it."""
    if at + 1 == len(typed):
        return None
    key = decoded[at + 1]
    exact = canonical_syllable(typed[at + 1]) if key is None else key.text
    return Neighbour(fold(exact), "" if bare else exact) if vocabulary.folded(fold(exact)) else None


def _weakest(vocabulary: Vocabulary, syllables: Sequence[str], token: Token) -> int:
    """Return in how few articles two neighbours are neighbours if ``syllables`` stand in the token's place."""
    before = [token.before.folded] if token.before is not None else []
    after = [token.after.folded] if token.after is not None else []
    return min((vocabulary.pair(*pair) for pair in pairwise([*before, *syllables, *after])), default=0)


def _decoded_tokens(vocabulary: Vocabulary, typed: Sequence[str]) -> list[Decoded | None]:
    """Return the decoded syllable of each token that is keys, None for the others."""
    exact = [canonical_syllable(token) for token in typed]
    known = [vocabulary.folded(fold(syllable)) for syllable in exact]
    possible = [decode(token) for token in typed]
    read = [syllable if key is None else key.text for key, syllable in zip(possible, exact, strict=True)]
    beside = [key is not None and _stands_beside(vocabulary, read, exact, at) for at, key in enumerate(possible)]
    keyed = [
        not known[at]
        and key is not None
        and (beside[at] or (key.keys >= _SURE_KEYS and vocabulary.exact(key.text) > 0))
        for at, key in enumerate(possible)
    ]
    sure = [keyed[at] and key is not None and key.keys >= _SURE_KEYS for at, key in enumerate(possible)]
    for at, key in enumerate(possible):
        if key is not None and not known[at] and vocabulary.exact(key.text) and any(sure[max(0, at - 1) : at + 2]):
            keyed[at] = True
    in_wrong_mode = sum(keyed) >= _SURE_TOKENS
    mostly = in_wrong_mode and 3 * sum(keyed) >= len(typed)
    kept: list[Decoded | None] = []
    for at, key in enumerate(possible):
        if key is None:
            kept.append(None)
        elif known[at]:
            far_commoner = vocabulary.exact(key.text) >= known[at] * (_COMMONER if mostly else _INCOMPARABLY)
            kept.append(key if far_commoner and in_wrong_mode and (mostly or beside[at]) else None)
        else:
            kept.append(key if keyed[at] or (in_wrong_mode and vocabulary.folded(fold(key.text))) else None)
    return kept


def _stands_beside(vocabulary: Vocabulary, read: Sequence[str], typed: Sequence[str], at: int) -> bool:
    """Tell whether the syllable decoded at ``at`` stands beside a neighbour in the archive too, accents included.

    The neighbour is taken as decoded or as typed.
    """
    for other in (at - 1, at + 1):
        if not 0 <= other < len(read) or not vocabulary.exact(read[at]):
            continue
        for neighbour in {read[other], typed[other]}:
            first, second = (neighbour, read[at]) if other < at else (read[at], neighbour)
            if vocabulary.pair(fold(first), fold(second)) and vocabulary.side_by_side(first, second):
                return True
    return False


def _cut_token(vocabulary: Vocabulary, token: str, fewest: int) -> list[tuple[str, str]]:
    """Split ``token`` into known syllables written without spaces, each (folded, accented or empty); [] if it is one.

    The split is the best path over the possible cuts, by how often each pair of syllables is neighbours; at every place
    the four best paths are kept. Pairs of two or three syllables must be neighbours in at least ``fewest`` articles.
    """
    folded = fold(canonical_syllable(token))
    known = vocabulary.folded(folded)
    a_syllable = bool(known) and len(token) <= LONGEST_FOLDED and is_vietnamese_shape(folded)
    if a_syllable or not 3 < len(token) <= _LONGEST_CUT or known * _INCOMPARABLY >= vocabulary.articles:
        return []
    best: list[list[_Path]] = [[] for _ in range(len(token) + 1)]
    best[0] = [_Path(0.0, 0, ())]
    for start in range(len(token)):
        if not best[start]:
            continue
        for end, folded, exact in _syllables_from(vocabulary, token, start):
            if start == 0 and end == len(token):
                continue
            for path in best[start]:
                longer = path.with_syllable(vocabulary, folded, exact)
                if longer is not None:
                    best[end].append(longer)
        for end in range(start + 1, len(token) + 1):
            best[end] = sorted(best[end], key=lambda path: path.cost)[:_CUTS_KEPT]
    most = max(2, int(len(token) / _FEWEST_LETTERS))
    for path in best[-1]:
        weakest = max(fewest if len(path.syllables) <= _FEW_SYLLABLES else 1, known * _INCOMPARABLY + 1)
        likely = 1 < len(path.syllables) <= most and path.weakest >= weakest
        if likely and (not token.isascii() or _keys_fit(vocabulary, path.syllables)):
            return list(path.syllables)
    return []


def _keys_fit(vocabulary: Vocabulary, cut: Sequence[tuple[str, str]]) -> bool:
    """Tell whether each syllable of a split that was decoded from keys occurs, so accented, beside its neighbours."""
    for first, second in pairwise(cut):
        if (first[1] or second[1]) and not vocabulary.side_by_side(first[1] or first[0], second[1] or second[0]):
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Path:
    """A way to split the beginning of a token; ``weakest`` is the lowest frequency of its pairs."""

    cost: float
    weakest: int
    syllables: tuple[tuple[str, str], ...]

    def with_syllable(self, vocabulary: Vocabulary, folded: str, exact: str) -> _Path | None:
        syllable = (folded, exact)
        if not self.syllables:
            return _Path(vocabulary.surprise(vocabulary.folded(folded)), 0, (syllable,))
        pair = vocabulary.pair(self.syllables[-1][0], folded)
        if not pair:
            return None
        weakest = pair if len(self.syllables) == 1 else min(self.weakest, pair)
        return _Path(self.cost + vocabulary.surprise(pair), weakest, (*self.syllables, syllable))


def _syllables_from(vocabulary: Vocabulary, token: str, start: int) -> Iterator[tuple[int, str, str]]:
    """Yield (end, folded, accented or empty) for each known syllable that begins at ``start``."""
    for end in range(start + 1, min(len(token), start + LONGEST_TYPED) + 1):
        piece = token[start:end]
        if end - start <= LONGEST_FOLDED:
            exact = canonical_syllable(piece)
            folded = fold(exact)
            if parts_of(folded) is not None and vocabulary.folded(folded):
                yield end, folded, exact if exact != folded else ""
                continue
        key = decode(piece) if piece.isascii() else None
        if key is not None and vocabulary.exact(key.text):
            yield end, fold(key.text), key.text
