"""The real server against its own document: what is generated from it is answered as it says, and nothing crashes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cybervault.app import put_together
from cybervault.domain.principals import Scope
from tests.fakes.keys import bearer, secret_of
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
# Longer than the window of any limit.
PAUSE_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks a server, with a key that may do everything, what is generated from its document."""

    server: Running
    session: requests.Session
    headers: dict[str, str]

    def fault(self, operation: Operation, mode: GenerationMode) -> str | None:
        """How one operation answers otherwise than the document says."""

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            self.server.clock.advance(PAUSE_SECONDS)
            response = case.call(base_url=self.server.url, session=self.session, headers=self.headers)
            assert response.status_code != 422
            case.validate_response(response, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            return None  # nothing can be wrong with what takes nothing
        except (AssertionError, FailureGroup) as error:
            return f"{error}: {[str(one) for one in getattr(error, 'exceptions', ())]}"
        return None


@pytest.fixture
async def asking(server: Running) -> AsyncIterator[Asking]:
    async with put_together(server.settings, server.clock) as product:
        headers = bearer(await secret_of(product.access, scopes=frozenset(Scope)))
    with requests.Session() as session:
        session.trust_env = False
        yield Asking(server, session, headers)


def is_for_keys(operation: Operation) -> bool:
    """Whether a key may call it, or everybody."""
    ways = operation.definition.raw["security"]
    return not ways or any("key" in way for way in ways)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_that_a_key_may_call_answers_as_the_document_says(asking: Asking, mode: GenerationMode) -> None:
    """Whether well formed or not: no 5xx, no 422, and only the statuses and bodies that are documented."""
    document = from_dict(asking.server.get("/api/docs/openapi.json").json)
    found = [result.ok() for result in document.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == sum(len(methods) for methods in document.raw_schema["paths"].values())
    tried = [operation for operation in found if is_for_keys(operation)]
    assert len(tried) > 20
    faults = {operation.label: fault for operation in tried if (fault := asking.fault(operation, mode))}
    assert not faults, "\n\n".join(f"{label}: {fault}" for label, fault in faults.items())
