"""Synonyms from a file in the format of Solr and Elasticsearch.

::

    # a comment
    cá tra, cá basa
    ubnd => ủy ban nhân dân
    1\\,5 độ, một phẩy năm độ

The comma-separated phrases of a line are synonyms of each other; with ``=>`` the left ones also find the right ones,
but not the reverse. What was typed is always searched as well, and comes first. A backslash escapes the next
character. A phrase is recognized in a query by its letters, however they are joined: ``vắc-xin`` is ``vắc xin`` and
``vắcxin``, and ``vac xin`` in a query without accents.

The spellings of places that ship with timtin (``places.txt``) apply unless a line says ``!places off``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Protocol

from index.analysis.syllables import is_vietnamese_shape
from index.analysis.tokenizer import Tokens, tokenize
from index.errors import StoreError
from index.shared_texts import SYNONYMS, SharedTexts
from search.query.tree import MOST_SYLLABLES, Alternative

log = logging.getLogger(__name__)

MOST_SYNONYMS = 64
"""How many synonyms are searched for one query."""

_MOST_OTHERS = 4 * MOST_SYNONYMS
"""How many phrases of a line are kept: more than are searched, as some may be what was typed."""
_PIECE = re.compile(r"(?:[^,\\]|\\.?)+")
_ARROW = re.compile(r"(?<!\\)=>")
_SWITCH = re.compile(r"!\s*places\s+off", re.IGNORECASE)
_LARGEST = 10_000_000
_MOST_LOGGED = 20


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a rule: its text, and its syllables with and without accents."""

    text: str
    exact: tuple[str, ...]
    folded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase to recognize in a query, and the phrases to search for too."""

    phrase: Phrase
    others: tuple[Phrase, ...]

    def alternatives(self, tokens: Tokens, first: int, end: int) -> Iterator[Alternative]:
        """Yield the alternatives for the syllables ``first`` to ``end``, which are the phrase but for their accents.

        The accents must be right, or the query has none. Then Vietnamese syllables are not one foreign word: ``cu ba``
        may be ``cụ bà``. Nor is one syllable ever several: ``kho`` is not ``K'Ho``.
        """
        exact, folded = tuple(tokens.exact[first:end]), tuple(tokens.folded[first:end])
        bare, size = tokens.exact == tokens.folded, len(self.phrase.exact)
        if (len(exact) == 1 < size or (bare and len(exact) > size)) and all(map(is_vietnamese_shape, exact)):
            return
        if "".join(exact) == "".join(self.phrase.exact):
            yield from (Alternative(first, end, one.text) for one in self.others if one.exact != exact)
        elif bare:
            yield from (Alternative(first, end, one.text) for one in self.others if one.folded != folded)


class LineProblemCode(StrEnum):
    """What is wrong with a line."""

    RULE = "expected 'a, b' or 'a => b', found {text!r}"
    SWITCH = "expected '!places off', found {text!r}"
    PHRASES = "{count} phrases; a query searches {allowed} synonyms at most"


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that says nothing, or too much: its number, its beginning, and how many phrases it wants."""

    line: int
    code: LineProblemCode
    text: str
    count: int = 0

    def said(self, name: str) -> str:
        """Return what is wrong with the line of the file ``name``."""
        return f"{name}, line {self.line}: " + self.code.format(text=self.text, count=self.count, allowed=MOST_SYNONYMS)


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The rules of a file, by the letters of their phrases without accents.

    ``problems`` describes the invalid ``lines``; ``places`` tells whether the spellings of places apply too.
    """

    rules: Mapping[str, Sequence[Rule]]
    problems: Sequence[str] = ()
    places: bool = True
    lines: Sequence[LineProblem] = ()

    def alternatives(self, tokens: Tokens) -> Iterator[Alternative]:
        """Yield the alternatives for the parts of a query that a rule matches."""
        size = min(len(tokens), MOST_SYLLABLES)
        found: set[Alternative] = set()
        for first in range(size):
            letters = ""
            for end in range(first + 1, size + 1):
                letters += tokens.folded[end - 1]
                for rule in self.rules.get(letters, ()):
                    for other in rule.alternatives(tokens, first, end):
                        if other not in found:
                            found.add(other)
                            yield other


NO_SYNONYMS = Synonyms({})


def read_synonyms(texts: SharedTexts) -> Synonyms:
    """Read ``synonyms.txt``; if there is none, there are no synonyms. ``problems`` names invalid lines, skipped.

    Raises StoreError if an archive without a folder cannot be asked.
    """
    place = texts.place(SYNONYMS)
    try:
        text = texts.read(SYNONYMS)
        if text is None:
            return NO_SYNONYMS
        if len(text.data) > _LARGEST:
            return Synonyms({}, [f"{place} is larger than {_LARGEST:,} bytes; it was ignored. Make it smaller"])
        return parse_synonyms(text.data.decode("utf-8-sig"), place)
    except (OSError, UnicodeDecodeError) as error:
        return Synonyms({}, [f"{place} cannot be read: {error}; it was ignored. It must be text in UTF-8"])


@cache
def place_names() -> Synonyms:
    """Return the spellings of places that ship with timtin."""
    return parse_synonyms(files("search.query").joinpath("places.txt").read_text("utf-8"), "places.txt")


def parse_synonyms(text: str, name: str) -> Synonyms:
    """Return the synonyms in the text of a file; problems are named by its ``name`` and the number of the line."""
    rules: dict[str, list[Rule]] = {}
    problems: list[LineProblem] = []
    places = True
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        shown = line.strip()[:80]
        if line.lstrip().startswith("!"):
            if _SWITCH.fullmatch(line.strip()):
                places = False
            else:
                problems.append(LineProblem(number, LineProblemCode.SWITCH, shown))
            continue
        sides = [_phrases(side) for side in _ARROW.split(line)]
        known, wanted = sides[0], sides[-1]
        if len(sides) > 2 or not known or not wanted or (len(sides) == 1 and len(known) < 2):
            problems.append(LineProblem(number, LineProblemCode.RULE, shown))
            continue
        if len(wanted) > MOST_SYNONYMS + (len(sides) == 1):
            problems.append(LineProblem(number, LineProblemCode.PHRASES, shown, len(wanted)))
        others = tuple(wanted[:_MOST_OTHERS])  # the same one for all of the line
        for phrase in {phrase.exact: phrase for phrase in known}.values():
            rules.setdefault("".join(phrase.folded), []).append(Rule(phrase, others))
    return Synonyms(rules, [problem.said(name) for problem in problems], places, problems)


class SynonymSource(Protocol):
    """A source of synonyms for an archive."""

    def current(self) -> Synonyms:
        """Return the current synonyms."""

    def version(self) -> Hashable:
        """Return a value that changes whenever the synonyms do."""


class SharedSynonyms:
    """The synonyms among the shared texts of an archive, read again whenever they change, and the spellings of places.

    While an archive without a folder cannot be asked, those read last hold.
    """

    def __init__(self, texts: SharedTexts) -> None:
        self._texts = texts
        self._read: tuple[object, Synonyms] = (self, NO_SYNONYMS)

    def current(self) -> Synonyms:
        """Return the current synonyms; log the problems of a changed file once, at most 20 of them."""
        version = self.version()
        if self._read[0] != version:
            try:
                synonyms = read_synonyms(self._texts)
            except StoreError:
                return self._read[1] if self._read[0] is not self else place_names()
            for problem in synonyms.problems[:_MOST_LOGGED]:
                log.warning("%s", problem)
            self._read = (version, _with_places(synonyms) if synonyms.places else synonyms)
        return self._read[1]

    def version(self) -> Hashable:
        """Return what identifies this state of the synonyms; None if there are none."""
        try:
            return self._texts.version(SYNONYMS)
        except OSError:
            return None
        except StoreError:
            return self._read[0] if self._read[0] is not self else None


class SynonymText:
    """The synonyms in a text, as those of a file with this text would be; ``lines`` are its invalid ones."""

    def __init__(self, text: str) -> None:
        parsed = parse_synonyms(text, "the text")
        self.lines = parsed.lines
        self._synonyms = _with_places(parsed) if parsed.places else parsed

    def current(self) -> Synonyms:
        """Return the synonyms."""
        return self._synonyms

    def version(self) -> Hashable:
        """Return what no other text has."""
        return id(self)


def _phrases(side: str) -> list[Phrase]:
    """Return the comma-separated phrases that contain a word."""
    texts = (re.sub(r"\\(.)", r"\1", piece).strip() for piece in _PIECE.findall(side))
    return [phrase for phrase in map(_phrase, texts) if phrase.exact]


def _phrase(text: str) -> Phrase:
    tokens = tokenize(text)
    return Phrase(text, tuple(tokens.exact), tuple(tokens.folded))


def _with_places(synonyms: Synonyms) -> Synonyms:
    """Return ``synonyms`` and the spellings of places: a rule that names a place serves all of its spellings."""
    places = place_names()
    own: dict[str, list[Rule]] = {}
    spelled: dict[int, tuple[Phrase, ...]] = {}  # by the tuple that the rules of a line share
    for rule in chain.from_iterable(synonyms.rules.values()):
        if (others := spelled.get(id(rule.others))) is None:
            more = chain.from_iterable(_spellings(other, places) for other in rule.others)
            others = spelled[id(rule.others)] = tuple(dict.fromkeys(chain(rule.others, more)))
        for phrase in _spellings(rule.phrase, places):
            own.setdefault("".join(phrase.folded), []).append(Rule(phrase, others))
    rules = {key: [*own.get(key, ()), *places.rules.get(key, ())] for key in own.keys() | places.rules.keys()}
    return replace(synonyms, rules=rules)


def _spellings(phrase: Phrase, places: Synonyms) -> list[Phrase]:
    """Return a phrase, and the other spellings of the place that it names, if it names one."""
    if "".join(phrase.folded) not in places.rules:
        return [phrase]
    tokens = tokenize(phrase.text)
    whole = [other.text for other in places.alternatives(tokens) if (other.first, other.end) == (0, len(tokens))]
    return [phrase, *map(_phrase, whole)]
