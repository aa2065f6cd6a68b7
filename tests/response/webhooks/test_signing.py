"""Signatures, verified by the library that receivers use, and by hand for our own header."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cybervault.domain.ids import DeliveryId
from cybervault.response.webhooks.signing import OWN_HEADER, masked, new_key, secret_of, signed_headers

DELIVERY: Final = DeliveryId("wh_9b2e6c1a-6d3f-4a57-8e0b-2f4c1d7a9e35")
BODY: Final = '{"event":"scan.completed","data":{"target":"büro.example"}}'.encode()
KEY, OLD = bytes(range(32)), bytes(range(1, 33))


def verified(headers: dict[str, str], body: bytes, key: bytes) -> bool:
    try:
        Webhook(secret_of(key).reveal()).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def headers_of(*keys: bytes, body: bytes = BODY) -> dict[str, str]:
    return dict(signed_headers(DELIVERY, body, datetime.now(UTC), keys=keys))  # noqa: TID251 - the library reads the machine's clock


def test_the_independent_library_verifies_what_we_sign() -> None:
    assert verified(headers_of(KEY), BODY, KEY)


def test_while_a_secret_is_replaced_both_verify_and_afterwards_one() -> None:
    both = headers_of(KEY, OLD)
    assert verified(both, BODY, KEY)
    assert verified(both, BODY, OLD)
    assert not verified(headers_of(KEY), BODY, OLD)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_whatever_is_changed_on_the_way_shows(changed: str) -> None:
    headers = headers_of(KEY)
    headers[changed] = headers[changed][:-1] + ("1" if headers[changed][-1] != "1" else "2")
    assert not verified(headers, BODY, KEY)
    assert not verified(headers_of(KEY), BODY + b" ", KEY)


def test_what_is_played_again_later_is_refused_by_the_library() -> None:
    then = datetime.now(UTC).timestamp() - 600  # noqa: TID251 - the library reads the machine's clock
    headers = dict(signed_headers(DELIVERY, BODY, datetime.fromtimestamp(then, UTC), keys=[KEY]))
    assert not verified(headers, BODY, KEY)


def test_our_own_header_signs_timestamp_and_body() -> None:
    headers = headers_of(KEY, OLD)
    moment, *signatures = headers[OWN_HEADER].split(",")
    seconds = moment.removeprefix("t=")
    assert seconds == headers["webhook-timestamp"]
    wanted = [hmac.new(key, f"{seconds}.".encode() + BODY, hashlib.sha256).hexdigest() for key in (KEY, OLD)]
    assert signatures == [f"v1={one}" for one in wanted]


def test_a_moment_of_another_zone_is_signed_as_what_it_is() -> None:
    here = datetime.fromisoformat("2026-11-01T09:00:00+09:00")
    assert dict(signed_headers(DELIVERY, BODY, here, keys=[KEY]))["webhook-timestamp"] == "1793491200"


def test_a_secret_that_a_receiver_repeats_is_masked() -> None:
    text = secret_of(KEY).reveal()
    assert masked(f"you sent {text} and {KEY.hex()}", [KEY]) == "you sent whsec_•••= and •••"


def test_each_key_is_its_own() -> None:
    assert len({new_key() for _ in range(10)}) == 10
    assert len(new_key()) == 32
