"""The weights file, read and checked: what each bin of evidence is worth, and all else about the score to be tuned."""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, Final, TypeVar

from cybervault.domain.evidence import Evidence, EvidenceGroup
from cybervault.domain.observables import Kind
from cybervault.domain.problems import Problem, ProblemKind

K = TypeVar("K")
T = TypeVar("T")

FILE: Final = "weights.toml"
HARD_ALLOW: Final = ("local", "standing", "hard_allow")
UNKNOWN_ITEM: Final = "answer"
"""The item that stands for "asked, and knows nothing"; its only bin is `unknown`."""

_SCORE_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Weight:
    """What one bin is worth in log-odds (base e), and why, in English and in Spanish."""

    points: float
    reason: str
    reason_es: str


def is_hard_allow(evidence: Evidence) -> bool:
    """Whether this is the statement that stops a verdict: our own lists know the observable as good."""
    return (evidence.source, evidence.item, evidence.bin) == HARD_ALLOW


# Evidence that the file does not know weighs nothing, and says so in the account.
NO_WEIGHT: Final = Weight(0.0, "The weights know nothing of this evidence.", "Los pesos no conocen esta evidencia.")


@dataclass(frozen=True, slots=True)
class Fading:
    """MISP's polynomial decay: a fact loses all but `least` of its weight over its lifetime; speed 1 is linear."""

    lifetime_days: float
    speed: float
    least: float

    def freshness(self, age_days: float) -> float:
        """What is left of a fact, 0..1 in whole hundredths; one from the future is as fresh as can be."""
        gone = math.pow(max(0.0, age_days) / self.lifetime_days, 1 / self.speed)
        return round(max(self.least, 1 - gone), 2)


@dataclass(frozen=True, slots=True)
class KindWeights:
    """How one kind of observable is weighed: prior in log-odds, each source's mass, fading (None = facts stay fresh).

    `without` holds "source.item" of what says nothing about this kind.
    """

    prior: float
    mass: Mapping[str, float]
    fading: Fading | None
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cap:
    """What a group of correlated evidence can add (`most`) and take (`least`, negative) together, in log-odds."""

    most: float
    least: float


@dataclass(frozen=True, slots=True)
class SourceWeights:
    """Items with the weights of their bins, most benign first; those in `categories` are no scale.

    `fades` is whether dated facts lose weight; `unknown` is what "asked, and knows nothing" is worth.
    """

    group: EvidenceGroup
    fades: bool
    unknown: Weight | None
    categories: frozenset[str]
    items: Mapping[str, Mapping[str, Weight]]


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds between score and verdict; their meaning stands beside each in the file."""

    malicious_from: float
    suspicious_from: float
    benign_to: float
    benign_points: float
    coverage_floor: float
    decisive_points: float
    missing_discount: float
    conflict_points: float
    confident_coverage: float
    confident_conflict: float
    doubtful_conflict: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The whole file."""

    version: str
    rules: Rules
    kinds: Mapping[Kind, KindWeights]
    groups: Mapping[EvidenceGroup, Cap]
    sources: Mapping[str, SourceWeights]

    def bin_of(self, evidence: Evidence) -> Weight:
        """What the file says about a bin, whatever the kind of observable."""
        source = self.sources.get(evidence.source)
        if source is None:
            return NO_WEIGHT
        if evidence.item == UNKNOWN_ITEM and source.unknown is not None:
            return source.unknown
        return source.items.get(evidence.item, {}).get(evidence.bin, NO_WEIGHT)

    def weight_of(self, evidence: Evidence, kind: Kind) -> Weight:
        """What a piece of evidence is worth for an observable of this kind, before freshness and cap."""
        found = self.bin_of(evidence)
        is_beside = f"{evidence.source}.{evidence.item}" in self.kinds[kind].without
        return replace(found, points=0.0) if is_beside else found

    def freshness_of(self, evidence: Evidence, kind: Kind, age_days: float | None) -> float:
        """What is left of its weight at this age, 0..1 in whole hundredths; undated evidence is fresh."""
        source, fading = self.sources.get(evidence.source), self.kinds[kind].fading
        if age_days is None or fading is None or (source is not None and not source.fades):
            return 1.0
        return fading.freshness(age_days)


@cache
def load_weights() -> Weights:
    """The weights that ship. Raises `Problem` as `read_weights` does."""
    return read_weights(resources.files("cybervault.verdict").joinpath(FILE).read_text(encoding="utf-8"))


