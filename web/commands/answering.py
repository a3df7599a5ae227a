"""The commands that answer: searches, completions, similar articles, how a text is cut, and relevance."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from index.errors import TimtinError
from web.commands.answers import answering
from web.commands.base import TEXT, Command, Seconds, Whole, json_option, print_json, size_option
from web.commands.places import Place, place_options, service_options, temporary_archive
from web.commands.progress import shown_progress
from web.commands.shown import show_analysis, show_answer, show_hits
from web.terminal import one_line

_LABELS = ("source", "category", "author")
_LONGEST_TEXT = 100_000
"""How many bytes of a text are compared: its first 20,000 characters count."""


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose articles: by label, by date, by conditions."""
    options = [
        *(click.option(f"--{label}", type=TEXT, metavar="NAME", help=f"Only this {label}.") for label in _LABELS),
        click.option("--from", "from_", metavar="DATE", help="Since this year, month or day: 2025, 2025-08, ..."),
        click.option("--to", metavar="DATE", help="Until this year, month or day, inclusive."),
        click.option("--filter", type=TEXT, metavar="TEXT", help="Conditions: source:A AND NOT author:B, ..."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def chosen(options: dict[str, Any]) -> dict[str, str]:
    """Take the values of ``filter_options`` out of ``options`` and return those given, by their names in the API."""
    values = {name.rstrip("_"): options.pop(name) for name in (*_LABELS, "from_", "to", "filter")}
    return {name: value for name, value in values.items() if value}


@click.command(cls=Command)
@click.argument("words", nargs=-1, type=TEXT)
@size_option(10, 100, "Hits a page.")
@click.option("--page", type=Whole(1), metavar="N", default=1, show_default=True, help="Page of hits.")
@click.option("--sort", metavar="ORDER", default="relevance", show_default=True, help="newest, oldest, source:asc, ...")
@filter_options
@click.option("--recency", metavar="DAYS", help="Prefer what is recent: half the score every DAYS.")
@click.option("--timeout", type=Seconds(0.001), metavar="SECONDS", help="Show what is found by then.")
@click.option("--all", "every", is_flag=True, help="List near-copies as hits of their own.")
@json_option
@service_options
def search(
    words: tuple[str, ...],
    size: int,
    page: int,
    sort: str,
    recency: str | None,
    timeout: float | None,
    every: bool,
    as_json: bool,
    place: Place,
    **filters: str | None,
) -> None:
    """Find articles that have WORDS.

    The words need no quotes: timtin search giá vàng. What begins with a dash goes behind two dashes, or in quotes with
    the others: timtin search -- giá -vàng. Without words, all articles that the options choose are listed. New articles
    are indexed first. Exits with 1 if nothing is found.
    """
    conditions = chosen(filters)
    if not words and not conditions:
        raise click.UsageError("say what to find, or choose articles with --source, --from, --filter, ...")
    options = {
        "q": " ".join(words),
        "size": str(size),
        "page": str(page),
        **conditions,
        **({"sort": sort} if sort != "relevance" else {}),
        **({"recency": recency} if recency else {}),
        **({"collapse": "false"} if every else {}),
        **({"timeout_ms": str(max(1, round(timeout * 1000)))} if timeout is not None else {}),
    }
    with answering(place, searched=True, options=options) as answers:
        answer = answers.search(options)
    if as_json:
        print_json(answer)
    else:
        show_answer(answer)
    _exit_if_none(answer["hits"])


@click.command(cls=Command)
@click.argument("words", nargs=-1, required=True, type=TEXT)
@size_option(8, 50, "Most completions.")
@json_option
@service_options
def suggest(words: tuple[str, ...], size: int, as_json: bool, place: Place) -> None:
    """Complete WORDS, of which the last may be a beginning.

    New articles are indexed first. Exits with 1 if nothing completes them.
    """
    with answering(place, searched=True) as answers:
        answer = answers.suggest(" ".join(words), size)
    if as_json:
        print_json(answer)
    else:
        for phrase in answer["suggestions"]:
            click.echo(one_line(phrase))
    _exit_if_none(answer["suggestions"], "" if as_json else "the articles have nothing that begins so")


@click.command(cls=Command)
@click.argument("id", required=False, type=TEXT)
@click.option(
    "--text", type=click.File("rb"), metavar="FILE", help="Articles like the text in FILE, - for standard input."
)
@size_option(5, 50, "Most articles.")
@json_option
@service_options
def similar(id: str | None, text: Any, size: int, as_json: bool, place: Place) -> None:
    """Find articles like the one with this ID, or like a text.

    New articles are indexed first. Exits with 1 if there are none.
    """
    if (id is None) == (text is None):
        raise click.UsageError("give the ID of an article, or a text with --text FILE")
    content = "" if text is None else _text_of(text.read(_LONGEST_TEXT))
    with answering(place, searched=True) as answers:
        answer = answers.similar_to(content, size) if id is None else answers.similar(id, size)
    if answer is None:
        raise TimtinError(f"there is no article with the id {id!r}")
    if as_json:
        print_json(answer)
    else:
        show_hits(answer["hits"])
    _exit_if_none(answer["hits"], "" if as_json else "no article is like this")


def _text_of(data: bytes) -> str:
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(data, final=len(data) < _LONGEST_TEXT)
    except UnicodeDecodeError:
        raise TimtinError("the text is not in UTF-8; save it as UTF-8") from None
    if not text.strip():
        raise TimtinError("there is no text to compare with")
    return text


@click.command(cls=Command)
@click.argument("words", nargs=-1, required=True, type=TEXT)
@json_option
@service_options
def analyze(words: tuple[str, ...], as_json: bool, place: Place) -> None:
    """Show how WORDS are understood, and how they are indexed."""
    with answering(place, searched=True) as answers:
        analysis = answers.analyze(" ".join(words))
    if as_json:
        print_json(analysis)
    elif analysis:
        show_analysis(analysis)


def _exit_if_none(found: list[Any], why: str = "") -> None:
    if not found:
        if why:
            click.echo(f"timtin: {why}", err=True)
        sys.exit(1)


@click.command(cls=Command)
@click.argument("set", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--unaccented", is_flag=True, help="Strip the accents from the queries.")
@click.option("--queries", type=Whole(1), metavar="N", help="Only the first N queries.")
@json_option
@place_options
def evaluate(set: Path, unaccented: bool, queries: int | None, as_json: bool, place: Place) -> None:
    """Measure how relevant the hits of judged queries are.

    The articles of the folder SET are indexed in an archive of their own, which is deleted at the end.
    """
    from index.reading.import_run import Report
    from index.reading.ingest import ingest
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
