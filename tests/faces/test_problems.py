"""Every code has a page in plain words, under the strict policy."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cybervault.faces.problems import PROBLEM_PAGES, load_catalogue, problem_routes

CLIENT = TestClient(Starlette(routes=problem_routes()))
CATALOGUE = load_catalogue()


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_page_says_when_and_what_helps(code: str) -> None:
    reply = CLIENT.get(f"{PROBLEM_PAGES}/{code}")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1><code>{code}</code></h1>" in reply.text
    sentences = re.findall(r"<p>(.*)</p>", reply.text)
    assert len(sentences) == 2
    assert all(sentence.endswith(".") and len(sentence) > 10 for sentence in sentences)
    assert not re.search(r"[`\]]|\.\.", reply.text), "Markdown is left over"


def test_a_page_carries_the_policy_and_its_own_nonce() -> None:
    first, second = (CLIENT.get(f"{PROBLEM_PAGES}/invalid_scope") for _ in range(2))
    nonce = re.search(r'<style nonce="([^"]+)">', first.text)
    assert nonce is not None
    assert f"'nonce-{nonce[1]}'" in first.headers["content-security-policy"]
    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]
    assert "<script" not in first.text


@pytest.mark.parametrize("code", ["nope", "..", "%3Cscript%3E", "invalid_scope/x"])
def test_a_code_that_nobody_gives_has_no_page(code: str) -> None:
    reply = CLIENT.get(f"{PROBLEM_PAGES}/{code}")
    assert reply.status_code == 404
    assert "script" not in reply.text


def test_entries_are_parts_of_sentences() -> None:
    for entry in CATALOGUE.values():
        assert not entry.when.endswith(".")
        assert not entry.helps.endswith(".")
    assert list(CATALOGUE) == sorted(CATALOGUE)
