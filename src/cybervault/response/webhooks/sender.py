"""One attempt: signed, sent through the one way out, its answer read no further than is shown."""

import re
from typing import Final

from cybervault.access.sealing import Sealer, SealError
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest
from cybervault.egress.stream import StreamReply
from cybervault.response.webhooks.delivery import Attempt, Delivery
from cybervault.response.webhooks.signing import masked, signed_headers
from cybervault.response.webhooks.store.webhooks import WebhookStore
from cybervault.response.webhooks.webhook import Webhook

SECONDS: Final = 5.0
"""For the whole of an attempt (contract 1.4.10)."""
REPLY_CHARACTERS_MAX: Final = 1_000
PURPOSE: Final = "webhook"
"""What secrets are sealed for."""
# Whoever answers with megabytes is not read to the end, and has answered all the same.
_REPLY_BYTES_MAX: Final = 4 * REPLY_CHARACTERS_MAX
_BODY_BYTES_MAX: Final = 2**62
_SECONDS_FORM: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_IN_WORDS: Final = {
    EgressFailure.TIMEOUT: f"no answer within {SECONDS:g} seconds",
    EgressFailure.UNREACHABLE: "no connection, or it was lost before the answer",
    EgressFailure.REFUSED: "refused",
    EgressFailure.TOO_LARGE: "the answer is too large",
    EgressFailure.BAD_ENCODING: "the answer is no HTTP",
}


class Sender:
    """Sends; never raises for what the receiver does."""

    def __init__(self, egress: Egress, store: WebhookStore, *, sealer: Sealer, clock: Clock) -> None:
        self._egress = egress
        self._store = store
        self._sealer = sealer
        self._clock = clock

    async def send(self, webhook: Webhook, delivery: Delivery, *, number: int) -> Attempt:
        """Make one attempt; `Problem` UNAVAILABLE `pepper_unusable` where its secret cannot be read."""
        now, begun = self._clock.now(), self._clock.boot_seconds()
        keys = [self._opened(webhook, sealed) for sealed in webhook.sealed_at(now)]
        if not self._sealer.is_current(webhook.secret):
            # After a change of the pepper each secret moves to the new one as it is used.
            await self._store.reseal(webhook, self._sealer.seal(keys[0], purpose=PURPOSE, owner=webhook.id))
        headers = signed_headers(delivery.id, delivery.body, now, keys=keys)
        request = OutgoingRequest(
            url=webhook.url,
            method="POST",
            headers=(("Content-Type", "application/json"), *headers),
            body=delivery.body,
            timeout_seconds=SECONDS,
            body_bytes_max=_BODY_BYTES_MAX,
            retries=0,
        )
        status, failure, text, wished = None, None, "", ""
        try:
            async with self._egress.stream(request, first_byte_seconds=SECONDS) as reply:
                status, wished = reply.status, reply.header("retry-after")
                text = await _beginning(reply)
        except EgressError as error:
            failure = _words(error)
        latency = round((self._clock.boot_seconds() - begun) * 1_000)
        wait = float(wished) if _SECONDS_FORM.fullmatch(wished) else 0.0
        return Attempt(number, now, status, failure, latency, masked(text, keys), wait)

    def _opened(self, webhook: Webhook, sealed: bytes) -> bytes:
        try:
            return self._sealer.open(sealed, purpose=PURPOSE, owner=webhook.id)
        except SealError as error:
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="pepper_unusable",
                message="The secret of the webhook cannot be read: the pepper that sealed it is gone.",
                detail=str(error),
            ) from None


async def _beginning(reply: StreamReply) -> str:
    """What the receiver says, as far as it is shown; that it says no more in time does not take back its status."""
    raw = bytearray()
    try:
        async for piece in reply.chunks():
            raw += piece
            if len(raw) >= _REPLY_BYTES_MAX:
                break
    except EgressError:
        pass
    text = bytes(raw[:_REPLY_BYTES_MAX]).decode("utf-8", "replace")
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)[:REPLY_CHARACTERS_MAX]


def _words(error: EgressError) -> str:
    words = _IN_WORDS[error.failure]
    return f"{words}: {error.reason}" if error.failure is EgressFailure.REFUSED else words
