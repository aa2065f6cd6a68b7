"""Commands that are imported when they are used, so that none waits for the libraries of the others."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class Later(TyperCommand):
    """Stands in the lists of commands for one that lies elsewhere: `target` names its module and its function.

    Where the target is a group, `also` names the modules that add commands to it. `summary` is how its help begins.
    """

    def __init__(
        self, name: str, target: str, summary: str, *, epilog: str | None = None, also: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name, help=summary, epilog=epilog)
        self._target = target
        self._also = also

    def real(self) -> Any:  # noqa: ANN401 - the library does not export the type of its commands
        """The command itself."""
        module, _, name = self._target.partition(":")
        found = getattr(import_module(module), name)
        for other in self._also:
            import_module(other)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name, epilog=self.epilog)(found)
        return typer.main.get_command(alone)

    def make_context(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - same
        """The library asks for it when a command is run, or its words are completed: then it is needed."""
        return self.real().make_context(*given, **named)


def group_of(*commands: Later) -> type[TyperGroup]:
    """The class of a group that has these commands besides those that are added to it."""

    class Group(TyperGroup):
        def __init__(self, **given: Any) -> None:  # noqa: ANN401 - what the library gives
            super().__init__(**given)
            self.commands = {str(one.name): one for one in commands} | dict(self.commands)

    return Group
