"""`genshare` without a command: its help, and the completion that a shell asks for."""

from collections.abc import Callable, Mapping
from typing import Any

import typer
from typer._click.shell_completion import CompletionItem
from typer.core import TyperGroup

Load = Callable[[str], Any]
"""Returns a command by its name, and imports its module for that."""


def root_group(commands: Mapping[str, str], load: Load, show_help: Callable[[], None]) -> Any:
    """Return the group of all commands, none of which is imported before it is named.

    Args:
        commands: What each does, by name.
    """

    class Commands(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (typer's)
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (typer's)
            return load(cmd_name) if cmd_name in commands else None

        def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
            named = [
                CompletionItem(name, help=told)
                for name, told in commands.items()
                if name.startswith(incomplete)
            ]
            return named or [
                CompletionItem(option)
                for parameter in self.get_params(ctx)
                for option in parameter.opts
                if option.startswith(incomplete)
            ]

    app = typer.Typer(cls=Commands, invoke_without_command=True, add_completion=True)

    @app.callback()
    def root(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            show_help()

    return typer.main.get_command(app)
