"""The rules that ship, on telemetry as it is sent in fifteen forms: what fires is what fired when somebody looked."""

import pytest

from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.scanners import Finding, literals
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from tests.detection.golden import EXPECTED, told
from tests.detection.test_starter import rules


@pytest.mark.parametrize("finding", [hyperscanning, literals])
def test_what_fires_is_what_fired_before(finding: Finding) -> None:
    """Another line is a change that users notice: look at it, then write the list anew by `tests.detection.golden`."""
    detector = Detector(Engine(list(rules().values()), finding=finding))
    assert list(told(detector)) == EXPECTED.read_text().splitlines()
