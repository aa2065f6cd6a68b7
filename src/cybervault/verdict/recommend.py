"""Which actions fit a verdict: a small table of policy, strongest containment first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cybervault.domain.actions import CATALOGUE, ActionType, TargetKind, read_target
from cybervault.domain.assessments import BAD, rank_of
from cybervault.domain.never import NOBODYS, Ground, why_never
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.problems import Problem
from cybervault.domain.verdicts import Severity, Verdict

# Stands for the endpoint that sent the telemetry where it did not say its name.
UNNAMED_ENDPOINT: Final = "this endpoint"


@dataclass(frozen=True, slots=True)
class Entities:
    """What is bad in what was assessed, and the host that it was seen on; `processes` come from telemetry only."""

    host: str | None = None
    addresses: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommended:
    """An action that fits, and why."""

    type: ActionType
    target: str
    reason: str
    is_reversible: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """An action for each of some entities, from a severity on, and with one of some tactics where any are named."""

    action: ActionType
    entities: Callable[[Entities], tuple[str, ...]]
    reason: str
    least: Severity = Severity.INFORMATIONAL
    tactics: frozenset[str] = frozenset()

    def fits(self, severity: Severity, tactics: frozenset[str]) -> bool:
        return rank_of(severity) >= rank_of(self.least) and (not self.tactics or bool(self.tactics & tactics))


def _endpoint(entities: Entities) -> tuple[str, ...]:
    """Without a host or a process nothing was seen on an endpoint."""
    if entities.host is None:
        return (UNNAMED_ENDPOINT,) if entities.processes else ()
    return (entities.host,)


_T = ActionType
_C2, _EXECUTION, _IMPACT = "command-and-control", "execution", "impact"

_POLICY: Final = (
    _Line(
        _T.ISOLATE_ENDPOINT,
        _endpoint,
        "A technique of command and control, impact or lateral movement was seen on it.",
        tactics=frozenset({_C2, _IMPACT, "lateral-movement"}),
    ),
    _Line(
        _T.ISOLATE_ENDPOINT,
        _endpoint,
        "The severity is high: cut off, it can neither spread this nor lose data.",
        Severity.HIGH,
    ),
    _Line(
        _T.KILL_PROCESS,
        lambda entities: entities.processes,
        "The process shows a technique of command and control, execution or impact.",
        tactics=frozenset({_C2, _EXECUTION, _IMPACT}),
    ),
    _Line(
        _T.DISABLE_ACCOUNT,
        lambda entities: entities.accounts,
        "Credentials were attacked at high severity: the account may be in other hands.",
        Severity.HIGH,
        frozenset({"credential-access"}),
    ),
    _Line(
        _T.RESET_CREDENTIALS,
        lambda entities: entities.accounts,
        "Credentials were attacked: those of this account may be known to others.",
        tactics=frozenset({"credential-access"}),
    ),
    _Line(_T.BLOCK_IP, lambda entities: entities.addresses, "Nothing should speak to this address."),
    _Line(_T.BLOCK_DOMAIN, lambda entities: entities.domains, "Nothing should resolve this domain."),
    _Line(_T.BLOCK_URL, lambda entities: entities.urls, "Nothing should load this URL."),
    _Line(_T.BLOCK_HASH, lambda entities: entities.hashes, "No file of this hash should run."),
    _Line(
        _T.QUARANTINE_FILE,
        lambda entities: entities.hashes,
        "The severity is high: files of this hash should be out of reach, and kept as a proof.",
        Severity.HIGH,
    ),
    _Line(
        _T.COLLECT_FORENSICS,
        lambda entities: () if entities.host is None else (entities.host,),
        "The severity is high: what happened should be known before traces are gone.",
        Severity.HIGH,
    ),
)


def recommend(
    verdict: Verdict,
    severity: Severity,
    entities: Entities,
    *,
    tactics: frozenset[str] = frozenset(),
    ground: Ground = NOBODYS,
) -> tuple[Recommended, ...]:
    """What to do, strongest containment first; nothing for what is neither bad nor of medium severity.

    `tactics` are short names of ATT&CK, `ground` is what is our own. Nothing that is refused whoever asks is
    recommended, nor are names of inner networks; what cannot be read as a target is passed over.
    """
    if verdict not in BAD and rank_of(severity) < rank_of(Severity.MEDIUM):
        return ()
    found: dict[tuple[ActionType, str], Recommended] = {}
    for line in _POLICY:
        if not line.fits(severity, tactics):
            continue
        for text in line.entities(entities):
            target = _target(line.action, text, ground)
            if target is not None:
                rule = CATALOGUE[line.action]
                new = Recommended(line.action, target, line.reason, rule.is_reversible)
                found.setdefault((line.action, target), new)
    return tuple(found.values())


_NAMED: Final = {TargetKind.DOMAIN: Kind.DOMAIN, TargetKind.URL: Kind.URL}


def _target(action: ActionType, text: str, ground: Ground) -> str | None:
    try:
        target = read_target(action, text)
    except Problem:
        return None
    kind = _NAMED.get(CATALOGUE[action].target)
    is_inside = kind is not None and not Observable(kind, target).is_outside
    return None if is_inside or why_never(action, target, ground) is not None else target
