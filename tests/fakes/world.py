"""The little world that all stand-ins agree about: a handful of observables with one story each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit

QUAD9: Final = "9.9.9.9"
CLOUDFLARE_SECURITY: Final = "1.1.1.2"
CLEANBROWSING: Final = "185.228.168.9"
DNS4EU: Final = "86.54.11.1"
ULTRADNS: Final = "156.154.70.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What there is to say about a file itself."""

    md5: str
    sha1: str
    sha256: str
    name: str
    size: int
    mime: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the sources know about one observable; a default means that they know nothing of the kind.

    `detections` and `harmless` count VirusTotal's engines, `reputation` its community; `abuse_score`, `reports`,
    `reporters` and `categories` are AbuseIPDB's; `standing` is Robtex's word; `noise` GreyNoise's classification;
    `registered` is a date or an age; `records` are DNS answers by type; `related` the other side of passive DNS.
    """

    detections: int = 0
    harmless: int = 0
    reputation: int = 0
    family: str = ""
    country: str = ""
    owner: str = ""
    asn: int = 0
    network: str = ""
    abuse_score: int = 0
    reports: int = 0
    reporters: int = 0
    categories: tuple[int, ...] = ()
    is_whitelisted: bool = False
    is_tor: bool = False
    polyscore: float | None = None
    standing: str = ""
    rank: int = 0
    ports: tuple[int, ...] = ()
    vulnerabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    noise: str = ""
    is_riot: bool = False
    actor: str = "unknown"
    trust: int | None = None
    malicious_list: str = ""
    registered: date | timedelta | None = None
    registrar: str = ""
    status: tuple[str, ...] = ("active",)
    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    related: tuple[str, ...] = ()
    blocked_by: frozenset[str] = frozenset()
    file: File | None = None


def _file(content: bytes, *, name: str, mime: str, description: str) -> File:
    return File(
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(content).hexdigest(),
        name=name,
        size=len(content),
        mime=mime,
        description=description,
    )


# The EICAR test file by its published hashes; its content stays out of this repository, for scanners act on it.
EICAR: Final = File(
    md5="44d88612fea8a8f36de82e1278abb02f",
    sha1="3395856ce81f2b7382dee72602f798b642f14140",
    sha256="275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
    name="eicar.com",
    size=68,
    mime="text/plain",
    description="EICAR virus test file",
)
CLEAN_FILE: Final = _file(
    b"A harmless file of the CyberVault demo.\n", name="harmless.txt", mime="text/plain", description="ASCII text"
)

_MALICIOUS_FILE: Final = Profile(
    detections=62,
    reputation=-120,
    family="virus.eicar/test",
    tags=("known-distributor", "attachment"),
    polyscore=0.99999985,
    malicious_list="malshare.com",
    related=("evil.example", "203.0.113.42"),
    file=EICAR,
)
_CLEAN_FILE: Final = Profile(polyscore=0.018, trust=95, tags=("text", "trusted"), file=CLEAN_FILE)

_MALICIOUS_DOMAIN: Final = Profile(
    detections=16,
    harmless=48,
    reputation=-41,
    standing="malicious",
    registered=timedelta(days=6),
    registrar="Example Registrar, Ltd.",
    records={
        "A": ("203.0.113.42",),
        "NS": ("ns1.evil.example.", "ns2.evil.example."),
        "MX": ("10 mail.evil.example.",),
        "TXT": ('"v=spf1 -all"',),
    },
    related=("203.0.113.42", "198.51.100.23"),
    blocked_by=frozenset({QUAD9, CLOUDFLARE_SECURITY, CLEANBROWSING}),
)

_WORLD: Final[Mapping[str, Profile]] = {
    "8.8.8.8": Profile(
        harmless=66,
        reputation=524,
        country="US",
        owner="GOOGLE",
        asn=15169,
        network="8.8.8.0/24",
        reports=12,
        reporters=9,
        categories=(14,),
        is_whitelisted=True,
        ports=(53, 443),
        is_riot=True,
        noise="benign",
        actor="Google Public DNS",
        registered=date(2014, 3, 14),
        related=("dns.google",),
    ),
    "google.com": Profile(
        harmless=68,
        reputation=611,
        standing="good",
        rank=1,
        registered=date(1997, 9, 15),
        registrar="MarkMonitor Inc.",
        records={
            "A": ("142.250.74.46",),
            "AAAA": ("2a00:1450:400f:80c::200e",),
            "NS": tuple(f"ns{number}.google.com." for number in range(1, 5)),
            "MX": ("10 smtp.google.com.",),
            "TXT": ('"v=spf1 include:_spf.google.com ~all"',),
        },
        related=("142.250.74.46",),
    ),
    "203.0.113.42": Profile(
        detections=14,
        harmless=45,
        reputation=-37,
        country="NL",
        owner="EXAMPLE-HOSTING",
        asn=64500,
        network="203.0.113.0/24",
        abuse_score=97,
        reports=412,
        reporters=128,
        categories=(18, 22, 14),
        ports=(22, 80, 8080),
        vulnerabilities=tuple(f"CVE-2021-4177{digit}" for digit in range(6)),
        tags=("compromised",),
        noise="malicious",
        registered=date(2024, 2, 1),
        related=("evil.example", "login.evil.example"),
    ),
    "1.2.3.4": Profile(
        detections=1,
        harmless=58,
        country="AU",
        owner="APNIC Research and Development",
        asn=38803,
        network="1.2.3.0/24",
        abuse_score=34,
        reports=21,
        reporters=4,
        categories=(14, 15),
        ports=(80,),
        noise="unknown",
        registered=date(2011, 8, 10),
        related=("shop.example",),
    ),
    "evil.example": _MALICIOUS_DOMAIN,
    "shop.example": Profile(
        detections=1,
        harmless=57,
        standing="unrated",
        rank=870_000,
        registered=timedelta(days=19),
        registrar="Example Registrar, Ltd.",
        records={"A": ("1.2.3.4",), "NS": ("ns1.shop.example.",), "MX": ("10 mail.shop.example.",)},
        related=("1.2.3.4",),
        blocked_by=frozenset({QUAD9}),
    ),
    # Its answer is larger than a datagram may be, so it comes over TCP.
    "crowd.example": Profile(records={"A": tuple(f"198.51.100.{number}" for number in range(1, 121))}),
    **dict.fromkeys((EICAR.md5, EICAR.sha1, EICAR.sha256), _MALICIOUS_FILE),
    **dict.fromkeys((CLEAN_FILE.md5, CLEAN_FILE.sha1, CLEAN_FILE.sha256), _CLEAN_FILE),
}

# What is told where a reply must hold something and the world knows nothing.
STAND_IN: Final = Profile(
    detections=1,
    harmless=40,
    country="NL",
    owner="EXAMPLE-NET",
    asn=64501,
    network="198.51.100.0/24",
    abuse_score=10,
    reports=3,
    reporters=2,
    categories=(14,),
    polyscore=0.3,
    standing="unrated",
    rank=500_000,
    ports=(443,),
    noise="unknown",
    trust=50,
    registered=date(2020, 5, 4),
    registrar="Example Registrar, Ltd.",
    records={"A": ("198.51.100.7",)},
    related=("host.example", "198.51.100.7"),
)


class World:
    """Finds the profile of an observable; with `has_variety` every other one gets a story made from its own hash."""

    def __init__(self, *, has_variety: bool = False) -> None:
        self._has_variety = has_variety

    def find(self, subject: str) -> Profile | None:
        """The profile of an address, name, hash or URL (that of its host); None when nobody knows it."""
        name = (urlsplit(subject).hostname or "") if "://" in subject else subject.lower().removesuffix(".")
        found = _WORLD.get(name)
        return _derived(name) if found is None and self._has_variety else found


def _derived(name: str) -> Profile | None:
    """Four of ten unknown, three good, two doubtful, one bad; the same name has the same story on every machine."""
    digest = hashlib.sha256(name.encode()).digest()
    badness = digest[0] % 10
    if badness < 4:
        return None
    level = {7: 1, 8: 1, 9: 2}.get(badness, 0)
    return Profile(
        detections=(0, 1 + digest[1] % 3, 9 + digest[1] % 12)[level],
        harmless=40 + digest[2] % 20,
        country=("DE", "ES", "NL", "US")[digest[3] % 4],
        owner=f"EXAMPLE-NET-{digest[4]}",
        asn=64_496 + digest[5] % 16,
        network="198.51.100.0/24",
        abuse_score=(0, 20 + digest[6] % 40, 80 + digest[6] % 20)[level],
        reports=(1, 8, 90)[level] + digest[7] % 9,
        reporters=(1, 3, 40)[level],
        categories=(14, 18),
        polyscore=(0.04, 0.55, 0.97)[level],
        standing=("good", "unrated", "malicious")[level],
        rank=1 + int.from_bytes(digest[8:11]) % 2_000_000,
        ports=(22, 443),
        noise=("benign", "unknown", "malicious")[level],
        trust=(80, 50, 20)[level],
        registered=timedelta(days=(900, 40, 5)[level] + digest[11]),
        registrar="Example Registrar, Ltd.",
        records={"A": (f"198.51.100.{1 + digest[12] % 250}",)},
        related=(f"198.51.100.{1 + digest[12] % 250}", f"host-{digest[13]}.example"),
        blocked_by=frozenset({QUAD9, CLOUDFLARE_SECURITY, DNS4EU}) if level > 1 else frozenset(),
    )
