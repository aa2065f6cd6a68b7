"""Packs of rules: read from their place once, and from a file of our own as long as nothing of them has changed."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from cybervault.detection.keeping import keep, kept
from cybervault.detection.rule import Rule, RuleProblem
from cybervault.domain.verdicts import Severity

FORMAT: Final = 1
"""Changes where rules are compiled otherwise than before, so that what was kept is made anew."""

STARTER: Final = "starter"
_LEVELS: Final = (Severity.INFORMATIONAL, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Profile:
    """Which rules are in force: from a level upwards, and those for hunting only where they are wanted."""

    least: Severity = Severity.MEDIUM
    has_hunting: bool = False

    def takes(self, rule: Rule) -> bool:
        """Whether a rule is in force."""
        return _LEVELS.index(rule.level) >= _LEVELS.index(self.least) and (self.has_hunting or not rule.is_hunting)


class Pack(msgspec.Struct, frozen=True):
    """Rules that came together."""

    name: str
    rules: tuple[Rule, ...]
    problems: tuple[RuleProblem, ...]


# What this process has read, by its digest: several servers in one process, and commands after one another.
_READ: Final[dict[str, Pack]] = {}
_PACKS: Final = msgspec.msgpack.Decoder(Pack)


def load_pack(name: str, files: Iterable[tuple[str, bytes]], *, cache: Path | None = None) -> Pack:
    """The rules of some files, from the cache where the same files were read before.

    What cannot be kept, because the disk is full, is only read again the next time.
    """
    content = list(files)
    digest = _digest(name, content)
    path = None if cache is None else cache / f"{digest}.pack"
    before = _READ.get(digest) or (None if path is None else _kept(path))
    if before is not None:
        return before
    # Slow to import, and needed only for files that nobody has seen before.
    from cybervault.detection.rules.load import load_files  # noqa: PLC0415

    found = load_files(content, name)
    pack = _READ[digest] = Pack(name, found.rules, found.problems)
    if path is not None:
        keep(path, msgspec.msgpack.encode(pack))
    return pack


def starter_files() -> list[tuple[str, bytes]]:
    """The files of the pack that ships with the product."""
    folder = resources.files("cybervault.detection").joinpath(STARTER)
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yml") and one.name != "pack.yml")
    return [(name, folder.joinpath(name).read_bytes()) for name in names]


def merged(packs: Sequence[Pack], profile: Profile) -> tuple[Rule, ...]:
    """The rules in force of several packs; of two with one id that of the later pack."""
    rules = {rule.id: rule for pack in packs for rule in pack.rules}
    return tuple(rule for rule in rules.values() if profile.takes(rule))


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
