"""The commands for single articles, tasks and counts: get, put, delete, export, tasks, stats."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from index.errors import RottenArticleError, TimtinError
from web.commands.answering import chosen, filter_options
from web.commands.answers import Answers, Json, answering
from web.commands.base import TEXT, Command, json_option, print_json, size_option
from web.commands.places import Place, service_options, wait_option
from web.commands.shown import show_article, show_task
from web.terminal import is_utf8, one_line

if TYPE_CHECKING:
    from index.article import Article

_COUNTED = {"created": "added", "replaced": "updated"}
"""How what became of an article is called where it is counted, if otherwise."""


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, type=TEXT)
@json_option
@service_options
def get(ids: tuple[str, ...], as_json: bool, place: Place) -> None:
    """Print the articles with these IDS.

    Exits with 1 if one of them is not there.
    """
    missing = False
    with answering(place) as answers:
        for number, (id, article) in enumerate(answers.get(ids)):
            if article is None:
                missing = True
                click.echo(f"timtin: there is no article with the id {one_line(repr(id))}", err=True)
            elif as_json:
                print_json(article)
            else:
                if number:
                    click.echo()
                show_article(article)
    sys.exit(1 if missing else 0)


@click.command(cls=Command)
@click.argument("paths", nargs=-1)
@wait_option
@json_option
@service_options
def put(paths: tuple[str, ...], wait: float, as_json: bool, place: Place) -> None:
    """Store the articles in PATHS, or in the JSON on standard input.

    Reads what 'timtin index' reads, in every format and by any names of fields, but remembers no files: what is put
    stays until it is deleted or put again. Exits with 1 if something is refused; the rest is stored.
    """
    from index.reading.given_names import GivenNames
    from index.reading.preview import Refusal, previewed

    if not paths and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("name files with articles, or give JSON on standard input: other-program | timtin put")
    refused: list[Json] = []
    left_out = 0

    def articles() -> Iterator[Article]:
        nonlocal left_out
        for name, entry in previewed(paths or ("-",), GivenNames({}, {})):
            where = name if entry.line is None else f"{name}:{entry.line}"
            if isinstance(entry, Refusal):
                left_out += entry.is_left_out
                if not entry.is_left_out:
                    refused.append({"where": where, "detail": entry.why})
                click.echo(f"timtin: {one_line(f'{where}: {entry.why}')}", err=True)
                continue
            for remark in entry.reading.remarks:
                click.echo(f"timtin: warning: {one_line(f'{where}: {remark}')}", err=True)
            yield entry.reading.article

    with answering(place, made=True) as answers:
        outcomes = _outcomes(answers.put(articles()), refused)
        is_searchable = _is_searchable(answers, outcomes, wait)
    if not (outcomes or refused or left_out):
        raise TimtinError("there was nothing to store: no article in a format that timtin reads")
    _conclude(outcomes, refused, ("added", "updated", "unchanged"), is_searchable, as_json)


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, type=TEXT)
@wait_option
@json_option
@service_options
def delete(ids: tuple[str, ...], wait: float, as_json: bool, place: Place) -> None:
    """Delete the articles with these IDS.

    Exits with 1 if one of them was not there.
    """
    refused: list[Json] = []
    with answering(place) as answers:
        outcomes = _outcomes(answers.delete(ids), refused)
        is_searchable = _is_searchable(answers, outcomes, wait)
    for one in outcomes:
        if one["result"] == "missing":
            click.echo(f"timtin: there is no article with the id {one_line(repr(one['id']))}", err=True)
    _conclude(outcomes, refused, ("deleted", "missing"), is_searchable, as_json)


def _outcomes(outcomes: Iterator[Json], refused: list[Json]) -> list[Json]:
    """Return what became of each article; tell which a service has ``refused``, and why."""
    done: list[Json] = []
    for one in outcomes:
        done.append({"id": one["id"], "result": one["result"]})
        if one["result"] == "refused":
            refused.append({"where": one["id"], "detail": one["detail"]})
            click.echo(f"timtin: {one_line(one['detail'])}", err=True)
    return done


def _is_searchable(answers: Answers, outcomes: list[Json], wait: float) -> bool:
    if not any(one["result"] in {"created", "replaced", "deleted"} for one in outcomes) or answers.is_searchable(wait):
        return True
    click.echo("timtin: all is kept, but searches do not see it yet: the index is still catching up", err=True)
    return False


def _conclude(
    outcomes: list[Json], refused: list[Json], counted: tuple[str, ...], is_searchable: bool, as_json: bool
) -> None:
    """Print what was done, and exit."""
    became = Counter(_COUNTED.get(one["result"], one["result"]) for one in outcomes)
    counts = {name: became[name] for name in counted}
    if as_json:
        print_json({**counts, "refused": refused, "outcomes": outcomes, "searchable": is_searchable})
    else:
        shown = {**counts, "refused": len(refused)}
        click.echo(", ".join(f"{count:,} {name}" for name, count in shown.items()))
    sys.exit(1 if refused or became["missing"] else 0)


@click.command(cls=Command)
@filter_options
@service_options
def export(place: Place, **filters: str | None) -> None:
    """Write all articles as JSON, one a line, or those chosen.

    'timtin index -' and 'timtin put' read them again. Damaged ones are named on standard error, and it exits with 1
    then; the others are written.
    """
    damaged: list[str] = []
    ascii_only = not is_utf8()
    options = chosen(filters)
    with answering(place, options=options) as answers:
        for article in answers.export(options, damaged):
            click.echo(json.dumps(article, ensure_ascii=ascii_only))
    for id in damaged:
        click.echo(f"timtin: {one_line(str(RottenArticleError(id)))}", err=True)
    sys.exit(1 if damaged else 0)


@click.command(cls=Command)
@click.argument("id", required=False, type=TEXT)
@size_option(10, 1000, "Most tasks.")
@click.option(
    "--state",
    type=click.Choice(["waiting", "running", "cancelling", "done", "failed", "cancelled"]),
    metavar="STATE",
    help="Only these: waiting, running, cancelling, done, failed or cancelled.",
)
@click.option("--cancel", is_flag=True, help="End the task with this ID; what it deleted stays so.")
@json_option
@service_options
def tasks(id: str | None, size: int, state: str | None, cancel: bool, as_json: bool, place: Place) -> None:
    """List what a service is doing or has done, the latest first.

    That is: writes of many articles, deletions by filter, and rebuilds. With an ID, only that task.
    """
    if cancel and id is None:
        raise click.UsageError("--cancel needs the ID of a task; 'timtin tasks' lists them.")
    with answering(place) as answers:
        one = answers.cancel if cancel else answers.task
        listed = answers.tasks(size, state) if id is None else one(id)
    if listed is None:
        raise TimtinError(f"there is no task with the id {id!r}; 'timtin tasks' lists them")
    if as_json:
        print_json(listed)
        return
    shown = listed["tasks"] if id is None else [listed]
    for task in shown:
        show_task(task)
    if not shown:
        click.echo("there are no tasks")


@click.command(cls=Command)
@json_option
@service_options
def stats(as_json: bool, place: Place) -> None:
    """Show how many articles there are and whether searches see all."""
    with answering(place) as answers:
        facts = {**answers.stats(), "data": str(place)}
    if as_json:
        print_json(facts)
        return
    count = facts["articles"]
    click.echo(f"{count:,} article{'s' if count != 1 else ''} in {one_line(facts['data'])}")
    if facts["in_sync"]:
        click.echo("searches see all of them, as they are now")
    elif facts["last_error"]:
        click.echo(f"searches do not see the latest changes: {one_line(facts['last_error'])}")
    else:
        first = "" if place.service is not None else "; the next search here indexes them first"
        click.echo(f"searches do not see the latest changes yet{first}")
