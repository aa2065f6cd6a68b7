"""Writes the table of ATT&CK anew: `python -m docs.attack_table FOLDER VERSION`.

FOLDER is `enterprise-attack` of a checkout of github.com/mitre/cti, where each object is a file. Run by hand when
ATT&CK has a new version; then look through `attack19.toml` beside the table.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

TABLE: Final = Path(__file__).parent.parent / "src" / "cybervault" / "domain" / "attack.tsv"

_HEAD: Final = """\
# MITRE ATT&CK, Enterprise {version}: tactics in the order of the matrix, then every technique.
# (c) The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.
# Terms of use: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
# Source: github.com/mitre/cti, written by `python -m docs.attack_table`; change nothing here.
# id, name, tactics (the one it is most often met in first), state (empty is active), revoked by
"""
# Techniques that ATT&CK lists first under another tactic than the one in which they are seen most.
_MOSTLY: Final = {"T1053": "persistence", "T1078": "initial-access"}
_STIX: TypeAlias = Mapping[str, Any]


def table(folder: Path, version: str) -> str:
    """The whole file."""
    patterns = {stix["id"]: stix for stix in _objects(folder / "attack-pattern")}
    successors = {
        stix["source_ref"]: _id(patterns[stix["target_ref"]])
        for stix in _objects(folder / "relationship")
        if stix["relationship_type"] == "revoked-by" and stix["source_ref"] in patterns
    }
    techniques = sorted(_technique(stix, successors) for stix in patterns.values())
    return _HEAD.format(version=version) + "".join("\t".join(row) + "\n" for row in [*_tactics(folder), *techniques])


def _objects(folder: Path) -> Iterator[_STIX]:
    for file in sorted(folder.glob("*.json")):
        yield from json.loads(file.read_text(encoding="utf-8"))["objects"]


def _tactics(folder: Path) -> Iterator[tuple[str, ...]]:
    by_ref = {stix["id"]: stix for stix in _objects(folder / "x-mitre-tactic")}
    (matrix,) = _objects(folder / "x-mitre-matrix")
    for ref in matrix["tactic_refs"]:
        yield _id(by_ref[ref]), by_ref[ref]["name"], by_ref[ref]["x_mitre_shortname"], "", ""


def _technique(stix: _STIX, successors: Mapping[str, str]) -> tuple[str, ...]:
    state = "revoked" if stix.get("revoked") else "deprecated" if stix.get("x_mitre_deprecated") else ""
    name = " ".join(stix["name"].split())
    return _id(stix), name, ",".join(_tactics_of(stix)), state, successors.get(stix["id"], "")


def _tactics_of(stix: _STIX) -> list[str]:
    mostly = _MOSTLY.get(_id(stix).partition(".")[0])
    return sorted((phase["phase_name"] for phase in stix["kill_chain_phases"]), key=lambda name: name != mostly)


def _id(stix: _STIX) -> str:
    return next(str(one["external_id"]) for one in stix["external_references"] if one["source_name"] == "mitre-attack")


if __name__ == "__main__":
    TABLE.write_text(table(Path(sys.argv[1]), sys.argv[2]), encoding="utf-8")
