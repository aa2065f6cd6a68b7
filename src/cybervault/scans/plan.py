"""How a scan is cut into parts: names, then ports in small blocks, then what answered; the same each time (pure)."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeVar

import msgspec

from cybervault.domain.never_scanned import Network
from cybervault.scans.contents import Layer, LayerContents
from cybervault.scans.engines import (
    ACCOUNT,
    ADVISORIES,
    AT_ONCE,
    CLOUD,
    IMAGE,
    LAYERS,
    LISTING,
    NAMES,
    PROWLER,
    SERVICES,
    SWEEP,
    WAPITI,
    Engine,
)
from cybervault.scans.engines.prowler import SERVICES as SERVICES_OF_AWS
from cybervault.scans.profiles import Profile
from cybervault.scans.scan import Chunk, Phase
from cybervault.scans.seen import CloudArea, CloudResource, Host, Service
from cybervault.scans.targets import UPLOADED, Target, TargetKind, parse_target

_Item = TypeVar("_Item")

BLOCK_ADDRESSES: Final = 64
NAMES_AT_ONCE: Final = 8
SERVICES_AT_ONCE: Final = 16
ATTACKED_AT_ONCE: Final = 2
"""Few: an attack takes minutes, and a part that is not finished keeps nothing."""
RESOURCES_AT_ONCE: Final = 16
MISSING: Final = "missing"
_SUBJECTS_SHOWN: Final = 3

_PHASES: Final = {
    TargetKind.NETWORK: (SWEEP, SERVICES),
    TargetKind.DOMAIN: (NAMES, SWEEP, SERVICES),
    TargetKind.CLOUD: (CLOUD, PROWLER),
    TargetKind.IMAGE: (IMAGE, LAYERS, ADVISORIES),
}
_ACCOUNT_PHASES: Final = (ACCOUNT, LISTING, CLOUD, PROWLER)
# How much each phase counts for beside the others that a scan has, in the order in which they come.
_WEIGHTS: Final = {
    MISSING: 0, NAMES: 10, SWEEP: 50, SERVICES: 40, ACCOUNT: 1, LISTING: 10, CLOUD: 20, PROWLER: 10,
    IMAGE: 2, LAYERS: 30, ADVISORIES: 4, WAPITI: 60,
}  # fmt: skip
PHASES: Final = tuple(_WEIGHTS)
"""All that a scan may have, in their order."""
# Measured on silent and on answering networks: a silent block costs its discovery ports, one at a time.
_SECONDS_OF_NAME: Final = 3.0
_SECONDS_OF_HOST: Final = 1.5
_SECONDS_OF_IMAGE: Final = 30.0
_SECONDS_OF_RESOURCE: Final = 2.0
_SECONDS_OF_ACCOUNT: Final = 300.0
_REQUESTS_OF_RESOURCE: Final = 10
"""What our own reader asks AWS of a bucket with the rules of compliance; of all else it asks less."""


class Part(msgspec.Struct, frozen=True):
    """What one step of a scan is to look at; one of the lists is filled, by phase."""

    phase: str
    subjects: tuple[str, ...]
    hosts: tuple[Host, ...] = ()
    services: tuple[Service, ...] = ()
    layers: tuple[Layer, ...] = ()
    contents: tuple[LayerContents, ...] = ()
    areas: tuple[CloudArea, ...] = ()
    resources: tuple[CloudResource, ...] = ()


def first_parts(targets: Sequence[Target], without: Sequence[str]) -> list[Part]:
    """What an engine is missing for, to be said first; then domains."""
    names = [target.value for target in targets if target.kind is TargetKind.DOMAIN]
    parts = [Part(MISSING, tuple(without))] if without else []
    return parts + [Part(NAMES, tuple(some)) for some in _some(names, NAMES_AT_ONCE)]


def sweep_parts(targets: Sequence[Target], hosts: Sequence[Host]) -> list[Part]:
    """Networks in blocks of 64 addresses, and the addresses that names lead to; those of one name stay together."""
    parts = []
    for target in targets:
        if target.kind is TargetKind.NETWORK:
            for block in _blocks(target.network):
                # All of them: whether the first and the last are hosts, only the real network says.
                inside = tuple(Host(target.value, str(address)) for address in block)
                parts.append(Part(SWEEP, (str(block),), hosts=inside))
    for name, led in groupby(hosts, key=lambda host: host.target):
        parts.append(Part(SWEEP, (name,), hosts=tuple(led)))
    return parts


def service_parts(services: Sequence[Service]) -> list[Part]:
    """Open ports, sixteen at a time."""
    return [
        Part(SERVICES, tuple(dict.fromkeys(one.host.asset for one in some)), services=tuple(some))
        for some in _some(services, SERVICES_AT_ONCE)
    ]


def attack_parts(services: Sequence[Service]) -> list[Part]:
    """Services that are to be attacked, two at a time."""
    return [
        Part(WAPITI, tuple(dict.fromkeys(one.host.asset for one in some)), services=tuple(some))
        for some in _some(services, ATTACKED_AT_ONCE)
    ]


def image_parts(targets: Sequence[Target]) -> list[Part]:
    """Each image for itself."""
    return [Part(IMAGE, (target.value,)) for target in targets if target.kind is TargetKind.IMAGE]


def layer_parts(layers: Sequence[Layer]) -> list[Part]:
    """Each layer for itself: one may take minutes, and is not to be read twice."""
    return [Part(LAYERS, (layer.target,), layers=(layer,)) for layer in layers]


def package_parts(contents: Sequence[LayerContents]) -> list[Part]:
    """Each image with all that its layers hold."""
    together: dict[str, list[LayerContents]] = {}
    for one in contents:
        together.setdefault(one.layer.target, []).append(one)
    return [Part(ADVISORIES, (target,), contents=tuple(some)) for target, some in together.items()]


def account_parts(targets: Sequence[Target]) -> list[Part]:
    """Each account of which all is wanted."""
    return [Part(ACCOUNT, (target.value,)) for target in targets if _is_account(target)]


def area_parts(areas: Sequence[CloudArea]) -> list[Part]:
    """Each kind of resource in each region of an account for itself."""
    return [Part(LISTING, (f"{area.target}: {area.place}",), areas=(area,)) for area in areas]


def resource_parts(targets: Sequence[Target], listed: Sequence[CloudResource]) -> list[Part]:
    """Resources that were named, and those that accounts listed, each once, sixteen at a time."""
    named = [target for target in targets if target.kind is TargetKind.CLOUD and not _is_account(target)]
    first = {target.value: CloudResource(target.value, target.value) for target in named}
    together = {one.arn: one for one in listed} | first
    return [
        Part(CLOUD, tuple(one.arn for one in some), resources=tuple(some))
        for some in _some(list(together.values()), RESOURCES_AT_ONCE)
    ]


def prowler_parts(targets: Sequence[Target]) -> list[Part]:
    """Resources that were named, each for itself; of a whole account each service for itself."""
    parts = []
    for target in (target for target in targets if target.kind is TargetKind.CLOUD):
        if _is_account(target):
            areas = [CloudArea(target.value, service, "") for service in SERVICES_OF_AWS]
            parts += [Part(PROWLER, (f"{target.value}: {area.place}",), areas=(area,)) for area in areas]
        else:
            parts.append(Part(PROWLER, (target.value,), resources=(CloudResource(target.value, target.value),)))
    return parts


def unplanned(
    targets: Sequence[Target], planned: Collection[str], *, is_pentest: bool = False
) -> list[tuple[str, str]]:  # fmt: skip
    """What of a scan under way has not even been cut into parts, as asset and engine."""
    expected = [(target.value, phase) for target in targets for phase in _phases(target, is_pentest=is_pentest)]
    return [(value, phase) for value, phase in expected if phase not in planned]


def phases_of(targets: Sequence[Target], chunks: Sequence[Chunk], *, is_pentest: bool = False) -> tuple[Phase, ...]:
    """How far each phase of a scan is, in their order; one that was not cut into parts yet has none."""
    expected = {phase for target in targets for phase in _phases(target, is_pentest=is_pentest)}
    expected |= {chunk.engine for chunk in chunks}
    found = []
    for name in (phase for phase in _WEIGHTS if phase in expected):
        parts = [chunk for chunk in chunks if chunk.engine == name]
        ahead = [chunk for chunk in parts if chunk.coverage is None]
        subjects = ahead[0].subjects[:_SUBJECTS_SHOWN] if ahead else ()
        found.append(Phase(name, len(parts) - len(ahead), len(parts), subjects))
    return tuple(found)


def progress_of(phase: str, done: int, total: int, *, targets: Sequence[Target], is_pentest: bool = False) -> float:
    """How far a scan is when so many parts of a phase are done; what remains is to write down its end."""
    if phase not in _WEIGHTS:
        raise ValueError(phase)
    own = {phase}.union(*(_phases(target, is_pentest=is_pentest) for target in targets))
    weights = {name: weight for name, weight in _WEIGHTS.items() if name in own}
    before = 0.0
    for name, weight in weights.items():
        if name == phase:
            before += weight * done / total
            break
        before += weight
    return min(before / (sum(weights.values()) or 1), 0.99)


def minutes_of(targets: Sequence[Target], profile: Profile, engines: Sequence[Engine] = ()) -> int:
    """How long it may take, in whole minutes from 1, if most addresses are silent.

    Of each network and name one host answers, with a service for each of the `engines`; an account has few resources of
    each kind, an image 200 MB.
    """
    names, lanes = _count(targets, TargetKind.DOMAIN), min(profile.parts_at_once, AT_ONCE)
    addresses = sum(target.addresses for target in targets)
    blocks = max(1, math.ceil(addresses / BLOCK_ADDRESSES))
    silent = addresses * 5 / profile.at_once * profile.connect_seconds / min(profile.parts_at_once, blocks)
    hosts = names + _count(targets, TargetKind.NETWORK)
    seconds = {kind: sum(engine.seconds for engine in engines if engine.kind is kind) for kind in TargetKind}
    accounts = sum(map(_is_account, targets))
    resources = _count(targets, TargetKind.CLOUD) - accounts
    together = (
        silent,
        names * (_SECONDS_OF_NAME + _SECONDS_OF_HOST),
        hosts * seconds[TargetKind.NETWORK] / AT_ONCE,
        accounts * (_SECONDS_OF_ACCOUNT + len(SERVICES_OF_AWS) * seconds[TargetKind.CLOUD] / lanes),
        resources * (_SECONDS_OF_RESOURCE + seconds[TargetKind.CLOUD] / lanes),
        _count(targets, TargetKind.IMAGE) * (_SECONDS_OF_IMAGE + seconds[TargetKind.IMAGE]),
    )
    return max(1, math.ceil(sum(together) / 60))


def connections_of(targets: Sequence[Target], profile: Profile, engines: Sequence[Engine] = ()) -> int:
    """How many connections are tried at most, should every address answer; a name is counted as one address.

    Each of the `engines` finds what it looks at on all ports on which that usually listens, or else once. Of resources
    of a cloud that were named, requests count; what is `uncounted` does not.
    """
    services = sum(
        engine.connections * (len(set(engine.ports) & set(profile.ports)) if engine.ports else 1)
        for engine in engines
        if engine.kind is TargetKind.NETWORK
    )
    hosts = sum(target.addresses for target in targets) + _count(targets, TargetKind.DOMAIN)
    requests = sum(engine.connections for engine in engines if engine.kind is TargetKind.CLOUD) + _REQUESTS_OF_RESOURCE
    resources = _count(targets, TargetKind.CLOUD) - sum(map(_is_account, targets))
    return hosts * (len(profile.ports) + services) + resources * requests


def uncounted(targets: Sequence[Target]) -> tuple[str, ...]:
    """Whole accounts and images: what they hold, and so how often they are asked, is known only on asking."""
    return tuple(target.value for target in targets if target.kind is TargetKind.IMAGE or _is_account(target))


def _count(targets: Sequence[Target], kind: TargetKind) -> int:
    return sum(target.kind is kind for target in targets)


def targets_of(values: Iterable[str]) -> tuple[Target, ...]:
    """Targets that were read and allowed before, from their spellings; those of uploads are none of ours."""
    return tuple(parse_target(value, has_loopback=True) for value in values if not value.startswith(UPLOADED))


def _is_account(target: Target) -> bool:
    return target.kind is TargetKind.CLOUD and target.arn.is_account


def _phases(target: Target, *, is_pentest: bool) -> tuple[str, ...]:
    own = _ACCOUNT_PHASES if _is_account(target) else _PHASES[target.kind]
    return (*own, WAPITI) if is_pentest and SERVICES in own else own


def _blocks(network: Network) -> Iterator[Network]:
    length = network.max_prefixlen - BLOCK_ADDRESSES.bit_length() + 1
    return network.subnets(new_prefix=length) if network.prefixlen < length else iter([network])


def _some(items: Sequence[_Item], most: int) -> Iterator[Sequence[_Item]]:
    return (items[start : start + most] for start in range(0, len(items), most))
