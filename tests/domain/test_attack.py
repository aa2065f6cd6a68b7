"""ATT&CK: the table agrees with what MITRE publishes, an id of any version is followed to the one of today."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from cybervault.domain.attack import (
    State,
    Technique,
    columns_of,
    ids,
    matrix,
    successor,
    tactic,
    technique,
    url_of,
)

# Of 19, carried by the rules of SigmaHQ, with the tactic that these give beside each.
NEWER = (
    "T1685", "T1685.001", "T1685.002", "T1685.004", "T1685.005", "T1685.006",
    "T1686", "T1686.001", "T1686.002", "T1686.003", "T1689", "T1690",
)  # fmt: skip


def every() -> list[Technique]:
    """All that are known."""
    return [one for id_ in ids() if (one := technique(id_)) is not None]


def published() -> dict[str, tuple[str, frozenset[str]]]:
    """Names and tactics by id, as the MISP galaxy carries them from ATT&CK."""
    spec = find_spec("pymispgalaxies")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "data/misp-galaxy/clusters/mitre-attack-pattern.json"
    found = {}
    for value in json.loads(file.read_text("utf-8"))["values"]:
        meta = value["meta"]
        id_ = meta["external_id"]
        name = value["value"].removesuffix(f" - {id_}")
        tactics = [chain for chain in meta.get("kill_chain", ()) if chain.startswith(("attack-", "mitre-attack:"))]
        found[id_] = (name, frozenset(chain.rpartition(":")[2] for chain in tactics))
    return found


def test_names_and_tactics_are_those_that_are_published() -> None:
    known = published()
    shared = [one for one in every() if one.id in known and one.state is State.ACTIVE]
    assert len(shared) > 600
    others = [one for one in shared if (one.name, frozenset(one.tactics)) != known[one.id]]
    # The galaxy is of a version before these two were given other names.
    assert [one.name for one in others] == ["Time Based Checks", "Shell History"]


def test_every_technique_of_the_matrix_is_there_with_its_form() -> None:
    active = [one for one in every() if one.state is State.ACTIVE]
    assert len(active) > 680
    assert len(every()) == len(ids()) == len(set(ids()))
    for one in every():
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", one.id)
        assert one.name == " ".join(one.name.split()) != ""
        assert all(tactic(short) for short in one.tactics)
        assert (one.revoked_by is not None) <= (one.state is State.REVOKED)


def test_a_technique_is_found_by_its_id() -> None:
    found = technique("T1571")
    assert found == Technique("T1571", "Non-Standard Port", ("command-and-control",))
    assert found is not None
    assert (found.tactic, found.url) == ("command-and-control", "https://attack.mitre.org/techniques/T1571/")
    assert url_of("T1059.001") == "https://attack.mitre.org/techniques/T1059/001/"


@pytest.mark.parametrize(
    ("id_", "mostly"),
    [("T1078", "initial-access"), ("T1053.005", "persistence"), ("T1055", "defense-evasion")],
)
def test_of_several_tactics_the_one_it_is_most_met_in_stands_first(id_: str, mostly: str) -> None:
    found = technique(id_)
    assert found is not None
    assert found.tactic == mostly
    assert len(found.tactics) > 1


@pytest.mark.parametrize("id_", ["", "t1571", "T9999", "T1571.999"])
def test_an_id_outside_the_table_is_said_to_be_unknown(id_: str) -> None:
    assert technique(id_) is None
    assert successor(id_) == id_


@pytest.mark.parametrize("id_", NEWER)
def test_ids_of_19_that_rules_carry_are_known(id_: str) -> None:
    found = technique(id_)
    assert found is not None
    assert (found.tactic, found.state) == ("defense-impairment", State.ACTIVE)
    assert columns_of(id_, ["defense-impairment"]) == ("defense-impairment",)


@pytest.mark.parametrize(
    ("id_", "today"),
    [
        ("T1562.001", "T1685"),
        ("T1562.008", "T1685.002"),
        ("T1070.001", "T1685.005"),
        ("T1086", "T1059.001"),
        ("T1089", "T1685"),
        ("T1059.001", "T1059.001"),
    ],
)
def test_an_old_id_leads_to_the_one_of_today_over_all_versions_between(id_: str, today: str) -> None:
    assert successor(id_) == today


def test_every_successor_is_in_the_table_and_no_way_is_a_circle() -> None:
    for id_ in ids():
        found = technique(successor(id_))
        assert found is not None
        assert found.revoked_by is None


def test_the_matrix_has_the_tactics_of_19_in_order() -> None:
    assert [(one.id, one.short) for one in matrix()] == [
        ("TA0043", "reconnaissance"),
        ("TA0042", "resource-development"),
        ("TA0001", "initial-access"),
        ("TA0002", "execution"),
        ("TA0003", "persistence"),
        ("TA0004", "privilege-escalation"),
        ("TA0005", "stealth"),
        ("TA0112", "defense-impairment"),
        ("TA0006", "credential-access"),
        ("TA0007", "discovery"),
        ("TA0008", "lateral-movement"),
        ("TA0009", "collection"),
        ("TA0011", "command-and-control"),
        ("TA0010", "exfiltration"),
        ("TA0040", "impact"),
    ]
    older = tactic("defense-evasion")
    assert older is not None
    assert (older.id, older.name, older.url) == (
        "TA0005",
        "Defense Evasion",
        "https://attack.mitre.org/tactics/TA0005/",
    )
    assert tactic("s0029") is None


@pytest.mark.parametrize(
    ("id_", "tagged", "columns"),
    [
        ("T1053.005", ["execution", "persistence"], ("execution", "persistence")),
        ("T1027", ["defense-evasion"], ("stealth",)),
        ("T1027", [], ("stealth",)),
        ("T1112", ["defense-evasion"], ("defense-impairment",)),
        ("T1553.004", ["defense-evasion"], ("defense-impairment",)),
        ("T1562.001", ["defense-evasion"], ("defense-impairment",)),
        ("T1571", ["execution"], ("command-and-control",)),
        ("T9999", ["execution", "s0029", "defense-evasion"], ("execution", "stealth")),
        ("T9999", [], ()),
    ],
)
def test_a_technique_stands_where_both_the_rule_and_attack_see_it(
    id_: str, tagged: list[str], columns: tuple[str, ...]
) -> None:
    assert columns_of(id_, tagged) == columns
