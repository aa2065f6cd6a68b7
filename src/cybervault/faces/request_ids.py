"""Ids of requests as callers may choose them (contract 1.4.3)."""

import re
from typing import Final

_FORM: Final = re.compile(r"\A[A-Za-z0-9_.-]{1,128}\Z")


def is_request_id(text: str) -> bool:
    """Whether a text may be the id of a request."""
    return _FORM.match(text) is not None
