"""A few lists, clusters and suffix rules in the packages' own forms, small enough to see at a glance."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cybervault.intel.compile import Packages

BUILT_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)

EMPTY_MD5: Final = "d41d8cd98f00b204e9800998ecf8427e"
KNOWN_SHA256: Final = "ab" * 32

_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "cisco_top1000": ["Search.example", "cdn.google.com", "lonely.example", "bit.example"],
    "majestic_million": ["search.example", "bit.example"],
    "tranco": ["search.example", "dropper-panel.example", "bücher.example", "not a name"],
    "url-shortener": ["bit.example"],
    "dynamic-dns": [".dyn.example", ".co.uk"],
    "disposable-email": ["trash.example"],
    "lots-project": [".pages.example", "files.example", "bit.example"],
    "microsoft-attack-simulator": ["exercise.example", "203.0.114.9"],
    "google": ["search.example"],
    "covid": ["lapsed.example"],
}
_NETWORKS: Final[Mapping[str, Sequence[str]]] = {
    "cloudflare": ["104.16.0.0/13", "2606:4700::/32"],
    "vpn-ipv4": ["8.8.8.0/24", "104.16.0.0/12", "20.0.0.0/9"],
    "public-dns-v4": ["8.8.8.8", "20.1.1.1", "nonsense"],
    "sinkholes": ["104.21.27.14", "199.2.137.0/24"],
    "umbrella-blockpage-v6": ["::ffff:9270:3d68"],
    "shodan-scanning": ["20.2.2.0/24"],
}
_HASHES: Final[Mapping[str, Sequence[str]]] = {
    "empty-hashes": [EMPTY_MD5, "3::"],
    "nioc-filehash": [EMPTY_MD5.upper(), KNOWN_SHA256],
}
_CLUSTERS: Final[Mapping[str, Sequence[tuple[str, Sequence[str]]]]] = {
    "malpedia": [("Emotet", ["Geodo", "Heodo"]), ("Mirai (ELF)", []), ("RedLine Stealer", []), ("Sofacy", [])],
    "banker": [("Geodo", ["Emotet", "Feodo Version C"])],
    "threat-actor": [("APT28", ["Sofacy", "FANCY BEAR"])],
}
_SUFFIXES: Final = """
// ===BEGIN ICANN DOMAINS===
com
example
uk
co.uk
*.ck
!www.ck
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
pages.example
// ===END PRIVATE DOMAINS===
"""


def write_packages(folder: Path, top: str = "example") -> Packages:
    """Write the packages below `folder`; names end in `top`."""
    lists, clusters, suffixes = folder / "lists", folder / "clusters", folder / "suffixes.dat"
    for kind, attributes, group in (
        ("hostname", ["domain"], _NAMES),
        ("cidr", ["ip-src"], _NETWORKS),
        ("string", ["md5", "sha256"], _HASHES),
    ):
        for name, entries in group.items():
            texts = [entry.replace(".example", f".{top}") for entry in entries]
            write_list(lists, name, {"type": kind, "matching_attributes": attributes, "list": texts})
    clusters.mkdir()
    for name, values in _CLUSTERS.items():
        cluster = {"values": [{"value": value, "meta": {"synonyms": synonyms}} for value, synonyms in values]}
        (clusters / f"{name}.json").write_text(json.dumps(cluster), encoding="utf-8")
    suffixes.write_text(_SUFFIXES, encoding="utf-8")
    return Packages(lists, clusters, suffixes, {"lists": "1.0", "clusters": "2.0", "suffixes": "3.0"})


def write_list(lists: Path, name: str, content: Mapping[str, object]) -> None:
    (lists / name).mkdir(parents=True)
    document = {"name": name, "description": "", "version": 7, **content}
    (lists / name / "list.json").write_text(json.dumps(document), encoding="utf-8")
