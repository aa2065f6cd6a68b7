"""Has engines that are processes of their own look at services, as far as this server has them."""

import asyncio
import ipaddress
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cybervault.confinement.program import Bounds, Ended, run_program
from cybervault.egress.forwarding import Way, forwarding
from cybervault.egress.probing import Prober, Spot
from cybervault.scans.contents import Layer
from cybervault.scans.engines import AT_ONCE, ENGINES, WHOLE, nmap, ssh_audit, sslyze, wapiti
from cybervault.scans.engines.adapter import Adapter, Judged
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile, ProfileName
from cybervault.scans.registry import Registry
from cybervault.scans.rules import is_asked
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, Service, place_of, spot_of
from cybervault.scans.toolbox import Toolbox
from cybervault.scans.whole import GONE, Whole, look_at_whole

ADAPTERS: Final = (ssh_audit.ADAPTER, sslyze.ADAPTER, nmap.ADAPTER, wapiti.ADAPTER)
_ANSWERED_OF_ONE_SILENT: Final = 20
"""A server that is asked a thousand times may drop one; with more than this share nothing was looked at in full."""
_BY_NAME: Final = {engine.name: engine for engine in ENGINES}


class Apart:
    """Runs what `adapters` name, within their bounds, and reads what they wrote."""

    def __init__(self, toolbox: Toolbox, adapters: tuple[Adapter, ...] = ADAPTERS) -> None:
        self.toolbox = toolbox
        self._adapters = adapters
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def run(self, name: str, arguments: list[str], bounds: Bounds) -> Ended | None:
        """Run an engine that looks at no service; None where this server has it not."""
        program = self.toolbox.command(_BY_NAME[name])
        if program is None:
            return None
        async with self._gate:
            with tempfile.TemporaryDirectory(prefix="cybervault-") as folder:
                return await run_program([*program, *arguments], bounds, folder=Path(folder))

    async def look(
        self, service: Service, named: Named, profile: Profile, *, prober: Prober, absent: Collection[str]
    ) -> Report:
        """What engines say of a service that do not attack it; of those that are `absent` nothing: that was said once.

        Raises `EgressError` REFUSED for an address that may not be scanned: then nothing is started.
        """
        together = Report()
        for adapter in self._adapters:
            is_attacking = _is_attacking(adapter)
            asset, place = service.host.asset, place_of(service.port)
            if is_attacking and profile.name is not ProfileName.PENTEST:
                continue
            if not adapter.speaks(named):
                # What speaks something else by now has nothing left of what was seen.
                line = Coverage(asset, adapter.engine, CoverageState.COVERED, "nothing to look at", (place,))
                together.coverage.append(line)
            elif not is_attacking and adapter.engine not in absent:
                together.add(await self._one(adapter, service, named, profile=profile, prober=prober))
        return together

    def is_attacked(self, named: Named, profile: Profile, *, absent: Collection[str]) -> bool:
        """Whether such a service is to be attacked in this scan: in pentests, by an engine that is there."""
        return profile.name is ProfileName.PENTEST and any(
            _is_attacking(one) and one.speaks(named) and one.engine not in absent for one in self._adapters
        )

    async def attack(
        self, service: Service, named: Named, profile: Profile, *, prober: Prober, absent: Collection[str]
    ) -> Report:
        """What engines find that attack a service; raises as `look`."""
        together = Report()
        for adapter in self._adapters:
            if not _is_attacking(adapter) or adapter.engine in absent:
                continue
            if adapter.speaks(named):
                together.add(await self._one(adapter, service, named, profile=profile, prober=prober))
            else:
                # A while ago it did: whether it has gone or only fails to answer is not known.
                reason, places = "it did not answer as it did before", (place_of(service.port),)
                line = Coverage(service.host.asset, adapter.engine, CoverageState.NOT_REACHED, reason, places)
                together.coverage.append(line)
        return together

    async def look_at_whole(self, layers: Sequence[Layer], registry: Registry, *, absent: Collection[str]) -> Whole:
        """What is seen of an image as a whole by those that are not `absent`, which was said once."""
        asked = [name for name in WHOLE if name not in absent]
        programs = {name: self.toolbox.command(_BY_NAME[name]) for name in asked}
        async with self._gate:
            return await look_at_whole(layers, registry, programs)

    async def _one(
        self, adapter: Adapter, service: Service, named: Named, *, profile: Profile, prober: Prober
    ) -> Report:  # fmt: skip
        asset, place, name = service.host.asset, place_of(service.port), adapter.engine
        program = self.toolbox.command(_BY_NAME[name])
        if program is None:
            return Report(coverage=[Coverage(asset, name, CoverageState.NOT_TESTED, GONE, (place,))])
        async with self._gate:
            spot = Spot(ipaddress.ip_address(service.host.address), service.port, service.host.name)
            prober.check(spot.address)
            words = [*program, *adapter.arguments(spot, named, profile)]
            ended, way = await _ran(adapter, words, spot, prober=prober)
        judged = _read(adapter, ended)
        if adapter.proxy_option and not judged.fault:
            judged = replace(judged, fault=_silence(way))
        seen = [(rule, place, evidence) for rule, evidence in judged.rules]
        seen += [(one.rule, spot_of(place, one.spot), one.evidence) for one in judged.within]
        asked = [one for one in seen if is_asked(one[0], has_compliance_rules=profile.has_compliance_rules)]
        state = CoverageState.FAILED if judged.fault else CoverageState.COVERED
        reason = "; ".join(part for part in (judged.fault, *_refusals(way)) if part)
        return Report(
            [Seen(asset, rule, name, where, evidence) for rule, where, evidence in asked],
            [Coverage(asset, name, state, reason, (place,))],
        )


def _is_attacking(adapter: Adapter) -> bool:
    return _BY_NAME[adapter.engine].is_attacking


async def _ran(adapter: Adapter, words: list[str], spot: Spot, *, prober: Prober) -> tuple[Ended, Way]:
    """As far as can be it reaches the port of its spot alone; one that follows links a proxy that leads there."""
    with tempfile.TemporaryDirectory(prefix="cybervault-") as folder:
        if not adapter.proxy_option:
            bounds = replace(adapter.bounds, port=spot.port)
            return await run_program(words, bounds, folder=Path(folder)), Way()
        async with forwarding(prober, spot) as way:
            bounds = replace(adapter.bounds, port=way.port)
            return await run_program([*words, adapter.proxy_option, way.url], bounds, folder=Path(folder)), way


def _read(adapter: Adapter, ended: Ended) -> Judged:
    """What holds by what was written; why it ended counts before what is missing in that."""
    try:
        judged = adapter.judge(ended.output, ended.code)
    except ValueError as error:
        judged = Judged([], str(error))
    return replace(judged, fault=ended.fault or judged.fault)


def _silence(way: Way) -> str:
    """Why an engine that went by a proxy cannot have looked at all, whatever it says itself; "" where it can."""
    if not way.asked:
        return "it did not ask the server anything"
    is_silent = way.unanswered * _ANSWERED_OF_ONE_SILENT > way.asked
    return f"the server did not answer {way.unanswered} of {way.asked} times" if is_silent else ""


def _refusals(way: Way) -> Iterator[str]:
    """What the proxy did not let through."""
    if way.left:
        yield f"links that left the target: {way.left}"
    if way.refused:
        yield f"requests that nobody should send: {way.refused}"
