"""The accounts that the operator connected: which of them an ARN is about, and how each is asked."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cybervault.domain.clock import Clock
from cybervault.egress.client import Egress
from cybervault.scans.cloud.client import Account, Aws, CloudError
from cybervault.scans.targets import Arn

# Well below the hour for which a role is taken on.
_KEPT: Final = timedelta(minutes=20)


@dataclass(slots=True)
class Accounts:
    """All of them by their number; a role that was taken on is kept for a while."""

    egress: Egress
    known: Mapping[str, Account]
    clock: Clock
    pause_seconds: float = 0.5
    _entered: dict[tuple[str, str], tuple[datetime, Aws]] = field(default_factory=dict, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def of(self, arn: Arn) -> tuple[str, ...]:
        """The numbers of those that an ARN may be about; raises `CloudError` where none is connected."""
        missing = unconnected(arn, self.known)
        if missing is not None:
            raise CloudError(missing)
        return (arn.account,) if arn.account else tuple(self.known)

    async def entered(self, number: str, partition: str) -> Aws:
        """How one of them is asked; raises `CloudError`."""
        async with self._turn:
            until, aws = self._entered.get((number, partition), (None, None))
            if until is not None and aws is not None and self.clock.now() < until:
                return aws
            aws = Aws(self.egress, self.known[number], self.clock, partition, self.pause_seconds)
            await aws.enter()
            self._entered[number, partition] = (self.clock.now() + _KEPT, aws)
            return aws


def unconnected(arn: Arn, known: Collection[str]) -> str | None:
    """Why no account can be asked about an ARN, with the setting that would connect it; None where one can."""
    if arn.account in known or (not arn.account and known):
        return None
    setting = f"CYBERVAULT_SCANS__AWS__{arn.account or '<ACCOUNT>'}__ACCESS_KEY_ID"
    whose = f"account {arn.account} is not" if arn.account else "no account is"
    return f"{whose} connected to this server: set {setting} and what goes with it"
