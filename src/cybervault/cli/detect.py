"""`cybervault detect`: detection rules on files of telemetry, without a server."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cybervault.app.rules import RULES_FOLDER, RuleShelf
from cybervault.cli.options import AsJson, Data
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Match
from cybervault.detection.lines import BadLine, Event, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Record, Unrecognised
from cybervault.detection.rule import Rule
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import Pack, Profile, load_pack
from cybervault.domain.assessments import rank_of
from cybervault.domain.clock import SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.faces.moments import spelled
from cybervault.settings import load_settings

EXIT_MATCHED: Final = 20
_SHOWN_MAX: Final = 5
_PER_UPDATE: Final = 500
_COLORS: Final = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}

Rules = Annotated[
    list[Path] | None,
    typer.Option("--rules", help="A folder, archive or file of Sigma rules beside those in force; may be repeated."),
]


@dataclass(slots=True)
class Seen:
    """How often a rule fired, and when."""

    rule: Rule
    count: int = 0
    uncertain: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, match: Match, at: datetime | None) -> None:
        self.count += 1
        self.uncertain += not match.is_certain
        if at is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)


@dataclass(slots=True)
class Tally:
    """What became of all events. `bad` are the first lines that are none; `unknown` counts why events were not read."""

    events: int = 0
    matched: int = 0
    bad_count: int = 0
    bad: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Seen] = field(default_factory=dict)

    def bad_line(self, path: Path, line: BadLine) -> None:
        self.bad_count += 1
        if len(self.bad) < _SHOWN_MAX:
            self.bad.append(f"{path.name}:{line.line}: {line.reason}")


def detect(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    files: Annotated[
        list[Path], typer.Argument(help="JSON lines, JSON, or these packed with gzip.", exists=True, dir_okay=False)
    ],
    rules: Rules = None,
    least: Annotated[Severity, typer.Option("--from", help="Rules from this level upwards.")] = Severity.MEDIUM,
    hunting: Annotated[bool, typer.Option(help="Rules for hunting too.")] = False,
    as_json: AsJson = False,
    as_ndjson: Annotated[
        bool, typer.Option("--ndjson", help="One JSON object for each match, as it is found.")
    ] = False,
    data: Data = None,
) -> None:
    """Say which detection rules fire on the events of files.

    Exit status: 0 where none fires, 20 where one does, 1 where something could not be read at all.
    """
    detector = _detector(data, rules or [], Profile(least, has_hunting=hunting))
    tally, clock = Tally(), SystemClock()
    begun = clock.seconds()
    for line in _looked_through(files, detector, tally):
        if as_ndjson:
            sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    seconds = clock.seconds() - begun
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(_document(tally)) + b"\n")
    elif not as_ndjson:
        Console(markup=False).print(_table(_ranked(tally)))
    _tell(tally, seconds)
    raise typer.Exit(EXIT_MATCHED if tally.matched else 0)


def _detector(data: Path | None, places: Sequence[Path], profile: Profile) -> Detector:
    folder, detector = load_settings(data=data).folder / RULES_FOLDER, Detector()
    shelf = RuleShelf(folder, detector, profile)
    packs = [*shelf.packs(), *(_pack(place) for place in places)]
    detector.use(shelf.engine(packs))
    for pack in packs:
        for problem in pack.problems[:_SHOWN_MAX]:
            typer.echo(f"{pack.name}: {problem.path}:{problem.line}: {problem.reason}", err=True)
    return detector


def _pack(place: Path) -> Pack:
    try:
        return load_pack(place.stem, files_of(place))
    except OSError as error:
        raise Problem(
            ProblemKind.INVALID, code="bad_rules", message=f"{place} cannot be read: {error.strerror}."
        ) from None


def _looked_through(files: Sequence[Path], detector: Detector, tally: Tally) -> Iterator[dict[str, object]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for path in files:
            task = progress.add_task(path.name, total=None)
            for found in events_of(path):
                if isinstance(found, BadLine):
                    tally.bad_line(path, found)
                    continue
                yield from _matches(path, found, detector=detector, tally=tally)
                if tally.events % _PER_UPDATE == 0:
                    progress.update(task, completed=tally.events, description=f"{path.name} {tally.events:,} events")
            progress.remove_task(task)


def _matches(path: Path, event: Event, *, detector: Detector, tally: Tally) -> Iterator[dict[str, object]]:
    tally.events += 1
    records = normalise(event.content)
    if isinstance(records, Unrecognised):
        tally.unknown[records.reason] += 1
        return
    found = detector.of_records(records).matches
    tally.matched += bool(found)
    at = _moment(records)
    for match in found:
        tally.rules.setdefault(match.rule.id, Seen(match.rule)).add(match, at)
        yield {"file": path.name, "line": event.line, "at": at and spelled(at), "certain": match.is_certain} | _rule(
            match.rule
        )


def _moment(records: Sequence[Record]) -> datetime | None:
    return next((record.at for record in records if record.at is not None), None)


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "rule_id": rule.id,
        "title": rule.title,
        "level": rule.level.value,
        "techniques": list(rule.techniques),
        "author": rule.author,
        "pack": rule.pack,
    }


def _document(tally: Tally) -> dict[str, object]:
    return {
        "events": tally.events,
        "events_matched": tally.matched,
        "lines_not_read": tally.bad_count,
        "events_not_recognised": sum(tally.unknown.values()),
        "rules": [
            _rule(one.rule) | {"count": one.count, "first": one.first and spelled(one.first)} for one in _ranked(tally)
        ],
    }


def _ranked(tally: Tally) -> list[Seen]:
    return sorted(tally.rules.values(), key=lambda one: (-rank_of(one.rule.level), -one.count, one.rule.title))


def _table(ranked: Sequence[Seen]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for head in ("level", "events", "technique", "first seen"):
        table.add_column(head, no_wrap=True)
    table.add_column("rule", overflow="fold")
    for one in ranked:
        doubt = f" ({one.uncertain} not certain)" if one.uncertain else ""
        first = "" if one.first is None else f"{one.first:%Y-%m-%d %H:%M}"
        technique = next(iter(one.rule.techniques), "")
        table.add_row(
            one.rule.level.value, str(one.count), technique, first, f"{one.rule.title}{doubt}",
            style=_COLORS.get(one.rule.level, ""),
        )  # fmt: skip
    return table


def _tell(tally: Tally, seconds: float) -> None:
    rate = f", {tally.events / seconds:,.0f} a second" if seconds > 0 else ""
    typer.echo(f"{tally.events:,} events{rate}; {tally.matched:,} with a match, {len(tally.rules)} rules.", err=True)
    for reason, count in tally.unknown.most_common(_SHOWN_MAX):
        typer.echo(f"{count:,} events were not looked at: {reason}", err=True)
    if tally.bad_count:
        typer.echo(f"{tally.bad_count:,} lines are no events:", err=True)
        for line in tally.bad:
            typer.echo(f"  {line}", err=True)
