"""The same questions to every path of management: who may not, what is malformed, what others' ids look like."""

import json
from dataclasses import dataclass
from typing import Any, Final

import pytest

from cybervault.access import tokens
from cybervault.access.audit import OPERATOR
from cybervault.access.limits.tables import CallClass, LimitOverride
from cybervault.access.minting import NewKey
from cybervault.access.service_accounts import NewServiceAccount
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.faces.rights import ROUTES, RouteRule
from tests.faces.v3.management.managed import Managed, alike, told
from tests.fakes.keys import bearer

# Grants of scans and webhooks are rights too: their own tests ask these questions of them, `test_scan_grants` and
# `test_webhooks` in `faces.v3`.
_ELSEWHERE: Final = ("/v3/scans/", "/v3/webhooks")
RULES: Final = [
    rule
    for rule in ROUTES
    if rule.template.startswith("/v3/") and rule.is_power and not rule.template.startswith(_ELSEWHERE)
]
BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", "/v3/keys"): {"name": "ci"},
    ("POST", "/v3/service-accounts"): {"name": "ci"},
    ("POST", "/v3/users"): {"email": "bea@acme.example", "name": "Bea", "role": "viewer"},
    ("PATCH", "/v3/users/{user_id}"): {"name": "Bea"},
    ("PATCH", "/v3/keys/{key_id}"): {"name": "other"},
    ("PATCH", "/v3/service-accounts/{account_id}"): {"name": "other"},
}
BODILESS: Final = {
    ("POST", "/v3/keys/{key_id}/rotate"),
    ("POST", "/v3/keys/{key_id}/finish-rotation"),
    ("POST", "/v3/keys/{key_id}/cancel-rotation"),
    ("POST", "/v3/keys/{key_id}/revoke"),
}
UNKNOWN: Final = {"key_id": "key_aaaaaaaaaaaa", "account_id": "sva_aaaaaaaaaaaa", "user_id": "usr_aaaaaaaaaaaa"}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.template}")
each_with_id = pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "{" in rule.template], ids=lambda rule: f"{rule.method} {rule.template}"
)
each_with_body = pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if (rule.method, rule.template) in {*BODIES, *BODILESS}],
    ids=lambda rule: f"{rule.method} {rule.template}",
)


def body_of(rule: RouteRule) -> dict[str, Any] | None:
    return BODIES.get((rule.method, rule.template))


def path_of(rule: RouteRule, ids: dict[str, str] | None = None) -> str:
    return rule.template.format(**(ids or UNKNOWN))


@dataclass(frozen=True, slots=True)
class Theirs:
    """Things of another tenant."""

    ids: dict[str, str]

    @classmethod
    async def in_(cls, managed: Managed) -> "Theirs":
        member, _ = await managed.stranger()
        tenant, world = await managed.other_tenant(), managed.world
        wish = NewKey(KeyKind.PERSONAL_LIVE, "theirs", owner_id=member.id)
        key = await world.minting.mint(tenant, wish, by=None, actor=OPERATOR)
        account = await world.accounts.create(
            tenant.id, NewServiceAccount("theirs", frozenset()), by=None, actor=OPERATOR
        )
        return cls({"key_id": key.key.id, "account_id": account.id, "user_id": member.id})


class TestWhoMayNot:
    @each_rule
    async def test_without_key(self, managed: Managed, rule: RouteRule) -> None:
        reply = await managed.ask(rule.method, path_of(rule), json=body_of(rule))
        assert told(reply) == (401, "missing_api_key")
        assert reply.headers["www-authenticate"] == 'Bearer realm="CyberVault"'

    @each_rule
    async def test_key_lacks_scope(self, managed: Managed, rule: RouteRule) -> None:
        reply = await managed.ask(
            rule.method, path_of(rule), await managed.manager(Scope.SCAN_READ), json=body_of(rule)
        )
        if rule.template == "/v3/tenant":
            assert reply.status_code == 200
        else:
            assert told(reply) == (403, "invalid_scope")
            assert str(rule.scope or Scope.KEYS_MANAGE) in reply.json()["error"]["message"]

    @each_rule
    @pytest.mark.parametrize("kind", [KeyKind.SERVICE_TEST, KeyKind.CLASSIC_TEST, KeyKind.PERSONAL_TEST])
    async def test_a_test_key_is_told_that_it_is_one(self, managed: Managed, rule: RouteRule, kind: KeyKind) -> None:
        """Contract 1.4.2: no key management in the sandbox, whatever the scopes."""
        owner = await managed.world.member(Role.OWNER) if kind.is_personal else None
        for scopes in ((), (Scope.KEYS_MANAGE, Scope.AUDIT_READ)):
            key = await managed.framed.key(kind, scopes=frozenset(scopes), owner=owner)
            reply = await managed.ask(rule.method, path_of(rule), key, json=body_of(rule))
            assert told(reply) == (403, "sandbox_restricted")

    @each_rule
    async def test_a_session_whose_proof_is_old_reads_and_changes_nothing_of_weight(
        self, managed: Managed, rule: RouteRule
    ) -> None:
        owner = await managed.owner()
        managed.framed.clock.advance(301)
        reply = await managed.ask(rule.method, path_of(rule), owner, json=body_of(rule))
        assert (reply.status_code == 403 and told(reply) == (403, "reauth_required")) is rule.needs_proof, reply.text

    @each_rule
    async def test_over_limit(self, managed: Managed, rule: RouteRule) -> None:
        one = LimitOverride("v3", CallClass.ANY, minute=1, burst_percent=0)
        await managed.world.tenants.set_limit(managed.world.tenant.id, one, actor=OPERATOR)
        headers = await managed.owner()
        assert (await managed.ask(rule.method, path_of(rule), headers, json=body_of(rule))).status_code != 429
        reply = await managed.ask(rule.method, path_of(rule), headers, json=body_of(rule))
        assert told(reply) == (429, "rate_limit_exceeded")
        assert int(reply.headers["retry-after"]) >= 1


