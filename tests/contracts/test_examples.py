"""The examples in the document of the API are answers that the server gives today."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2
import pytest
from openapi_schema_validator import OAS31Validator, validate

from cybervault.access import tokens
from cybervault.access.exposure import find_keys
from cybervault.app.server import create_app
from cybervault.domain.principals import KeyKind
from cybervault.faces.examples import Example, load_examples
from tests.contracts.examples import examples_of, written
from tests.contracts.stable import Names
from tests.contracts.test_openapi import closed
from tests.fakes.serving import Setup

CONTRACTS: Final = ("/api/ctai", "/v1/", "/v2/", "/v3/")
# Operations without an example, and why.
WITHOUT: Final = {
    "GET /api/ctai": "answers by server-sent events",
    "GET /api/ctai/stream": "answers by server-sent events",
    "GET /v3/threats/export": "answers by a file: NDJSON, CSV or a bundle of STIX",
    "GET /v3/scans/{scan_id}/events": "answers by server-sent events",
    "GET /v3/scans/{scan_id}/export": "answers by a file: SARIF, CSV, HTML, PDF or CycloneDX",
    "DELETE /v3/detection/filters/{filter_id}": "answers nothing",
    "DELETE /v3/telemetry/{batch_id}": "answers nothing",
    "POST /v1/scans/upload-sarif": "takes a file",
    "DELETE /v3/webhooks/{webhook_id}": "answers nothing",
    "POST /v3/webhooks/{webhook_id}/test": "answers what a receiver said, which lies outside",
    "POST /v3/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": "sends to a receiver, which lies outside",
    "DELETE /v3/scans/grants/{grant_id}": "answers nothing",
    "DELETE /v3/scans/schedules/{schedule_id}": "answers nothing",
    "POST /v3/scans/grants": "tells a proof of random signs",
    "POST /v3/scans/grants/{grant_id}/verify": "answers when the proof is found, which lies outside",
    "POST /v1/scans/{scan_id}/cancel": "answers by how far the scan has come",
    "POST /v3/scans/{scan_id}/cancel": "answers by how far the scan has come",
}
AGAIN: Final = "the examples are not what the server answers today: `make docs` writes them anew"


@pytest.fixture
async def document(setup: Setup) -> Any:  # noqa: ANN401 - JSON
    transport = httpx2.ASGITransport(app=create_app(setup.settings()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        return (await client.get("/api/docs/openapi.json")).json()


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What belongs to the contracts, by `METHOD template`."""
    for path, methods in document["paths"].items():
        if path.startswith(CONTRACTS):
            yield from ((f"{method.upper()} {path}", operation) for method, operation in methods.items())


async def test_every_operation_of_the_contracts_shows_an_answer_and_the_body_that_led_to_it(document: Any) -> None:  # noqa: ANN401 - JSON
    found, examples = dict(operations(document)), load_examples()
    assert examples.keys() | WITHOUT.keys() == found.keys()
    assert not examples.keys() & WITHOUT.keys()
    for name, operation in found.items():
        if name not in WITHOUT:
            example = examples[name]
            assert _content(operation["responses"][str(example.status)])["example"] == example.response, name
        if "requestBody" in operation and name not in WITHOUT:
            assert _content(operation["requestBody"])["example"] == examples[name].request is not None, name


async def test_they_are_what_the_server_answers_today(setup: Setup) -> None:
    today, shown = await examples_of(setup), load_examples()
    for name, example in today.items():
        assert shown.get(name) == example, f"{name}: {AGAIN}"
    assert written(today) == written(shown), AGAIN


async def test_each_has_the_form_that_the_document_promises(document: Any) -> None:  # noqa: ANN401 - JSON
    found = dict(operations(document))
    whole = closed({"components": {"schemas": document["components"]["schemas"]}})
    for name, example in load_examples().items():
        content = _content(found[name]["responses"][str(example.status)])
        validate(example.response, whole | closed(content["schema"]), cls=OAS31Validator)
        if example.request is not None:
            validate(example.request, _content(found[name]["requestBody"])["schema"], cls=OAS31Validator)


def test_none_holds_what_could_be_taken_for_a_key() -> None:
    assert not list(find_keys(written(load_examples())))


class TestNames:
    """What is random has a name that is the same every time."""

    def test_ids_keep_their_form_and_are_numbered_as_they_appear(self) -> None:
        names = Names()
        assert names.stable({"id": "key_4f1k9x2m7q0z", "by": "key:key_aaaaaaaaaaaa, key_4f1k9x2m7q0z"}) == {
            "id": "key_000000000001",
            "by": "key:key_000000000002, key_000000000001",
        }
        assert names.stable(["asm_4f1k9x2m7q", "anl_4f1k9x2m7q", "thr_4f1k9x2m7q"]) == [
            "asm_0000000001",
            "anl_0000000001",
            "thr_0000000001",
        ]

    @pytest.mark.parametrize("kind", list(KeyKind))
    def test_no_secret_comes_through(self, kind: KeyKind) -> None:
        minted = tokens.mint(kind)
        shown = Names().stable({"secret": minted.secret.reveal(), "by": minted.hint, "old": [minted.hint]})
        assert shown == {"secret": f"{kind}...", "by": f"{kind}…0001", "old": [f"{kind}…0001"]}

    def test_what_is_no_text_stays(self) -> None:
        assert Names().stable([1, 0.5, None, True]) == [1, 0.5, None, True]


def test_the_file_is_sorted_and_says_first_what_was_asked() -> None:
    text = written({"POST /v3/b": Example(201, {"id": "ö"}, {"name": "b"}), "GET /v3/a": Example(200, [])})
    assert text.startswith(
        '{\n  "GET /v3/a": {\n    "status": 200,\n    "response": []\n  },\n  "POST /v3/b": {\n    "req'
    )
    assert '"id": "ö"' in text


def _content(body: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = body["content"]["application/json"]
    return content
