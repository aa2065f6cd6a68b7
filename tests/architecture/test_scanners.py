"""The published patterns for scanners, with the check, find all of our keys and nothing else."""

import json
import re
import tomllib

import pytest

from cybervault.access.exposure import find_keys
from cybervault.access.tokens import CHECK_CHARACTERS, RANDOM_CHARACTERS, check_of, mint
from cybervault.domain.principals import KeyKind
from docs.scanners import PATTERN
from tests.architecture.tree import ROOT

SCANNERS = ROOT / "docs" / "scanners"
VECTORS = json.loads((ROOT / "tests" / "cases" / "access" / "key_vectors.json").read_text(encoding="utf-8"))
VALID = [vector["text"] for vector in VECTORS["valid"]]
INVALID = [vector["text"] for vector in VECTORS["invalid"]]


def of_gitleaks() -> str:
    rule = tomllib.loads((SCANNERS / "gitleaks.toml").read_text(encoding="utf-8"))["rules"][0]
    assert all(any(kind.value.startswith(word) for word in rule["keywords"]) for kind in KeyKind)
    assert rule["secretGroup"] == 1
    return str(rule["regex"])


def of_trufflehog() -> str:
    text = (SCANNERS / "trufflehog.yaml").read_text(encoding="utf-8")
    found = re.search("^      key: '(.*)'$", text, re.MULTILINE)
    assert found is not None
    return found[1]


def of_github() -> str:
    rows = dict(
        re.findall(r"^\| ([^|]+) \| `(.*)` \|$", (SCANNERS / "github.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    before, key, after = (
        rows[name].replace(r"\|", "|").replace(r"\z", r"\Z")
        for name in ("Before secret", "Secret format", "After secret")
    )
    return f"(?:{before})({key})(?={after})"


def proven(text: str) -> bool:
    """The check, as a scanner would write it from what is published."""
    kind = KeyKind(text[: -RANDOM_CHARACTERS - CHECK_CHARACTERS])
    body = text[-RANDOM_CHARACTERS - CHECK_CHARACTERS : -CHECK_CHARACTERS]
    return check_of(kind, body) == text[-CHECK_CHARACTERS:]


@pytest.mark.parametrize("pattern", [PATTERN, of_gitleaks(), of_trufflehog(), of_github()])
@pytest.mark.parametrize("around", ["{}", 'key = "{}";', "{}\n", "Authorization: Bearer {}", "?key={}&x=1", "({})"])
def test_the_patterns_find_all_keys_and_with_the_check_nothing_else(pattern: str, around: str) -> None:
    for text in [*VALID, *(mint(kind).secret.reveal() for kind in KeyKind)]:
        assert re.findall(pattern, around.format(text)) == [text]
        assert proven(text)
    for text in INVALID:
        assert not [found for found in re.findall(pattern, around.format(text)) if proven(found)]


def test_our_own_search_agrees_on_every_vector() -> None:
    assert [[one.secret.reveal() for one in find_keys(text)] for text in VALID] == [[text] for text in VALID]
    assert [find_keys(text) for text in INVALID] == [()] * len(INVALID)


def test_every_kind_has_a_vector_and_no_text_stands_twice() -> None:
    assert {vector["prefix"] for vector in VECTORS["valid"]} == {kind.value for kind in KeyKind}
    assert len({*VALID, *INVALID}) == len(VALID) + len(INVALID)
