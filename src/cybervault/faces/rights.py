"""The one table of who may call what: a row for every route that wants a caller, and what follows from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.routing import compile_path

from cybervault.domain.principals import Environment, Principal, Role, Scope
from cybervault.domain.problems import Problem, ProblemKind

READING: Final = frozenset({"GET", "HEAD"})
_CHANGING: Final = frozenset({"POST", "PATCH", "DELETE"})


class SignIn(StrEnum):
    """How a caller of a route says who it is; a key is not looked at where a session is wanted, nor the reverse."""

    NONE = "none"
    KEY = "key"
    SESSION = "session"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Who may call a route.

    `scope_of_keys`: what a key needs where people need no scope, since all of them look after something of their own.
    `roles`: only these, whatever the scopes say (None: whoever has the scope). `is_power`: it is about rights, so that
    the caller is read from the database anew, no sandbox key may, no secret that is being replaced may change
    anything, and a repeat is recognised by Idempotency-Key. `needs_proof`: a session must have proved who it is
    within five minutes. `barred`: members of these roles may not, though they have the scope. `is_repeatable`:
    Idempotency-Key counts although it is no power route.
    `is_real`: no test key may, since what it does has no made-up form.
    `is_bulk`: its body is a file, which may be larger than others and take longer.
    """

    method: str
    template: str
    scope: Scope | None = None
    sign_in: SignIn = SignIn.KEY
    roles: frozenset[Role] | None = None
    is_power: bool = False
    needs_proof: bool = False
    is_repeatable: bool = False
    scope_of_keys: Scope | None = None
    barred: frozenset[Role] = frozenset()
    is_real: bool = False
    is_bulk: bool = False

    @property
    def heeds_idempotency_key(self) -> bool:
        """Whether a repeat of the same request is answered from memory."""
        return self.method in _CHANGING and (self.is_power or self.is_repeatable)

    def scope_for(self, principal: Principal) -> Scope | None:
        """The scope that this caller needs."""
        return self.scope if principal.key_id is None else self.scope or self.scope_of_keys


def _managing(
    method: str,
    template: str,
    scope: Scope | None = None,
    *,
    roles: frozenset[Role] | None = None,
    needs_proof: bool = False,
) -> RouteRule:
    """A row of management; without a scope everybody looks after their own, and `access.authority` says who others'."""
    of_keys = Scope.KEYS_MANAGE if scope is None else None
    return RouteRule(
        method, template, scope, SignIn.EITHER, roles, is_power=True, needs_proof=needs_proof, scope_of_keys=of_keys
    )


_RUNNING: Final = frozenset({Role.OWNER, Role.ADMIN})
# Who looks, and does not work (contract 1.5.2).
_LOOKING: Final = frozenset({Role.VIEWER})
_READ, _WRITE, _EITHER = Scope.THREAT_READ, Scope.THREAT_WRITE, SignIn.EITHER

