"""Raw Telex and VNI keys give back the syllable they stand for."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.normalization import fold
from index.analysis.syllables import TONES, accented_forms, is_vietnamese_shape, parts_of
from search.spelling.keyboard import decode

TELEX = dict(zip("ăâêôơưđ", ("aw", "aa", "ee", "oo", "ow", "uw", "dd"), strict=True))
VNI = dict(zip("ăâêôơưđ", ("a8", "a6", "e6", "o6", "o7", "u7", "d9"), strict=True))
CONSONANTS = "b c ch d g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
VOWELS = (
    "a e i o u y ai ao au ay eo eu ia ie iu oa oe oi ua ue ui uo uu uy ye "
    "ieu oai oao oay oeo uay uoi uou uya uye uyu yeu"
)
NOT_KEYS = "covid class wifi email covid19 2025 F0 U23 h5n1 online robot new mars book a nam hội bootf boots2 a0"
FINALS = ["", "c", "ch", "m", "n", "ng", "nh", "p", "t"]
LETTERS = [
    folded
    for initial in ["", *CONSONANTS.split(" ")]
    for vowels in VOWELS.split(" ")
    for final in FINALS
    if parts_of(folded := initial + vowels + final) is not None and is_vietnamese_shape(folded)
]
syllables = st.sampled_from(LETTERS).flatmap(lambda letters: st.sampled_from(accented_forms(letters)))


def keys(syllable: str, marks: dict[str, str], tones: str, *, at_end: bool) -> str:
    """Type a syllable: every mark after its letter, the tone there too or at the end."""
    written, last = "", ""
    for char in syllable:
        decomposed = unicodedata.normalize("NFD", char)
        tone = next((key for mark, key in zip(TONES[1:], tones, strict=True) if mark in decomposed), "")
        letter = unicodedata.normalize("NFC", "".join(part for part in decomposed if part not in TONES[1:]))
        written += marks.get(letter, letter) + ("" if at_end else tone)
        last = tone or last
    return written + (last if at_end else "")


def test_there_are_syllables_to_try() -> None:
    assert len(LETTERS) > 1000
    assert {"hoi", "nghieng", "quyet", "gieng", "duong"} <= set(LETTERS)


@given(syllables, st.booleans(), st.booleans())
def test_what_is_encoded_is_decoded(syllable: str, at_end: bool, in_capitals: bool) -> None:
    for marks, tones in ((TELEX, "fsrxj"), (VNI, "21345")):
        typed = keys(syllable, marks, tones, at_end=at_end)
        decoded = decode(typed.upper() if in_capitals else typed)
        if typed == syllable:
            assert decoded is None  # no key in it
        else:
            assert decoded is not None, typed
            assert decoded.text == syllable, typed


@given(syllables)
def test_marks_may_be_typed_at_the_end_of_the_syllable(syllable: str) -> None:
    marks = {"ă": "8", "â": "6", "ê": "6", "ô": "6", "ơ": "7", "ư": "7", "đ": "9"}
    decomposed = unicodedata.normalize("NFD", syllable)
    toneless = unicodedata.normalize("NFC", "".join(part for part in decomposed if part not in TONES[1:]))
    digits = dict.fromkeys(marks[char] for char in toneless if char in marks)
    tones = [key for mark, key in zip(TONES[1:], "21345", strict=True) if mark in decomposed]
    if digits or tones:
        decoded = decode(fold(syllable) + "".join([*digits, *tones]))
        assert decoded is not None
        assert decoded.text == syllable


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hooij", "hội"),
        ("nhapaj", "nhập"),
        ("uwowngs", "ướng"),
        ("ddwowngf", "đường"),
        ("dduwowngf", "đường"),
        ("duongwfd", "đường"),
        ("thuowr", "thuở"),
        ("hoawcj", "hoặc"),
        ("nhwng", "nhưng"),
        ("tw", "tư"),
        ("muaw", "mưa"),
        ("gif", "gì"),
        ("giuwx", "giữ"),
        ("ddawks", "đắk"),
        ("tooots", "tốt"),
        ("tootss", "tốt"),
        ("ho65i", "hội"),
        ("nha6p5", "nhập"),
        ("d9u7o7ng2", "đường"),
        ("d9uong72", "đường"),
        ("nu7o71c", "nước"),
    ],
)
def test_keys_in_any_order(typed: str, meant: str) -> None:
    decoded = decode(typed)
    assert decoded is not None
    assert decoded.text == meant


@given(syllables)
def test_tone_may_be_a_key_after_composed_marks(syllable: str) -> None:
    decomposed = unicodedata.normalize("NFD", syllable)
    marked = unicodedata.normalize("NFC", "".join(part for part in decomposed if part not in TONES[1:]))
    for tones in ("fsrxj", "21345"):
        key = "".join(key for mark, key in zip(TONES[1:], tones, strict=True) if mark in decomposed)
        for composed in {marked, syllable}:
            if key and not composed.isascii():
                decoded = decode(composed + key)
                assert decoded is not None, composed + key
                assert (decoded.text, decoded.keys >= 2) == (syllable, True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lưuj", "lựu"),
        ("nguyeễn", "nguyễn"),
        ("nguyễen", "nguyễn"),
        ("nguyẽen", "nguyễn"),
        ("tiéeng", "tiếng"),
        ("tié6ng", "tiếng"),
        ("tiéng6", "tiếng"),
        ("chiính", "chính"),
        ("đươờng", "đường"),
        ("ddường", "đường"),
        ("dđường", "đường"),
        ("d9ường", "đường"),
        ("thuơng", "thương"),
        ("VIỆTJ", "việt"),
    ],
)
def test_keys_beside_composed_letters(typed: str, meant: str) -> None:
    decoded = decode(typed)
    assert decoded is not None
    assert decoded.text == meant


@pytest.mark.parametrize("typed", ["tiếng", "hoà", "hòa", "kỹ", "café", "pokémon", "são", "gaël", "việtf", "thủj", "đ"])
def test_composed_syllables_and_foreign_words_are_not_decoded(typed: str) -> None:
    assert decode(typed) is None


@pytest.mark.parametrize(
    "typed",
    NOT_KEYS.split(" "),
)
def test_what_is_no_vietnamese_syllable_is_not_decoded(typed: str) -> None:
    assert decode(typed) is None


@given(st.text(max_size=20) | st.text(alphabet="aeouwdsfrxj123456789nghHOT", max_size=16))
def test_any_text_decodes_to_a_syllable_or_to_nothing(text: str) -> None:
    decoded = decode(text)
    if decoded is not None:
        assert is_vietnamese_shape(decoded.text)
        assert decoded.text != text.lower()
        assert decoded.keys > 0


def test_forms_of_letters_fold_back_to_them() -> None:
    for letters in random.Random(1).sample(LETTERS, 300):
        forms = accented_forms(letters)
        assert forms
        assert len(set(forms)) == len(forms)
        assert {fold(form) for form in forms} <= {letters, letters.replace("y", "i")}
