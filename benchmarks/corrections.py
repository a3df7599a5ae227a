"""Corrections of queries: how often right, how often uncalled for. ``python -m benchmarks.corrections [right|wrong]``

*Right*: titles, and phrases of four to six syllables from bodies, of tuoitre-1k are damaged in a known way; a
correction is right if it is the original, spelling variants aside. Damage to letters that makes a word which the
archive has is left out. *Uncalled for*: all queries of each set are run as written and without accents against the
set's own articles, and any correction counts as wrong. For ``vietnews_titles`` these are the judged articles and as
many others as make 3,000, for ``vietnews_phrases`` the first 10,000.
"""

from __future__ import annotations

import json
import lzma
import random
import re
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.data import data, rows
from index.analysis.analyzer import Stream
from index.analysis.normalization import fold
from index.analysis.syllables import TONES, accented_forms
from index.analysis.tokenizer import tokenize
from index.article import article_from
from search.archive import Archive, ArchiveConfig, open_archive
from search.relevance import read_queries
from search.runtime.index_follower import bring_in_sync
from search.spelling.corrections import correct

SETS = (
    "xquad_vi",
    "mlqa_vi_dev",
    "mailong_wiki_qa",
    "tuoitre_titles",
    "vietnews_titles",
    "alqac_law_dev",
    "tuoitre_leads",
    "tuoitre_phrases",
    "vietnews_phrases",
)
SAMPLES = 400
VIETNEWS = {"vietnews_titles": 3000, "vietnews_phrases": 10_000}
_PHRASE = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){3,5}")
_TELEX = dict(zip("ăâêôơưđ", ("aw", "aa", "ee", "oo", "ow", "uw", "dd"), strict=True))
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VNI = dict(zip("ăâêôơưđ", ("a8", "a6", "e6", "o6", "o7", "u7", "d9"), strict=True))

_NEXT_KEYS = {row[at]: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _ROWS for at in range(len(row))}
"""The letters left and right of a letter on the keyboard."""

OUTCOMES = ("right", "but for accents", "wrong", "none")

Damage = Callable[[random.Random, list[str]], str]


def keyed(syllable: str, marks: dict[str, str], tones: str) -> str:
    """Return the keys that type a syllable; ``tones`` are the keys of huyền, sắc, hỏi, ngã, nặng, which come last."""
    written, tone = "", ""
    for char in unicodedata.normalize("NFC", syllable.lower()):
        decomposed = unicodedata.normalize("NFD", char)
        for mark, key in zip(TONES[1:], tones, strict=True):
            if mark in decomposed:
                tone, decomposed = key, decomposed.replace(mark, "")
        letter = unicodedata.normalize("NFC", decomposed)
        written += marks.get(letter, letter)
    return written + tone


def telex(syllable: str) -> str:
    """Return the Telex keys of a syllable."""
    return keyed(syllable, _TELEX, "fsrxj")


def vni(syllable: str) -> str:
    """Return the VNI keys of a syllable."""
    return keyed(syllable, _VNI, "21345")


def toneless(syllable: str) -> str:
    """Return a syllable without its tone."""
    bare = "".join(char for char in unicodedata.normalize("NFD", syllable) if char not in TONES[1:])
    return unicodedata.normalize("NFC", bare)


def one_changed(choose: Callable[[str], list[str]]) -> Damage:
    """Return a damage that replaces one syllable with one that ``choose`` returns for it."""

    def damage(chance: random.Random, syllables: list[str]) -> str:
        places = [at for at, syllable in enumerate(syllables) if choose(syllable)]
        if not places:
            return ""
        at = chance.choice(places)
        return " ".join([*syllables[:at], chance.choice(choose(syllables[at])), *syllables[at + 1 :]])

    return damage


def other_tones(syllable: str) -> list[str]:
    """Return the syllables that differ from an accented one in tone alone."""
    forms = accented_forms(fold(syllable)) if fold(syllable) != syllable else ()
    return [form for form in forms if toneless(form) == toneless(syllable) and form != tokenize(syllable).exact[0]]


def other_marks(syllable: str) -> list[str]:
    """Return the syllables that differ from an accented one in more than tone."""
    forms = accented_forms(fold(syllable)) if fold(syllable) != syllable else ()
    return [form for form in forms if toneless(form) != toneless(syllable) and form != fold(syllable)]


def without_spaces(chance: random.Random, syllables: list[str]) -> str:
    """Join two to five adjacent syllables."""
    length = min(len(syllables), chance.randint(2, 5))
    at = chance.randint(0, len(syllables) - length)
    return " ".join([*syllables[:at], "".join(syllables[at : at + length]), *syllables[at + length :]])


