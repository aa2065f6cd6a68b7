"""The rules of an installation: found by id, searched by what they say and where they stand."""

import pytest

from cybervault.detection.rules.catalogue import Catalogue, Wanted
from cybervault.detection.rules.choice import EVERYTHING, Choice, Place
from cybervault.detection.rules.pack import Profile
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from tests.detection.rules.test_choice import WHY
from tests.detection.sigma import rule, selecting

BEACON = rule(
    selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000001", title="beacon", author="Ann Ö.",
    description="It calls home.", tags=["attack.t1571", "attack.command-and-control"],
)  # fmt: skip
SHELL = rule(
    selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000002", title="A shell", level="low",
    tags=["attack.t1059.001"], logsource={"product": "linux", "category": "process_creation"},
)  # fmt: skip
OFF = Choice(off={BEACON.id: WHY})


@pytest.fixture
def catalogue() -> Catalogue:
    catalogue = Catalogue()
    catalogue.use({one.id: one for one in (BEACON, SHELL)}, Profile())
    return catalogue


@pytest.mark.parametrize(
    ("wanted", "choice", "titles"),
    [
        (Wanted(), EVERYTHING, ["A shell", "beacon"]),
        (Wanted("HOME calls"), EVERYTHING, ["beacon"]),
        (Wanted("ann ö."), EVERYTHING, ["beacon"]),
        (Wanted("t1059"), EVERYTHING, ["A shell"]),
        (Wanted(BEACON.id), EVERYTHING, ["beacon"]),
        (Wanted("home shell"), EVERYTHING, []),
        (Wanted(level=Severity.LOW), EVERYTHING, ["A shell"]),
        (Wanted(product="linux"), EVERYTHING, ["A shell"]),
        (Wanted(pack="nobody's"), EVERYTHING, []),
        (Wanted(technique="t1059"), EVERYTHING, ["A shell"]),
        (Wanted(technique="T105"), EVERYTHING, []),
        (Wanted(place=Place.IN_FORCE), EVERYTHING, ["beacon"]),
        (Wanted(place=Place.IN_FORCE), OFF, []),
        (Wanted(place=Place.DISABLED), OFF, ["beacon"]),
        (Wanted(place=Place.BELOW_LEVEL), OFF, ["A shell"]),
    ],
)
def test_rules_are_found_by_what_they_say_and_where_they_stand(
    catalogue: Catalogue, wanted: Wanted, choice: Choice, titles: list[str]
) -> None:
    assert [known.rule.title for known in catalogue.select(wanted, choice)] == titles


def test_a_rule_is_shown_with_who_disabled_it(catalogue: Catalogue) -> None:
    assert catalogue.find(BEACON.id, OFF).switch == WHY
    assert catalogue.find(BEACON.id, EVERYTHING).switch is None
    with pytest.raises(Problem) as caught:
        catalogue.find("nobody", EVERYTHING)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "not_found")


def test_packs_are_counted_with_what_counts_for_the_tenant(catalogue: Catalogue) -> None:
    assert [(one.name, one.rules, one.in_force) for one in catalogue.packs(EVERYTHING)] == [(BEACON.pack, 2, 1)]
    assert [(one.name, one.rules, one.in_force) for one in catalogue.packs(OFF)] == [(BEACON.pack, 2, 0)]


def test_other_rules_take_their_place_as_a_whole(catalogue: Catalogue) -> None:
    catalogue.use({SHELL.id: SHELL}, Profile(Severity.LOW))
    (known,) = catalogue.select(Wanted(), EVERYTHING)
    assert (known.rule, known.place) == (SHELL, Place.IN_FORCE)
