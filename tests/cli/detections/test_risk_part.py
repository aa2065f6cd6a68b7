"""The hosts and users of the highest risk on the page."""

from cybervault.cli.detections.risk_part import ENTITIES_MAX, risk_of_entities
from tests.cli.detections.found import AT, HOSTILE, a_bad_one, a_rule, add, tally_of
from tests.pages.test_markup import Reader

RULES = [a_rule(f"Rule {name}", tactic) for name, tactic in zip("abcdef", ["execution", "impact"] * 3, strict=True)]


def test_an_incident_says_so_and_what_it_is_made_of() -> None:
    tally = tally_of(RULES)
    texts = Reader(risk_of_entities(tally, tally.entities(AT))).texts
    assert texts.count("incident") == 2
    assert {"ws-1", "anna", "host", "user", "438", "73 · Rule a", "and 2 more rules", "execution, impact"} <= set(texts)


def test_a_lone_match_is_no_incident() -> None:
    tally = tally_of(RULES[:1])
    assert "incident" not in Reader(risk_of_entities(tally, tally.entities(AT))).texts


def test_many_are_cut_and_it_is_said() -> None:
    tally = tally_of()
    for number in range(ENTITIES_MAX):
        add(tally, RULES[:1], Computer=f"ws-{number}", User=f"user-{number}")
    shown = risk_of_entities(tally, tally.entities(AT))
    assert shown.count("<tr>") == ENTITIES_MAX + 1
    assert f"{ENTITIES_MAX} more are not shown." in shown


def test_hostile_names_are_text() -> None:
    tally = tally_of(RULES[:1], Computer=HOSTILE)
    assert "<script" not in risk_of_entities(tally, tally.entities(AT))


def test_a_bad_indicator_is_among_what_a_risk_is_made_of() -> None:
    tally = tally_of(RULES[:1])
    tally.indicators = [a_bad_one("198.51.100.42", "WS-1")]
    texts = Reader(risk_of_entities(tally, tally.entities(AT))).texts
    assert {"92 · Malicious ipv4 named", "73 · Rule a"} <= set(texts)
