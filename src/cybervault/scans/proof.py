"""Proof that a domain is its tenant's: a text that was published in its DNS or on its web server."""

from typing import Final

from cybervault.egress.client import Egress
from cybervault.egress.message import DnsQuestion, OutgoingRequest

TXT_LABEL: Final = "_cybervault-challenge"
FILE_PATH: Final = "/.well-known/cybervault-challenge.txt"
PREFIX: Final = "cybervault-challenge="
_FILE_BYTES_MAX: Final = 4_096


class DomainProof:
    """Looks whether a challenge was published, on the web server at `port`."""

    def __init__(self, egress: Egress, port: int = 443) -> None:
        self._egress = egress
        self._port = port

    async def is_published(self, domain: str, challenge: str) -> bool:
        """Whether the TXT record or the file holds the challenge; false too where neither could be read."""
        reply = await self._egress.resolve(DnsQuestion(name=f"{TXT_LABEL}.{domain}", record_type="TXT"))
        if challenge in (record.strip() for record in reply.records):
            return True
        url = f"https://{domain}:{self._port}{FILE_PATH}"
        file = await self._egress.fetch(OutgoingRequest(url=url, body_bytes_max=_FILE_BYTES_MAX, retries=0))
        return file.status == 200 and challenge in file.body.decode("utf-8", "replace").split()  # noqa: PLR2004 - OK
