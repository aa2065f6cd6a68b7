"""Recommended actions: what fits, in which order, and what is never among them."""

from dataclasses import fields
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.actions import CATALOGUE, ActionType, read_target
from cybervault.domain.never import ground_of, refuse_never
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.verdict.recommend import Entities, recommend

SHA256: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ALL: Final = Entities(
    "finance-07", ("198.51.100.42",), ("evil.example",), ("http://evil.example/a",), (SHA256,), ("evil.exe",), ("anna",)
)
TACTICS: Final = frozenset({"command-and-control", "credential-access"})


def told(
    entities: Entities,
    severity: Severity = Severity.HIGH,
    *tactics: str,
    verdict: Verdict = Verdict.MALICIOUS,
) -> list[str]:
    """The recommended actions as texts."""
    found = recommend(verdict, severity, entities, tactics=frozenset(tactics))
    return [f"{one.type} {one.target}" for one in found]


def test_everything_at_once_comes_strongest_containment_first() -> None:
    assert told(ALL, Severity.HIGH, *TACTICS) == [
        "isolate_endpoint finance-07",
        "kill_process evil.exe",
        "disable_account anna",
        "reset_credentials anna",
        "block_ip 198.51.100.42",
        "block_domain evil.example",
        "block_url http://evil.example/a",
        f"block_hash {SHA256}",
        f"quarantine_file {SHA256}",
        "collect_forensics finance-07",
    ]


def test_below_high_severity_what_hurts_most_is_left_out() -> None:
    assert told(ALL, Severity.MEDIUM) == [
        "block_ip 198.51.100.42",
        "block_domain evil.example",
        "block_url http://evil.example/a",
        f"block_hash {SHA256}",
    ]


@pytest.mark.parametrize(
    ("verdict", "severity", "is_any"),
    [
        (Verdict.MALICIOUS, Severity.LOW, True),
        (Verdict.SUSPICIOUS, Severity.INFORMATIONAL, True),
        (Verdict.UNKNOWN, Severity.MEDIUM, True),
        (Verdict.UNKNOWN, Severity.LOW, False),
        (Verdict.BENIGN, Severity.INFORMATIONAL, False),
    ],
)
def test_what_is_neither_bad_nor_of_medium_severity_needs_nothing(
    verdict: Verdict,
    severity: Severity,
    is_any: bool,  # noqa: FBT001 - a column
) -> None:
    assert bool(told(ALL, severity, *TACTICS, verdict=verdict)) is is_any


@pytest.mark.parametrize(
    ("tactic", "expected"),
    [
        ("command-and-control", ["isolate_endpoint this endpoint", "kill_process evil.exe"]),
        ("impact", ["isolate_endpoint this endpoint", "kill_process evil.exe"]),
        ("lateral-movement", ["isolate_endpoint this endpoint"]),
        ("execution", ["kill_process evil.exe"]),
        ("discovery", []),
    ],
)
def test_a_tactic_decides_about_process_and_endpoint(tactic: str, expected: list[str]) -> None:
    assert told(Entities(processes=("evil.exe",)), Severity.MEDIUM, tactic) == expected


def test_an_endpoint_on_which_nothing_was_seen_is_left_alone() -> None:
    assert told(Entities(addresses=("198.51.100.42",)), Severity.CRITICAL, *TACTICS) == ["block_ip 198.51.100.42"]


def test_attacked_credentials_are_reset_and_from_high_severity_on_the_account_is_disabled() -> None:
    anna = Entities(accounts=("anna",))
    assert told(anna, Severity.MEDIUM, "credential-access") == ["reset_credentials anna"]
    assert told(anna, Severity.HIGH, "credential-access") == ["disable_account anna", "reset_credentials anna"]
    assert told(anna, Severity.HIGH, "execution") == []


def test_what_is_inside_or_vital_or_unreadable_is_passed_over() -> None:
    entities = Entities(
        None, ("10.0.0.1", "nonsense"), ("dc.corp", "files.lan"), ("http://192.168.0.1/",), ("abc",),
        (r"C:\Windows\System32\svchost.exe",),
    )  # fmt: skip
    assert told(entities, Severity.MEDIUM, "execution") == []


def test_nothing_of_our_own_is_recommended() -> None:
    entities = Entities("fileserver", ("203.0.113.9",), ("acme.example",), processes=("evil.exe",))
    ours = ground_of(["fileserver", "203.0.113.0/24", "cyber.acme.example"])
    found = recommend(
        Verdict.MALICIOUS, Severity.HIGH, entities, tactics=frozenset({"command-and-control"}), ground=ours
    )
    assert [one.type for one in found] == [ActionType.KILL_PROCESS, ActionType.COLLECT_FORENSICS]
    assert told(Entities("dc01"), Severity.HIGH) == ["collect_forensics dc01"]


def test_one_thing_named_twice_is_recommended_once() -> None:
    assert told(Entities(domains=("evil.example", "EVIL[.]example"))) == ["block_domain evil.example"]


def test_a_recommendation_says_why_and_whether_it_can_be_taken_back() -> None:
    for one in recommend(Verdict.MALICIOUS, Severity.CRITICAL, ALL, tactics=TACTICS):
        assert one.reason.endswith(".")
        assert one.is_reversible is CATALOGUE[one.type].is_reversible


NAMES: Final = st.one_of(
    st.text(max_size=20),
    st.ip_addresses().map(str),
    st.sampled_from(["lsass.exe", "SYSTEM", "/sbin/init", "evil.exe", "10.0.0.1", "::1", "evil.example", SHA256]),
)


@given(
    st.sampled_from(Severity),
    st.builds(
        Entities,
        st.none() | NAMES,
        **{field.name: st.lists(NAMES, max_size=4).map(tuple) for field in fields(Entities)[1:]},
    ),
    st.frozensets(st.sampled_from(["command-and-control", "execution", "impact", "credential-access"])),
)
def test_nothing_that_is_refused_is_ever_recommended(
    severity: Severity, entities: Entities, tactics: frozenset[str]
) -> None:
    """Telemetry is written by whoever attacks: it cannot have us recommend what takes the endpoint down."""
    for one in recommend(Verdict.MALICIOUS, severity, entities, tactics=tactics):
        assert read_target(one.type, one.target) == one.target
        refuse_never(one.type, one.target)
        assert one.type in ActionType
