"""ATT&CK: the table of techniques agrees with what MITRE publishes, and says so of what it does not hold."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from cybervault.domain.attack import TECHNIQUES, Technique, technique


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
        found[id_] = (name, frozenset(chain.rpartition(":")[2] for chain in meta.get("kill_chain", ())))
    return found


def test_every_name_and_tactic_is_the_one_that_is_published() -> None:
    known = published()
    for id_, one in TECHNIQUES.items():
        name, tactics = known[id_]
        assert (one.id, one.name) == (id_, name)
        assert one.tactic in tactics


@pytest.mark.parametrize("id_", sorted(TECHNIQUES))
def test_every_id_has_the_form_of_attack(id_: str) -> None:
    assert re.fullmatch(r"T\d{4}(\.\d{3})?", id_)


def test_a_technique_is_found_by_its_id() -> None:
    assert technique("T1571") == Technique("T1571", "Non-Standard Port", "command-and-control")


@pytest.mark.parametrize("id_", ["", "t1571", "T9999", "T1685"])
def test_an_id_outside_the_table_is_said_to_be_unknown(id_: str) -> None:
    assert technique(id_) is None
