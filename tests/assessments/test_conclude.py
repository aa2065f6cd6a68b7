"""Conclusions: an indicator is what its weighing says, payloads and telemetry what the strongest in them says."""

from dataclasses import replace

import msgspec
import pytest

from cybervault.assessments.conclude import Conclusion, conclude
from cybervault.assessments.targets import Reading, read_payload, read_record, read_target
from cybervault.detection.detector import Detected
from cybervault.detection.engine import Match
from cybervault.detection.rule import Status
from cybervault.domain.assessments import Category, Part
from cybervault.domain.evidence import Evidence, EvidenceGroup, Outcome
from cybervault.domain.never import ground_of
from cybervault.domain.observables import parse_observable
from cybervault.domain.verdicts import Confidence, Gap, Severity, Term, Verdict, Weighing
from tests.assessments.made import WEIGHING, weighed
from tests.detection.sigma import rule, selecting
from tests.fakes.threats import SEED

NO_RULES = Detected()
UNKNOWN = weighed(Verdict.UNKNOWN, 20, Severity.LOW)
BENIGN = weighed(Verdict.BENIGN, 2, Severity.LOW)
SUSPICIOUS = weighed(Verdict.SUSPICIOUS, 55, Severity.MEDIUM)
FAMILY = (("family", "Cobalt Strike"),)
COUNTRY = (("country", "NL"),)
ENCODED = f"powershell -enc {'QUJD' * 8}"
EICAR_WORDS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"

HURTING = {
    "process_name": "powershell.exe", "command_line": f"powershell -enc {'QUJD' * 8}",
    "network_connections": [{"dst_ip": "203.0.113.42", "port": 443}, {"dst_ip": "198.51.100.7", "port": 443}],
}  # fmt: skip


def concluded(
    reading: Reading, bad: dict[str, Weighing] | None = None, labels: object = (), *, detected: Detected = NO_RULES
) -> Conclusion:
    """What follows where these observables are weighed so, "itself" the payload, and all others are unknown."""
    told = bad or {}
    parts = []
    for place, one in enumerate(reading.observables):
        name = "itself" if place == 0 and reading.identity is not None else one.value
        parts.append(Part(one, told.get(name, UNKNOWN), labels if name in told else ()))  # type: ignore[arg-type] # pairs
    return conclude(reading, parts, detected)


def actions(found: Conclusion) -> set[tuple[str, str]]:
    return {(one.type, one.target) for one in found.countermeasures}


class TestIndicators:
    @pytest.mark.parametrize("weighing", [WEIGHING, SUSPICIOUS, UNKNOWN, BENIGN, weighed(Verdict.UNKNOWN, None)])
    def test_the_conclusion_is_the_weighing(self, weighing: Weighing) -> None:
        found = concluded(read_target("203.0.113.42"), {"203.0.113.42": weighing})
        same = ("verdict", "score", "severity", "confidence", "coverage", "conflict", "summary")
        assert [getattr(found, name) for name in same] == [getattr(weighing, name) for name in same]

    def test_signs_are_what_speaks_against_it(self) -> None:
        evidence = Evidence("virustotal", "detections", "many", "stats.malicious", 14, EvidenceGroup.ANTIVIRUS)
        against = Term(evidence, 2.5, 1.0, 1.0, 2.5, "Many engines detect it.")
        good = replace(against, points=-1.0)
        found = concluded(read_target("203.0.113.42"), {"203.0.113.42": replace(WEIGHING, terms=(against, good))})
        (sign,) = found.signs
        assert (sign.name, sign.points, sign.reason) == ("virustotal_detections", 2.5, "Many engines detect it.")

    def test_a_bad_address_is_to_be_blocked_and_a_good_one_is_left_alone(self) -> None:
        reading = read_target("203.0.113.42")
        bad = concluded(reading, {"203.0.113.42": WEIGHING}, FAMILY)
        assert ("block_ip", "203.0.113.42") in actions(bad)
        assert (bad.category, bad.family) == (Category.COMMAND_AND_CONTROL, "cobalt_strike")
        good = concluded(reading, {"203.0.113.42": BENIGN})
        assert (good.category, good.countermeasures) == (Category.BENIGN, ())

    def test_sources_that_were_not_heard_are_named(self) -> None:
        gaps = (Gap("virustotal", Outcome.TIMEOUT, 5.0), Gap("greynoise", None, 1.0))
        found = concluded(read_target("evil.example"), {"evil.example": replace(UNKNOWN, gaps=gaps)})
        assert found.missing == ("virustotal", "greynoise")


