"""What building reads from an analysis in columns is what its plain definitions give."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from index.analysis import Analysis, Stream, analyze
from index.normalization import canonical_syllable, fold
from index.suggestions import suggestion_terms

TEXTS = st.lists(
    st.sampled_from(
        [
            *("Hội", "nhập", "quốc tế", "Quốc  Tế", "hoà bình", "kỹ thuật", "TP.HCM", "59-NQ/TW", "ngày 14 tháng 1"),
            *("\n", "\u200bxã hội", "ho\u0323\u0302i nha\u0323\u0302p", ",", "công nghệ,thông tin", "1.000"),
        ]
    )
    | st.text(max_size=4),
    max_size=30,
).map(" ".join)


@given(TEXTS)
def test_columns_are_the_terms(text: str) -> None:
    analysis = analyze(text)
    for stream in Stream:
        found, wanted = analysis.columns(stream), list(analysis.terms(stream))
        assert sorted(found) == sorted(wanted)
        for term, _ in wanted:
            assert [at for other, at in found if other == term] == [at for other, at in wanted if other == term]


@given(TEXTS, TEXTS)
def test_suggestions_are_words_with_single_spaces_and_neighbouring_words_of_titles(title: str, body: str) -> None:
    wanted = {*_phrases(analyze(title), 3), *_phrases(analyze(body), 1)}
    assert suggestion_terms(analyze(title), analyze(body)) == wanted


def _phrases(analysis: Analysis, most_words: int) -> Iterator[str]:
    tokens, words = analysis.tokens, analysis.words
    for at, word in enumerate(words):
        for last in words[at : at + most_words]:
            places = range(word.first, last.end)
            gaps = [
                tokens.canonical[tokens.canonical_ends[one] : tokens.canonical_starts[one + 1]] for one in places[:-1]
            ]
            syllables = [tokens.written(one).lower() for one in places]
            if 2 <= len(syllables) <= 8 and set(gaps) <= {" "}:
                bare = " ".join(fold(canonical_syllable(syllable)) for syllable in syllables)
                yield f"{bare}\t{' '.join(syllables)}"
