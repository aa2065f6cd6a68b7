"""`cybervault doctor`: what is configured, what is reachable, what is missing and how to get it."""

import asyncio
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from cybervault.app.access import PEPPER_FILE
from cybervault.app.product import Product, put_together
from cybervault.app.scans import toolbox_of
from cybervault.cli.options import AsJson, Data
from cybervault.confinement import landlock
from cybervault.confinement.landlock import VERSION_OF_TCP, VERSION_OF_TRUNCATION
from cybervault.confinement.parse import standing_walls
from cybervault.confinement.walls import Wall
from cybervault.domain.problems import Problem
from cybervault.egress.message import EgressFailure, OutgoingRequest
from cybervault.enrichment.connector import KeyRule, Source
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.lookup import quota_rules
from cybervault.faces.console.pages import CONSOLE_DIST
from cybervault.scans.printing import Printer
from cybervault.scans.toolbox import EngineState
from cybervault.settings import load_settings

PROBE_SECONDS: Final = 5.0


class State(StrEnum):
    """How one part is."""

    OK = "ok"
    MISSING = "missing"
    OFF = "off"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: a part, how it is, what that means, and what to do about it."""

    part: str
    state: State
    says: str
    todo: str = ""


_COUNTS_SHOWN: Final = frozenset({"lists", "names", "hashes", "networks", "families"})
_STYLE: Final = {State.OK: "green", State.MISSING: "yellow", State.OFF: "dim", State.BROKEN: "red"}


def doctor(
    as_json: AsJson = False,
    online: Annotated[bool, typer.Option("--online/--offline", help="Whether to try to reach the sources.")] = True,
    data: Data = None,
) -> None:
    """Look at the installation. Exit status 1 when something that must work is broken."""
    checks = asyncio.run(_examine(put_together(load_settings(data=data)), online=online))
    if as_json:
        typer.echo(json.dumps({"checks": [asdict(check) for check in checks]}, ensure_ascii=False, indent=2))
    else:
        Console().print(_table(checks))
    raise typer.Exit(1 if any(check.state is State.BROKEN for check in checks) else 0)


def _table(checks: list[Check]) -> Table:
    table = Table("part", "state", "what we see", "what to do", box=None, header_style="dim", pad_edge=False)
    for check in checks:
        table.add_row(check.part, f"[{_STYLE[check.state]}]{check.state.value}[/]", check.says, check.todo)
    return table


async def _examine(product: Product, *, online: bool) -> list[Check]:
    state = Check("state", State.OK, str(product.settings.folder))
    confined = [_confinement(standing_walls()), _engines(product), _walls_of_engines(landlock.version())]
    own = [_console(), *confined, _printing(Printer().browser), _knowledge(product), _chat(product)]
    try:
        async with product:
            return [state, _database(product), await _keys(product), *own, *await _sources(product, online=online)]
    except Problem as problem:  # nothing but the database is opened
        todo = "check its server, or the file and its owner, and CYBERVAULT_DATABASE_URL"
        return [state, Check("database", State.BROKEN, problem.message, todo), *own]


async def _sources(product: Product, *, online: bool) -> list[Check]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_source(product, one.source, online=online)) for one in CONNECTORS]
    return [task.result() for task in tasks]


def _database(product: Product) -> Check:
    kind = "shared by all nodes that use it" if product.database.is_shared else "SQLite, for this machine"
    return Check("database", State.OK, f"{product.database.name}; {kind}")


def _console() -> Check:
    if (CONSOLE_DIST / "index.html").is_file():
        return Check("console", State.OK, "built")
    return Check("console", State.MISSING, "not built", "uv sync --reinstall-package cybervault")


def _confinement(standing: frozenset[Wall]) -> Check:
    """What untrusted files (EVTX) are parsed behind."""
    missing = [wall.value for wall in Wall if wall not in standing]
    if not missing:
        return Check("confinement", State.OK, f"files are parsed behind walls: {', '.join(Wall)}")
    says = f"files are parsed without these walls: {', '.join(missing)}"
    return Check("confinement", State.MISSING, says, "on Linux, install libseccomp (libseccomp2, libseccomp)")


def _engines(product: Product) -> Check:
    """What scans look with besides the product's own engines, which are enough to begin with."""
    apart = [one for one in toolbox_of(product.settings).standings() if one.engine.is_apart]
    here = [f"{one.engine.name} {one.engine.version}".rstrip() for one in apart if one.is_usable]
    without = [one.engine.name for one in apart if not one.is_usable]
    old = [one for one in apart if one.state is EngineState.OUTDATED]
    says = f"besides our own: {', '.join(here) or 'none'}"
    if not without:
        return Check("scan engines", State.OK, says)
    todo = old[0].command if old else "cybervault scans engines list"
    return Check("scan engines", State.MISSING, f"{says}; not here: {', '.join(without)}", todo)


