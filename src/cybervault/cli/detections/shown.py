"""What people see in a terminal: rules that fired, or matches in the order of their time, and what was not read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import typer
from rich.table import Table

from cybervault.cli.detections.tally import Seen, Tally
from cybervault.cli.tables import listing
from cybervault.detection.ranking import RankedEntity
from cybervault.domain.verdicts import Severity
from cybervault.pages.visible import named, visible

_SHOWN_MAX: Final = 5
LEVEL_COLORS: Final = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}


def rules_table(ranked: Sequence[Seen]) -> Table:
    """A row for each rule."""
    table = listing("level", "events", "technique", "first seen", folded=("rule",))
    for one in ranked:
        doubt = f" ({one.uncertain} not certain)" if one.uncertain else ""
        table.add_row(
            one.rule.level.value, str(one.count), next(iter(one.rule.techniques), ""), _minute(one.first),
            f"{visible(one.rule.title)}{doubt}", style=LEVEL_COLORS.get(one.rule.level, ""),
        )  # fmt: skip
    return table


def timeline(tally: Tally) -> Table:
    """A row for each match that was kept, the earliest first."""
    table = listing("time", "level", folded=("rule", "host", "user", "where"))
    for one in tally.in_order():
        doubt = "" if one.is_certain else " (not certain)"
        table.add_row(
            "" if one.at is None else f"{one.at:%Y-%m-%d %H:%M:%S}", one.rule.level.value,
            f"{visible(one.rule.title)}{doubt}", visible(one.host), visible(one.user),
            f"{named(one.path)}:{one.line}", style=LEVEL_COLORS.get(one.rule.level, ""),
        )  # fmt: skip
    return table


def tell(tally: Tally, seconds: float) -> None:
    """The sum, and what was not read, on standard error."""
    rate = f", {tally.events / seconds:,.0f} a second" if seconds > 0 else ""
    typer.echo(f"{tally.events:,} events{rate}; {tally.matched:,} with a match, {len(tally.rules)} rules.", err=True)
    for reason, count in tally.unknown.most_common(_SHOWN_MAX):
        typer.echo(f"{count:,} events were not looked at: {reason}", err=True)
    if tally.bad_count:
        lines = "1 line is no event:" if tally.bad_count == 1 else f"{tally.bad_count:,} lines are no events:"
        typer.echo(lines, err=True)
        for line in tally.bad[:_SHOWN_MAX]:
            typer.echo(f"  {line}", err=True)


def tell_incidents(entities: Iterable[RankedEntity]) -> None:
    """The hosts and users that somebody has to look at first, on standard error."""
    incidents = [one for one in entities if one.is_incident]
    for one in incidents[:_SHOWN_MAX]:
        tactics = f", {', '.join(one.tactics)}" if one.tactics else ""
        typer.echo(f"Incident: {one.kind} {visible(one.value)}, risk {one.score:,.0f}{tactics}.", err=True)
    if len(incidents) > _SHOWN_MAX:
        typer.echo(f"{len(incidents) - _SHOWN_MAX:,} more hosts and users are incidents; --json has them.", err=True)


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
