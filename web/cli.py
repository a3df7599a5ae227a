"""The ``timtin`` command."""

from __future__ import annotations

import html
import io
import json
import logging
import math
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import click
from tqdm import tqdm

from index.datafolder import open_data_folder
from index.errors import InvalidInputError, TimtinError, is_disk_full
from index.indexer import Progress
from index.reading.files import Failure, Remark
from index.reading.ingest import ingest
from index.reading.intake import Summary
from index.workers import processors
from search.engine import Sort
from search.service import search as run_search
from search.whoosh_engine import WhooshEngine
from web.answers import answer_json
from web.parameters import SearchParameters, checked
from web.terminal import LineFormatter, one_line


class _Command(click.Command):
    """A command whose failures are one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TimtinError as error:
            _fail(str(error))
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)
        except (OSError, sqlite3.Error) as error:
            if is_disk_full(error):
                with suppress(OSError):  # what it keeps would fail once more at the end
                    sys.stdout.close()
                _fail(f"the disk is full ({error}); make room and run this again: what was done already is kept")
            _fail(f"{type(error).__name__}: {error}")


class _Seconds(click.FloatRange):
    """A number of seconds; ``nan`` is in no range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return seconds


class _Group(click.Group):
    command_class = _Command


data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="TIMTIN_DATA",
    default=Path("data"),
    show_default=True,
    help="The data folder; also TIMTIN_DATA.",
)
wait_option = click.option(
    "--wait",
    type=_Seconds(0, 86_400),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait at the end for another writer.",
)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="timtin")
def main() -> None:
    """Full-text search for Vietnamese articles."""
    _keep_no_line_of_the_log()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("watchfiles").setLevel(logging.WARNING)


def _keep_no_line_of_the_log() -> None:
    """Write standard error without a buffer: a line that a full disk refuses is lost, and fails no later flush.

    Each start of a process flushes it.
    """
    buffer = getattr(sys.stderr, "buffer", None)
    if isinstance(buffer, io.BufferedWriter):
        sys.stderr = io.TextIOWrapper(buffer.raw, sys.stderr.encoding, sys.stderr.errors, write_through=True)


@main.command()
@click.argument("paths", nargs=-1)
@click.option("--source", metavar="NAME", help="The source of articles that name none.")
@click.option("--prune", is_flag=True, help="Delete articles that were read from these folders before and are gone.")
@click.option("--rebuild", is_flag=True, help="Make the index anew from the store as well.")
@wait_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@data_option
def index(
    paths: tuple[str, ...], source: str | None, prune: bool, rebuild: bool, wait: float, as_json: bool, data: Path
) -> None:
    """Add the articles of PATHS: folders, files (.txt .html .md .jsonl .csv, .gz and .xz of these), - for stdin."""
    if not paths and not rebuild:
        raise click.UsageError("name the files or folders to index, or - for standard input")
    with (
        _engine(data, made=True) as engine,
        _progress("read", " files") as (read, _),
        _progress("indexed") as (advance, write),
    ):

        def show(what: Failure | Remark) -> None:
            mark = "" if isinstance(what, Failure) else "warning: "
            write(f"timtin: {mark}{one_line(what.where)}: {one_line(what.why)}")

        summary = ingest(
            paths, engine.store, engine.indexer,
            source=source, prune=prune, rebuild=rebuild, wait=wait, stoppable=True,
            on_failure=show, on_remark=show, on_file=read and (lambda: read(1)), progress=advance,
        )  # fmt: skip
    _conclude(summary, as_json)


