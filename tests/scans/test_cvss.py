"""CVSS: the scores that the examples of the specification give."""

import pytest

from cybervault.domain.verdicts import Severity
from cybervault.scans.cvss import base_score, old_score, severity_of


@pytest.mark.parametrize(
    ("vector", "score"),
    [  # from the examples document of FIRST for CVSS v3.1 and its calculator
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/E:P/RL:O", 7.5),
        ("  CVSS:3.1/C:H/I:N/A:N/AV:N/AC:L/PR:N/UI:N/S:U ", 7.5),
        # from the examples document of FIRST for CVSS v4.0, and its calculator
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0),
        ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3),
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7),
        ("CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/CR:L/MAV:P/S:P/U:Clear", 9.3),
    ],
)
def test_a_vector_has_the_score_of_the_specification(vector: str, score: float) -> None:
    assert base_score(vector) == score


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "9.8",
        "CVSS:4.0/AV:N/AC:L",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:R/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:4.0/AV:N/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" + "/E:X" * 200,
        "CVSS:5.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:4.0" + "/" * 400,
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    ],
)
def test_what_is_no_vector_has_none(vector: str) -> None:
    assert base_score(vector) is None


@pytest.mark.parametrize(
    ("vector", "score"),
    [  # from section 3.3 of the guide of FIRST for CVSS v2, whose 10.0 is high
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 8.9),
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:N/TD:N", 7.8),
        ("(AV:N/AC:L/Au:N/C:N/I:N/A:C)", 7.8),
        ("CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        (" CVSS2#AV:N/AC:L/Au:N/C:N/I:N/A:C ", 7.8),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0),
    ],
)
def test_a_vector_of_the_old_version_has_a_score_that_is_never_critical(vector: str, score: float) -> None:
    assert old_score(vector) == score
    assert base_score(vector) is None


@pytest.mark.parametrize(
    "vector",
    [
        "", "7.8", "AV:N/AC:L/Au:N/C:N/I:N", "AV:N/AC:L/Au:N/C:N/I:N/A:H", "AV:N/AV:N/AC:L/Au:N/C:N/I:N/A:C",
        "AV:N/AC:L/Au:N/C:N/I:N/A:C" + "/E:F" * 200, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    ],
)  # fmt: skip
def test_what_is_no_vector_of_the_old_version_has_none(vector: str) -> None:
    assert old_score(vector) is None


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (0.0, Severity.INFORMATIONAL),
        (0.1, Severity.LOW),
        (3.9, Severity.LOW),
        (4.0, Severity.MEDIUM),
        (6.9, Severity.MEDIUM),
        (7.0, Severity.HIGH),
        (9.0, Severity.CRITICAL),
        (10.0, Severity.CRITICAL),
    ],
)
def test_a_score_is_called_as_the_specification_calls_it(score: float, severity: Severity) -> None:
    assert severity_of(score) is severity
