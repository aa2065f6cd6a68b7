"""What events name is weighed by lists and remembered answers alone, the worst first."""

from datetime import UTC, datetime
from pathlib import Path

from cybervault.assessments.known_bad import HitName, Knowing
from cybervault.detection.mentions import Mention
from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.domain.verdicts import Verdict
from cybervault.intel.knowledge import Knowledge
from cybervault.verdict.weights import load_weights

NOW = datetime(2026, 11, 1, tzinfo=UTC)
EVIL, WORSE, FINE = (parse_observable(text) for text in ("198.51.100.42", "198.51.100.43", "198.51.100.44"))


def said(bin_: str) -> Answer:
    evidence = Evidence("virustotal", "detections", bin_, "f", 12, EvidenceGroup.ANTIVIRUS, NOW)
    return Answer("virustotal", Outcome.HIT, (evidence,), labels=(("family", "x"),))


def test_the_bad_are_told_the_worst_first_with_who_named_them() -> None:
    mentions = [Mention(one, 2, ("PC-7", "pc-8"), (NOW, None)) for one in (EVIL, WORSE, FINE)]
    clean = Answer("virustotal", Outcome.CLEAN)
    found = Knowing(None, load_weights(), NOW).bad_among(
        mentions, {EVIL: [said("5-9")], WORSE: [said("10+")], FINE: [clean]}
    )
    assert [one.mention.observable for one in found] == [WORSE, EVIL]
    scores = [one.part.weighing.score or 0 for one in found]
    assert scores[0] > scores[1] >= 40
    assert found[0].part.labels == (("family", "x"),)
    noticed = [*found[0].noticed()]
    assert [(one.host, one.at, one.hit.points) for one in noticed] == [
        ("PC-7", NOW, scores[0]),
        ("pc-8", None, scores[0]),
    ]


def test_lists_speak_for_what_they_hold_and_alone_call_nothing_bad(small_knowledge: Path) -> None:
    lists = Knowledge.open(small_knowledge)
    resolver = parse_observable("8.8.8.8")
    with_lists, without = (Knowing(one, load_weights(), NOW) for one in (lists, None))
    assert with_lists.bad_among([Mention(resolver, 1)], {}) == []
    (bad,) = without.bad_among([Mention(resolver, 1)], {resolver: [said("10+")]})
    assert bad.part.weighing.verdict is Verdict.MALICIOUS
    both = with_lists.bad_among([Mention(resolver, 1)], {resolver: [said("10+")]})
    assert Verdict.MALICIOUS not in {one.part.weighing.verdict for one in both}


def test_a_hit_by_its_name() -> None:
    name = HitName.of("malicious_ipv4")
    assert (name.verdict, name.kind, name.title) == ("malicious", "ipv4", "Malicious ipv4 named")
