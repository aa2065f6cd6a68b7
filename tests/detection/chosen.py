"""The choices of tenants on a database, over one rule."""

from collections.abc import Sequence

from cybervault.detection.choices import Choices
from cybervault.detection.rule import Rule
from cybervault.detection.rules.catalogue import Catalogue
from cybervault.detection.rules.pack import Profile
from cybervault.detection.store import ChoiceStore
from tests.access.conftest import World
from tests.detection.sigma import rule, selecting

SERVICE_HOST = rule(selecting(Image__endswith="\\svchost.exe"), title="Service host")


def choices_on(world: World, rules: Sequence[Rule] = (SERVICE_HOST,), profile: Profile | None = None) -> Choices:
    """The service, as a node has it."""
    catalogue = Catalogue()
    catalogue.use({one.id: one for one in rules}, profile or Profile())
    return Choices(ChoiceStore(world.database), world.journal, catalogue)
