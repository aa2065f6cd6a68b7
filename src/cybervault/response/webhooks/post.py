"""The jobs by which deliveries are tried: one for each attempt, so that none is made twice under one number."""

from collections.abc import Callable
from typing import Final

import msgspec

from cybervault.domain.ids import DeliveryId
from cybervault.domain.jobs import NewJob
from cybervault.response.webhooks.delivery import Delivery
from cybervault.storage.jobs import Jobs

KIND: Final = "webhook"
# An attempt is not lost with the processes that were to make it.
_CLAIMS_MAX: Final = 1_000


class Errand(msgspec.Struct, frozen=True):
    """Which attempt at which delivery; `postponed` counts how often it was put off."""

    delivery_id: DeliveryId
    round: int
    number: int
    postponed: int = 0


class Post:
    """Where attempts are asked for; `wake` has them looked at now."""

    def __init__(self, jobs: Jobs, wake: Callable[[], None]) -> None:
        self._jobs = jobs
        self.wake = wake

    async def enqueue(self, delivery: Delivery, *, in_seconds: float = 0.0, postponed: int = 0) -> None:
        """Ask for the next attempt at a delivery, in the caller's transaction where there is one."""
        errand = Errand(delivery.id, delivery.round, delivery.attempts + 1, postponed)
        job = NewJob(
            KIND,
            msgspec.msgpack.encode(errand),
            tenant_id=delivery.tenant_id,
            reference=f"{errand.delivery_id} {errand.round}.{errand.number}.{errand.postponed}",
            attempts_max=_CLAIMS_MAX,
            due_in_seconds=in_seconds,
        )
        await self._jobs.enqueue(job)