ROUTES: Final = (
    RouteRule("POST", "/v1/threats/analyze", _READ, barred=_LOOKING, is_repeatable=True),
    RouteRule("GET", "/v1/threats/analyses/{request_id}", _READ),
    RouteRule("GET", "/v1/threats/feed", _READ),
    RouteRule("POST", "/v1/scans/initialize", Scope.SCAN_WRITE, is_repeatable=True, is_real=True),
    RouteRule("POST", "/v1/scans/preview", Scope.SCAN_WRITE, is_real=True),
    RouteRule("POST", "/v1/scans/upload-sarif", Scope.SCAN_UPLOAD, is_repeatable=True, is_real=True),
    RouteRule("GET", "/v1/scans", Scope.SCAN_READ, is_real=True),
    RouteRule("GET", "/v1/scans/{scan_id}", Scope.SCAN_READ, is_real=True),
    RouteRule("GET", "/v1/scans/{scan_id}/findings", Scope.SCAN_READ, is_real=True),
    RouteRule("POST", "/v1/scans/{scan_id}/cancel", Scope.SCAN_WRITE, is_real=True),
    RouteRule("GET", "/v2/threats/recent", _READ),
    RouteRule("POST", "/v2/threats/analyze", _READ, barred=_LOOKING, is_repeatable=True),
    # Closed and ignored need threat:write besides, which the findings themselves look at.
    RouteRule("PATCH", "/v2/threats/{threat_id}/status", _READ, barred=_LOOKING),
    RouteRule("POST", "/v3/threats/analyze", _WRITE, _EITHER, is_repeatable=True),
    RouteRule("GET", "/v3/threats/assessments", _READ, _EITHER),
    RouteRule("GET", "/v3/threats/assessments/compare", _READ, _EITHER),
    RouteRule("GET", "/v3/threats/assessments/{assessment_id}", _READ, _EITHER),
    RouteRule("GET", "/v3/threats", _READ, _EITHER),
    RouteRule("GET", "/v3/threats/export", _READ, _EITHER),
    RouteRule("GET", "/v3/threats/summary", _READ, _EITHER),
    RouteRule("GET", "/v3/threats/{threat_id}", _READ, _EITHER),
    RouteRule("PATCH", "/v3/threats/{threat_id}", _WRITE, _EITHER),
    RouteRule("GET", "/v3/threats/{threat_id}/history", _READ, _EITHER),
    RouteRule("POST", "/v3/threats/{threat_id}/comments", _WRITE, _EITHER, is_repeatable=True),
    # To look something up is to read; who only looks at what is there spends nobody's quota.
    RouteRule("POST", "/v3/observables/lookup", _READ, _EITHER, barred=_LOOKING, is_repeatable=True),
    RouteRule("POST", "/v3/telemetry", _WRITE, _EITHER, is_repeatable=True, is_real=True, is_bulk=True),
    RouteRule("GET", "/v3/telemetry", _READ, _EITHER, is_real=True),
    # It changes nothing: to ask why is to read.
    RouteRule("POST", "/v3/telemetry/explain", _READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/telemetry/{batch_id}", _READ, _EITHER, is_real=True),
    RouteRule("POST", "/v3/telemetry/{batch_id}/cancel", _WRITE, _EITHER, is_real=True),
    RouteRule("DELETE", "/v3/telemetry/{batch_id}", _WRITE, _EITHER, is_real=True),
    RouteRule("GET", "/v3/telemetry/{batch_id}/matches", _READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/detection/rules", _READ, _EITHER),
    RouteRule("GET", "/v3/detection/rules/{rule_id}", _READ, _EITHER),
    # Who sends telemetry has threat:write: with its key nobody is to make us blind.
    RouteRule("PATCH", "/v3/detection/rules/{rule_id}", Scope.RESPONSE_WRITE, _EITHER, is_real=True),
    RouteRule("GET", "/v3/detection/profile", _READ, _EITHER),
    RouteRule("PATCH", "/v3/detection/profile", Scope.RESPONSE_WRITE, _EITHER, is_real=True),
    RouteRule("GET", "/v3/detection/filters", _READ, _EITHER),
    RouteRule("POST", "/v3/detection/filters", Scope.RESPONSE_WRITE, _EITHER, is_real=True),
    RouteRule("DELETE", "/v3/detection/filters/{filter_id}", Scope.RESPONSE_WRITE, _EITHER, is_real=True),
    RouteRule("POST", "/v3/response/actions", Scope.RESPONSE_WRITE, _EITHER, is_repeatable=True, is_real=True),
    RouteRule("GET", "/v3/response/actions", Scope.RESPONSE_READ, _EITHER),
    RouteRule("GET", "/v3/response/actions/{action_id}", Scope.RESPONSE_READ, _EITHER),
    RouteRule("GET", "/v3/response/catalogue", Scope.RESPONSE_READ, _EITHER),
    RouteRule("GET", "/v3/scans", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("POST", "/v3/scans", Scope.SCAN_WRITE, _EITHER, is_repeatable=True, is_real=True),
    RouteRule("POST", "/v3/scans/preview", Scope.SCAN_WRITE, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/engines", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/findings", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/{scan_id}", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/{scan_id}/findings", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/{scan_id}/events", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/{scan_id}/export", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/{scan_id}/diff", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("POST", "/v3/scans/{scan_id}/cancel", Scope.SCAN_WRITE, _EITHER, is_real=True),
    RouteRule("GET", "/v3/scans/grants", Scope.SCAN_READ, _EITHER, is_real=True),
    _managing("POST", "/v3/scans/grants", Scope.SCAN_WRITE, roles=_RUNNING, needs_proof=True),
    _managing("POST", "/v3/scans/grants/{grant_id}/verify", Scope.SCAN_WRITE, roles=_RUNNING),
    _managing("DELETE", "/v3/scans/grants/{grant_id}", Scope.SCAN_WRITE, roles=_RUNNING, needs_proof=True),
    RouteRule("GET", "/v3/scans/schedules", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("POST", "/v3/scans/schedules", Scope.SCAN_WRITE, _EITHER, is_repeatable=True, is_real=True),
    RouteRule("GET", "/v3/scans/schedules/{schedule_id}", Scope.SCAN_READ, _EITHER, is_real=True),
    RouteRule("PATCH", "/v3/scans/schedules/{schedule_id}", Scope.SCAN_WRITE, _EITHER, is_real=True),
    RouteRule("DELETE", "/v3/scans/schedules/{schedule_id}", Scope.SCAN_WRITE, _EITHER, is_real=True),
    _managing("GET", "/v3/webhooks", Scope.KEYS_MANAGE),
    _managing("POST", "/v3/webhooks", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("GET", "/v3/webhooks/{webhook_id}", Scope.KEYS_MANAGE),
    _managing("PATCH", "/v3/webhooks/{webhook_id}", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("DELETE", "/v3/webhooks/{webhook_id}", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("POST", "/v3/webhooks/{webhook_id}/rotate", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("POST", "/v3/webhooks/{webhook_id}/test", Scope.KEYS_MANAGE),
    _managing("POST", "/v3/webhooks/{webhook_id}/replay", Scope.KEYS_MANAGE),
    _managing("GET", "/v3/webhooks/{webhook_id}/deliveries", Scope.KEYS_MANAGE),
    _managing("GET", "/v3/webhooks/{webhook_id}/deliveries/{delivery_id}", Scope.KEYS_MANAGE),
    _managing("POST", "/v3/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", Scope.KEYS_MANAGE),
    RouteRule("GET", "/v3/system/health"),
    RouteRule("GET", "/v3/system/whoami", sign_in=SignIn.EITHER),
    RouteRule("GET", "/v3/system/sources", _READ, _EITHER, is_real=True),
    RouteRule("GET", "/v3/tenant", sign_in=SignIn.EITHER, is_power=True),
    _managing("GET", "/v3/tenant/actors"),
    _managing("GET", "/v3/keys"),
    _managing("POST", "/v3/keys", needs_proof=True),
    _managing("GET", "/v3/keys/report", Scope.KEYS_MANAGE),
    _managing("GET", "/v3/keys/limits"),
    _managing("GET", "/v3/keys/{key_id}"),
    _managing("PATCH", "/v3/keys/{key_id}", needs_proof=True),
    _managing("GET", "/v3/keys/{key_id}/usage"),
    _managing("GET", "/v3/keys/{key_id}/usage/summary"),
    _managing("POST", "/v3/keys/{key_id}/rotate", needs_proof=True),
    _managing("POST", "/v3/keys/{key_id}/finish-rotation"),
    _managing("POST", "/v3/keys/{key_id}/cancel-rotation"),
    _managing("POST", "/v3/keys/{key_id}/revoke", needs_proof=True),
    _managing("GET", "/v3/service-accounts", Scope.KEYS_MANAGE),
    _managing("POST", "/v3/service-accounts", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("GET", "/v3/service-accounts/{account_id}", Scope.KEYS_MANAGE),
    _managing("PATCH", "/v3/service-accounts/{account_id}", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("DELETE", "/v3/service-accounts/{account_id}", Scope.KEYS_MANAGE, needs_proof=True),
    _managing("GET", "/v3/users", Scope.KEYS_MANAGE),
    _managing("POST", "/v3/users", Scope.KEYS_MANAGE, roles=_RUNNING, needs_proof=True),
    _managing("GET", "/v3/users/{user_id}"),
    # People alone: a member of any role may choose its own name.
    _managing("PATCH", "/v3/users/{user_id}", roles=frozenset(Role), needs_proof=True),
    _managing("DELETE", "/v3/users/{user_id}", Scope.KEYS_MANAGE, roles=_RUNNING, needs_proof=True),
    _managing("POST", "/v3/users/{user_id}/invitation", Scope.KEYS_MANAGE, roles=_RUNNING, needs_proof=True),
    _managing("GET", "/v3/audit-log", Scope.AUDIT_READ),
    _managing("GET", "/v3/audit-log/checkpoint", Scope.AUDIT_READ),
    RouteRule("GET", "/api/console/setup", sign_in=SignIn.NONE),
    RouteRule("POST", "/api/console/setup", sign_in=SignIn.NONE),
    RouteRule("POST", "/api/console/sign-in", sign_in=SignIn.NONE),
    RouteRule("POST", "/api/console/invitation", sign_in=SignIn.NONE),
    RouteRule("POST", "/api/console/sign-out", sign_in=SignIn.SESSION),
    RouteRule("POST", "/api/console/proof", sign_in=SignIn.SESSION),
    RouteRule("POST", "/api/console/password", sign_in=SignIn.SESSION, is_power=True),
    RouteRule("GET", "/api/console/me", sign_in=SignIn.SESSION),
    RouteRule("GET", "/api/console/sessions", sign_in=SignIn.SESSION),
    RouteRule("POST", "/api/console/sessions/end-others", sign_in=SignIn.SESSION, is_power=True),
    RouteRule("DELETE", "/api/console/sessions/{session_id}", sign_in=SignIn.SESSION, is_power=True),
    RouteRule("GET", "/api/console/second-factors", sign_in=SignIn.SESSION),
    # No power routes, whose answers are kept to be given again: these show what is shown once.
    RouteRule("POST", "/api/console/totp/begin", sign_in=SignIn.SESSION, needs_proof=True),
    RouteRule("POST", "/api/console/totp/confirm", sign_in=SignIn.SESSION, needs_proof=True),
    RouteRule("POST", "/api/console/recovery-codes", sign_in=SignIn.SESSION, needs_proof=True),
    RouteRule("POST", "/api/console/passkeys/register", sign_in=SignIn.SESSION, needs_proof=True),
    RouteRule("POST", "/api/console/passkeys/register/options", sign_in=SignIn.SESSION, needs_proof=True),
    RouteRule("DELETE", "/api/console/totp", sign_in=SignIn.SESSION, is_power=True, needs_proof=True),
    RouteRule("DELETE", "/api/console/passkeys/{passkey_id}", sign_in=SignIn.SESSION, is_power=True, needs_proof=True),
    RouteRule("GET", "/api/console/passkeys", sign_in=SignIn.SESSION),
    RouteRule("POST", "/api/console/passkeys/proof", sign_in=SignIn.SESSION),
    RouteRule("POST", "/api/console/passkeys/sign-in/options", sign_in=SignIn.NONE),
    RouteRule("POST", "/api/console/passkeys/sign-in", sign_in=SignIn.NONE),
    RouteRule("GET", "/api/console/identity", sign_in=SignIn.NONE),
    RouteRule("GET", "/api/console/identity/start", sign_in=SignIn.NONE),
    RouteRule("GET", "/api/console/identity/return", sign_in=SignIn.NONE),
)


class Rights:
    """The rows, found by route or by path; `ValueError` where two speak of the same route."""

    def __init__(self, rules: Iterable[RouteRule]) -> None:
        self._rules: dict[tuple[str, str], RouteRule] = {}
        self._fixed: dict[str, dict[str, RouteRule]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, RouteRule]]] = {}
        for rule in rules:
            if (rule.method, rule.template) in self._rules:
                raise ValueError(f"two rows for {rule.method} {rule.template}")
            self._rules[rule.method, rule.template] = rule
            self._place(rule)[rule.method] = rule

    def _place(self, rule: RouteRule) -> dict[str, RouteRule]:
        if "{" not in rule.template:
            return self._fixed.setdefault(rule.template, {})
        pattern = compile_path(rule.template)[0]
        return self._patterns.setdefault(rule.template, (pattern, {}))[1]

    def rule_of(self, method: str, template: str) -> RouteRule | None:
        """The row of a route."""
        return self._rules.get((method, template))

    def find(self, method: str, path: str) -> RouteRule | None:
        """The row of the route that a path probably leads to; the route itself has the last word."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed.get(method)
        for pattern, rules in self._patterns.values():
            if pattern.match(path) and method in rules:
                return rules[method]
        return None

    def refuse_gaps(self, routes: Iterable[tuple[str, str]]) -> None:
        """Raise `ValueError` that names each route (method, template) without a row, and each row without a route."""
        found = set(routes)
        gaps = [f"no row for {method} {path}" for method, path in sorted(found - self._rules.keys())]
        gaps += [f"no route for {method} {path}" for method, path in sorted(self._rules.keys() - found)]
        if gaps:
            raise ValueError(f"faces/rights.py: {'; '.join(gaps)}")


def refuse_beyond(rule: RouteRule, principal: Principal) -> None:
    """Raise `Problem` FORBIDDEN where the caller's rights end.

    Codes: `invalid_scope`, `insufficient_role`, `sandbox_restricted`, `outgoing_secret`.
    """
    scope = rule.scope_for(principal)
    if rule.is_power or rule.is_real:
        # Before its scopes: with more of them a test key could not do it either.
        _refuse_sandbox(principal)
    if principal.is_read_only and rule.method not in READING:
        message = f"A key that begins with {principal.kind} may only read."
        if scope is not None:
            message += f" This needs another key, with the scope {scope}."
        raise _forbidden("invalid_scope", message)
    if scope is not None and not principal.has_scope(scope):
        whose = "Your role" if principal.session_id is not None else "The key"
        raise _forbidden("invalid_scope", f"{whose} lacks the scope {scope} that this needs.")
    if rule.roles is not None and principal.role not in rule.roles:
        roles = ", ".join(sorted(role.value for role in rule.roles))
        raise _forbidden("insufficient_role", f"This needs one of the roles {roles}.")
    if principal.role in rule.barred:
        raise _forbidden("insufficient_role", f"Your role, {principal.role}, may look at this and not change it.")
    # Reading goes on for the whole overlap, or a rotation would cut off who reads by the old secret.
    if rule.is_power and principal.is_outgoing_secret and rule.method not in READING:
        raise _forbidden("outgoing_secret", "This secret is being replaced. Use the new one for this.")


def _refuse_sandbox(principal: Principal) -> None:
    if principal.environment is Environment.SANDBOX:
        raise _forbidden("sandbox_restricted", "A test key sees made-up data only and may not do this.")


def _forbidden(code: str, message: str) -> Problem:
    return Problem(ProblemKind.FORBIDDEN, code=code, message=message)
