"""How browsers come to the paths of sign-in: over which channel, from whose page, and from where."""

from dataclasses import dataclass
from typing import Final

from cybervault.access.sign_in import Place
from cybervault.faces.call import Call
from cybervault.faces.cross_site import refuse_cross_site
from cybervault.faces.session_cookie import Channel, channel_of, refuse_plain

NO_STORE: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Doorway:
    """`public_url` is where browsers reach this server, where that is configured; `own_origin` where they do else."""

    public_url: str | None
    own_origin: str

    def channel(self, call: Call) -> Channel:
        """How this request came."""
        client = call.visit.client
        return channel_of(client.scheme, call.headers.get("host", ""), client.peer, public_url=self.public_url)

    def refuse_plain(self, call: Call) -> Channel:
        """How it came; `Problem` FORBIDDEN `https_required` where others could read along."""
        channel = self.channel(call)
        refuse_plain(channel)
        return channel

    def refuse_strange(self, call: Call) -> Channel:
        """The same, and `cross_site_request` for another site's page, which could sign its visitor in as somebody."""
        channel = self.refuse_plain(call)
        site, origin = call.headers.get("sec-fetch-site"), call.headers.get("origin")
        if site is not None or origin is not None:
            refuse_cross_site(call.method, sec_fetch_site=site, origin=origin, own_origin=self.own_origin)
        return channel


def place_of(call: Call) -> Place:
    """From where somebody calls."""
    return Place(call.address, call.agent, call.request_id)
