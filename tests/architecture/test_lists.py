"""Lists that belong together stay together: connectors and their cases and weights, contracts and their tests."""

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cybervault.enrichment.connector import Connector, KeyRule
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.verdict.weights import UNKNOWN_ITEM, load_weights
from docs.checks import BUILT, PAGE, built_checks, check_tests
from tests.architecture.tree import PACKAGE, ROOT, TESTS

CASES = TESTS / "cases" / "sources"
# What every source does sooner or later; a connector that was never shown it will meet it at night.
TRAPS = frozenset({"known", "unknown", "server_error", "unreachable", "timeout"})
HTTP_TRAPS = TRAPS | {"throttled", "not_json", "wrong_types"}
KEY_TRAPS = frozenset({"bad_key"})
ALL_TRAPS = HTTP_TRAPS | KEY_TRAPS | {"clean", "missing_key", "forbidden", "quota", "empty", "too_large", "special"}

each_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.source.name)


def cases(name: str) -> dict[str, dict[str, Any]]:
    """The cases of one source by file name."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((CASES / name).glob("*.json"))}


@each_connector
def test_a_connector_has_all_mandatory_cases(connector: Connector) -> None:
    source = connector.source
    wanted = (HTTP_TRAPS if source.url else TRAPS) | (frozenset() if source.key is KeyRule.NONE else KEY_TRAPS)
    shown = {case["trap"] for case in cases(source.name).values()}
    assert wanted <= shown, f"{source.name} lacks cases of {sorted(wanted - shown)}"
    assert shown <= ALL_TRAPS, f"{source.name} has cases of unknown traps {sorted(shown - ALL_TRAPS)}"


@each_connector
def test_a_case_says_in_a_sentence_what_it_proves(connector: Connector) -> None:
    silent = [name for name, case in cases(connector.source.name).items() if len(case["proves"].split()) < 3]
    assert not silent


@each_connector
def test_every_declared_bin_is_shown_by_a_case(connector: Connector) -> None:
    declared = {(item, bin_) for item, bins in connector.source.bins for bin_ in bins}
    shown = {
        (evidence["item"], evidence["bin"])
        for case in cases(connector.source.name).values()
        for evidence in (case["answer"] or {}).get("evidence", ())
    }
    assert declared == shown, f"never shown: {sorted(declared - shown)}; not declared: {sorted(shown - declared)}"


def test_every_folder_of_cases_has_its_connector() -> None:
    assert {path.name for path in CASES.iterdir()} == {connector.source.name for connector in CONNECTORS}


def test_every_connector_file_is_listed() -> None:
    files = {path.stem for path in (PACKAGE / "enrichment" / "connectors").glob("*.py")} - {"__init__"}
    assert files == {connector.source.name for connector in CONNECTORS}


@each_connector
def test_every_declared_bin_has_a_weight_and_weights_never_fall(connector: Connector) -> None:
    source, weights = connector.source, load_weights().sources[connector.source.name]
    assert weights.group is source.group
    for item, bins in source.bins:
        points = [weights.items[item][bin_].points for bin_ in bins]
        assert list(weights.items[item]) == list(bins), f"{source.name}.{item}: bins of weights and source differ"
        is_scale = item not in weights.categories
        assert not is_scale or all(low <= high for low, high in pairwise(points)), (
            f"{source.name}.{item} falls: {points}"
        )


def test_no_weight_is_for_nothing() -> None:
    declared = {(connector.source.name, item) for connector in CONNECTORS for item, _ in connector.source.bins}
    weighed = {(name, item) for name, source in load_weights().sources.items() for item in source.items}
    strangers = {place for place in weighed - declared if place[0] != "local"}
    assert not strangers, f"no source says {sorted(strangers)}"


def test_every_built_check_has_its_test() -> None:
    unproved = sorted(built_checks() - check_tests().keys())
    assert not unproved, f"marked built in tests/architecture/built_checks.txt, without a test: {unproved}"


def test_every_check_with_a_test_is_marked_built() -> None:
    unmarked = sorted(check_tests().keys() - built_checks())
    assert not unmarked, f"has a test and is not in tests/architecture/built_checks.txt: {unmarked}"


def test_the_page_of_contracts_holds_every_check_once() -> None:
    text = PAGE.read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \| .* \| (?:built|later) \|", text, re.MULTILINE)]
    assert numbers == list(range(1, 159))
    assert built_checks() <= set(numbers)


def test_no_check_ever_loses_its_mark() -> None:
    history = _history(BUILT)
    ever = {int(number) for number in re.findall(r"^\+(\d+)$", history, re.MULTILINE)}
    assert ever <= built_checks(), f"was built once: {sorted(ever - built_checks())}"


def _history(path: Path) -> str:
    """All changes of a file as far as this checkout knows them; nothing outside a checkout."""
    git = ["git", "-C", str(ROOT), "log", "--patch", "--format=", "--", str(path)]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""


def test_every_name_of_a_fact_has_spanish_words_in_the_console() -> None:
    """A new item of a source, behaviour or mark would be shown to people as the API names it."""
    written = (ROOT / "web" / "src" / "pages" / "assessments" / "factNames.ts").read_text("utf-8")
    known = set(re.findall(r"^  (\w+): \"", written, re.MULTILINE))
    items = {item for source in load_weights().sources.values() for item in source.items} | {UNKNOWN_ITEM}
    source = (ROOT / "src" / "cybervault" / "detection" / "behaviours.py").read_text("utf-8")
    named = set(re.findall(r"Behaviour\(\"(\w+)\"|^        \"([a-z_]+)\", \"T", source, re.MULTILINE))
    marks = (ROOT / "src" / "cybervault" / "payloads" / "marks.py").read_text("utf-8")
    signs = set(re.findall(r"_sign\(\s*\"(\w+)\"", marks))
    assert len(signs) >= 14
    assert len(named) >= 10
    assert items | signs | {one or other for one, other in named} | {"mentions_known_bad"} <= known
