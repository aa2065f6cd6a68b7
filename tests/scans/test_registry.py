"""Registries: what they hold is read as everybody may, and none of their lies is believed."""

import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin, origin_of
from cybervault.scans.registry import Registry, RegistryAccount, RegistryError
from cybervault.scans.seen import CoverageState
from cybervault.scans.targets import parse_target
from tests.fakes.registry import DEBIAN, OCI_INDEX, TOKEN, Shelves, digest_of, layer, registry_of

LAYER = layer({"etc/os-release": DEBIAN})
UNKNOWN = "its registry wants a name and a password, which this server has not"
# A name as Harbor gives it to robots: nothing in it is encoded on the way.
ROBOT = RegistryAccount("robot$ci+read", Secret("canary-key-7f3a:%"))


@asynccontextmanager
async def asked(
    shelves: Shelves, reference: str = "app:1", account: RegistryAccount | None = None, *, others: tuple[str, ...] = ()
) -> AsyncIterator[Registry]:
    with registry_of(shelves) as place:
        origin = origin_of(f"http://{place}")
        async with Egress(Guard([origin, *map(origin_of, others)])) as egress:
            yield Registry(egress, parse_target(f"oci://{place}/{reference}").image, frozenset({origin}), account)


async def refused(shelves: Shelves, reference: str = "app:1") -> str:
    async with asked(shelves, reference) as registry:
        with pytest.raises(RegistryError) as caught:
            await registry.image()
        return caught.value.reason


def passwords(shelves: Shelves) -> set[str]:
    """The first segments of the paths that were told a password."""
    return {path.strip("/").partition("/")[0].partition("?")[0] for path, said in shelves.asked if "Basic" in said}


@pytest.fixture
def shelves() -> Shelves:
    made = Shelves()
    made.push("app:1", [LAYER, layer({"x": b"y"})])
    return made


async def test_an_image_is_its_configuration_and_its_layers(shelves: Shelves) -> None:
    async with asked(shelves) as registry:
        image = await registry.image()
        assert [one.digest for one in image.layers] == [digest_of(LAYER), digest_of(layer({"x": b"y"}))]
        assert image.config.config is not None
        assert image.config.config.user == "app"
        into = io.BytesIO()
        await registry.copy_layer(digest_of(LAYER), len(LAYER), into)
    assert into.getvalue() == LAYER


async def test_without_a_tag_the_latest_is_meant_and_a_digest_is_that_image_alone(shelves: Shelves) -> None:
    digest = shelves.push("app:latest", [LAYER], User="root")
    for reference in ("app", f"app@{digest}", f"app:1@{digest}"):
        async with asked(shelves, reference) as registry:
            assert (await registry.image()).digest == digest


async def test_of_an_index_the_image_for_linux_is_taken(shelves: Shelves) -> None:
    ours, other = (shelves.push("app:x", [LAYER], User=name) for name in ("ours", "other"))
    entries = [
        {"digest": other, "size": 1, "platform": {"os": "windows", "architecture": "amd64"}},
        {"digest": ours, "size": 1, "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    shelves.put("app:many", {"schemaVersion": 2, "manifests": entries}, OCI_INDEX)
    shelves.put("app:arm", {"schemaVersion": 2, "manifests": entries[:1]}, OCI_INDEX)
    for tag, digest in (("many", ours), ("arm", other)):
        async with asked(shelves, f"app:{tag}") as registry:
            assert (await registry.image()).digest == digest


async def test_a_token_that_everybody_may_have_is_fetched_once_and_never_sent_elsewhere(shelves: Shelves) -> None:
    shelves.wants_token, shelves.leads_blobs_to = True, "http://HERE"
    async with asked(shelves) as registry:
        image = await registry.image()
        into = io.BytesIO()
        await registry.copy_layer(image.layers[0].digest, image.layers[0].size, into)
    assert into.getvalue() == LAYER
    (question,) = [path for path, _ in shelves.asked if path.startswith("/token?")]
    assert question == "/token?service=ours&scope=repository%3Aapp%3Apull"
    led = [token for path, token in shelves.asked if path.startswith("/stored/")]
    assert led == ["", ""]
    assert f"Bearer {TOKEN}" in {token for path, token in shelves.asked if path.startswith("/v2/")}


@pytest.mark.parametrize("where", ["http://169.254.169.254", "http://127.0.0.1:1", "https://10.0.0.1"])
async def test_a_registry_leads_nobody_inside(shelves: Shelves, where: str) -> None:
    shelves.leads_blobs_to = where
    assert await refused(shelves) == "its registry, or where that leads, may not be reached from this server"


async def test_a_registry_that_nobody_named_is_not_reached_within_the_network() -> None:
    async with Egress(Guard()) as egress:
        for address in ("127.0.0.1:5000", "10.1.2.3", "169.254.169.254"):
            registry = Registry(egress, parse_target(f"oci://{address}/app").image)
            with pytest.raises(RegistryError, match="may not be reached"):
                await registry.image()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "its registry has no such image"),
        (403, f"{UNKNOWN}: set CYBERVAULT_SCANS__REGISTRY_ACCOUNTS__<NAME>__REGISTRY and the rest"),
        (429, "its registry lets nobody read more for now"),
        (500, "its registry answered with status 500"),
    ],
)
async def test_a_no_is_told_with_its_reason(shelves: Shelves, status: int, reason: str) -> None:
    shelves.status = status
    assert await refused(shelves) == reason


