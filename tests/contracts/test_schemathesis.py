"""The real server against its own document: what is generated from it is answered as it says, and nothing crashes."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.app.product import put_together
from cybervault.domain.principals import Role, Scope
from tests.fakes.keys import bearer, minted
from tests.fakes.serving import Running

Case: TypeAlias = schemathesis.Case[Any]
Operation: TypeAlias = schemathesis.APIOperation[Any, Any, Any, Any]

CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
FEW: Final = settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
WALK: Final = settings(FEW, stateful_step_count=10, phases=[Phase.generate])
# What chance leaves out in one turn comes in the next.
TURNS_MAX: Final = 3
# What is walked by itself, so that little is left out; the second finds what the first has made.
FAMILIES: Final = (
    r"\w+ /v3/threats", r"\w+ /v2/", r"\w+ /v1/", r"\w+ /v3/response", r"\w+ /v3/keys(?!.*-rotation)",
    r"POST /v3/keys(/{key_id}/(rotate|.*-rotation))?$", r"\w+ /v3/service-accounts", r"\w+ /v3/users",
    r"\w+ /v3/audit-log", r"\w+ /v3/scans", r"\w+ /v3/detection", r"\w+ /v3/telemetry", r"\w+ /v3/webhooks",
)  # fmt: skip
# Longer than the window of any limit.
PAUSE_SECONDS: Final = 3600
# The one frame of all faces reads the headers that all operations share: these show them to it, the others do not.
WITH_HEADERS: Final = frozenset({"POST /v1/threats/analyze", "GET /v2/threats/recent", "POST /v3/keys"})
# A key is told that it may not.
FOR_PEOPLE: Final = frozenset({
    "PATCH /v3/users/{user_id}", "DELETE /v3/users/{user_id}", "POST /v3/users/{user_id}/invitation",
})  # fmt: skip
# Only a large batch leads there, which is never generated.
OF_LARGE_BATCHES: Final = frozenset({"GET /v3/telemetry/{batch_id}/matches"})
# Only a scan leads there, and nothing is granted here that could be scanned.
OF_SCANS: Final = frozenset({"GET /v1/scans/{scan_id}/findings", "GET /v3/scans/{scan_id}/findings"})
# Only a webhook that was sent something has them, and nothing leaves a test.
OF_DELIVERIES: Final = frozenset({"GET /v3/webhooks/{webhook_id}/deliveries"})
QUERIES: Final = {"limit": ["1", "50"], "severity": ["critical,high,medium,low"]}
EXAMPLE_IDS: Final = frozenset({"finding_id", "service_account_id"})
NARROWING: Final = frozenset({"enum", "format", "maxLength", "minLength", "pattern"})


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks a server, with a key that may do everything, what is generated from its document."""

    server: Running
    session: requests.Session
    headers: Mapping[str, str]
    key_id: str

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = self.server.get("/api/docs/openapi.json").json
        return document

    def send(self, case: Case, headers: Mapping[str, str] | None = None) -> Response:
        """Ask after a pause, by the key unless other headers say who asks; the document must hold."""
        self.server.clock.advance(PAUSE_SECONDS)
        given = self.headers if headers is None else headers
        response = case.call(base_url=self.server.url, session=self.session, headers=dict(given))
        assert response.status_code != 422
        case.validate_response(response, checks=CHECKS)
        return response

    def fault(self, operation: Operation, mode: GenerationMode) -> str | None:
        """How one operation answers otherwise than the document says."""

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            self.send(case)

        try:
            ask()
        except (AssertionError, FailureGroup, Unsatisfiable) as error:
            return f"{error}: {[str(one) for one in getattr(error, 'exceptions', ())]}"
        return None


@pytest.fixture
async def asking(server: Running) -> AsyncIterator[Asking]:
    async with put_together(server.settings, server.clock) as product:
        own, access = await minted(product.access, scopes=frozenset(Scope)), product.access
        tenant = await access.tenants.find(own.key.tenant_id)
        person = NewMember("ada@acme.example", "Ada", Role.OWNER)
        await access.people.members.create(tenant, person, by=None, actor=OPERATOR)
    with requests.Session() as session:
        session.trust_env = False
        yield Asking(server, session, bearer(own.secret.reveal()), own.key.id)


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All of a document, by method and path."""
    for path, methods in document["paths"].items():
        yield from ((f"{method.upper()} {path}", operation) for method, operation in methods.items())


def is_for_keys(operation: Mapping[str, Any]) -> bool:
    """Whether a key may call it, or everybody."""
    ways = operation["security"]
    return not ways or any("key" in way for way in ways)


def can_be_malformed(operation: Mapping[str, Any]) -> bool:
    """Whether it takes anything but texts that may be left out: of those each is well formed."""
    asked = [one for one in operation["parameters"] if one.get("in") == "query" and not _takes_any_text(one)]
    return "requestBody" in operation or bool(asked)


def _takes_any_text(parameter: Mapping[str, Any]) -> bool:
    forms = parameter["schema"].get("anyOf", [parameter["schema"]])
    is_free = all(form.get("type") in {"string", "null"} and not NARROWING & form.keys() for form in forms)
    return is_free and not parameter.get("required")


def shortened(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what hides the rest from generated cases: who calls, and the headers of the frame.

    Else most that are malformed are so in nothing but a header, and are refused before anybody looks at the rest.
    """
    del document["components"]["securitySchemes"]
    for label, operation in operations(document):
        del operation["security"]
        if label not in WITH_HEADERS:
            operation["parameters"] = [one for one in operation["parameters"] if "$ref" not in one]
    return document


