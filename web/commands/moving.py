"""The command that moves an archive from a data folder to a cluster, or back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.commands.base import Command, json_option, print_json
from web.commands.places import Place, data_option, hosts_option, opened_archive, place_of
from web.commands.progress import shown_progress
from web.terminal import one_line

if TYPE_CHECKING:
    from index.moving import Moved
    from index.shared_texts import SharedTexts

_STAYS = (
    "not moved: which files and addresses articles came from, tasks, the log of searches, and when articles were stored"
)


@click.command(cls=Command)
@click.option(
    "--to",
    type=click.Choice(["embedded", "opensearch"]),
    metavar="NAME",
    required=True,
    help="embedded: into the data folder; opensearch: to the cluster.",
)
@click.option("--keys", is_flag=True, help="Also copy the keys, so that they stay good.")
@click.option("--synonyms", is_flag=True, help="Also copy the synonyms.")
@json_option
@hosts_option
@data_option
def move(to: str, keys: bool, synonyms: bool, as_json: bool, hosts: str | None, data: Path) -> None:
    """Copy all articles to a cluster or back, and compare both.

    The source may serve and be written to meanwhile, and keeps its articles. A move that was cut off goes on where it
    was; one that is done copies what has changed since. Exits with 1 if both differ at the end.
    """
    from index.moving import Move

    cluster, folder = place_of(data, "opensearch", hosts), Place(data)
    source, target = (folder, cluster) if to == "opensearch" else (cluster, folder)
    with opened_archive(source) as here, opened_archive(target, made=True) as there:
        moving = Move(here.store, there.store, there.texts)
        with shown_progress("copied") as (advance, _):
            moved = moving.run(advance)
        with shown_progress("indexed") as (advance, _):
            there.engine.apply(wait=60, progress=advance)
        if there.engine.upkeep is not None:
            there.engine.upkeep.condense()
        copied = [
            *(_copied_keys(here.texts, there.texts) if keys else ()),
            *(_copied_synonyms(here.texts, there.texts) if synonyms else ()),
        ]
    if as_json:
        print_json({
            "changes": moved.changes, "articles": moved.articles, "same": not (moved.differences or moved.is_behind),
            "differences": moved.differences, "damaged": moved.damaged,
        })  # fmt: skip
    else:
        for line in (*_told(moved), *copied, _STAYS):
            click.echo(one_line(line))
    for difference in moved.differences:
        click.echo(f"timtin: {one_line(difference)}", err=True)
    for id in moved.damaged:
        click.echo(f"timtin: article {one_line(repr(id))} is damaged and was left out", err=True)
    sys.exit(1 if moved.differences or moved.damaged or moved.is_behind else 0)


def _told(moved: Moved) -> tuple[str, ...]:
    copied = f"{moved.changes:,} change{'' if moved.changes == 1 else 's'} copied"
    if moved.is_behind:
        return (
            copied,
            "the source is written to all the time, so that both were not compared: stop what writes to it, or start"
            " its service with another archive, and run this again",
        )
    if moved.differences:
        return copied, f"{moved.articles:,} articles are the same on both sides; others are not, see standard error"
    return copied, f"both have the same {moved.articles:,} articles in the same order, compared one by one"


def _copied_keys(here: SharedTexts, there: SharedTexts) -> tuple[str, ...]:
    from web.keys import KeyRing

    names = KeyRing(there).copy_from(KeyRing(here))
    return (f"keys copied: {', '.join(names) or 'none that were not there'}",)


def _copied_synonyms(here: SharedTexts, there: SharedTexts) -> tuple[str, ...]:
    from index.shared_texts import SYNONYMS

    ours, theirs = here.read(SYNONYMS), there.read(SYNONYMS)
    if ours is None:
        return ("there are no synonyms to copy",)
    if theirs is not None and theirs.data != ours.data:
        return ("synonyms were not copied: there are others there already",)
    if theirs is None and not there.write(SYNONYMS, ours.data, None):
        return ("synonyms were not copied: somebody else has just written some there",)
    return ("synonyms copied",)
