"""What a change of rights leaves behind: its row in the audit, and a number by which other nodes learn of it."""

from dataclasses import dataclass

from cybervault.access.audit import Audit, Happening
from cybervault.access.subjects import Epoch, Subject
from cybervault.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class Journal:
    """What every service that changes members and sessions is given."""

    clock: Clock
    audit: Audit
    epoch: Epoch

    async def record(self, happening: Happening, *ended: Subject) -> None:
        """Write down a change, and whose remembered rights end by it. The caller holds the transaction.

        In this order everywhere, audit first: two changes that each held what the other waits for would never end.
        """
        await self.audit.record(happening)
        for subject in ended:
            await self.epoch.note(subject)
