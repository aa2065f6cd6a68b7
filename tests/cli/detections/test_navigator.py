"""A layer that the ATT&CK Navigator opens."""

import json
import re
from typing import Any

from cybervault.cli.detections.navigator import layer_of
from cybervault.domain.attack import matrix
from tests.cli.detections.found import a_rule, tally_of

RULES = [
    a_rule("Shell", "execution", "t1059.001"),
    a_rule("Old\x1b", "defense-evasion", "t1562.001"),
    a_rule("Unknown", "impact", "t9999"),
    a_rule("Without tactic", "t9998.001"),
]


def layer(*rules: Any) -> dict[str, Any]:  # noqa: ANN401 - groups of rules
    found = json.loads(json.dumps(layer_of(tally_of(*rules), ["events.ndjson"])))
    assert isinstance(found, dict)
    return found


def test_it_has_what_format_4_5_requires() -> None:
    found = layer(RULES)
    assert found["versions"]["layer"] == "4.5"
    assert set(found["versions"]) == {"attack", "navigator", "layer"}
    assert (found["domain"], type(found["name"])) == ("enterprise-attack", str)
    assert found["gradient"] == {"colors": ["#fff1b8", "#d4380d"], "minValue": 0, "maxValue": 1}
    assert all(set(one) == {"label", "color"} for one in found["legendItems"])
    shorts = {one.short for one in matrix()}
    for one in found["techniques"]:
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", one["techniqueID"])
        assert one.get("tactic", "impact") in shorts
        assert "score" not in one or isinstance(one["score"], int)


def test_scores_are_matches_and_comments_name_the_rules() -> None:
    shell = RULES[0]
    found = layer([shell], [shell], RULES[1:])
    by_id = {one["techniqueID"]: one for one in found["techniques"]}
    assert (by_id["T1059.001"]["score"], by_id["T1059.001"]["tactic"]) == (2, "execution")
    assert by_id["T1059.001"]["comment"] == "2 x Shell (high)"
    assert by_id["T1685"]["comment"] == "1 x Old\\x1b (high)"
    assert found["gradient"]["maxValue"] == 2
    assert found["description"] == "5 matches in 3 events of events.ndjson"


def test_ids_that_nobody_knows_are_in_it() -> None:
    by_id = {one["techniqueID"]: one for one in layer(RULES)["techniques"]}
    assert by_id["T9999"]["tactic"] == "impact"
    assert "tactic" not in by_id["T9998.001"]


def test_a_parent_is_opened_so_that_its_sub_technique_is_seen() -> None:
    by_id = {one["techniqueID"]: one for one in layer(RULES)["techniques"]}
    assert by_id["T1059"] == {"techniqueID": "T1059", "tactic": "execution", "showSubtechniques": True}
    assert by_id["T9998"] == {"techniqueID": "T9998", "showSubtechniques": True}


def test_of_very_many_rules_the_first_are_named() -> None:
    rules = [a_rule(f"Rule {'x' * number}", "execution", "t1204") for number in range(25)]
    (one,) = layer(rules)["techniques"]
    assert one["comment"].splitlines()[-1] == "and 5 rules more"
    assert len(one["comment"].splitlines()) == 21


def test_without_matches_it_is_a_layer_all_the_same() -> None:
    assert layer([])["techniques"] == []


def test_of_many_files_the_first_are_named() -> None:
    layer = layer_of(tally_of([a_rule()]), [f"{number}.evtx" for number in range(300)])
    assert str(layer["description"]).endswith("of 0.evtx, 1.evtx, 2.evtx, 3.evtx, 4.evtx, 5.evtx and 294 files more")
