"""Which ports of which addresses take a connection: an own sweep with TCP connects, which needs no rights."""

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Final

from cybervault.egress.probing import Contact, Prober, Spot
from cybervault.scans.engines import SWEEP
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import Closed, Coverage, CoverageState, Host, Report, Service, place_of

# A host that answers on none of these is not asked about the rest: silence costs a second for each port.
DISCOVERY_PORTS: Final = (22, 80, 443, 445, 3389)


async def sweep(hosts: Sequence[Host], profile: Profile, prober: Prober) -> Report:
    """Look for open ports; an address on which nothing answers is not reached, and not called clean."""
    gate = asyncio.Semaphore(profile.at_once)

    async def contact(host: Host, port: int) -> Contact:
        async with gate:
            spot = Spot(ipaddress.ip_address(host.address), port, host.name)
            return await prober.connect(spot, profile.connect_seconds)

    async def of_host(host: Host) -> tuple[Host, list[int] | None]:
        first = [port for port in profile.ports if port in DISCOVERY_PORTS] or list(profile.ports[:5])
        found = dict(zip(first, await _each(host, first), strict=True))
        if all(answer is Contact.SILENT for answer in found.values()):
            return host, None
        rest = [port for port in profile.ports if port not in found]
        found |= dict(zip(rest, await _each(host, rest), strict=True))
        return host, sorted(port for port, answer in found.items() if answer is Contact.OPEN)

    async def _each(host: Host, ports: Sequence[int]) -> list[Contact]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(contact(host, port)) for port in ports]
        return [task.result() for task in tasks]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(of_host(host)) for host in hosts]
    return _report([task.result() for task in tasks], profile)


def _report(found: Sequence[tuple[Host, list[int] | None]], profile: Profile) -> Report:
    report, places = Report(), tuple(place_of(port) for port in profile.ports)
    unreached = {host.asset for host, ports in found if ports is None}
    shut: dict[str, set[int]] = {}
    for host, ports in found:
        if ports is None:
            state, reason = CoverageState.NOT_REACHED, "no port answered"
            report.coverage.append(Coverage(host.asset, SWEEP, state, reason))
            continue
        report.services += [Service(host, port) for port in ports]
        report.coverage.append(Coverage(host.asset, SWEEP, CoverageState.COVERED, places=places))
        # A name may lead to several addresses: a port is shut where all of them say so.
        shut[host.asset] = shut.get(host.asset, set(profile.ports)) - set(ports)
    report.closed = [
        Closed(asset, tuple(place_of(port) for port in sorted(ports)))
        for asset, ports in shut.items()
        if asset not in unreached and ports
    ]
    return report
