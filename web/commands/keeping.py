"""The commands that keep articles safe: check and repair, export, backup."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from web.commands.base import Command, data_option, opened_archive
from web.terminal import one_line


@click.command(cls=Command)
@click.option("--repair", is_flag=True, help="Repair the index from the store, remove leftover files, and check again.")
@data_option
def check(repair: bool, data: Path) -> None:
    """Compare the index with the store; if they disagree, print the problems and exit with 1."""
    with opened_archive(data) as archive:
        problems = archive.problems()
        for problem in problems:
            click.echo(one_line(problem), err=True)
        if repair:
            for action in archive.repair():
                click.echo(one_line(action))
            problems = archive.problems()
            for problem in problems:
                click.echo(f"still wrong: {one_line(problem)}", err=True)
        click.echo(_verdict(problems, archive.store.how_to_restore()))
    sys.exit(1 if problems else 0)


def _verdict(problems: list[str], how_to_restore: str) -> str:
    if not problems:
        return "the index agrees with the store"
    found = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    if any(problem.startswith("store:") for problem in problems):
        why = "the store is damaged and only a backup can restore it"
        return f"{found}; {why}: {how_to_restore}, then run 'timtin check --repair'"
    return f"{found}; run 'timtin check --repair' to repair the index"


@click.command(cls=Command)
@data_option
def export(data: Path) -> None:
    """Write every article to standard output, one per line, as 'timtin index -' reads them."""
    with opened_archive(data) as archive:
        for article in archive.store.articles():
            click.echo(json.dumps(article.model_dump(), ensure_ascii=False))


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_option
def backup(file: Path, data: Path) -> None:
    """Back up all articles to FILE, even while a service runs.

    To restore it, put FILE into an empty data folder as articles.sqlite.
    """
    with opened_archive(data) as archive:
        archive.store.back_up(file)
        click.echo(
            f"{file}: {file.stat().st_size:,} bytes; to restore it, put it into an empty data folder as articles.sqlite"
        )
