"""`cybervault analyze`: one observable or many, for people and for machines, without a server."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from rich.console import Console

from cybervault.app.product import Product, put_together
from cybervault.assessments.assess import Heard, Inquiry, Weighed
from cybervault.cli.options import AsJson, Data
from cybervault.cli.output import Document, Lines, Output, People
from cybervault.cli.report import Report
from cybervault.domain.observables import Marking, parse_observable
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Verdict
from cybervault.intel.compile import needs_compile
from cybervault.settings import load_settings
from cybervault.verdict.chat_model import ModelFailure, Written

AT_ONCE: Final = 4
EXIT_BY_VERDICT: Final = {Verdict.BENIGN: 0, Verdict.UNKNOWN: 10, Verdict.SUSPICIOUS: 20, Verdict.MALICIOUS: 30}
EXIT_BAD_INPUT: Final = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """How to ask: marking, language of the words, sources (None = all), and whether a language model writes."""

    marking: Marking
    language: str
    names: frozenset[str] | None
    with_words: bool


def analyze(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    indicators: Annotated[
        list[str] | None,
        typer.Argument(help="Addresses, domains, URLs, hashes, CVEs; defanged or not. Nothing or - reads lines."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read one indicator a line.", exists=True)] = None,
    as_json: AsJson = False,
    as_ndjson: Annotated[bool, typer.Option("--ndjson", help="One JSON object a line, as each is ready.")] = False,
    source: Annotated[list[str] | None, typer.Option(help="Ask this source only; may be repeated.")] = None,
    tlp: Annotated[
        Marking, typer.Option(help="Marking; AMBER+STRICT and RED never leave this machine.")
    ] = Marking.CLEAR,
    lang: Annotated[str, typer.Option(help="Language of the words: es or en.")] = "en",
    with_words: Annotated[
        bool, typer.Option("--ai/--no-ai", help="Ask the language model, where one is set up.")
    ] = True,
    data: Data = None,
) -> None:
    """Say what each indicator is, why we think so, and how sure we are.

    The exit status tells the worst verdict: 0 benign, 10 unknown, 20 suspicious, 30 malicious; 1 when an
    input cannot be read.
    """
    texts = list(_texts(indicators or [], file))
    if not texts:
        raise Problem(
            ProblemKind.INVALID,
            code="nothing_to_analyze",
            message="Nothing to analyse: give an indicator, --file, or lines on standard input.",
        )
    product = put_together(load_settings(data=data))
    names = _names(product, source or [])
    reports = [Report(text, lang) for text in texts]
    analysis = _Analysis(product, Wish(tlp, lang, names, with_words), _output(as_json=as_json, as_ndjson=as_ndjson))
    asyncio.run(analysis.run(reports))
    raise typer.Exit(exit_status(reports))


def _texts(given: Sequence[str], file: Path | None) -> Iterator[str]:
    for text in given:
        yield from _lines(sys.stdin) if text == "-" else [text]
    if file is not None:
        with file.open(encoding="utf-8", errors="replace") as lines:
            yield from _lines(lines)
    if not given and file is None and not sys.stdin.isatty():
        yield from _lines(sys.stdin)


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines that say something; a number sign begins a comment."""
    return (text for line in stream if (text := line.strip()) and not text.startswith("#"))


def _names(product: Product, wanted: Sequence[str]) -> frozenset[str] | None:
    strangers = sorted(set(wanted) - set(product.setups))
    if strangers:
        raise Problem(
            ProblemKind.INVALID,
            code="unknown_source",
            message=f"There is no source {', '.join(strangers)} here; there are {', '.join(product.setups)}.",
        )
    return frozenset(wanted) or None


def _output(*, as_json: bool, as_ndjson: bool) -> Output:
    if as_ndjson:
        return Lines()
    return Document() if as_json else People(Console())


def exit_status(reports: Sequence[Report]) -> int:
    """The worst verdict as an exit status; unreadable input wins, so that nobody takes it for benign."""
    if any(report.problem for report in reports):
        return EXIT_BAD_INPUT
    return max(EXIT_BY_VERDICT[report.weighing.verdict] for report in reports if report.weighing is not None)


@dataclass(frozen=True, slots=True)
class _Analysis:
    product: Product
    wish: Wish
    output: Output

    async def run(self, reports: Sequence[Report]) -> None:
        async with self.product:
            shelf = self.product.shelf
            if needs_compile(shelf.folder):
                with Console(stderr=True).status("Preparing the local knowledge, once"):
                    await shelf.build()
            lane = asyncio.Semaphore(AT_ONCE)
            with self.output.showing(reports):
                async with asyncio.TaskGroup() as group:
                    for report in reports:
                        group.create_task(self._one(report, lane))

    async def _one(self, report: Report, lane: asyncio.Semaphore) -> None:
        async with lane:
            try:
                report.observable = parse_observable(report.text, self.wish.marking)
            except Problem as problem:
                report.problem = problem.message
            else:
                await self._fill(report, self._inquiry(report))
        self.output.finished(report)

    def _inquiry(self, report: Report) -> Inquiry:
        assert report.observable is not None  # noqa: S101 - read just before
        model = self.product.settings.chat.default_model
        return Inquiry(report.observable, model=model, language=self.wish.language, names=self.wish.names)

    async def _fill(self, report: Report, inquiry: Inquiry) -> None:
        assess = self.product.assess
        report.titles = tuple(source.title for source in assess.sources(inquiry))
        async with aclosing(assess.gather(inquiry)) as parts:
            async for part in parts:
                match part:
                    case Heard():
                        report.heard.append(part)
                    case Weighed():
                        report.weighed = part
                self.output.changed(report)
        may_speak = self.wish.with_words and self.wish.marking.may_leave and assess.has_chat_key(None)
        if may_speak and any(one.answer.has_document for one in report.heard):
            await self._speak(report, inquiry)

    async def _speak(self, report: Report, inquiry: Inquiry) -> None:
        assert report.weighing is not None  # noqa: S101 - every gathering ends with a score
        story = self.product.assess.narrate(inquiry, report.heard, weighing=report.weighing, warnings=())
        try:
            async with aclosing(story) as parts:
                async for part in parts:
                    report.words += part.text if isinstance(part, Written) else ""
                    self.output.changed(report)
        except ModelFailure as failure:
            report.words_problem = failure.message