async def test_a_registry_for_its_own_people_is_told(shelves: Shelves) -> None:
    assert await refused(shelves, "none:1") == "its registry has no such image"
    shelves.wants_password = True
    assert "a name and a password" in await refused(shelves)


@pytest.mark.parametrize("form", ["basic", "bearer"])
async def test_who_is_connected_is_let_in_and_no_storage_is_told_the_password(
    shelves: Shelves, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shelves.people = {ROBOT.username: "canary-key-7f3a:%"}
    shelves.wants_password, shelves.wants_token = form == "basic", form == "bearer"
    stored = Shelves(blobs=shelves.blobs)
    with registry_of(stored) as elsewhere:
        shelves.leads_blobs_to = f"http://{elsewhere}"
        async with asked(shelves, account=ROBOT, others=(f"http://{elsewhere}",)) as registry:
            image = await registry.image()
            into = io.BytesIO()
            await registry.copy_layer(image.layers[0].digest, image.layers[0].size, into)
    assert into.getvalue() == LAYER
    assert passwords(shelves) == {"v2" if form == "basic" else "token"}
    assert [said for _, said in stored.asked] == ["", ""]
    assert "canary" not in f"{caplog.text}{registry!r}{[path for path, _ in shelves.asked]}"


async def test_a_password_goes_nowhere_but_where_the_operator_said(shelves: Shelves) -> None:
    shelves.people, shelves.wants_token = {ROBOT.username: "canary-key-7f3a:%"}, True
    stranger = Shelves(people=shelves.people)
    with registry_of(stranger) as elsewhere:
        shelves.realm, origin = f"http://{elsewhere}/token", origin_of(f"http://{elsewhere}")
        async with asked(shelves, account=ROBOT, others=(f"http://{elsewhere}",)) as registry:
            with pytest.raises(RegistryError, match="which nobody named: set CYBERVAULT_SCANS") as caught:
                await registry.image()
            assert (caught.value.state, stranger.asked) == (CoverageState.NOT_TESTED, [])
            named = RegistryAccount(ROBOT.username, ROBOT.password, origin)
            # The name that is connected there may be told, and a token of theirs opens ours.
            assert (await replace(registry, account=named).image()).layers
            assert passwords(stranger) == {"token"}
            for realm in ("https://HERE/token", "http://user:x@HERE/token", "//HERE/token", "file:///etc/passwd"):
                shelves.realm = realm
                with pytest.raises(RegistryError):
                    await replace(registry, account=named).image()
    assert passwords(shelves) == set()


async def test_where_tokens_are_made_leads_no_password_on(shelves: Shelves) -> None:
    stranger, makers, shelves.wants_token = Shelves(), Shelves(), True
    with registry_of(stranger) as elsewhere, registry_of(makers) as maker:
        makers.leads_blobs_to, origins = f"http://{elsewhere}", (f"http://{elsewhere}", f"http://{maker}")
        shelves.realm = f"http://{maker}/v2/x/blobs/y"
        account = replace(ROBOT, tokens_at=origin_of(f"http://{maker}"))
        async with asked(shelves, account=account, others=origins) as registry:
            with pytest.raises(RegistryError, match="may not be reached"):
                await registry.image()
    assert (passwords(makers), stranger.asked) == ({"v2"}, [])


@pytest.mark.parametrize("form", ["basic", "bearer"])
async def test_a_wrong_password_is_told(shelves: Shelves, form: str) -> None:
    shelves.people = {ROBOT.username: "another"}
    shelves.wants_password, shelves.wants_token = form == "basic", form == "bearer"
    async with asked(shelves, account=ROBOT) as registry:
        with pytest.raises(RegistryError, match="its registry refused these credentials") as caught:
            await registry.image()
        assert caught.value.state is CoverageState.NOT_TESTED
        shelves.status = 403
        with pytest.raises(RegistryError, match="not read this image"):
            await registry.image()


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (b"<html>", "its manifest cannot be read"),
        (b"[" * 100_000, "its manifest cannot be read"),
        ({"schemaVersion": 1, "fsLayers": []}, "neither OCI nor Docker"),
        ({"schemaVersion": 2, "config": {"digest": "md5:1", "size": 1}}, "not SHA-256"),
        ({"schemaVersion": 2, "config": {"digest": f"sha256:{'0' * 64}", "size": 1}}, "no such image"),
        (
            {
                "schemaVersion": 2,
                "config": {"digest": f"sha256:{'0' * 64}", "size": 1},
                "layers": [{"digest": "x", "size": 1}] * 201,
            },
            "more than 200 layers",
        ),
        (
            {
                "schemaVersion": 2,
                "config": {"digest": f"sha256:{'0' * 64}", "size": 1},
                "layers": [{"digest": "x", "size": 2**40}],
            },
            "8 GiB",
        ),
    ],
)
async def test_a_manifest_that_is_none_is_told(shelves: Shelves, manifest: object, reason: str) -> None:
    shelves.put("app:bad", manifest)
    assert reason in await refused(shelves, "app:bad")


