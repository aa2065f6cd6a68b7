"""What a caller is allowed: the published numbers by face, plan and class of call, and a tenant's own."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final, TypeAlias

from cybervault.access.limits.fixed import caller_of
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.observables import Address
from cybervault.domain.principals import Plan, Principal
from cybervault.domain.problems import Problem, ProblemKind

__all__ = [
    "COUNTED",
    "Allowance",
    "CallClass",
    "Counted",
    "LimitOverride",
    "Standing",
    "Window",
    "allowance_of",
    "read_limits",
    "standing_in",
    "standing_of",
    "standing_of_address",
]

FILE: Final = "limits.toml"
ADDRESS: Final = "address"
"""The face of callers without a valid key: all of them together, counted by address."""

_EVERY_PLAN: Final = "all"
_SECONDS: Final[Mapping[str, int]] = {"minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Window:
    """`published` calls in any `seconds` are promised and shown; up to `ceiling` pass, the rest never."""

    name: str
    seconds: int
    published: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """All windows that a call must pass, the shortest first. Up to `queued_max` calls above may wait their turn."""

    windows: tuple[Window, ...]
    queued_max: int = 0
    wait_seconds_max: float = 0.0

    def waiting(self, seconds: float) -> "Allowance":
        """The same with the operator's longest wait; 0 leaves no queue."""
        if not self.queued_max:
            return self
        return replace(self, queued_max=self.queued_max if seconds else 0, wait_seconds_max=seconds)


@dataclass(frozen=True, slots=True)
class Standing:
    """Under which name a caller is counted, and what that name is allowed."""

    bucket: str
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted by itself: a class of calls on a face."""

    face: str
    call_class: CallClass


COUNTED: Final = (
    Counted("v1", CallClass.ANY),
    Counted("v2", CallClass.ANY),
    Counted("v3", CallClass.READ),
    Counted("v3", CallClass.WRITE),
)
"""All that is counted by key."""

_Numbers: TypeAlias = Mapping[str, int]
_Faces: TypeAlias = Mapping[str, Mapping[str, Mapping[str, _Numbers]]]


def allowance_of(face: str, plan: Plan, call_class: CallClass, *, overrides: Sequence[LimitOverride] = ()) -> Allowance:
    """What a plan gives on a face, with a tenant's own numbers where they are set."""
    return _allowance(face, plan, _class_on(face, plan, call_class), overrides=tuple(overrides))


def standing_of(
    principal: Principal, face: str, call_class: CallClass, *, overrides: Sequence[LimitOverride] = ()
) -> Standing:
    """How a known caller is counted: by key (both secrets of a rotation alike) or by member, apart on each face."""
    name = principal.key_id or principal.member_id or principal.tenant_id
    return standing_in(Counted(face, call_class), name, principal.plan, overrides=overrides)


def standing_in(counted: Counted, name: str, plan: Plan, *, overrides: Sequence[LimitOverride] = ()) -> Standing:
    """How a key or member of this id is counted on a face."""
    face, call_class = counted.face, _class_on(counted.face, plan, counted.call_class)
    return Standing(f"{face}:{call_class}:{name}", _allowance(face, plan, call_class, overrides=tuple(overrides)))


def standing_of_address(address: Address | None) -> Standing:
    """How a caller without a valid key is counted."""
    return Standing(f"{ADDRESS}:{caller_of(address)}", allowance_of(ADDRESS, Plan.STARTER, CallClass.ANY))


@lru_cache(maxsize=4096)
def _allowance(face: str, plan: Plan, call_class: CallClass, *, overrides: tuple[LimitOverride, ...]) -> Allowance:
    numbers = dict(_classes(face, plan)[call_class])
    fitting = [one for one in overrides if one.face == face and one.call_class in {call_class, CallClass.ANY}]
    # What was set for the class itself comes last and wins over what was set for any.
    for override in sorted(fitting, key=lambda one: one.call_class is not CallClass.ANY):
        for name in ("minute", "hour", "burst_percent"):
            number: int | None = getattr(override, name)
            if number is not None:
                numbers[name] = number
    windows = tuple(_window(name, numbers) for name in _SECONDS if name in numbers)
    queued_percent = numbers.get("queued_percent", 0)
    queued_max = max(1, numbers["minute"] * queued_percent // 100) if queued_percent else 0
    return Allowance(windows, queued_max, float(numbers.get("wait_seconds", 0)))


def _window(name: str, numbers: _Numbers) -> Window:
    published = numbers[name]
    percent = numbers.get("burst_percent", 0) if name == "minute" else 0
    # Whole numbers: in binary floating point 100 x 1.15 falls below 115 (contract 1.3.5).
    return Window(name, _SECONDS[name], published, published * (100 + percent) // 100)


def _class_on(face: str, plan: Plan, call_class: CallClass) -> CallClass:
    return call_class if call_class in _classes(face, plan) else CallClass.ANY


def _classes(face: str, plan: Plan) -> Mapping[str, _Numbers]:
    plans = _faces()[face]
    return plans[plan] if plan in plans else plans[_EVERY_PLAN]


@cache
def _faces() -> _Faces:
    text = resources.files("cybervault.access.limits").joinpath(FILE).read_text(encoding="utf-8")
    return read_limits(text)


def read_limits(text: str) -> _Faces:
    """Read and check a table of limits; raises `Problem` INVALID `bad_limits` that names the place at fault."""
    try:
        faces: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad("the file", f"is no TOML: {error}") from None
    for face, plans in faces.items():
        for plan, classes in plans.items():
            for call_class, numbers in classes.items():
                if plan not in {*Plan, _EVERY_PLAN} or call_class not in {*CallClass}:
                    raise _bad(f"{face}.{plan}.{call_class}", "is no plan and class that we know")
                _check(f"{face}.{plan}.{call_class}", numbers)
        missing = sorted({*Plan} - plans.keys())
        if missing and _EVERY_PLAN not in plans:
            raise _bad(face, f"lacks {', '.join(missing)}")
    return faces


def _check(path: str, numbers: _Numbers) -> None:
    strangers = sorted(numbers.keys() - {*_SECONDS, "burst_percent", "queued_percent", "wait_seconds"})
    if strangers or "minute" not in numbers:
        raise _bad(path, f"has {strangers} that we do not know" if strangers else "has no minute")
    if any(type(number) is not int or number < (name in _SECONDS) for name, number in numbers.items()):
        raise _bad(path, "must have whole numbers, windows of at least 1")


def _bad(path: str, fault: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="bad_limits", message=f"{FILE}: {path} {fault}.")
