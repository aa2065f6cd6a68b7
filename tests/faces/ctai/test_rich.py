"""The richer stream: everything as it becomes known, and an honest word where something is missing."""

from dataclasses import replace
from typing import Any

import pytest

from cybervault.assessments.assess import Heard
from cybervault.domain.evidence import Answer, Outcome
from cybervault.faces.ctai.rich import source_data
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Reply, Running
from tests.fakes.upstream import Behaviour, UpstreamFarm

PATH = "/api/ctai/stream?ioc=203.0.113.42"


def data(reply: Reply, name: str) -> list[dict[str, Any]]:
    return [event.data for event in reply.events if event.name == name]


def test_every_source_is_named_before_the_first_answers(server: Running) -> None:
    reply = server.get(PATH)
    named = [source["name"] for source in reply.meta["sources"]]
    assert named[0] == "local"
    assert sorted(named) == sorted(source["name"] for source in data(reply, "source"))
    assert {source["state"] for source in reply.meta["sources"]} == {"pending"}


def test_meta_says_what_was_understood(server: Running) -> None:
    meta = server.get("/api/ctai/stream?ioc=hxxps://Evil[.]example/A").meta
    assert (meta["ioc"], meta["kind"], meta["value"], meta["defanged"]) == (
        "hxxps://Evil[.]example/A",
        "url",
        "https://evil.example/A",
        "hxxps://evil[.]example/A",
    )
    assert meta["request_id"].startswith("req_")


def test_the_last_score_is_final_and_adds_up(server: Running) -> None:
    scores = data(server.get(PATH), "score")
    assert [score["final"] for score in scores] == [False] * (len(scores) - 1) + [True]
    last = scores[-1]
    assert last["verdict"] == "malicious"
    assert round(last["prior"] + sum(term["points"] for term in last["terms"]), 2) == last["log_odds"]
    assert all(term["reason"] for term in last["terms"])
    assert last["low"] <= last["score"] <= last["high"]


def test_the_words_follow_and_are_compared_with_the_score(server: Running) -> None:
    reply = server.get(PATH)
    assert reply.words
    assert reply.names.index("model") < reply.names.index("chunk")
    done = reply.events[-1]
    assert done.name == "done"
    assert done.data["narrative"]["verdict"] == "malicious"
    assert done.data["disagrees"] is False


def test_a_remembered_answer_tells_its_age(server: Running) -> None:
    server.get(PATH)
    server.clock.advance(30)
    (answer,) = [one for one in data(server.get(PATH), "source") if one["name"] == "virustotal"]
    assert answer["cached_seconds"] == 30


def test_a_missing_key_is_a_skipped_card_and_a_warning(serve: Serve) -> None:
    reply = serve(keys={"virustotal": None}).get(PATH)
    (card,) = [one for one in data(reply, "source") if one["name"] == "virustotal"]
    assert (card["state"], card["outcome"]) == ("skipped", "no_key")
    (warning,) = data(reply, "warning")
    assert (warning["source"], warning["reason"], warning["outcome"]) == ("VirusTotal", "invalid_api_key", "no_key")


def test_without_a_model_the_score_stands_and_the_reader_is_told(serve: Serve, farm: UpstreamFarm) -> None:
    reply = serve(chat_key=None).get(PATH)
    assert data(reply, "warning")[-1]["reason"] == "not_configured"
    assert data(reply, "score")[-1]["verdict"] == "malicious"
    assert reply.events[-1].data == {"done": True, "narrative": None, "disagrees": False}
    assert farm.calls("chat") == []


def test_a_failing_model_is_an_error_after_the_score(server: Running, farm: UpstreamFarm) -> None:
    farm.set("chat", Behaviour.PAYMENT)
    reply = server.get(PATH)
    assert reply.events[-1].name == "error"
    assert reply.events[-1].data["stage"] == "ai"
    assert data(reply, "score")[-1]["final"]


def test_an_unbuilt_local_knowledge_is_told(serve: Serve) -> None:
    server = serve(is_prepared=False)
    reply = server.get(PATH)
    assert data(reply, "warning")[0]["outcome"] == "not_ready"
    assert "local" not in [source["name"] for source in reply.meta["sources"]]


def test_a_cve_is_not_given_a_score_of_malice(server: Running) -> None:
    last = data(server.get("/api/ctai/stream?ioc=CVE-2021-44228"), "score")[-1]
    assert last["score"] is None
    assert last["verdict"] == "unknown"


@pytest.mark.parametrize("behaviour", [Behaviour.HTML, Behaviour.BROKEN_JSON, Behaviour.DROP, Behaviour.WRONG_TYPES])
def test_a_source_that_misbehaves_costs_its_own_card_only(
    server: Running, farm: UpstreamFarm, behaviour: Behaviour
) -> None:
    farm.set("virustotal", behaviour)
    reply = server.get(PATH)
    (card,) = [one for one in data(reply, "source") if one["name"] == "virustotal"]
    assert card["state"] in {"failed", "empty"}
    assert reply.events[-1].name == "done"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, None),
        (b'{"a":1}', {"a": 1}),
        (b"\xff not json", "\ufffd not json"),
        (b"[" * 5000, "[" * 5000),
        (b"a" * 70_000, "a" * 65_536 + " …"),
    ],
)
def test_a_document_is_shown_as_json_or_as_its_beginning(document: bytes | None, expected: object) -> None:
    heard = Heard("X", replace(Answer("x", Outcome.UNKNOWN), document=document), 0.0123, None)
    shown = source_data(heard)
    assert shown["document"] == expected
    assert shown["milliseconds"] == 12
