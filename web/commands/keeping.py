"""The commands that keep articles safe: check and repair, export, backup."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from index.errors import RottenArticleError, TimtinError
from web.commands.base import Command, Place, opened_archive, place_options
from web.terminal import one_line

_OF_A_SERIES = re.compile(r"timtin-\d{8}-\d{6}\.sqlite", re.ASCII)


@click.command(cls=Command)
@click.option("--repair", is_flag=True, help="Repair the index from the store, remove leftover files, and check again.")
@place_options
def check(repair: bool, place: Place) -> None:
    """Verify every article and compare the index with the store; print the problems, if any, and exit with 1."""
    with opened_archive(place) as archive:
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
    if all(problem.startswith("store: article ") for problem in problems):
        return f"{found}; send these articles again, or {how_to_restore}; the others are not affected"
    if any(problem.startswith("store:") for problem in problems):
        why = "the store is damaged and only a backup can restore it"
        return f"{found}; {why}: {how_to_restore}, then run 'timtin check --repair'"
    return f"{found}; run 'timtin check --repair' to repair the index"


@click.command(cls=Command)
@place_options
def export(place: Place) -> None:
    """Write every article to standard output, one per line, as 'timtin index -' reads them.

    Name damaged ones on standard error, go on with the others, and exit with 1.
    """
    damaged: list[str] = []
    with opened_archive(place) as archive:
        for article in archive.store.articles(damaged.append):
            click.echo(json.dumps(article.model_dump(), ensure_ascii=False))
    for id in damaged:
        click.echo(f"timtin: {one_line(str(RottenArticleError(id)))}", err=True)
    sys.exit(1 if damaged else 0)


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="FILE is a folder: write timtin-DATE-TIME.sqlite into it (UTC) and keep only the N newest of such backups.",
)
@place_options
def backup(file: Path, keep: int | None, place: Place) -> None:
    """Back up all articles to FILE, even while a service runs.

    Damaged articles are saved as they are and named on standard error; the exit code is then 1, and no earlier backup
    is deleted. To restore a backup, put it into an empty data folder as articles.sqlite.
    """
    folder = file
    if keep is not None:
        if not folder.is_dir():
            raise TimtinError(f"there is no folder {folder} to keep backups in; make it, or mount its disk")
        file = folder / f"timtin-{datetime.now(UTC):%Y%m%d-%H%M%S}.sqlite"
    elif file.is_dir():
        raise click.UsageError(f"{file} is a folder; name a file in it, or say with --keep how many backups to keep")
    with opened_archive(place) as archive:
        damages = archive.store.back_up(file)
    click.echo(
        f"{file}: {file.stat().st_size:,} bytes; to restore it, put it into an empty data folder as articles.sqlite"
    )
    for damage in damages:
        click.echo(f"timtin: {one_line(damage)}", err=True)
    if damages:
        sys.exit(1)
    if keep is not None:
        for older in _series(folder, but=file)[keep - 1 :]:
            older.unlink()
            click.echo(f"{older}: deleted")


def _series(folder: Path, but: Path) -> list[Path]:
    """Return the backups that ``--keep`` wrote into ``folder``, without one of them, the newest first."""
    names = [path.name for path in folder.iterdir() if _OF_A_SERIES.fullmatch(path.name)]
    others = [folder / name for name in sorted(names, reverse=True) if name != but.name]
    return [path for path in others if path.is_file() and not path.is_symlink()]
