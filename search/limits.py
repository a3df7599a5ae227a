"""How much one search may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from index.errors import InvalidInputError, Problem
from search.deadline import Deadline
from search.parameters import SearchParameters
from search.query.parser import LONGEST_PARSED, MOST_CLAUSES


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """The limits of a search.

    Of a query, the first ``query_characters`` and the first ``clauses`` (runs of words, phrases, prefixes, fields) are
    searched; a note says so. Hits can be paged through up to number ``page_depth``. A search takes ``search_ms``
    milliseconds at most.
    """

    query_characters: int = LONGEST_PARSED
    clauses: int = MOST_CLAUSES
    page_depth: int = 10_000
    search_ms: int = 10_000

    def deadline(self, timeout_ms: int | None = None) -> Deadline:
        """Return the deadline of a search that begins now. Raises InvalidInputError for more than ``search_ms``."""
        if timeout_ms is not None and timeout_ms > self.search_ms:
            what = f"should be at most {self.search_ms}, the limit of this server"
            raise _invalid(Problem("timeout_ms", what, "less_than_equal", {"le": self.search_ms}))
        return Deadline((self.search_ms if timeout_ms is None else timeout_ms) / 1000)

    def check(self, parameters: SearchParameters) -> None:
        """Raise InvalidInputError for a page beyond ``page_depth`` hits."""
        last = self.last_page(parameters.size)
        if parameters.page > last:
            what = (
                f"should be at most {last} with size={parameters.size}, as only the first "
                f"{self.page_depth:,} hits can be paged through; narrow the search, such as by 'from' and 'to'"
            )
            raise _invalid(Problem("page", what, "page_depth", {"last": last, "depth": self.page_depth}))

    def last_page(self, size: int) -> int:
        """Return the last page that may be asked for."""
        return max(1, self.page_depth // size)


def _invalid(problem: Problem) -> InvalidInputError:
    return InvalidInputError(f"The request has invalid parameters: {problem.where}.", [problem])
