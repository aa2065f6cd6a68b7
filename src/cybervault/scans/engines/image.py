"""What an image says of itself: as whom its containers run, secrets in its environment, how old it is."""

import re
from datetime import UTC, datetime
from typing import Final

from cybervault.scans.contents import Layer
from cybervault.scans.engines import ADVISORIES, IMAGE, LAYERS
from cybervault.scans.registry import Config, Registry, RegistryError
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, shown
from cybervault.scans.targets import Target

OLD_DAYS: Final = 365
_ROOT: Final = frozenset({"", "0", "root"})
_SECRET_NAME: Final = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY)(?:_.*)?", re.IGNORECASE
)
# Names that end so point to where the secret is, and are how it should be.
_POINTER: Final = re.compile(r".*_(?:FILE|PATH|DIR|URL|NAME|ID)", re.IGNORECASE)


async def look_at_image(target: Target, registry: Registry, *, now: datetime, has_compliance_rules: bool) -> Report:
    """Read the manifest and configuration; `layers` are what is read next."""
    try:
        image = await registry.image()
    except RegistryError as error:
        return Report(coverage=not_looked_at(target.value, error, (IMAGE, LAYERS, ADVISORIES)))
    seen = [Seen(target.value, rule, IMAGE, place, evidence) for rule, place, evidence in judge(image.config)]
    if has_compliance_rules:
        seen += [Seen(target.value, rule, IMAGE, "", evidence) for rule, evidence in judge_form(image.config, now)]
    layers = [Layer(target.value, place, one.digest, one.size, image.digest) for place, one in enumerate(image.layers)]
    return Report(
        seen, [Coverage(target.value, IMAGE, CoverageState.COVERED, f"manifest {image.digest}")], layers=layers
    )


def judge(config: Config) -> list[tuple[str, str, str]]:
    """Rules that hold for how containers are started, each with its place and evidence (pure)."""
    run, found = config.config, []
    user = "" if run is None or run.user is None else run.user.partition(":")[0]
    if user in _ROOT:
        found.append(("image_runs_as_root", "", f"User is {user or 'not set'}"))
    for line in (run.env or []) if run is not None else []:
        name, _, value = line.partition("=")
        if value and _SECRET_NAME.fullmatch(name) and not _POINTER.fullmatch(name):
            # The name alone: the value may let somebody in.
            found.append(("image_secret_in_environment", shown(name, 100), "its value is in the image's configuration"))
    return found


def judge_form(config: Config, now: datetime) -> list[tuple[str, str]]:
    """What frameworks ask of images besides (pure)."""
    found = []
    if config.config is None or config.config.healthcheck is None:
        found.append(("image_without_healthcheck", ""))
    made = _moment(config.created)
    if made is not None and (now - made).days > OLD_DAYS:
        found.append(("image_old", f"built {made:%Y-%m-%d}"))
    return found


def not_looked_at(asset: str, error: RegistryError, engines: tuple[str, ...]) -> list[Coverage]:
    """What a registry did not give, for each engine that needed it."""
    return [Coverage(asset, engine, error.state, error.reason) for engine in engines]


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
