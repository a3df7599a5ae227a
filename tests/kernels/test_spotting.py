"""The compiled kernel finds the syllables of a query where numpy finds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.kernels.spotting import SpottedText, SpottingKernel, pack_needles, spotting_kernel
from search.snippets import spotter
from search.snippets.spotter import Spotter

WORDS = ["Kỹ", "ki", "NGHIÊM", "nghiêm", "19", "covid", "COVID-19", "50km", "C++", "c", ".net", "net", "ti\u0301nh",
         "tính", "a\u00adb", "đ", "日本", "ﬁ", "½", "😀", "\u00ad", "\n", "\u200b", "x" * 40, "x" * 32]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=40).flatmap(
    lambda parts: st.sampled_from(["", " ", ", "]).map(lambda between: between.join(parts))
)
SYLLABLES = st.sets(st.sampled_from(["ki", "nghiem", "19", "covid", "km", "c", "net", "tinh", "x" * 32, "d"]))


@pytest.fixture(scope="module")
def compiled() -> SpottingKernel:
    kernel = spotting_kernel()
    if kernel is None:
        pytest.skip("no compiled kernels: apt-get install gcc, then make test, without TIMTIN_KERNELS")
    return kernel


@settings(max_examples=300)
@given(TEXTS, SYLLABLES, st.sets(st.sampled_from(["n", "ng", "co", "1"])), st.sampled_from([(), ("19",), ("covid19",)]))
@pytest.mark.usefixtures("compiled")
def test_kernel_finds_what_numpy_finds(
    text: str, syllables: set[str], beginnings: set[str], codes: tuple[str, ...]
) -> None:
    asked = Spotter(syllables, beginnings, codes)
    whole = f"\n{text}\n"
    found, plain = asked._found(whole), spotter._found_by_numpy(whole, asked._needles)
    assert (found is None) is (plain is None)
    if found is not None and plain is not None:
        assert [*found.starts, *found.ends] == [*plain.starts, *plain.ends]
        assert found.forms == plain.forms
        if asked._patterns:
            assert found.known == plain.known
            assert list(map(found.place, range(len(found.known)))) == list(map(plain.place, range(len(plain.known))))


def test_of_each_needle_only_the_first_are_found(compiled: SpottingKernel) -> None:
    table = np.full(1 << 16, ord(" "), np.uint8)
    table[ord("a")], table[ord("b")] = ord("a"), ord("b")
    found = _find(compiled, "\na b a b a\n", table, 2)
    assert found is not None
    assert found.starts.tolist() == [1, 3, 5, 7]
    assert found.forms.tolist() == [0, 1, 0, 1]


def test_many_ways_of_writing_are_left_to_numpy(compiled: SpottingKernel) -> None:
    table = np.full(1 << 16, ord("a"), np.uint8)
    table[ord("\n")] = ord(" ")
    text = "".join(f"{chr(code)}\n" for code in range(0x100, 0x100 + 1025))
    assert _find(compiled, text, table, 5000) is None


def test_what_the_kernel_cannot_read_is_refused(compiled: SpottingKernel) -> None:
    table = np.zeros(1 << 16, np.uint8)
    assert _find(compiled, "a\n", table, 1) is None
    with pytest.raises(ValueError, match="line break"):
        _find(compiled, "a", table, 1)
    with pytest.raises(ValueError, match="65,536"):
        _find(compiled, "a\n", table[:-1], 1)
    assert pack_needles(map(str, range(300)), []) is None


def _find(kernel: SpottingKernel, text: str, table: np.ndarray, most: int) -> SpottedText | None:
    packed = pack_needles(["a", "b"], [])
    assert packed is not None
    return kernel.find(text, table, lambda _: None, packed, most, with_bytes=False)
