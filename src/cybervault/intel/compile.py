"""Compiles the local knowledge from the installed packages into a new generation.

Run as `python -m cybervault.intel.compile DIRECTORY` in a process of its own, so that the server's memory stays small.
"""

import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from xxhash import xxh3_64_hexdigest

from cybervault.domain.clock import SystemClock
from cybervault.domain.problems import Problem
from cybervault.intel.allowlists import Sort, SortedList, read_table, table_text
from cybervault.intel.entries import Entries, add_names, add_networks, read_entries, read_warning_list
from cybervault.intel.families import GALAXIES, Cluster, gather, rows
from cybervault.intel.generations import (
    FILES,
    ListRecord,
    Manifest,
    building,
    check_files,
    file_record,
    publish,
    read_manifest,
    read_pointer,
)
from cybervault.intel.knowledge import HASH_PREFIX, NAME_PREFIX, Knowledge, KnowledgeState
from cybervault.intel.networks import Network, Numbering
from cybervault.intel.packing import Packer, write_networks
from cybervault.intel.sections import write_sections
from cybervault.intel.suffixes import Rule, read_rules

Report: TypeAlias = Callable[[int, int, str], None]
"""Told before each step: steps done, steps in all, what comes next."""

_SEED_BITS: Final = 63
_STEPS_BESIDE_LISTS: Final = 4
_CHUNK: Final = 50_000
_FOLDED_BYTES_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Packages:
    """Where the data lies: the folder of warning lists, the folder of galaxy clusters, the public-suffix file."""

    lists: Path
    clusters: Path
    suffixes: Path
    versions: dict[str, str]

    @classmethod
    def installed(cls) -> "Packages":
        """The packages of this installation, found without importing them."""
        names = ("pymispwarninglists", "pymispgalaxies", "publicsuffixlist")
        lists, clusters, suffixes = (_folder(name) for name in names)
        return cls(
            lists / "data" / "misp-warninglists" / "lists",
            clusters / "data" / "misp-galaxy" / "clusters",
            suffixes / "public_suffix_list.dat",
            {name: version(name) for name in names},
        )


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        message = f"{package} is a dependency and not installed"
        raise ModuleNotFoundError(message)
    return Path(spec.origin).parent


def needs_compile(directory: Path, packages: Packages | None = None) -> bool:
    """Whether nothing whole is compiled here, or something other than what is installed now.

    Reads every file once, some ten milliseconds.
    """
    try:
        pointer = read_pointer(directory)
        if pointer is None:
            return True
        manifest = read_manifest(directory, pointer)
        check_files(directory / pointer.name, manifest)
    except Problem:
        return True
    if manifest.recipe != _recipe(table_text()):
        return True
    return manifest.packages != (packages or Packages.installed()).versions


def _recipe(table: str) -> str:
    return xxh3_64_hexdigest(table.encode())


def unsorted_lists(packages: Packages) -> tuple[str, ...]:
    """Lists of the package that our table does not sort; they are not compiled."""
    known = read_table(table_text()).warninglists
    return tuple(
        sorted(path.parent.name for path in packages.lists.glob("*/list.json") if path.parent.name not in known)
    )


def compile_knowledge(
    directory: Path, packages: Packages, *, built_at: datetime, report: Report | None = None
) -> KnowledgeState:
    """Build a generation in `directory` and make it current; the older one stays for its readers.

    One process compiles at a time, another one waits. Takes some ten seconds of one core.
    """
    text = table_text()
    plan = _plan(text, packages)
    tell = _Steps(len(plan) + _STEPS_BESIDE_LISTS, report)
    with building(directory) as folder:
        build = _Build(folder, secrets.randbits(_SEED_BITS))
        tell.next("public suffixes")
        registries = build.suffixes(packages.suffixes.read_text(encoding="utf-8"))
        for name, known in plan:
            tell.next(known.title)
            build.take(name, known, _entries(packages, name, known, registries=registries))
        tell.next("index")
        build.write_lists()
        tell.next("malware families")
        build.families(packages.clusters)
        tell.next("publishing")
        publish(folder, build.manifest(built_at, packages.versions, _recipe(text)))
    opened = Knowledge.open(directory)
    if opened is None:
        message = "a published generation is there to be opened"
        raise AssertionError(message)
    return opened.describe()


class _Steps:
    def __init__(self, total: int, report: Report | None) -> None:
        self._done, self._total, self._report = 0, total, report

    def next(self, what: str) -> None:
        if self._report is not None:
            self._report(self._done, self._total, what)
        self._done += 1


def _plan(text: str, packages: Packages) -> list[tuple[str, SortedList]]:
    table = read_table(text)
    shipped = [(name, known) for name, known in table.warninglists.items() if _list_file(packages, name).exists()]
    return [(name, known) for name, known in (*shipped, *table.curated.items()) if known.sort is not Sort.IGNORED]


