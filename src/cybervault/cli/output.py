"""How reports are shown while they grow and when they are ready: to people, as JSON, as lines of JSON."""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cybervault.assessments.assess import Heard
from cybervault.cli.report import Report
from cybervault.domain.evidence import Outcome
from cybervault.domain.verdicts import Verdict, Weighing
from cybervault.verdict.wording import describe, reason_of

_LOOK: Final = {
    Verdict.MALICIOUS: ("◆", "bold red"),
    Verdict.SUSPICIOUS: ("▲", "bold yellow"),
    Verdict.BENIGN: ("✓", "bold green"),
    Verdict.UNKNOWN: ("?", "bold"),
}
_SKIPPED: Final = frozenset({Outcome.NO_KEY, Outcome.SKIPPED_BUDGET, Outcome.SKIPPED_TLP})
_LABELS_SHOWN: Final = 4


class Output(Protocol):
    """Where reports go."""

    def showing(self, reports: Sequence[Report]) -> AbstractContextManager[None]:
        """The time during which reports grow."""

    def changed(self, report: Report) -> None:
        """A report has grown."""

    def finished(self, report: Report) -> None:
        """A report is complete."""


class Lines:
    """One JSON object a line, as each report is ready."""

    @contextmanager
    def showing(self, _reports: Sequence[Report]) -> Iterator[None]:
        yield

    def changed(self, report: Report) -> None:
        """Nothing: a line is whole or not there."""

    def finished(self, report: Report) -> None:
        typer.echo(json.dumps(report.record(), ensure_ascii=False))


class Document:
    """One JSON document with all reports, in the order they were given."""

    @contextmanager
    def showing(self, reports: Sequence[Report]) -> Iterator[None]:
        yield
        typer.echo(json.dumps({"results": [report.record() for report in reports]}, ensure_ascii=False, indent=2))

    def changed(self, report: Report) -> None:
        """Nothing: the document is written at the end."""

    def finished(self, report: Report) -> None:
        """Nothing: the document is written at the end."""


class People:
    """Live progress by source, then the account; many indicators become one table."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._reports: Sequence[Report] = ()

    @contextmanager
    def showing(self, reports: Sequence[Report]) -> Iterator[None]:
        self._reports = reports
        # The live view is cut to the height of the terminal, so the whole is printed once it has gone.
        with Live(self._view(), console=self._console, refresh_per_second=8, transient=True) as self._live:
            yield
        self._console.print(self._view())

    def changed(self, report: Report) -> None:
        if self._live is not None and report in self._reports:
            self._live.update(self._view())

    def finished(self, report: Report) -> None:
        self.changed(report)

    def _view(self) -> RenderableType:
        return detail(self._reports[0]) if len(self._reports) == 1 else overview(self._reports)


def detail(report: Report) -> RenderableType:
    """Everything about one indicator."""
    if report.problem:
        return Text.assemble((f"{report.shown}: ", "bold"), (report.problem, "red"))
    parts: list[RenderableType] = [_sources(report)]
    if report.weighing is not None:
        parts = [_headline(report, report.weighing), _account(report.weighing, report.language), *parts]
    if report.weighed is not None and report.weighed.counterfactuals:
        changes = [one.sentence(report.language) for one in report.weighed.counterfactuals]
        parts.append(Text("What would change it:\n" + "\n".join(f"  {change}" for change in changes), "dim"))
    if report.words:
        parts.append(Panel(Markdown(report.words), title="Written by a language model, may be wrong"))
    if report.words_problem:
        parts.append(Text(f"No verdict in words: {report.words_problem}", "yellow"))
    return Group(*parts)


def _headline(report: Report, weighing: Weighing) -> Panel:
    glyph, style = _LOOK[weighing.verdict]
    score = "" if weighing.score is None else f"  {weighing.score}/100 ({weighing.low} to {weighing.high})"
    first = Text.assemble((f"{glyph} {weighing.verdict.value.upper()}{score}", style))
    second = Text(f"confidence {weighing.confidence.value}, {weighing.coverage:.0%} of the evidence obtained", "dim")
    return Panel(Group(first, Text(describe(weighing, report.language)), second), title=escape(report.shown))


def _account(weighing: Weighing, language: str) -> Table:
    table = Table("source", "evidence", "value", "why", box=None, header_style="dim", pad_edge=False)
    table.add_column("points", justify="right")
    table.add_row("", "starting point", "", "how often such indicators are bad", f"{weighing.prior:+.2f}")
    for term in weighing.terms:
        if term.points:
            evidence = term.evidence
            table.add_row(
                evidence.source,
                evidence.item,
                escape(str(evidence.value)),
                reason_of(term, language),
                f"{term.points:+.2f}",
            )
    table.add_row("", "sum", "", "log-odds; 0 is even odds", f"{weighing.log_odds:+.2f}", style="bold")
    return table


def _sources(report: Report) -> Table:
    table = Table("source", "outcome", "time", "facts", box=None, header_style="dim", pad_edge=False)
    heard = {one.title: one for one in report.heard}
    for title in dict.fromkeys([*(one.title for one in report.heard), *report.titles]):
        table.add_row(title, *_row(heard.get(title)))
    return table


def _row(one: Heard | None) -> tuple[str, str, str]:
    if one is None:
        return "[dim]waiting[/dim]", "", ""
    outcome = one.answer.outcome
    style = "green" if outcome.is_evidence else "yellow" if outcome in _SKIPPED else "red"
    facts = ", ".join(f"{name} {value}" for name, value in one.answer.labels[:_LABELS_SHOWN])
    age = f"remembered, {one.age_seconds} s old" if one.age_seconds is not None else f"{one.seconds * 1000:.0f} ms"
    return f"[{style}]{outcome.value}[/{style}]", age, escape(facts)


def overview(reports: Sequence[Report]) -> Table:
    """One row an indicator."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("indicator", overflow="fold")
    for title in ("verdict", "score", "answers", "why"):
        table.add_column(title)
    for report in reports:
        table.add_row(escape(report.shown), *_overview_row(report))
    return table


def _overview_row(report: Report) -> tuple[str, str, str, str]:
    if report.problem:
        return "[red]not read[/red]", "", "", escape(report.problem)
    if report.weighing is None:
        return "[dim]waiting[/dim]", "", "", ""
    glyph, style = _LOOK[report.weighing.verdict]
    score = "" if report.weighing.score is None else str(report.weighing.score)
    said = sum(one.answer.outcome.is_evidence for one in report.heard)
    reason = escape(describe(report.weighing, report.language))
    return f"[{style}]{glyph} {report.weighing.verdict.value}[/{style}]", score, f"{said}/{len(report.heard)}", reason
