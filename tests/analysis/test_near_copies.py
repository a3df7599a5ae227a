"""Near-copies of an article are known by their sketches; the stories they form do not depend on how they arrive."""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rensa import RMinHash

from index.analysis.near_copies import MOST_DIFFERING, NO_SKETCH, SLOTS, assign, hashed, sketch, sketches
from index.analysis.syllables import with_tones_on_last_vowel
from index.analysis.tokenizer import tokenize
from index.reading.formats.plaintext import read_plain_text
from tests.conftest import ROOT, SEEDS

BODIES = [read_plain_text(path.read_text("utf-8")).body for path in sorted(SEEDS.glob("*.txt"))]

Sketch = tuple[int, int]

PINNED = (12155292374367440688, 7522682440717323886)
"""The sketch of từ0 từ1 ... từ299."""


def sketch_of(text: str) -> Sketch:
    return sketch(tokenize(text).exact)


def planes(sketches: list[Sketch]) -> NDArray[np.uint64]:
    return np.array(sketches, np.uint64).reshape(-1, 2).T


def stories(sketches: list[Sketch], first: int = 1) -> list[int]:
    """The stories of articles that come into an empty index together."""
    numbers = np.arange(first, first + len(sketches))
    return assign(planes(sketches), numbers, planes([]), np.empty(0, np.int64)).tolist()


