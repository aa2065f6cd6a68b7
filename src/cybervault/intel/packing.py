"""Packs keys and networks into the files that `index` and `networks` read; the only user of numpy here."""

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from cybervault.intel.index import KEY_BYTES_MAX, VALUE_MAX
from cybervault.intel.networks import Network, Numbering, flatten
from cybervault.intel.sections import write_sections

Fingerprint: TypeAlias = Callable[[bytes], int]

_BUCKET_KEYS: Final = 6
_HEAP_BYTES_MAX: Final = (1 << 32) - 1
_HALF: Final = 64
_LOW: Final = (1 << _HALF) - 1
_RECORD: Final = np.dtype([("offset", "<u4"), ("value", "<u2"), ("length", "u1"), ("spare", "u1")])


@dataclass(frozen=True, slots=True)
class _Entries:
    """All keys as they came, column by column; `starts` and `lengths` find them in the heap."""

    fingerprints: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    lengths: NDArray[np.uint8]
    members: NDArray[np.uint16]
    heap: bytearray

    def key(self, entry: int) -> bytes:
        start = int(self.starts[entry])
        return bytes(self.heap[start : start + int(self.lengths[entry])])


class Packer:
    """Collects keys list by list, each list with its member number, and packs them once."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self._fingerprint = fingerprint
        self._heap = bytearray()
        self._fingerprints = [np.empty(0, np.uint64)]
        self._lengths = [np.empty(0, np.uint8)]
        self._members = [np.empty(0, np.uint16)]

    @classmethod
    def seeded(cls, seed: int) -> "Packer":
        """A packer whose fingerprints `Index` with the same seed finds."""
        return cls(partial(xxh3_64_intdigest, seed=seed))

    def add(self, keys: Sequence[bytes], member: int) -> None:
        """Take the keys of one list; a key longer than 255 bytes is a bug of the caller."""
        if any(len(key) > KEY_BYTES_MAX for key in keys) or member > VALUE_MAX:
            message = "a key or a member number is too large for the index"
            raise ValueError(message)
        self._heap += b"".join(keys)
        self._fingerprints.append(np.fromiter(map(self._fingerprint, keys), np.uint64, len(keys)))
        self._lengths.append(np.fromiter(map(len, keys), np.uint8, len(keys)))
        self._members.append(np.full(len(keys), member, np.uint16))

    def write(self, path: Path, numbering: Numbering | None = None) -> int:
        """Write the index and give the number of distinct keys.

        The value of a key is the number of the set of its members; without `numbering` it is its first member.
        """
        if len(self._heap) > _HEAP_BYTES_MAX:
            message = "the keys of an index have to fit into four gigabytes"
            raise ValueError(message)
        lengths = np.concatenate(self._lengths)
        starts = np.cumsum(lengths, dtype=np.uint32) - lengths
        entries = _Entries(
            np.concatenate(self._fingerprints), starts, lengths, np.concatenate(self._members), self._heap
        )
        chosen, values = _distinct(entries, numbering)
        records = np.zeros(len(chosen), _RECORD)
        records["offset"], records["length"], records["value"] = starts[chosen], lengths[chosen], values
        fingerprints = entries.fingerprints[chosen]
        columns = (fingerprints, _directory(fingerprints), records.view(np.uint64))
        write_sections(path, [*(column.data.cast("B") if column.size else b"" for column in columns), self._heap])
        return len(chosen)


def _distinct(entries: _Entries, numbering: Numbering | None) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """One entry for each distinct key, in the order of the fingerprints, and its value."""
    order = np.argsort(entries.fingerprints, kind="stable")
    ordered = entries.fingerprints[order]
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(order)), np.bool_), ordered[1:] != ordered[:-1]]))
    ends = np.append(begins[1:], len(order))
    chosen = order[begins]
    values = _alone(entries.members[chosen], numbering)
    shared = np.flatnonzero(ends - begins > 1)
    places: list[int] = []
    extra: list[tuple[int, int]] = []
    for place in shared.tolist():
        same = _keys(entries, order[begins[place] : ends[place]].tolist(), numbering)
        chosen[place], values[place] = next(same)
        further = list(same)  # several keys under one fingerprint
        places += [place + 1] * len(further)
        extra += further
    if extra:
        chosen = np.insert(chosen, places, [entry for entry, _ in extra])
        values = np.insert(values, places, [value for _, value in extra])
    return chosen, values


def _alone(members: NDArray[np.uint16], numbering: Numbering | None) -> NDArray[np.uint16]:
    if numbering is None:
        return members.copy()
    numbers = np.zeros(VALUE_MAX + 1, np.uint16)
    for member in np.unique(members).tolist():
        numbers[member] = numbering.number((member,))
    return numbers[members]


def _keys(entries: _Entries, same: list[int], numbering: Numbering | None) -> Iterator[tuple[int, int]]:
    found: dict[bytes, list[int]] = {}
    for entry in same:
        found.setdefault(entries.key(entry), []).append(entry)
    for holders in found.values():
        members = [int(entries.members[entry]) for entry in holders]
        yield holders[0], members[0] if numbering is None else numbering.number(set(members))


def _directory(fingerprints: NDArray[np.uint64]) -> NDArray[np.uint32]:
    bits = max(1, (len(fingerprints) // _BUCKET_KEYS).bit_length())
    borders = np.arange(1 << bits, dtype=np.uint64) << np.uint64(_HALF - bits)
    return np.append(np.searchsorted(fingerprints, borders), len(fingerprints)).astype(np.uint32)


def write_networks(folder: Path, networks: Sequence[tuple[Network, int]], numbering: Numbering) -> int:
    """Write the segments of (network, member number) pairs as `v4` and `v6` into a folder and give their number."""
    four, six = _segments(networks, 4, numbering), _segments(networks, 6, numbering)
    starts = np.array([start for start, _ in four], np.uint32)
    write_sections(folder / "v4", [starts.tobytes(), _numbers(four)])
    highs = np.array([start >> _HALF for start, _ in six], np.uint64)
    lows = np.array([start & _LOW for start, _ in six], np.uint64)
    write_sections(folder / "v6", [highs.tobytes(), lows.tobytes(), _numbers(six)])
    return len(four) + len(six)


def _numbers(segments: list[tuple[int, int]]) -> bytes:
    return np.array([number for _, number in segments], np.uint16).tobytes()


def _segments(networks: Sequence[tuple[Network, int]], version: int, numbering: Numbering) -> list[tuple[int, int]]:
    beyond = 1 << (32 if version == 4 else 128)  # noqa: PLR2004 - the IP version itself
    spans = (
        (int(network.network_address), int(network.broadcast_address), member)
        for network, member in networks
        if network.version == version
    )
    return [(start, number) for start, number in flatten(spans, numbering) if start < beyond]


def network_of(text: str) -> Network:
    """A network or single address from text; IPv4 in IPv6 form becomes IPv4. ValueError when it is none."""
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network):
        carried = network.network_address.ipv4_mapped
        if carried is not None and network.prefixlen >= 96:  # noqa: PLR2004 - the length of ::ffff:0:0/96
            return ipaddress.ip_network((carried, network.prefixlen - 96))
    return network