def letter_missing(syllable: str) -> list[str]:
    """Return a syllable without one of its letters."""
    return [syllable[:at] + syllable[at + 1 :] for at in range(len(syllable))] if len(syllable) > 2 else []


def letter_doubled(syllable: str) -> list[str]:
    """Return a syllable with one of its letters twice."""
    return [syllable[: at + 1] + syllable[at:] for at in range(len(syllable))]


def letters_swapped(syllable: str) -> list[str]:
    """Return a syllable with two neighbouring letters in the wrong order."""
    pairs = [(at, syllable[at], syllable[at + 1]) for at in range(len(syllable) - 1)]
    return [syllable[:at] + second + first + syllable[at + 2 :] for at, first, second in pairs if first != second]


def letter_wrong(syllable: str) -> list[str]:
    """Return a syllable with a neighbouring key typed for one of its letters."""
    keys = [(at, key) for at, letter in enumerate(syllable) for key in _NEXT_KEYS.get(fold(letter), "")]
    return [syllable[:at] + key + syllable[at + 1 :] for at, key in keys]


def half_composed(marks: dict[str, str], tones: str) -> Callable[[str], list[str]]:
    """Return what types a syllable so that some of its keys were composed and others stand as typed.

    ``tương1``, ``tướng1``: the key of the tone stands at the end. ``nguyẽen``: so does the key of a mark.
    ``nguyeễn``: a letter stands beside what was composed of it.
    """

    def choose(syllable: str) -> list[str]:
        tone_key = keyed(syllable, marks, tones)[len(keyed(toneless(syllable), marks, tones)) :]
        typed = {toneless(syllable) + tone_key, syllable + tone_key}
        for at, char in enumerate(syllable):
            letter = toneless(char)
            tone = "".join(mark for mark in unicodedata.normalize("NFD", char) if mark in TONES[1:])
            if letter in marks:
                raw = unicodedata.normalize("NFC", marks[letter][0] + tone) + marks[letter][1]
                typed.add(syllable[:at] + raw + syllable[at + 1 :])
            if char != fold(char) and letter != "đ":
                typed.add(syllable[:at] + fold(char) + syllable[at:])
        return sorted(one for one in typed if one != syllable and not one.isascii())

    return choose


def no_accents(damage: Damage) -> Damage:
    """Return ``damage`` done to syllables without accents."""
    return lambda chance, syllables: damage(chance, list(map(fold, syllables)))


LETTERS: dict[str, Damage] = {
    f"one letter {name}": one_changed(choose)
    for name, choose in {
        "missing": letter_missing,
        "doubled": letter_doubled,
        "swapped": letters_swapped,
        "wrong": letter_wrong,
    }.items()
}
LETTERS |= {f"{name}, no accents": no_accents(damage) for name, damage in LETTERS.items()}
DAMAGES: dict[str, Damage] = {
    "one wrong tone": one_changed(other_tones),
    "one wrong vowel mark": one_changed(other_marks),
    "one syllable left bare": one_changed(lambda syllable: [fold(syllable)] if fold(syllable) != syllable else []),
    "some spaces left out": without_spaces,
    "some spaces left out, no accents": lambda chance, syllables: without_spaces(chance, list(map(fold, syllables))),
    "Telex": lambda _, syllables: " ".join(map(telex, syllables)),
    "VNI": lambda _, syllables: " ".join(map(vni, syllables)),
    "Telex in one syllable": one_changed(lambda syllable: [telex(syllable)] if telex(syllable) != syllable else []),
    "VNI in one syllable": one_changed(lambda syllable: [vni(syllable)] if vni(syllable) != syllable else []),
    "TELEX IN CAPITALS": lambda _, syllables: " ".join(map(telex, syllables)).upper(),
    "Telex half composed": one_changed(half_composed(_TELEX, "fsrxj")),
    "VNI half composed": one_changed(half_composed(_VNI, "21345")),
    **LETTERS,
}


@contextmanager
def indexed(articles: list[dict[str, Any]]) -> Iterator[Archive]:
    """Yield an archive with these articles, indexed."""
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(ArchiveConfig(Path(folder)))
        archive.store.put(
            [article_from({key: row[key] for key in ("id", "title", "body") if key in row}) for row in articles]
        )
        bring_in_sync(archive, wait=10)
        yield archive
        archive.close()


