"""Ask a cluster many things at once: what some work asks is gathered and looked up together, then the work is repeated.

A lookup is a round trip of some milliseconds, whatever it brings. So work that asks a hundred things one after the
other is run with placeholders first, to learn what it asks. Once all of that is known it is run again, and may get
further and ask for more; a run that knew all it asked gives the result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from index.errors import TimtinError

T = TypeVar("T")

LookUp = Callable[[Sequence[Hashable]], Mapping[Any, Any]]
"""Returns the answers to distinct questions, by question."""

_MOST_RUNS = 24
_UNKNOWN = object()


class Questions:
    """The questions of one query, each looked up once; do not share it between threads.

    ``known`` returns the answer to a question that other queries asked, or the default it is given.
    """

    def __init__(self, look_up: LookUp, known: Callable[[Hashable, Any], Any] = lambda _, default: default) -> None:
        self.rounds = 0
        """How often something was looked up."""
        self._look_up = look_up
        self._known_before = known
        self._known: dict[Hashable, Any] = {}
        self._asked: dict[Hashable, None] | None = None

    @property
    def guessing(self) -> bool:
        """Whether the work done ``together`` was told something that is not known yet."""
        return bool(self._asked)

    def answer(self, question: Hashable, meanwhile: T) -> T:
        """Return the answer to ``question``; within ``together``, ``meanwhile`` until it is known."""
        found = self._get(question)
        if found is _UNKNOWN:
            if self._asked is not None:
                self._asked[question] = None
                return meanwhile
            self.learn([question])
            found = self._known[question]
        return found  # type: ignore[no-any-return]

    def learn(self, questions: Sequence[Hashable]) -> None:
        """Look up those of ``questions`` that are not known, at once."""
        lacking = [question for question in dict.fromkeys(questions) if self._get(question) is _UNKNOWN]
        if lacking:
            self.rounds += 1
            self._known.update(self._look_up(lacking))

    def _get(self, question: Hashable) -> Any:
        found = self._known.get(question, _UNKNOWN)
        return self._known_before(question, _UNKNOWN) if found is _UNKNOWN else found

    def together(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns when it knows all it asks. Work within other work is only a part of it.

        Work that goes on asking for more in every run is at last told one thing after the other.
        """
        if self._asked is not None:
            return work()
        for _ in range(_MOST_RUNS):
            asked: dict[Hashable, None] = {}
            self._asked = asked
            try:
                result = work()
                if not asked:
                    return result
            except TimtinError:
                raise
            except Exception:  # placeholders need not fit together; what is not due to them is raised by the next run
                if not asked:
                    raise
            finally:
                self._asked = None
            self.learn(list(asked))
        return work()
