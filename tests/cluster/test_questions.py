"""What some work asks is looked up together, and the work done again: with the same result as one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pytest

from index.analysis.analyzer import Stream
from index.analysis.normalization import fold
from index.errors import SearchTimeoutError
from search.archive import Archive
from search.engine import Request
from search.engines.opensearch.questions import Questions
from search.query.expansion import Expansion
from search.query.parser import parse
from search.query.synonyms import NO_SYNONYMS
from search.spelling.completions import complete
from search.spelling.corrections import correct
from search.spelling.examples import examples
from search.statistics import T, TermStatistics


class Far:
    """Statistics of which each lookup is a round trip; ``trips`` has how many things each brought."""

    def __init__(self, near: TermStatistics) -> None:
        self._near = near
        self.trips: list[int] = []
        self._questions = Questions(self._look_up)

    def _look_up(self, questions: Sequence[Any]) -> dict[Hashable, Any]:
        self.trips.append(len(questions))
        return {question: getattr(self._near, question[0])(*question[1:]) for question in questions}

    @property
    def articles(self) -> int:
        return self._near.articles

    @property
    def length(self) -> float:
        return self._near.length

    def document_frequency(self, stream: Stream, term: str) -> int:
        return self._questions.answer(("document_frequency", stream, term), 0)

    def terms(self, stream: Stream, prefix: str, most: int) -> list[tuple[str, int]]:
        return self._questions.answer(("terms", stream, prefix, most), [])

    def has_phrase(self, syllables: Sequence[str]) -> bool:
        return self._questions.answer(("has_phrase", tuple(syllables)), False)

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        return self._questions.answer(("phrases", prefix, most), [])

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        return self._questions.answer(("abbreviations", prefix, most), [])

    def together(self, work: Callable[[], T]) -> T:
        return self._questions.together(work)


class FarEngine:
    """An engine whose statistics are far."""

    def __init__(self, archive: Archive) -> None:
        self._engine = archive.engine
        self.far = Far(archive.engine.statistics())

    def statistics(self) -> Far:
        return self.far

    def retrieve(self, *args: Any) -> Any:
        return self._engine.retrieve(*args)


TYPED = (
    "hội nhập quốc tế", "hoi nhap quoc te", "nghi quyet so 59", "Nghị quyết 59-NQ/TW", "hooij nhaajp",
    "hội nhâp qốc tế", "kinh te thi truong dinh huong", "WHO", "HNQT", "hoinhap", "Việt Nam", "vietnam 2025",
    "tháng tám", "thủ tướng chính phủ", "phats trieern", "dđất nước", "xyzzy", "hội nhập OR đổi mới", "an giang",
)  # fmt: skip


@pytest.mark.parametrize("typed", TYPED)
def test_what_is_asked_together_gives_the_same(seeds_archive: Archive, typed: str) -> None:
    near = seeds_archive.engine.statistics()
    for text in (typed, fold(typed), typed[: len(typed) // 2]):
        far = Far(near)
        assert Expansion(far, NO_SYNONYMS).expand(parse(text)) == Expansion(near, NO_SYNONYMS).expand(parse(text))
        assert complete(far, text, 8) == complete(near, text, 8)
        engine = FarEngine(seeds_archive)
        assert correct(engine, text) == correct(seeds_archive.engine, text)  # type: ignore[arg-type]


def test_many_questions_take_few_round_trips(seeds_archive: Archive) -> None:
    titles = [seeds_archive.store.get_many([id])[id].title for id in [hit.id for hit in _all(seeds_archive)]]
    far = Far(seeds_archive.engine.statistics())
    assert examples(far, titles, 5) == examples(seeds_archive.engine.statistics(), titles, 5) != []
    assert len(far.trips) < 8
    assert max(far.trips) > 20
    far = Far(seeds_archive.engine.statistics())
    Expansion(far, NO_SYNONYMS).expand(parse("hoi nhap quoc te"))
    assert len(far.trips) <= 3


def _all(archive: Archive) -> Sequence[Any]:
    return archive.engine.retrieve(Request()).hits


class _Numbers:
    """Answers each number with its double."""

    def __init__(self) -> None:
        self.asked: list[list[Any]] = []

    def __call__(self, questions: Sequence[Any]) -> dict[Hashable, Any]:
        self.asked.append(list(questions))
        return {question: 2 * question for question in questions}


def test_each_thing_is_looked_up_once_and_what_depends_on_it_next() -> None:
    numbers = _Numbers()
    questions = Questions(numbers)

    def work() -> list[int]:
        first = [questions.answer(one, 0) for one in (1, 2, 1)]
        return [*first, questions.answer(10 * first[0], 0) if first[0] else 0]

    assert questions.together(work) == [2, 4, 2, 40]
    assert numbers.asked == [[1, 2], [20]]
    assert questions.together(work) == [2, 4, 2, 40]
    assert len(numbers.asked) == questions.rounds == 2


def test_work_within_work_is_a_part_of_it() -> None:
    numbers = _Numbers()
    questions = Questions(numbers)
    inner = [lambda one=one: questions.answer(one, 0) for one in range(1, 5)]
    assert questions.together(lambda: sum(map(questions.together, inner))) == 20
    assert numbers.asked == [[1, 2, 3, 4]]


def test_failure_due_to_what_is_not_known_yet_is_none() -> None:
    questions = Questions(_Numbers())
    assert questions.together(lambda: 12 / questions.answer(3, 0)) == 2.0


def test_failure_of_its_own_is_raised() -> None:
    questions = Questions(_Numbers())
    with pytest.raises(ZeroDivisionError):
        questions.together(lambda: 12 / (questions.answer(3, 0) - 6))
    with pytest.raises(SearchTimeoutError):
        questions.together(lambda: _out_of_time(questions.answer(4, 0)))
    assert questions.together(lambda: questions.answer(5, 0)) == 10  # nothing is left of what failed


def _out_of_time(_: int) -> None:
    raise SearchTimeoutError("too long")


def test_work_that_always_asks_for_more_ends() -> None:
    numbers = _Numbers()
    questions = Questions(numbers)

    def work() -> int:
        at = 1
        while at < 2**60:
            known = questions.answer(at, 0)
            if not known:
                return 0
            at = known
        return at

    assert questions.together(work) == 2**60
    assert sum(map(len, numbers.asked)) == 60


def test_what_others_asked_is_not_looked_up_again() -> None:
    numbers = _Numbers()
    known = {1: 100}
    questions = Questions(numbers, known.get)
    assert questions.together(lambda: questions.answer(1, 0) + questions.answer(2, 0)) == 104
    assert numbers.asked == [[2]]