def measure_right() -> None:
    """Print how often the original is restored, for each damage."""
    chance = random.Random(7)
    articles = rows("tuoitre-1k.jsonl")
    bodies = chance.sample(articles, SAMPLES)
    sources = {
        "titles": [row["title"] for row in chance.sample(articles, SAMPLES) if not tokenize(row["title"]).codes],
        "phrases": [chance.choice(found) for row in bodies if (found := _PHRASE.findall(row["body"]))],
    }
    print(f"{'right / but for accents / wrong / none, %':42}" + "".join(f"{name:>29}" for name in sources))
    with indexed(articles) as archive:
        for name, damage in DAMAGES.items():
            counts = [outcomes(archive, damage, texts, chance, new=name in LETTERS) for texts in sources.values()]
            print(f"{name:42}" + "".join(map(shares, counts)), flush=True)


def shares(counts: Counter[str]) -> str:
    """Return a cell of the table: the share of each outcome."""
    return f"{'':5}" + " /".join(f"{counts[kind] / counts.total():6.1%}" for kind in OUTCOMES)


def outcomes(archive: Archive, damage: Damage, texts: list[str], chance: random.Random, *, new: bool) -> Counter[str]:
    """Count what becomes of damaged texts; ``new`` leaves out those whose damage makes a word that the archive has."""
    counts: Counter[str] = Counter()
    for text in texts:
        syllables = [syllable.lower() for syllable in re.findall(r"[^\W_]+", text)]
        damaged = damage(chance, syllables)
        if not damaged or damaged == " ".join(syllables):
            continue
        meant = tokenize(" ".join(syllables))
        if new and has_any(archive, set(tokenize(damaged).exact) - {*meant.exact, *meant.folded}, damaged):
            continue
        corrected = correct(archive.engine, damaged)
        found = meant if corrected is None else tokenize(corrected)
        right = (
            "right" if found.exact == meant.exact else "but for accents" if found.folded == meant.folded else "wrong"
        )
        counts["none" if corrected is None else right] += 1
    return counts


def has_any(archive: Archive, words: set[str], query: str) -> bool:
    """Tell whether the archive has any of ``words``, accents aside if ``query`` has none."""
    stream = Stream.FOLDED if query == fold(query) else Stream.SYLLABLE
    statistics = archive.engine.statistics()
    return any(statistics.document_frequency(stream, word) for word in words)


def measure_wrong() -> None:
    """Print how often a correctly typed query is corrected, as written and without accents."""
    print(f"{'uncalled for':34}{'queries':>16}{'as written':>16}{'no accents':>16}{'ms a query':>16}{'no accents':>16}")
    totals = [0, 0]
    for name in SETS:
        texts = [query.text for query in read_queries(data("relevance", name))]
        with indexed(documents(name)) as archive:
            written, bare = uncalled(archive, texts), uncalled(archive, list(map(fold, texts)))
        totals = [totals[0] + len(written[0]) + len(bare[0]), totals[1] + 2 * len(texts)]
        cells = (len(texts), len(written[0]), len(bare[0]), f"{written[1]:.1f}", f"{bare[1]:.1f}")
        print(f"{name:34}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
        for typed, found in written[0] + bare[0]:
            print(f"    {typed}  ->  {found}")
    print(f"{totals[0]} of {totals[1]} queries")


def uncalled(archive: Archive, texts: list[str]) -> tuple[list[tuple[str, str]], float]:
    """Return the queries that are corrected, each with its correction, and the milliseconds a query took."""
    started = time.perf_counter()
    found = [(text, corrected) for text in texts if (corrected := correct(archive.engine, text)) is not None]
    return found, (time.perf_counter() - started) * 1000 / len(texts)


def documents(name: str) -> list[dict[str, Any]]:
    """Return the articles that the queries of a set are asked of."""
    if name not in VIETNEWS:
        return rows("relevance", name, "docs.jsonl")
    judged = {id for query in read_queries(data("relevance", name)) for id in query.grades}
    others = VIETNEWS[name] - len(judged)
    untitled = {"title": ""} if name == "vietnews_titles" else {}  # the queries are the titles
    chosen = []
    with lzma.open(data("vietnews-50k.jsonl.xz"), "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["id"] in judged or others > 0:
                chosen.append(row | untitled)
                others -= row["id"] not in judged
    return chosen


def main() -> None:
    """Print both tables, or the one named."""
    wanted = sys.argv[1:] or ["right", "wrong"]
    if "right" in wanted:
        measure_right()
    if "wrong" in wanted:
        measure_wrong()


if __name__ == "__main__":
    main()
