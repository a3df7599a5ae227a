"""The commands for who runs a service: its settings, and the keys of its clients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from index.errors import TimtinError
from web.commands.base import TEXT, Command, json_option, print_json
from web.commands.places import Place, engine_options, opened_archive, place_options
from web.terminal import one_line

if TYPE_CHECKING:
    from index.shared_texts import SharedTexts
    from web.keys import Key, KeyRing


def settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where settings and the archive are; each is None if not given."""
    data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        show_default="data",
        help="The data folder (or set TIMTIN_DATA).",
    )
    for option in reversed(engine_options):
        command = option(command)
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        show_default="timtin.toml in the data folder",
        help="The file of settings (or set TIMTIN_CONFIG).",
    )
    return config(data(command))


@click.command(cls=Command)
@json_option
@settings_options
def config(as_json: bool, data: Path | None, config: Path | None, engine: str | None, hosts: str | None) -> None:
    """Show the settings of 'timtin serve' and where each comes from."""
    from web.configuration import read_settings

    reading = read_settings({"data": data, "config": config, "engine": engine, "hosts": hosts})
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
    """Make, list and revoke the keys of a service.

    They are kept where the articles are, so this is run there; a running service heeds changes at once.
    """


@keys.command(cls=Command)
@click.argument("name", type=TEXT)
@click.option(
    "--scope",
    type=click.Choice(["search", "write", "admin"]),
    metavar="SCOPE",
    required=True,
    help="search: search and read; write: also write; admin: all.",
)
@click.option("--expires", metavar="WHEN", help="30d, 2027-01-31 for its end, or 2027-01-31T18:00.")
@json_option
@place_options
def add(name: str, scope: str, expires: str | None, as_json: bool, place: Place) -> None:
    """Make a key called NAME and print it, this once.

    Only its hash is kept, so that nobody can read it later.
    """
    from web.keys import KeyRing, Scope, expiry

    now = datetime.now(UTC)
    end = None if expires is None else expiry(expires, now)
    with opened_archive(place, made=True) as archive:  # refuses a folder that holds something else
        ring = KeyRing(archive.texts)
        token = ring.add(name, Scope[scope.upper()], end, now=now)
        made = ring.named(name) if as_json else None
    if made is not None:
        print_json({**_row(made), "key": token})
    else:
        click.echo(token)


@keys.command("list", cls=Command)
@json_option
@place_options
def list_keys(as_json: bool, place: Place) -> None:
    """List the keys by name; none is shown itself."""
    rows = [_row(key) for key in _ring(place).keys()]  # noqa: SIM118 - no mapping
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
@click.argument("name", type=TEXT)
@json_option
@place_options
def revoke(name: str, as_json: bool, place: Place) -> None:
    """End the key called NAME, at once and for good."""
    from web.keys import FIRST

    _ring(place).revoke(name)
    if as_json:
        print_json({"name": name, "state": "revoked"})
        return
    first = _texts(place).folder
    again = f"; the file {first / FIRST} is of no use now" if name == FIRST and first is not None else ""
    click.echo(f"the key {name!r} is revoked{again}")


def _ring(place: Place) -> KeyRing:
    """Return the keys of an archive, even if its store is damaged."""
    from web.keys import KeyRing

    if place.cluster is None and not place.data.is_dir():
        raise TimtinError(f"there is no data folder {place.data}; name it with --data")
    return KeyRing(_texts(place))


def _texts(place: Place) -> SharedTexts:
    from search.archive import ArchiveConfig, shared_texts

    return shared_texts(ArchiveConfig(place.data, cluster=place.cluster))


def _row(key: Key) -> dict[str, str | None]:
    return {
        "name": key.name,
        "scope": key.scope.label,
        "created": _local(key.created),
        "expires": None if key.expires is None else _local(key.expires),
        "state": "expired" if key.expired() else "valid",
    }


def _local(moment: datetime) -> str:
    from index.dates import LOCAL_ZONE

    return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")