def read_weights(text: str) -> Weights:
    """Read and check a weights file; raises `Problem` INVALID `bad_weights` that names the key at fault."""
    try:
        root = _Table("", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _bad("", f"is no TOML: {error}") from None
    root.allow("version", "rules", "kinds", "groups", "sources", "bins")
    weights = Weights(
        version=root.text("version"),
        rules=_rules(root.table("rules")),
        kinds=root.table("kinds").each(lambda name, part: (Kind(name), _kind(part))),
        groups=root.table("groups").each(lambda name, part: (EvidenceGroup(name), _cap(part))),
        sources=_sources(root.table("sources"), root.table("bins")),
    )
    _check(weights)
    return weights


def _rules(part: "_Table") -> Rules:
    names = [field.name for field in fields(Rules)]
    part.allow(*names)
    rules = Rules(**{name: part.number(name, least=0) for name in names})
    if not 0 < rules.benign_to < rules.suspicious_from < rules.malicious_from <= _SCORE_MAX:
        raise _bad("rules", "needs 0 < benign_to < suspicious_from < malicious_from <= 100")
    for name in ("coverage_floor", "missing_discount", "confident_coverage", "confident_conflict", "doubtful_conflict"):
        part.number(name, most=1)
    if not rules.conflict_points or not rules.benign_points:
        raise _bad("rules", "needs conflict_points and benign_points above 0")
    return rules


def _kind(part: "_Table") -> KindWeights:
    part.allow("prior", "mass", "fading", "without")
    mass = part.table("mass")
    return KindWeights(
        prior=part.number("prior"),
        mass={name: mass.number(name, least=0) for name in mass.names},
        fading=_fading(part.table("fading")) if "fading" in part.names else None,
        without=part.texts("without"),
    )


def _fading(part: "_Table") -> Fading:
    part.allow("lifetime_days", "speed", "least")
    above_zero = 1e-6
    return Fading(
        part.number("lifetime_days", least=above_zero),
        part.number("speed", least=above_zero),
        part.number("least", least=0, most=1),
    )


def _cap(part: "_Table") -> Cap:
    part.allow("most", "least")
    return Cap(part.number("most", least=0), part.number("least", most=0))


def _sources(described: "_Table", bins: "_Table") -> dict[str, SourceWeights]:
    strangers = sorted(set(bins.names) ^ set(described.names))
    if strangers:
        raise _bad("sources", f"and bins must name the same sources, not {', '.join(strangers)} in one of them")
    return described.each(lambda name, part: (name, _source(part, bins.table(name))))


def _source(part: "_Table", bins: "_Table") -> SourceWeights:
    part.allow("group", "fades", "unknown", "categories")
    categories = part.texts("categories")
    items = bins.each(lambda name, item: (name, _bins(item, is_scale=name not in categories)))
    if not items:
        raise _bad(bins.path, "has no items")
    return SourceWeights(
        group=part.group("group"),
        fades=part.flag("fades", otherwise=True),
        unknown=_weight(part.table("unknown")) if "unknown" in part.names else None,
        categories=categories,
        items=items,
    )


def _bins(part: "_Table", *, is_scale: bool) -> dict[str, Weight]:
    bins = part.each(lambda name, bin_: (name, _weight(bin_)))
    if not bins:
        raise _bad(part.path, "has no bins")
    for (_, lower), (name, upper) in pairwise(bins.items()) if is_scale else ():
        if upper.points < lower.points:
            raise _bad(f"{part.path}.{name}.weight", "is below the weight of the bin before it")
    return bins


def _weight(part: "_Table") -> Weight:
    part.allow("weight", "reason", "reason_es")
    return Weight(part.number("weight"), part.text("reason"), part.text("reason_es"))


def _check(weights: Weights) -> None:
    """What one part of the file promises about another."""
    for group in EvidenceGroup:
        if group not in weights.groups:
            raise _bad(f"groups.{group.value}", "is missing")
    items = {f"{name}.{item}" for name, source in weights.sources.items() for item in source.items}
    for kind, rules in weights.kinds.items():
        for name in {*rules.mass} - {*weights.sources} | rules.without - items:
            raise _bad(f"kinds.{kind.value}", f"names {name}, which is not described below")
    _check_hard_allow(weights)


def _check_hard_allow(weights: Weights) -> None:
    """What is known to be good must score benign whatever is said against it: score and verdict never contradict."""
    name, item, bin_ = HARD_ALLOW
    path = ".".join(HARD_ALLOW)
    source = weights.sources.get(name)
    weight = None if source is None else source.items.get(item, {}).get(bin_)
    if source is None or weight is None:
        raise _bad(f"bins.{path}", "is missing")
    against = max(kind.prior for kind in weights.kinds.values()) + sum(cap.most for cap in weights.groups.values())
    benign = math.log(weights.rules.benign_to / (_SCORE_MAX - weights.rules.benign_to))
    if against + max(weight.points, weights.groups[source.group].least) > benign or source.fades:
        raise _bad(f"bins.{path}.weight", "must outweigh everything else together, and never fade")


def _bad(path: str, fault: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="bad_weights", message=f"{FILE}: {path or 'the file'} {fault}.")


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file with its path, so that each fault can be named."""

    path: str
    values: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.values)

    def allow(self, *names: str) -> None:
        for name in self.values:
            if name not in names:
                raise _bad(self._at(name), "is no key that we know")

    def table(self, name: str) -> "_Table":
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise _bad(self._at(name), "is no table")
        return _Table(self._at(name), value)

    def each(self, read: "Callable[[str, _Table], tuple[K, T]]") -> dict[K, T]:
        """Read every table in this one, in order; a name that `read` cannot take is a fault of its own."""
        found: dict[K, T] = {}
        for name in self.values:
            part = self.table(name)
            try:
                key, value = read(name, part)
            except ValueError:
                raise _bad(part.path, "is no name that we know") from None
            found[key] = value
        return found

    def number(self, name: str, *, least: float = -math.inf, most: float = math.inf) -> float:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _bad(self._at(name), "is no finite number")
        if not least <= value <= most:
            raise _bad(self._at(name), f"must lie between {least} and {most}")
        return float(value)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise _bad(self._at(name), "is no text")
        return value

    def texts(self, name: str) -> frozenset[str]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise _bad(self._at(name), "is no list of texts")
        return frozenset(value)

    def flag(self, name: str, *, otherwise: bool) -> bool:
        value = self.values.get(name, otherwise)
        if not isinstance(value, bool):
            raise _bad(self._at(name), "is neither true nor false")
        return value

    def group(self, name: str) -> EvidenceGroup:
        value = self.text(name)
        if value not in {group.value for group in EvidenceGroup}:
            raise _bad(self._at(name), "is no group of evidence")
        return EvidenceGroup(value)

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}".lstrip(".")
