"""The paths by which a browser goes to the identity provider and comes back."""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.access.identity import ATTEMPT_SECONDS
from cybervault.access.passwordless import Passwordless
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.console.doorway import NO_STORE, Doorway, place_of
from cybervault.faces.face import json_response
from cybervault.faces.session_cookie import Channel, kept_cookie

# Beside the session's cookies, under the same rules (faces.session_cookie).
COOKIE_OF: Final = {Channel.HTTPS: "__Host-cybervault-identity", Channel.LOCAL: "cybervault-identity-local"}
_HOME: Final = "/"


class ProviderReply(BaseModel):
    """Answer of `GET /api/console/identity`."""

    name: str | None = Field(description="What the button says; null where no identity provider is configured.")


class IdentityPaths:
    """The endpoints; `name` is what people call the provider."""

    def __init__(self, passwordless: Passwordless, *, doorway: Doorway, name: str) -> None:
        self._passwordless = passwordless
        self._doorway = doorway
        self._name = name

    def router(self) -> APIRouter:
        """All paths of the identity provider."""
        router, base = APIRouter(route_class=LeanRoute), "/api/console/identity"
        router.add_api_route(base, self.state, methods=["GET"], response_model=ProviderReply)
        router.add_api_route(f"{base}/start", self.start, methods=["GET"], status_code=303)
        router.add_api_route(f"{base}/return", self.come_back, methods=["GET"], status_code=303)
        return router

    async def state(self, _call: Call) -> Response:
        """Whether people may sign in through an identity provider."""
        return json_response(
            200, ProviderReply(name=self._name if self._passwordless.has_provider else None).model_dump()
        )

    async def start(self, call: Call) -> Response:
        """Send the browser to the identity provider."""
        channel = self._doorway.refuse_plain(call)
        departure = await self._passwordless.leave()
        response = _to(departure.url)
        response.headers.append("set-cookie", _cookie(channel, departure.ticket, ATTEMPT_SECONDS))
        return response

    async def come_back(self, call: Call) -> Response:
        """Begin a session for who comes back from there, and lead to the console."""
        channel = self._doorway.refuse_plain(call)
        ticket = call.cookies.get(COOKIE_OF[channel], "")
        token, _ = await self._passwordless.come_back(ticket, _answer(call), place_of(call))
        response = _to(_HOME)
        response.headers.append("set-cookie", kept_cookie(channel, token))
        response.headers.append("set-cookie", _cookie(channel, "", 0))
        return response


def _answer(call: Call) -> dict[str, str]:
    """The parameters; a repeated one, which the standard forbids, counts as none."""
    values: dict[str, str] = {}
    repeated = set()
    for name, value in call.query_params.multi_items():
        if name in values:
            repeated.add(name)
        values[name] = value
    return {name: value for name, value in values.items() if name not in repeated}


def _to(url: str) -> Response:
    return Response(status_code=303, headers={"location": url, "referrer-policy": "no-referrer", **NO_STORE})


def _cookie(channel: Channel, text: str, seconds: int) -> str:
    # Lax, since the browser comes back from another site.
    secure = "; Secure" if channel is Channel.HTTPS else ""
    return f"{COOKIE_OF[channel]}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