def _walls_of_engines(version: int) -> Check:
    """What keeps those that are processes of their own from what is not theirs, by the version of the system's walls.

    The filter of system calls that goes with them is the one that `confinement` tells of.
    """
    needed = {"files of the server (Linux 6.2)": VERSION_OF_TRUNCATION, "network (Linux 6.7)": VERSION_OF_TCP}
    missing = [what for what, wanted in needed.items() if version < wanted]
    if not missing:
        says = "they read no file of the server's; those that follow links, or need no network, have no other way out"
        return Check("walls of engines", State.OK, says)
    says = f"scan engines run without these walls: {', '.join(missing)}"
    return Check("walls of engines", State.MISSING, says, "a newer kernel, with Landlock among its security modules")


def _printing(browser: Path | None) -> Check:
    if browser is None:
        says = "reports are pages; no browser of the Chromium family on PATH prints them"
        return Check("reports as PDF", State.MISSING, says, "apt install chromium")
    return Check("reports as PDF", State.OK, f"printed by {browser}")


def _knowledge(product: Product) -> Check:
    knowledge = product.shelf.current()
    if knowledge is None:
        return Check("local knowledge", State.MISSING, "not built yet", "cybervault intel build")
    state = knowledge.describe()
    counts = ", ".join(f"{count:,} {what}" for what, count in state.counts if what in _COUNTS_SHOWN)
    return Check("local knowledge", State.OK, f"{counts}; built {state.built_at:%Y-%m-%d}")


async def _keys(product: Product) -> Check:
    _, _, lost = await product.access.keys.count_by_pepper()
    if not lost:
        return Check("API keys", State.OK, f"{await product.access.keys.count():,} kept")
    todo = f"restore {product.settings.folder / PEPPER_FILE} or CYBERVAULT_PEPPER, or rotate the keys"
    return Check("API keys", State.BROKEN, f"{lost:,} secrets were made with another pepper and open nothing", todo)


def _chat(product: Product) -> Check:
    settings = product.settings.chat
    if product.assess.has_chat_key(None):
        return Check("language model", State.OK, f"{settings.default_model} at {settings.url or 'OpenRouter'}")
    todo = "set OPENROUTER_API_KEY (https://openrouter.ai/keys), or CYBERVAULT_CHAT__URL for a local model"
    return Check("language model", State.MISSING, "no key; verdicts come without words", todo)


async def _source(product: Product, source: Source, *, online: bool) -> Check:
    setup = product.setups.get(source.name)
    if setup is None:
        return Check(source.title, State.OFF, "switched off")
    if source.key is KeyRule.REQUIRED and setup.key is None and not setup.may_ask_anonymously:
        name = f"CYBERVAULT_SOURCES__{source.name.upper()}__KEY"
        return Check(source.title, State.MISSING, "no key; skipped", f"set {name} (key: {source.key_page})")
    reach = await _reach(product, setup.url) if online and setup.url else ""
    if reach:
        return Check(source.title, State.MISSING, reach, f"check the way out to {setup.url}")
    return Check(source.title, State.OK, f"{setup.url or 'resolvers'}{await _quota(product, source)}")


async def _reach(product: Product, url: str) -> str:
    """Why the source cannot be reached; nothing when any HTTP answer came. No key is sent."""
    reply = await product.egress.fetch(OutgoingRequest(url=url, timeout_seconds=PROBE_SECONDS, retries=0))
    if reply.failure in {EgressFailure.TIMEOUT, EgressFailure.UNREACHABLE}:
        return f"not reachable ({reply.failure.value})"
    return ""


async def _quota(product: Product, source: Source) -> str:
    setup = product.setups[source.name]
    if not setup.is_metered:
        return ""
    fingerprint = setup.key.fingerprint if setup.key else ""
    left = await product.budget.remaining(source.name, fingerprint, quota_rules(source))
    return "".join(f"; {one.calls} of {one.rule.calls} calls left until {one.resets_at:%H:%M} UTC" for one in left)
