"""Partitions as bytes, of which nothing is read before it is needed: to compile a large one takes seconds.

Who keeps them must give back what was given: what is read is trusted as our own code is.
"""

from typing import Final, Protocol

import msgspec

from cybervault.detection.compile.hyperscanning import KeptScanning, Scanning, dumped, fastest, loaded, version
from cybervault.detection.compile.partition import Candidate, FieldPart, Partition, Reference, absent_in
from cybervault.detection.compile.scanners import Finder, Later, Numbered, Scanner, searched
from cybervault.detection.tree import Predicate

FORMAT: Final = 1
"""Changes where the same rules make other partitions than before, so that those that were kept are made anew."""


class Keeper(Protocol):
    """Where things are kept under names; it may forget any of them, at any time."""

    def get(self, name: str) -> bytes | None:
        """What was put there; None where it is gone."""

    def put(self, name: str, raw: bytes) -> None:
        """Keep it, if that is possible."""


class KeptField(msgspec.Struct, frozen=True, array_like=True):
    """One field.

    `searches` has what finds texts in any case of letters (False) and by their case (True), where there is something to
    find; None where that is made in a moment.
    """

    name: str
    others: dict[int, Predicate]
    literal: msgspec.Raw
    searches: list[tuple[bool, KeptScanning | None]]


class KeptPartition(msgspec.Struct, frozen=True, array_like=True):
    """The whole."""

    candidates: list[tuple[int, bytes]]
    fields: list[KeptField]
    references: list[Reference]
    always: list[int]
    by_witness: dict[int, list[int]]


_PARTITIONS: Final = msgspec.msgpack.Decoder(KeptPartition)
_LITERAL: Final = msgspec.msgpack.Decoder(dict[int, Predicate])


def versions() -> str:
    """What kept partitions are good for."""
    return f"{FORMAT} {version()}"


def kept_of(partition: Partition) -> bytes:
    """What `restored` reads."""
    parts = partition.fields if partition.keywords is None else [*partition.fields, partition.keywords]
    return msgspec.msgpack.encode(
        KeptPartition(
            [(one.rule, one.packed) for one in partition.candidates],
            [_kept_field(part) for part in parts],
            list(partition.references),
            list(partition.always),
            {number: list(places) for number, places in partition.by_witness.items()},
        )
    )


def restored(raw: bytes) -> Partition | None:
    """The partition; None for bytes that are none."""
    try:
        kept = _PARTITIONS.decode(raw)
    except msgspec.MsgspecError:
        return None
    return Partition(
        [Candidate(rule, packed) for rule, packed in kept.candidates],
        [FieldPart(one.name, _scanner(one), absent_in(one.others)) for one in kept.fields],
        kept.references,
        always=kept.always,
        by_witness=kept.by_witness,
    )


def _kept_field(part: FieldPart) -> KeptField:
    scanner = part.scanner
    literal = msgspec.Raw(msgspec.msgpack.encode(scanner.literal))
    searches = [
        (is_cased, dumped(one) if isinstance(one, Scanning) else None)
        for is_cased, one in ((False, scanner.lower), (True, scanner.cased))
        if one is not None
    ]
    return KeptField(part.name, dict(scanner.others), literal, searches)


def _scanner(kept: KeptField) -> Scanner:
    others, raw = kept.others, kept.literal.copy()  # which lets go of the whole

    def literal() -> Numbered:
        return _LITERAL.decode(raw)

    def later(search: KeptScanning | None, *, is_cased: bool) -> Finder:
        def make() -> Finder:
            found = None if search is None else loaded(search, others)
            return fastest(searched({**others, **literal()}, is_cased=is_cased)) if found is None else found

        return Later(make)

    finders = {is_cased: later(search, is_cased=is_cased) for is_cased, search in kept.searches}
    return Scanner(others, literal, lower=finders.get(False), cased=finders.get(True))
