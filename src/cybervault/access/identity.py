"""Sign-in through an identity provider (OpenID Connect, authorization code with PKCE), off unless it is configured."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cybervault.access.arrivals import Arrivals, Person
from cybervault.access.provider import Attempt, Provider, refused
from cybervault.access.tickets import Purpose, Tickets
from cybervault.domain.clock import Clock
from cybervault.domain.principals import MemberId

ATTEMPT_SECONDS: Final = 600

_RANDOM_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser is sent, and the ticket that it has to bring back in a cookie."""

    url: str
    ticket: str


class Identities:
    """Sign-in through one provider; a sealed ticket in the browser's cookie remembers what was begun."""

    def __init__(self, provider: Provider, arrivals: Arrivals, *, tickets: Tickets, clock: Clock) -> None:
        self._provider = provider
        self._arrivals = arrivals
        self._tickets = tickets
        self._clock = clock

    async def start(self) -> Departure:
        """Begin a sign-in; `Problem` UPSTREAM `identity_provider_failed`."""
        attempt = Attempt(*(secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3)))
        url = await self._provider.sign_in_url(attempt)
        content = {"state": attempt.state, "nonce": attempt.nonce, "verifier": attempt.verifier}
        return Departure(url, self._tickets.issue(Purpose.IDENTITY, content, seconds=ATTEMPT_SECONDS))

    async def finish(self, ticket: str, answer: Mapping[str, str]) -> MemberId:
        """The member who comes back with the provider's `answer`, the parameters of the address.

        Raises `Problem` INVALID `attempt_expired`, UNAUTHENTICATED `identity_refused`, FORBIDDEN `identity_unknown`,
        UPSTREAM `identity_provider_failed`. Whether the member may sign in now is for the caller to decide.
        """
        content = await self._tickets.spend(Purpose.IDENTITY, ticket)
        attempt = Attempt(content["state"], content["nonce"], content["verifier"])
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise refused("the state is another browser's")
        await self._refuse_other_issuer(answer)
        if "error" in answer or not answer.get("code"):
            raise refused("the provider gave no code")
        token = await self._provider.id_token(answer["code"], attempt)
        return await self._arrivals.member_of(await self._person(token, attempt.nonce))

    async def _refuse_other_issuer(self, answer: Mapping[str, str]) -> None:
        """A code of another provider must not be shown to this one (RFC 9207)."""
        place = await self._provider.discovery()
        if ("iss" in answer or place.names_itself) and answer.get("iss") != place.issuer:
            raise refused("another provider answered")

    async def _person(self, token: str, nonce: str) -> Person:
        from cybervault.access import id_tokens  # noqa: PLC0415 - its libraries are loaded when first needed

        place = await self._provider.discovery()
        expected = id_tokens.Expected(place.issuer, self._provider.setup.client_id, nonce, self._clock.now())
        try:
            return id_tokens.person_of(token, await self._provider.keys(), expected)
        except id_tokens.UnknownKeyError:
            newer = await self._provider.keys(is_unknown=True)
        except id_tokens.IdTokenError as error:
            raise refused(f"ID token: {error}") from None
        try:
            return id_tokens.person_of(token, newer, expected)
        except id_tokens.IdTokenError as error:
            raise refused(f"ID token: {error}") from None