class TestOthers:
    @each_with_id
    async def test_other_tenant_sees_nothing(self, managed: Managed, rule: RouteRule) -> None:
        """What another tenant has is as unknown as what nobody has, to the byte."""
        theirs, headers = await Theirs.in_(managed), await managed.owner()
        foreign = await managed.ask(rule.method, path_of(rule, theirs.ids), headers, json=body_of(rule))
        unknown = await managed.ask(rule.method, path_of(rule), headers, json=body_of(rule))
        assert told(unknown)[0] == 404
        assert alike(foreign, unknown)

    @each_with_id
    @pytest.mark.parametrize(
        "text", ["x", "key_", "%00", "key_AAAAAAAAAAAA", "sva_aaaaaaaaaaaaa", "%F0%9F%94%91", "ci"]
    )
    async def test_what_has_not_the_form_of_an_id_is_as_unknown(
        self, managed: Managed, rule: RouteRule, text: str
    ) -> None:
        headers = await managed.owner()
        odd = await managed.ask(rule.method, path_of(rule, dict.fromkeys(UNKNOWN, text)), headers, json=body_of(rule))
        unknown = await managed.ask(rule.method, path_of(rule), headers, json=body_of(rule))
        assert alike(odd, unknown)
        assert unknown.status_code == 404


class TestMalformed:
    @each_with_body
    @pytest.mark.parametrize(
        ("content", "media", "expected"),
        [
            (b"{", "application/json", (400, "invalid_json")),
            (b"[]", "application/json", (400, "invalid_parameter")),
            (b'{"surplus": 1}', "application/json", (400, "invalid_parameter")),
            (b"{}", "text/plain", (415, "unsupported_media_type")),
            (b'{"name": 1, "reason": 1, "expires_at": 1, "x": 1}', "application/json", (400, "invalid_parameter")),
        ],
    )
    async def test_malformed(
        self, managed: Managed, rule: RouteRule, content: bytes, media: str, expected: tuple[int, str]
    ) -> None:
        headers = await managed.owner() | {"Content-Type": media}
        reply = await managed.ask(rule.method, path_of(rule), headers, content=content)
        assert told(reply) == expected

    @pytest.mark.parametrize("path", sorted({rule.template for rule in RULES}))
    async def test_a_method_that_is_not_there(self, managed: Managed, path: str) -> None:
        reply = await managed.ask("PUT", path.format(**UNKNOWN), await managed.owner())
        assert told(reply) == (405, "method_not_allowed")

    async def test_no_field_repeats_what_was_sent(self, managed: Managed) -> None:
        canary = tokens.mint(KeyKind.PERSONAL_LIVE).secret.reveal()
        body = {"name": [canary], "kind": canary, "scopes": [canary], "ip_allow_list": [canary], canary: canary}
        reply = await managed.ask("POST", "/v3/keys", await managed.owner(), json=body)
        assert told(reply) == (400, "invalid_parameter")
        assert canary not in reply.text


class TestOnce:
    async def test_a_repeat_by_idempotency_key_makes_one_key_and_shows_its_secret_once(self, managed: Managed) -> None:
        headers = await managed.owner() | {"Idempotency-Key": "once"}
        first = await managed.ask("POST", "/v3/keys", headers, json={"name": "ci"})
        again = await managed.ask("POST", "/v3/keys", headers, json={"name": "ci"})
        assert (first.status_code, told(again)) == (201, (409, "secret_already_shown"))
        assert first.json()["id"] in again.json()["error"]["message"]
        assert len(await managed.world.keys.list(managed.world.tenant.id)) == 1

    async def test_a_repeat_of_what_shows_no_secret_is_answered_alike(self, managed: Managed) -> None:
        headers = await managed.owner()
        made = await managed.ask("POST", "/v3/keys", headers, json={"name": "ci"})
        path = f"/v3/keys/{made.json()['id']}/revoke"
        replies = [await managed.ask("POST", path, headers | {"Idempotency-Key": "r"}) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [200, 200]
        assert json.loads(replies[0].text) == json.loads(replies[1].text)
        assert replies[1].headers["idempotency-replayed"] == "true"

    async def test_a_replaced_secret_reads_on_and_changes_nothing(self, managed: Managed) -> None:
        """Who rotates the key of a log reader must not cut that reader off."""
        minted = await managed.world.mint("reader", scopes=frozenset({Scope.KEYS_MANAGE, Scope.AUDIT_READ}))
        await managed.world.minting.rotate(minted.key.id, by=None, actor=OPERATOR)
        old = bearer(minted.secret.reveal())
        await managed.get("/v3/audit-log", old)
        refused = await managed.ask("POST", "/v3/service-accounts", old, json={"name": "x"})
        assert told(refused) == (403, "outgoing_secret")
