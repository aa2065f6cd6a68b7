"""What an image holds: layer upon layer, where a later one replaces files of those below it or takes them away."""

from collections.abc import Sequence

import msgspec


class Layer(msgspec.Struct, frozen=True):
    """One layer of an image, by its place from the bottom; `size` in bytes, packed; `image` is that one's digest."""

    target: str
    place: int
    digest: str
    size: int
    image: str = ""


class Package(msgspec.Struct, frozen=True):
    """A package as its own system names it; `source` is what it was built from, "" where that system has no such.

    `module` is the stream of RPM that it comes from, as `nodejs:18`; "" for most.
    """

    name: str
    version: str
    source: str = ""
    source_version: str = ""
    module: str = ""


class Database(msgspec.Struct, frozen=True, tag_field="sort", tag="packages"):
    """A file that lists packages; `system` is the type of package URLs, such as deb, pypi and maven."""

    path: str
    system: str
    packages: tuple[Package, ...]


class Release(msgspec.Struct, frozen=True, tag_field="sort", tag="release"):
    """Which distribution it is, as os-release(5) says."""

    path: str
    id: str
    version_id: str
    pretty_name: str


class Secret(msgspec.Struct, frozen=True, tag_field="sort", tag="secret"):
    """Where a secret stands and of what sort it is; its value was never taken out of the child."""

    path: str
    what: str
    line: int


class Gone(msgspec.Struct, frozen=True, tag_field="sort", tag="gone"):
    """A file or folder of the layers below that is no longer there."""

    path: str


class Opaque(msgspec.Struct, frozen=True, tag_field="sort", tag="opaque"):
    """A folder of which nothing of the layers below is there any longer."""

    path: str


class Unread(msgspec.Struct, frozen=True, tag_field="sort", tag="unread"):
    """A file that would say more and was not read, and why."""

    path: str
    reason: str


Fact = Database | Release | Secret | Gone | Opaque | Unread


class LayerContents(msgspec.Struct, frozen=True):
    """What was found in one layer; a `fault` says why what was found is not all of it."""

    layer: Layer
    facts: tuple[Fact, ...]
    fault: str = ""


class Contents(msgspec.Struct, frozen=True):
    """What an image holds in the end; `faults` say what was not read, so that something may be missing."""

    databases: tuple[Database, ...]
    release: Release | None
    faults: tuple[str, ...]


class Catalogue(msgspec.Struct, frozen=True):
    """What an engine read in an image as a whole; a `fault` says why it read nothing."""

    databases: tuple[Database, ...]
    fault: str = ""


def contents_of(layers: Sequence[LayerContents]) -> Contents:
    """Layer upon layer from the bottom (pure)."""
    standing: dict[str, Database | Release | Unread] = {}
    faults = []
    for layer in sorted(layers, key=lambda one: one.layer.place):
        if layer.fault:
            faults.append(f"layer {layer.layer.place + 1}: {layer.fault}")
        taken = [fact for fact in layer.facts if isinstance(fact, Gone | Opaque)]
        standing = {path: fact for path, fact in standing.items() if not any(_takes(one, path) for one in taken)}
        standing |= {fact.path: fact for fact in layer.facts if isinstance(fact, Database | Release | Unread)}
    faults += [f"{fact.path}: {fact.reason}" for fact in standing.values() if isinstance(fact, Unread)]
    releases = [fact for fact in standing.values() if isinstance(fact, Release)]
    databases = tuple(fact for fact in standing.values() if isinstance(fact, Database))
    return Contents(databases, releases[0] if releases else None, tuple(faults))


def _takes(taken: Gone | Opaque, path: str) -> bool:
    return path.startswith(f"{taken.path}/" if taken.path else "") or (isinstance(taken, Gone) and path == taken.path)
