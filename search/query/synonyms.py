"""Synonyms from a file in the format of Solr and Elasticsearch.

::

    # a comment
    cá tra, cá basa
    ubnd => ủy ban nhân dân
    1\\,5 độ, một phẩy năm độ

The comma-separated phrases of a line are synonyms of each other; with ``=>`` the left ones also find the right ones,
but not the reverse. What was typed is always searched as well, and comes first. A backslash escapes the next
character.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.analysis.tokenizer import Tokens, tokenize
from search.query.tree import Alternative

log = logging.getLogger(__name__)

_PIECE = re.compile(r"(?:[^,\\]|\\.?)+")
_ARROW = re.compile(r"(?<!\\)=>")
_LARGEST = 10_000_000
_MOST_LOGGED = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase as syllables, with and without accents, and the other phrases to search for too."""

    exact: tuple[str, ...]
    folded: tuple[str, ...]
    others: tuple[str, ...]

    def matches(self, tokens: Tokens, first: int) -> bool:
        """Tell whether the phrase starts at token ``first``: with its accents, or in a query without any."""
        end = first + len(self.exact)
        typed = tuple(tokens.exact[first:end])
        return typed == self.exact or (typed == self.folded and tuple(tokens.folded) == tuple(tokens.exact))


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The rules of a file, by their first syllable without accents; ``problems`` describes the invalid lines."""

    rules: Mapping[str, Sequence[Rule]]
    problems: Sequence[str] = ()

    def alternatives(self, tokens: Tokens) -> Iterator[Alternative]:
        """Yield the alternatives for the parts of a query that a rule matches."""
        for first, syllable in enumerate(tokens.folded):
            for rule in self.rules.get(syllable, ()):
                if rule.matches(tokens, first):
                    for other in rule.others:
                        yield Alternative(first, first + len(rule.exact), other)


NO_SYNONYMS = Synonyms({})


def read_synonyms(path: Path) -> Synonyms:
    """Read a file of synonyms; a missing file has none. Invalid lines are skipped and named in ``problems``."""
    try:
        if path.stat().st_size > _LARGEST:
            return Synonyms({}, [f"{path} is larger than {_LARGEST:,} bytes; it was ignored. Make it smaller"])
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return NO_SYNONYMS
    except (OSError, UnicodeDecodeError) as error:
        return Synonyms({}, [f"{path} cannot be read: {error}; it was ignored. It must be text in UTF-8"])
    rules: dict[str, list[Rule]] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        sides = [_phrases(side) for side in _ARROW.split(line)]
        known = sides[0] if sides else []
        wanted = sides[-1]
        if len(sides) > 2 or not known or not wanted or (len(sides) == 1 and len(known) < 2):
            problems.append(f"{path}, line {number}: expected 'a, b' or 'a => b', found {line.strip()[:80]!r}")
            continue
        for tokens in {tuple(tokens.exact): tokens for tokens in map(tokenize, known)}.values():
            others = tuple(other for other in wanted if tokenize(other).exact != tokens.exact)
            if others:
                rules.setdefault(tokens.folded[0], []).append(Rule(tuple(tokens.exact), tuple(tokens.folded), others))
    return Synonyms(rules, problems)


class SynonymSource(Protocol):
    """A source of synonyms for an archive."""

    def current(self) -> Synonyms:
        """Return the current synonyms."""

    def version(self) -> Hashable:
        """Return a value that changes whenever the synonyms do."""


class SynonymFile:
    """The synonyms of a file, read again whenever the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[object, Synonyms] = (None, NO_SYNONYMS)

    def current(self) -> Synonyms:
        """Return the current synonyms; log the problems of a changed file once, at most 20 of them."""
        version = self.version()
        if self._read[0] != version:
            synonyms = read_synonyms(self._path)
            for problem in synonyms.problems[:_MOST_LOGGED]:
                log.warning("%s", problem)
            self._read = (version, synonyms)
        return self._read[1]

    def version(self) -> Hashable:
        """Return what identifies this state of the file; None if there is no file."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _phrases(side: str) -> list[str]:
    """Return the comma-separated phrases that contain a word."""
    phrases = (re.sub(r"\\(.)", r"\1", piece).strip() for piece in _PIECE.findall(side))
    return [phrase for phrase in phrases if len(tokenize(phrase))]
