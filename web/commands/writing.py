"""The commands that add articles: from files and folders, from a watched folder, from the web."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from index.errors import InvalidInputError
from web.commands.base import TEXT, Command, Seconds, Whole, fail, json_option, print_json
from web.commands.places import Place, opened_archive, place_options, wait_option
from web.commands.progress import shown_progress, shown_reading
from web.terminal import one_line

if TYPE_CHECKING:
    from index.reading.files import Failure, Remark
    from index.reading.import_run import Summary


@click.command(cls=Command)
@click.argument("paths", nargs=-1)
@click.option("--source", type=TEXT, metavar="NAME", help="Source of articles that do not name one.")
@click.option("--prune", is_flag=True, help="Delete articles whose files or lines are gone.")
@click.option("--rebuild", is_flag=True, help="Also build the index anew.")
@click.option(
    "--map",
    "given",
    multiple=True,
    type=TEXT,
    metavar="NAME=FIELD",
    help="What a name stands for, as pubtime=published; kept.",
)
@click.option("--dry-run", "looked", type=Whole(1), metavar="N", help="Show how N articles would be read; store none.")
@wait_option
@json_option
@place_options
def index(
    paths: tuple[str, ...],
    source: str | None,
    prune: bool,
    rebuild: bool,
    given: tuple[str, ...],
    looked: int | None,
    wait: float,
    as_json: bool,
    place: Place,
) -> None:
    """Add the articles in PATHS, and what is new there next time.

    PATHS are folders, files (texts, pages, tables, documents, feeds, zip files), or - for standard input. Exits with 1
    if something cannot be read; the rest is added.
    """
    from index.reading.files import Failure
    from index.reading.given_names import parsed_names
    from index.reading.import_run import Report
    from index.reading.ingest import ImportOptions, ingest
    from web.commands.reading_shown import show_reading

    if not paths and not rebuild:
        raise click.UsageError("name the files or folders to index, or - for standard input")
    try:
        names = parsed_names(given)
    except InvalidInputError as error:
        raise click.UsageError(f"--map {error}") from None
    if looked is not None:
        show_reading(paths, names, looked, place, as_json=as_json)
        return
    with opened_archive(place, made=True) as archive, shown_reading() as bar:

        def show(what: Failure | Remark) -> None:
            mark = "" if isinstance(what, Failure) else "warning: "
            bar.write(f"timtin: {mark}{one_line(what.where)}: {one_line(what.why)}")

        report = Report(show, show)
        if bar.is_shown:
            report = Report(show, show, bar.file, bar.indexed, bar.set_size, bar.read)
        summary = ingest(
            paths,
            archive.store,
            archive.engine,
            ImportOptions(source, prune, rebuild, wait, stoppable=True, names=names),
            report,
        )
    _conclude(summary, as_json)


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@place_options
def watch(folder: Path, place: Place) -> None:
    """Add what is in FOLDER and, until stopped, what appears there."""
    from index.reading.watching import watch_folder

    with opened_archive(place, made=True) as archive:
        watch_folder(folder, archive.store, archive.engine)


@click.command(cls=Command)
@click.argument("urls", nargs=-1, required=True)
@click.option("--source", type=TEXT, metavar="NAME", help="Source of the articles, whatever they say.")
@click.option("--limit", type=Whole(1), default=1000, show_default=True, metavar="N", help="Most articles to ask for.")
@click.option(
    "--delay",
    type=Seconds(0, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Shortest pause between requests to a host.",
)
@click.option("--allow-private", is_flag=True, help="Also fetch from private addresses and other ports.")
@wait_option
@json_option
@place_options
def fetch(
    urls: tuple[str, ...],
    source: str | None,
    limit: int,
    delay: float,
    allow_private: bool,
    wait: float,
    as_json: bool,
    place: Place,
) -> None:
    """Add the articles at URLS: feeds, sitemaps, or single pages.

    Exits with 1 if one of them cannot be read; the others are added.
    """
    from index.fetching.fetch import FetchOptions
    from index.fetching.fetch import fetch as run_fetch
    from index.reading.files import Failure
    from index.reading.import_run import Report

    def show(what: Failure | Remark) -> None:
        mark = "" if isinstance(what, Failure) else "warning: "
        write(f"timtin: {mark}{one_line(what.where)}: {one_line(what.why)}")

    with opened_archive(place, made=True) as archive, shown_progress("fetched") as (advance, write):
        summary = run_fetch(
            urls,
            archive.store,
            archive.engine,
            FetchOptions(source, limit, delay, allow_private, wait),
            Report(show, show, progress=advance),
        )
    _conclude(summary, as_json)


def _conclude(summary: Summary, as_json: bool) -> NoReturn:
    """Print the summary of a run and, if it was cut short, why; exit."""
    from web.commands.reading_shown import NOTHING_READ, has_read_nothing, what_to_know

    if as_json:
        print_json(asdict(summary))
    else:
        copies = "" if summary.copies is None else f", {summary.copies} near-copies"
        click.echo(
            f"{summary.added} added, {summary.updated} updated, {summary.unchanged} unchanged,"
            f" {summary.removed} removed, {summary.failures} failed, {summary.moved} moved{copies}"
            f" in {summary.seconds:.1f} s"
        )
        for line in what_to_know(summary):
            click.echo(one_line(line))
    if summary.unfinished is not None:
        fail(summary.unfinished)
    if not summary.failures and has_read_nothing(summary):
        fail(NOTHING_READ)
    sys.exit(1 if summary.failures else 0)
