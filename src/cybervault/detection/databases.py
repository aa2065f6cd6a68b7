"""Compiled Hyperscan databases kept on disk: to compile those of a large pack takes minutes, to load them a moment."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cybervault.detection.compile.hyperscanning import compiled, loaded, version
from cybervault.detection.compile.scanners import Numbered, Proposer, literals
from cybervault.detection.keeping import keep, kept
from cybervault.detection.tree import ANYWHERE, Kind

PATTERNS_MIN: Final = 8
"""Fewer literals are found about as fast by an automaton, which is built in a moment; not in whole events, however."""
_SUFFIX: Final = ".hdb"


class Databases:
    """A `Proposing` that remembers. The folder is ours alone; what it holds for other versions is never used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def __call__(self, predicates: Numbered) -> Proposer:
        about = version() if len(predicates) >= PATTERNS_MIN or _take_long(predicates) else None
        if about is None:
            return literals(predicates)
        name = _digest(about, predicates.values())
        self._used.add(name)
        path = self._folder / f"{name}{_SUFFIX}"
        raw = kept(path)
        made = None if raw is None else loaded(predicates, raw)
        if made is None:
            made = compiled(predicates)
            keep(path, made.dump())
        return made.proposer

    def forget_others(self) -> int:
        """Delete those that were not asked for since the start, of rules that are gone; how many."""
        others = [path for path in self._folder.glob(f"*{_SUFFIX}") if path.stem not in self._used]
        for path in others:
            path.unlink(missing_ok=True)
        return len(others)


def _take_long(predicates: Numbered) -> bool:
    """Words in whole events, and regular expressions, which an automaton leaves to RE2, one after the other."""
    return any(one.field == ANYWHERE or one.kind is Kind.REGEX for one in predicates.values())


def _digest(about: str, predicates: Iterable[Any]) -> str:
    made = hashlib.sha256(about.encode())
    for one in predicates:
        made.update(f"\x00{one.kind}\x01{one.is_cased}\x01{one.pattern}".encode(errors="replace"))
    return made.hexdigest()[:40]
