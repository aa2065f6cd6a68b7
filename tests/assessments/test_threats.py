"""Who may use what: a test key never comes near what is real."""

import pytest

from cybervault.assessments.mock import MockAnalyses, MockFindings
from cybervault.assessments.threats import Environments, Threats
from cybervault.domain.principals import Environment, Plan, Principal, TenantId

REAL, MADE_UP = Threats(MockAnalyses(), MockFindings()), Threats(MockAnalyses(), MockFindings())


@pytest.mark.parametrize(("environment", "expected"), [(Environment.PRODUCTION, REAL), (Environment.SANDBOX, MADE_UP)])
def test_each_caller_is_served_by_the_services_of_its_environment(environment: Environment, expected: Threats) -> None:
    caller = Principal(TenantId("tv_1"), frozenset(), Plan.STARTER, environment)
    assert Environments(REAL, MADE_UP).of(caller) is expected
