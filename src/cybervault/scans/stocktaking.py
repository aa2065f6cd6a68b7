"""How the packages of an image become an inventory. Whoever built the image wrote every word: all is bounded (pure)."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from cybervault.scans.contents import Contents, Package, Release
from cybervault.scans.inventory import Item
from cybervault.scans.seen import shown

CHARACTERS_MAX: Final = 4_000_000
"""Of all items together; images of some thousand packages have a tenth of it."""
PATHS_MAX: Final = 5
FAULTS_MAX: Final = 20
_ITEM_CHARACTERS: Final = 50
_SYSTEM_CHARACTERS_MAX: Final = 20
_NAME_CHARACTERS_MAX: Final = 200
_TEXT_CHARACTERS_MAX: Final = 300

Key: TypeAlias = tuple[str, Package]


def items_of(contents: Contents) -> tuple[Mapping[Key, Item], tuple[str, ...]]:
    """Each package once, as read and as it is kept, in the order of the lists; and why they are not all."""
    paths, room = dict[Key, list[str]](), CHARACTERS_MAX
    for database in contents.databases:
        path = shown(database.path, _TEXT_CHARACTERS_MAX)
        for package in database.packages:
            known = paths.setdefault((database.system, package), [])
            if len(known) < PATHS_MAX and path not in known:
                known.append(path)
    kept = dict[Key, Item]()
    for key, listed in paths.items():
        item = Item(shown(key[0], _SYSTEM_CHARACTERS_MAX), _bounded(key[1]), tuple(listed))
        if not item.package.name:
            continue
        room -= _size(item)
        if room < 0:
            left_out = f"{len(paths) - len(kept):,} packages are left out: there are too many"
            return kept, (left_out, *_faults(contents))
        kept[key] = item
    return kept, _faults(contents)


def release_in(contents: Contents) -> Release | None:
    """Which distribution it says it is."""
    one = contents.release
    if one is None:
        return None
    return Release(*(shown(text, _NAME_CHARACTERS_MAX) for text in (one.path, one.id, one.version_id, one.pretty_name)))


def _bounded(package: Package) -> Package:
    texts = (package.name, package.version, package.source, package.source_version, package.module)
    return Package(*(shown(text, _NAME_CHARACTERS_MAX) for text in texts))


def _size(item: Item) -> int:
    package = item.package
    texts = (package.name, package.version, package.source, package.source_version, *item.paths)
    return _ITEM_CHARACTERS + sum(map(len, texts))


def _faults(contents: Contents) -> tuple[str, ...]:
    return tuple(shown(fault, _TEXT_CHARACTERS_MAX) for fault in contents.faults[:FAULTS_MAX])
