"""`cybervault scans advisories` and `update-advisories`: what is known of packages, for scans of images."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Table

from cybervault.app.scans import ADVISORIES_FILE
from cybervault.cli.documents import print_json
from cybervault.cli.options import AsJson, Data
from cybervault.domain.clock import SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.egress.message import EgressError
from cybervault.faces.moments import spelled
from cybervault.scans.osv_archive import ECOSYSTEMS, Archive, address_of, fetch_archive, not_fetched
from cybervault.scans.store.advisories import Advisories, Loaded
from cybervault.settings import load_settings

_DEFAULT: Final = ["Debian", "Alpine", "PyPI"]


def advisories(as_json: AsJson = False, data: Data = None) -> None:
    """List which advisories are loaded, and since when."""
    found = _kept(data).loaded()
    if as_json:
        print_json({"advisories": [_document(one) for one in found]})
        return
    table = Table("ecosystem", "advisories", "loaded", box=None, header_style="dim", pad_edge=False)
    for one in found:
        table.add_row(one.ecosystem, f"{one.advisories:,}", f"{one.loaded_at:%Y-%m-%d %H:%M} UTC")
    nothing = "No advisories are loaded. Load them with: cybervault scans update-advisories"
    Console(markup=False).print(table if found else nothing, soft_wrap=not found)


def update_advisories(  # noqa: PLR0917 - each argument is an option of the command
    ecosystem: Annotated[list[str], typer.Option(help=f"Whose; may be repeated: {', '.join(ECOSYSTEMS)}.")] = _DEFAULT,
    given: Annotated[
        list[Path] | None,
        typer.Option("--from", help="An archive of OSV (all.zip) instead of fetching; may be repeated.", exists=True),
    ] = None,
    url: Annotated[str, typer.Option(help="Where the archive is fetched instead; for one ecosystem.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Load the advisories of OSV; the next scan of an image uses them.

    They keep their own licences (CC-BY-4.0, CC0-1.0 and others); each finding names its advisory.
    """
    unknown = sorted(set(ecosystem) - set(ECOSYSTEMS))
    if unknown or (url and len(ecosystem) != 1):
        raise _wrong(unknown)
    kept, loaded, unread = _kept(data), list[Loaded](), 0
    with _progress() as progress, _archives(ecosystem, given, url=url, progress=progress) as archives:
        for archive in archives:
            task = progress.add_task(f"Reading {archive.named}", total=None)
            read = archive.archive.advisories(_told(progress, task))
            loaded += kept.load(read, at=SystemClock().now())
            unread += len(archive.archive.unread)
    if as_json:
        print_json({"advisories": [_document(one) for one in loaded], "unread": unread})
        return
    for one in loaded:
        typer.echo(f"{one.ecosystem}: {one.advisories:,} advisories")
    if unread:
        typer.echo(f"{unread:,} records could not be read and were left out.", err=True)


@dataclass(frozen=True, slots=True)
class _Named:
    """An archive, and what to call it."""

    named: str
    archive: Archive


@contextmanager
def _archives(
    ecosystems: list[str], given: list[Path] | None, *, url: str, progress: Progress
) -> Iterator[Iterator[_Named]]:
    """Archives that are there, one after another; those that were fetched are gone at the end."""
    if given:
        yield (_Named(path.name, Archive(path)) for path in given)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield (_fetched(Path(folder) / f"{name}.zip", url or address_of(name), progress) for name in ecosystems)


def _fetched(path: Path, url: str, progress: Progress) -> _Named:
    task = progress.add_task(f"Fetching {path.stem}", total=None)

    async def fetch() -> None:
        # Who may run this command may name any address, inside the network too.
        async with Egress(Guard([origin_of(url)])) as egress:
            with path.open("wb") as file:
                await fetch_archive(egress, url, into=file, report=_told(progress, task))

    try:
        asyncio.run(fetch())
    except EgressError as error:
        raise not_fetched(url, error.reason) from None
    return _Named(path.stem, Archive(path))


def _told(progress: Progress, task: TaskID) -> Callable[[int, int], None]:
    return lambda done, total: progress.update(task, completed=done, total=total or None)


def _kept(data: Path | None) -> Advisories:
    return Advisories((load_settings(data=data).folder / ADVISORIES_FILE).absolute())


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _document(one: Loaded) -> dict[str, Any]:
    return {"ecosystem": one.ecosystem, "advisories": one.advisories, "loaded_at": spelled(one.loaded_at)}


def _wrong(unknown: list[str]) -> Problem:
    said = (
        f"{', '.join(unknown)} is not among {', '.join(ECOSYSTEMS)}" if unknown else "--url goes with one --ecosystem"
    )
    return Problem(ProblemKind.INVALID, code="invalid_parameter", message=f"{said[:1].upper()}{said[1:]}.")
