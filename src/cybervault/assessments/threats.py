"""The services behind the threat faces: for what is real, and for test keys."""

from dataclasses import dataclass

from cybervault.assessments.analyses import Analyst
from cybervault.assessments.findings import FindingBook
from cybervault.domain.principals import Environment, Principal


@dataclass(frozen=True, slots=True)
class Threats:
    """Who assesses, and who keeps what was found."""

    analyst: Analyst
    findings: FindingBook


@dataclass(frozen=True, slots=True)
class Environments:
    """Both sorts."""

    production: Threats
    sandbox: Threats

    def of(self, principal: Principal) -> Threats:
        """Those that this caller may use: a test key never comes near what is real."""
        return self.sandbox if principal.environment is Environment.SANDBOX else self.production
