"""`cybervault rules disable | enable`: rules switched off for the whole installation, which the audit remembers."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cybervault.access.audit import OPERATOR, Change, Happening
from cybervault.app.rules import RULES_FOLDER
from cybervault.cli.access import with_access
from cybervault.cli.options import Data
from cybervault.cli.rules import chosen, shelf_in
from cybervault.detection.rules.pack import by_id
from cybervault.detection.rules.switches import REASON_CHARACTERS_MAX, keep_switched_off, switched_off
from cybervault.settings import load_settings

WhichRule: TypeAlias = Annotated[
    str, typer.Argument(metavar="RULE", help="Id or title of the rule, or how one of them begins.")
]


def disable(
    rule: WhichRule,
    reason: Annotated[str, typer.Option(help="Why, for whoever finds it switched off.")],
    data: Data = None,
) -> None:
    """Switch a rule off for the whole installation; a running server follows within seconds."""
    told = " ".join(reason.split())
    if not 1 <= len(told) <= REASON_CHARACTERS_MAX:
        raise typer.BadParameter(f"a reason has 1 to {REASON_CHARACTERS_MAX} characters", param_hint="--reason")
    found = chosen(by_id(shelf_in(data).packs()), rule)
    folder = load_settings(data=data).folder / RULES_FOLDER
    off = dict(switched_off(folder)) | {found.id: told}
    _record(data, Happening(Change.RULE_SWITCHED_OFF, OPERATOR, found.id, None, {"reason": told}))
    keep_switched_off(folder, off)
    typer.echo(f"Switched off: {found.title} ({found.id})")


def enable(rule: WhichRule, data: Data = None) -> None:
    """Switch a rule on again."""
    folder = load_settings(data=data).folder / RULES_FOLDER
    off = dict(switched_off(folder))
    # One that is gone from all packs can be forgotten by its id.
    found = rule if rule in off else chosen(by_id(shelf_in(data).packs()), rule).id
    if found not in off:
        typer.echo(f"{found} is not switched off.", err=True)
        return
    del off[found]
    _record(data, Happening(Change.RULE_SWITCHED_ON, OPERATOR, found, None))
    keep_switched_off(folder, off)
    typer.echo(f"Switched on: {found}")


def _record(data: Path | None, happening: Happening) -> None:
    with_access(data, lambda access: access.audit.record_alone(happening))
