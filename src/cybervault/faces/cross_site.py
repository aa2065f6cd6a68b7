"""Whether a request with a cookie comes from our own pages: browsers send the cookie for other sites' requests too."""

from typing import Final

from cybervault.domain.problems import Problem, ProblemKind

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# "none": typed into the address bar, or opened from a bookmark.
_OWN: Final = frozenset({"same-origin", "none"})


def refuse_cross_site(method: str, *, sec_fetch_site: str | None, origin: str | None, own_origin: str) -> None:
    """Raise `Problem` FORBIDDEN `cross_site_request` where a cookie may not count for a request that changes things.

    Browsers tell by Sec-Fetch-Site; of older ones the Origin has to be `own_origin`, which is compared in small
    letters and without a closing slash. Who sends neither is no browser, and can send a key instead.
    """
    if method in _SAFE:
        return
    if sec_fetch_site is not None:
        is_own = sec_fetch_site in _OWN
    else:
        is_own = origin is not None and origin.lower() == own_origin.lower().rstrip("/")
    if not is_own:
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="cross_site_request",
            message="This request came from another site, so that its cookie does not count.",
        )
