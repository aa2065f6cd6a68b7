"""Examples stand in the document beside the schema of what they are an example of."""

from typing import Any

from cybervault.faces.examples import Example, add_examples, load_examples


def _document() -> dict[str, Any]:
    answer: dict[str, Any] = {"content": {"application/json": {"schema": {}}}}
    return {
        "paths": {
            "/v3/things": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {}, "example": {"name": "by hand"}}}},
                    "responses": {"201": answer, "400": {"$ref": "#/components/responses/v3400"}},
                },
                "get": {"responses": {"200": {"content": {"text/csv": {"schema": {}}}}}},
            },
        }
    }


def test_an_answer_and_the_body_that_led_to_it_are_shown() -> None:
    document = _document()
    add_examples(document, {"POST /v3/things": Example(201, {"id": 1}, {"name": "a"})})
    post = document["paths"]["/v3/things"]["post"]
    assert post["requestBody"]["content"]["application/json"]["example"] == {"name": "a"}
    assert post["responses"]["201"]["content"]["application/json"] == {"schema": {}, "example": {"id": 1}}


def test_without_a_body_of_its_own_what_was_written_by_hand_stays() -> None:
    document = _document()
    add_examples(document, {"POST /v3/things": Example(201, [])})
    body = document["paths"]["/v3/things"]["post"]["requestBody"]
    assert body["content"]["application/json"]["example"] == {"name": "by hand"}


def test_what_is_not_in_the_document_or_is_no_json_is_left_out() -> None:
    document = _document()
    examples = {
        name: Example(200, {"id": 1})
        for name in ("GET /v3/things", "POST /v3/things", "DELETE /v3/things", "GET /v3/elsewhere")
    }
    add_examples(document, examples)
    assert document == _document()


def test_the_file_holds_what_was_asked_and_answered() -> None:
    examples = load_examples()
    assert list(examples) == sorted(examples)
    minted = examples["POST /v3/keys"]
    assert minted.status == 201
    assert minted.response["name"] == minted.request["name"]
    assert examples["GET /v3/keys"].request is None
