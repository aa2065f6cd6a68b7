"""Which rules count for which tenant: chosen by each, written to the audit, and in force at the next event everywhere.

Each node reads the number of the newest change with each event, so that none of them follows late.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec
import structlog

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.detection.rule import Filter
from cybervault.detection.rules.catalogue import Catalogue, Known
from cybervault.detection.rules.choice import EVERYTHING, Choice, Switch
from cybervault.detection.rules.narrowing import Narrowing
from cybervault.detection.rules.switches import REASON_CHARACTERS_MAX
from cybervault.detection.store import ChoiceStore, OwnFilter
from cybervault.domain.assessments import rank_of
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity

FILTERS_MAX: Final = 100
"""Of a tenant."""
OWN: Final = "own"
"""The pack that filters of tenants are shown under."""
_LOG: Final = structlog.get_logger("cybervault.detection")
REMEMBERED_MAX: Final = 1_000
"""Tenants whose choice a node keeps in memory."""


class Choices:
    """The choices of all tenants, over the rules of one installation."""

    def __init__(self, store: ChoiceStore, journal: Journal, catalogue: Catalogue) -> None:
        self._store = store
        self._journal = journal
        self.catalogue = catalogue
        self._remembered: dict[TenantId, tuple[int, Choice]] = {}

    async def of(self, tenant_id: TenantId) -> Choice:
        """What a tenant chose, as it stands now."""
        revision, _ = await self._store.revision(tenant_id)
        if revision == 0:
            return EVERYTHING
        known = self._remembered.get(tenant_id)
        if known is None or known[0] != revision:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            known = self._remembered[tenant_id] = revision, await self._read(tenant_id)
        return known[1]

    async def enable(self, tenant_id: TenantId, rule_id: str, *, actor: Actor) -> Known:
        """Have a rule count again; whether it then does, the installation says too. `Problem` NOT_FOUND `not_found`."""
        self.catalogue.find(rule_id, EVERYTHING)
        async with self._store.transaction():
            await self._store.raise_revision(tenant_id)
            if await self._store.switch_on(tenant_id, rule_id):
                await self._journal.record(Happening(Change.RULE_SWITCHED_ON, actor, rule_id, tenant_id))
        return self.catalogue.find(rule_id, await self.of(tenant_id))

    async def disable(self, tenant_id: TenantId, rule_id: str, reason: str, *, actor: Actor) -> Known:
        """Have a rule count no more.

        Raises `Problem` NOT_FOUND `not_found`, INVALID `reason_required` or `invalid_parameter`.
        """
        told = reason_of(reason)
        self.catalogue.find(rule_id, EVERYTHING)
        async with self._store.transaction():
            await self._store.raise_revision(tenant_id)
            await self._store.switch_off(tenant_id, rule_id, Switch(told, self._journal.clock.now(), actor.name))
            happening = Happening(Change.RULE_SWITCHED_OFF, actor, rule_id, tenant_id, {"reason": told})
            await self._journal.record(happening)
        return self.catalogue.find(rule_id, await self.of(tenant_id))

    async def set_level(self, tenant_id: TenantId, least: Severity | None, *, actor: Actor) -> Choice:
        """Have rules count from a level upwards, None from that of the installation.

        `Problem` INVALID `invalid_parameter` for one below that of the installation, whose rules nobody asks.
        """
        bound = self.catalogue.profile.least
        if least is not None and rank_of(least) < rank_of(bound):
            rule = f"is {bound.value} or above: below it this installation asks no rules"
            raise Problem(ProblemKind.INVALID, code="invalid_parameter", message=f"from_level {rule}.")
        async with self._store.transaction():
            await self._store.raise_revision(tenant_id)
            await self._store.set_level(tenant_id, least)
            details = {"from_level": least.value if least is not None else "installation"}
            await self._journal.record(Happening(Change.RULES_LEVEL_CHANGED, actor, tenant_id, tenant_id, details))
        return await self.of(tenant_id)

    async def filters(self, tenant_id: TenantId) -> tuple[OwnFilter, ...]:
        """The filters of a tenant, oldest first."""
        return await self._store.filters(tenant_id)

    async def add_filter(self, tenant_id: TenantId, text: str, *, actor: Actor) -> OwnFilter:
        """Keep a filter in the form of Sigma, instead of the one of its id.

        Raises `Problem` INVALID `bad_rule_filter` with the line, CONFLICT `too_many_filters`.
        """
        found = await asyncio.to_thread(filter_in, text)
        made = OwnFilter(found.id, found.title, text, self._journal.clock.now(), actor.name)
        async with self._store.transaction():
            await self._store.raise_revision(tenant_id)
            others = [one for one in await self._store.filters(tenant_id) if one.id != made.id]
            if len(others) >= FILTERS_MAX:
                raise Problem(
                    ProblemKind.CONFLICT,
                    code="too_many_filters",
                    message=f"A tenant has at most {FILTERS_MAX} filters. Remove one first.",
                )
            await self._store.add_filter(tenant_id, made)
            details = {"title": made.title}
            await self._journal.record(Happening(Change.RULE_FILTER_ADDED, actor, made.id, tenant_id, details))
        return made

    async def remove_filter(self, tenant_id: TenantId, filter_id: str, *, actor: Actor) -> None:
        """Forget a filter; `Problem` NOT_FOUND `not_found`."""
        async with self._store.transaction():
            await self._store.raise_revision(tenant_id)
            if not await self._store.remove_filter(tenant_id, filter_id):
                raise Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such filter.")
            await self._journal.record(Happening(Change.RULE_FILTER_REMOVED, actor, filter_id, tenant_id))

    async def _read(self, tenant_id: TenantId) -> Choice:
        choice, kept = await self._store.choice(tenant_id), await self._store.filters(tenant_id)
        return replace(choice, narrowing=Narrowing(await asyncio.to_thread(_usable, kept))) if kept else choice


def filter_in(text: str) -> Filter:
    """The one filter that a document is; `Problem` INVALID `bad_rule_filter` says what is wrong, and where.

    Its id is its own, or made of what it says.
    """
    # Slow to import, and needed only where filters are.
    from cybervault.detection.rules.load import load_files  # noqa: PLC0415

    raw = text.encode(errors="replace")
    loaded = load_files([("filter", raw)], hashlib.sha256(raw).hexdigest()[:16])
    if loaded.problems:
        first = loaded.problems[0]
        raise _bad_filter(f"line {first.line}: {first.reason}")
    if len(loaded.filters) != 1 or loaded.rules or loaded.correlations:
        raise _bad_filter("it is to be one document with `filter`")
    return msgspec.structs.replace(loaded.filters[0], id=loaded.filters[0].id.replace("/", "-"), pack=OWN)


def _usable(kept: Sequence[OwnFilter]) -> list[Filter]:
    """Those that this version of the product reads; another one may have let more in."""
    found = []
    for one in kept:
        try:
            found.append(filter_in(one.text))
        except Problem as problem:
            _LOG.warning("filter of a tenant not read", filter=one.id, reason=problem.message)
    return found


def _bad_filter(reason: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="bad_rule_filter", message=f"It is no Sigma filter: {reason}.")


def reason_of(text: str) -> str:
    """A reason on one line; `Problem` INVALID `reason_required` or `invalid_parameter`."""
    reason = " ".join(text.replace("\x00", " ").split())
    if not reason:
        message = "Say why: the reason is shown to whoever finds the rule disabled."
        raise Problem(ProblemKind.INVALID, code="reason_required", message=message)
    if len(reason) > REASON_CHARACTERS_MAX:
        message = f"reason has 1 to {REASON_CHARACTERS_MAX} characters."
        raise Problem(ProblemKind.INVALID, code="invalid_parameter", message=message)
    return reason