async def test_a_digest_is_believed_and_a_registry_is_not(shelves: Shelves) -> None:
    digest = digest_of(LAYER)
    shelves.lies[digest] = LAYER[:-1] + b"x"
    async with asked(shelves) as registry:
        with pytest.raises(RegistryError, match="not what its digest says"):
            await registry.copy_layer(digest, len(LAYER), io.BytesIO())
        shelves.lies[digest] = LAYER + b"more"
        with pytest.raises(RegistryError, match="more came than its size says"):
            await registry.copy_layer(digest, len(LAYER), io.BytesIO())
        shelves.lies[digest] = LAYER[:10]
        with pytest.raises(RegistryError, match="not what its digest says"):
            await registry.copy_layer(digest, len(LAYER), io.BytesIO())
        with pytest.raises(RegistryError, match="larger than 2 GiB"):
            await registry.copy_layer(digest, 2**40, io.BytesIO())
    raw = shelves.manifests["app/1"][1]
    shelves.manifests[f"app/{digest_of(raw)}"] = ("application/json", raw + b" ")
    assert "not what its digest says" in await refused(shelves, f"app@{digest_of(raw)}")


async def test_a_registry_that_goes_on_asking_for_tokens_is_left(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves.wants_token = True
    monkeypatch.setattr("tests.fakes.registry.TOKEN", "another each time")
    async with asked(shelves) as registry:
        registry._right = SecretHeader("Authorization", Secret("a token of yesterday"), "Bearer ")
        with pytest.raises(RegistryError, match="a name and a password"):
            await registry.image()


async def test_the_hub_answers_under_another_name_and_calls_its_own_images_by_a_prefix() -> None:
    async with Egress(Guard()) as egress:
        for text, url in (
            ("docker.io/alpine:3", "https://registry-1.docker.io/v2/library/alpine/x"),
            ("docker.io/bitnami/redis", "https://registry-1.docker.io/v2/bitnami/redis/x"),
            ("ghcr.io/a/b", "https://ghcr.io/v2/a/b/x"),
            ("r.example:5000/a", "https://r.example:5000/v2/a/x"),
        ):
            registry = Registry(egress, parse_target(text).image, frozenset({Origin("http", "r.example", 80)}))
            assert registry._request("x", seconds=1, most=1).url == url
        plain = replace(registry, plain=frozenset({Origin("http", "r.example", 5000)}))
        assert plain._request("x", seconds=1, most=1).url.startswith("http://r.example:5000/")
