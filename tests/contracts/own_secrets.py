"""Everything that people and programs do with our own secrets, rightly and wrongly: a scenario of the proof of secrecy.

Each secret is shown once, where it is made. That one place is taken out of what is kept; wherever else it comes out,
the proof finds it.
"""

import json
import re
from base64 import b32decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, Final

from typer.testing import CliRunner

from cybervault.access.tokens import parse
from cybervault.access.totp import code_at, step_of
from cybervault.cli import cli
from cybervault.cli.keys import KINDS
from cybervault.faces.rights import ROUTES, SignIn
from tests.contracts.troubles import Asked
from tests.fakes.canaries import Canaries, Traces, canary
from tests.fakes.loopback import HOST
from tests.fakes.processes import Served, say

GIVEN: Final = Canaries(
    ("password of the owner", "password of the member", "wrong password", "new password", "pepper", "database password")
)
OWNER: Final = "owner@example.org"
MEMBER: Final = "member@example.org"
_COOKIE: Final = re.compile(r"(?im)^(set-cookie: [^=\s]+=)([^;\s]+)")
_SETUP_TOKEN: Final = re.compile(r"(?m)^  ([\w-]{43})\r?$")
# What a person in a hurry runs, and what is run each night; `{}` is the id of a key.
QUIET_COMMANDS: Final = (
    "tenants list", "users list --tenant main", "keys list --tenant main", "keys list --tenant main --json",
    "keys report --tenant main", "keys pepper", "service-accounts list --tenant main", "audit export",
    "audit export --csv", "audit verify", "audit key", "doctor --json", "admin setup-token", "keys rotate {}",
    "keys finish {}", "keys revoke {} --reason none", "users set-role nobody@example.org viewer",
)  # fmt: skip