@main.command()
@click.argument("query")
@click.option("--size", type=int, default=10, show_default=True, help="Hits a page, at most 100.")
@click.option("--page", type=int, default=1, show_default=True)
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), default="relevance", show_default=True)
@click.option("--source", help="Only articles of this source.")
@click.option("--from", "from_", metavar="DATE", help="From this year, month or day: 2025, 2025-08, 2025-08-27.")
@click.option("--to", metavar="DATE", help="To this year, month or day, included.")
@click.option("--all", "every", is_flag=True, help="Show near-copies as hits of their own.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def search(
    query: str,
    size: int,
    page: int,
    sort: str,
    source: str | None,
    from_: str | None,
    to: str | None,
    every: bool,
    as_json: bool,
    data: Path,
) -> None:
    """Find articles."""
    values = {
        "q": query,
        "size": size,
        "page": page,
        "sort": sort,
        "source": source or "",
        "from": from_ or "",
        "to": to or "",
        "collapse": not every,
    }
    try:
        parameters = checked(SearchParameters, {name: str(value) for name, value in values.items()})
    except InvalidInputError as error:
        raise click.UsageError("; ".join(f"--{problem.where}: {problem.what}" for problem in error.problems)) from None
    with _engine(data) as engine:
        answer = run_search(engine, parameters.search())
        if not engine.searchable():
            click.echo("timtin: articles are missing from the index; timtin check --repair adds them", err=True)
    if as_json:
        _print_json(answer_json(answer, parameters))
        return
    for number, hit in enumerate(answer.hits, (page - 1) * size + 1):
        copies = f"+{hit.copies} near-cop{'ies' if hit.copies > 1 else 'y'}" if hit.copies else None
        about = " · ".join(part for part in (hit.article.id, hit.article.published, hit.article.source, copies) if part)
        click.echo(f"{number:>3}. {_styled(hit.title_html) or hit.article.id}\n     {one_line(about)}")
        for passage in hit.body_html:
            click.echo(f"     … {_styled(passage)}")
    if answer.corrected is not None:
        click.echo(f"Did you mean: {one_line(answer.corrected)}")
    click.echo(f"{answer.total} article{'s' if answer.total != 1 else ''}, {answer.took_ms} ms")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, envvar="PORT")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: min(processors(), 4),
    show_default="the processors, at most 4",
    help="Processes that search.",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also index what appears in this folder.",
)
@data_option
def serve(host: str, port: int, workers: int, watch: Path | None, data: Path) -> None:
    """Serve the search page and the API."""
    from web.server import serve as run_server

    run_server(data, host, port, workers, watch)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
def watch(folder: Path, data: Path) -> None:
    """Index what is in FOLDER and, until stopped, what appears there."""
    from index.reading.watching import watch_folder

    with _engine(data, made=True) as engine:
        watch_folder(folder, engine.store, engine.indexer)


