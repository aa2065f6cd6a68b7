"""What refers to what: correlations put behind those they need, and where each rule's matches go."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cybervault.detection.correlate.correlation import Correlation
from cybervault.detection.rule import Rule, RuleProblem


@dataclass(frozen=True, slots=True)
class Feed:
    """Matches count for the correlation number `step`, whose rule number `position` made them.

    `group_by` and `fields` are the names that this rule's events have for them.
    """

    step: int
    position: int
    group_by: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The correlations to watch for. It is not changed and may be shared.

    `steps` stand behind those they refer to; `sources` are the ids they refer to. `by_source` says by the id of a rule
    or a correlation what it counts for. `needed` are rules that must be asked although they may not be in force;
    `silent` are ids of rules and correlations that are not to be told by themselves; `lent` are those among them that
    are not in force, and are asked for the sake of others only.
    """

    steps: tuple[Correlation, ...] = ()
    sources: tuple[tuple[str, ...], ...] = ()
    by_source: Mapping[str, tuple[Feed, ...]] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    lent: frozenset[str] = frozenset()
    problems: tuple[RuleProblem, ...] = ()

    def for_single_events(self) -> "Plan":
        """For whoever sees no event beside another: nothing is counted, and so nothing that is in force is silent."""
        return Plan(silent=self.lent, lent=self.lent)


NOTHING: Final = Plan()


def plan_of(
    correlations: Iterable[Correlation], rules: Iterable[Rule], takes: Callable[[Rule], bool] = lambda _: True
) -> Plan:
    """What these correlations need of these rules, in force or not; `takes` says which of both are in force.

    A correlation that refers to what is not there, or to itself, is a problem and silences nothing.
    """
    given, known = list(correlations), list(rules)
    ids = {one.name: one.id for one in known if one.name} | {one.name: one.rule.id for one in given if one.name}
    ids |= {one.id: one.id for one in known} | {one.rule.id: one.rule.id for one in given}
    ordered, problems = _ordered(given, ids)
    taken = {one.rule.id for one in ordered if takes(one.rule)}
    steps = tuple(_with_needed(ordered, taken, ids))
    sources = tuple(_sources(one, ids) for one in steps)
    in_force = {one.id for one in known if takes(one)} | taken
    all_sources = {one for several in sources for one in several}
    return Plan(
        steps=steps,
        sources=sources,
        by_source=_feeds(steps, sources),
        needed=frozenset(all_sources - {one.rule.id for one in given}),
        silent=_silent(steps, sources) | (all_sources - in_force),
        lent=frozenset(all_sources - in_force),
        problems=tuple(problems),
    )


def _sources(correlation: Correlation, ids: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(ids[one] for one in correlation.rules)


def _ordered(given: Sequence[Correlation], ids: Mapping[str, str]) -> tuple[list[Correlation], list[RuleProblem]]:
    """Each behind those it refers to, otherwise in the order given."""
    problems, left = [], []
    for one in given:
        missing = [name for name in one.rules if name not in ids]
        if missing:
            problems.append(_problem(one, f"it refers to {', '.join(missing)}, which is not there or switched off"))
        else:
            left.append(one)
    ordered: list[Correlation] = []
    open_ = {one.rule.id for one in given}
    while ready := [one for one in left if open_.isdisjoint(_sources(one, ids))]:
        ordered += ready
        open_ -= {one.rule.id for one in ready}
        left = [one for one in left if one.rule.id in open_]
    reason = "it refers to itself, or to a correlation that cannot be used"
    return ordered, [*problems, *(_problem(one, reason) for one in left)]


def _problem(one: Correlation, reason: str) -> RuleProblem:
    return RuleProblem(one.rule.path, one.line, reason, one.rule.title)


def _with_needed(ordered: Sequence[Correlation], taken: set[str], ids: Mapping[str, str]) -> Iterator[Correlation]:
    wanted = set(taken)
    for one in reversed(ordered):
        if one.rule.id in wanted:
            wanted.update(_sources(one, ids))
    return (one for one in ordered if one.rule.id in wanted)


def _feeds(steps: Sequence[Correlation], sources: Sequence[tuple[str, ...]]) -> dict[str, tuple[Feed, ...]]:
    found: dict[str, tuple[Feed, ...]] = {}
    for step, one in enumerate(steps):
        for position, (reference, source) in enumerate(zip(one.rules, sources[step], strict=True)):
            group_by = tuple(one.field_of(name, reference) for name in one.group_by)
            fields = tuple(one.field_of(name, reference) for name in one.fields)
            found[source] = (*found.get(source, ()), Feed(step, position, group_by, fields))
    return found


def _silent(steps: Sequence[Correlation], sources: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """One correlation that lets a rule be told is enough: to hide a match is worse than to show one more."""
    quiet = {one for step, several in zip(steps, sources, strict=True) if not step.generates for one in several}
    told = {one for step, several in zip(steps, sources, strict=True) if step.generates for one in several}
    return frozenset(quiet - told)
