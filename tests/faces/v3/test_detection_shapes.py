"""The wire forms of detection rules."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from cybervault.detection.rules.catalogue import Catalogue, Known, Wanted
from cybervault.detection.rules.choice import Choice, Place, Switch
from cybervault.detection.rules.pack import Profile
from cybervault.domain.verdicts import Severity
from cybervault.faces.v3.detection_shapes import ProfileEdit, ProfileReply, RuleEdit, RuleReply, RulesQuery
from tests.detection.chosen import SERVICE_HOST

WHY = Switch("Ours.", datetime(2026, 11, 1, tzinfo=UTC), "key:key_1")


def test_a_rule_is_told_with_what_the_tenant_chose() -> None:
    plain = RuleReply.of(Known(SERVICE_HOST, Place.IN_FORCE))
    assert (plain.enabled, plain.in_force, plain.disabled_reason, plain.disabled_at) == (True, True, None, None)
    assert (plain.product, plain.category, plain.level) == ("windows", "process_creation", "high")
    off = RuleReply.of(Known(SERVICE_HOST, Place.DISABLED, WHY))
    assert (off.enabled, off.in_force, off.standing) == (False, False, Place.DISABLED)
    assert (off.disabled_reason, off.disabled_at, off.disabled_by) == ("Ours.", "2026-11-01T00:00:00Z", "key:key_1")


def test_a_query_is_read_and_binds_its_cursor() -> None:
    query = RulesQuery.model_validate({"search": "a b", "level": "high", "standing": "disabled", "limit": "5"})
    assert query.to_core() == Wanted("a b", Severity.HIGH, place=Place.DISABLED)
    assert {name: value for name, value in query.narrowed().items() if value} == {
        "search": "a b", "level": "high", "standing": "disabled",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "profile", "level", "own"),
    [
        (Choice(), Profile(), "medium", None),
        (Choice(Severity.HIGH), Profile(), "high", "high"),
        (Choice(Severity.HIGH), Profile(Severity.CRITICAL), "critical", "high"),
    ],
)
def test_the_higher_of_both_levels_holds(choice: Choice, profile: Profile, level: str, own: str | None) -> None:
    catalogue = Catalogue()
    catalogue.use({}, profile)
    found = ProfileReply.of(choice, catalogue)
    assert (found.from_level, found.own_level, found.installation_level) == (level, own, profile.least.value)


def test_bodies_say_no_more_and_no_less() -> None:
    assert ProfileEdit.model_validate({"from_level": None}).to_core() is None
    assert ProfileEdit.model_validate({"from_level": "low"}).to_core() is Severity.LOW
    for model, body in ((ProfileEdit, {}), (ProfileEdit, {"from_level": "odd"}), (RuleEdit, {"enabled": "yes"})):
        with pytest.raises(ValidationError):
            model.model_validate(body)
