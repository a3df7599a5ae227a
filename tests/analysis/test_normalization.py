"""All spellings of a word meet in one form, and the way back to the original is exact."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.analysis.analyzer import Stream, analyze
from index.analysis.normalization import fold, normalize
from index.analysis.scripts import SYLLABLE
from index.analysis.syllables import canonical_syllable, with_tones_on_last_vowel
from index.analysis.tokenizer import tokenize

VIETNAMESE = st.text(
    alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyAĐƯ áàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ-/.,59%\n",
    max_size=60,
)


@pytest.mark.parametrize(
    "spellings",
    [
        ("hòa", "hoà"), ("thủy", "thuỷ"), ("thỏa", "thoả"), ("khỏe", "khoẻ"), ("quý", "quí", "qúy"),
        ("kỹ", "kĩ"), ("mỹ", "mĩ", "Mỹ", "MỸ"), ("lý", "lí"), ("hy", "hi"), ("tỷ", "tỉ"), ("hoàn", "hòan"),
        ("thuở", "thủơ"), ("giếng", "gíêng"), ("loét", "lóet"), ("khuỷu", "khủyu"), ("hoạch", "họach"),
        ("xòe", "xoè"), ("suýt", "súyt"), ("tuyết", "tuýêt"), ("huỳnh", "hùynh"), ("ngoằn", "ngòăn"),
    ],
)  # fmt: skip
def test_spellings_of_a_syllable_meet(spellings: tuple[str, ...]) -> None:
    assert len({canonical_syllable(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    "syllable",
    ["gìn", "giếng", "khuỷu", "thuở", "loét", "quốc", "quyết", "hoài", "ngoéo", "mía", "của", "hữu", "rượu", "yếu"],
)
def test_right_spellings_stay(syllable: str) -> None:
    assert canonical_syllable(syllable) == syllable


def test_tones_move_to_the_last_vowel_of_open_rimes_alone() -> None:
    text = "Hòa thủy khỏe HÒA toàn hoàng quý qúy của mía múa"
    assert with_tones_on_last_vowel(text) == "Hoà thuỷ khoẻ HOÀ toàn hoàng quý quý của mía múa"


def test_tone_placement_and_composition_change_no_term() -> None:
    text = "Hòa bình, thủy lợi và sức khỏe: Tòa án hủy bỏ, ủy ban xóa nhòa."
    for other in (with_tones_on_last_vowel(text), unicodedata.normalize("NFD", text)):
        for stream in Stream:
            assert list(analyze(other).terms(stream)) == list(analyze(text).terms(stream))


def test_different_words_stay_different() -> None:
    assert len({canonical_syllable(word) for word in ("đường", "dương", "đương", "dường")}) == 4
    assert canonical_syllable("thuy") != canonical_syllable("thui")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("\u00d0à Nẵng", "Đà Nẵng"),
        ("\u00f0i", "đi"),
        (unicodedata.normalize("NFD", "Thủ tướng"), "Thủ tướng"),
        ("quo\u0301\u0302c", "quốc"),
        ("Hà\u00a0Nội", "Hà Nội"),
        ("Hà\u200b Nội", "Hà  Nội"),
        ("Hà\u200bNội", "Hà Nội"),
        ("𝐇𝐚̀ 𝐍𝐨̣̂𝐢", "Hà Nội"),
        ("45 m² ㎏ ℃ Ⅻ №5", "45 m2 kg °C XII No5"),
        ("2½", "2 1/2"),
        ("٢٠٢٥ ๒๐๒๕ ២០២៥", "2025 2025 2025"),
        ("ＡＢＣ１２", "ABC12"),
        ("ﬁn", "fin"),
        ("2020–2025", "2020-2025"),
        ("«tốt» ‹và› „rẻ‟", '"tốt" \'và\' "rẻ"'),
        ("a\u2028b\u2029c\u0085d", "a\nb\nc\nd"),
    ],
)
def test_look_alikes_and_invisible_characters(text: str, normal: str) -> None:
    assert normalize(text).text == normal


@given(st.text(max_size=80))
@example("e\u0301\u0302 x\u0301\u200b\u0302")
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    once = normalize(text).text
    assert normalize(once).text == once


@given(st.text(max_size=80) | VIETNAMESE | VIETNAMESE.map(lambda text: unicodedata.normalize("NFD", text)))
@example("¼0")
@example("½⒈")
@example("½\u0301")
@example("½\u200d5")
def test_offsets_lead_back_to_the_original(text: str) -> None:
    normal = normalize(text)
    if normal.starts is not None and normal.ends is not None:
        assert len(normal.starts) == len(normal.ends) == len(normal.text)
        assert normal.starts == sorted(normal.starts)
        assert normal.ends == sorted(normal.ends)
    tokens = tokenize(text)
    last = (0, 0)
    for at in range(len(tokens)):
        start, end = tokens.starts[at], tokens.ends[at]
        assert last[1] <= start < end <= len(text) or (start, end) == last  # one character may stand for several
        assert tokens.exact[at] in tokenize(text[start:end]).exact
        last = (start, end)


@given(VIETNAMESE)
def test_composed_and_decomposed_text_give_the_same_tokens(text: str) -> None:
    composed = tokenize(unicodedata.normalize("NFC", text))
    decomposed = tokenize(unicodedata.normalize("NFD", text))
    assert list(composed.exact) == list(decomposed.exact)
    assert list(composed.codes) == list(decomposed.codes)


@given(st.text(max_size=40) | VIETNAMESE)
def test_folding_is_idempotent_and_leaves_no_accent(text: str) -> None:
    folded = fold(normalize(text).text)
    assert fold(folded) == folded
    assert not re.search("[\u0300-\u036f]", unicodedata.normalize("NFD", folded))


@given(VIETNAMESE)
def test_canonical_form_is_idempotent(text: str) -> None:
    for syllable in text.split():
        once = canonical_syllable(syllable)
        assert canonical_syllable(once) == once


def test_letters_are_cut_alike_in_capitals_and_small_letters() -> None:
    """A letter whose small form were of another script would end the word in one spelling and not in the other."""
    for capital in filter(str.isupper, map(chr, range(0x30000))):
        normal = normalize(f"a{capital}").text
        cut, small = [SYLLABLE.findall(text) for text in (normal, normal.lower())]
        assert len(cut) == len(small), f"{capital!r} U+{ord(capital):04X}"
