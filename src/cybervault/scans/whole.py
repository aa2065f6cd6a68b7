"""An image as a whole before engines that are processes of their own: fetched once, then one after the other looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cybervault.scans.cataloguing import catalogue
from cybervault.scans.contents import Catalogue, Layer
from cybervault.scans.engines import KINGFISHER, SYFT
from cybervault.scans.fetching import fetched
from cybervault.scans.registry import Registry, RegistryError
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.uncovering import failed, uncover

GONE: Final = "it was there when the scan began, and this server has it not"


@dataclass(slots=True)
class Whole:
    """The packages that syft read (None: it was not asked) and the secrets that kingfisher found.

    These are taken in with the floor's word that every layer was read: what both saw is gone where neither sees it.
    """

    catalogue: Catalogue | None = None
    secrets: Report = field(default_factory=Report)


async def look_at_whole(
    layers: Sequence[Layer], registry: Registry, programs: Mapping[str, Sequence[str] | None]
) -> Whole:
    """What those find that are asked; `programs` are the words that their arguments follow (None: it has gone)."""
    there = {name: words for name, words in programs.items() if words is not None}
    whole = _without([name for name in programs if name not in there], layers, GONE, state=CoverageState.NOT_TESTED)
    if not there:
        return whole
    try:
        async with fetched(layers, registry) as image:
            if SYFT in there:
                whole.catalogue = await catalogue(image, there[SYFT])
            if KINGFISHER in there:
                whole.secrets = await uncover(image, there[KINGFISHER])
    except RegistryError as error:
        return _without(list(programs), layers, error.reason)
    except OSError as error:
        return _without(list(programs), layers, f"this server has no room for it ({error.strerror})")
    return whole


def _without(
    names: Sequence[str], layers: Sequence[Layer], reason: str, *, state: CoverageState = CoverageState.FAILED
) -> Whole:
    whole = Whole(Catalogue((), reason) if SYFT in names else None)
    if KINGFISHER in names:
        whole.secrets = failed(layers[0].target, reason, state)
    return whole
