"""`cybervault findings`: what was assessed as bad, looked at, handled and exported by the operator."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TypeAlias, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cybervault.access.audit import OPERATOR
from cybervault.assessments.exports import PAGE_FINDINGS, Form, document_of, exported
from cybervault.assessments.findings import FindingBook, StatusChange
from cybervault.assessments.selection import Condition, Field, Mark, Operator, Selection
from cybervault.cli.access import with_product
from cybervault.cli.documents import print_json, whole_file
from cybervault.cli.keys import WhichTenant
from cybervault.cli.options import AsJson, Data
from cybervault.cli.tables import listing
from cybervault.domain.assessments import Category, rank_of
from cybervault.domain.findings import Finding, Status, Step
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import Principal, Scope, Tenant
from cybervault.domain.telemetry import TelemetryType
from cybervault.domain.verdicts import Severity
from cybervault.faces.moments import seconds_of, spelled

_Found = TypeVar("_Found")

findings: Final = typer.Typer(
    name="findings", help="What was assessed as bad, and how it is handled.", no_args_is_help=True
)
WhichFinding: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="Id of the finding, thr_...")]
Severities: TypeAlias = Annotated[list[Severity] | None, typer.Option("--severity", help="May be repeated.")]
Statuses: TypeAlias = Annotated[list[Status] | None, typer.Option("--status", help="May be repeated.")]
Types: TypeAlias = Annotated[list[Category] | None, typer.Option("--type", help="May be repeated.")]
Since: TypeAlias = Annotated[
    str | None, typer.Option(help="Only those opened since: a date, or a time such as 2027-01-31T12:00:00Z.")
]
_LIST_MOST: Final = 1000
# Below it the type and the number of sightings leave their room to the target, which people look for.
_WIDE_COLUMNS: Final = 110


@dataclass(frozen=True, slots=True)
class _Desk:
    """The findings of one tenant."""

    book: FindingBook
    tenant: Tenant


@findings.command("list", epilog="Example: cybervault findings list --tenant acme --severity critical --status new")
def show_all(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    severity: Severities = None,
    status: Statuses = None,
    category: Types = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=_LIST_MOST, help="How many at most.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the findings of a tenant, newest first; how many there are in all stands on standard error."""
    conditions = (
        *_one_of(Field.SEVERITY, [rank_of(one) for one in severity or ()]),
        *_one_of(Field.STATUS, [one.value for one in status or ()]),
        *_one_of(Field.TYPE, [one.value for one in category or ()]),
        *_since(since),
    )

    async def listed(desk: _Desk) -> tuple[Sequence[Finding], int]:
        found = await desk.book.select(desk.tenant.id, Selection(conditions, most=limit))
        return found, await desk.book.count(desk.tenant.id, conditions)

    found, count = _with_findings(data, tenant, listed)
    if as_json:
        print_json({"findings": [document_of(one) for one in found], "count": count})
        return
    console = Console(markup=False)
    console.print(_table(found, is_wide=console.width >= _WIDE_COLUMNS))
    typer.echo(f"{len(found)} of {count}", err=True)


@findings.command()
def show(  # noqa: PLR0917 - each argument is an option of the command
    finding: WhichFinding, tenant: WhichTenant, as_json: AsJson = False, data: Data = None
) -> None:
    """Show one finding and its history, oldest first."""

    async def read(desk: _Desk) -> tuple[Finding, Sequence[Step]]:
        wanted = FindingId(finding)
        return await desk.book.find(desk.tenant.id, wanted), await desk.book.steps(desk.tenant.id, wanted)

    found, steps = _with_findings(data, tenant, read)
    if as_json:
        print_json({"finding": document_of(found), "history": [_step_document(one) for one in steps]})
        return
    console = Console(markup=False)
    console.print(_details(found))
    console.print()
    console.print(_history(steps))


