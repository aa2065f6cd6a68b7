"""`cybervault rules disable | enable`: for the whole installation or for one tenant, and the audit remembers."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cybervault.access.audit import OPERATOR, Change, Happening
from cybervault.app.rules import RULES_FOLDER
from cybervault.cli.access import with_access
from cybervault.cli.options import Data, ForTenant
from cybervault.cli.rule_choices import disable_for, enable_for
from cybervault.cli.rules import chosen, shelf_in
from cybervault.detection.rules.pack import by_id
from cybervault.detection.rules.switches import REASON_CHARACTERS_MAX, keep_switched_off, switched_off
from cybervault.settings import load_settings

WhichRule: TypeAlias = Annotated[
    str, typer.Argument(metavar="RULE", help="Id or title of the rule, or how one of them begins.")
]


def disable(  # noqa: PLR0917 - each argument is an option of the command
    rule: WhichRule,
    reason: Annotated[str, typer.Option(help="Why, for whoever finds it switched off.")],
    tenant: ForTenant = "",
    data: Data = None,
) -> None:
    """Switch a rule off for the whole installation, or for one tenant; a running server follows within seconds."""
    told = " ".join(reason.split())
    if not 1 <= len(told) <= REASON_CHARACTERS_MAX:
        raise typer.BadParameter(f"a reason has 1 to {REASON_CHARACTERS_MAX} characters", param_hint="--reason")
    shelf = shelf_in(data)
    found = chosen(by_id(shelf.packs()), rule)
    if tenant:
        disable_for(data, shelf, tenant, rule_id=found.id, reason=told)
        typer.echo(f"Disabled for {tenant}: {found.title} ({found.id})")
        return
    folder = load_settings(data=data).folder / RULES_FOLDER
    off = dict(switched_off(folder)) | {found.id: told}
    _record(data, Happening(Change.RULE_SWITCHED_OFF, OPERATOR, found.id, None, {"reason": told}))
    keep_switched_off(folder, off)
    typer.echo(f"Switched off: {found.title} ({found.id})")


def enable(rule: WhichRule, tenant: ForTenant = "", data: Data = None) -> None:
    """Switch a rule on again, for the whole installation or for one tenant."""
    if tenant:
        shelf = shelf_in(data)
        one = chosen(by_id(shelf.packs()), rule)
        enable_for(data, shelf, tenant, rule_id=one.id)
        typer.echo(f"Enabled for {tenant}: {one.title} ({one.id})")
        return
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