@main.command()
@click.argument("urls", nargs=-1, required=True)
@click.option("--source", metavar="NAME", help="The source of the articles, whatever their feeds or pages say.")
@click.option(
    "--limit", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="Articles asked for at most."
)
@click.option(
    "--delay",
    type=_Seconds(0, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="The least pause between requests to one host.",
)
@click.option("--allow-private", is_flag=True, help="Also fetch from private and loopback addresses, and other ports.")
@wait_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@data_option
def fetch(
    urls: tuple[str, ...],
    source: str | None,
    limit: int,
    delay: float,
    allow_private: bool,
    wait: float,
    as_json: bool,
    data: Path,
) -> None:
    """Add the articles at URLS: RSS and Atom feeds, sitemaps, or single pages."""
    from index.fetching.fetch import fetch as run_fetch

    with _engine(data, made=True) as engine, _progress("fetched") as (advance, write):
        summary = run_fetch(
            urls, engine.store, engine.indexer,
            source=source, limit=limit, delay=delay, allow_private=allow_private, wait=wait, progress=advance,
            on_failure=lambda failure: write(f"timtin: {one_line(failure.where)}: {one_line(failure.why)}"),
        )  # fmt: skip
    _conclude(summary, as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@data_option
def stats(as_json: bool, data: Path) -> None:
    """Show how many articles there are and whether the index is level with the store."""
    with _engine(data) as engine:
        facts = {"articles": engine.count(), "level": engine.searchable(), "data": str(data.resolve())}
    if as_json:
        _print_json(facts)
    else:
        for name, value in facts.items():
            click.echo(f"{name}: {value}")


@main.command()
@click.option("--repair", is_flag=True, help="Mend the index from the store, remove leftovers, and check again.")
@data_option
def check(repair: bool, data: Path) -> None:
    """Compare the index with the store; exit 1 and say what is wrong if they disagree."""
    with _engine(data) as engine:
        problems = engine.check()
        for problem in problems:
            click.echo(one_line(problem), err=True)
        if repair:
            for deed in engine.indexer.repair(wait=10.0):
                click.echo(one_line(deed))
            problems = engine.check()
            for problem in problems:
                click.echo(f"still wrong: {one_line(problem)}", err=True)
    click.echo(_verdict(problems))
    sys.exit(1 if problems else 0)


def _verdict(problems: list[str]) -> str:
    if not problems:
        return "the index agrees with the store"
    found = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    if any(problem.startswith("store:") for problem in problems):
        return (
            f"{found}; the store cannot be mended from anything here: stop timtin, put a backup of articles.sqlite"
            " in its place without articles.sqlite-wal and -shm, and run timtin check --repair"
        )
    return f"{found}; timtin check --repair mends the index"


@main.command()
@data_option
def export(data: Path) -> None:
    """Write every article to standard output, one a line, as timtin index - takes them back."""
    with _engine(data) as engine:
        for article in engine.store.articles():
            click.echo(json.dumps(article.model_dump(), ensure_ascii=False))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_option
def backup(file: Path, data: Path) -> None:
    """Write all articles, as they are now, to FILE; a service may be running. FILE is a store: articles.sqlite."""
    with _engine(data) as engine:
        engine.store.database.back_up(file)
        click.echo(
            f"{file}: {file.stat().st_size:,} bytes; to restore it, put it into a data folder as articles.sqlite"
        )


@main.command()
@click.argument("set", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--unaccented", is_flag=True, help="Leave the accents of the queries out.")
@click.option("--queries", type=click.IntRange(1), metavar="N", help="Only the first N queries.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def evaluate(set: Path, unaccented: bool, queries: int | None, as_json: bool) -> None:
    """Index the judged SET in a temporary folder and print how well its queries are answered."""
    from search.measures import measure, read_queries, without_accents

    judged = read_queries(set)[:queries]
    with (
        tempfile.TemporaryDirectory() as folder,
        _engine(Path(folder)) as engine,
        _progress("indexed") as (advance, write),
    ):
        summary = ingest(
            [str(set / "docs.jsonl")], engine.store, engine.indexer,
            progress=advance, on_failure=lambda failure: write(one_line(f"{failure.where}: {failure.why}")),
        )  # fmt: skip
        values = measure(engine, judged, without_accents) if unaccented else measure(engine, judged)
    facts = {
        "set": set.name,
        "articles": summary.added,
        "queries": len(judged),
        **{k: round(v, 4) for k, v in values.items()},
    }
    if as_json:
        _print_json(facts)
    else:
        click.echo("  ".join(f"{name} {value}" for name, value in facts.items()))


@main.command()
@click.argument("prefix")
@click.option("--size", type=click.IntRange(1, 50), default=8, show_default=True)
@data_option
def suggest(prefix: str, size: int, data: Path) -> None:
    """Complete what is typed so far."""
    with _engine(data) as engine:
        for phrase in engine.suggest(prefix, size):
            click.echo(phrase)


@contextmanager
def _engine(data: Path, *, made: bool = False) -> Iterator[WhooshEngine]:
    """Open the engine on a data folder, which is made where it is missing if ``made`` says so."""
    if not made and not data.exists():
        raise TimtinError(f"there is no data folder {data}; make one with timtin index PATH, or name it with --data")
    engine = WhooshEngine(open_data_folder(data))
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _progress(what: str, unit: str = " articles") -> Iterator[tuple[Progress | None, Callable[[str], None]]]:
    """Show a counter on a terminal; there is none in a pipe. Messages go to standard error above it."""
    with tqdm(unit=unit, desc=what, disable=None, file=sys.stderr, leave=False) as bar:

        def advance(count: int) -> None:
            bar.update(count)

        yield None if bar.disable else advance, lambda line: tqdm.write(line, file=sys.stderr)


def _conclude(summary: Summary, as_json: bool) -> NoReturn:
    """Print what a run did and, where it did not come to its end, why; exit."""
    if as_json:
        _print_json(summary.as_dict())
    else:
        copies = "" if summary.copies is None else f", {summary.copies} near-copies"
        click.echo(
            f"{summary.added} added, {summary.updated} updated, {summary.unchanged} unchanged,"
            f" {summary.removed} removed, {summary.failures} failed, {summary.moved} moved{copies}"
            f" in {summary.seconds:.1f} s"
        )
    if summary.unfinished is not None:
        _fail(summary.unfinished)
    sys.exit(1 if summary.failures else 0)


def _styled(marked_html: str) -> str:
    """Return highlighted HTML as one line for a terminal: marks in bold, which click leaves out in a pipe."""
    parts = [one_line(html.unescape(part)) for part in re.split(r"</?mark>", marked_html)]
    return "".join(click.style(part, bold=True) if at % 2 else part for at, part in enumerate(parts))


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _fail(message: str) -> NoReturn:
    click.echo(f"timtin: {one_line(message)}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