@findings.command("set-status", epilog="Example: cybervault findings set-status thr_8f4a2c9d1e closed --tenant acme")
def set_status(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    finding: WhichFinding,
    status: Annotated[Status, typer.Argument(help="Where in its life it stands now.")],
    tenant: WhichTenant,
    comment: Annotated[str | None, typer.Option(help="Why; kept in its history.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Set the status of a finding; the audit and its history name the operator."""

    async def changed(desk: _Desk) -> Finding:
        by = Principal(desk.tenant.id, frozenset({Scope.THREAT_READ, Scope.THREAT_WRITE}), desk.tenant.plan)
        return await desk.book.change(FindingId(finding), StatusChange(status, comment), by=by, actor=OPERATOR)

    found = _with_findings(data, tenant, changed)
    if as_json:
        print_json({"finding": document_of(found)})
    else:
        typer.echo(f"{found.id} is {found.status.value}.")


@findings.command(epilog="Example: cybervault findings export --tenant acme --format stix -o findings.json")
def export(  # noqa: PLR0917 - each argument is an option of the command
    tenant: WhichTenant,
    form: Annotated[Form, typer.Option("--format", help="Lines of JSON, a table, or a STIX 2.1 bundle.")] = Form.NDJSON,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Where to; standard output unless given.")
    ] = None,
    data: Data = None,
) -> None:
    """Write all findings of a tenant, newest first; a file is there when it is whole."""

    async def write(desk: _Desk) -> None:
        count = await desk.book.count(desk.tenant.id, ())
        parts = exported(desk.book, desk.tenant.id, Selection(), form=form)
        with whole_file(file) as out:
            await _copy(parts, out, count=count)

    _with_findings(data, tenant, write)


def _with_findings(data: Path | None, tenant: str, work: Callable[[_Desk], Awaitable[_Found]]) -> _Found:
    """What `work` gives on the findings of a tenant; beside a running server too."""
    return with_product(data, tenant, lambda product, owner: work(_Desk(product.threats.production.findings, owner)))


def _one_of(field: Field, values: Sequence[Mark]) -> tuple[Condition, ...]:
    return (Condition(field, Operator.IN, tuple(dict.fromkeys(values))),) if values else ()


def _since(text: str | None) -> tuple[Condition, ...]:
    seconds = seconds_of("since", text)
    return () if seconds is None else (Condition(Field.CREATED_AT, Operator.FROM, (seconds,)),)


async def _copy(parts: AsyncGenerator[bytes], out: BinaryIO, *, count: int) -> None:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Findings", total=count)
        async for part in parts:
            out.write(part)
            progress.advance(task, PAGE_FINDINGS)


def _table(found: Sequence[Finding], *, is_wide: bool) -> Table:
    more = ("type", "seen") if is_wide else ()
    table = listing("id", "severity", "score", "status", "opened", *more, folded=("target",))
    for one in found:
        opened = f"{one.created_at:%Y-%m-%d %H:%M}" if is_wide else f"{one.created_at:%Y-%m-%d}"
        wide = (one.type.value, str(one.sightings)) if is_wide else ()
        table.add_row(
            one.id, one.severity.value, str(one.score), one.status.value, opened, *wide,
            _shown(f"{one.kind} {_named(one)}" if is_wide else _named(one)),
        )  # fmt: skip
    return table


def _named(finding: Finding) -> str:
    """What it is about; payloads and telemetry, whose value is a digest, by the first thing that they show."""
    is_digest = finding.kind == "payload" or finding.kind in set(TelemetryType)
    return next(iter(finding.indicators), finding.value) if is_digest else finding.value


def _details(finding: Finding) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in document_of(finding).items():
        text = " ".join(value) if isinstance(value, list) else str("" if value is None else value)
        table.add_row(name, _shown(text))
    return table


def _history(steps: Sequence[Step]) -> Table:
    table = Table("when", "who", "what", "status", box=None, header_style="dim", pad_edge=False)
    table.add_column("comment", overflow="fold")
    for one in steps:
        statuses = " to ".join(status.value for status in (one.old_status, one.new_status) if status is not None)
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", _shown(one.by), one.act.value, statuses, _shown(one.comment or ""))
    return table


def _shown(text: str) -> str:
    """Text of strangers without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _step_document(step: Step) -> dict[str, str | int | None]:
    return {
        "number": step.number,
        "at": spelled(step.at),
        "by": step.by,
        "act": step.act.value,
        "old_status": None if step.old_status is None else step.old_status.value,
        "new_status": None if step.new_status is None else step.new_status.value,
        "comment": step.comment,
    }
