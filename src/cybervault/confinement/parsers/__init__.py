"""The parsers that may be given untrusted bytes, each in a file of its own; only children load them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Parser:
    """Where a parser stands, as `module:function`; `folder` is one to import it from beside those of the product."""

    place: str
    folder: str = ""


EVTX: Final = Parser("cybervault.confinement.parsers.evtx:records")
LAYERS: Final = Parser("cybervault.confinement.parsers.layers:facts")
SARIF: Final = Parser("cybervault.confinement.parsers.sarif:records")

PARSERS: Final = (EVTX, LAYERS, SARIF)
