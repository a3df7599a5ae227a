"""The commands that keep articles safe: check and repair, backup."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from index.errors import TimtinError
from web.commands.base import Command, Whole, json_option, print_json
from web.commands.places import Place, opened_archive, place_options
from web.terminal import one_line

_OF_A_SERIES = re.compile(r"timtin-\d{8}-\d{6}\.sqlite", re.ASCII)


@click.command(cls=Command)
@click.option("--repair", is_flag=True, help="Repair the index, remove leftovers, and check again.")
@json_option
@place_options
def check(repair: bool, as_json: bool, place: Place) -> None:
    """Verify every article, and that searches find each.

    Prints the problems and exits with 1 if there are any or, with --repair, if some are left.
    """
    from index.kernels.library import missing

    done: list[str] = []
    with opened_archive(place) as archive:
        found = problems = archive.problems()
        for problem in found:
            click.echo(one_line(problem), err=True)
        if repair:
            done = list(archive.repair())
            problems = archive.problems()
        verdict = _verdict(problems, archive.store.how_to_restore(), on_cluster=place.cluster is not None)
    for problem in problems if repair else ():
        click.echo(f"still wrong: {one_line(problem)}", err=True)
    if as_json:
        print_json({"problems": found, "repaired": done, "left": problems, "verdict": verdict})
    else:
        why = missing()
        slow = [] if why is None else [f"searches take longer without compiled kernels: {why}"]
        for line in (*done, verdict, *slow):
            click.echo(one_line(line))
    sys.exit(1 if problems else 0)


def _verdict(problems: list[str], how_to_restore: str, *, on_cluster: bool) -> str:
    if not problems:
        return "the index agrees with the store"
    found = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    if all(problem.startswith("store: article ") for problem in problems):
        return f"{found}; send these articles again, or {how_to_restore}; the others are not affected"
    if any(problem.startswith("store:") for problem in problems):
        if on_cluster:
            return f"{found} of the cluster; only if that has lost articles, {how_to_restore}"
        why = "the store is damaged and only a backup can restore it"
        return f"{found}; {why}: {how_to_restore}, then run 'timtin check --repair'"
    return f"{found}; run 'timtin check --repair' to repair the index"


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=Whole(1, 100_000),
    metavar="N",
    help="FILE is a folder: write a new file there, keep the N newest.",
)
@json_option
@place_options
def backup(file: Path, keep: int | None, as_json: bool, place: Place) -> None:
    """Back up all articles to FILE, even while a service runs.

    Damaged articles are saved as they are and named on standard error; the exit code is then 1, and no earlier backup
    is deleted. To restore a backup, put it into an empty data folder as articles.sqlite. With --keep, the files are
    called timtin-DATE-TIME.sqlite, in UTC.
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
    for damage in damages:
        click.echo(f"timtin: {one_line(damage)}", err=True)
    deleted = _series(folder, but=file)[keep - 1 :] if keep is not None and not damages else []
    size = file.stat().st_size
    for older in deleted:
        older.unlink()
    if as_json:
        print_json({"file": str(file), "bytes": size, "damaged": damages, "deleted": [str(one) for one in deleted]})
    else:
        click.echo(f"{file}: {size:,} bytes; to restore it, put it into an empty data folder as articles.sqlite")
        for older in deleted:
            click.echo(f"{older}: deleted")
    sys.exit(1 if damages else 0)


def _series(folder: Path, but: Path) -> list[Path]:
    """Return the backups that ``--keep`` wrote into ``folder``, without one of them, the newest first."""
    names = [path.name for path in folder.iterdir() if _OF_A_SERIES.fullmatch(path.name)]
    others = [folder / name for name in sorted(names, reverse=True) if name != but.name]
    return [path for path in others if path.is_file() and not path.is_symlink()]