class TestPayloads:
    def test_a_payload_that_only_mentions_something_malicious_is_suspicious_at_most(self) -> None:
        reading = read_payload(b"Beware of 203.0.113.42")
        found = concluded(reading, {"203.0.113.42": replace(WEIGHING, score=99)})
        assert (found.verdict, found.score, found.severity) == (Verdict.SUSPICIOUS, 69, Severity.MEDIUM)
        assert "It mentions ip:203.0.113.42" in found.summary
        assert ("block_ip", "203.0.113.42") in actions(found)

    def test_a_payload_that_mentions_many_sorts_of_malicious_things_is_suspicious_at_most_too(self) -> None:
        bad = ("203.0.113.42", "evil.example", "http://worse.example/", "44d88612fea8a8f36de82e1278abb02f")
        reading = read_payload(" ".join(bad).encode())
        found = concluded(reading, dict.fromkeys(bad, replace(WEIGHING, confidence=Confidence.HIGH)))
        assert (found.verdict, found.score) == (Verdict.SUSPICIOUS, 69)
        assert len(found.signs) == len(bad)
        assert sum(sign.points for sign in found.signs) == 69

    def test_what_is_unknown_in_it_is_not_to_be_acted_on(self) -> None:
        reading = read_payload(b"203.0.113.42 good.example")
        found = concluded(reading, {"203.0.113.42": WEIGHING})
        assert not {target for _, target in actions(found)} & {"good.example"}

    def test_a_payload_that_is_known_as_bad_counts_in_full(self) -> None:
        found = concluded(read_payload(b"words"), {"itself": WEIGHING})
        assert (found.verdict, found.score, found.severity) == (Verdict.MALICIOUS, 92, Severity.CRITICAL)
        assert found.category is Category.MALWARE
        assert [sign.name for sign in found.signs] == ["malicious_file"]

    def test_the_words_of_the_test_file_are_critical(self) -> None:
        found = concluded(read_payload(EICAR_WORDS.encode()))
        assert (found.verdict, found.severity) == (Verdict.MALICIOUS, Severity.CRITICAL)
        assert found.summary.startswith("Malicious, 99 of 100. It holds eicar test file")

    def test_an_encoded_command_is_malicious_and_names_its_technique(self) -> None:
        found = concluded(read_target(ENCODED))
        assert found.verdict is Verdict.MALICIOUS
        assert [(sign.name, sign.technique_id) for sign in found.signs] == [("encoded_command", "T1059.001")]
        assert found.confidence is Confidence.HIGH

    def test_a_faint_mark_alone_is_no_verdict(self) -> None:
        found = concluded(read_payload(b"schtasks /create /tn backup"))
        assert (found.verdict, found.severity, found.category) == (Verdict.UNKNOWN, Severity.LOW, Category.UNKNOWN)
        assert found.signs

    def test_a_payload_of_which_nothing_is_known_is_unknown(self) -> None:
        found = concluded(read_payload(b"words"))
        assert (found.verdict, found.score, found.confidence) == (Verdict.UNKNOWN, 0, Confidence.LOW)
        assert found.summary == "Nothing that we know speaks against it, and nothing for it."

    def test_a_file_that_is_known_as_good_is_benign_unless_something_in_it_speaks_against_it(self) -> None:
        assert concluded(read_payload(b"words"), {"itself": BENIGN}).verdict is Verdict.BENIGN
        found = concluded(read_payload(b"schtasks /create /tn backup"), {"itself": BENIGN})
        assert found.verdict is Verdict.UNKNOWN

    def test_a_bad_thing_without_a_score_adds_nothing(self) -> None:
        found = concluded(read_payload(b"203.0.113.42"), {"203.0.113.42": replace(WEIGHING, score=None)})
        assert (found.score, found.signs) == (0, ())

    def test_coverage_is_that_of_all_parts_and_conflict_that_of_the_worst(self) -> None:
        full = replace(WEIGHING, coverage=1.0, conflict=0.4)
        found = concluded(read_payload(b"203.0.113.42"), {"203.0.113.42": full})
        assert (found.coverage, found.conflict) == (0.75, 0.4)

    def test_warnings_of_the_reading_are_passed_on(self) -> None:
        reading = replace(read_payload(b"words"), warnings=("Odd.",))
        assert concluded(reading).warnings == ("Odd.",)


