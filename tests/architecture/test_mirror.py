"""Every source file has a test file of its own name, and every such test file has its source."""

from tests.architecture.tree import (
    PACKAGE,
    TESTS,
    UNMIRRORED_TESTS,
    files_of_tests,
    is_mirrored,
    name_of,
    own_test,
    sources,
)

# Test files that speak about many sources at once; each entry says about which.
ABOUT_MANY = {
    "tests/enrichment/connectors/test_every_connector.py": "one property that holds for all connectors",
    "tests/detection/normal/test_every_format.py": "what holds for all telemetry formats",
    "tests/detection/test_starter.py": "the rules that ship, which are data",
    "tests/detection/test_golden.py": "the rules that ship, on telemetry as it is sent",
    "tests/detection/test_traps.py": "from the event as it was sent to the rule, through all of detection",
    "tests/detection/test_hostile.py": "what events and rules written to be slow cost, through all of detection",
}


def test_every_source_has_a_test_of_its_name() -> None:
    missing = [name_of(own_test(path)) for path in sources() if is_mirrored(path) and not own_test(path).exists()]
    assert not missing, f"these test files are missing: {missing}"


def test_every_test_has_a_source_of_its_name() -> None:
    orphans = []
    for path in files_of_tests():
        place = path.relative_to(TESTS)
        if not place.name.startswith("test_") or place.parts[0] in UNMIRRORED_TESTS:
            continue
        source = PACKAGE / place.with_name(place.name.removeprefix("test_"))
        if not source.exists() and name_of(path) not in ABOUT_MANY:
            orphans.append(name_of(path))
    assert not orphans, f"these test files have no source file: {orphans}"


def test_the_list_of_exceptions_is_true() -> None:
    gone = [name for name in ABOUT_MANY if (PACKAGE / name.removeprefix("tests/").replace("test_", "")).exists()]
    assert not gone, f"these have a source of their name and need no exception: {gone}"
