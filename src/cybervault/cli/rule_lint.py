"""`cybervault rules test`: what is wrong with rules, where, and whether they fire on the events they are for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from zipfile import BadZipFile

import typer

from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.lines import BadLine, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.detection.rule import Rule, Where
from cybervault.detection.rules.cases import cases_in, failures
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.load import Loaded, load_files
from cybervault.detection.rules.pack import narrowed
from cybervault.domain.problems import Problem, ProblemKind

_LINES_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class _Place:
    """What was given, and what was found there, the rules under the filters beside them."""

    path: Path
    loaded: Loaded
    rules: tuple[Rule, ...]

    def file(self, name: str) -> Path:
        """A file by its name in the place."""
        return self.path / name if self.path.is_dir() else self.path


def lint(
    places: Annotated[
        list[Path], typer.Argument(metavar="FILE_OR_FOLDER...", help="Sigma rules.", exists=True, show_default=False)
    ],
    events: Annotated[
        list[Path] | None,
        typer.Option("--events", help="Telemetry to try the rules on; may be repeated.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Look at Sigma rules, and say file and line of what cannot be used.

    Beside `rule.yml` may lie `rule.json` with the events that it is for: {"source": {"product", "categories",
    "service"}, "matching": [...], "other": [...]}. Exit status 1 where anything is wrong.
    """
    found = [_read(place) for place in places]
    faults = [fault for place in found for fault in (*_faults(place), *_cases(place))]
    for fault in faults:
        typer.echo(fault)
    for path in events or ():
        _try_on(path, [rule for place in found for rule in place.rules])
    count = sum(len(place.rules) for place in found)
    filters = sum(len(place.loaded.filters) for place in found)
    typer.echo(f"{count} rules, {filters} filters, {len(faults) or 'no'} faults.", err=True)
    raise typer.Exit(1 if faults else 0)


def _read(path: Path) -> _Place:
    try:
        loaded = load_files(files_of(path))
    except (OSError, BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Problem(ProblemKind.INVALID, code="bad_rules", message=f"{path} cannot be read: {reason}.") from None
    return _Place(path, loaded, tuple(narrowed(rule, loaded.filters) for rule in loaded.rules))


def _faults(place: _Place) -> Iterator[str]:
    for problem in place.loaded.problems:
        title = f" ({problem.title})" if problem.title else ""
        yield f"{place.file(problem.path)}:{problem.line}: {problem.reason}{title}"
    for rule in place.rules:
        if rule.where == Where():
            yield f"{place.file(rule.path)}:1: its log source names nothing, so that it is for no event ({rule.title})"
    if not (place.loaded.problems or place.rules or place.loaded.filters or place.loaded.correlations):
        yield f"{place.path}:1: there is no rule in it"


def _cases(place: _Place) -> Iterator[str]:
    for name in dict.fromkeys(rule.path for rule in place.rules):
        beside = place.file(name).with_suffix(".json")
        if not beside.is_file():
            continue
        try:
            cases = cases_in(beside.read_bytes())
        except ValueError as error:
            yield f"{beside}:1: it is no case: {error}"
            continue
        for failure in failures([rule for rule in place.rules if rule.path == name], cases):
            yield f"{beside}:1: {failure}"


def _try_on(path: Path, some: Sequence[Rule]) -> None:
    lines: dict[str, list[int]] = {rule.id: [] for rule in some}
    detector, count, unread = Detector(Engine(some)), 0, 0
    for event in events_of(path):
        records = event if isinstance(event, BadLine) else normalise(event.content)
        if isinstance(records, BadLine | Unrecognised):
            unread += 1
            continue
        count += 1
        for match in detector.of_records(records).matches:
            lines[match.rule.id].append(event.line)
    for rule in some:
        typer.echo(f"{path.name}: {rule.title}: {_on(lines[rule.id], count)}")
    if unread:
        typer.echo(f"{path.name}: {unread} events were not read: no form of telemetry that is known here.", err=True)


def _on(lines: Sequence[int], count: int) -> str:
    if not lines:
        return f"fires on none of {count} events"
    shown = ", ".join(map(str, lines[:_LINES_MAX])) + (" …" if len(lines) > _LINES_MAX else "")
    return f"fires on {len(lines)} of {count} events: line{'' if len(lines) == 1 else 's'} {shown}"