class TestTelemetry:
    def test_the_printed_sample_shows_a_tool_port_and_what_to_do_about_it(self) -> None:
        found = concluded(read_record("endpoint_telemetry", SEED["payload"]))  # type: ignore[arg-type] # a JSON object
        assert found.verdict is Verdict.MALICIOUS
        assert found.category is Category.COMMAND_AND_CONTROL
        assert "T1571" in {sign.technique_id for sign in found.signs}
        assert found.countermeasures
        assert all(one.target for one in found.countermeasures)
        assert {"isolate_endpoint", "block_ip"} <= {one.type for one in found.countermeasures}
        assert any("No detection rules" in warning for warning in found.warnings)
        assert any("hash_sha256" in warning for warning in found.warnings)

    def test_what_was_seen_to_happen_counts_in_full(self) -> None:
        reading = read_record("network_traffic", {"dst_ip": "203.0.113.42", "port": 443})
        found = concluded(reading, {"203.0.113.42": WEIGHING})
        assert (found.verdict, found.score) == (Verdict.MALICIOUS, 92)
        assert [sign.name for sign in found.signs] == ["malicious_ipv4"]
        assert found.summary.startswith("Malicious, 92 of 100. Seen ip:203.0.113.42")

    @pytest.mark.parametrize(
        ("labels", "expected"),
        [
            ((), Category.UNKNOWN),
            (COUNTRY, Category.UNKNOWN),
            (FAMILY, Category.COMMAND_AND_CONTROL),
            ((("tags", "trojan"),), Category.MALWARE),
        ],
    )
    def test_a_bad_address_is_malware_only_where_somebody_says_so(
        self, labels: tuple[tuple[str, str], ...], expected: Category
    ) -> None:
        reading = read_record("network_traffic", {"dst_ip": "203.0.113.42", "port": 443})
        assert concluded(reading, {"203.0.113.42": WEIGHING}, labels).category is expected

    def test_a_bad_file_is_malware(self) -> None:
        digest = "44d88612fea8a8f36de82e1278abb02f"
        found = concluded(read_record("file_hash", {"md5": digest}), {digest: WEIGHING})
        assert found.category is Category.MALWARE
        assert ("block_hash", digest) in actions(found)

    def test_host_and_account_of_the_record_are_acted_on(self) -> None:
        record = {
            "hostname": "ws-7",
            "user": "ana",
            "process_name": "rundll32.exe",
            "command_line": "rundll32 comsvcs.dll, MiniDump 612 x full",
        }
        found = concluded(read_record("endpoint_telemetry", record))
        assert ("isolate_endpoint", "ws-7") in actions(found)
        assert ("reset_credentials", "ana") in actions(found)

    STANDING = Evidence("local", "standing", "hard_allow", "resolvers", "Resolvers", EvidenceGroup.LOCAL_LISTS)
    GOOD = replace(UNKNOWN, terms=(Term(STANDING, -2.0, 1.0, 1.0, -2.0, "Everybody asks it."),))

    def test_what_something_speaks_for_is_not_blocked_because_it_took_part(self) -> None:
        """Everything calls the resolver, an attacker's tool too: that is no evidence against it."""
        reading = read_record("endpoint_telemetry", HURTING)
        both = {("block_ip", "203.0.113.42"), ("block_ip", "198.51.100.7")}
        assert both <= actions(concluded(reading))
        for good in (self.GOOD, BENIGN):
            assert actions(concluded(reading, {"203.0.113.42": good})) & both == {("block_ip", "198.51.100.7")}

    def test_what_is_bad_is_blocked_whatever_speaks_for_it(self) -> None:
        bad = replace(WEIGHING, terms=self.GOOD.terms)
        found = concluded(read_record("endpoint_telemetry", HURTING), {"203.0.113.42": bad})
        assert ("block_ip", "203.0.113.42") in actions(found)

    def test_nothing_of_our_own_is_acted_on(self) -> None:
        reading = read_record("endpoint_telemetry", HURTING | {"hostname": "ws-7"})
        parts = [Part(one, UNKNOWN) for one in reading.observables]
        found = actions(conclude(reading, parts, ground=ground_of(["ws-7", "203.0.113.0/24"])))
        assert {type_ for type_, _ in found} == {"kill_process", "block_ip", "collect_forensics"}
        assert ("block_ip", "203.0.113.42") not in found

    def test_a_record_of_nothing_is_unknown(self) -> None:
        found = concluded(read_record("endpoint_telemetry", {}))
        assert (found.verdict, found.coverage, found.conflict) == (Verdict.UNKNOWN, 0.0, 0.0)


