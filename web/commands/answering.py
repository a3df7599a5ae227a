"""The commands that answer: searches, completions, counts, and relevance."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import click

from index.article import LABELS
from index.errors import InvalidInputError
from index.reading.import_run import Report
from index.reading.ingest import ingest
from search.deadline import Deadline
from search.engine import Sort
from search.parameters import SearchParameters, checked
from search.service import completions
from search.service import search as run_search
from web.api.answers import answer_json
from web.commands.base import (
    Command,
    Place,
    opened_archive,
    place_options,
    print_json,
    searched_archive,
    shown_progress,
    temporary_archive,
)
from web.terminal import one_line


def _label_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for every label that articles can be filtered by."""
    for label in reversed(LABELS):
        command = click.option(f"--{label}", help=f"Only articles of this {label}.")(command)
    return command


@click.command(cls=Command)
@click.argument("query")
@click.option("--size", type=int, default=10, show_default=True, help="Hits per page, at most 100.")
@click.option("--page", type=int, default=1, show_default=True)
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), default="relevance", show_default=True)
@_label_options
@click.option("--from", "from_", metavar="DATE", help="From this year, month or day on: 2025, 2025-08, 2025-08-27.")
@click.option("--to", metavar="DATE", help="Up to and including this year, month or day.")
@click.option("--recency", metavar="DAYS", help="Prefer recent articles: half the score for every so many days.")
@click.option(
    "--timeout", type=click.FloatRange(0.001), metavar="SECONDS", help="Print what is found by then, perhaps not all."
)
@click.option("--all", "every", is_flag=True, help="List near-copies as separate hits.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@place_options
def search(
    query: str,
    size: int,
    page: int,
    sort: str,
    from_: str | None,
    to: str | None,
    recency: str | None,
    timeout: float | None,
    every: bool,
    as_json: bool,
    place: Place,
    **labels: str | None,
) -> None:
    """Find articles; first index those that are not in the index yet."""
    values = {
        "q": query,
        "size": size,
        "page": page,
        "sort": sort,
        **{label: value or "" for label, value in labels.items()},
        "from": from_ or "",
        "to": to or "",
        "recency": recency or "",
        "collapse": not every,
    }
    try:
        parameters = checked(SearchParameters, {name: str(value) for name, value in values.items()})
    except InvalidInputError as error:
        raise click.UsageError(_named(error)) from None
    with searched_archive(place) as archive:
        try:
            answer = run_search(archive, parameters, Deadline(timeout))
        except InvalidInputError as error:
            raise click.UsageError(_named(error)) from None
    if as_json:
        print_json(answer_json(answer, parameters))
        return
    if answer.partial:
        click.echo("timtin: the search ran out of time; hits may be missing or out of order", err=True)
    for note in answer.notes:
        click.echo(f"timtin: {one_line(note.message)}", err=True)
    relaxed = False
    for number, hit in enumerate(answer.hits, (page - 1) * size + 1):
        if hit.relaxed and not relaxed:
            having = "Few articles have" if answer.total else "No article has"
            click.echo(f"{having} these words; these have their syllables apart:")
        relaxed = hit.relaxed
        copies = f"+{hit.copies} near-cop{'ies' if hit.copies > 1 else 'y'}" if hit.copies else None
        about = " · ".join(part for part in (hit.article.id, hit.article.published, hit.article.source, copies) if part)
        click.echo(f"{number:>3}. {_styled(hit.title_html) or hit.article.id}\n     {one_line(about)}")
        for passage in hit.body_html:
            click.echo(f"     … {_styled(passage)}")
    if answer.corrected is not None:
        click.echo(f"Did you mean: {one_line(answer.corrected)}")
    click.echo(f"{answer.total} article{'s' if answer.total != 1 else ''}, {answer.took_ms} ms")


def _named(error: InvalidInputError) -> str:
    return "; ".join(f"--{problem.where}: {problem.what}" for problem in error.problems)


def _styled(marked_html: str) -> str:
    """Return marked HTML as one line for a terminal: marks in bold, which click leaves out in a pipe."""
    parts = [one_line(html.unescape(part)) for part in re.split(r"</?mark>", marked_html)]
    return "".join(click.style(part, bold=True) if at % 2 else part for at, part in enumerate(parts))


@click.command(cls=Command)
@click.argument("prefix")
@click.option("--size", type=click.IntRange(1, 50), default=8, show_default=True)
@place_options
def suggest(prefix: str, size: int, place: Place) -> None:
    """Complete a partial query; first index the articles that are not in the index yet."""
    with searched_archive(place) as archive:
        for phrase in completions(archive, prefix, size):
            click.echo(phrase)


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@place_options
def stats(as_json: bool, place: Place) -> None:
    """Show how many articles there are and whether the index is in sync with the store."""
    with opened_archive(place) as archive:
        facts = {"articles": archive.store.count(), "in_sync": archive.in_sync(), "data": str(place)}
    if as_json:
        print_json(facts)
    else:
        for name, value in facts.items():
            click.echo(f"{name}: {value}")


@click.command(cls=Command)
@click.argument("set", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--unaccented", is_flag=True, help="Strip the accents from the queries.")
@click.option("--queries", type=click.IntRange(1), metavar="N", help="Only the first N queries.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@place_options
def evaluate(set: Path, unaccented: bool, queries: int | None, as_json: bool, place: Place) -> None:
    """Index the judged SET in a temporary archive and print how relevant the hits of its queries are.

    That is a folder of its own, or indices of their own on the cluster; both are deleted.
    """
    from search.relevance import measure, read_queries, without_accents

    judged = read_queries(set)[:queries]
    with (
        temporary_archive(place) as archive,
        shown_progress("indexed") as (advance, write),
    ):
        report = Report(lambda failure: write(one_line(f"{failure.where}: {failure.why}")), progress=advance)
        summary = ingest([str(set / "docs.jsonl")], archive.store, archive.engine, report=report)
        values = measure(archive, judged, without_accents) if unaccented else measure(archive, judged)
    facts = {
        "set": set.name,
        "articles": summary.added,
        "queries": len(judged),
        **{k: round(v, 4) for k, v in values.items()},
    }
    if as_json:
        print_json(facts)
    else:
        click.echo("  ".join(f"{name} {value}" for name, value in facts.items()))
