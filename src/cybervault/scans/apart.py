"""Has engines that are processes of their own look at services, as far as this server has them."""

import asyncio
import ipaddress
import tempfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from cybervault.confinement.program import Ended, run_program
from cybervault.egress.probing import Prober, Spot
from cybervault.scans.engines import ENGINES, nmap, ssh_audit, sslyze
from cybervault.scans.engines.adapter import Adapter, Judged
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile
from cybervault.scans.rules import is_asked
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, Service, place_of
from cybervault.scans.toolbox import Toolbox

ADAPTERS: Final = (ssh_audit.ADAPTER, sslyze.ADAPTER, nmap.ADAPTER)
AT_ONCE: Final = 4
"""So many run at the same time, however many scans there are: each costs as much memory as a small server."""
_BY_NAME: Final = {engine.name: engine for engine in ENGINES}


class Apart:
    """Runs what `adapters` name, within their bounds, and reads what they wrote."""

    def __init__(self, toolbox: Toolbox, adapters: tuple[Adapter, ...] = ADAPTERS) -> None:
        self.toolbox = toolbox
        self._adapters = adapters
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def look(
        self, service: Service, named: Named, profile: Profile, *, prober: Prober, absent: Collection[str]
    ) -> Report:
        """What all engines say of a service; of those that are `absent` nothing, for the scan has said so once.

        Raises `EgressError` REFUSED for an address that may not be scanned: then nothing is started.
        """
        together = Report()
        for adapter in self._adapters:
            asset, place = service.host.asset, place_of(service.port)
            if not adapter.speaks(named):
                # What speaks something else by now has nothing left of what was seen.
                line = Coverage(asset, adapter.engine, CoverageState.COVERED, "nothing to look at", (place,))
                together.coverage.append(line)
            elif adapter.engine not in absent:
                together.add(await self._one(adapter, service, profile, prober=prober))
        return together

    async def _one(self, adapter: Adapter, service: Service, profile: Profile, *, prober: Prober) -> Report:
        asset, place, name = service.host.asset, place_of(service.port), adapter.engine
        program = self.toolbox.command(_BY_NAME[name])
        if program is None:
            reason = "it was there when the scan began, and this server has it not"
            return Report(coverage=[Coverage(asset, name, CoverageState.NOT_TESTED, reason, (place,))])
        async with self._gate:
            spot = Spot(ipaddress.ip_address(service.host.address), service.port, service.host.name)
            prober.check(spot.address)
            with tempfile.TemporaryDirectory(prefix="cybervault-") as folder:
                words = [*program, *adapter.arguments(spot, profile)]
                ended = await run_program(words, adapter.bounds, folder=Path(folder))
        judged = _read(adapter, ended)
        asked = [one for one in judged.rules if is_asked(one[0], has_compliance_rules=profile.has_compliance_rules)]
        state = CoverageState.FAILED if judged.fault else CoverageState.COVERED
        return Report(
            [Seen(asset, rule, name, place, evidence) for rule, evidence in asked],
            [Coverage(asset, name, state, judged.fault, (place,))],
        )


def _read(adapter: Adapter, ended: Ended) -> Judged:
    """What holds by what was written; why it ended counts before what is missing in that."""
    try:
        judged = adapter.judge(ended.output, ended.code)
    except ValueError as error:
        judged = Judged([], str(error))
    return replace(judged, fault=ended.fault or judged.fault)
