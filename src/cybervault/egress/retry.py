"""Whether asking once more may help, and after which pause."""

import re
from typing import Final

from cybervault.egress.message import IncomingReply, OutgoingRequest

PAUSE_SECONDS: Final = 0.1
RETRY_AFTER_SECONDS_MAX: Final = 1

_TOO_MANY_REQUESTS: Final = 429
_MOMENTARY: Final = frozenset({502, 503, 504})
_SECONDS: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


def pause_before_retry(request: OutgoingRequest, reply: IncomingReply, *, is_lost: bool) -> float | None:
    """Seconds to wait before the one retry, or None where it would not help, or where it could do something twice.

    `is_lost` says that a connection was made and went away. A source that wishes for more than
    `RETRY_AFTER_SECONDS_MAX` is not waited for: somebody is looking at the screen.
    """
    if request.method != "GET" or request.retries == 0:
        return None
    if is_lost:
        return PAUSE_SECONDS
    if reply.status not in _MOMENTARY and reply.status != _TOO_MANY_REQUESTS:
        return None
    wished = next((value for name, value in reply.headers if name == "retry-after"), "")
    if not wished and reply.status in _MOMENTARY:
        return PAUSE_SECONDS
    if not _SECONDS.fullmatch(wished) or int(wished) > RETRY_AFTER_SECONDS_MAX:
        return None
    return max(PAUSE_SECONDS, float(wished))
