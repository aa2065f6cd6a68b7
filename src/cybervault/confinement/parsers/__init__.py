"""The parsers that may be given untrusted bytes, each in a file of its own; only children load them."""

from typing import Final, NamedTuple


class Parser(NamedTuple):
    """Where a parser stands, as `module:function`; `folder` is one to import it from beside those of the product.

    No dataclass: children load this, and a fifth of their start would be what that needs.
    """

    place: str
    folder: str = ""


EVTX: Final = Parser("cybervault.confinement.parsers.evtx:records")
LAYERS: Final = Parser("cybervault.confinement.parsers.layers:facts")
LAYER_TEXTS: Final = Parser("cybervault.confinement.parsers.layers:texts")
SARIF: Final = Parser("cybervault.confinement.parsers.sarif:records")

PARSERS: Final = (EVTX, LAYERS, LAYER_TEXTS, SARIF)
