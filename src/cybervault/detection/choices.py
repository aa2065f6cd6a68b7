"""Which rules count for which tenant: chosen by each, written to the audit, and in force at the next event everywhere.

Each node reads the number of the newest change with each event, so that none of them follows late.
"""

from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.detection.rules.catalogue import Catalogue, Known
from cybervault.detection.rules.choice import EVERYTHING, Choice, Switch
from cybervault.detection.rules.switches import REASON_CHARACTERS_MAX
from cybervault.detection.store import ChoiceStore
from cybervault.domain.assessments import rank_of
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity

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
            known = self._remembered[tenant_id] = revision, await self._store.choice(tenant_id)
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
