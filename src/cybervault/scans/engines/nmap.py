"""What listens on a port that says little of itself, by nmap's detection of versions, where the operator has it."""

from typing import Final
from xml.parsers import expat

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.engines import NMAP
from cybervault.scans.engines.adapter import Adapter, Judged
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import shown

_MIB: Final = 1024 * 1024
_BOUNDS: Final = Bounds(seconds=150.0, memory_bytes=512 * _MIB, cpu_seconds=60, output_bytes=_MIB)
# By nmap's names of services. How sure it is goes from 0 to 10; 3 is that of its table of port numbers.
_RULES: Final = {"telnet": "telnet_open", "ftp": "ftp_cleartext"} | dict.fromkeys(
    ("ms-sql-s", "oracle-tns", "mysql", "postgresql", "mongodb", "redis", "cassandra", "couchdb", "elasticsearch"),
    "database_reachable",
)
_SURE: Final = 8
_WEB: Final = frozenset({"http", "https"})


def arguments(spot: Spot, _named: Named, profile: Profile) -> list[str]:
    """For one port that was found open: no names, no discovery, no scripts but those of version detection."""
    depth = "5" if profile.has_compliance_rules else "2"
    family = ["-6"] if spot.address.version == 6 else []  # noqa: PLR2004 - IPv6
    return [
        *family, "-n", "-Pn", "--unprivileged", "-sT", "-sV", "--version-intensity", depth, "--max-retries", "1",
        "-p", str(spot.port), "-oX", "-", str(spot.address),
    ]  # fmt: skip


def judge(output: bytes, code: int | None) -> Judged:
    """Rules that hold by what it wrote, which may break off (pure); ValueError for what is no document of nmap.

    A version is told as what was seen, and never as a flaw: distributions mend those without another version.
    """
    document = _Document()
    parser = expat.ParserCreate()
    parser.StartElementHandler = document.element
    parser.StartDoctypeDeclHandler = document.doctype
    parser.EntityDeclHandler = document.entity
    fault = ""
    try:
        parser.Parse(output, True)  # noqa: FBT003 - its own interface
    except expat.ExpatError:
        fault = "what it wrote breaks off, or is no document of nmap"
    if not document.is_whole:
        fault = fault or f"it gave up (exit status {code})"
    if fault and not document.services:
        raise ValueError(fault)
    return Judged([rule for service in document.services for rule in _rules(service)], fault)


class _Document:
    """What stands in a document: the services of open ports, and whether nmap came to its end."""

    def __init__(self) -> None:
        self.services: list[dict[str, str]] = []
        self.is_whole = False
        self._is_open = False

    def element(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "state":
            self._is_open = attributes.get("state") == "open"
        elif name == "service" and self._is_open:
            self.services.append(attributes)
        elif name == "finished":
            self.is_whole = attributes.get("exit") == "success"

    def doctype(self, _name: str, system: str | None, public: str | None, has_subset: int) -> None:
        """The one that nmap writes is a bare name; everything else is somebody else's."""
        if system or public or has_subset:
            raise ValueError("what it wrote has a document type of its own")

    def entity(self, *_declared: object) -> None:
        """None is declared by nmap."""
        raise ValueError("what it wrote declares entities")


def _rules(service: dict[str, str]) -> list[tuple[str, str]]:
    sure = service.get("conf", "")
    if service.get("method") != "probed" or not sure.isdecimal() or int(sure) < _SURE:
        return []
    name, is_tls = service.get("name", ""), service.get("tunnel") == "ssl"
    words = (name, service.get("product", ""), service.get("version", ""), service.get("extrainfo", ""))
    evidence = shown(" ".join(word for word in words if word), 200)
    rules = ["service_open"]
    if name in _RULES and not (is_tls and name == "ftp"):
        rules.append(_RULES[name])
    if name == "ssh" and service.get("extrainfo", "").startswith("protocol 1."):
        rules.append("" if "1.99" in service["extrainfo"] else "ssh_protocol_1")
    return [(rule, evidence) for rule in rules if rule]


ADAPTER: Final = Adapter(
    # Our own engines know what these say; nmap takes ten seconds more behind TLS.
    NMAP,
    _BOUNDS,
    lambda named: not named.is_tls and named.name not in _WEB,
    arguments,
    judge,
)
