"""The packages of an image as one scan read them, and what is known of them; kept with the scan."""

import zlib
from typing import Final

import msgspec

from cybervault.domain.verdicts import Severity
from cybervault.scans.contents import Package, Release


class Item(msgspec.Struct, frozen=True):
    """A package, and the files that list it."""

    system: str
    package: Package
    paths: tuple[str, ...]


class Vulnerability(msgspec.Struct, frozen=True):
    """A finding in the words of its advisories: without `severity` nobody rated it; `affected` are places of items."""

    fingerprint: str
    id: str
    advisories: tuple[str, ...]
    severity: Severity | None
    fixed: str
    summary: str
    affected: tuple[int, ...]


class Inventory(msgspec.Struct, frozen=True):
    """What one image holds; `faults` say why it is not all, `digest` ("" where unknown) is that of its manifest."""

    image: str
    digest: str
    release: Release | None
    items: tuple[Item, ...]
    vulnerabilities: tuple[Vulnerability, ...]
    faults: tuple[str, ...]


_INVENTORIES: Final = msgspec.msgpack.Decoder(Inventory)


def packed(inventory: Inventory) -> bytes:
    """As it is kept: a tenth of its size, for paths repeat themselves."""
    return zlib.compress(msgspec.msgpack.encode(inventory))


def unpacked(raw: bytes) -> Inventory:
    """What was packed here."""
    return _INVENTORIES.decode(zlib.decompress(raw))
