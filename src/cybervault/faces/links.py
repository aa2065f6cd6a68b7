"""Which answer of the API leads to which further calls, as links of its OpenAPI document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cybervault.faces.openapi import Piece


@dataclass(frozen=True, slots=True)
class Lead:
    """An answer that holds the id of something, and the path of that thing, below which the further calls are.

    `pointer` is where the id stands in the body (RFC 6901), `parameter` how the paths call it.
    """

    operation: str
    status: int
    pointer: str
    parameter: str
    path: str


_KEY: Final = ("key_id", "/v3/keys/{key_id}")
_ACCOUNT: Final = ("account_id", "/v3/service-accounts/{account_id}")
_USER: Final = ("user_id", "/v3/users/{user_id}")
_THREAT: Final = ("threat_id", "/v3/threats/{threat_id}")
_ASSESSMENT: Final = ("assessment_id", "/v3/threats/assessments/{assessment_id}")
_ACTION: Final = ("action_id", "/v3/response/actions/{action_id}")
_ANALYSIS: Final = ("request_id", "/v1/threats/analyses/{request_id}")

# A list leads on by its first row.
LEADS: Final = (
    Lead("POST /v1/threats/analyze", 200, "/request_id", *_ANALYSIS),
    Lead("POST /v1/threats/analyze", 202, "/request_id", *_ANALYSIS),
    Lead("GET /v2/threats/recent", 200, "/data/0/id", "threat_id", "/v2/threats/{threat_id}/status"),
    Lead("POST /v3/threats/analyze", 201, "/assessment_id", *_ASSESSMENT),
    Lead("POST /v3/threats/analyze", 202, "/assessment_id", *_ASSESSMENT),
    Lead("POST /v3/observables/lookup", 200, "/data/0/assessment/assessment_id", *_ASSESSMENT),
    Lead("GET /v3/threats/assessments", 200, "/data/0/assessment_id", *_ASSESSMENT),
    Lead("GET /v3/threats", 200, "/data/0/id", *_THREAT),
    Lead("GET /v3/threats/{threat_id}", 200, "/assessment_id", *_ASSESSMENT),
    Lead("POST /v3/response/actions", 202, "/id", *_ACTION),
    Lead("GET /v3/response/actions", 200, "/data/0/id", *_ACTION),
    Lead("POST /v3/keys", 201, "/id", *_KEY),
    Lead("GET /v3/keys", 200, "/data/0/id", *_KEY),
    Lead("POST /v3/keys/{key_id}/rotate", 201, "/id", "key_id", "/v3/keys/{key_id}/finish-rotation"),
    Lead("POST /v3/keys/{key_id}/rotate", 201, "/id", "key_id", "/v3/keys/{key_id}/cancel-rotation"),
    Lead("POST /v3/service-accounts", 201, "/id", *_ACCOUNT),
    Lead("GET /v3/service-accounts", 200, "/data/0/id", *_ACCOUNT),
    Lead("POST /v3/users", 201, "/id", *_USER),
    Lead("GET /v3/users", 200, "/data/0/id", *_USER),
)


def add_links(document: Piece, leads: Sequence[Lead] = LEADS) -> None:
    """Put links into a document: from an answer to all that can be asked of what it names, and to its next page."""
    operations = {f"{method.upper()} {path}": one for path, method, one in _operations(document)}
    for lead in leads:
        source = operations.get(lead.operation)
        if source is None:
            continue
        for path, _, target in _operations(document):
            if path == lead.path or path.startswith(f"{lead.path}/"):
                response = source["responses"][str(lead.status)]
                _link(response, target, parameter=lead.parameter, pointer=lead.pointer)
    for source in operations.values():
        if any(parameter.get("name") == "cursor" for parameter in source["parameters"]):
            _link(source["responses"]["200"], source, parameter="cursor", pointer="/pagination/next_cursor")


def _operations(document: Piece) -> Iterator[tuple[str, str, Piece]]:
    for path, methods in document["paths"].items():
        yield from ((path, method, operation) for method, operation in methods.items())


def _link(response: Piece, target: Piece, *, parameter: str, pointer: str) -> None:
    response.setdefault("links", {})[target["operationId"]] = {
        "operationId": target["operationId"],
        "parameters": {parameter: f"$response.body#{pointer}"},
        "description": "The next page" if parameter == "cursor" else target["summary"],
    }
