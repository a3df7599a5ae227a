"""Texts analysed together, as arrays, are what each is when it is analysed alone."""

from __future__ import annotations

import gc
import json
import lzma
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.analysis import interning as chunks
from index.analysis.abbreviations import abbreviation_terms
from index.analysis.analyzer import BIGRAMS, Stream, analyze
from index.analysis.batch import AnalyzedBatch, BatchAnalyzer
from index.analysis.codes import CODE_SIGNS
from index.analysis.phrases import suggested_phrases
from index.analysis.scripts import SYLLABLE
from index.analysis.tokenizer import cut_chunk
from tests.analysis.golden import analysis
from tests.conftest import SEEDS
from tests.plain_phrases import phrases

PIECES = st.sampled_from(
    [
        *("Hội", "nhập", "quốc tế", "Quốc  Tế", "hoà bình", "kỹ thuật", "TP.HCM", "tp. HCM", "59-NQ/TW", "NQ 59"),
        *("ngày 14 tháng 1", "Nghị quyết số", "năm 2026", "7,52%", "1.000", "(HNQT)", "https://a.vn/b", "a@b.vn"),
        *("\n", "\u200bxã hội", "ho\u0323\u0302i nha\u0323\u0302p", ",", "công nghệ,thông tin", "\t", "\u00a0"),
        *("xã hội chủ nghĩa", "vô tuyến truyền hình", "Phạm Minh Chính", "ΑΣ ΑΣ", "İ", "ﬁ", "ｆｕｌｌ", "x" * 70),
        *("x_y", "14-1", "a\x1fb", "\r\n", "50km", "3 000 000 đồng", "18 giờ 30", "+84 912 345 678", "51F-123.45"),
        *(
            "ông N. Bình",
            "TP. Vinh",
            "hết.",
            "hết!”",
            "»",
            "hết.)",
            "- một",
            "...",
            "\n\n",
            "“",
            "50\n%",
            "5 $",
            "12 tháng",
        ),
        *("19 tháng Tám năm 1945", "quý I/2025", "thế kỷ XXI", "C++", ".NET", "H'Mông", "𝐇𝐚̀", "ภาษาไทย", "🇻🇳", "5*"),
    ]
)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TEXTS = st.lists(
    st.tuples(PIECES | ANY, st.sampled_from(["", " ", " ", " ", " ", "  ", "\n"])).map("".join), max_size=30
)
texts = TEXTS.map("".join)


@given(texts | st.text('.,!?"()%-/_aĐ1\u0301', max_size=8))
@example("1./1")
def test_a_chunk_is_cut_where_the_patterns_match(text: str) -> None:
    for chunk in text.split():
        cut = cut_chunk(chunk)
        spans = [match.span() for match in SYLLABLE.finditer(chunk)]
        assert list(zip(cut.starts, cut.ends, strict=True)) == spans
        for run in cut.runs:
            assert chunk[cut.starts[run.first] : cut.ends[run.end - 1]] == run.text
            joints = zip(cut.ends[run.first : run.end - 1], cut.starts[run.first + 1 : run.end], strict=True)
            assert all(end == start or (start - end == 1 and chunk[end] in CODE_SIGNS) for end, start in joints)
        figures = {at for at, start in enumerate(cut.starts) if chunk[start].isdecimal()}
        assert figures <= {at for run in cut.runs for at in range(run.first, run.end)}


def agree(batch: AnalyzedBatch, written: Sequence[str], most_words: int = 3) -> None:
    suggestions = suggested_phrases(batch, most_words)
    for at, text in enumerate(written):
        alone = analyze(text)
        assert analysis(batch, at) == alone
        assert abbreviation_terms(batch.outline(at)) == abbreviation_terms(alone)
        assert suggestions[at] == phrases(alone, most_words)
        first, end = batch.bounds[at : at + 2]
        for stream in Stream:
            terms, places = batch.streams[stream]
            own = np.flatnonzero((places >= first) & (places < end))
            found = [(batch.terms[terms[one]].decode(), int(places[one] - first)) for one in own]
            if stream in BIGRAMS:
                steps = np.diff(batch.positions[first:end]).tolist()
                pairs = zip(pairwise(found), steps, strict=True)
                found = [(f"{a}_{b}", at) for ((a, at), (b, _)), step in pairs if step == 1]
            wanted = list(alone.terms(stream))
            assert sorted(found) == sorted(wanted)
            assert all(at < end - first for _, at in wanted)


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, max_size=5))
def test_any_texts_together_are_what_each_is_alone(written: list[str]) -> None:
    agree(BatchAnalyzer().analyze(written), written)


def test_seeds_together_are_what_each_is_alone() -> None:
    written = [path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    assert len(written) == 5
    analyzer = BatchAnalyzer()
    for _ in range(2):  # the second time nothing is met for the first time
        batch = analyzer.analyze(written)
        agree(batch, written)
        assert all(len(codes) > 3 for codes in batch.codes)


@pytest.mark.slow
def test_news_together_are_what_each_is_alone(shared_data: Path) -> None:
    with lzma.open(shared_data / "vietnews-50k.jsonl.xz", "rt", encoding="utf-8") as file:
        bodies = [json.loads(row)["body"] for row in islice(file, 300)]
    analyzer = BatchAnalyzer()
    for at in range(0, 300, 60):
        agree(analyzer.analyze(bodies[at : at + 60]), bodies[at : at + 60], most_words=1)


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_MOST_ENTRIES", 300)
    analyzer = BatchAnalyzer()
    numbered = [[f"từ{text}x{word} lạ lẫm, quốc tế" for word in range(10)] for text in range(200)]
    sizes = []
    for words in numbered:
        text = " ".join(words)
        agree(analyzer.analyze([text]), [text])
        assert analyzer._tables is not None
        tables = analyzer._tables
        sizes.append(len(tables.chunks) + len(tables.words) + len(tables.names))
    assert max(sizes) < 400
    assert sizes != sorted(sizes)


def test_tables_that_were_full_are_gone_in_a_worker_without_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_MOST_ENTRIES", 30)
    analyzer = BatchAnalyzer()
    gc.disable()
    try:
        analyzer.analyze(["hội nhập quốc tế Việt Nam, 59-NQ/TW, TP.HCM 7,52%"])
        assert analyzer._tables is not None
        assert analyzer._tables.are_full
        parts = [weakref.ref(part) for part in vars(analyzer._tables).values() if isinstance(part, dict)]
        assert len(parts) > 4
        analyzer.analyze(["lúa"])
        assert [part() for part in parts] == [None] * len(parts)
    finally:
        gc.enable()


def test_long_chunks_and_long_words_count_by_their_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_MOST_CHARACTERS", 1000)
    analyzer = BatchAnalyzer()
    analyzer.analyze(["x" * 2000])
    before = analyzer._tables
    agree(analyzer.analyze(["lúa gạo"]), ["lúa gạo"])
    assert analyzer._tables is not before
    assert analyzer._tables is not None
    assert not analyzer._tables.are_full
    assert analyzer._tables.words[(0,) * 500] == len(analyzer._tables.words) - 1
    assert analyzer._tables.are_full


def test_threads_share_an_analyzer() -> None:
    written = [path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    analyzer = BatchAnalyzer()
    with ThreadPoolExecutor(4) as pool:
        for batch in pool.map(analyzer.analyze, [written[at:] + written[:at] for at in range(5)] * 3):
            assert batch.bounds[-1] > 3000
    agree(analyzer.analyze(written), written)
