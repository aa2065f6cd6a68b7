"""What scans can say: title, severity and remedy of each rule, as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from cybervault.domain.verdicts import Severity


@dataclass(frozen=True, slots=True)
class ScanRule:
    """One rule; `controls` are of NIST SP 800-53 r5. Those of compliance are asked by some profiles only."""

    title: str
    severity: Severity
    remediation: str
    references: tuple[str, ...]
    controls: tuple[str, ...]
    title_es: str
    """The same in Spanish."""
    remediation_es: str
    """Same."""
    is_of_compliance: bool = False


def rules_of_control(control: str) -> frozenset[str]:
    """The rules that speak of a control such as "SC-8", or of a family of them such as "SC"."""
    return frozenset(
        name
        for name, rule in scan_rules().items()
        if any(one == control or one.startswith(f"{control}-") for one in rule.controls)
    )


def is_asked(rule: str, *, has_compliance_rules: bool) -> bool:
    """Whether a scan with or without the rules of compliance would have seen this one hold."""
    known = scan_rules().get(rule)
    return has_compliance_rules or known is None or not known.is_of_compliance


@lru_cache(maxsize=1)
def scan_rules() -> Mapping[str, ScanRule]:
    """All rules by their name."""
    spanish = _table("rules.es.toml")
    return {
        name: ScanRule(
            part["title"],
            Severity(part["severity"]),
            part["remediation"],
            tuple(part.get("references", ())),
            tuple(part["controls"]),
            spanish.get(name, part)["title"],
            spanish.get(name, part)["remediation"],
            part.get("of_compliance", False),
        )
        for name, part in _table("rules.toml").items()
    }


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("cybervault.scans").joinpath(name).read_text("utf-8"))
