"""`cybervault assessments`: what was assessed and kept, looked at and compared by the operator."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from cybervault.assessments.analyses import Analyst
from cybervault.assessments.comparison import compared
from cybervault.assessments.targets import canonical_text
from cybervault.cli.access import with_product
from cybervault.cli.documents import print_json
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.assessments import Assessment
from cybervault.domain.ids import AssessmentId
from cybervault.domain.principals import TenantId
from cybervault.faces.v3.comparison_shapes import ComparisonReply
from cybervault.faces.v3.threat_shapes import AssessmentReply

_Found = TypeVar("_Found")

assessments: Final = typer.Typer(
    name="assessments", help="What was assessed and kept, and what changed between two.", no_args_is_help=True
)
WhichAssessment: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="Id of the assessment, asm_...")]
_LIST_MOST: Final = 1000
_SIGNS: Final = {"new": "+", "gone": "-", "more": ">", "less": "<", "same": " "}


@assessments.command("list", epilog="Example: cybervault assessments list --tenant acme --target 203.0.113.42")
def show_all(  # noqa: PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    target: Annotated[str | None, typer.Option(help="Only those of this target; defanged or not.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_LIST_MOST, help="How many at most.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the assessments of a tenant, newest first."""
    wanted = canonical_text(target)

    async def listed(analyst: Analyst, owner: TenantId) -> Sequence[Assessment]:
        return await analyst.page(owner, limit, behind=None, target=wanted)

    found = _with_analyst(data, tenant, listed)
    if as_json:
        print_json({"assessments": [_document(one) for one in found]})
        return
    table = listing("id", "verdict", "score", "depth", "assessed", folded=("target",))
    for one in found:
        shown = _printable(one.target.value)
        table.add_row(
            one.id, one.verdict.value, _number(one.score), one.depth.value, f"{one.created_at:%Y-%m-%d %H:%M}", shown
        )  # fmt: skip
    Console(markup=False).print(table)


@assessments.command()
def show(  # noqa: PLR0917 - each argument is an option of the command
    assessment: WhichAssessment, tenant: WhichTenant, as_json: AsJson = False, data: Data = None
) -> None:
    """Show one assessment with its evidence, source by source."""
    (found,) = _with_analyst(data, tenant, lambda analyst, owner: _find(analyst, owner, assessment))
    if as_json:
        print_json(_document(found))
        return
    console = Console(markup=False)
    _say(console, found)
    table = Table("points", "source", "what", box=None, header_style="dim", pad_edge=False)
    table.add_column("why", overflow="fold")
    for part in found.parts:
        for term in part.weighing.terms:
            table.add_row(
                f"{term.points:+.2f}", term.evidence.source, term.evidence.item, _printable(term.reason)
            )  # fmt: skip
    console.print(table)


@assessments.command(epilog="Example: cybervault assessments compare asm_4f1k9x2m7q asm_9z3n5v8w1c --tenant acme")
def compare(  # noqa: PLR0917 - each argument is an option of the command
    before: WhichAssessment, after: WhichAssessment, tenant: WhichTenant, as_json: AsJson = False, data: Data = None
) -> None:
    """Say what changed from one assessment to another: verdict, score, and the evidence of each source."""
    old, now = _with_analyst(data, tenant, lambda analyst, owner: _find(analyst, owner, before, after))
    if as_json:
        print_json(ComparisonReply.of(old, now).model_dump())
        return
    console = Console(markup=False)
    for one in (old, now):
        _say(console, one)
    table = Table("", "change", "before", "after", "source", box=None, header_style="dim", pad_edge=False)
    table.add_column("what", overflow="fold")
    for line in compared(old, now):
        what = _printable(f"{line.observable} {line.name}".strip())
        table.add_row(
            _SIGNS[line.change], line.change.value, _points(line.before), _points(line.after), line.source, what
        )  # fmt: skip
    console.print(table)


async def _find(analyst: Analyst, owner: TenantId, *ids: str) -> list[Assessment]:
    return [await analyst.find(owner, AssessmentId(one)) for one in ids]


def _with_analyst(data: Path | None, tenant: str, work: Callable[[Analyst, TenantId], Awaitable[_Found]]) -> _Found:
    """What `work` gives on the assessments of a tenant; beside a running server too."""
    return with_product(data, tenant, lambda product, owner: work(product.threats.production.analyst, owner.id))


def _say(console: Console, one: Assessment) -> None:
    console.print(f"{one.id}  {_printable(one.target.value)}  {one.created_at:%Y-%m-%d %H:%M}  {one.depth.value}")
    console.print(f"{one.verdict.value}, {_number(one.score)} of 100: {_printable(one.summary)}")
    console.print()


def _document(one: Assessment) -> dict[str, object]:
    return AssessmentReply.of(one).model_dump()


def _number(score: int | None) -> str:
    return "-" if score is None else str(score)


def _points(points: float | None) -> str:
    return "" if points is None else f"{points:+.2f}"


def _printable(text: str) -> str:
    """Text of strangers without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
