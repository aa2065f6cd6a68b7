"""How requests to AWS are signed: Signature Version 4, by which the secret key itself never leaves this machine.

After "Create a signed AWS API request" of the IAM user guide.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

from cybervault.domain.secrets import Secret

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# S3 alone takes the path as it was sent, and wants the digest of the body as a header.
_S3: Final = "s3"


@dataclass(frozen=True, slots=True)
class AwsKey:
    """Who signs; a `session` token goes with keys that are valid for a while only."""

    id: str
    secret: Secret
    session: Secret | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must not be seen in a reply."""
        return (self.secret,) if self.session is None else (self.secret, self.session)


@dataclass(frozen=True, slots=True)
class AwsSigning:
    """With which key, for which service (as its signatures call it) and region, and at which moment (UTC)."""

    key: AwsKey
    service: str
    region: str
    at: datetime


def signed_headers(
    signing: AwsSigning, method: str, url: str, *, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> list[tuple[str, str]]:
    """The headers that sign a request which has these headers already; its query is one that is percent-encoded."""
    moment, digest = f"{signing.at:%Y%m%dT%H%M%SZ}", hashlib.sha256(body).hexdigest()
    own = [("X-Amz-Date", moment)]
    if signing.service == _S3:
        own.append(("X-Amz-Content-Sha256", digest))
    if signing.key.session is not None:
        own.append(("X-Amz-Security-Token", signing.key.session.reveal()))
    signed = {
        name.lower(): " ".join(value.split())
        for name, value in (*headers, *own)
        if name.lower().startswith("x-amz-") or name.lower() == "content-type"
    }
    signed["host"] = _host(url)
    names, scope = ";".join(sorted(signed)), f"{moment[:8]}/{signing.region}/{signing.service}/aws4_request"
    canonical = hashlib.sha256(_canonical(signing.service, method, url, signed, digest).encode()).hexdigest()
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{canonical}"
    signature = hmac.new(_key(signing, moment[:8]), text.encode(), hashlib.sha256).hexdigest()
    value = f"{_ALGORITHM} Credential={signing.key.id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return [*own, ("Authorization", value)]


def _canonical(service: str, method: str, url: str, headers: Mapping[str, str], digest: str) -> str:  # noqa: PLR0917 - the parts of its one form
    parts = urlsplit(url)
    path = parts.path or "/"
    query = sorted(tuple(one.partition("=")[::2]) for one in parts.query.split("&") if one)
    return "\n".join(
        (
            method,
            path if service == _S3 else quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            ";".join(sorted(headers)),
            digest,
        )
    )


def _key(signing: AwsSigning, day: str) -> bytes:
    key = f"AWS4{signing.key.secret.reveal()}".encode()
    for part in (day, signing.region, signing.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _host(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port
    name = (parts.hostname or "").lower()
    host = f"[{name}]" if ":" in name else name
    return host if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"
