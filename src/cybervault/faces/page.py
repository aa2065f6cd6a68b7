"""What every HTML page of ours carries: a strict content policy, and nothing for caches to keep."""

from collections.abc import Mapping
from typing import Final

BASE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def page_headers(nonce: str) -> Mapping[str, str]:
    """What every HTML answer carries: own files only, no inline script, and no string ever becomes markup."""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return {**BASE_HEADERS, "Content-Security-Policy": "; ".join(policy)}
