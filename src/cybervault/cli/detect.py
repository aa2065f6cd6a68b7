"""`cybervault detect`: detection rules on files of telemetry, without a server."""

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cybervault.app.memory import Memory
from cybervault.app.rules import RULES_FOLDER, RuleShelf
from cybervault.assessments.known_bad import HitName
from cybervault.cli.detections.bursts import FileBursts
from cybervault.cli.detections.files import gathered, labels_of
from cybervault.cli.detections.indicators import document_of
from cybervault.cli.detections.names import Names, names_in
from cybervault.cli.detections.navigator import layer_of
from cybervault.cli.detections.page import About, page
from cybervault.cli.detections.reports import Making, opened
from cybervault.cli.detections.sarif import log_of
from cybervault.cli.detections.shown import rules_table, tell, tell_incidents, timeline
from cybervault.cli.detections.tally import KEPT_MAX, Kept, Place, Tally
from cybervault.cli.options import AsJson, Data
from cybervault.detection.correlate.bursts import on_silence
from cybervault.detection.detector import Detector
from cybervault.detection.lines import BadLine, Event, Found, Line, events_of, found_in, lines_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.detection.rule import Rule
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import Pack, Profile, load_pack
from cybervault.detection.sifting import WORKERS_MAX, Sifter, sifting
from cybervault.detection.sightings import on_crowd
from cybervault.domain.clock import Clock, SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.faces.moments import spelled
from cybervault.pages.visible import visible
from cybervault.settings import Settings, load_settings

EXIT_MATCHED: Final = 20
EXIT_INTERRUPTED: Final = 130
_SHOWN_MAX: Final = 5
_PER_UPDATE: Final = 500
_OBJECTS_PER_SEARCH: Final = 50_000
"""Events leave nothing behind that refers to itself, so that Python need not look for such things as often as usual."""
_HTML: Final = "--html"
_NAVIGATOR: Final = "--navigator"
_SARIF: Final = "--sarif"

Rules = Annotated[
    list[Path] | None,
    typer.Option("--rules", help="A folder, archive or file of Sigma rules beside those in force; may be repeated."),
]
Html = Annotated[
    Path | None, typer.Option(_HTML, dir_okay=False, help="Write a report to read in a browser: one file, no script.")
]
Navigator = Annotated[
    Path | None, typer.Option(_NAVIGATOR, dir_okay=False, help="Write a layer for the MITRE ATT&CK Navigator.")
]
Sarif = Annotated[Path | None, typer.Option(_SARIF, dir_okay=False, help="Write the matches as SARIF 2.1.0.")]

Workers = Annotated[
    int, typer.Option(min=1, max=WORKERS_MAX, help="Processes that look at events; the answers are the same.")
]
Knowledge = Annotated[
    bool,
    typer.Option(
        "--knowledge/--no-knowledge",
        help="Look addresses, domains and hashes up in what is kept of earlier answers; nobody is asked.",
    ),
]


def detect(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    files: Annotated[
        list[Path],
        typer.Argument(
            help="JSON lines, JSON, EVTX, or these packed with gzip or zstd; folders of them; - for standard input."
        ),
    ],
    rules: Rules = None,
    least: Annotated[Severity, typer.Option("--from", help="Rules from this level upwards.")] = Severity.MEDIUM,
    hunting: Annotated[bool, typer.Option(help="Rules for hunting too.")] = False,
    by_time: Annotated[bool, typer.Option("--timeline", help="Each match by its time, not each rule.")] = False,
    html: Html = None,
    navigator: Navigator = None,
    sarif: Sarif = None,
    as_json: AsJson = False,
    as_ndjson: Annotated[
        bool, typer.Option("--ndjson", help="One JSON object for each match, as it is found.")
    ] = False,
    workers: Workers = 1,
    knowledge: Knowledge = True,
    data: Data = None,
) -> None:
    """Say which detection rules fire on the events of files.

    Exit status: 0 where none fires, 20 where one does or something known to be bad is named, 1 where something could
    not be read or written at all, 130 where it was interrupted; what was found until then is shown.
    """
    clock, settings, (paths, left_out) = SystemClock(), load_settings(data=data), gathered(files)
    tally = Tally(labels=labels_of(paths))
    with opened({_HTML: html, _NAVIGATOR: navigator, _SARIF: sarif}, paths) as reports, _rarely_searched():
        rules_in_force = _in_force(settings, rules or [], Profile(least, has_hunting=hunting))
        names, unknown = names_in(settings, Memory(settings, clock)) if knowledge else (Names(), ())
        begun, is_whole = clock.seconds(), True
        try:
            with ExitStack() as stack:
                crew = stack.enter_context(sifting(rules_in_force.detector, workers)) if workers > 1 else None
                matches = _looked_through(paths, replace(rules_in_force, names=names, crew=crew), tally, clock=clock)
                _print_lines(map(_line, matches), is_wanted=as_ndjson)
        except KeyboardInterrupt:
            is_whole = False
        unknown += names.look_up(tally)
        seconds = clock.seconds() - begun
        if as_ndjson:
            _print_lines(map(document_of, tally.indicators))
        elif as_json:
            _print_lines([_document(tally, clock.now())])
        else:
            _print_tables(tally, clock.now(), by_time=by_time)
        tell(tally, seconds)
        _tell_all(on_silence(tally.silenced), on_crowd(tally.sightings), unknown, rules_in_force.left_out(), left_out)
        if not is_whole:
            typer.echo(_interrupted(tally, len(paths), reports), err=True)
            raise typer.Exit(EXIT_INTERRUPTED)
        # Behind what is shown, so that a disk without room costs the report and nothing else.
        makings = _makings(tally, About(tuple(map(tally.called, paths)), clock.now(), seconds))
        for option, report in reports.items():
            report.write(makings[option]())
    raise typer.Exit(_status(tally))