def without_the_end(body: str) -> str:
    return body[: len(body) * 4 // 5]


def with_some_sentences_rewritten(body: str) -> str:
    words = body.split(" ")
    for third in (1, 2):
        at = len(words) * third // 3
        words[at : at + 30] = ["Phóng viên đã trao đổi với một số người dân trong khu vực về việc này."]
    return " ".join(words)


EDITS: dict[str, Callable[[str], str]] = {
    "as it is": lambda body: body,
    "another headline above it": lambda body: f"Những điều bạn đọc cần biết sáng nay\n{body}",
    "another byline": lambda body: f"(Dân sinh) - {body}\nTheo Hà An - Ảnh: Minh Đức",
    "the last fifth cut": without_the_end,
    "some sentences rewritten": with_some_sentences_rewritten,
    "decomposed": lambda body: unicodedata.normalize("NFD", body),
    "tones on the other vowel": with_tones_on_last_vowel,
    "in capitals": str.upper,
    "other quotes and dashes": lambda body: body.replace('"', "”").replace(" - ", " – ").replace(",", " ,"),
}


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_article_is_a_copy(body: str, edit: str) -> None:
    edited = EDITS[edit](body)
    assert edited != body or edit in ("as it is", "tones on the other vowel", "other quotes and dashes")
    assert stories([sketch_of(body), sketch_of(edited)]) == [1, 1]


@pytest.mark.parametrize("edit", ["decomposed", "tones on the other vowel", "in capitals", "other quotes and dashes"])
def test_spelling_does_not_change_a_sketch(edit: str) -> None:
    assert [sketch_of(EDITS[edit](body)) for body in BODIES] == [sketch_of(body) for body in BODIES]
    assert any(EDITS[edit](body) != body for body in BODIES)


def test_articles_on_one_subject_are_not_copies() -> None:
    assert len(BODIES) == 5
    assert stories([sketch_of(body) for body in BODIES]) == [1, 2, 3, 4, 5]


def test_half_of_one_article_and_half_of_another_are_a_copy_of_neither() -> None:
    one, other = (body.split() for body in BODIES[:2])
    mixed = " ".join(one[: len(one) // 2] + other[len(other) // 2 :])
    assert stories([sketch_of(BODIES[0]), sketch_of(BODIES[1]), sketch_of(mixed)]) == [1, 2, 3]


def plain_sketch(syllables: list[str]) -> Sketch:
    """The definition, a shingle at a time; the hashes of syllables and the minima are rensa's."""
    hashes, parts = hashed(syllables).tolist(), set()
    for three in zip(hashes, hashes[1:], hashes[2:], strict=False):
        number = 0
        for one in three:
            number = (number * 0x9E3779B97F4A7C15 + one) % 2**64
        number = (number ^ number >> 32) * 0xBF58476D1CE4E5B9 % 2**64
        parts.add(number ^ number >> 32)
    if len(parts) < 50:
        return NO_SKETCH
    [digest] = RMinHash.digest_matrix_from_token_hash_sets([sorted(parts)], SLOTS, 1).to_rows()
    low, high = ("".join(str(minimum >> bit & 1) for minimum in digest) for bit in (0, 1))
    return int(low, 2), int(high, 2)


SYLLABLES = st.lists(st.sampled_from(["lúa", "gạo", "đường", "59", "hội"]), max_size=150)


@given(st.lists(SYLLABLES, max_size=6))
def test_sketches_of_many_texts_are_those_of_the_plain_definition(texts: list[list[str]]) -> None:
    bounds = np.cumsum([0, *map(len, texts)])
    found = sketches(hashed([syllable for text in texts for syllable in text]), bounds)
    assert list(map(tuple, found.T.tolist())) == list(map(plain_sketch, texts)) == list(map(sketch, texts))


def test_order_counts() -> None:
    words = [f"từ{number}" for number in range(60)]
    assert sketch(words) != NO_SKETCH
    assert stories([sketch(words), sketch(words[::-1])]) == [1, 2]


def test_short_texts_are_never_copies() -> None:
    short = "Giá bưởi da xanh số 17 tại chợ hôm nay"
    repeated = " ".join([short] * 40)
    assert [sketch_of(text) for text in ("", "bưởi", short, repeated)] == [NO_SKETCH] * 4
    assert stories([sketch_of(repeated)] * 2) == [1, 2]


def test_fifty_different_shingles_make_a_sketch() -> None:
    words = [f"từ{number}" for number in range(52)]
    assert sketch(words[:51]) == NO_SKETCH
    assert sketch(words) != NO_SKETCH


def test_a_sketch_is_the_same_in_every_process() -> None:
    """Sketches are kept in indexes: when this one changes, indexes made before must be rebuilt."""
    words = [f"từ{number}" for number in range(300)]
    assert sketch(words) == PINNED
    code = "from index.analysis.near_copies import sketch; print(sketch([f'từ{number}' for number in range(300)]))"
    for seed in ("1", "2"):
        again = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert again.stdout.strip() == str(PINNED)


BASES = [tuple(random.Random(base).getrandbits(64) for _ in range(2)) for base in range(3)]


def flipped(base: int, slots: set[int], plane: int) -> Sketch:
    changed = sum(1 << slot for slot in slots)
    low, high = BASES[base]
    return (low ^ changed, high) if plane == 0 else (low, high ^ changed)


SKETCHES = st.lists(
    st.just(NO_SKETCH)
    | st.builds(
        flipped,
        st.integers(0, len(BASES) - 1),
        st.sets(st.integers(0, SLOTS - 1), min_size=0, max_size=30),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=25,
)


def plain_stories(sketches: list[Sketch], numbers: list[int]) -> list[int]:
    """The definition, a pair at a time."""
    found: list[int] = []
    for at, one in enumerate(sketches):
        nearest = (MOST_DIFFERING + 1, numbers[at])
        for other, story in zip(sketches[:at], found, strict=True):
            if NO_SKETCH not in (one, other):
                slots = bin((one[0] ^ other[0]) | (one[1] ^ other[1])).count("1")
                if slots <= MOST_DIFFERING:
                    nearest = min(nearest, (slots, story))
        found.append(nearest[1])
    return found


@given(SKETCHES)
def test_stories_are_those_of_the_plain_definition(sketches: list[Sketch]) -> None:
    assert stories(sketches, 7) == plain_stories(sketches, list(range(7, 7 + len(sketches))))


@given(SKETCHES, st.lists(st.integers(0, 25), max_size=5), st.randoms(use_true_random=False))
def test_stories_do_not_depend_on_how_articles_are_divided_or_kept(
    sketches: list[Sketch], cuts: list[int], chance: random.Random
) -> None:
    numbers = np.arange(100, 100 + len(sketches))
    found = np.empty(0, np.int64)
    bounds = sorted({0, len(sketches), *(min(cut, len(sketches)) for cut in cuts)})
    for first, end in pairwise(bounds):
        order = chance.sample(range(first), first)
        known = planes([sketches[at] for at in order])
        part = assign(planes(sketches[first:end]), numbers[first:end], known, found[order])
        found = np.concatenate((found, part))
    assert found.tolist() == stories(sketches, 100)


def test_a_copy_of_a_copy_is_of_the_same_story() -> None:
    one, two, three = flipped(0, set(), 0), flipped(0, set(range(15)), 0), flipped(0, set(range(30)), 0)
    assert stories([one, three]) == [1, 2]
    assert stories([one, two, three]) == [1, 1, 1]


def test_nothing_new_gives_nothing() -> None:
    known = planes([sketch_of(BODIES[0])])
    assert assign(planes([]), np.empty(0, np.int64), known, np.array([1])).tolist() == []
