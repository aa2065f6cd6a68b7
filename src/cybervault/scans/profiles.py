"""Profiles as data: which ports, how many connections at once, how long anything is waited for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

_FILE: Final = "profiles.toml"


class ProfileName(StrEnum):
    """Those that callers can ask for (contract 1.2.4)."""

    STANDARD = "standard"
    COMPLIANCE = "compliance"
    PENTEST = "pentest"


@dataclass(frozen=True, slots=True)
class Profile:
    """How deep and how loud a scan looks: so many connections at once in a part, and so many parts at once."""

    name: ProfileName
    summary: str
    ports: tuple[int, ...]
    at_once: int
    connect_seconds: float
    answer_seconds: float
    has_compliance_rules: bool
    parts_at_once: int = 1


def load_profiles(extra_ports: tuple[int, ...] = (), parts_at_once: int = 1) -> Mapping[ProfileName, Profile]:
    """All profiles, each with the operator's extra ports, and in as many parts at once as the operator says."""
    found: dict[str, dict[str, Any]] = tomllib.loads(files("cybervault.scans").joinpath(_FILE).read_text("utf-8"))
    profiles = {}
    for name in ProfileName:
        part = found[name.value]
        inherited = found.get(part.get("inherits", ""), {}).get("ports", [])
        profiles[name] = Profile(
            name,
            part["summary"],
            tuple(sorted({*part["ports"], *inherited, *extra_ports})),
            part["at_once"],
            part["connect_seconds"],
            part["answer_seconds"],
            part["has_compliance_rules"],
            parts_at_once,
        )
    return profiles
