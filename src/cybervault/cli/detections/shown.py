"""What people see in a terminal: rules that fired, or matches in the order of their time, and what was not read."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import typer
from rich.table import Table

from cybervault.assessments.known_bad import BadIndicator
from cybervault.cli.detections.indicators import title_of, whom
from cybervault.cli.detections.tally import NEVER, Kept, Seen, Tally
from cybervault.cli.tables import listing
from cybervault.detection.ranking import RankedEntity
from cybervault.domain.verdicts import Severity
from cybervault.pages.visible import visible

_SHOWN_MAX: Final = 5
_RATE_SECONDS: Final = 1.0
"""What took less says nothing of speed."""
LEVEL_COLORS: Final = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}


def rules_table(ranked: Sequence[Seen], indicators: Sequence[BadIndicator] = ()) -> Table:
    """A row for each rule, and behind them one for each bad indicator."""
    table = listing("level", "events", "technique", "first seen", folded=("rule",))
    for one in ranked:
        doubt = f" ({one.uncertain} not certain)" if one.uncertain else ""
        table.add_row(
            one.rule.level.value, str(one.count), next(iter(one.rule.techniques), ""), _minute(one.first),
            f"{visible(one.rule.title)}{doubt}", style=LEVEL_COLORS.get(one.rule.level, ""),
        )  # fmt: skip
    for bad in indicators:
        level, about = bad.part.weighing.severity, f" (on {whom(bad)})" if bad.mention.hosts else ""
        table.add_row(
            level.value, str(bad.mention.count), "", "", f"{title_of(bad)}{about}", style=LEVEL_COLORS.get(level, "")
        )
    return table


def timeline(tally: Tally) -> Table:
    """A row for each match that was kept and each host with a bad indicator, the earliest first."""
    table = listing("time", "level", folded=("rule", "host", "user", "where"))
    rows = [*map(_row_of, tally.in_order()), *(row for bad in tally.indicators for row in _rows_of(bad))]
    for one in sorted(rows, key=lambda row: (row.at is None, row.at or NEVER)):
        table.add_row(
            "" if one.at is None else f"{one.at:%Y-%m-%d %H:%M:%S}", one.level.value, *one.cells,
            style=LEVEL_COLORS.get(one.level, ""),
        )  # fmt: skip
    return table


class _Row(NamedTuple):
    at: datetime | None
    level: Severity
    cells: tuple[str, str, str, str]


def _row_of(one: Kept) -> _Row:
    doubt = "" if one.is_certain else " (not certain)"
    where = f"{one.file}:{one.line}"
    return _Row(
        one.at, one.rule.level, (f"{visible(one.rule.title)}{doubt}", visible(one.host), visible(one.user), where)
    )


def _rows_of(bad: BadIndicator) -> Iterator[_Row]:
    """At about the time when each host named it; which of the events did is not kept."""
    hosts = bad.mention.by_host() or {"": None}
    for host, at in hosts.items():
        yield _Row(at, bad.part.weighing.severity, (title_of(bad), visible(host), "", ""))


def tell(tally: Tally, seconds: float) -> None:
    """The sum, and what was not read, on standard error."""
    rate = f", {tally.events / seconds:,.0f} a second" if seconds > _RATE_SECONDS else ""
    matched = f"{tally.matched:,} with a match, {_count(len(tally.rules), 'rule')}"
    typer.echo(f"{_count(tally.events, 'event')}{rate}; {matched}.", err=True)
    if tally.silent_files:
        typer.echo(_silent(tally.silent_files), err=True)
    if tally.looked_up is not None:
        bad = f"{len(tally.indicators):,} known to be bad"
        typer.echo(f"{tally.looked_up:,} addresses, domains and hashes were looked up; {bad}.", err=True)
    for reason, count in tally.unknown.most_common(_SHOWN_MAX):
        typer.echo(f"{not_looked_at(count)}: {reason}", err=True)
    if tally.bad_count:
        lines = "1 line is no event:" if tally.bad_count == 1 else f"{tally.bad_count:,} lines are no events:"
        typer.echo(lines, err=True)
        for line in tally.bad[:_SHOWN_MAX]:
            typer.echo(f"  {line}", err=True)


def not_looked_at(count: int) -> str:
    """How many events that were."""
    return f"{_count(count, 'event')} {'was' if count == 1 else 'were'} not looked at"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _silent(files: Sequence[str]) -> str:
    """Whoever takes a file without events for one without findings is deceived."""
    more = f" and {len(files) - _SHOWN_MAX:,} more" if len(files) > _SHOWN_MAX else ""
    return f"No event in {', '.join(files[:_SHOWN_MAX])}{more}."


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
