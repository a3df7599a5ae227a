"""The commands for who runs a service: its settings, and the keys of its clients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from index.dates import LOCAL_ZONE
from index.errors import TimtinError
from index.shared_texts import FolderTexts
from web.commands.base import Command, data_option, opened_archive, print_json
from web.configuration import read_settings
from web.keys import FIRST, Key, KeyRing, Scope, expiry
from web.settings import Settings
from web.terminal import one_line


def settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where settings are: ``data`` and ``config``, both None if not given."""
    data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        show_default=str(Settings().data),
        help="The data folder (or set TIMTIN_DATA).",
    )
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        show_default="timtin.toml in the data folder, if there is one",
        help="The file of settings (or set TIMTIN_CONFIG).",
    )
    return config(data(command))


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@settings_options
def config(as_json: bool, data: Path | None, config: Path | None) -> None:
    """Print each setting of 'timtin serve' and where its value comes from."""
    reading = read_settings({"data": data, "config": config})
    if as_json:
        values = reading.as_json()
        print_json({name: {"value": value, "from": reading.origins[name]} for name, value in values.items()})
        return
    shown = {name: one_line(shown_value(value)) for name, value in reading.values().items()}
    for name, value in shown.items():
        origin = one_line(reading.origins[name])
        click.echo(f"{name:<{max(map(len, shown))}}  {value:<{max(map(len, shown.values()))}}  {origin}")


def shown_value(value: Any) -> str:
    """Return a value as TIMTIN_ variables write it; a dash for none and for an empty list."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) or "-" if isinstance(value, tuple) else "-" if value in (None, "") else str(value)


@click.group()
def keys() -> None:
    """Make, list and revoke the keys of a service; it heeds changes at once."""


@keys.command(cls=Command)
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.label for scope in Scope]),
    required=True,
    help="What the key may do: search and read; also write; everything.",
)
@click.option("--expires", metavar="WHEN", help="30d, 2027-01-31 for the end of that day, or 2027-01-31T18:00.")
@data_option
def add(name: str, scope: str, expires: str | None, data: Path) -> None:
    """Make a key for NAME and print it, this once: only its hash is kept."""
    now = datetime.now(UTC)
    end = None if expires is None else expiry(expires, now)
    with opened_archive(data, made=True) as archive:  # refuses a folder that holds something else
        click.echo(KeyRing(archive.texts).add(name, Scope[scope.upper()], end, now=now))


@keys.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@data_option
def list_keys(as_json: bool, data: Path) -> None:
    """List the keys by name; none is shown itself."""
    rows = [_row(key) for key in _ring(data).keys()]  # noqa: SIM118 - no mapping
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("there are no keys; 'timtin serve' makes the first, 'timtin keys add' others")
    else:
        heads: dict[str, str | None] = {column: column for column in rows[0]}
        widths = {column: max(len(row[column] or "never") for row in (heads, *rows)) for column in heads}
        for row in (heads, *rows):
            click.echo("  ".join(f"{row[column] or 'never':<{width}}" for column, width in widths.items()).rstrip())


@keys.command(cls=Command)
@click.argument("name")
@data_option
def revoke(name: str, data: Path) -> None:
    """Take the key NAME its power, at once and for good."""
    _ring(data).revoke(name)
    again = f"; the file {data / FIRST} is of no use now" if name == FIRST else ""
    click.echo(f"the key {name!r} is revoked{again}")


def _ring(data: Path) -> KeyRing:
    """Return the keys of a data folder, even if its store is damaged."""
    if not data.is_dir():
        raise TimtinError(f"there is no data folder {data}; name it with --data")
    return KeyRing(FolderTexts(data))


def _row(key: Key) -> dict[str, str | None]:
    return {
        "name": key.name,
        "scope": key.scope.label,
        "created": _local(key.created),
        "expires": None if key.expires is None else _local(key.expires),
        "state": "expired" if key.expired() else "valid",
    }


def _local(moment: datetime) -> str:
    return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")
