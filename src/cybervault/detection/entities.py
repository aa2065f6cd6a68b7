"""Who and what an event is about, for those who act on it: host, user, process, ip, domain, hash, file."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

_Value: TypeAlias = str | tuple[str, ...] | None

HOST: Final = "host"
USER: Final = "user"
PROCESS: Final = "process"
IP: Final = "ip"
DOMAIN: Final = "domain"
HASH: Final = "hash"
FILE: Final = "file"

Entities: TypeAlias = tuple[tuple[str, str], ...]

# Names of the Sigma taxonomy, those of Windows security events among them.
_KINDS: Final[Mapping[str, str]] = {
    "Computer": HOST,
    "User": USER,
    "SubjectUserName": USER,
    "TargetUserName": USER,
    "Image": PROCESS,
    "SourceImage": PROCESS,
    "NewProcessName": PROCESS,
    "ProcessName": PROCESS,
    "SourceIp": IP,
    "DestinationIp": IP,
    "SourceAddress": IP,
    "DestAddress": IP,
    "IpAddress": IP,
    "DestinationHostname": DOMAIN,
    "QueryName": DOMAIN,
    "Hashes": HASH,
    "TargetFilename": FILE,
    "ImageLoaded": FILE,
}
_CHARACTERS_MAX: Final = 1024
_ITEMS_MAX: Final = 100
_HASH_NAMES: Final = frozenset({"MD5", "SHA1", "SHA256", "SHA512"})


def names_of(kind: str) -> tuple[str, ...]:
    """The fields that tell entities of a kind."""
    return tuple(name for name, one in _KINDS.items() if one == kind)


def entities_of(fields: Mapping[str, _Value]) -> Entities:
    """What fields under names of the taxonomy tell; a value that cannot be what its field says is left out."""
    return named((kind, value) for name, kind in _PAIRS if (value := fields.get(name)) is not None)


_PAIRS: Final = tuple(_KINDS.items())


def named(pairs: Iterable[tuple[str, _Value]]) -> Entities:
    """These entities, each once: printable, not longer than a path, addresses only where they can be read."""
    found: dict[tuple[str, str], None] = {}
    for kind, value in pairs:
        if isinstance(value, str):
            if value and len(value) <= _CHARACTERS_MAX:
                found.update(_sound(kind, value))
        elif value is not None:
            for text in value[:_ITEMS_MAX]:
                found.update(_sound(kind, text[: _CHARACTERS_MAX + 1]))
    return tuple(found)


@lru_cache(maxsize=8192)
def _sound(kind: str, text: str) -> dict[tuple[str, str], None]:
    """Remembered, because one host's events repeat a few names."""
    if not text or text == "-" or len(text) > _CHARACTERS_MAX or not text.isprintable():
        return {}
    if kind == HASH:
        return {(HASH, digest): None for digest in _hashes(text)}
    return {(kind, text): None} if kind != IP or _is_address(text) else {}


def _hashes(text: str) -> tuple[str, ...]:
    """The digests in "SHA1=...,MD5=..."; the import hash names many files and is left out."""
    parts = (part.partition("=") for part in text.split(","))
    return tuple(digest.lower() for name, _, digest in parts if name.strip().upper() in _HASH_NAMES)


def _is_address(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text).is_unspecified
    except ValueError:
        return False
