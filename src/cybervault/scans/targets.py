"""What is to be scanned, read strictly: no spelling that two readers could take for different things passes."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cybervault.domain.never_scanned import Network, is_never_scanned
from cybervault.domain.problems import Problem, ProblemKind

TARGETS_MAX: Final = 256
UPLOADED: Final = "sarif:"
"""What a scan by upload names as its targets: the tools behind this."""
TARGET_CHARACTERS_MAX: Final = 512
ADDRESSES_OF_TARGET_MAX: Final = 65_536
ADDRESSES_MAX: Final = 131_072
_IPV6_PREFIX_MIN: Final = 120
_NAME_CHARACTERS_MAX: Final = 253
_PORT_MAX: Final = 65_535

_NETWORK: Final = re.compile(r"[0-9a-f:.]+(?:/(?:0|[1-9][0-9]{0,2}))?", re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label holds a letter, so that no number in disguise (0x7f.1, 2130706433) is a name.
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}", re.ASCII)
_ARN: Final = re.compile(
    r"arn:(?P<partition>aws|aws-cn|aws-us-gov):(?P<service>[a-z0-9-]{1,63}):(?P<region>[a-z0-9-]{0,32}):"
    r"(?P<account>[0-9]{12})?:(?P<resource>[A-Za-z0-9_.:/+=,@-]{1,256})",
    re.ASCII,
)
_IMAGE: Final = re.compile(
    r"(?:oci://)?(?P<host>[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)


class TargetKind(StrEnum):
    """What sort of thing a target is."""

    NETWORK = "network"
    DOMAIN = "domain"
    CLOUD = "cloud"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class ImageName:
    """Where an image is: registry, repository, and tag or digest ("" for none)."""

    host: str
    port: int | None
    path: str
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of the name of a cloud resource; region and account are "" where it has none."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def is_account(self) -> bool:
        """Whether the whole account is meant."""
        return (self.service, self.resource) == ("iam", "root") and bool(self.account)


@dataclass(frozen=True, slots=True)
class Target:
    """One target in its one spelling; a single address is a network of one."""

    kind: TargetKind
    value: str

    @property
    def network(self) -> Network:
        """The addresses of a network; a bug for other kinds."""
        return ipaddress.ip_network(self.value)

    @property
    def addresses(self) -> int:
        """How many addresses it names; 0 for what is no network."""
        return self.network.num_addresses if self.kind is TargetKind.NETWORK else 0

    @property
    def account(self) -> str | None:
        """The account that an ARN names; None where it names none, and for other kinds."""
        found = _ARN.fullmatch(self.value) if self.kind is TargetKind.CLOUD else None
        return None if found is None else found["account"]

    @property
    def arn(self) -> Arn:
        """The parts of an ARN; a bug for other kinds."""
        found = _ARN.fullmatch(self.value)
        if found is None:
            raise ValueError("it is no ARN")
        return Arn(found["partition"], found["service"], found["region"], found["account"] or "", found["resource"])

    @property
    def image(self) -> ImageName:
        """Where an image is; a bug for other kinds."""
        found = _IMAGE.fullmatch(self.value)
        if found is None:
            raise ValueError("it is no image")
        port = found["port"]
        return ImageName(
            found["host"], int(port) if port else None, found["path"], found["tag"] or "", found["digest"] or ""
        )

    @property
    def repository(self) -> str:
        """An image without tag and digest; other kinds as they are."""
        if self.kind is not TargetKind.IMAGE:
            return self.value
        return re.sub(r":[^:/]+\Z", "", self.value.partition("@")[0])


def parse_target(text: str, *, has_loopback: bool = False) -> Target:
    """Read one target: a network, an address, a domain, an ARN or an image (`oci://host/repository:tag`).

    Raises `Problem` INVALID `invalid_target`, FORBIDDEN `target_not_authorized` for what nobody may scan.
    """
    if len(text) > TARGET_CHARACTERS_MAX:
        raise _invalid("a target is longer than 512 characters")
    lower = text.lower() if text.isascii() else ""
    if _NETWORK.fullmatch(lower) and (":" in lower or lower.count(".") == 3):  # noqa: PLR2004 - four numbers
        return _network(lower, has_loopback=has_loopback)
    if _NAME.fullmatch(lower) and len(lower) <= _NAME_CHARACTERS_MAX:
        return Target(TargetKind.DOMAIN, lower)
    if _ARN.fullmatch(text):
        return Target(TargetKind.CLOUD, text)
    image = _IMAGE.fullmatch(text)
    if image is not None and _is_registry(image, text):
        return Target(TargetKind.IMAGE, text if text.startswith("oci://") else f"oci://{text}")
    raise _invalid("a target is a CIDR range, an address, a domain, an ARN or oci://host/repository:tag")


def parse_targets(texts: Sequence[str], *, has_loopback: bool = False) -> tuple[Target, ...]:
    """Read all targets of a scan, each once; raises as `parse_target`, and INVALID `invalid_target` for too many."""
    refuse_wrong_number(texts)
    targets = dict.fromkeys(parse_target(text, has_loopback=has_loopback) for text in texts)
    refuse_too_large(tuple(targets))
    return tuple(targets)


def refuse_wrong_number(texts: Sequence[str]) -> None:
    """`Problem` INVALID `invalid_target` for no targets and for too many."""
    if not 1 <= len(texts) <= TARGETS_MAX:
        raise _invalid(f"a scan has 1 to {TARGETS_MAX} targets")


def refuse_too_large(targets: Sequence[Target]) -> None:
    """`Problem` INVALID `invalid_target` for more addresses than one scan has."""
    if sum(target.addresses for target in targets) > ADDRESSES_MAX:
        raise _invalid(f"a scan has at most {ADDRESSES_MAX:,} addresses")


def _network(text: str, *, has_loopback: bool) -> Target:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise _invalid(
            "a network is written as 10.1.0.0/24, without bits beyond its prefix, and an address in its plain form"
        ) from None
    if network.version == 6 and network.prefixlen < _IPV6_PREFIX_MIN:  # noqa: PLR2004 - the version
        raise _invalid(f"an IPv6 network is at least /{_IPV6_PREFIX_MIN}: name the addresses")
    # First what nobody may have: 0.0.0.0/0 is refused for what it is, not for its size.
    if is_never_scanned(network, has_loopback=has_loopback):
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="target_not_authorized",
            message=f"{network} holds addresses that are never scanned: loopback, link-local, multicast, metadata.",
            details=(("targets", "is never scanned"),),
        )
    if network.num_addresses > ADDRESSES_OF_TARGET_MAX:
        raise _invalid(f"a target has at most {ADDRESSES_OF_TARGET_MAX:,} addresses")
    is_one = network.num_addresses == 1
    return Target(TargetKind.NETWORK, str(network.network_address if is_one else network))


def _is_registry(image: "re.Match[str]", text: str) -> bool:
    host, port = image["host"], image["port"]
    is_address = re.fullmatch(r"[0-9]+(?:\.[0-9]+){3}", host) is not None
    # Without the scheme only what is plainly a host stands before the slash, as Docker reads it.
    is_plain = text.startswith("oci://") or port is not None or ("." in host and not is_address)
    is_host = (
        is_address or _NAME.fullmatch(host) is not None or (port is not None and re.fullmatch(_LABEL, host) is not None)
    )
    return is_plain and is_host and (port is None or 1 <= int(port) <= _PORT_MAX)


def _invalid(reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="invalid_target",
        message=f"This cannot be scanned: {reason}.",
        details=(("targets", reason),),
    )
