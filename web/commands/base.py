"""What every command shares: how it fails, the texts and numbers it is given, how it prints."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from index.errors import InvalidInputError, TimtinError, is_disk_full
from web.terminal import is_utf8, one_line

_NUMBER = re.compile(r"\[Errno -?\d+\] ")
_NAMES = {"q": "the words", "collapse": "--all", "timeout_ms": "--timeout"}
"""What the options are called that have another name in the API."""


class Command(click.Command):
    """A command that reports a failure in one line on standard error and exits with 1.

    A wrong value of an option exits with 2, whoever finds that it is wrong.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if all(parameter.name != "words" for parameter in self.params):
                raise
            hint = f"if it is a word to find, put two dashes before: timtin {ctx.info_name} -- giá -vàng"
            raise click.UsageError(f"{error.format_message()} ({hint})", ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        _refuse_service(ctx)
        try:
            return super().invoke(ctx)
        except InvalidInputError as error:
            if error.problems:
                wrong = (f"{_option(problem.where, ctx.command)}: {problem.what}" for problem in error.problems)
                raise click.UsageError(one_line("; ".join(wrong)), ctx) from None
            fail(str(error))
        except TimtinError as error:
            *others, last = [one for one in getattr(error, "problems", ()) if isinstance(one, str)] or [str(error)]
            for problem in others:
                click.echo(f"timtin: {one_line(problem)}", err=True)
            fail(last)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:
            if is_disk_full(error):
                with suppress(OSError):  # its buffer would fail again at exit
                    sys.stdout.close()
                fail(f"the disk is full ({error}): free some space and run the command again; what was stored is kept")
            fail(in_words(error))


def _refuse_service(ctx: click.Context) -> None:
    """Raise UsageError if a service is named that the command cannot ask."""
    root = ctx.find_root()
    knows = any(parameter.name == "server" for parameter in ctx.command.params)
    if root is not ctx and not knows and root.get_parameter_source("server") is ParameterSource.COMMANDLINE:
        raise click.UsageError(
            f"'{ctx.command_path}' works where the articles are: run it there, without --server",
            ctx,
        )


def _option(name: str, command: click.Command) -> str:
    """Return what users call a parameter of the API."""
    flag = f"--{name}"
    return _NAMES.get(name, flag if any(flag in parameter.opts for parameter in command.params) else name)


class Whole(click.IntRange):
    """A whole number in a range, which is described in words."""

    def _describe_range(self) -> str:
        return _range(self.min, self.max)


class Seconds(click.FloatRange):
    """A number of seconds in a range, which is described in words; ``nan`` is refused."""

    def _describe_range(self) -> str:
        return _range(self.min, self.max)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return seconds


def _range(least: float | None, most: float | None) -> str:
    if most is None:
        return f"{least:,} or more"
    return f"{most:,} or less" if least is None else f"{least:,} to {most:,}"


class Text(click.ParamType[str]):
    """A text in UTF-8, whatever the encoding of the terminal is said to be; other bytes are refused."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        with suppress(UnicodeError):
            text = os.fsencode(text).decode("utf-8")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            self.fail("is not text in UTF-8.", param, ctx)
        return text


TEXT = Text()
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def size_option(default: int, most: int, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option that says how many of something are shown."""
    return click.option("-n", "--size", type=Whole(1, most), metavar="N", default=default, show_default=True, help=what)


def in_words(error: OSError) -> str:
    """Return what is wrong with a file or the system, without its number."""
    why = (error.strerror or str(error) or type(error).__name__).lower()
    return f"{why}: {error.filename}" if error.filename is not None else why


def print_json(value: object) -> None:
    """Print a value as indented JSON, Vietnamese letters as they are where the terminal can show them."""
    click.echo(json.dumps(value, ensure_ascii=not is_utf8(), indent=2))


def fail(message: str) -> NoReturn:
    """Print ``message`` in one line on standard error, without the numbers of the system's errors, and exit with 1."""
    click.echo(f"timtin: {_NUMBER.sub('', one_line(message))}", err=True)
    sys.exit(1)
