"""What an SSH server agrees to, by ssh-audit: broken algorithms, short keys, and what is not recommended any longer."""

import math
from collections.abc import Iterator
from typing import Final

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.egress.probing import Spot
from cybervault.scans.engines import SSH_AUDIT
from cybervault.scans.engines.adapter import Adapter, Judged
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile
from cybervault.scans.seen import shown

_BOUNDS: Final = Bounds(seconds=60.0, memory_bytes=512 * 1024 * 1024, cpu_seconds=30, output_bytes=2 * 1024 * 1024)
# Its own words for exit statuses: 2 and 3 say that something was found, all others that it could not look.
_LOOKED: Final = frozenset({0, 2, 3})
_BROKEN: Final = {
    "kex": "ssh_weak_key_exchange",
    "key": "ssh_weak_host_key",
    "enc": "ssh_weak_cipher",
    "mac": "ssh_weak_mac",
}
# That curves of NIST have a back door is a suspicion, and no server of today has keys against quantum computers.
_OPINIONS: Final = ("suspected as being backdoored", "post-quantum")
_TERRAPIN: Final = "Terrapin"
_EVIDENCE_ITEMS_MAX: Final = 12


class _Algorithm(msgspec.Struct, frozen=True):
    algorithm: str
    notes: dict[str, list[str]] = msgspec.field(default_factory=dict)
    keysize: int | None = None


class _Audit(msgspec.Struct, frozen=True):
    kex: tuple[_Algorithm, ...] = ()
    key: tuple[_Algorithm, ...] = ()
    enc: tuple[_Algorithm, ...] = ()
    mac: tuple[_Algorithm, ...] = ()


_AUDITS: Final = msgspec.json.Decoder(_Audit)


def arguments(spot: Spot, _named: Named, profile: Profile) -> list[str]:
    """For one server; without the test that opens connections as fast as it can."""
    seconds = math.ceil(profile.answer_seconds)
    return ["-j", "--skip-rate-test", "-t", str(seconds), "-p", str(spot.port), str(spot.address)]


def judge(output: bytes, code: int | None) -> Judged:
    """Rules that hold by what it wrote, each with its evidence (pure); ValueError for what is no audit.

    What its banner says of versions is not used: distributions mend flaws without another version.
    """
    if code not in _LOOKED:
        raise ValueError("it could not speak with the server")
    try:
        audit = _AUDITS.decode(output)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ValueError("what it wrote is no audit") from None
    found = dict[str, dict[str, str]]()
    for section in _BROKEN:
        for one in getattr(audit, section):
            for rule, note in _rules(one, section):
                found.setdefault(rule, {}).setdefault(one.algorithm, note)
    return Judged([(rule, _listed(notes)) for rule, notes in found.items()])


def _rules(one: _Algorithm, section: str) -> Iterator[tuple[str, str]]:
    for level in ("fail", "warn"):
        for note in one.notes.get(level, ()):
            if _TERRAPIN in note:
                yield "ssh_terrapin", "without strict key exchange"
            elif not any(words in note for words in _OPINIONS):
                # As a key of messages SHA-1 is old, and not broken.
                is_broken = level == "fail" and not (section == "mac" and "SHA-1" in note)
                yield _BROKEN[section] if is_broken else "ssh_not_recommended", note


def _listed(notes: dict[str, str]) -> str:
    """Algorithms by what is wrong with them, each with the first that is."""
    together = dict[str, list[str]]()
    for name, note in list(notes.items())[:_EVIDENCE_ITEMS_MAX]:
        together.setdefault(shown(note, 100), []).append(shown(name, 60))
    some = [f"{', '.join(names)} ({note})" for note, names in together.items()]
    more = len(notes) - _EVIDENCE_ITEMS_MAX
    return "; ".join(some) + (f"; and {more} more" if more > 0 else "")


ADAPTER: Final = Adapter(SSH_AUDIT, _BOUNDS, lambda named: named.name == "ssh", arguments, judge)