def test_an_order_of_parts_changes_nothing_but_which_is_the_target() -> None:
    reading = read_record("network_traffic", {"dst_ip": "203.0.113.42", "domain": "evil.example"})
    parts = [Part(parse_observable(text), WEIGHING) for text in ("203.0.113.42", "evil.example")]
    one, other = conclude(reading, parts), conclude(reading, parts[::-1])
    assert (one.score, one.verdict, one.category) == (other.score, other.verdict, other.category)


class TestRules:
    RULE = rule(
        selecting(Image="a"), title="Something bad", level="high", status="stable", author="Somebody",
        tags=["attack.persistence", "attack.t1547.001"], falsepositives=["Admins"],
    )  # fmt: skip
    QUIET = read_record("endpoint_telemetry", {"process_name": "notepad.exe"})

    def test_a_rule_that_fires_counts_by_its_level_and_is_shown_with_its_author(self) -> None:
        found = concluded(self.QUIET, detected=Detected((Match(self.RULE),), 0, 10))
        assert (found.verdict, found.severity, found.confidence) == (Verdict.MALICIOUS, Severity.HIGH, Confidence.HIGH)
        (sign,) = found.signs
        assert (sign.reason, sign.technique_id) == ("Rule: Something bad.", "T1547.001")
        (detection,) = found.detections
        assert (detection.title, detection.author, detection.is_certain) == ("Something bad", "Somebody", True)
        assert (detection.techniques, detection.false_positives) == (("T1547.001",), ("Admins",))
        assert not any("rules" in warning for warning in found.warnings)

    def test_one_that_is_not_certain_says_less_and_says_so(self) -> None:
        found = concluded(self.QUIET, detected=Detected((Match(self.RULE, is_certain=False),), 0, 10))
        assert (found.severity, found.confidence) == (Severity.HIGH, Confidence.MEDIUM)
        assert found.signs[0].reason == "Rule: Something bad (what would exclude it was not told)."

    def test_one_that_nobody_trusts_and_that_is_not_certain_is_listed_and_counts_nothing(self) -> None:
        doubtful = msgspec.structs.replace(self.RULE, status=Status.EXPERIMENTAL)
        found = concluded(self.QUIET, detected=Detected((Match(doubtful, is_certain=False),), 0, 10))
        assert (found.verdict, found.score) == (Verdict.UNKNOWN, 0)
        assert [one.title for one in found.detections] == ["Something bad"]

    def test_rules_that_could_not_be_decided_are_counted(self) -> None:
        found = concluded(self.QUIET, detected=Detected((), 23, 62))
        assert found.warnings == ("23 detection rules look at something that was not told, and could not be decided.",)
