"""`cybervault rules explain`: why a rule fires on an event of a file, or why not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from cybervault.cli.documents import print_json
from cybervault.cli.options import AsJson, Data
from cybervault.cli.rule_view import document_of, view
from cybervault.cli.rules import chosen, shelf_in
from cybervault.detection.compile.partition import is_for
from cybervault.detection.engine import Engine
from cybervault.detection.explain import explain
from cybervault.detection.lines import BadLine, Event, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Record, Unrecognised
from cybervault.detection.rule import Rule
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.load import load_files
from cybervault.detection.rules.pack import by_id, narrowed
from cybervault.domain.problems import Problem, ProblemKind

_CERTAIN: Final = 4


def explain_rule(  # noqa: PLR0917 - each argument is an option of the command
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Id of the rule, the first words of its title, or its file.")
    ],
    file: Annotated[
        Path, typer.Argument(metavar="EVENTFILE", help="Telemetry.", exists=True, dir_okay=False, show_default=False)
    ],
    line: Annotated[
        int | None,
        typer.Option(min=1, help="The line of the event.", show_default="the one that comes closest to a match"),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show each part of a rule's condition with what an event says of it: ✓ holds, ✗ does not, ? is not known."""
    found = _rule(rule, data)
    number, record = _closest(found, file, line)
    told = explain(found, record)
    if as_json:
        print_json(
            {
                "rule_id": found.id,
                "title": found.title,
                "file": file.name,
                "line": number,
                "verdict": told.verdict.value,
                "condition": document_of(told.root),
            }
        )
        return
    console = Console(markup=False, highlight=False)
    console.print(f"{file.name}:{number}")
    console.print(view(told))


def _rule(words: str, data: Path | None) -> Rule:
    packs = shelf_in(data).packs()
    filters = [one for pack in packs for one in pack.filters]
    path = Path(words)
    if not path.is_file():
        return narrowed(chosen(by_id(packs), words), filters)
    loaded = load_files(files_of(path))
    if len(loaded.rules) != 1:
        problem = next(iter(loaded.problems), None)
        reason = f"it holds {len(loaded.rules)} rules" if problem is None else f"line {problem.line}: {problem.reason}"
        raise Problem(ProblemKind.INVALID, code="bad_rules", message=f"{path} is no file of one rule: {reason}.")
    return narrowed(loaded.rules[0], [*filters, *loaded.filters])


def _closest(rule: Rule, file: Path, line: int | None) -> tuple[int, Record]:
    """The record on which the rule comes closest to firing; `Problem` NOT_FOUND `event_not_found`."""
    engine = Engine([rule])
    best: tuple[int, int, Record] | None = None
    for number, record in _records(file, line):
        rank = _rank(engine, rule, record)
        if best is None or rank > best[0]:
            best = (rank, number, record)
        if rank == _CERTAIN:
            break
    if best is None:
        where = file.name if line is None else f"{file.name}:{line}"
        raise Problem(ProblemKind.NOT_FOUND, code="event_not_found", message=f"{where} is no event that can be read.")
    return best[1], best[2]


def _rank(engine: Engine, rule: Rule, record: Record) -> int:
    outcome = engine.outcome(record)
    if outcome.matches:
        return _CERTAIN if outcome.matches[0].is_certain else _CERTAIN - 1
    return _CERTAIN - 2 if outcome.undecided else int(is_for(rule.where, record.source))


def _records(file: Path, line: int | None) -> Iterator[tuple[int, Record]]:
    for event in events_of(file):
        if line is not None and event.line != line:
            continue
        yield from ((event.line, record) for record in _of(event, file, is_wanted=line is not None))


def _of(event: Event | BadLine, file: Path, *, is_wanted: bool) -> tuple[Record, ...]:
    """The records of an event; of one that was asked for by its line, `Problem` with the reason why there are none."""
    found = event if isinstance(event, BadLine) else normalise(event.content)
    if not isinstance(found, BadLine | Unrecognised):
        return found
    if is_wanted:
        raise Problem(ProblemKind.INVALID, code="event_not_found", message=f"{file.name}:{event.line}: {found.reason}")
    return ()