def _list_file(packages: Packages, name: str) -> Path:
    return packages.lists / name / "list.json"


def _entries(packages: Packages, name: str, known: SortedList, *, registries: frozenset[str]) -> tuple[Entries, str]:
    if known.networks or known.names:
        own = Entries()
        add_networks(own, known.networks)
        add_names(own, known.names, known.covers, registries=registries)
        return own, ""
    found = read_warning_list(_list_file(packages, name))
    return read_entries(found, known.covers, registries), str(found.version)


class _Build:
    """One generation in the making."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._seed = seed
        self._packer = Packer.seeded(seed)
        self._networks: list[tuple[Network, int]] = []
        self._numbering = Numbering()
        self._records: list[ListRecord] = []
        self._counts = dict.fromkeys(("lists", "names", "hashes", "networks", "suffixes", "families", "aliases"), 0)

    def suffixes(self, text: str) -> frozenset[str]:
        """Write the suffix rules and give the suffixes that registries set."""
        rules = read_rules(text)
        packer = Packer.seeded(self._seed)
        for rule in sorted(set(rules.values())):
            packer.add([name.encode() for name, value in rules.items() if value == rule], int(rule))
        self._counts["suffixes"] = packer.write(self._folder / "suffixes")
        return frozenset(name for name, rule in rules.items() if not rule & Rule.PRIVATE)

    def take(self, name: str, known: SortedList, found: tuple[Entries, str]) -> None:
        entries, list_version = found
        member = 2 * len(self._records)
        self._add_names(entries.names, member)
        self._add_names(entries.zones, member + 1)
        self._packer.add([HASH_PREFIX + digest for digest in entries.digests], member)
        self._networks += [(network, member) for network in entries.networks]
        self._counts["lists"] += 1
        self._counts["names"] += len(entries.names) + len(entries.zones)
        self._counts["hashes"] += len(entries.digests)
        self._counts["networks"] += len(entries.networks)
        self._records.append(
            ListRecord(
                name,
                known.sort,
                known.bin,
                known.title,
                known.owner,
                known.ranking,
                version=list_version,
                entries=len(entries),
                unread=entries.unread,
            )
        )

    def _add_names(self, names: Sequence[str], member: int) -> None:
        for start in range(0, len(names), _CHUNK):
            self._packer.add([NAME_PREFIX + name.encode() for name in names[start : start + _CHUNK]], member)

    def write_lists(self) -> None:
        self._counts["keys"] = self._packer.write(self._folder / "lists", self._numbering)
        self._counts["segments"] = write_networks(self._folder, self._networks, self._numbering)

    def families(self, clusters: Path) -> None:
        families, places = gather(list(_clusters(clusters / f"{name}.json", kind)) for name, kind in GALAXIES)
        packer = Packer.seeded(self._seed)
        for folded, place in places.items():
            packer.add([folded.encode()[:_FOLDED_BYTES_MAX]], place)
        self._counts["families"] = len(families)
        self._counts["aliases"] = packer.write(self._folder / "family-names")
        write_sections(self._folder / "families", rows(families))

    def manifest(self, built_at: datetime, versions: dict[str, str], recipe: str) -> Manifest:
        return Manifest(
            built_at,
            versions,
            recipe,
            self._seed,
            self._counts,
            lists=tuple(self._records),
            combinations=self._numbering.sets,
            files={name: file_record(self._folder / name) for name in FILES},
        )


class _Meta(msgspec.Struct, frozen=True):
    synonyms: tuple[str, ...] = ()


class _Value(msgspec.Struct, frozen=True):
    value: str
    meta: _Meta = _Meta()


class _Galaxy(msgspec.Struct, frozen=True):
    values: tuple[_Value, ...]


def _clusters(path: Path, kind: str) -> Iterator[Cluster]:
    if not path.exists():  # galaxies come and go between releases of the package
        return
    for entry in msgspec.json.decode(path.read_bytes(), type=_Galaxy).values:
        yield Cluster(entry.value, entry.meta.synonyms, kind)


def main(arguments: Sequence[str], packages: Packages | None = None) -> int:
    """Compile into the one directory given, with a line on standard error for each step; 0 when it worked."""
    if len(arguments) != 1:
        _say("usage: python -m cybervault.intel.compile DIRECTORY")
        return 2
    packages = packages or Packages.installed()
    for name in unsorted_lists(packages):
        _say(f"{name}: not sorted by our table, left out")
    try:
        state = compile_knowledge(
            Path(arguments[0]),
            packages,
            built_at=SystemClock().now(),
            report=lambda done, total, what: _say(f"{done + 1}/{total} {what}"),
        )
    except Problem as problem:
        _say(f"{problem.message} {problem.detail}")
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        _say(str(error))
        return 1
    _say(f"{state.generation}: {state.disk_bytes} bytes")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
