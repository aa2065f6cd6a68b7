"""Packs of rules: read from their place once, and from a file of our own as long as nothing of them has changed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from cybervault.detection.keeping import keep, kept
from cybervault.detection.rule import Correlation, Filter, Rule, RuleProblem
from cybervault.detection.tree import dumped, every
from cybervault.domain.verdicts import Severity

FORMAT: Final = 3
"""Changes where rules are compiled otherwise than before, so that what was kept is made anew."""

STARTER: Final = "starter"
_LEVELS: Final = (Severity.INFORMATIONAL, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


# Several servers of one process, each with a few packs; what a hot swap leaves behind is not kept for ever.
_READ_MAX: Final = 32


class Standing(StrEnum):
    """Whether a rule is in force, and why not."""

    IN_FORCE = "in_force"
    SWITCHED_OFF = "switched_off"
    BELOW_LEVEL = "below_level"
    HUNTING = "hunting"


@dataclass(frozen=True, slots=True)
class Profile:
    """Which rules are in force: from a level upwards, those for hunting only where they are wanted.

    `off` are the ids of those that were switched off, each with the reason.
    """

    least: Severity = Severity.MEDIUM
    has_hunting: bool = False
    off: Mapping[str, str] = field(default_factory=dict)

    def standing(self, rule: Rule) -> Standing:
        """Whether a rule is in force, or the first reason why it is not."""
        if rule.id in self.off:
            return Standing.SWITCHED_OFF
        if rule.is_hunting and not self.has_hunting:
            return Standing.HUNTING
        is_low = _LEVELS.index(rule.level) < _LEVELS.index(self.least)
        return Standing.BELOW_LEVEL if is_low else Standing.IN_FORCE

    def takes(self, rule: Rule) -> bool:
        """Whether a rule is in force."""
        return self.standing(rule) is Standing.IN_FORCE


class Pack(msgspec.Struct, frozen=True):
    """Rules that came together, and the filters and correlations that came with them."""

    name: str
    rules: tuple[Rule, ...]
    problems: tuple[RuleProblem, ...]
    filters: tuple[Filter, ...] = ()
    correlations: tuple[Correlation, ...] = ()


# What this process has read, by its digest: several servers in one process, and commands after one another.
_READ: Final[dict[str, Pack]] = {}
_PACKS: Final = msgspec.msgpack.Decoder(Pack)


def load_pack(
    name: str,
    files: Iterable[tuple[str, bytes]],
    *,
    cache: Path | None = None,
    look: str | None = None,
    report: Callable[[int, int], None] | None = None,
) -> Pack:
    """The rules of some files, from the cache where the same files were read before.

    With a `look` of theirs (`look_of`) they are not even read where they look as they did then. What cannot be kept,
    because the disk is full, is only read again the next time. `report` is told of how many files how many were begun.
    """
    sight = None if cache is None or look is None else cache / f"{_digest(name, [(look, b'')])}.look"
    known = None if sight is None else kept(sight)
    if cache is not None and known is not None:
        found = _READ.get(known.decode()) or _kept(cache / f"{known.decode()}.pack")
        if found is not None:
            return found
    content = list(files)
    digest = _digest(name, content)
    if sight is not None:
        keep(sight, digest.encode())
    path = None if cache is None else cache / f"{digest}.pack"
    before = _READ.get(digest) or (None if path is None else _kept(path))
    if before is not None:
        return before
    # Slow to import, and needed only for files that nobody has seen before.
    from cybervault.detection.rules.load import load_files  # noqa: PLC0415

    read = load_files(content if report is None else _reported(content, report), name)
    pack = Pack(name, read.rules, read.problems, read.filters, read.correlations)
    _remember(digest, pack)
    if path is not None:
        keep(path, msgspec.msgpack.encode(pack))
    return pack


def starter_files() -> list[tuple[str, bytes]]:
    """The files of the pack that ships with the product."""
    folder = resources.files("cybervault.detection").joinpath(STARTER)
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yml") and one.name != "pack.yml")
    return [(name, folder.joinpath(name).read_bytes()) for name in names]


def by_id(packs: Sequence[Pack]) -> dict[str, Rule]:
    """All rules, in force or not; of two with one id that of the later pack."""
    return {rule.id: rule for pack in packs for rule in pack.rules}


def merged(packs: Sequence[Pack], profile: Profile, needed: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
    """The rules in force of several packs, with the filters of all of them; of two with one id that of the later pack.

    Filters belong to no pack's rules, so that they outlive a new release of these. `needed` are ids of rules that a
    correlation must ask though they are not in force.
    """
    filters = {one.id: one for pack in packs for one in pack.filters}
    asked = (rule for rule in by_id(packs).values() if profile.takes(rule) or rule.id in needed)
    return tuple(narrowed(rule, filters.values()) for rule in asked)


def narrowed(rule: Rule, filters: Iterable[Filter]) -> Rule:
    """A rule under those filters that are for it."""
    found = tuple(one for one in filters if one.is_for(rule))
    if not found:
        return rule
    condition = every([rule.condition, *(one.condition for one in found)])
    return msgspec.structs.replace(rule, compiled=dumped(condition), filters=found)


def _reported(files: Sequence[tuple[str, bytes]], report: Callable[[int, int], None]) -> Iterator[tuple[str, bytes]]:
    for number, file in enumerate(files, start=1):
        report(number, len(files))
        yield file


def _remember(digest: str, pack: Pack) -> None:
    while len(_READ) >= _READ_MAX:
        del _READ[next(iter(_READ))]
    _READ[digest] = pack


def _digest(name: str, files: Iterable[tuple[str, bytes]]) -> str:
    made = hashlib.sha256(f"{FORMAT} {version('pysigma')} {name}".encode())
    for path, raw in files:
        made.update(f"\x00{path}\x00{len(raw)}\x00".encode(errors="replace"))
        made.update(raw)
    return made.hexdigest()[:40]


def _kept(path: Path) -> Pack | None:
    raw = kept(path)
    try:
        return None if raw is None else _PACKS.decode(raw)
    except msgspec.MsgspecError:
        return None
