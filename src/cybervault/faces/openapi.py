"""One OpenAPI 3.1 document of all faces, made from the routes that stand and from the table of rights."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Final, TypeAlias

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.routing import BaseRoute, Route

from cybervault.faces.call import LeanRoute
from cybervault.faces.face import Face
from cybervault.faces.rights import READING, Rights, RouteRule, SignIn

Piece: TypeAlias = dict[str, Any]

_JSON: Final = "application/json"
_PROBLEM_JSON: Final = "application/problem+json"
_EVENTS: Final = "text/event-stream"
_SENTENCE: Final = re.compile(r"\A(.+?)[.;:](?:\s|\Z)", re.DOTALL)
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_ABOUT: Final = (
    "Everything that this server answers. Keys are sent as `Authorization: Bearer`; what a call needs is said with it, "
    "and each `code` of a failure has a page under `/api/docs/problems/`."
)

_FAILURES: Final = {
    400: "The request is not as it must be.",
    401: "Nobody knows who calls: no key or session, or one that holds no longer.",
    403: "The caller may not do this.",
    404: "There is nothing here that the caller may know of.",
    405: "The path does not take this method.",
    409: "It does not fit to how things stand.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
    429: "Too many calls.",
    500: "A fault of this server.",
    502: "A service that this needs failed.",
    503: "Something that this needs cannot be used at the moment.",
}
_OF_ALL: Final = (400, 404, 405, 429, 500)
_OF_GUARDED: Final = (*_OF_ALL, 401, 403, 503)
_OF_CHANGING: Final = (409, 413)
_OF_BODIES: Final = (413, 415)
_WITH_RETRY: Final = (429, 503)

_HEADERS: Final = {
    "X-Request-ID": "The caller's own where it is well formed, else a fresh one; it also stands in the log.",
    "X-RateLimit-Limit": "The published number of calls in the window that has the least room left.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "When that window is empty, or after a refusal when the next call passes, in Unix seconds.",
    "RateLimit-Policy": "All windows, as draft-ietf-httpapi-ratelimit-headers-11 spells them.",
    "RateLimit": "The window that has the least room left, in seconds from now.",
    "Retry-After": "Seconds after which to try again.",
    "WWW-Authenticate": "How to say who calls.",
}
_LIMIT_HEADERS: Final = tuple(name for name in _HEADERS if "RateLimit" in name)
_WHOLE_NUMBERS: Final = frozenset({"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"})

_PARAMETERS: Final = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "required": False,
        "description": "Comes back with the answer.",
        "schema": {"type": "string", "pattern": r"^[A-Za-z0-9_.-]{1,128}$"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same request again within 24 hours is not carried out again but gets the same answer.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}
_SECURITY_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key, such as `cv_live_sk_...` or `cbr_live_...`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-cybervault",
        "description": "The session of somebody who has signed in to the console.",
    },
}
_SCHEMES_OF: Final = {
    SignIn.NONE: (),
    SignIn.KEY: ("key",),
    SignIn.SESSION: ("session",),
    SignIn.EITHER: ("key", "session"),
}

# What answers without a face's machinery: path, what it is, media type, and the failures besides 500.
_PLAIN: Final = (
    ("/healthz", "Whether calls would work at the moment, for load balancers.", _JSON, (503,)),
    ("/api/docs/", "This document as a page, with the state of the API.", "text/html", ()),
    ("/api/docs/openapi.json", "This document.", _JSON, ()),
    ("/api/docs/problems/{code}", "What a code means: when it is given, and what helps.", "text/html", (404,)),
)


class ProblemDetails(BaseModel):
    """A failure as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    retry_after: int | None = None
    violated_policies: list[str] | None = Field(default=None, alias="violated-policies")
    errors: list[dict[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A face as the document shows it: the heading of its operations, and the body of its failures."""

    face: Face
    name: str
    about: str
    errors: type[BaseModel]

    @property
    def errors_name(self) -> str:
        """How the body of its failures is called among the schemas."""
        return f"{self.errors.__module__.split('.')[-2].capitalize()}{self.errors.__name__}"

    def response_name(self, status: int) -> str:
        """How its failures with this status are called among the responses."""
        return f"{self.name.replace(' ', '')}{status}"


def body_of(
    model: type[BaseModel],
    example: Mapping[str, object] | None = None,
    *,
    may_be_empty: bool = False,
    headers: Sequence[Piece] = (),
) -> Piece:
    """The body that an endpoint reads by `call.body(model)`, and headers that it heeds, for its `openapi_extra`."""
    content: Piece = {"schema": _schema_of(model, mode="validation")}
    if example is not None:
        content["example"] = dict(example)
    body: Piece = {"requestBody": {"required": not may_be_empty, "content": {_JSON: content}}}
    return body | ({"parameters": list(headers)} if headers else {})


def answers_of(media_type: str = _EVENTS, status: int = 200) -> Piece:
    """An answer that is not JSON, server-sent events unless told otherwise, for `openapi_extra` of its route."""
    return {"responses": {str(status): {"content": {media_type: {"schema": {"type": "string"}}}}}}


def document(routes: Sequence[BaseRoute], parts: Sequence[Part], rights: Rights, *, base_url: str) -> Piece:
    """The document of these routes. The first part whose face owns a path has it: the last owns every path."""
    tags = {part.name: part.about for part in parts}
    routes = [route.described() if isinstance(route, LeanRoute) else route for route in routes]
    made: Piece = get_openapi(
        title="CyberVault",
        version=version("cybervault"),
        description=_ABOUT,
        routes=routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "Where this document was loaded from."}, {"url": base_url}],
        tags=[{"name": name, "description": about} for name, about in tags.items()],
    )
    templates = {getattr(route, "path_format", ""): getattr(route, "path", "") for route in routes}
    for path, operations in made["paths"].items():
        part = _part_of(parts, path)
        for method, operation in operations.items():
            rule = rights.rule_of(method.upper(), templates[path])
            _Operation(part, method.upper(), path, rule, operation).complete()
    made["paths"].update(_plain(parts, routes))
    made["components"] = _components(parts, made.get("components", {}).get("schemas", {}))
    found: Piece = _plainly_named(made)
    return found


def _part_of(parts: Iterable[Part], path: str) -> Part:
    return next(part for part in parts if part.face.owns(path))


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation that the framework has described, and what it cannot know of it."""

    part: Part
    method: str
    path: str
    rule: RouteRule | None
    piece: Piece

    def complete(self) -> None:
        """Add headings, security, parameters and failures."""
        text = self.piece.get("description", "").strip()
        summary = _SENTENCE.match(text)
        if summary is not None:
            self.piece["summary"] = " ".join(summary[1].split())
        self.piece["description"] = "\n\n".join([*([text] if text else []), *_needs_of(self.rule)])
        self.piece["tags"] = [self.part.name]
        self.piece["security"] = _security_of(self.rule)
        self._parameters()
        self._responses()

    def _parameters(self) -> None:
        found = self.piece.get("parameters", [])
        named = {parameter.get("name") for parameter in found}
        in_path = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(self.path)
            if name not in named
        ]
        shared = ["RequestId"]
        if self.rule is not None and self.rule.heeds_idempotency_key:
            shared.append("IdempotencyKey")
        refs = [{"$ref": f"#/components/parameters/{name}"} for name in shared]
        self.piece["parameters"] = [*in_path, *found, *refs]

    def _responses(self) -> None:
        responses = self.piece["responses"]
        # The framework's own form of a failure, which never leaves this server.
        responses.pop("422", None)
        for response in responses.values():
            _drop_unknown(response)
        for status in {*self._statuses(), *(int(text) for text in responses if text >= "400")}:
            responses[str(status)] = {"$ref": f"#/components/responses/{self.part.response_name(status)}"}
        self.piece["responses"] = {status: responses[status] for status in sorted(responses)}
        for status, response in self.piece["responses"].items():
            if "$ref" not in response:
                response["headers"] = response.get("headers", {}) | _headers(self.part, int(status))

    def _statuses(self) -> tuple[int, ...]:
        if self.rule is None:
            return _OF_ALL
        changing = () if self.method in READING else _OF_CHANGING
        return (*_OF_GUARDED, *changing, *(_OF_BODIES if "requestBody" in self.piece else ()))


def _drop_unknown(response: Piece) -> None:
    """Where another media type is declared, the framework's "any JSON" beside it says nothing."""
    content = response.get("content", {})
    if len(content) > 1 and content.get(_JSON) == {"schema": {}}:
        del content[_JSON]


def _security_of(rule: RouteRule | None) -> list[dict[str, list[str]]]:
    if rule is None:
        return []
    of_keys, of_people = rule.scope or rule.scope_of_keys, rule.scope
    scopes = {"key": of_keys, "session": of_people}
    return [{name: [scope.value] if (scope := scopes[name]) else []} for name in _SCHEMES_OF[rule.sign_in]]


def _needs_of(rule: RouteRule | None) -> list[str]:
    """What the caller needs, in sentences."""
    if rule is None or rule.sign_in is SignIn.NONE:
        return ["Open to everybody."]
    found = []
    if rule.scope is not None:
        found.append(f"Needs the scope `{rule.scope}`.")
    elif rule.scope_of_keys is not None:
        found.append(f"A key needs the scope `{rule.scope_of_keys}`; people look after their own.")
    if rule.roles is not None:
        roles = ", ".join(f"`{role}`" for role in sorted(rule.roles))
        found.append(f"Only for people with one of the roles {roles}.")
    if rule.needs_proof:
        found.append("Who has signed in must have proved who it is within five minutes.")
    if rule.is_power:
        found.append("Not for test keys.")
    return found


def _failure(part: Part, status: int) -> Piece:
    content: Piece = {_JSON: {"schema": {"$ref": f"#/components/schemas/{part.errors_name}"}}}
    if part.face.problem_json is not None:
        content[_PROBLEM_JSON] = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    return {"description": _FAILURES[status], "content": content, "headers": _headers(part, status)}


def _headers(part: Part, status: int) -> Piece:
    names = ["X-Request-ID"]
    if part.face.limits is not None:
        names += _LIMIT_HEADERS
    if status in _WITH_RETRY:
        names.append("Retry-After")
    if status == 401:  # noqa: PLR2004 - the one status with a header of its own
        names.append("WWW-Authenticate")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _plain(parts: Sequence[Part], routes: Iterable[BaseRoute]) -> Piece:
    """The paths without a face's machinery, where they stand."""
    standing, part, made = {route.path for route in routes if isinstance(route, Route)}, parts[-1], {}
    for path, about, media_type, statuses in _PLAIN:
        if path in standing:
            schema = {"type": "object"} if media_type == _JSON else {"type": "string"}
            answer: Piece = {"description": "Successful Response", "content": {media_type: {"schema": schema}}}
            operation: Piece = {
                "operationId": re.sub(r"\W+", "_", path).strip("_"),
                "description": about,
                "responses": {"200": answer} | {str(status): {} for status in statuses},
            }
            _Operation(part, "GET", path, None, operation).complete()
            kept = {"200", "500", *map(str, statuses)}
            operation["responses"] = {status: operation["responses"][status] for status in sorted(kept)}
            made[path] = {"get": operation}
    return made


def _components(parts: Sequence[Part], schemas: Piece) -> Piece:
    own = {part.errors_name: _schema_of(part.errors) for part in parts} | {"ProblemDetails": _schema_of(ProblemDetails)}
    framework = {"HTTPValidationError", "ValidationError"}
    kept = {name: schema for name, schema in schemas.items() if name not in framework}
    headers = {
        name: {"description": about, "schema": {"type": "integer" if name in _WHOLE_NUMBERS else "string"}}
        for name, about in _HEADERS.items()
    }
    return {
        "schemas": dict(sorted((kept | own).items())),
        "responses": {part.response_name(status): _failure(part, status) for part in parts for status in _FAILURES},
        "headers": headers,
        "parameters": _PARAMETERS,
        "securitySchemes": _SECURITY_SCHEMES,
    }


_SCHEMAS: Final = "#/components/schemas/"


def _plainly_named(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The same, with forms that share a name told apart by face or room, not by the module of each."""
    if isinstance(value, dict):
        return {_plain_name(name): _plainly_named(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plainly_named(one) for one in value]
    if isinstance(value, str) and value.startswith(_SCHEMAS):
        return f"{_SCHEMAS}{_plain_name(value.removeprefix(_SCHEMAS))}"
    return value


def _plain_name(name: str) -> str:
    """`cybervault__faces__v1__scans__ScanList` is `V1ScanList`."""
    package, *rooms = name.split("__")
    if package != __name__.partition(".")[0] or not rooms:
        return name
    room = rooms[1] if rooms[0] == "faces" else rooms[0]
    return f"{room.capitalize()}{rooms[-1]}"


def _schema_of(model: type[BaseModel], *, mode: Any = "serialization") -> Piece:  # noqa: ANN401 - pydantic's own words
    """The schema of a model, with all that it is made of in its place: the document has many of the same names."""
    schema = _said_of(model, mode)
    own = {key: value for key, value in schema.items() if key != "$defs"}
    made: Piece = _inlined(own, schema.get("$defs", {}), ())
    return made


@cache
def _said_of(model: type[BaseModel], mode: Any) -> Piece:  # noqa: ANN401 - pydantic's own words
    """What pydantic says of a model, once for all servers of a process; it is only read."""
    return model.model_json_schema(mode=mode)


def _inlined(value: Any, defined: Piece, around: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_inlined(item, defined, around) for item in value]
    if not isinstance(value, dict):
        return value
    name = str(value.get("$ref", "")).removeprefix("#/$defs/")
    rest = {key: _inlined(item, defined, around) for key, item in value.items() if key != "$ref"}
    if name in around:
        return rest  # what contains itself is shown once
    return (_inlined(defined[name], defined, (*around, name)) | rest) if name else rest
