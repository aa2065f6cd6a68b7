"""What an image says of itself."""

from datetime import UTC, datetime

import msgspec
import pytest

from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.scans.engines.image import judge, judge_form, look_at_image
from cybervault.scans.registry import Config, Registry
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.targets import parse_target
from tests.fakes.registry import Shelves, layer, registry_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def config(**run: object) -> Config:
    return msgspec.convert({"created": "2026-10-01T00:00:00Z", "config": run}, Config)


async def looked(shelves: Shelves, reference: str, *, is_strict: bool = False) -> Report:
    with registry_of(shelves) as place:
        origin, target = origin_of(f"http://{place}"), parse_target(f"oci://{place}/{reference}")
        async with Egress(Guard([origin])) as egress:
            registry = Registry(egress, target.image, frozenset({origin}))
            return await look_at_image(target, registry, now=NOW, has_compliance_rules=is_strict)


async def test_an_image_is_judged_and_its_layers_are_what_is_read_next() -> None:
    shelves = Shelves()
    digest = shelves.push("app:1", [layer({"x": b"y"}), layer({"z": b"y"})], User="", Healthcheck=None)
    report = await looked(shelves, "app:1", is_strict=True)
    assert [seen.rule for seen in report.seen] == ["image_runs_as_root", "image_without_healthcheck"]
    (line,) = report.coverage
    assert (line.engine, line.state, line.reason) == ("image", CoverageState.COVERED, f"manifest {digest}")
    assert [(one.place, one.image) for one in report.layers] == [(0, digest), (1, digest)]
    assert (await looked(shelves, "app:1")).seen[1:] == []


async def test_an_image_that_is_not_there_leaves_nothing_to_look_at() -> None:
    report = await looked(Shelves(), "app:1")
    assert {(line.engine, line.state) for line in report.coverage} == {
        (name, CoverageState.FAILED) for name in ("image", "layers", "advisories")
    }
    assert report.layers == []


@pytest.mark.parametrize(
    ("user", "is_root"),
    [(None, True), ("", True), ("root", True), ("0", True), ("0:0", True), ("app", False), ("1000:0", False)],
)
def test_root_is_known_by_every_name(user: str | None, is_root: bool) -> None:  # noqa: FBT001 - a column
    assert [rule for rule, _, _ in judge(config(User=user))] == (["image_runs_as_root"] if is_root else [])


@pytest.mark.parametrize(
    ("line", "is_secret"),
    [
        ("DB_PASSWORD=hunter2", True),
        ("API_KEY=x", True),
        ("AWS_SECRET_ACCESS_KEY=x", True),
        ("TOKEN=x", True),
        ("DB_PASSWORD=", False),
        ("DB_PASSWORD_FILE=/run/secrets/db", False),
        ("PATH=/bin", False),
        ("MONKEY=x", False),
        ("TOKENIZER=fast", False),
        ("no equals sign", False),
    ],
)
def test_a_secret_is_known_by_its_name_and_its_value_is_not_told(line: str, is_secret: bool) -> None:  # noqa: FBT001 - same
    found = judge(config(User="app", Env=[line]))
    assert [rule for rule, _, _ in found] == (["image_secret_in_environment"] if is_secret else [])
    assert "hunter2" not in str(found)


def test_an_old_image_is_told_and_a_date_that_is_none_is_not() -> None:
    for created, rules in (
        ("2025-10-01T00:00:00Z", ["image_old"]),
        ("2025-12-01T00:00:00.123456789Z", []),
        ("2025-10-01T00:00:00", ["image_old"]),
        ("yesterday", []),
        (None, []),
    ):
        made = msgspec.structs.replace(config(Healthcheck={"Test": []}), created=created)
        assert [rule for rule, _ in judge_form(made, NOW)] == rules
    assert [rule for rule, _ in judge_form(Config(), NOW)] == ["image_without_healthcheck"]
