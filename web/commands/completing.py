"""The command that prints what a shell needs to complete the others."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from web.commands.base import Command

_VARIABLE = "_TIMTIN_COMPLETE"


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes bash, zsh or fish complete commands.

    \b
    bash: add to ~/.bashrc: eval "$(timtin completion bash)"
    zsh:  add to ~/.zshrc:  eval "$(timtin completion zsh)"
    fish: timtin completion fish > ~/.config/fish/completions/timtin.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(ctx.find_root().command, {}, "timtin", _VARIABLE).source())
