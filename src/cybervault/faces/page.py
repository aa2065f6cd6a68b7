"""What every HTML page of ours carries: a strict content policy, and nothing for caches to keep."""

from collections.abc import Mapping
from typing import Final

BASE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


_NO_MARKUP_FROM_STRINGS: Final = ("require-trusted-types-for 'script'", "trusted-types 'none'")


def page_headers(nonce: str, *, shows_library: bool = False) -> Mapping[str, str]:
    """What every HTML answer carries: own files only, no inline script, and no string ever becomes markup.

    A page that `shows_library` starts a bundle of others by a script with the nonce. That bundle makes markup of
    strings, which it has cleaned before; it still may load and ask nothing but this server.
    """
    policy = (
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}'" if shows_library else "script-src 'self'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        *(() if shows_library else _NO_MARKUP_FROM_STRINGS),
    )
    return {**BASE_HEADERS, "Content-Security-Policy": "; ".join(policy)}