@dataclass
class Household:
    """One installation: its server, its command line, and all that came out of both."""

    server: Served
    traces: Traces
    texts: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    cookie: str = ""

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        shows: Mapping[str, str] | None = None,
    ) -> Asked:
        """One request; `shows` says which fields of the answer show which secret, rightly and for the first time."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        connection = HTTPConnection(HOST, self.server.port, timeout=30)
        connection.request(method, path, text, {"Content-Type": "application/json"} | dict(headers or {}))
        reply = connection.getresponse()
        asked = Asked(reply.status, str(reply.headers).encode(), reply.read())
        connection.close()
        self.traces.add("response headers", self._without_cookie(asked.headers.decode()))
        self.traces.add("response bodies", self._without_shown(asked.body, shows or {}))
        return asked

    def as_member(
        self, method: str, path: str, body: object = None, *, shows: Mapping[str, str] | None = None
    ) -> Asked:
        """The same by whoever has signed in last."""
        headers = {"Cookie": f"cybervault-local={self.cookie}", "Sec-Fetch-Site": "same-origin"}
        return self.ask(method, path, body, headers=headers, shows=shows)

    def with_key(self, path: str, name: str, **headers: str) -> Asked:
        """The same by a key."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, headers={"Authorization": f"Bearer {self.texts[name]}"} | given)

    def command(self, line: str, *, text: str | None = None, shows: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON, or the words
        """One command line in this process; a document where it is JSON."""
        done = CliRunner().invoke(cli, line.split(), input=text)
        self.traces.add("commands", self._without_shown(done.stdout.encode(), shows or {}) + done.stderr.encode())
        self.traces.add("commands", repr(done.exception).encode())
        return json.loads(done.stdout) if shows else done.stdout

    def keep(self, name: str, text: str) -> None:
        """Look out for this from now on; of a key for what stands behind its prefix."""
        token = parse(text)
        self.texts[name] = text
        self.made[name] = text.removeprefix(token.kind.value) if token else text
        if "-" in text:
            self.made[f"{name}, without dashes"] = text.replace("-", "")

    def canaries(self) -> Canaries:
        """Everything that must not come out."""
        return Canaries(GIVEN.names, self.made)

    def _without_cookie(self, head: str) -> bytes:
        found = _COOKIE.search(head)
        if found:
            self.cookie = found[2]
            self.keep(f"session {len(self.made)}", found[2])
        return _COOKIE.sub(r"\1", head).encode()

    def _without_shown(self, said: bytes, shows: Mapping[str, str]) -> bytes:
        document = json.loads(said) if shows else {}
        for name, place in shows.items():
            value = document[place]
            for number, text in enumerate(value if isinstance(value, list) else [value]):
                self.keep(f"{name} {number}" if number else name, text)
                said = said.replace(text.encode(), b"")
        return said


def go_through_everything(house: Household) -> None:
    """The first administrator, members, second factors, keys of all kinds, their lives, and every mistake."""
    _set_up(house)
    _sign_in(house)
    _second_factor(house)
    _members(house)
    _keys_by_command(house)
    _keys_over_http(house)
    _mistakes(house)
    _read_everything(house)
    for line in QUIET_COMMANDS:
        house.command(line.format("key_000000000000")) if "{}" in line else house.command(line)


def _set_up(house: Household) -> None:
    found = _SETUP_TOKEN.search(house.server.output.read_text())
    assert found, "the server printed its one-time token"
    house.keep("setup token", found[1])
    wish = {"token": found[1], "email": OWNER, "name": "Owner", "password": GIVEN["password of the owner"]}
    assert house.ask("POST", "/api/console/setup", wish | {"token": found[1][::-1]}).status == 400
    assert house.ask("POST", "/api/console/setup", wish | {"colour": wish["password"]}).status == 400
    assert house.ask("POST", "/api/console/setup", wish | {"email": wish["password"]}).status == 400
    assert house.ask("POST", "/api/console/setup", wish).status == 201
    assert house.ask("POST", "/api/console/setup", wish).status == 409


def _sign_in(house: Household) -> None:
    good = {"email": OWNER, "password": GIVEN["password of the owner"]}
    assert house.ask("POST", "/api/console/sign-in", good | {"password": GIVEN["wrong password"]}).status == 401
    for broken in (json.dumps(good)[:-1], json.dumps([good]), good | {"code": [good["password"]]}):
        assert house.ask("POST", "/api/console/sign-in", broken).status == 400
    assert house.ask("POST", "/api/console/sign-in", good, headers={"Content-Type": "text/plain"}).status == 415
    assert house.ask("POST", "/api/console/sign-in", good, headers={"Origin": "https://evil.example"}).status == 403
    assert house.ask("POST", "/api/console/sign-in", good).status == 200
    assert house.as_member("GET", "/api/console/me").status == 200
    changed = {"current": good["password"], "new": GIVEN["new password"]}
    assert house.as_member("POST", "/api/console/password", changed | {"current": changed["new"]}).status in {401, 403}
    assert house.as_member("POST", "/api/console/password", changed).status == 204
    assert house.as_member("POST", "/api/console/proof", {"password": GIVEN["new password"]}).status == 204


def _second_factor(house: Household) -> None:
    shows = {"one-time codes' secret": "secret", "one-time codes' address": "uri", "ticket": "ticket"}
    begun = json.loads(house.as_member("POST", "/api/console/totp/begin", shows=shows).body)
    del house.made["one-time codes' address"]  # it holds the member's address too, which is no secret
    raw = b32decode(begun["secret"])
    house.keep("one-time codes' secret in hex", raw.hex())
    code = code_at(raw, step_of(datetime.now(UTC)))  # noqa: TID251 - as an authenticator does
    confirm = {"ticket": begun["ticket"], "code": code}
    assert house.as_member("POST", "/api/console/totp/confirm", confirm | {"code": "000000"}).status == 400
    codes = house.as_member("POST", "/api/console/totp/confirm", confirm, shows={"recovery code": "recovery_codes"})
    assert codes.status == 200
    good = {"email": OWNER, "password": GIVEN["new password"]}
    assert house.ask("POST", "/api/console/sign-in", good).status == 401
    assert house.ask("POST", "/api/console/sign-in", good | {"code": house.texts["recovery code"]}).status == 200


def _members(house: Household) -> None:
    owner = house.cookie
    new = f"users add --tenant main --role member --email {MEMBER} --name M --json"
    house.command(new, shows={"invitation": "token"})
    chosen = {"token": house.texts["invitation"], "password": GIVEN["password of the member"]}
    assert house.ask("POST", "/api/console/invitation", chosen | {"password": "short"}).status == 400
    assert house.ask("POST", "/api/console/invitation", chosen).status == 200
    assert house.ask("POST", "/api/console/invitation", chosen).status == 400
    member = {"email": MEMBER, "password": GIVEN["password of the member"]}
    assert house.ask("POST", "/api/console/sign-in", member).status == 200
    assert house.as_member("POST", "/api/console/sign-out").status == 204
    assert house.as_member("GET", "/api/console/me").status == 401
    house.command(f"users reset-password {MEMBER} --json", shows={"reset password": "password"})
    house.command(f"users reset-password {MEMBER} --password-stdin", text=GIVEN["password of the member"] + "\n")
    house.cookie = owner


def _keys_by_command(house: Household) -> None:
    house.command("service-accounts create robot --tenant main --scope threat:read")
    for word in KINDS:
        owner = f" --owner {MEMBER}" if word.startswith("personal") else ""
        line = f"keys create --tenant main --name {word} --kind {word} --json{owner}"
        house.command(line, shows={f"key {word}": "secret"})
        assert house.with_key("/v3/system/health", f"key {word}").status == 200
    managing = "keys create --tenant main --name managing --scope keys:manage --scope audit:read --json"
    house.command(managing, shows={"key managing": "secret"})
    house.command("keys create --tenant main --name decoy --decoy --json", shows={"decoy": "secret"})
    assert house.with_key("/v3/system/health", "decoy").status == 401
    made = house.command("keys create --tenant main --name life --json", shows={"first secret": "secret"})
    for step in ("finish", "cancel"):
        house.command(f"keys rotate {made['key']['id']} --json", shows={f"secret before {step}": "secret"})
        assert house.with_key("/v3/system/whoami", "first secret").status == (200 if step == "finish" else 401)
        house.command(f"keys {step} {made['key']['id']} --json")
    house.command(f"keys revoke {made['key']['id']}")
    assert house.with_key("/v3/system/whoami", "secret before finish").status == 401


def _keys_over_http(house: Household) -> None:
    wish = {"name": "over HTTP", "kind": "personal"}
    made = json.loads(house.as_member("POST", "/v3/keys", wish, shows={"key over HTTP": "secret"}).body)
    place = f"/v3/keys/{made['id']}"
    again = {"Idempotency-Key": "once", "Authorization": f"Bearer {house.texts['key managing']}"}
    assert house.ask("POST", "/v3/keys", {"name": "kept"}, headers=again, shows={"kept": "secret"}).status == 201
    assert house.ask("POST", "/v3/keys", {"name": "kept"}, headers=again).status in {201, 409}
    rotated = house.as_member("POST", f"{place}/rotate", {}, shows={"rotated over HTTP": "secret"})
    assert rotated.status == 201
    assert house.with_key("/v3/system/health", "rotated over HTTP").status == 200
    assert house.as_member("POST", f"{place}/finish-rotation").status == 200
    assert house.as_member("GET", f"{place}/usage").status == 200
    assert house.as_member("POST", f"{place}/revoke", {"reason": "over"}).status == 200
    assert house.with_key("/v3/system/health", "rotated over HTTP").status == 401


def _mistakes(house: Household) -> None:
    """A key in every place where it should not stand, and one that was mistyped."""
    text = house.texts["key live"]
    for face in ("/v1", "/v2", "/v3", "/api/ctai", "/api/console", ""):
        for path in (f"{face}/x/{text}", f"{face}/x?key={text}", f"{face}/x?q=a%20{text}&token={text}"):
            assert house.ask("GET", path).status == 400 or not face.startswith("/v")
        house.with_key(f"{face}/nowhere", "key live")
    for value in (
        text,
        f"Basic {text}",
        f"Api-Key {text}",
        f"Bearer  {text}",
        f"Bearer {text}x",
        f"Bearer {text[:-1]}",
    ):
        assert house.ask("GET", "/v3/system/health", headers={"Authorization": value}).status == 401
    house.ask("POST", "/api/console/sign-in", {"email": text, "password": text})
    house.ask("POST", "/v3/system/health", text, headers={"Authorization": f"Bearer {text}"})
    house.ask("GET", "/v3/system/health", headers={"Cookie": f"cybervault-local={text}; key={text}"})
    house.ask("GET", "/v3/system/health", headers={"Authorization": f"Bearer {text}", "X-Other": text, "Referer": text})
    house.ask("GET", "/v3/system/health", headers={"Authorization": f"Bearer {text}", "User-Agent": f"curl {text}"})
    for head in (
        f"GET /v3/system/health HTTP/9.9\r\nAuthorization: Bearer {text}\r\n\r\n",
        f"GET /v3/system/health HTTP/1.1\r\nAuthorization: Bearer {text}\r\nAuthorization: Bearer {text}\r\n\r\n",
        f"GET /v3/{text} HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        f"Authorization: Bearer {text}\r\n\r\n",
    ):
        house.traces.add("response bodies", say(house.server.port, head.encode(), patience_seconds=0.3))


def _read_everything(house: Household) -> None:
    """Every route that can be read, by whoever may."""
    for rule in ROUTES:
        if rule.method == "GET":
            path = re.sub(r"\{\w+\}", "key_000000000000", rule.template)
            house.as_member("GET", path)
            if rule.sign_in is not SignIn.NONE:
                house.with_key(path, "key live")
                house.with_key(path, "key personal")


def settings_of_proof() -> dict[str, str]:
    """The settings of a process at its most talkative."""
    return {
        "CYBERVAULT_LOG_LEVEL": "DEBUG",
        "PYTHONASYNCIODEBUG": "1",
        "CYBERVAULT_PEPPER": canary("pepper"),
    }
