"""Synonyms from a file in the format of Solr and Elasticsearch.

::

    # a comment
    cá tra, cá basa
    ubnd => ủy ban nhân dân
    1\\,5 độ, một phẩy năm độ

What stands together in a line, divided by commas, is searched for each other; with ``=>`` what stands left also
finds what stands right. What was typed is always searched as well, and comes first. A backslash takes the
meaning of the character after it away.
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
    """Syllables, with and without accents, and what is searched for them too."""

    exact: tuple[str, ...]
    folded: tuple[str, ...]
    others: tuple[str, ...]

    def matches(self, tokens: Tokens, first: int) -> bool:
        """Tell whether these syllables begin at ``first``: with these accents, or typed without any."""
        end = first + len(self.exact)
        typed = tuple(tokens.exact[first:end])
        return typed == self.exact or (typed == self.folded and tuple(tokens.folded) == tuple(tokens.exact))


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The rules of a file, by their first syllable without accents; ``problems`` names the lines that have none."""

    rules: Mapping[str, Sequence[Rule]]
    problems: Sequence[str] = ()

    def alternatives(self, tokens: Tokens) -> Iterator[Alternative]:
        """Yield the other ways to say parts of a query."""
        for first, syllable in enumerate(tokens.folded):
            for rule in self.rules.get(syllable, ()):
                if rule.matches(tokens, first):
                    for other in rule.others:
                        yield Alternative(first, first + len(rule.exact), other)


NO_SYNONYMS = Synonyms({})


def read_synonyms(path: Path) -> Synonyms:
    """Read a file of synonyms; none where there is no file. What is wrong in it is named and left out."""
    try:
        if path.stat().st_size > _LARGEST:
            return Synonyms({}, [f"{path} is larger than {_LARGEST:,} bytes; it was left out"])
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return NO_SYNONYMS
    except (OSError, UnicodeDecodeError) as error:
        return Synonyms({}, [f"{path} cannot be read: {error}; it was left out. It must be text in UTF-8"])
    rules: dict[str, list[Rule]] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        sides = [_phrases(side) for side in _ARROW.split(line)]
        known = sides[0] if sides else []
        wanted = sides[-1]
        if len(sides) > 2 or not known or not wanted or (len(sides) == 1 and len(known) < 2):
            problems.append(f"{path}, line {number}: wanted 'a, b' or 'a => b', found {line.strip()[:80]!r}")
            continue
        for tokens in {tuple(tokens.exact): tokens for tokens in map(tokenize, known)}.values():
            others = tuple(other for other in wanted if tokenize(other).exact != tokens.exact)
            if others:
                rules.setdefault(tokens.folded[0], []).append(Rule(tuple(tokens.exact), tuple(tokens.folded), others))
    return Synonyms(rules, problems)


class SynonymSource(Protocol):
    """Where an archive's synonyms come from."""

    def current(self) -> Synonyms:
        """Return the synonyms as they are now."""

    def version(self) -> Hashable:
        """Return a value that differs whenever the synonyms do."""


class SynonymFile:
    """The synonyms of a file as it is now: it is read again when it was changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[object, Synonyms] = (None, NO_SYNONYMS)

    def current(self) -> Synonyms:
        """Return the synonyms; what is wrong in a changed file is logged once."""
        version = self.version()
        if self._read[0] != version:
            synonyms = read_synonyms(self._path)
            for problem in synonyms.problems[:_MOST_LOGGED]:
                log.warning("%s", problem)
            self._read = (version, synonyms)
        return self._read[1]

    def version(self) -> Hashable:
        """Return what tells this state of the file from others, None where there is no file."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _phrases(side: str) -> list[str]:
    """Return the phrases between commas that have a word in them."""
    phrases = (re.sub(r"\\(.)", r"\1", piece).strip() for piece in _PIECE.findall(side))
    return [phrase for phrase in phrases if len(tokenize(phrase))]