def _tell_all(*sentences: Iterable[str]) -> None:
    for sentence in chain.from_iterable(sentences):
        typer.echo(sentence, err=True)


def _interrupted(tally: Tally, files: int, reports: Sized) -> str:
    left = " No report was written." if reports else ""
    read = f"{tally.whole:,} of {files:,} files were looked through to the end" if files > 1 else "the file has more"
    return f"Interrupted: {read}, and correlations were not counted.{left}"


def _print_lines(found: Iterable[Mapping[str, object]], *, is_wanted: bool = True) -> None:
    """All are gone through, printed or not."""
    for one in found:
        if is_wanted:
            sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")


def _print_tables(tally: Tally, now: datetime, *, by_time: bool) -> None:
    if not tally.rules and not tally.indicators:
        typer.echo("No rule fired.")
    elif by_time:
        _print_timeline(tally)
    else:
        Console(markup=False, highlight=False).print(rules_table(tally.ranked(), tally.indicators))
        tell_incidents(tally.entities(now))


@contextmanager
def _rarely_searched() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_PER_SEARCH)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _status(tally: Tally) -> int:
    if tally.matches or tally.indicators:
        return EXIT_MATCHED
    return 1 if tally.bad_count and not tally.events else 0


@dataclass(frozen=True, slots=True)
class _InForce:
    """What is asked of each event, and of all together."""

    detector: Detector
    bursts: FileBursts
    names: Names = field(default_factory=Names)
    crew: Sifter | None = None

    def left_out(self) -> Sequence[str]:
        """What correlations could not count, a sentence each."""
        return self.bursts.left_out()

    def events_of(self, path: Path, tally: Tally) -> Iterator[Found]:
        """The events of a file; those that others saw to be silent are counted, and left out."""
        if self.crew is None:
            yield from events_of(path)
            return
        for sifted in self.crew.sifted(lines_of(path), names=self.names.are_wanted):
            tally.events += sifted.silent
            self.names.add(sifted.mentions)
            for one in sifted.left:
                yield from found_in(one) if isinstance(one, Line) else (one,)


def _in_force(settings: Settings, places: Sequence[Path], profile: Profile) -> _InForce:
    detector = Detector()
    shelf = RuleShelf(settings.folder / RULES_FOLDER, detector, profile)
    packs = [*shelf.packs(), *(_pack(place) for place in places)]
    plan = shelf.plan(packs)
    detector.use(shelf.engine(packs, plan), plan)
    for pack in packs[len(packs) - len(places) :]:
        for problem in pack.problems[:_SHOWN_MAX]:
            typer.echo(f"{pack.name}: {problem.path}:{problem.line}: {problem.reason}", err=True)
    # Those that are installed are no news: who put them in force was told.
    unusable = sum(len(pack.problems) for pack in packs[: len(packs) - len(places)])
    if unusable:
        rules = "1 rule" if unusable == 1 else f"{unusable:,} rules"
        typer.echo(f"{rules} in force cannot be used: `cybervault rules list` says which.", err=True)
    for problem in plan.problems[:_SHOWN_MAX]:
        typer.echo(f"{problem.path}:{problem.line}: {problem.reason}", err=True)
    return _InForce(detector, FileBursts(plan))


def _pack(place: Path) -> Pack:
    try:
        return load_pack(place.stem, files_of(place))
    except OSError as error:
        raise Problem(
            ProblemKind.INVALID, code="bad_rules", message=f"{place} cannot be read: {error.strerror}."
        ) from None