def generated_from(document: dict[str, Any]) -> dict[str, Operation]:
    """What schemathesis makes of a document: all of it."""
    found = {made.ok().label: made.ok() for made in from_dict(document).get_all_operations() if isinstance(made, Ok)}
    assert found.keys() == {label for label, _ in operations(document)}
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_that_a_key_may_call_answers_as_the_document_says(asking: Asking, mode: GenerationMode) -> None:
    """Whether well formed or not: no 5xx, no 422, and only the statuses and bodies that are documented."""
    wanted = can_be_malformed if mode.is_negative else bool
    labels = {label for label, one in operations(asking.document()) if is_for_keys(one) and wanted(one)}
    assert len(labels) > 20
    found = generated_from(shortened(asking.document()))
    faults = {label: fault for label in sorted(labels) if (fault := asking.fault(found[label], mode))}
    assert not faults, "\n\n".join(f"{label}: {fault}" for label, fault in faults.items())


def test_every_operation_that_wants_a_caller_refuses_one_without_a_key_as_the_document_says(asking: Asking) -> None:
    document = asking.document()
    labels = {label for label, one in operations(document) if one["security"]}
    assert len(labels) > 60
    for label, operation in generated_from(document).items():
        if label in labels:
            case = operation.Case(path_parameters={one.name: "0" for one in operation.path_parameters}, headers={})
            assert asking.send(case, {}).status_code == 401, label


@dataclass(slots=True)
class Trail:
    """Where the links of the document have led, from answer to answer."""

    asking: Asking
    bodies: Mapping[str, dict[str, Any]]
    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    def follow(self, case: Case) -> Response:
        """Every other body is the example of the document: few that are generated are taken."""
        answers = self.statuses.setdefault(case.operation.label, Counter())
        body = self.bodies.get(case.operation.label)
        if body is not None and answers.total() % 2 == 0:
            # Of many things there may be one of a name only.
            case.body = body | ({"name": f"{body['name']}-{answers.total()}"} if "name" in body else {})
        if case.path_parameters.get("key_id") == self.asking.key_id:
            case.path_parameters["key_id"] = "key_000000000000"  # nobody could go on asking
        response = self.asking.send(case)
        answers[response.status_code] += 1
        return response

    def missed(self, targets: Collection[str]) -> list[str]:
        """Those of the operations where no link has led with success."""
        return sorted(label for label in targets if min(self.statuses.get(label, {500})) >= 300)


def bodies_of(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The example of each body, without ids that exist in the example only."""
    found = {label: one["requestBody"]["content"] for label, one in operations(document) if "requestBody" in one}
    bodies = {label: content["application/json"].get("example", {}) for label, content in found.items()}
    objects = {label: body for label, body in bodies.items() if isinstance(body, dict)}
    return {label: {name: body[name] for name in body.keys() - EXAMPLE_IDS} for label, body in objects.items()}


def linked(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """From which operation a link leads to which, of those that a key may call."""
    by_id = {operation["operationId"]: label for label, operation in operations(document) if is_for_keys(operation)}
    for label in by_id.values():
        method, _, path = label.partition(" ")
        for answer in document["paths"][path][method.lower()]["responses"].values():
            yield from ((label, by_id[target]) for target in answer.get("links", {}))


def smoothed(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what would send most walkers away: queries and ids that are made up."""
    for _, operation in operations(shortened(document)):
        operation["parameters"] = [
            one | ({"schema": {"enum": QUERIES[one["name"]]}} if one["name"] in QUERIES else {})
            for one in operation["parameters"]
            if one.get("in") == "path" or one.get("name") in {"cursor", *QUERIES}
        ]
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for name in EXAMPLE_IDS:
                content["schema"].get("properties", {}).pop(name, None)
    return document


def walk(trail: Trail, document: dict[str, Any], labels: Collection[str], *, turn: int) -> None:
    """Follow the links of a document between these operations, and no others that could be guessed."""
    walked = from_dict(document).include(name=sorted(labels))
    walked.config.generation.update(modes=[GenerationMode.POSITIVE])
    walked.config.phases.stateful.inference.algorithms = []
    machine: Any = walked.as_state_machine()

    @seed(turn)
    class Walk(machine):  # type: ignore[misc] # made by schemathesis from the document
        def call(self, case: Case, **_: Any) -> Response:  # noqa: ANN401 - those of the machine
            return trail.follow(case)

        def validate_response(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - same
            """What asks has looked at it."""

    Walk.run(settings=settings(WALK, max_examples=2 + len(labels)))


@pytest.mark.timeout(120)
def test_whoever_follows_the_links_of_the_document_is_answered_as_it_says(asking: Asking) -> None:
    """The ids are real: what was made is read, changed, rotated and ended, in any order."""
    document = asking.document()
    trail, links = Trail(asking, bodies_of(document)), set(linked(document))
    targets = {target for _, target in links} - FOR_PEOPLE - OF_LARGE_BATCHES - OF_SCANS - OF_DELIVERIES
    for family in FAMILIES:
        labels = {label for link in links for label in link if re.match(family, label)}
        for turn in range(TURNS_MAX):
            walk(trail, smoothed(asking.document()), labels, turn=turn)
            if not trail.missed(targets & labels):
                break
    assert not trail.missed(targets)
