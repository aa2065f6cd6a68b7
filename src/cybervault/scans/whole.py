"""An image as a whole before engines that are processes of their own: fetched once, then one after the other looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cybervault.scans.cataloguing import catalogue
from cybervault.scans.contents import Catalogue, Layer
from cybervault.scans.engines import KINGFISHER, SYFT, TRIVY
from cybervault.scans.fetching import fetched
from cybervault.scans.registry import Registry, RegistryError
from cybervault.scans.searching import search
from cybervault.scans.seen import Coverage, CoverageState, Report
from cybervault.scans.uncovering import uncover

GONE: Final = "it was there when the scan began, and this server has it not"


@dataclass(slots=True)
class Whole:
    """The packages that syft read (None: it was not asked) and the secrets that kingfisher and trivy found.

    These are taken in with the floor's word that every layer was read: what several saw is gone where none sees it.
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
                whole.secrets.add(await uncover(image, there[KINGFISHER]))
            if TRIVY in there:
                whole.secrets.add(await search(image, there[TRIVY]))
    except RegistryError as error:
        return _without(list(programs), layers, error.reason)
    except OSError as error:
        return _without(list(programs), layers, f"this server has no room for it ({error.strerror})")
    return whole


def _without(
    names: Sequence[str], layers: Sequence[Layer], reason: str, *, state: CoverageState = CoverageState.FAILED
) -> Whole:
    lines = [Coverage(layers[0].target, name, state, reason) for name in names if name != SYFT]
    return Whole(Catalogue((), reason) if SYFT in names else None, Report(coverage=lines))
