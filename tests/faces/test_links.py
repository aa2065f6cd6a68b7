"""An answer that names something links to all that can be asked of it."""

from typing import Any, Final

from cybervault.faces.links import LEADS, Lead, add_links

KEYS: Final = "/v3/keys"
LEAD: Final = Lead("POST /v3/keys", 201, "/id", "key_id", "/v3/keys/{key_id}")


def _operation(name: str, *parameters: str, status: int = 200) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": f"To {name}",
        "parameters": [{"$ref": "#/components/parameters/RequestId"}, *({"name": one} for one in parameters)],
        "responses": {str(status): {}},
    }


def _document() -> dict[str, Any]:
    return {
        "paths": {
            KEYS: {"post": _operation("make", status=201), "get": _operation("list", "limit", "cursor")},
            f"{KEYS}/report": {"get": _operation("report")},
            f"{KEYS}/{{key_id}}": {"get": _operation("show", "key_id"), "patch": _operation("edit", "key_id")},
            f"{KEYS}/{{key_id}}/rotate": {"post": _operation("rotate", "key_id")},
        }
    }


def test_it_leads_to_the_thing_and_to_what_is_below_it_and_nowhere_else() -> None:
    document = _document()
    add_links(document, [LEAD])
    links = document["paths"][KEYS]["post"]["responses"]["201"]["links"]
    assert list(links) == ["show", "edit", "rotate"]
    assert links["edit"] == {
        "operationId": "edit",
        "parameters": {"key_id": "$response.body#/id"},
        "description": "To edit",
    }


def test_a_list_leads_to_its_next_page() -> None:
    document = _document()
    add_links(document, [])
    assert document["paths"][KEYS]["get"]["responses"]["200"]["links"] == {
        "list": {
            "operationId": "list",
            "parameters": {"cursor": "$response.body#/pagination/next_cursor"},
            "description": "The next page",
        }
    }
    assert "links" not in document["paths"][KEYS]["post"]["responses"]["201"]


def test_an_answer_that_is_not_in_the_document_is_left_out() -> None:
    document: dict[str, Any] = {"paths": {}}
    add_links(document)
    assert document == {"paths": {}}


def test_every_lead_names_the_parameter_of_its_path() -> None:
    assert all(f"{{{lead.parameter}}}" in lead.path for lead in LEADS)