def _looked_through(files: Sequence[Path], rules: _InForce, tally: Tally, *, clock: Clock) -> Iterator[Kept]:
    sizes = [_size(path) for path in files]
    # How far it is within a file nobody knows, so one file alone has no share of the whole.
    total = sum(sizes) if len(sizes) > 1 else None
    with _progress() as progress:
        task, begun = progress.add_task("", total=total, pace=""), clock.seconds()
        for number, (path, size) in enumerate(zip(files, sizes, strict=True), 1):
            progress.update(task, description=f"{tally.called(path)} ({number} of {len(files)})")
            before = tally.events
            for found in _found_in_file(path, rules, tally):
                if isinstance(found, BadLine):
                    tally.bad_line(path, found)
                    continue
                yield from _matches(path, found, rules=rules, tally=tally)
                if tally.events % _PER_UPDATE == 0:
                    progress.update(task, pace=_pace(tally, clock.seconds() - begun))
            tally.whole += 1
            if tally.events == before:
                tally.silent_files.append(tally.called(path))
            progress.advance(task, size)
        yield from rules.bursts.told(tally)


def _found_in_file(path: Path, rules: _InForce, tally: Tally) -> Iterator[Found]:
    """One file that cannot be read stops none of the others."""
    try:
        yield from rules.events_of(path, tally)
    except OSError as error:
        yield BadLine(0, f"It cannot be read: {error.strerror}.")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it went away, which is told when it is its turn
        return 0


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[pace]}"), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def _pace(tally: Tally, seconds: float) -> str:
    rate = f", {tally.events / seconds:,.0f} a second" if seconds > 0 else ""
    return f"{tally.events:,} events{rate}, {tally.matches:,} matches"


def _matches(path: Path, event: Event, *, rules: _InForce, tally: Tally) -> Iterable[Kept]:
    if rules.detector.is_silent(event):
        tally.events += 1
        rules.names.note(event.content)
        return ()
    records = normalise(event.content)
    if isinstance(records, Unrecognised):
        tally.events += 1
        tally.unknown[records.reason] += 1
        return ()
    rules.names.read(records)
    detected = rules.detector.of_records(records)
    tally.silenced += detected.silenced
    if detected.signals:
        rules.bursts.add(path, event.line, detected.signals)
    if not detected.matches:
        # Of nearly all events there is no more to say, so nothing is made of them.
        tally.events += 1
        return ()
    return tally.add(Place(path, event.line, records), detected.matches)


def _makings(tally: Tally, about: About) -> Mapping[str, Making]:
    return {
        _HTML: lambda: page(tally, about).encode(),
        _NAVIGATOR: lambda: msgspec.json.format(msgspec.json.encode(layer_of(tally, about.files)), indent=1),
        _SARIF: lambda: msgspec.json.format(msgspec.json.encode(log_of(tally)), indent=1),
    }


def _print_timeline(tally: Tally) -> None:
    Console(markup=False, highlight=False).print(timeline(tally))
    if tally.matches > KEPT_MAX:
        typer.echo(f"The first {KEPT_MAX:,} of {tally.matches:,} matches are shown.", err=True)


def _line(match: Kept) -> dict[str, object]:
    place = {"file": match.file, "line": match.line, "at": match.at and spelled(match.at)}
    return place | {"certain": match.is_certain} | _rule(match.rule)


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "rule_id": rule.id,
        "title": visible(rule.title),
        "level": rule.level.value,
        "techniques": list(rule.techniques),
        "author": rule.author,
        "pack": rule.pack,
    }


def _document(tally: Tally, now: datetime) -> dict[str, object]:
    return {
        "events": tally.events,
        "events_matched": tally.matched,
        "lines_not_read": tally.bad_count,
        "events_not_recognised": sum(tally.unknown.values()),
        "indicators_looked_up": tally.looked_up,
        "indicators": [*map(document_of, tally.indicators)],
        "rules": [
            _rule(one.rule)
            | {"count": one.count, "first": one.first and spelled(one.first), "last": one.last and spelled(one.last)}
            for one in tally.ranked()
        ],
        "entities": [
            {
                "kind": one.kind,
                "name": visible(one.value),
                "risk_score": one.score,
                "at": spelled(one.at),
                "is_incident": one.is_incident,
                "tactics": list(one.tactics),
                "matches": one.matches,
                "breakdown": [_points(tally, name, points) for name, points in one.rules],
            }
            for one in tally.entities(now)
        ],
    }


def _points(tally: Tally, name: str, points: float) -> dict[str, object]:
    """Of a rule by its id, or, as the API tells it, of the bad indicators of a kind."""
    if name in tally.rules:
        return {"rule_id": name, "points": points}
    hit = HitName.of(name)
    return {"rule_id": None, "points": points, "verdict": hit.verdict, "indicator": hit.kind}
