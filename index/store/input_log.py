"""The ``InputLog`` protocol: which file each stored article was read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Input:
    """A file that articles were read from: its absolute ``path``, and how many ``articles`` belong to it.

    ``digest`` is the digest of the file when it was last read to its end; None if it must be read again.
    """

    number: int
    path: str
    digest: str | None
    articles: int


class InputLog(Protocol):
    """The files that articles were read from. Safe to share between threads.

    An article belongs to the input whose number it was put with. Once its file no longer has it, it is *dropped*: it
    belongs to no input, another input may take it, and it is remembered until the file's folder is pruned. An input
    that loses an article to another one loses its digest too.
    """

    def below(self, path: str) -> list[Input]:
        """Return the inputs at or below ``path``."""

    def with_digest(self, prefix: str) -> list[Input]:
        """Return the inputs whose digest begins with ``prefix``."""

    def owners(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the path of the input that each of these articles belongs to; articles without one are left out."""

    def ids(self, path: str) -> set[str]:
        """Return the ids of the articles that belong to the input at ``path``."""

    def dropped(self, path: str) -> set[str]:
        """Return the ids of the articles that inputs at or below ``path`` dropped."""

    def begin(self, paths: Iterable[str]) -> dict[str, int]:
        """Return the number of the input at each path, creating it if there is none, and erase its digest."""

    def finish(self, read: Iterable[tuple[int, str, int]]) -> None:
        """Record inputs that were read to their end: (number, digest, count of articles).

        An input that has lost an article meanwhile stays without a digest.
        """

    def drop(self, ids: Iterable[str]) -> None:
        """Record that the files of these articles no longer have them."""

    def move(self, moves: Iterable[tuple[int, str]]) -> None:
        """Give each numbered input another path, in order; an input already at that path gets the old one."""

    def names(self) -> dict[str, dict[str, str]]:
        """Return what users have said that names stand for, by the path that they said it of."""

    def keep_names(self, path: str, names: Mapping[str, str]) -> None:
        """Keep what names stand for in the files at or below ``path``, beside what was said of it before."""

    def forget(self, numbers: Iterable[int]) -> None:
        """Forget those of these inputs that have no articles and have dropped none."""
