"""ATT&CK: every technique and tactic of the Enterprise matrix, and what became of an id in a later version.

Source: MITRE ATT&CK, Enterprise 18.1 (`attack.tsv`) and the ids that 19 gave anew (`attack19.toml`). (c) The MITRE
Corporation; reproduced and distributed with its permission:
https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

VERSION: Final = "18.1"
NEWEST: Final = "19"
NOTICE: Final = (
    "\N{COPYRIGHT SIGN} The MITRE Corporation. This work is reproduced and distributed with the permission of "
    "The MITRE Corporation."
)
_TABLE: Final = "attack.tsv"
_CROSSWALK: Final = "attack19.toml"
_SITE: Final = "https://attack.mitre.org"
_TACTIC: Final = "TA"
_SPLIT: Final = "defense-evasion"
_STEALTH: Final = "stealth"
_IMPAIRMENT: Final = "defense-impairment"


class State(StrEnum):
    """What ATT&CK says of an id today."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Tactic:
    """A column of the matrix; `short` is its name in tags and in STIX."""

    id: str
    name: str
    short: str

    @property
    def url(self) -> str:
        """Its page at MITRE."""
        return f"{_SITE}/tactics/{self.id}/"


@dataclass(frozen=True, slots=True)
class Technique:
    """`tactics` are short names; `tactic` is the first, which is the one it is most often met in.

    `revoked_by` is the id that ATT&CK names in its place, which may be revoked itself: see `successor`.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    state: State = State.ACTIVE
    revoked_by: str | None = None

    @property
    def tactic(self) -> str:
        """The tactic it is shown under where there is room for one."""
        return self.tactics[0]

    @property
    def url(self) -> str:
        """Its page at MITRE."""
        return url_of(self.id)


def url_of(technique_id: str) -> str:
    """The page at MITRE of any id that has the form of ATT&CK, known here or not."""
    return f"{_SITE}/techniques/{technique_id.replace('.', '/')}/"


def technique(technique_id: str) -> Technique | None:
    """The technique of an id as ATT&CK writes it, None where no version that we know holds it.

    Callers never drop an id that is not known, they show it without name, under the tactic that came with it.
    """
    tables = _tables()
    if technique_id in tables.newer:
        return Technique(technique_id, *tables.newer[technique_id])
    if technique_id not in tables.lines:
        return None
    name, tactics, state, revoked_by = tables.lines[technique_id].split("\t")
    today = tables.successors.get(technique_id)
    return Technique(
        technique_id,
        name,
        tuple(tactics.split(",")),
        State.REVOKED if today else State(state or State.ACTIVE),
        today or revoked_by or None,
    )


def successor(technique_id: str) -> str:
    """The id that ATT&CK has today for this one; itself where nothing took its place."""
    seen, known = {technique_id}, technique(technique_id)
    while known is not None and known.revoked_by is not None and known.revoked_by not in seen:
        seen.add(known.revoked_by)
        technique_id, known = known.revoked_by, technique(known.revoked_by)
    return technique_id


def tactic(short: str) -> Tactic | None:
    """The tactic of a short name, of 18 or of 19."""
    return _tables().tactics.get(short)


@cache
def matrix() -> tuple[Tactic, ...]:
    """The tactics of ATT&CK 19 in the order of its matrix."""
    return tuple(_matrix(_tables().tactics))


def columns_of(technique_id: str, tagged: Iterable[str] = ()) -> tuple[str, ...]:
    """The tactics of ATT&CK 19 under which a technique is shown; `tagged` are short names, given beside it.

    What both the rule and ATT&CK say; else the first that ATT&CK says; of an unknown id what the rule says.
    """
    now = successor(technique_id)
    said = tuple(dict.fromkeys(_today(short, now) for short in tagged if tactic(short)))
    known = technique(now)
    if known is None:
        return said
    own = [_today(short, now) for short in known.tactics]
    return tuple(short for short in said if short in own) or (own[0],)


def ids() -> tuple[str, ...]:
    """All that are known: those of 18.1, also deprecated and revoked ones, and those that are new in 19."""
    return (*_tables().lines, *_tables().newer)


@dataclass(frozen=True, slots=True)
class _Tables:
    """`lines` are of the table, by id; a technique is made of one when it is asked for."""

    lines: Mapping[str, str]
    newer: Mapping[str, tuple[str, tuple[str, ...]]]
    successors: Mapping[str, str]
    tactics: Mapping[str, Tactic]
    impairing: frozenset[str]


@cache
def _tables() -> _Tables:
    """Read at first use, for no start of a server should wait for it."""
    folder = resources.files("cybervault.domain")
    crosswalk = tomllib.loads(folder.joinpath(_CROSSWALK).read_text(encoding="utf-8"))
    text = folder.joinpath(_TABLE).read_text(encoding="utf-8")
    lines = {id_: rest for id_, _, rest in (line.partition("\t") for line in text.splitlines()) if id_[:1] == "T"}
    tactics = {short: Tactic(id_, name, short) for id_, name, short in _tactics(lines)}
    tactics[_STEALTH] = Tactic("TA0005", "Stealth", _STEALTH)
    tactics[_IMPAIRMENT] = Tactic("TA0112", "Defense Impairment", _IMPAIRMENT)
    return _Tables(
        {id_: rest for id_, rest in lines.items() if not id_.startswith(_TACTIC)},
        {id_: (name, (short,)) for short in (_STEALTH, _IMPAIRMENT) for id_, name in crosswalk[short].items()},
        crosswalk["successors"],
        tactics,
        frozenset(crosswalk["moved"]["impairing"]),
    )


def _tactics(lines: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for id_, rest in lines.items():
        if id_.startswith(_TACTIC):
            name, short, *_ = rest.split("\t")
            yield id_, name, short


def _matrix(tactics: Mapping[str, Tactic]) -> Iterator[Tactic]:
    for short, one in tactics.items():
        if short == _SPLIT:
            yield from (tactics[_STEALTH], tactics[_IMPAIRMENT])
        elif short not in {_STEALTH, _IMPAIRMENT}:
            yield one


def _today(short: str, technique_id: str) -> str:
    """The tactic of 19 that a tactic of 18 is for this technique."""
    if short != _SPLIT:
        return short
    parent = technique_id.partition(".")[0]
    known = technique(technique_id)
    is_impairing = parent in _tables().impairing or (known is not None and _IMPAIRMENT in known.tactics)
    return _IMPAIRMENT if is_impairing else _STEALTH
