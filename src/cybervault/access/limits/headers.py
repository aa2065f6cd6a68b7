"""What a response says of its caller's limits: the three fields of the contract, and those of the IETF draft."""

import math
from datetime import datetime

from cybervault.access.limits.decision import Decision


def fields(decision: Decision, now: datetime) -> dict[str, str]:
    """The header fields of one response.

    Reset is in whole Unix seconds, rounded up: a lone caller who asks again then is never refused. The draft's fields
    are those of draft-ietf-httpapi-ratelimit-headers-11.
    """
    state = decision.tightest
    found = {
        "X-RateLimit-Limit": str(state.window.published),
        "X-RateLimit-Remaining": str(decision.remaining),
        "X-RateLimit-Reset": str(math.ceil(now.timestamp() + state.resets_in_seconds)),
        "RateLimit-Policy": ", ".join(
            f'"{one.window.name}";q={one.window.published};w={one.window.seconds}' for one in decision.states
        ),
        "RateLimit": f'"{state.window.name}";r={decision.remaining};t={math.ceil(state.resets_in_seconds)}',
    }
    if not decision.is_admitted:
        found["Retry-After"] = str(decision.retry_after_seconds)
    if decision.wait_seconds:
        found["X-RateLimit-Queued-Ms"] = str(math.ceil(decision.wait_seconds * 1000))
    return found
