"""How articles were read, or would be, in words: what a summary says beside its counts, and a dry run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import click

from index.reading.given_names import GivenNames
from index.reading.import_run import Summary
from index.reading.preview import ReadEntry, Refusal, previewed
from web.commands.base import fail, print_json
from web.commands.places import Place, opened_archive
from web.terminal import one_line

NOTHING_READ = "nothing was read: none of the files there has an article in a format that timtin reads"
_MOST_NAMES = 10
_LONGEST = 100
_SINGULAR = {"draft", "list page", "error page", "feed", "form", "redirect"}
_FIELDS = ("id", "title", "published", "source", "author", "category", "url", "lead", "body")


def what_to_know(summary: Summary) -> Iterator[str]:
    """Yield a line for everything that was left out, not found or changed in a run."""
    if summary.left_out:
        count = sum(summary.left_out.values())
        yield f"left out {count:,} {_files(count)}: {_counted(summary.left_out)}"
    for what, count in (("date", summary.undated), ("text", summary.textless)):
        if count:
            yield f"no {what} in {count:,} of {summary.read:,}"
    if summary.unread:
        yield f"unread fields: {', '.join(f'{name} ({count:,})' for name, count in _most(summary.unread))}"
    if summary.html:
        yield f"HTML bodies read as HTML: {summary.html:,} of {summary.read:,}"
    if summary.mended:
        yield f"mojibake mended in {summary.mended:,} of {summary.read:,} (UTF-8 that was read as another encoding)"


def has_read_nothing(summary: Summary) -> bool:
    """Tell whether there were files and no article came of them."""
    articles = summary.added + summary.updated + summary.unchanged + summary.removed + summary.moved
    return articles == 0 and summary.files + sum(summary.left_out.values()) > 0


def show_reading(paths: Sequence[str], given: Mapping[str, str], count: int, place: Place, *, as_json: bool) -> None:
    """Print how the first ``count`` articles at ``paths`` would be read; nothing is stored."""
    kept: Mapping[str, Mapping[str, str]] = {}
    if place.cluster is not None or place.data.exists():
        with opened_archive(place) as archive:
            kept = archive.store.inputs.names()
    entries = itertools.islice(previewed(paths, GivenNames(kept, given)), count)
    if as_json:
        print_json([_as_dict(name, entry) for name, entry in entries])
        return
    has_read = False
    for name, entry in entries:
        click.echo("\n".join(map(one_line, _lines(name, entry))))
        has_read = True
    if not has_read:
        fail(NOTHING_READ)


def _as_dict(name: str, entry: ReadEntry | Refusal) -> dict[str, object]:
    place = {"file": name, "line": entry.line}
    if isinstance(entry, Refusal):
        return {**place, "refused": entry.why}
    reading = entry.reading
    article = reading.article.model_dump(exclude_none=True, exclude={"extra"})
    how = {"read_from": dict(reading.origins), "unread": list(reading.unread), "remarks": list(reading.remarks)}
    return {**place, "article": article, **how}


def _lines(name: str, entry: ReadEntry | Refusal) -> Iterator[str]:
    where = name if entry.line is None else f"{name}:{entry.line}"
    if isinstance(entry, Refusal):
        yield f"{where}: {entry.why}"
        return
    yield where
    reading = entry.reading
    for field in _FIELDS:
        value = getattr(reading.article, field)
        origin = reading.origins.get(field, field)
        shown = _shown(value) if value else "-"
        yield f"  {field}: {shown}" if origin == field or not value else f"  {field} (from {origin}): {shown}"
    if reading.unread:
        yield f"  unread: {', '.join(reading.unread)}"
    yield from (f"  warning: {remark}" for remark in reading.remarks)


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}{'s' * (count > 1 and name in _SINGULAR)}" for name, count in _most(counts))


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the names with the highest counts, and what the others come to."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    rest = ordered[_MOST_NAMES:]
    return ordered[:_MOST_NAMES] + ([("others", sum(count for _, count in rest))] if rest else [])


def _files(count: int) -> str:
    return "file" if count == 1 else "files"
