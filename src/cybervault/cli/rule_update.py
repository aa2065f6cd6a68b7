"""`cybervault rules update`: a new release of SigmaHQ's rules, fetched or given, looked at and put in force."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from zipfile import BadZipFile

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cybervault.access.audit import OPERATOR, Change, Happening
from cybervault.app.rules import CACHE_FOLDER, PACKS_FOLDER, RULES_FOLDER
from cybervault.cli.access import with_access
from cybervault.cli.documents import print_json
from cybervault.cli.options import AsJson, Data
from cybervault.cli.rules import shelf_in
from cybervault.detection.rules.fetch import SIGMAHQ_URL, fetch_release, not_fetched
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import Pack, load_pack
from cybervault.detection.rules.release import (
    SIGMAHQ,
    Changes,
    Release,
    changes,
    install,
    place_of,
    refuse_few,
    refuse_other,
    release_at,
)
from cybervault.domain.clock import SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.egress.message import EgressError
from cybervault.settings import load_settings

_PROBLEMS_SHOWN_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """A release in its place, and what it changed."""

    release: Release
    pack: Pack
    changes: Changes


def update_rules(  # noqa: PLR0913, PLR0917 - each argument is an option of the command
    given: Annotated[
        Path | None,
        typer.Option("--from", help="An archive, a folder or a checkout of git, instead of fetching.", exists=True),
    ] = None,
    url: Annotated[str, typer.Option(help="Where the archive is fetched; any address that you name.")] = SIGMAHQ_URL,
    sha256: Annotated[
        str, typer.Option(metavar="HEX", help="Take no other archive than that of this digest.", show_default=False)
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Take a release with far fewer rules too.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put the newest release of SigmaHQ's rules in force; a running server follows within seconds.

    The rules keep their licence (DRL 1.1): their authors are shown with each match.
    """
    folder = load_settings(data=data).folder / RULES_FOLDER
    with _progress() as progress:
        release = _fetched(url, progress) if given is None else release_at(given)
        refuse_other(release, sha256)
        found = _looked_at(release, folder, progress)
        if not force:
            refuse_few(_before(folder), found.pack)
        _put(found, folder, data)
        task = progress.add_task("Compiling", total=None)
        shelf_in(data).compile(lambda done, total: progress.update(task, completed=done, total=total))
    if as_json:
        print_json(_document(found))
    else:
        _tell(found, folder)


def _fetched(url: str, progress: Progress) -> Release:
    task = progress.add_task("Fetching", total=None)

    async def fetch() -> bytes:
        # Who may run this command may name any address, inside the network too.
        async with Egress(Guard([origin_of(url)])) as egress:
            return await fetch_release(
                egress, url, lambda done, total: progress.update(task, completed=done, total=total or None)
            )

    try:
        raw = asyncio.run(fetch())
    except EgressError as error:
        raise not_fetched(url, error.reason) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "release.zip"
        path.write_bytes(raw)
        return release_at(path, url)


def _looked_at(release: Release, folder: Path, progress: Progress) -> Outcome:
    task = progress.add_task("Reading rules", total=len(release.files))
    pack = load_pack(
        SIGMAHQ,
        release.files,
        cache=folder / CACHE_FOLDER,
        report=lambda done, total: progress.update(task, completed=done, total=total),
    )
    return Outcome(release, pack, changes(_before(folder), pack))


def _before(folder: Path) -> Pack | None:
    place = place_of(folder / PACKS_FOLDER)
    try:
        return load_pack(SIGMAHQ, files_of(place), cache=folder / CACHE_FOLDER)
    except (OSError, BadZipFile):
        return None


def _put(found: Outcome, folder: Path, data: Path | None) -> None:
    release, count = found.release, len(found.pack.rules)
    details = {"source": release.source, "sha256": release.sha256, "rules": str(count), "version": release.version}
    happening = Happening(Change.RULES_UPDATED, OPERATOR, SIGMAHQ, None, details)
    with_access(data, lambda access: access.audit.record_alone(happening))
    try:
        install(release, folder / PACKS_FOLDER, rules=count, at=SystemClock().now())
    except OSError as error:
        message = f"The rules cannot be put into {folder / PACKS_FOLDER}: {error.strerror}. Those before are in force."
        raise Problem(ProblemKind.UNAVAILABLE, code="rules_not_written", message=message) from None


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def _document(found: Outcome) -> dict[str, Any]:
    release, changed = found.release, found.changes
    return {
        "pack": SIGMAHQ,
        "source": release.source,
        "sha256": release.sha256,
        "version": release.version,
        "rules": len(found.pack.rules),
        "new": list(changed.new),
        "gone": list(changed.gone),
        "changed": list(changed.changed),
        "problems": [{"path": one.path, "line": one.line, "reason": one.reason} for one in found.pack.problems],
    }


def _tell(found: Outcome, folder: Path) -> None:
    pack, changed, version = found.pack, found.changes, found.release.version
    typer.echo(
        f"{SIGMAHQ}{f' {version}' if version else ''}: {len(pack.rules)} rules; {len(changed.new)} new, "
        f"{len(changed.gone)} gone, {len(changed.changed)} changed. Licence: DRL 1.1."
    )
    if pack.problems:
        typer.echo(f"{len(pack.problems)} cannot be used:", err=True)
        for one in pack.problems[:_PROBLEMS_SHOWN_MAX]:
            typer.echo(f"  {one.path}:{one.line}: {one.reason}", err=True)
    if (folder / PACKS_FOLDER / SIGMAHQ).is_dir():
        typer.echo(f"{folder / PACKS_FOLDER / SIGMAHQ} is a pack of its own and older: remove it.", err=True)
